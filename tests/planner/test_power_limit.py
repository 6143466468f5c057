"""From a tariff to limits: shares, breach prices, what today may draw, tiers that can still be kept."""

import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from darkstar.domain.power_tariff import PowerTariff, PowerWindow, Tier, periods
from darkstar.domain.slots import day_bounds, slot_range
from darkstar.planner.power_limit import free_kw, limit_of, limit_within, price_beyond

TZ = ZoneInfo("Europe/Stockholm")
DAY = slot_range(*day_bounds(dt.date(2025, 2, 3), TZ))
THREE = PowerTariff(peaks=3, per_kw=60)
TIERS = PowerTariff(peaks=3, tiers=(Tier(2, 80), Tier(5, 140), Tier(10, 250)))


def test_nights_at_half_have_twice_the_limit_and_free_hours_none() -> None:
    windows = (PowerWindow(hours=frozenset({22, 23}), share=0.5), PowerWindow(hours=frozenset(range(7, 22))))
    tariff = PowerTariff(peaks=3, per_kw=60, windows=windows)
    found = limit_of([tariff], [periods(tariff, DAY, TZ)], [2.0])
    assert found.kw[::4].tolist() == [float("inf")] * 7 + [2.0] * 15 + [4.0] * 2
    # A kW more of one of three peaks costs 20, half of it at night.
    assert found.breach_cost[[0, 40, 92]].tolist() == [0.0, 20.0, 10.0]


def test_of_two_tariffs_the_lower_limit_and_both_prices() -> None:
    quarter = PowerTariff(hourly=False, per_kw=10)
    found = limit_of([THREE, quarter], [periods(one, DAY, TZ) for one in (THREE, quarter)], [3.0, 2.0])
    assert set(found.kw.tolist()) == {2.0}
    assert set(found.breach_cost.tolist()) == {20.0 + 40.0}
    assert np.isinf(limit_of([THREE], [periods(THREE, DAY, TZ)], [float("inf")]).kw).all()


@pytest.mark.parametrize(("level", "price"), [(2.0, 20.0), (4.0, 22.0), (5.0, 22.0), (10.0, 0.0)])
def test_beyond_a_level_lies_the_next_tier(level: float, price: float) -> None:
    assert price_beyond(TIERS, level) == pytest.approx(price)
    assert price_beyond(THREE, level) == 60


def test_peaks_that_are_set_are_free_again() -> None:
    assert free_kw(THREE, [5.0, 4.0, 3.0, 1.0], 0.0) == 3.0
    assert free_kw(THREE, [5.0, 4.0], 0.0) == 0.0
    assert free_kw(THREE, [5.0, 4.0], 2.5) == 2.5
    assert free_kw(THREE, [], 0.0) == 0.0


@pytest.mark.parametrize(
    ("others", "days", "limit"),
    [
        ([], 20, 5.0),
        ([9.0], 20, 3.0),  # 9 + 3 + 3
        ([4.0, 4.0, 4.0], 20, 5.0),
        ([9.0, 5.0], 20, 1.0),
        ([9.0, 7.0], 20, None),
        ([6.0, 5.0, 3.0], 1, 4.0),  # 6 + 5 + 4
        ([3.0], 1, 12.0),
    ],
)
def test_a_tier_is_kept_as_long_as_it_can_be(others: list[float], days: int, limit: float | None) -> None:
    assert limit_within(TIERS, 5.0, others, days) == (None if limit is None else pytest.approx(limit))


@given(st.lists(st.floats(0, 9), max_size=5), st.integers(1, 31), st.floats(0.5, 8))
def test_the_limit_keeps_the_tier_and_more_does_not(others: list[float], days: int, average: float) -> None:
    limit = limit_within(TIERS, average, others, days)

    def reached(kw: float) -> float:
        return sum(sorted([*others, *[kw] * days], reverse=True)[:3]) / 3

    if limit is None:
        assert reached(0.0) > average
    else:
        assert reached(limit) <= average + 1e-5
        assert reached(limit + 0.01) > average
