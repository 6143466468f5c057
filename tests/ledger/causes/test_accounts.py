"""What the books of either side say."""

from dataclasses import replace

import numpy as np

from darkstar.domain.channels import Channel
from darkstar.ledger.corrections import Correction, Repair
from darkstar.ledger.evidence import Source
from tests.ledger.cases import intervals, on_change, periodic, statistics
from tests.ledger.causes.hours import causes, hours, stretch, why
from tests.ledger.causes.test_incidents import day

ROWS = statistics([(60 * h, 501.0 + h, 1.0 + h) for h in range(-1, 3)])


def test_a_row_that_was_edited_later() -> None:
    found = why(stretch([on_change([], hourly=ROWS)], 3, [1.0, 4.0, 1.0]))

    assert {hour: f.cause.value for hour, f in found.items()} == {1: "changed_in_home_assistant"}
    assert "1.000 kWh when this hour was stored, and 4.000 now" in found[1].detail


def test_a_row_that_was_deleted_later() -> None:
    found = why(stretch([on_change([], hourly=ROWS)], 3, [1.0, np.nan, 1.0]))

    assert found[1].cause.value == "changed_in_home_assistant"
    assert "has no row now" in found[1].detail


def test_a_statistic_that_is_not_what_its_samples_give() -> None:
    found = why(stretch([on_change(day())], 4, [1.0, 1.0, 8.0, 1.0]))

    assert {hour: f.cause.value for hour, f in found.items()} == {2: "changed_in_home_assistant"}
    assert "makes 1.000 kWh of the samples" in found[2].detail


def test_a_sum_that_jumps_while_the_meter_does_not() -> None:
    sums = [1.0, 2.0, 52.0, 53.0]
    rows = statistics([(60 * h, 501.0 + h, s) for h, s in zip(range(-1, 3), sums, strict=True)])

    assert causes(stretch([on_change([], hourly=rows)], 3)) == {1: "sum_apart_from_state"}


def test_a_file_that_says_otherwise() -> None:
    """It stands before Home Assistant, whose own evidence agrees with it."""
    file = intervals([(60 * h, 60 * h + 60, 1.0 + h) for h in range(3)])
    asked = stretch(
        [on_change([], hourly=ROWS)], 3, ledger_kwh=[1.0, 2.0, 3.0], source=Source.IMPORT_FINE, files=[file]
    )

    assert causes(asked) == {1: "other_source", 2: "other_source"}


def test_slots_that_are_not_what_their_evidence_gives() -> None:
    found = why(stretch([on_change(day())], 4, ledger_kwh=[1.0, 1.0, 1.7, 1.0]))

    assert {hour: f.cause.value for hour, f in found.items()} == {2: "slots_out_of_date"}
    assert "The evidence gives 1.000 kWh" in found[2].detail


def test_a_meter_that_counts_whole_kilowatt_hours() -> None:
    register = periodic([(60.0 * h, 10 + h) for h in range(4)])

    assert causes(stretch([], 3, [1.0, 1.5, 1.0], [1.0, 1.0, 1.0], files=[register])) == {1: "resolution"}


def test_more_than_the_resolution_is_not_explained_by_it() -> None:
    register = periodic([(60.0 * h, 10 + 0.1 * h) for h in range(4)])

    assert causes(stretch([], 3, [1.0, 1.5, 1.0], [1.0, 1.0, 1.0], files=[register])) == {1: "unexplained"}


def test_what_nothing_explains_is_unexplained() -> None:
    assert causes(stretch([], 3, [1.0, 1.5, 1.0], [1.0, 1.0, 1.0])) == {1: "unexplained"}


def repair(hour: int, kwh: float | None, withdrawn_us: int | None = None) -> Repair:
    start = int(hours(hour + 1)[hour])
    correction = Correction(Channel.LOAD, start, start + 3600, kwh)
    return Repair((correction,), "The heat pump ran.", 1, withdrawn_us)


def test_a_correction_is_named_with_its_reason() -> None:
    asked = stretch(
        [on_change([], hourly=ROWS)],
        3,
        ledger_kwh=[1.0, 3.0, 1.0],
        source=Source.CORRECTION,
        repairs=[repair(1, 3.0)],
    )

    found = why(asked)

    assert {hour: f.cause.value for hour, f in found.items()} == {1: "corrected"}
    assert "The heat pump ran." in found[1].detail


def test_a_number_that_a_correction_takes_back_is_not_missing() -> None:
    nothing = stretch([], 3, [1.0, 1.0, 1.0], [1.0, np.nan, 1.0], repairs=[repair(1, None)])
    undone = stretch([], 3, [1.0, 1.0, 1.0], [1.0, np.nan, 1.0], repairs=[repair(1, None, 2)])

    assert causes(nothing) == {1: "corrected"}
    assert causes(undone) == {1: "not_in_ledger"}


def test_a_correction_of_another_channel_or_hour_is_no_cause() -> None:
    (sun,) = (replace(c, channel=Channel.PV) for c in repair(1, 3.0).corrections)
    others = [repair(2, 3.0), replace(repair(1, 3.0), corrections=(sun,))]

    assert causes(stretch([], 3, [1.0, 1.5, 1.0], [1.0] * 3, repairs=others)) == {1: "unexplained"}


def test_what_befell_the_meter_goes_before_its_correction() -> None:
    dipped = on_change(day((95.5, 0.0)))

    found = why(stretch([dipped], 4, ledger_kwh=[1.0, 1.1, 1.0, 1.0], repairs=[repair(1, 1.1)]))

    assert found[1].cause.value == "dip"
    assert found[1].detail.endswith("The heat pump ran.")
