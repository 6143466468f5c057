"""The fee as it comes about: by hand, over the change of the clocks, and always the bill's in all."""

import datetime as dt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from darkstar.domain.power_course import MonthsPeaks, power_cost_by_slot
from darkstar.domain.power_tariff import (
    MonthSoFar,
    Peak,
    PowerTariff,
    PowerWindow,
    Tier,
    highest,
    periods,
    power_cost,
)
from darkstar.domain.slots import Slots, day_bounds, slot_range
from tests.domain.test_power_tariff import STOCKHOLM, draws


def month(year: int, number: int) -> Slots:
    first = dt.date(year, number, 1)
    return slot_range(
        day_bounds(first, STOCKHOLM)[0],
        day_bounds((first + dt.timedelta(days=31)).replace(day=1), STOCKHOLM)[0],
    )


def drawn(slots: Slots, hours: dict[str, float]) -> np.ndarray:
    """Nothing, but so many kW in the hours that begin at these local times."""
    return np.asarray(draws(slots, hours) - draws(slots, dict.fromkeys(hours, 0.0)))


def booked(tariff: PowerTariff, slots: Slots, kwh: np.ndarray, past: MonthSoFar) -> dict[str, float]:
    """What is booked where, by the slot's local time."""
    rises = power_cost_by_slot([tariff], slots, kwh, STOCKHOLM, [past])
    return {
        f"{dt.datetime.fromtimestamp(int(slots[i]), STOCKHOLM):%d %H:%M}": round(float(rises[i]), 9)
        for i in np.flatnonzero(rises).tolist()
    }


def test_a_month_by_hand() -> None:
    slots = month(2025, 2)
    kwh = drawn(slots, {"2025-02-03T08:00": 6, "2025-02-03T18:00": 8, "2025-02-07T10:00": 4, "2025-02-09T10:00": 3,
                        "2025-02-20T10:00": 5})  # fmt: skip
    tariff = PowerTariff(peaks=3, per_kw=30)
    # 6/3*30; the same day's 8 adds 2/3; 4 and 3 are new days; 5 takes the place of 3.
    assert booked(tariff, slots, kwh, MonthSoFar()) == {
        "03 08:45": 60,
        "03 18:45": 20,
        "07 10:45": 40,
        "09 10:45": 30,
        "20 10:45": 20,
    }
    past = MonthSoFar((Peak(dt.date(2025, 2, 1), 5.0), Peak(dt.date(2025, 1, 31), 50.0)))
    later = slots[96:]
    assert booked(tariff, later, kwh[96:], past)["02 00:00"] == 50


def test_the_hour_that_autumn_repeats_is_two_and_a_base_fee_is_booked_at_once() -> None:
    slots = month(2025, 10)
    kwh = drawn(slots, {"2025-10-26T02:00": 4})
    first = int(np.flatnonzero(kwh)[0])
    kwh[first + 4 : first + 8] = 1.5
    tariff = PowerTariff(tiers=(Tier(3, 100), Tier(7, 250), Tier(9, 400)))
    assert booked(tariff, slots, kwh, MonthSoFar()) == {"01 00:00": 100, "26 02:45": 150}


def test_months_without_a_window_are_free() -> None:
    slots = np.concatenate([month(2025, 3), month(2025, 4)])
    winter = PowerTariff(per_kw=10, least_kw=1, windows=(PowerWindow(months=frozenset({3})),))
    kwh = np.full(len(slots), 0.5)
    assert booked(winter, slots, kwh, MonthSoFar()) == {"01 00:00": 10, "01 00:45": 10}


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from([0.0, 0.2, 0.5, 1.0, 1.3, 2.0]), min_size=200, max_size=400),
    st.integers(1, 3),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.lists(st.tuples(st.integers(20, 30), st.sampled_from([0.5, 2.0, 4.0])), max_size=4),
)
@pytest.mark.slow
def test_in_all_it_is_the_bill(
    kwh: list[float],
    peaks: int,
    different_days: bool,
    hourly: bool,
    tiers: bool,
    past: list[tuple[int, float]],
) -> None:
    slots = slot_range(start := day_bounds(dt.date(2025, 3, 30), STOCKHOLM)[0], start + len(kwh) * 900)
    windows = (PowerWindow(hours=frozenset(range(6)), share=0.5), PowerWindow(weekdays=frozenset({0, 1, 6})))
    steps = (Tier(1, 10), Tier(2, 30), Tier(4, 31)) if tiers else ()
    tariff = PowerTariff(peaks, different_days, hourly, 0 if tiers else 7, 0.3, steps, windows)
    before = MonthSoFar(tuple(Peak(dt.date(2025, 3, day), kw) for day, kw in past), 0.4)
    energy = np.array(kwh)
    rises = power_cost_by_slot([tariff, tariff], slots, energy, STOCKHOLM, [before, before])
    assert rises.sum() == pytest.approx(power_cost([tariff] * 2, slots, energy, STOCKHOLM, [before] * 2))
    assert (rises >= -1e-9).all()


def test_the_highest_one_after_the_other() -> None:
    tariff = PowerTariff(peaks=2)
    slots = month(2025, 2)
    kwh = np.random.default_rng(1).uniform(0, 2, len(slots))
    metered = periods(tariff, slots, STOCKHOLM)
    running = MonthsPeaks(tariff)
    for period, (day, kw) in enumerate(
        zip(metered.day.tolist(), metered.counted_kw(kwh).tolist(), strict=True)
    ):
        running.add(day, kw, period)
    [best] = highest(tariff, metered, kwh).values()
    assert running.average_kw == pytest.approx(sum(peak.kw for peak in best) / 2)
