"""What befell a meter is named, and only where Home Assistant's rule bears it out."""

import numpy as np
import pytest

from darkstar.ledger.explain import remarks
from tests.ledger.cases import Shown, on_change, periodic, statistics
from tests.ledger.causes.hours import case, causes, stretch, why


def steady(first: float, last: float, begin: float = 500.0, step: float = 6, kw: float = 1.0) -> list[Shown]:
    """A meter read off the hour, every few minutes."""
    return [(float(m), round(begin + kw * (m - first) / 60, 6)) for m in np.arange(first, last + 0.01, step)]


def day(*extra: Shown) -> list[Shown]:
    """Five hours of 1 kW, and what else the meter showed."""
    return sorted([*steady(-57, 300), *extra], key=lambda shown: shown[0])


def test_nothing_is_asked_where_both_sides_agree() -> None:
    assert causes(stretch([on_change(day())], 4)) == {}


def test_a_false_zero_is_a_dip_and_proven_by_the_samples() -> None:
    found = why(stretch([on_change(day((95.5, 0.0)))], 4))

    assert {hour: f.cause.value for hour, f in found.items()} == {1: "dip"}
    assert "showed 0 kWh" in found[1].detail
    assert "Its rule, applied to the samples, gives its number" in found[1].detail
    assert found[1].meter == "sensor.meter"
    assert found[1].span_us is not None


def test_a_dip_over_the_edge_of_an_hour_touches_both_hours() -> None:
    dipped = [(m, v * 0.96 if 117 < m < 123 else v) for m, v in day((118.5, 502.9), (121.5, 502.95))]

    found = why(stretch([on_change(dipped)], 4))

    assert {hour: f.cause.value for hour, f in found.items()} == {1: "dip", 2: "dip"}
    assert "negative" in found[1].detail
    assert "negative" not in found[2].detail


def test_a_spike() -> None:
    assert causes(stretch([on_change(day((95.5, 900.0)))], 4)) == {1: "spike"}


def test_a_step_back() -> None:
    back = [*steady(-57, 95), *steady(101, 300, begin=496.03)]

    assert causes(stretch([on_change(back)], 4)) == {1: "step_back"}


def test_a_reset_counts_alike_on_both_sides() -> None:
    assert causes(stretch([on_change([*steady(-57, 95), *steady(101, 300, begin=0.1)])], 4)) == {}


def test_another_meter_from_here_on() -> None:
    other = [*steady(-57, 95), *steady(101, 300, begin=300.0)]

    assert causes(stretch([on_change(other)], 4)) == {1: "replaced_meter"}


def test_a_jump_that_no_fuse_carries() -> None:
    jumped = [*steady(-57, 95), *steady(101, 300, begin=900.0)]

    assert causes(stretch([on_change(jumped)], 4)) == {1: "implausible_jump"}


@pytest.mark.parametrize("factor", [1000.0, 0.001], ids=["kWh to Wh", "Wh to kWh"])
def test_a_unit_that_changed(factor: float) -> None:
    begin = 50_000.0
    changed = [*steady(-57, 95, begin), *((m, v * factor) for m, v in steady(101, 300, begin + 2.63))]

    found = why(stretch([on_change(changed)], 4))

    assert {f.cause.value for f in found.values()} == {"unit_changed"}
    assert "went from 50002.5" in found[1].detail


def test_a_glitch_hours_after_a_unit_that_changed_is_a_glitch() -> None:
    units = [(m, (50_000 + m / 60) * (1000 if 95 < m < 130 else 1)) for m in range(-57, 900, 6)]
    shown: list[Shown] = [(m, kwh + 400 if 590 < m < 610 else kwh) for m, kwh in units]

    found = causes(stretch([on_change(shown)], 14))

    assert found == {1: "unit_changed", 2: "unit_changed", 9: "spike", 10: "spike"}


def test_an_hour_that_went_back_by_twice_what_it_counted_has_no_turned_sign() -> None:
    states = [500.0, 500.4, 500.8, 500.5, 501.6, 502.0, 502.4]
    rows = statistics([(60.0 * (i - 1), kwh, kwh) for i, kwh in enumerate(states)])

    assert set(causes(stretch([on_change([], hourly=rows)], 6)).values()) == {"dip"}


def test_a_sign_that_turned() -> None:
    turned = [*steady(-57, 95), *((m, -v) for m, v in steady(101, 300, begin=502.6))]

    found = causes(stretch([on_change(turned)], 4))

    assert set(found.values()) == {"sign_turned"}


