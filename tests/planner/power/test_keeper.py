"""Limits as a month goes on, by hand: the running hour, free peaks, tiers that are lost, the next month."""

import datetime as dt
from collections.abc import Sequence
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from darkstar.domain.power_tariff import NOTHING_YET, MonthSoFar, Peak, PowerTariff, PowerWindow, Tier
from darkstar.domain.slots import day_bounds, slot_range
from darkstar.planner.full.site import MeteredTariff
from darkstar.planner.power.keeper import PowerKeeper

TZ = ZoneInfo("Europe/Stockholm")
SLOTS = slot_range(*(day_bounds(dt.date(2025, month, day), TZ)[0] for month, day in ((2, 26), (3, 4))))
DAY = 96
PER_KW = PowerTariff(peaks=2, per_kw=60)
TIERS = PowerTariff(peaks=2, tiers=(Tier(2, 80), Tier(5, 140), Tier(10, 250)))
INF = float("inf")


def keeper(tariff: PowerTariff, level: float, past: MonthSoFar = NOTHING_YET) -> PowerKeeper:
    def at(_: int) -> Sequence[float]:
        return [level]

    return PowerKeeper([MeteredTariff(tariff, past)], SLOTS, TZ, at)


def draw(kept: PowerKeeper, first: int, kwh: Sequence[float]) -> None:
    for number, energy in enumerate(kwh, first):
        kept.drawn(number, energy)


def test_a_peak_that_is_set_may_be_reached_again() -> None:
    kept = keeper(PER_KW, 2.0)
    draw(kept, 0, [1.0] * 4)
    # Today up to its 4 kW, tomorrow the level: another day's peak would count beside it.
    assert kept.limit(4, 2 * DAY).kw[[0, DAY - 5, DAY - 4]].tolist() == [4.0, 4.0, 2.0]
    draw(kept, DAY, [0.75] * 4)
    # With two days set, a third is free up to the lower of them.
    assert kept.limit(2 * DAY - 4, 8).kw.tolist() == [3.0] * 4 + [2.0] * 4
    assert kept.limit(2 * DAY, 1).kw.tolist() == [3.0]
    # March begins anew.
    assert kept.limit(3 * DAY, 1).kw.tolist() == [2.0]


def test_the_running_hour_and_what_it_had_before_the_range() -> None:
    kept = keeper(PER_KW, 2.0, MonthSoFar((Peak(dt.date(2025, 1, 31), 9.0),), 0.5))
    first = kept.limit(0, 8)
    assert first.kw.tolist() == [1.5] * 4 + [2.0] * 4
    assert first.breach_cost.tolist() == [30.0] * 8
    draw(kept, 0, [0.75])
    assert kept.limit(1, 4).kw.tolist() == pytest.approx([1.0] * 3 + [2.0])


def test_nights_at_half() -> None:
    night = PowerWindow(hours=frozenset(range(6)), share=0.5)
    kept = keeper(PowerTariff(per_kw=60, windows=(night, PowerWindow(hours=frozenset(range(6, 20))))), 2.0)
    found = kept.limit(0, DAY)
    assert found.kw[[0, 24, 80]].tolist() == [4.0, 2.0, INF]
    assert found.breach_cost[[0, 24, 80]].tolist() == [30.0, 60.0, 0.0]


def test_a_tier_is_made_up_for_and_given_up_when_lost() -> None:
    kept = keeper(TIERS, 2.0)
    assert kept.limit(0, 1).kw.tolist() == [2.0]
    draw(kept, 0, [0.75] * 4)
    # After 3 kW the other day may have 1, that the mean is 2; today its 3.
    assert kept.limit(4, DAY).kw[[0, -1]].tolist() == [3.0, 1.0]
    draw(kept, DAY, [0.5] * 4)
    # (3 + 2) / 2 is beyond 2: now up to a mean of 5.
    assert kept.limit(2 * DAY, 1).kw.tolist() == [7.0]
    assert kept.limit(3 * DAY, 1).kw.tolist() == [2.0]


def test_the_last_tier_holds_nothing() -> None:
    assert np.isinf(keeper(TIERS, 10.0).limit(0, 4).kw).all()
    assert keeper(PowerTariff(per_kw=60, least_kw=3.0), 1.0).limit(0, 1).kw.tolist() == [3.0]


def test_of_two_tariffs_both_are_kept() -> None:
    def at(_: int) -> Sequence[float]:
        return [3.0, 2.0]

    quarter = PowerTariff(hourly=False, per_kw=10)
    kept = PowerKeeper([MeteredTariff(PER_KW), MeteredTariff(quarter)], SLOTS, TZ, at)
    draw(kept, 0, [0.75])
    found = kept.limit(1, 4)
    # 3 kW in a quarter are free for quarters, and the hour has 2.25 kWh left for three of them.
    assert found.kw.tolist() == pytest.approx([3.0] * 4)
    draw(kept, 1, [1.25])
    assert kept.limit(2, 3).kw.tolist() == pytest.approx([2.0, 2.0, 3.0])
