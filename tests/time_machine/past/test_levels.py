"""Levels from the weeks before, and what a plan of some days takes a month to come to."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest

from darkstar.domain.power_tariff import MonthSoFar, Peak, PowerTariff, Tier, power_cost
from darkstar.domain.slots import DAY_SECONDS, day_bounds, slot_range
from darkstar.planner.full.site import MeteredTariff
from darkstar.time_machine.past.levels import MARGIN, WeeksBefore, expecting
from tests.time_machine.cases import GRID, START, STORAGE, TZ, past

PER_KW = PowerTariff(peaks=3, per_kw=60)
NOW = START + 20 * DAY_SECONDS
INF = float("inf")


def levels(tariff: PowerTariff, now: int = NOW, later: float = 1.0) -> list[float]:
    known = past(22)
    load = np.where(known.slots >= now, known.load_kwh * later, known.load_kwh)
    return WeeksBefore(replace(known, load_kwh=load), TZ, [tariff], STORAGE, GRID, 0.4).levels(now)


def test_a_level_is_below_what_the_home_draws_and_above_nothing() -> None:
    known = past(20)
    [level] = levels(PER_KW)
    hours = (known.load_kwh - known.pv_kwh).reshape(-1, 4).sum(axis=1)
    assert 0.1 < level / (1 + MARGIN) < hours.max()
    # A fee of next to nothing holds next to nothing.
    assert levels(replace(PER_KW, per_kw=0.01))[0] > level


def test_what_comes_later_is_not_looked_at_and_a_week_is_needed() -> None:
    assert levels(PER_KW) == levels(PER_KW, later=9.0)
    assert levels(PER_KW, START + 6 * DAY_SECONDS) == [INF]


def test_a_tier_has_no_margin() -> None:
    tiers = PowerTariff(tiers=(Tier(0.7, 10), Tier(1.5, 60), Tier(9, 200)))
    assert levels(tiers)[0] in (0.7, 1.5)


def test_where_no_tier_is_worth_holding_a_month_comes_to_what_is_drawn() -> None:
    known = past(22)
    drawn = (known.load_kwh - known.pv_kwh).reshape(-1, 4).sum(axis=1).max()
    high = PowerTariff(tiers=(Tier(0.01, 10), Tier(drawn + 9, 11)))

    def found(tariff: PowerTariff, now: int) -> tuple[float, float]:
        before = WeeksBefore(known, TZ, [tariff], STORAGE, GRID, 0.4)
        return before.levels(now)[0], before.averages(now)[0]

    level, average = found(high, NOW)
    assert level == INF
    assert 0.1 < average < drawn + STORAGE.charge_max_kw
    # A level that is held is what the month comes to, and a month without a known week comes to nobody knows what.
    assert len(set(found(PER_KW, NOW))) == 1
    assert found(high, START + 6 * DAY_SECONDS) == (INF, INF)


def test_a_plan_pays_only_for_more_than_the_month_comes_to_anyway() -> None:
    slots = slot_range(*(day_bounds(dt.date(2021, month, 1), TZ)[0] for month in (3, 4)))[-96:]
    slots = np.concatenate([slots, slots + DAY_SECONDS])
    metered = MeteredTariff(PER_KW, MonthSoFar((Peak(dt.date(2021, 3, 5), 6.0),)))
    found = expecting(metered, 2.0, slots, TZ)
    march = [peak.kw for peak in found.so_far.peaks if peak.day.month == 3]
    assert march == [6.0, 2.0, 2.0, 2.0]
    assert len(found.so_far.peaks) == 7
    assert dt.date(2021, 4, 1) not in {peak.day for peak in found.so_far.peaks}

    def cost(kw: float) -> float:
        return power_cost([PER_KW], slots, np.full(len(slots), kw / 4), TZ, [found.so_far])

    assert cost(2.0) == pytest.approx(cost(0.0))
    assert cost(2.3) == pytest.approx(cost(2.0) + 2 * 0.3 * 20)
    assert expecting(metered, INF, slots, TZ) is metered
