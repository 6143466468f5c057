"""Weaknesses that `benchmarks/ledger_faults` found, each by its smallest example."""

from collections.abc import Callable

import numpy as np
import pytest

from darkstar.domain.channels import Channel
from darkstar.domain.slots import HOUR_SECONDS
from darkstar.ledger.accounting import ha_hours
from darkstar.ledger.causes.case import Case, Patterns, Stretch, Witness
from darkstar.ledger.causes.cause import Cause
from darkstar.ledger.compare import hourly
from darkstar.ledger.explain import remarks
from darkstar.ledger.resolved import Flag
from tests.ledger.cases import LIMIT_KW, MIDNIGHT, on_change, periodic, resolve_meter, statistics


def test_a_jump_between_hourly_readings_is_told_though_its_hour_is_not_known() -> None:
    shown = [(60.0 * hour, 100 + 0.5 * hour + (700 if hour >= 5 else 0)) for hour in range(12)]

    found = resolve_meter(periodic(shown), 0, 11)

    assert np.isnan(found.energy_kwh[16:20]).all()
    assert (found.flags[16:20] == Flag.IMPLAUSIBLE).all()
    assert not found.flags[:16].any()
    assert not found.flags[20:].any()


def test_a_jump_of_statistics_after_hours_without_news_belongs_to_all_of_them() -> None:
    state = [100.0, 101.0, 101.0, 101.0, 101.0, 141.0, 142.0]
    hourly = statistics([(60.0 * hour, shown, shown) for hour, shown in enumerate(state)])

    found = resolve_meter(on_change([], hourly=hourly), 1, 7)

    assert found.energy_kwh.sum() == pytest.approx(42.0, abs=1e-9)
    assert found.energy_kwh[4:20] == pytest.approx(np.full(16, 2.5))
    assert (found.flags[4:20] == Flag.SPREAD).all()


def test_what_comes_right_after_an_old_value_was_restored_belongs_to_the_silence() -> None:
    shown = [(0, 100.0), (10, 100.1), (11, "unavailable"), (70, "unknown"), (70.1, 100.1), (70.2, 100.5)]

    found = resolve_meter(on_change([*shown, (75, 100.5), (80, 100.6)]), 0, 1.25)

    assert found.energy_kwh[1:4] == pytest.approx(np.full(3, 15 / 59.2 * 0.4), rel=0.05)
    assert (found.flags[:5] & Flag.SPREAD).all()


def test_a_meter_that_tells_often_and_then_stands_still_was_frozen() -> None:
    alive = [(float(minute), 100 + 0.02 * minute) for minute in range(60)]

    found = resolve_meter(on_change([*alive, (240.0, 105.2), (241.0, 105.22), (255.0, 105.5)]), 0, 4.25)

    assert found.energy_kwh.sum() == pytest.approx(5.5, abs=1e-9)
    assert found.energy_kwh[4:15] == pytest.approx(np.full(11, 15 / 181 * 4.02), rel=0.01)
    assert (found.flags[4:16] == Flag.SPREAD).all()


def test_a_meter_that_tells_seldom_books_its_energy_in_the_hour_of_the_reading() -> None:
    seldom = [(180.0 * i, 100 + 4.0 * i) for i in range(12)]

    found = resolve_meter(on_change(seldom), 30, 33)

    assert found.energy_kwh.tolist() == [0.0] * 8 + [1.0] * 4
    assert not found.flags.any()


@pytest.mark.parametrize("wrong", [lambda kwh: kwh + 300, lambda kwh: kwh * 0.95, lambda kwh: kwh * 0.3])
def test_readings_every_few_seconds_are_left_out_as_long_as_seldom_ones(
    wrong: Callable[[float], float],
) -> None:
    true = [(i / 6, 200 + 0.001 * i) for i in range(6 * 240)]
    shown = [(minute, wrong(kwh) if 60 < minute < 170 else kwh) for minute, kwh in true]

    found = resolve_meter(on_change(shown), 0, 3.75)

    assert found.energy_kwh == pytest.approx(np.full(15, 0.09), abs=2e-3)
    assert found.energy_kwh.sum() == pytest.approx(0.09 * 15, abs=1e-9)
    assert not (found.flags & (Flag.REPLACED | Flag.IMPLAUSIBLE)).any()


