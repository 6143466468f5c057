"""Silence: outages, lumps at their end, frozen meters, missing rows, an end in doubt."""

import numpy as np
import pytest

from tests.ledger.cases import Shown, on_change, periodic, statistics
from tests.ledger.causes.hours import causes, stretch, why
from tests.ledger.causes.test_incidents import steady


def test_an_outage_and_the_lump_at_its_end() -> None:
    shown = [*steady(-57, 55), (58.0, "unavailable"), *steady(250.5, 400, begin=507.0)]

    found = why(stretch([on_change(shown)], 6))

    assert {hour: f.cause.value for hour, f in found.items()} == {
        1: "outage",
        2: "outage",
        3: "outage",
        4: "catch_up_lump",
    }
    assert "belong to the time before" in found[4].detail


def test_a_gap_between_rows_and_its_lump() -> None:
    rows = statistics([(60 * h, s, s) for h, s in ((-1, 10.0), (0, 11.0), (4, 19.0), (5, 20.0))])

    found = why(stretch([on_change([], hourly=rows)], 6))

    assert [f.cause.value for f in found.values()] == ["outage", "outage", "outage", "catch_up_lump"]
    assert found[4].detail.count("8.000 kWh in 4.0 h") == 1


def test_a_frozen_meter_is_no_outage() -> None:
    frozen: list[Shown] = [(float(m), 501.0) for m in range(6, 300, 6)]
    shown = [*steady(-57, 0), *frozen, *steady(303, 480, begin=517.0)]

    found = why(stretch([on_change(shown)], 7))

    assert found[5].cause.value == "catch_up_lump"
    assert "stood still at one number" in found[5].detail
    assert {f.cause.value for hour, f in found.items() if hour < 5} == {"frozen_meter"}


def test_a_file_s_gap_and_a_file_s_frozen_meter() -> None:
    before, after = [(15.0 * m, 100 + 0.25 * m) for m in range(5)], [(300.0, 117.0), (315.0, 117.25)]
    gap = periodic([*before, *after])
    still = periodic([*before, *((15.0 * m, 101.0) for m in range(5, 20)), *after])

    for file, expected in ((gap, "outage"), (still, "frozen_meter")):
        found = stretch([], 5, [1.0, 0.0, 0.0, 0.0, 16.0], [1.0, 4.0, 4.0, 4.0, 4.0], files=[file])
        assert set(causes(found).values()) == {expected, "catch_up_lump"}


def test_an_hour_without_a_row() -> None:
    assert causes(stretch([], 3, [1.0, np.nan, 1.0], [1.0, 1.0, 1.0])) == {1: "missing_in_home_assistant"}


def test_an_hour_that_the_ledger_never_heard_of() -> None:
    assert causes(stretch([], 3, [1.0, 1.0, 1.0], [1.0, np.nan, 1.0])) == {1: "not_in_ledger"}


@pytest.mark.parametrize("last", [0.0, 900.0])
def test_a_last_move_that_nothing_confirms(last: float) -> None:
    meter = on_change([*steady(-57, 117), (118.0, last)], watched=[(-57, 120)])

    assert set(causes(stretch([meter], 2)).values()) == {"pending"}
