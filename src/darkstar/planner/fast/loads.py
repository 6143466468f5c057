"""The exact engine for a battery and loads that are on or off."""

import time
from dataclasses import dataclass, replace

import numpy as np

from darkstar.domain.errors import UsageError
from darkstar.planner.fast.engine import plan_of
from darkstar.planner.fast.loads_bound import SAME_COST, ascend, share, slack_of
from darkstar.planner.fast.loads_recursion import follow, recurse
from darkstar.planner.fast.loads_site import Scratch, Site, scratch_of, site_of
from darkstar.planner.fast.loads_worth import Slots, costs_at, lay_out_kinds
from darkstar.planner.loads.accounting import run_of
from darkstar.planner.loads.automata import Allowance, Automaton, automaton_of, idle, pairs_of, together
from darkstar.planner.loads.checks import check
from darkstar.planner.loads.model import Levels, LoadedPlan, LoadedProblem, with_energy
from darkstar.planner.problem import Series

BOUND_STEPS = (12, 3)
"""Most steps towards the bound, and most without a better one."""
PATIENT_STEPS = (200, 40)
"""The same where the recursion has grown too large."""


class LoadsRecursion:
    """Plans one or two loads with the battery.

    Most problems are solved by their bound (`loads_bound`): it meets the cost of a plan found on the way. Else the
    recursion over battery and automaton goes through those states alone that a plan as good as the known one can use,
    so that its answer is the optimum whatever the bound was worth. Where it grows too large, the best plan met on the
    way to the bound is the answer, with the gap that the bound proves.
    """

    name = "recursion"

    def solve(self, loaded: LoadedProblem) -> LoadedPlan:
        """The cheapest plan; `gap` is 0 where that is proven.

        Raises:
            UsageError: the problem is unsound, has more than two loads, or is too large.
        """
        check(loaded)
        began = time.perf_counter()
        problem, n = loaded.problem, len(loaded)
        if not 1 <= len(loaded.loads) <= 2:
            raise UsageError(f"The exact recursion plans one or two loads, not {len(loaded.loads)}.")
        automata = [automaton_of(load, n, problem.slot_hours) for load in loaded.loads]
        first, second = automata[0], automata[1] if len(automata) == 2 else idle(n)
        search = _Search(site_of(problem), scratch_of(problem))
        found = search.cheapest(first, second, BOUND_STEPS)
        if found.gap:
            found = search.cheapest(first, second, PATIENT_STEPS)
        runs = tuple(
            run_of(load, levels, problem.slot_hours)
            for load, levels in zip(loaded.loads, found.levels, strict=False)
        )
        site = with_energy(problem, np.sum([run.energy_kwh for run in runs], axis=0))
        plan = plan_of(
            site, found.moves_kwh, began, gap=found.gap, further_cost=sum(run.cost for run in runs)
        )
        return LoadedPlan(plan, runs)


@dataclass(frozen=True)
class _Found:
    """A plan: what it costs, what each load does, the changes of the energy stored, each (n,), and its proven gap."""

    cost: float
    levels: tuple[Levels, Levels]
    moves_kwh: Series
    gap: float

    @property
    def allowed(self) -> float:
        """What a plan may cost that is not dearer, rounding apart."""
        return self.cost + SAME_COST * (1.0 + abs(self.cost))


@dataclass(frozen=True)
class _Bound:
    """What `loads_bound.ascend` came to.

    Attributes:
        worth: the worths that prove it, (n,).
        costs: what slots cost each of the two loads at them, (n, kinds).
    """

    lower: float
    found: _Found
    worth: Series
    costs: tuple[Series, Series]


class _Search:
    """The search for the cheapest plan of a site."""

    def __init__(self, site: Site, scratch: Scratch) -> None:
        self._site, self._scratch = site, scratch

    def cheapest(self, first: Automaton, second: Automaton, steps: tuple[int, int]) -> _Found:
        """The cheapest plan of two loads, or the best one met where that grows too large."""
        energies, pair = pairs_of(first, second)
        slots = lay_out_kinds(*self._site[:5], energies)
        bound = self._bound(first, second, slots, pair, np.empty(0), steps)
        if not bound.found.gap:
            return bound.found
        joint = _left(first, second, bound)
        if second.states > 1 + len(second):
            # Side by side no slot's cost has to be shared: the bound is sharper.
            alone, kinds = idle(len(first)), np.arange(len(energies))[:, None]
            again = self._bound(joint, alone, slots, kinds, bound.worth, steps)
            bound = _sharper(bound, again)
            if not bound.found.gap:
                return bound.found
            joint = _left(joint, alone, bound)
        return self._recursion(joint, slots, bound)

    def _bound(
        self,
        first: Automaton,
        second: Automaton,
        slots: Slots,
        pair: Levels,
        begin: Series,
        steps: tuple[int, int],
    ) -> _Bound:
        lower, upper, worth, both, edges, others, moves = ascend(
            self._site, self._scratch, slots, pair, first.arrays, second.arrays, begin, *steps
        )
        n, (kinds, other_kinds) = len(first), pair.shape
        costs, own, other = np.empty((n, len(slots[2]))), np.empty((n, kinds)), np.empty((n, other_kinds))
        costs_at(slots, worth, costs)
        share(costs, pair, both, own, other)
        levels, other_levels = first.edge_level[edges], second.edge_level[others]
        if first.stride:
            levels, other_levels = levels % first.stride, levels // first.stride
        found = _Found(upper, (levels, other_levels), moves, _gap(lower, upper))
        return _Bound(lower, found, worth, (own, other))

    def _recursion(self, joint: Automaton, slots: Slots, bound: _Bound) -> _Found:
        functions = recurse(self._site, slots, joint.arrays, bound.worth, bound.found.allowed)
        if not len(functions[1]):
            return bound.found
        moves, way = np.empty(len(joint)), np.empty(len(joint), dtype=np.int64)
        follow(self._site, slots, joint.arrays, functions, moves, way)
        levels = joint.edge_level[way]
        return _Found(bound.found.cost, (levels % joint.stride, levels // joint.stride), moves, 0.0)


def _left(first: Automaton, second: Automaton, bound: _Bound) -> Automaton:
    """The two automata side by side, as far as the bound leaves them."""
    slacks = slack_of(first.arrays, bound.costs[0]), slack_of(second.arrays, bound.costs[1])
    left = together(first, second, Allowance(*slacks, bound.found.allowed - bound.lower))
    return replace(left, stride=first.stride or left.stride)


def _sharper(bound: _Bound, again: _Bound) -> _Bound:
    """The later bound with the better of both plans."""
    found = min(again.found, bound.found, key=lambda one: one.cost)
    return replace(again, found=replace(found, gap=_gap(again.lower, found.cost)))


def _gap(lower: float, upper: float) -> float:
    """Proven relative distance of a plan from the optimum; 0 where rounding explains it."""
    apart = max(0.0, upper - lower)
    return 0.0 if apart <= SAME_COST * (1.0 + abs(upper)) else apart / max(1.0, abs(upper))
