"""What happens to real meters, told as stories of a handful of readings with the slots worked out by hand."""

import numpy as np
import pytest

from darkstar.ledger.resolved import Flag
from tests.ledger.cases import energies, flagged, on_change, periodic, resolve_meter, steady


def test_energy_between_two_readings_is_laid_evenly_over_the_time_between() -> None:
    assert energies(on_change([(0, 1.0), (10, 2.0), (40, 4.0), (60, 4.0)]), 0, 1) == [
        pytest.approx(1 + 2 * 5 / 30),
        1.0,
        pytest.approx(2 * 10 / 30),
        0.0,
    ]


def test_what_lies_before_the_first_reading_and_after_the_last_is_unknown() -> None:
    assert energies(on_change([(7, 5.0), (15, 5.2), (30, 5.5), (50, 5.9)]), 0, 1) == [None, 0.3, 0.3, None]


@pytest.mark.parametrize(("unit", "factor"), [("Wh", 1000.0), ("kWh", 1.0), ("MWh", 0.001), ("", 1.0)])
def test_units_of_energy_are_converted(unit: str, factor: float) -> None:
    shown = [(0, 100 * factor), (15, 100.5 * factor), (30, 101.25 * factor)]

    assert energies(on_change(shown, unit), 0, 0.5) == [pytest.approx(0.5), pytest.approx(0.75)]


@pytest.mark.parametrize("unit", ["W", "m³", "SEK"])
def test_other_units_are_no_energy(unit: str) -> None:
    assert energies(on_change([(0, 100), (15, 101), (30, 102)], unit), 0, 0.5) == [None, None]


def test_a_meter_that_counts_downwards_below_zero_counts_what_it_counts() -> None:
    assert energies(on_change([(0, -10.0), (15, -10.5), (30, -11.25)]), 0, 0.5) == [0.5, 0.75]


def test_order_and_repetition_of_readings_do_not_matter() -> None:
    shown = [(0, 1.0), (15, 1.5), (30, 2.25), (45, 2.5), (60, 3.0)]
    jumbled = [shown[i] for i in (3, 0, 1, 1, 4, 2, 3, 0)]

    assert energies(on_change(jumbled, watched=[(0, 60)]), 0, 1) == energies(on_change(shown), 0, 1)


def test_of_several_readings_of_one_instant_the_greatest_counts() -> None:
    shown = [(0, 1.0), (15, 1.5), (15, 1.4), (30, 2.0)]

    assert energies(on_change(shown), 0, 0.5) == [0.5, 0.5]


@pytest.mark.parametrize("text", ["unavailable", "unknown", "", "None", "nan", "inf", "on", "1,5"])
def test_texts_are_no_readings_and_what_passed_meanwhile_is_spread(text: str) -> None:
    shown = [(0, 10.0), (15, 10.2), (15.001, text), (60, 11.1), (75, 11.3)]

    found = resolve_meter(on_change(shown), 0, 1.25)

    assert found.energy_kwh == pytest.approx([0.2, 0.3, 0.3, 0.3, 0.2], abs=1e-4)
    assert found.energy_kwh.sum() == pytest.approx(1.3, abs=1e-9)
    assert flagged(found, Flag.SPREAD)[-3:] == [1, 2, 3]


@pytest.mark.parametrize("minute", [75, 78.4], ids=["on the grid", "off the grid"])
@pytest.mark.parametrize(
    ("bad", "flag"),
    [(0.0, Flag.DIP), (95.0, Flag.DIP), (600.0, Flag.SPIKE)],
    ids=["stray zero", "dip of 5 %", "glitch of +500"],
)
def test_a_lone_bad_reading_changes_nothing(minute: float, bad: float, flag: Flag) -> None:
    good = [(m, v) for m, v in steady(0, 120) if m != minute]
    hit = sorted([*good, (minute, bad)])

    found = resolve_meter(on_change(hit))

    assert found.energy_kwh == pytest.approx(resolve_meter(on_change(good)).energy_kwh, abs=1e-9)
    assert found.energy_kwh == pytest.approx(np.full(8, 0.3), abs=1e-9)
    assert flagged(found, flag)
    assert not flagged(found, Flag.RESET)


