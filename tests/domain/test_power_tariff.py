"""Power tariffs worked out by hand: Trondheim's tiers, Swedish per-kW tariffs, windows, running months."""

import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from darkstar.domain.errors import UsageError
from darkstar.domain.power_tariff import (
    MonthSoFar,
    Peak,
    PowerTariff,
    PowerWindow,
    Tier,
    month_fees,
    periods,
    power_cost,
)
from darkstar.domain.slots import SLOT_SECONDS, day_bounds, slot_range

STOCKHOLM = ZoneInfo("Europe/Stockholm")
TRONDHEIM = PowerTariff(
    peaks=3, tiers=(Tier(2, 83), Tier(5, 147), Tier(10, 252), Tier(15, 371), Tier(20, 490))
)


def slots_of(first: str, end: str) -> np.ndarray:
    starts = [day_bounds(dt.date.fromisoformat(day), STOCKHOLM)[0] for day in (first, end)]
    return slot_range(*starts)


def draws(slots: np.ndarray, hours: dict[str, float]) -> np.ndarray:
    """1 kW all the time, and so many kW in the hours that begin at these local times."""
    kwh = np.full(len(slots), 0.25)
    for text, kw in hours.items():
        start = int(dt.datetime.fromisoformat(text).replace(tzinfo=STOCKHOLM).timestamp())
        at = int(np.searchsorted(slots, start))
        kwh[at : at + 4] = kw / 4
    return kwh


def test_trondheim_averages_the_three_highest_days_and_pays_by_tier() -> None:
    slots = slots_of("2022-01-01", "2022-02-01")
    kwh = draws(
        slots,
        {
            "2022-01-05T08:00": 9,
            "2022-01-05T18:00": 8,  # the same day: does not count
            "2022-01-12T07:00": 6,
            "2022-01-30T23:00": 3,
        },
    )
    (fee,) = month_fees(TRONDHEIM, slots, kwh, STOCKHOLM)
    assert fee.average_kw == pytest.approx(6.0)
    assert [peak.day.day for peak in fee.peaks] == [5, 12, 30]
    assert fee.fee == 252
    (same_day,) = month_fees(
        PowerTariff(peaks=3, different_days=False, tiers=TRONDHEIM.tiers), slots, kwh, STOCKHOLM
    )
    assert same_day.average_kw == pytest.approx(23 / 3)


@pytest.mark.parametrize(("kw", "fee"), [(0, 83), (2, 83), (2.001, 147), (5, 147), (20, 490), (30, 490)])
def test_a_tier_holds_up_to_and_including_its_power(kw: float, fee: float) -> None:
    assert TRONDHEIM.fee(kw) == fee


def test_nights_that_count_half() -> None:
    """A Swedish tariff: three highest hours on different days, 22-06 at half."""
    night = PowerWindow(hours=frozenset({22, 23, *range(6)}), share=0.5)
    tariff = PowerTariff(peaks=3, per_kw=81.25, windows=(night, PowerWindow()))
    slots = slots_of("2025-02-01", "2025-03-01")
    kwh = draws(slots, {"2025-02-03T22:00": 12, "2025-02-04T21:00": 5, "2025-02-10T12:00": 4})
    (fee,) = month_fees(tariff, slots, kwh, STOCKHOLM)
    assert fee.average_kw == pytest.approx((12 / 2 + 5 + 4) / 3)
    assert fee.fee == pytest.approx(81.25 * 5)


def test_winter_workdays_only() -> None:
    tariff = PowerTariff(
        per_kw=100,
        least_kw=2,
        windows=(
            PowerWindow(
                months=frozenset({11, 12, 1, 2, 3}),
                weekdays=frozenset(range(5)),
                hours=frozenset(range(7, 20)),
                days_off=frozenset({dt.date(2025, 1, 6)}),
            ),
        ),
    )
    january = slots_of("2025-01-01", "2025-02-01")
    kwh = draws(
        january,
        {
            "2025-01-06T12:00": 11,  # a holiday
            "2025-01-11T12:00": 10,  # a Saturday
            "2025-01-13T20:00": 9,  # after hours
            "2025-01-17T19:00": 7,  # a Friday
        },
    )
    assert power_cost([tariff], january, kwh, STOCKHOLM) == pytest.approx(700)
    july = slots_of("2025-07-01", "2025-08-01")
    assert power_cost([tariff], july, np.ones(len(july)), STOCKHOLM) == 0


def test_a_month_in_progress_pays_only_for_what_exceeds_its_peaks() -> None:
    tariff = PowerTariff(peaks=3, per_kw=30)
    slots = slots_of("2025-02-10", "2025-02-12")
    past = MonthSoFar(
        (Peak(dt.date(2025, 2, 1), 6), Peak(dt.date(2025, 2, 3), 5), Peak(dt.date(2025, 2, 9), 4))
    )
    calm = power_cost([tariff], slots, draws(slots, {"2025-02-10T08:00": 4}), STOCKHOLM, [past])
    busy = power_cost([tariff], slots, draws(slots, {"2025-02-10T08:00": 5.5}), STOCKHOLM, [past])
    assert calm == pytest.approx(30 * 5)
    assert busy - calm == pytest.approx(30 * 1.5 / 3)


