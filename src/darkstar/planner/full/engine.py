"""The full engine: money first, then tie-breaks, then the plan before it; and always a plan.

1. Money (`money`): on and off at the least cost that the time allows, with a proven bound. On and off are then fixed
   and the rest is solved again as a linear programme, true to rounding. Without any solution in time, on and off of
   cars, tanks and boosts are rounded from the relaxation and all else is off; where that is not allowed, everything is
   off that may be; without time even for that, the plan is `idle`.
2. Tie-breaks (`ties`). A plan whose cost, worked out anew by the bill's functions, is higher is thrown away:
   tie-breaks never cost money.
3. The plan before it (`steady`): kept unless changing it gains more than a threshold.

Same problem, same plan, as long as the time limit is not reached: one thread, one seed, no clock but the limit.
"""

import time
from dataclasses import replace

import numpy as np

from darkstar.planner.full.battery import burning_pays
from darkstar.planner.full.build import Built, Switched, build, tempted
from darkstar.planner.full.choices import first_choices, within
from darkstar.planner.full.clock import Clock
from darkstar.planner.full.directions import burning, one_way
from darkstar.planner.full.idle import idle_plan
from darkstar.planner.full.money import all_off, cheapest, fixed
from darkstar.planner.full.plan import SitePlan
from darkstar.planner.full.prepare import prepare
from darkstar.planner.full.programme import Arrays, Indices
from darkstar.planner.full.reading import read_plan
from darkstar.planner.full.rounding import rounded
from darkstar.planner.full.site import Site
from darkstar.planner.full.site_checks import check
from darkstar.planner.full.solver import Solver
from darkstar.planner.full.steady import carried_over
from darkstar.planner.full.ties import calmest
from darkstar.planner.problem import Series

AFTERWARDS_SHARE = 0.12
"""Share of the time that is kept for what comes after the money stage."""
USABLE_SHARE = 0.85
"""Share of the limit that solving may use; the rest is for reading the plan, and for HiGHS, which looks up late."""
SAME_COST = 1e-9
LOOKS = 3
"""How often a relaxation is asked where burning energy pays."""
LEAST_PRICE = 1e-6
"""What a price has to be off for burning energy to pay more than nothing."""
_Found = tuple[SitePlan, Series | None, dict[int, Indices]]
"""A plan, its columns, and in which slots each battery would have burnt energy."""


