"""Compiled books of a month: its highest means, and the limits that keep an average."""

import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from darkstar.domain.power_tariff import MonthSoFar, Peak, PowerTariff, highest, periods
from darkstar.domain.slots import day_bounds, slot_range
from darkstar.planner.fast.keeping import BEYOND, books_of, drawn, limit_within

TZ = ZoneInfo("Europe/Stockholm")
RANGE = slot_range(*(day_bounds(dt.date(2025, month, day), TZ)[0] for month, day in ((2, 25), (3, 3))))


def falling(others: list[float]) -> np.ndarray:
    return np.array(sorted([*others, 0.0, 0.0, 0.0], reverse=True)[:3])


@pytest.mark.parametrize(
    ("others", "days", "limit"),
    [
        ([], 20, 5.0),
        ([9.0], 20, 3.0),  # 9 + 3 + 3
        ([4.0, 4.0, 4.0], 20, 5.0),
        ([9.0, 5.0], 20, 1.0),
        ([9.0, 7.0], 20, BEYOND),
        ([6.0, 5.0, 3.0], 1, 4.0),  # 6 + 5 + 4
        ([3.0], 1, 12.0),
    ],
)
def test_a_tier_is_kept_as_long_as_it_can_be(others: list[float], days: int, limit: float) -> None:
    assert limit_within(falling(others), 5.0, days) == pytest.approx(limit)


@given(st.lists(st.floats(0, 9), max_size=5), st.integers(1, 31), st.floats(0.5, 8))
def test_the_limit_keeps_the_tier_and_more_does_not(others: list[float], days: int, average: float) -> None:
    limit = limit_within(falling(others), average, days)

    def reached(kw: float) -> float:
        return sum(sorted([*others, *[kw] * days], reverse=True)[:3]) / 3

    if limit == BEYOND:
        assert reached(0.0) > average
    else:
        assert reached(limit) <= average + 1e-5
        assert reached(limit + 0.01) > average


@settings(max_examples=40)
@given(
    st.integers(1, 4),
    st.booleans(),
    st.booleans(),
    st.integers(0, 2**32 - 1),
    st.lists(st.tuples(st.integers(1, 24), st.floats(0, 9)), max_size=3),
)
def test_the_books_hold_the_months_highest_means(
    peaks: int, different_days: bool, hourly: bool, seed: int, past: list[tuple[int, float]]
) -> None:
    tariff = PowerTariff(peaks, different_days, hourly, per_kw=1)
    before = MonthSoFar(tuple(Peak(dt.date(2025, 2, day), kw) for day, kw in past), 0.4)
    books, kwh = (
        books_of([tariff], [before], RANGE, TZ),
        np.random.default_rng(seed).uniform(0, 3, len(RANGE)),
    )
    months = highest(tariff, periods(tariff, RANGE, TZ), kwh, before)
    for slot, energy in enumerate(kwh.tolist()):
        drawn(books, slot, energy)
        if slot + 1 in (4 * 96, len(kwh)):
            best = [peak.kw for peak in months[int(books.peaks_of[0])]]
            held = sorted(books.owner_kw[0].tolist(), reverse=True)[: len(best)]
            assert held == pytest.approx(best)