def test_peaks_that_a_month_does_not_have_yet_are_zero() -> None:
    slots = slots_of("2025-02-01", "2025-02-02")
    tariff = PowerTariff(peaks=3, per_kw=30)
    assert power_cost([tariff], slots, draws(slots, {"2025-02-01T08:00": 6}), STOCKHOLM) == pytest.approx(60)


def test_an_older_peak_of_the_same_day_is_not_counted_twice() -> None:
    tariff = PowerTariff(peaks=2, per_kw=10)
    slots = slots_of("2025-02-10", "2025-02-11")
    past = MonthSoFar((Peak(dt.date(2025, 2, 10), 6), Peak(dt.date(2025, 2, 1), 2)))
    cost = power_cost([tariff], slots, draws(slots, {"2025-02-10T18:00": 8}), STOCKHOLM, [past])
    assert cost == pytest.approx(10 * (8 + 2) / 2)


def test_peaks_of_another_month_do_not_count() -> None:
    tariff = PowerTariff(per_kw=10)
    slots = slots_of("2025-02-01", "2025-02-02")
    past = MonthSoFar((Peak(dt.date(2025, 1, 31), 9),))
    assert power_cost([tariff], slots, draws(slots, {}), STOCKHOLM, [past]) == pytest.approx(10)


def test_energy_drawn_earlier_in_the_running_hour_counts() -> None:
    tariff = PowerTariff(per_kw=10)
    slots = slots_of("2025-02-01", "2025-02-02")[2:]
    kwh = np.where(np.arange(len(slots)) < 2, 2.0, 0.0)
    assert power_cost([tariff], slots, kwh, STOCKHOLM, [MonthSoFar((), 3.0)]) == pytest.approx(70)


def test_means_of_slots() -> None:
    slots = slots_of("2025-02-01", "2025-02-02")
    kwh = np.full(len(slots), 0.25)
    kwh[5] = 2.0
    assert power_cost([PowerTariff(hourly=False, per_kw=10)], slots, kwh, STOCKHOLM) == pytest.approx(80)
    assert power_cost([PowerTariff(per_kw=10)], slots, kwh, STOCKHOLM) == pytest.approx(27.5)


def test_hourly_steps_are_metered_alike() -> None:
    slots = slots_of("2025-02-01", "2025-02-02")
    kwh = draws(slots, {"2025-02-01T18:00": 6})
    hours = power_cost([TRONDHEIM], slots[::4], kwh.reshape(-1, 4).sum(axis=1), STOCKHOLM)
    assert hours == power_cost([TRONDHEIM], slots, kwh, STOCKHOLM)


@pytest.mark.parametrize(("day", "hours"), [("2025-03-30", 23), ("2025-10-26", 25), ("2025-06-01", 24)])
def test_days_on_which_the_clocks_change(day: str, hours: int) -> None:
    after = (dt.date.fromisoformat(day) + dt.timedelta(days=1)).isoformat()
    metered = periods(PowerTariff(), slots_of(day, after), STOCKHOLM)
    assert len(metered.day) == hours
    assert np.bincount(metered.of_slot).tolist() == [4] * hours


def test_hours_of_a_half_hour_time_zone() -> None:
    start = int(dt.datetime(2025, 1, 1, 0, 0, tzinfo=ZoneInfo("Asia/Kolkata")).timestamp())
    metered = periods(
        PowerTariff(), np.arange(start, start + 8 * SLOT_SECONDS, SLOT_SECONDS), ZoneInfo("Asia/Kolkata")
    )
    assert metered.of_slot.tolist() == [0] * 4 + [1] * 4


def test_least_power_is_charged() -> None:
    """Flanders charges at least 2.5 kW."""
    assert PowerTariff(per_kw=4, least_kw=2.5).fee(1.0) == 10
    assert PowerTariff(per_kw=4, least_kw=2.5).fee(3.0) == 12


@pytest.mark.parametrize(
    "wrong",
    [
        {"peaks": 0},
        {"per_kw": float("nan")},
        {"per_kw": -1.0},
        {"tiers": (Tier(5, 10), Tier(2, 20))},
        {"tiers": (Tier(2, 20), Tier(5, 10))},
        {"tiers": (Tier(2, 20),), "per_kw": 1.0},
        {"windows": (PowerWindow(share=-1),)},
    ],
)
def test_what_is_no_tariff_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        PowerTariff(**wrong)  # type: ignore[arg-type]


@given(
    st.lists(st.floats(0, 4), min_size=96 * 3, max_size=96 * 3),
    st.integers(1, 4),
    st.booleans(),
    st.integers(1, 287),
)
@pytest.mark.slow
def test_a_range_in_two_parts_costs_what_it_costs_in_one(
    kwh: list[float], peaks: int, different_days: bool, cut: int
) -> None:
    tariff = PowerTariff(peaks=peaks, different_days=different_days, per_kw=7, hourly=False)
    slots, energy = slots_of("2025-02-10", "2025-02-13"), np.array(kwh)
    (first,) = month_fees(tariff, slots[:cut], energy[:cut], STOCKHOLM)
    second = power_cost([tariff], slots[cut:], energy[cut:], STOCKHOLM, [MonthSoFar(first.peaks)])
    assert second == pytest.approx(power_cost([tariff], slots, energy, STOCKHOLM))


def test_rounding_reaches_no_higher_tier() -> None:
    tariff = PowerTariff(tiers=(Tier(2, 80), Tier(5, 130)))
    assert tariff.fee(2.0 + 1e-9) == 80
    assert tariff.fee(2.001) == 130
