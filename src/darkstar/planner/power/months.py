"""A plan over months that are known, under power tariffs, and the least that any plan can cost.

    levels   one a month, looked for in each alone, and one plan under all of them
    shadow   month by month a linear programme between the energies that this plan has at the months' edges: what its
             slots draw are limits for a plan of the whole range, and its prices a bound on what every plan costs

The cheapest plan that was found is told with how much more than the bound it costs. With a fee per kW that is next to
nothing; with tiers the bound is weak, and most of the distance is its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

import numpy as np

from darkstar.domain.power_tariff import periods, power_cost
from darkstar.domain.slots import QUARTERS_OF_DAY, Slots
from darkstar.planner.fast.engine import FastEngine
from darkstar.planner.fast.limited import ImportLimit, LimitedEngine
from darkstar.planner.fast.stretch import NOTHING
from darkstar.planner.full.site import MeteredTariff
from darkstar.planner.power.level import HELD, Levels
from darkstar.planner.power.limit import UNLIMITED, price_beyond
from darkstar.planner.power.shadow import rows_by_month, shadow_of
from darkstar.planner.problem import Plan, Problem

TOGETHER_SLOTS = 32 * QUARTERS_OF_DAY
"""Months of no more slots are one programme, and no edge between them is held."""
CLOSE = 5e-4
"""Of its cost: a plan this close to the bound is not looked at again."""
ROUNDS = 2
"""Between the energies of a better plan the programmes' prices are better; under tiers once will do."""


@dataclass(frozen=True)
class Bounded:
    """A plan with its bound.

    Attributes:
        plan: its `cost` is without the fees, its `gap` with them.
        over_least: by how much it costs more than any plan must, at most.
    """

    plan: Plan
    over_least: float


def plan_months(problem: Problem, slots: Slots, tz: ZoneInfo, metered: Sequence[MeteredTariff]) -> Bounded:
    """The cheapest plan found; where holding nothing back costs less than all else, that.

    Args:
        slots: of the problem, rising; at least one tariff.

    Raises:
        UsageError: see `checks.check`.
    """
    months = _Months(problem, slots, tz, metered)
    plan, least = months.levelled(), -np.inf
    for _ in range(1 if any(one.tariff.tiers for one in metered) else ROUNDS):
        held, bound = months.shadowed(plan)
        plan, least = min(plan, held, key=months.all_in), max(least, bound)
        over_least = max(months.all_in(plan) - least, 0.0)
        gap = over_least / max(1.0, abs(months.all_in(plan)))
        if gap <= CLOSE:
            break
    return Bounded(replace(plan, gap=gap), over_least)


class _Months:
    """The range, month by month."""

    def __init__(
        self, problem: Problem, slots: Slots, tz: ZoneInfo, metered: Sequence[MeteredTariff]
    ) -> None:
        self._problem, self._slots, self._tz = problem, slots, tz
        self._tariffs, self._metered = [one.tariff for one in metered], list(metered)
        self._engine = LimitedEngine()
        n = len(problem)
        self._limit = ImportLimit(np.full(n, UNLIMITED), np.zeros(n))
        self._rows = rows_by_month(slots, tz)
        months = periods(self._tariffs[0], slots[[rows.start for rows in self._rows]], tz).month
        self._alone = [
            self._month(rows, month) for rows, month in zip(self._rows, months.tolist(), strict=True)
        ]

    def levelled(self) -> Plan:
        """The best with one level a month, or without any limit where that costs less."""
        free = self._engine.solve(self._problem, self._limit)
        for rows, month in zip(self._rows, self._alone, strict=True):
            limit = month.limit(month.best().levels_kw)
            self._limit.kw[rows], self._limit.breach_cost[rows] = limit.kw, limit.breach_cost
        return min(free, self._engine.solve(self._problem, self._limit), key=self.all_in)

    def shadowed(self, plan: Plan) -> tuple[Plan, float]:
        """A plan under limits by the shadow prices between a plan's energies, and what every plan costs at least."""
        n, constant = len(self._problem), 0.0
        rise, kw = np.zeros(n), np.full(n, UNLIMITED)
        for rows in self._rows if n > TOGETHER_SLOTS else [slice(0, n)]:
            month = self._between(plan, rows)
            end_kwh = None if rows.stop == n else float(plan.soc_kwh[rows.stop])
            past = self._metered if rows.start == 0 else [MeteredTariff(one) for one in self._tariffs]
            found = shadow_of(month, self._slots[rows], self._tz, past, end_kwh)
            rise[rows], kw[rows] = found.rise, found.limit_kw
            constant += found.constant
        priced = replace(self._problem, import_price=self._problem.import_price + rise)
        fee = sum(price_beyond(tariff, 0.0) / tariff.period_hours for tariff in self._tariffs)
        limit = ImportLimit(kw, np.full(n, HELD * fee))
        return self._engine.solve(self._problem, limit), FastEngine().first_move(priced).cost + constant

    def all_in(self, plan: Plan) -> float:
        """Cost with all fees."""
        drawn = plan.import_kwh + plan.breach_kwh
        past = [one.so_far for one in self._metered]
        return plan.cost + power_cost(self._tariffs, self._slots, drawn, self._tz, past)

    def _between(self, plan: Plan, rows: slice) -> Problem:
        """A month's problem from the energy that a plan has at its begin; only the range's end knows its worth."""
        last = rows.stop == len(self._problem)
        alone = self._part(rows, float(plan.soc_kwh[rows.start]))
        return alone if last else replace(alone, terminal=NOTHING)

    def _part(self, rows: slice, soc_start_kwh: float) -> Problem:
        problem = self._problem
        return replace(
            problem,
            load_kwh=problem.load_kwh[rows],
            pv_kwh=problem.pv_kwh[rows],
            import_price=problem.import_price[rows],
            export_price=problem.export_price[rows],
            soc_start_kwh=soc_start_kwh,
        )

    def _month(self, rows: slice, month: int) -> Levels:
        problem, storage = self._problem, self._problem.storage
        half_full = (storage.soc_min_kwh + storage.soc_max_kwh) / 2
        alone = self._part(rows, problem.soc_start_kwh if rows.start == 0 else half_full)
        past = [one.so_far for one in self._metered] if rows.start == 0 else ()
        return Levels(alone, self._slots[rows], self._tz, self._tariffs, month, so_far=past)
