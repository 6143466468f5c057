"""A plan over months that are known, under power tariffs: one level a month, then one plan under all of them.

The levels are looked for month by month alone, then once more each with all the others held and the whole range
planned as one. It is the cheapest plan of this kind, not a proven bound: a plan that goes beyond the level on a single
day and pays for it may cost less (against the full engine on ranges of days: some percent of the fees at most).
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np

from darkstar.domain.power_tariff import NOTHING_YET, periods, power_cost
from darkstar.domain.slots import Slots
from darkstar.planner.fast.limited import ImportLimit, LimitedEngine
from darkstar.planner.full.site import MeteredTariff
from darkstar.planner.power_level import Levels, lowest
from darkstar.planner.power_limit import UNLIMITED
from darkstar.planner.problem import Plan, Problem

AROUND_KW = 1.0
"""Beyond twice a month's level it is looked for by so much more, with the other months held."""


def plan_months(problem: Problem, slots: Slots, tz: ZoneInfo, metered: Sequence[MeteredTariff]) -> Plan:
    """The plan, or the one without any limit where that costs less; its `cost` is without the fees.

    Args:
        slots: of the problem, rising; at least one tariff.

    Raises:
        UsageError: see `checks.check`.
    """
    return _Months(problem, slots, tz, metered).best()


class _Months:
    """The range, month by month."""

    def __init__(
        self, problem: Problem, slots: Slots, tz: ZoneInfo, metered: Sequence[MeteredTariff]
    ) -> None:
        self._problem, self._slots, self._tz = problem, slots, tz
        self._tariffs, self._past = [m.tariff for m in metered], [m.so_far for m in metered]
        self._engine = LimitedEngine()
        n = len(problem)
        self._limit = ImportLimit(np.full(n, UNLIMITED), np.zeros(n))
        found = periods(self._tariffs[0], slots, tz)
        months = found.month[found.of_slot]
        edges = [0, *(np.flatnonzero(np.diff(months)) + 1).tolist(), n]
        self._rows = [slice(first, end) for first, end in pairwise(edges)]
        self._alone = [self._month(rows, int(months[rows.start])) for rows in self._rows]

    def best(self) -> Plan:
        levels_kw = [month.best().levels_kw for month in self._alone]
        free = self._engine.solve(self._problem, self._limit)
        for number, levels in enumerate(levels_kw):
            self._hold(number, levels)
        plans = [free, self._engine.solve(self._problem, self._limit)]
        if len(self._rows) > 1:
            plans += [plan for number, levels in enumerate(levels_kw) for plan in self._again(number, levels)]
        return min(plans, key=self._all_in)

    def _again(self, number: int, levels_kw: tuple[float, ...]) -> list[Plan]:
        """Look for a month's levels anew with the others held; it is held at the best from then on."""
        plans = []
        for place, tariff in enumerate(self._tariffs):
            if not tariff.tiers and np.isfinite(levels_kw[place]):
                levels_kw, plan = self._near(number, levels_kw, place)
                plans.append(plan)
        self._hold(number, levels_kw)
        return plans

    def _near(self, number: int, levels_kw: tuple[float, ...], place: int) -> tuple[tuple[float, ...], Plan]:
        """The best of one tariff's levels around what it is, and its plan."""
        found: list[tuple[float, tuple[float, ...], Plan]] = []

        def look(kw: float) -> float:
            tried = (*levels_kw[:place], kw, *levels_kw[place + 1 :])
            self._hold(number, tried)
            plan = self._engine.solve(self._problem, self._limit)
            found.append((self._all_in(plan), tried, plan))
            return found[-1][0]

        level = levels_kw[place]
        look(level)
        lowest(look, level / 2, 2 * level + AROUND_KW)
        _, best_kw, plan = min(found, key=lambda one: one[0])
        return best_kw, plan

    def _hold(self, number: int, levels_kw: Sequence[float]) -> None:
        rows, limit = self._rows[number], self._alone[number].limit(levels_kw)
        self._limit.kw[rows], self._limit.breach_cost[rows] = limit.kw, limit.breach_cost

    def _month(self, rows: slice, month: int) -> Levels:
        problem, storage = self._problem, self._problem.storage
        half_full = (storage.soc_min_kwh + storage.soc_max_kwh) / 2
        alone = replace(
            problem,
            load_kwh=problem.load_kwh[rows],
            pv_kwh=problem.pv_kwh[rows],
            import_price=problem.import_price[rows],
            export_price=problem.export_price[rows],
            soc_start_kwh=problem.soc_start_kwh if rows.start == 0 else half_full,
        )
        past = self._past if rows.start == 0 else [NOTHING_YET] * len(self._past)
        return Levels(alone, self._slots[rows], self._tz, self._tariffs, month, so_far=past)

    def _all_in(self, plan: Plan) -> float:
        drawn = plan.import_kwh + plan.breach_kwh
        return plan.cost + power_cost(self._tariffs, self._slots, drawn, self._tz, self._past)