def test_a_meter_that_counts_downwards_in_home_assistant() -> None:
    assert causes(stretch([], 2, [-1.0, -2.0], [1.0, 2.0])) == {0: "sign_turned", 1: "sign_turned"}


def test_an_older_reading_that_comes_again() -> None:
    shown = day()
    older = shown[20][1]

    found = why(stretch([on_change(sorted([*shown, (98.0, older)], key=lambda s: s[0]))], 4))
    assert found == {}, "half a kWh back and forth within the hour cancels out in Home Assistant, too"

    late = sorted([*shown, (119.5, shown[22][1])], key=lambda s: s[0])
    found = why(stretch([on_change(late)], 4))
    assert {f.cause.value for f in found.values()} == {"repeated_or_late_reading"}
    assert "again after" in found[1].detail


def test_negative_energy_of_which_the_meter_knows_nothing() -> None:
    sums = [498.0, 499.0, 480.0, 481.0]
    rows = statistics([(60 * h, 500.0 + h, total) for h, total in zip(range(-1, 3), sums, strict=True)])
    asked = stretch([on_change([], hourly=rows)], 3, ledger_kwh=[1.0, 1.0, 1.0])

    assert causes(asked) == {1: "sum_apart_from_state"}

    assert causes(stretch([], 3, [1.0, -19.0, 1.0], [1.0, 1.0, 1.0])) == {1: "negative_hour"}


def test_an_incident_is_not_blamed_where_the_samples_give_another_number_by_the_rule() -> None:
    meter = on_change(day((95.5, 0.0)))
    by_rule = stretch([meter], 4).ha_kwh
    edited = stretch([meter], 4, ha_kwh=[*by_rule[:1], 7.0, *by_rule[2:]])

    found = why(edited)[1]

    assert found.cause.value == "changed_in_home_assistant"
    assert "7.000" in found.detail


def test_a_reset_is_not_blamed_for_what_another_source_says() -> None:
    """Many meters begin anew at midnight; a difference in that hour has another reason."""
    meter = on_change([*steady(-57, 95), *steady(101, 300, begin=0.1)])

    found = stretch([meter], 4, ledger_kwh=[1.0, 4.0, 1.0, 1.0])

    assert causes(found) == {1: "slots_out_of_date"}


def test_rows_alone_tell_a_dip() -> None:
    states = [500.0, 501.0, 502.0, 0.0, 504.0, 505.0]
    sums = [0.0, 1.0, 2.0, 2.0, 506.0, 507.0]
    rows = statistics([(60 * (h - 1), s, t) for h, (s, t) in enumerate(zip(states, sums, strict=True))])

    found = stretch([on_change([], hourly=rows)], 4)

    assert set(causes(found).values()) == {"dip"}


def test_rows_that_changed_since_are_not_the_meter_s_doing() -> None:
    states, sums = [500.0, 501.0, 502.0, 0.0, 504.0, 505.0], [0.0, 1.0, 2.0, 2.0, 506.0, 507.0]
    rows = statistics([(60 * (h - 1), s, t) for h, (s, t) in enumerate(zip(states, sums, strict=True))])
    then = stretch([on_change([], hourly=rows)], 4).ha_kwh

    found = causes(stretch([on_change([], hourly=rows)], 4, ha_kwh=[*then[:3], 30.0]))

    assert found[3] == "changed_in_home_assistant"


def test_what_befalls_a_meter_later_is_not_blamed() -> None:
    file = periodic([(15.0 * m, 900.0 if m == 14 else 100 + 0.25 * m) for m in range(20)])

    asked = stretch([], 4, [1.5, 1.0, 1.0, 800.0], [1.0, 1.0, 1.0, 1.0], files=[file])

    assert causes(asked) == {0: "resolution", 3: "spike"}


def test_an_hour_whose_numbers_agree_still_tells_what_befell_its_meter() -> None:
    shown = [s for s in day() if s[0] not in (117.0, 123.0)]
    meter = on_change(sorted([*shown, (117.0, 0.0), (120.0, 502.95)], key=lambda s: s[0]))
    of = stretch([meter], 4)

    found = remarks(case(of, 1))

    assert found
    assert found.cause.value == "dip"
    assert remarks(case(of, 2)) is None, "it ended with the hour before"
    assert remarks(case(of, 3)) is None