@pytest.mark.parametrize("bad", [(0.0, 600.0), (600.0, 0.0)], ids=["zero, glitch", "glitch, zero"])
def test_a_stray_zero_and_a_glitch_side_by_side_change_nothing(bad: tuple[float, float]) -> None:
    hit = {**dict(steady(0, 120)), 70.0: bad[0], 75.0: bad[1]}

    found = resolve_meter(on_change(list(hit.items())))

    assert found.energy_kwh == pytest.approx(np.full(8, 0.3), abs=1e-9)
    assert flagged(found, Flag.DIP) == flagged(found, Flag.SPIKE) == [4, 5]


def test_a_small_dip_that_lasts_some_minutes_and_comes_back_counts_nothing() -> None:
    dipped = [(m, v * 0.96 if 65 <= m <= 75 else v) for m, v in steady(0, 120)]

    found = resolve_meter(on_change(dipped))

    assert found.energy_kwh == pytest.approx(np.full(8, 0.3), abs=1e-9)
    assert flagged(found, Flag.DIP) == [4, 5]


def test_what_a_meter_overshot_by_and_took_back_counts_once_and_is_told() -> None:
    shown = [(0, 100.0), (30, 102.0), (50, 105.3), (65, 105.0), (75, 105.6), (120, 107.4)]

    found = resolve_meter(on_change(shown))

    assert found.energy_kwh.sum() == pytest.approx(7.4, abs=1e-9)
    assert found.energy_kwh[:4].sum() == pytest.approx(5.0, abs=1e-9)
    assert flagged(found, Flag.STEP_BACK) == [2, 3, 4], "Home Assistant counts 5.3 kWh, then 0.3 less"


def test_a_reset_in_the_middle_of_a_slot_keeps_what_was_counted_on_both_sides() -> None:
    before, after = steady(0, 50), steady(55, 120, begin=0.05)

    found = resolve_meter(on_change([*before, *after]))

    assert found.energy_kwh[[0, 1, 2, 4, 5, 6, 7]] == pytest.approx(np.full(7, 0.3), abs=1e-9)
    assert found.energy_kwh.sum() == pytest.approx(1.0 + 0.05 + 1.3, abs=1e-9)
    assert flagged(found, Flag.RESET) == [3]


def test_a_meter_that_begins_anew_each_day_counts_through_midnight() -> None:
    evening, morning = steady(-120, -5, begin=8.0, kw=1.2), steady(5, 120, begin=0.1, kw=1.2)

    found = resolve_meter(on_change([*evening, (0, 0.0), *morning]), -2, 2)

    assert found.energy_kwh[:7] == pytest.approx(np.full(7, 0.3), abs=1e-9)
    assert found.energy_kwh[8:] == pytest.approx(np.full(8, 0.3), abs=1e-9)
    assert found.energy_kwh[7] == pytest.approx(0.2, abs=1e-9), "the last five minutes were never shown"


@pytest.mark.parametrize("other", [7000.0, 3000.0], ids=["up", "down"])
def test_a_replaced_meter_yields_nothing_for_its_first_reading(other: float) -> None:
    before, after = steady(0, 55, begin=5000.0), steady(60, 120, begin=other)

    found = resolve_meter(on_change([*before, *after]))

    known = found.energy_kwh[np.isfinite(found.energy_kwh)]
    assert known.max() <= 0.3 + 1e-9
    assert known.sum() <= 2.4
    assert found.energy_kwh[4:] == pytest.approx(np.full(4, 0.3), abs=1e-9)
    assert flagged(found, Flag.REPLACED | Flag.IMPLAUSIBLE)


def test_a_short_winter_day_of_a_meter_that_begins_anew_each_midnight_is_no_dip() -> None:
    shown = [0.415] * 3 + [0.0] * 8 + [0.005, 0.17, 0.618, 0.908]
    found = resolve_meter(periodic([(60.0 * hour, kwh) for hour, kwh in enumerate(shown)]), 0, 14)

    assert found.energy_kwh.sum() == pytest.approx(0.908)
    assert found.flags[8] == Flag.RESET