def test_two_resets_within_hours_of_frequent_readings_are_both_resets() -> None:
    counts = [0.002 * i for i in range(400)]
    shown = [(i / 6, 500 + kwh) for i, kwh in enumerate(counts)]
    shown += [((400 + i) / 6, kwh) for i, kwh in enumerate(counts)]
    shown += [((800 + i) / 6, kwh) for i, kwh in enumerate(counts)]

    found = resolve_meter(on_change(shown), 0, 3)

    assert found.energy_kwh.sum() == pytest.approx(0.002 * (1080 - 3), abs=3e-3)
    assert sum(bool(flags & Flag.RESET) for flags in found.flags) == 2


def test_a_small_step_back_of_a_meter_that_long_stood_still_is_no_reset() -> None:
    shown = [(0, 150.0), (15, 150.5), (900, 150.1), (915, 150.3), (930, 150.5)]

    found = resolve_meter(on_change(shown), 0, 15.5)

    assert np.nansum(found.energy_kwh) == pytest.approx(0.9, abs=1e-9)
    assert (found.flags[56:60] == Flag.STEP_BACK).all()


@pytest.mark.parametrize("less", [6.0, 9.0])
def test_a_dip_between_hourly_readings_is_undone_by_a_rise_as_large(less: float) -> None:
    shown = [(60.0 * hour, 500 + 0.4 * hour - (less if 5 <= hour < 9 else 0)) for hour in range(14)]

    found = resolve_meter(periodic(shown), 0, 13)

    assert found.energy_kwh == pytest.approx(np.full(52, 0.1), abs=1e-6)
    assert (found.flags[16:36] & Flag.DIP).all()


def test_a_reset_that_home_assistant_counts_right_is_told_all_the_same() -> None:
    shown = [(5.0 + 10 * i, 300 + 0.1 * i if i < 15 else 0.1 * (i - 14)) for i in range(36)]
    meter = on_change(shown)
    found = resolve_meter(meter, 1, 5)
    hours = np.arange(4) * HOUR_SECONDS + MIDNIGHT + HOUR_SECONDS
    ha = ha_hours(meter.readings, hours)
    witness = Witness(meter, hours, LIMIT_KW)
    asked = np.ones(4, dtype=bool)
    stretch = Stretch(
        Channel.LOAD, hours, ha, hourly(found.energy_kwh), asked, found, (witness,), Patterns.none(4), 0.1
    )

    told = [remarks(Case(stretch, i)) for i in range(4)]

    assert np.abs(hourly(found.energy_kwh) - ha) == pytest.approx(np.zeros(4), abs=0.1)
    assert [finding and finding.cause for finding in told] == [None, Cause.RESET, None, None]


def test_a_lower_meter_after_a_silence_is_another_meter_not_a_reset_that_counted_its_whole_stand() -> None:
    old = [(15.0 * i, 900 + 0.1 * i) for i in range(6)]
    new = [(615 + 15.0 * i, 60 + 0.1 * i) for i in range(6)]

    found = resolve_meter(on_change([*old, *new]), 0, 11.5)

    assert np.nansum(found.energy_kwh) == pytest.approx(1.0, abs=1e-9)
    assert found.flags[40] & Flag.REPLACED


def test_a_fall_that_is_counted_up_again_in_small_steps_was_no_dip() -> None:
    shown = [(5.0 * i, 400 + 0.1 * i - (1.05 if i >= 12 else 0)) for i in range(49)]

    found = resolve_meter(on_change(shown), 0, 4)

    assert found.energy_kwh.sum() == pytest.approx(4.7, abs=1e-9)
    assert [Flag(int(flags)) for flags in found.flags if flags] == [Flag.STEP_BACK]


def test_a_fall_larger_than_any_rise_before_it_ends_no_spike() -> None:
    shown = [(20.0 * i, 400 + 0.15 * i - (0.55 if i >= 10 else 0)) for i in range(25)]

    found = resolve_meter(on_change(shown), 0, 8)

    assert found.energy_kwh.sum() == pytest.approx(23 * 0.15, abs=1e-9)
    assert {Flag(int(flags)) for flags in found.flags if flags} == {Flag.STEP_BACK}


