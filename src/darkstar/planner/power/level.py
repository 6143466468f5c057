"""The level to hold a month under: the one at which energy and fee together cost least over some days that are known.

With all known a month's peaks are as high as they are worth: below, the battery would work for less than the fee that
it saves. One level for all days is not the least cost (a single dear day may go beyond it), but nearly; each look is
one exact plan under the level's limit, billed by its own highest means.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

import numpy as np

from darkstar.domain.power_tariff import (
    ALL_MONTHS,
    NOTHING_YET,
    MonthSoFar,
    Periods,
    PowerTariff,
    average_kw,
    highest,
    periods,
)
from darkstar.domain.slots import Slots
from darkstar.planner.fast.limited import ImportLimit, LimitedEngine
from darkstar.planner.power.limit import UNLIMITED, Limits
from darkstar.planner.problem import Plan, Problem

GOLDEN = (5**0.5 - 1) / 2
HELD = 10.0
"""By so much more than its fee a breach is shunned here: what a level is worth shows where it is held."""
SAME_LEVEL_KW = 0.02
"""Levels this close are one: closer than any forecast."""


@dataclass(frozen=True)
class Levelled:
    """Days under a level.

    Attributes:
        levels_kw: one a tariff, infinite where it holds nothing back.
        averages_kw: what the highest means come to, one a tariff; 0 where the month has no fee.
        plan: the cheapest under them.
        fees: what its highest means cost.
    """

    levels_kw: tuple[float, ...]
    averages_kw: tuple[float, ...]
    plan: Plan
    fees: float

    @property
    def cost(self) -> float:
        """All in."""
        return self.plan.cost + self.fees


class Levels:
    """Looks for the levels of some days of one month.

    Args:
        slots: of the problem, rising; where they belong to several months they are billed as one.
        month: since 1970-01: the month whose tariffs and windows count.
        weight: a month's fee counts so much beside the problem's energy (the days' share of a month).
        so_far: what the month had drawn before, one a tariff, or empty.
    """

    def __init__(
        self,
        problem: Problem,
        slots: Slots,
        tz: ZoneInfo,
        tariffs: Sequence[PowerTariff],
        month: int,
        *,
        weight: float = 1.0,
        so_far: Sequence[MonthSoFar] = (),
    ) -> None:
        self._problem, self._weight = problem, weight
        self._tariffs = [_of_month(tariff, month) for tariff in tariffs]
        self._metered = [_as_one_month(periods(tariff, slots, tz)) for tariff in self._tariffs]
        self._limits = Limits(self._tariffs, self._metered, problem.load_kwh - problem.pv_kwh)
        self._so_far = list(so_far) or [NOTHING_YET] * len(tariffs)
        self._engine = LimitedEngine()

    def limit(self, levels_kw: Sequence[float]) -> ImportLimit:
        """What the levels come to, slot by slot."""
        limit = self._limits.at(levels_kw)
        return replace(limit, breach_cost=HELD * limit.breach_cost)

    def under(self, levels_kw: Sequence[float]) -> Levelled:
        """The days under these levels."""
        plan = self._engine.solve(self._problem, self.limit(levels_kw))
        averages = tuple(
            self._average(plan, number) if tariff.windows else 0.0
            for number, tariff in enumerate(self._tariffs)
        )
        return Levelled(tuple(levels_kw), averages, plan, self._weight * self._fees(averages))

    def best(self) -> Levelled:
        """The best levels, one tariff after the other."""
        best = self.under([UNLIMITED] * len(self._tariffs))
        for number, tariff in enumerate(self._tariffs):
            if any(share > 0 for share in self._metered[number].share):
                found = self._steps(best, number) if tariff.tiers else self._slope(best, number)
                best = min(best, found, key=lambda one: one.cost)
        return best

    def _steps(self, start: Levelled, number: int) -> Levelled:
        bounds = [tier.up_to_kw for tier in self._tariffs[number].tiers]
        drawn = self._average(start.plan, number)
        looks = [self.under(_put(start.levels_kw, number, kw)) for kw in reversed(bounds) if kw < drawn]
        return min([start, *looks], key=lambda one: one.cost)

    def _slope(self, start: Levelled, number: int) -> Levelled:
        low, high = self._tariffs[number].least_kw, self._average(start.plan, number)
        looks = {UNLIMITED: start}

        def look(level: float) -> float:
            looks[level] = self.under(_put(start.levels_kw, number, level))
            return looks[level].cost

        lowest(look, low, high)
        return min(looks.values(), key=lambda one: one.cost)

    def _average(self, plan: Plan, number: int) -> float:
        drawn = plan.import_kwh + plan.breach_kwh
        tariff = self._tariffs[number]
        [peaks] = highest(tariff, self._metered[number], drawn, self._so_far[number]).values()
        return average_kw(tariff, peaks)

    def _fees(self, averages_kw: Sequence[float]) -> float:
        charged = zip(self._tariffs, averages_kw, strict=True)
        return sum(tariff.fee(kw) for tariff, kw in charged if tariff.windows)


def lowest(look: Callable[[float], float], low: float, high: float) -> None:
    """Look at levels from low to high, closer and closer to where a cost with one valley is least."""
    left, right = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
    at_left, at_right = look(left), look(right)
    while high - low > SAME_LEVEL_KW:
        if at_left <= at_right:
            high, right, at_right = right, left, at_left
            left = high - GOLDEN * (high - low)
            at_left = look(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + GOLDEN * (high - low)
            at_right = look(right)


def _of_month(tariff: PowerTariff, month: int) -> PowerTariff:
    """The tariff as it is in one month (since 1970-01), at any time."""
    named = [window for window in tariff.windows if month % 12 + 1 in window.months]
    windows = tuple(replace(window, months=ALL_MONTHS) for window in named) if tariff.charges(month) else ()
    return replace(tariff, windows=windows, first_month=None, end_month=None)


def _as_one_month(metered: Periods) -> Periods:
    return replace(metered, month=np.full_like(metered.month, metered.month[-1]))


def _put(levels_kw: Sequence[float], number: int, level: float) -> list[float]:
    return [level if i == number else kw for i, kw in enumerate(levels_kw)]