class FullEngine:
    """Solves site problems.

    Args:
        seconds: time limit of a plan.
        gap: relative gap that is good enough.
        tie_breaks: whether to spend a linear programme on them.
        hot: start each plan from the last one's answer where only numbers differ: faster, but where several plans
            cost the same, which one is given may depend on what was solved before.
    """

    name = "full"

    def __init__(
        self, *, seconds: float = 1.0, gap: float = 1e-3, tie_breaks: bool = True, hot: bool = False
    ) -> None:
        prepare()
        self._seconds = seconds
        self._gap = gap
        self._tie_breaks = tie_breaks
        self._hot = hot
        self._linear, self._mixed = Solver(integral=False), Solver(integral=True)

    def solve(
        self, site: Site, previous: SitePlan | None = None, *, threshold: float = 0.0, hold_slots: int = 16
    ) -> SitePlan:
        """The cheapest plan that the time allows.

        Args:
            site: the problem.
            previous: the plan before, kept where changing it gains no more than the threshold.
            threshold: gain in money that is worth a change of plan.
            hold_slots: how many of the next slots the previous plan is kept for.

        Raises:
            UsageError: see `site_checks.check`.
        """
        began = time.perf_counter()
        check(site)
        clock = Clock(began + USABLE_SHARE * self._seconds)
        if not self._hot:
            for solver in (self._linear, self._mixed):
                solver.forget()
        built, plan, columns = self._cheapest(site, clock)
        if previous is not None and columns is not None and threshold > 0:
            plan = self._kept(site, built, plan, columns, previous, threshold, hold_slots, clock)
        finished = plan.gap <= self._gap
        return replace(plan, finished=finished, ms=(time.perf_counter() - began) * 1000)

    def _cheapest(self, site: Site, clock: Clock) -> tuple[Built, SitePlan, Series | None]:
        """The cheapest plan found, its columns and their programme.

        Where a solution burns energy in slots that have no switch for it, it is made to go one way there. If what that
        costs is not proven to be small, all is done again with switches in these slots. What was proven holds on, for
        a programme without a switch allows more.
        """
        built, switched = self._built(site, clock)
        bound, best = -np.inf, None
        while True:
            plan, columns, burnt = self._plan(site, built, clock)
            bound = max(bound, plan.bound)
            if best is None or plan.cost < best[1].cost:
                best = built, plan, columns
            best = best[0], replace(best[1], bound=bound), best[2]
            further = {i: np.union1d(switched[i], slots) for i, slots in burnt.items()}
            more = any(len(further[i]) > len(switched[i]) for i in further)
            if not more or best[1].gap <= self._gap or clock.seconds <= 0:
                return best
            switched = further
            built = build(site, switched)

    def _built(self, site: Site, clock: Clock) -> tuple[Built, Switched]:
        """The programme with switches where by its relaxation's prices burning energy may pay."""
        switched = tempted(site)
        built = build(site, switched)
        for _ in range(LOOKS):
            relaxed = self._linear.solve(within(built, first_choices(built)[-1]), seconds=clock.seconds)
            if relaxed.columns is None or relaxed.duals is None:
                break
            further = {}
            for number, slots in burning(built, relaxed.columns).items():
                battery = site.batteries[number]
                price = built.bus.price(relaxed.duals, battery.phases)
                cheap = burning_pays(battery, price + LEAST_PRICE) if len(slots) else slots
                further[number] = np.union1d(switched[number], np.union1d(slots, cheap))
            if all(len(further[number]) == len(switched[number]) for number in further):
                break
            switched = further
            built = build(site, switched)
        return built, switched

    def _plan(self, site: Site, built: Built, clock: Clock) -> _Found:
        """A plan of one programme."""
        rest = Clock(clock.end - AFTERWARDS_SHARE * self._seconds)
        money = cheapest(site, built, self._linear, self._mixed, rest, self._gap)
        if money.columns is not None:
            arrays = fixed(built.arrays, money.columns)
            return self._finish(site, built, arrays, money.columns, money.bound, clock)
        if money.relaxed is not None:
            start = all_off(built, rounded(site, built, built.arrays, money.relaxed))
            columns = self._linear.solve(start, seconds=clock.seconds).columns
            if columns is not None:
                return self._finish(site, built, start, columns, money.bound, clock)
        return self._finish(site, built, all_off(built, built.arrays), None, money.bound, clock)

    def _finish(
        self, site: Site, built: Built, arrays: Arrays, columns: Series | None, bound: float, clock: Clock
    ) -> _Found:
        """With on and off fixed: the rest to rounding, one way for each battery, then the tie-breaks."""
        polished = self._linear.solve(arrays, seconds=clock.seconds)
        columns = columns if polished.columns is None else polished.columns
        if columns is None:
            return replace(idle_plan(site), bound=bound), None, {}
        burnt = slots = burning(built, columns)
        while any(map(len, slots.values())):
            arrays = one_way(built, arrays, columns, slots)
            polished = self._linear.solve(arrays, seconds=clock.seconds)
            if polished.columns is None:
                return replace(idle_plan(site), bound=bound), None, burnt
            columns = polished.columns
            slots = burning(built, columns)
        plan = read_plan(site, built, columns, bound=bound)
        if self._tie_breaks and polished.columns is not None:
            calmer = calmest(arrays, polished, self._linear, clock.seconds)
            if calmer is not None and not any(map(len, burning(built, calmer).values())):
                again = read_plan(site, built, calmer, bound=bound)
                if again.cost <= plan.cost + SAME_COST * max(1.0, abs(plan.cost)):
                    return again, calmer, burnt
        return plan, columns, burnt

    def _kept(
        self,
        site: Site,
        built: Built,
        plan: SitePlan,
        columns: Series,
        previous: SitePlan,
        threshold: float,
        hold_slots: int,
        clock: Clock,
    ) -> SitePlan:
        """The previous plan carried over, where that costs no more than the threshold above the new one."""
        held = carried_over(site, built, columns, previous, hold_slots)
        if held is None:
            return plan
        found = self._mixed.solve(held, seconds=clock.seconds / 2).columns
        if found is None:
            return plan
        kept, *_ = self._finish(site, built, fixed(held, found), found, plan.bound, clock)
        return replace(kept, kept=True) if kept.cost - plan.cost <= threshold else plan