def test_zeros_through_a_night_without_news_are_a_dip_where_the_meter_comes_back_to_its_level() -> None:
    counting = [(5.0 * i, 100 + 0.1 * i) for i in range(24)]
    later = [(900 + 5.0 * i, 102.35 + 0.1 * i) for i in range(24)]

    found = resolve_meter(on_change([*counting, (118.0, 0.0), (123.0, 0.0), *later]), 0, 16.5)

    assert np.nansum(found.energy_kwh) == pytest.approx(4.15, abs=1e-6)
    assert {Flag(int(flags)) for flags in found.flags if flags} == {Flag.DIP}


def test_a_meter_that_starts_from_zero_and_counts_elsewhere_was_reset() -> None:
    counting = [(5.0 * i, 100 + 0.1 * i) for i in range(24)]
    later = [(900 + 5.0 * i, 92.0 + 0.1 * i) for i in range(24)]

    found = resolve_meter(on_change([*counting, (118.0, 0.0), *later]), 0, 16.5)

    assert any(flags & Flag.RESET for flags in found.flags)


def test_a_small_step_back_is_no_dip_because_an_ordinary_hour_counts_as_much_later() -> None:
    energy = [0.3, 0.1, 0.4, 0.1, -0.25, 0.0, 0.02, 0.0, 0.3, 0.1, 0.35, 0.1]
    shown = [(60.0 * i, float(kwh)) for i, kwh in enumerate(600 + np.append(0.0, np.cumsum(energy)))]

    found = resolve_meter(periodic(shown), 0, 12)

    assert {Flag(int(flags)) for flags in found.flags if flags} == {Flag.STEP_BACK}
    assert found.energy_kwh.sum() == pytest.approx(sum(kwh for kwh in energy if kwh > 0), abs=1e-9)


def test_an_hour_in_watt_hours_is_left_out_as_one_though_each_reading_leaps() -> None:
    true = [(i / 6, 31_000 + 0.03 * i) for i in range(6 * 180)]
    shown = [(minute, kwh * 1000 if 40 < minute < 130 else kwh) for minute, kwh in true]

    found = resolve_meter(on_change(shown), 0, 2.75, limit_kw=21.6)

    assert found.energy_kwh.sum() == pytest.approx(0.03 * 6 * 165, abs=0.05)
    assert not (found.flags & (Flag.REPLACED | Flag.IMPLAUSIBLE)).any()


@pytest.mark.parametrize(("up", "down"), [(100.0, 97.0), (97.0, 100.0), (100.0, 400.0)])
def test_a_meter_that_leaps_and_hours_later_falls_to_elsewhere_moved_twice(up: float, down: float) -> None:
    true = [(5.0 * i, 5000 + 0.1 * i) for i in range(150)]
    shown = [(m, kwh + up * (m >= 120) - down * (m >= 480)) for m, kwh in true]

    found = resolve_meter(on_change(shown), 0, 12)

    assert found.flags[7:9].any()
    assert found.flags[31:33].any()
    assert not (found.flags & Flag.SPIKE).any()
    assert np.nansum(found.energy_kwh) == pytest.approx(0.1 * 144, abs=0.5)


def test_a_leap_that_is_taken_back_hours_later_was_one_spike() -> None:
    true = [(5.0 * i, 5000 + 0.1 * i) for i in range(150)]
    shown = [(m, kwh + 100 * (120 <= m < 480)) for m, kwh in true]

    found = resolve_meter(on_change(shown), 0, 12)

    assert {Flag(int(flags)) for flags in found.flags if flags} == {Flag.SPIKE | Flag.SPREAD}
    assert found.energy_kwh.sum() == pytest.approx(0.1 * 144, abs=1e-9)


def test_a_dip_soon_after_a_reset_is_told_by_where_it_leads_back_to() -> None:
    true = [(float(i), 900 + 0.003 * i if i < 200 else 0.003 * (i - 200)) for i in range(900)]
    shown = [(m, kwh * 0.4 if 500 <= m < 640 else kwh) for m, kwh in true]

    found = resolve_meter(periodic(shown), 0, 14)

    assert found.energy_kwh.sum() == pytest.approx(0.003 * 839, abs=1e-6)
    assert (found.flags[34:42] & Flag.DIP).all()
