"""The exact engine for a battery and loads that are on or off."""

import time
from dataclasses import dataclass

import numpy as np

from darkstar.domain.errors import UsageError
from darkstar.planner.accounting import Moves, cost, stored_energy
from darkstar.planner.automata import Allowance, Automaton, automaton_of, idle, together
from darkstar.planner.fast.loads_bound import ascend, slack_of
from darkstar.planner.fast.loads_priced import scratch_of, site_of
from darkstar.planner.fast.loads_ranges import Frame, ranges
from darkstar.planner.fast.loads_recursion import follow, recurse
from darkstar.planner.loads import Levels, LoadedPlan, LoadedProblem, LoadRun, with_energy
from darkstar.planner.loads_accounting import run_of
from darkstar.planner.loads_checks import check
from darkstar.planner.problem import Plan, Problem, Series

BOUND_STEPS = ((3, 5), (6, 40))
"""Smooth and all steps towards the bound for one load and for two: what they cost against what they leave out."""
PATIENT_STEPS = (10, 150)
"""The same where the recursion has grown too large."""
SAME_COST = 1e-9
"""Relative rounding of costs; no edge is left out for less."""


class LoadsRecursion:
    """Plans one or two loads with the battery.

    The recursion over battery and automaton goes through those states and stored energies alone that a plan as good
    as a known one can use (`loads_bound`, `loads_ranges`), so that its answer is the optimum whatever the bound was
    worth. Where it grows too large, the best plan met on the way to the bound is the answer, with the gap that the
    bound proves.
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
        for steps in (BOUND_STEPS[len(automata) - 1], PATIENT_STEPS):
            bound = _bound(problem, first, second, steps)
            found = _search(problem, first, second, bound)
            if found is not None:
                return self._plan(loaded, found, began)
        gap = max(0.0, bound.upper - bound.lower) / max(1.0, abs(bound.upper))
        return self._plan(loaded, _known(loaded, first, second, bound), began, gap)

    def _plan(self, loaded: LoadedProblem, best: "_Found", began: float, gap: float = 0.0) -> LoadedPlan:
        levels = zip(loaded.loads, best.levels, strict=False)
        runs = tuple(run_of(load, chosen, loaded.problem.slot_hours) for load, chosen in levels)
        return plan_of(loaded.problem, runs, best.taken_kwh, self.name, began, gap)


@dataclass(frozen=True)
class _Found:
    """A plan: what each load does and what is taken out of the battery [kWh stored], each (n,)."""

    levels: tuple[Levels, Levels]
    taken_kwh: Series


@dataclass(frozen=True)
class _Bound:
    """A lower bound, the prices that prove it, what the loads may draw at most, each (n,), and the edges' slacks.

    `upper` is the cost of the best plan met on the way, `edges` are its edges; infinite where there is no bound.
    `frame` is the problem's `arrays_of`.
    """

    lower: float
    upper: float
    price: Series
    most_kwh: Series
    slacks: tuple[Series, Series]
    edges: tuple[Levels, Levels]
    frame: Frame


def _bound(problem: Problem, first: Automaton, second: Automaton, steps: tuple[int, int]) -> _Bound:
    one, other = first.arrays, second.arrays
    frame = arrays_of(problem)
    lower, upper, price, edges, other_edges, most_kwh = ascend(
        frame, problem.soc_start_kwh, site_of(problem), scratch_of(problem), one, other, *steps
    )
    slacks = slack_of(one, price), slack_of(other, price)
    return _Bound(lower, upper, price, most_kwh, slacks, (edges, other_edges), frame)


def _search(problem: Problem, first: Automaton, second: Automaton, bound: _Bound) -> _Found | None:
    """The cheapest plan among those of which the bound does not say that they cost more than the known one."""
    allowance, within = None, whole_range(problem)
    if np.isfinite(bound.upper):
        most = bound.upper - bound.lower + SAME_COST * (1 + abs(bound.upper))
        allowance = Allowance(*bound.slacks, most)
        within = ranges(bound.frame, problem.soc_start_kwh, bound.most_kwh, bound.price, most)
    both = together(first, second, allowance)
    answer = solve_automaton(problem, bound.frame, both, within)
    if answer is None:
        return None
    levels, taken_kwh = answer
    return _Found((levels % both.stride, levels // both.stride), taken_kwh)


def _known(loaded: LoadedProblem, first: Automaton, second: Automaton, bound: _Bound) -> _Found:
    """The best plan met on the way to the bound."""
    levels = first.edge_level[bound.edges[0]], second.edge_level[bound.edges[1]]
    drawn = first.energies_kwh[first.edge_energy[bound.edges[0]]]
    site = with_energy(loaded.problem, drawn + second.energies_kwh[second.edge_energy[bound.edges[1]]])
    answer = None
    if np.isfinite(bound.upper):
        answer = solve_automaton(site, arrays_of(site), idle(len(loaded)), whole_range(site))
    if answer is None:
        raise UsageError("The value of stored energy has too many pieces to be planned exactly.")
    return _Found(levels, answer[1])


def whole_range(problem: Problem) -> tuple[Series, Series]:
    """All that may be stored, before each slot and at the end, each (n + 1,)."""
    n = len(problem) + 1
    return np.full(n, problem.storage.soc_min_kwh), np.full(n, problem.storage.soc_max_kwh)


def solve_automaton(
    problem: Problem, frame: Frame, automaton: Automaton, within: tuple[Series, Series]
) -> tuple[Levels, Series] | None:
    """The cheapest levels and energy taken out of the battery [kWh stored], each (n,).

    None where it is too large.

    Args:
        frame: the problem's `arrays_of`.
        within: the stored energies that matter, see `loads_ranges.ranges`.
    """
    series, battery, grid, terminal = frame
    points, first = recurse(
        series,
        battery,
        grid,
        terminal,
        automaton.layer_first,
        automaton.edge_first,
        automaton.edge_to,
        automaton.edge_energy,
        automaton.edge_cost,
        automaton.energies_kwh,
        *within,
    )
    if not len(first):
        return None
    _, edges, taken = follow(
        series,
        battery,
        grid,
        points,
        first,
        automaton.edge_first,
        automaton.edge_to,
        automaton.edge_energy,
        automaton.edge_cost,
        automaton.energies_kwh,
        problem.soc_start_kwh,
    )
    return automaton.edge_level[edges], taken


def arrays_of(problem: Problem) -> Frame:
    """A problem as the compiled functions read it: series, battery, grid, terminal (see `loads_slot`)."""
    storage, grid, hours = problem.storage, problem.grid, problem.slot_hours
    battery = np.array(
        [
            storage.soc_min_kwh,
            storage.soc_max_kwh,
            storage.charge_max_kw * hours,
            storage.discharge_max_kw * hours,
            storage.charge_efficiency,
            storage.discharge_efficiency,
            storage.wear_charge,
            storage.wear_discharge,
        ]
    )
    connection = np.array(
        [
            grid.import_max_kw * hours,
            grid.export_max_kw * hours,
            grid.import_breach_cost,
            grid.curtailment_cost,
        ]
    )
    series = np.stack([problem.load_kwh, problem.pv_kwh, problem.import_price, problem.export_price])
    return series, battery, connection, _terminal(problem)


def _terminal(problem: Problem) -> Series:
    """Points of the cost of the energy left, shape (3, points)."""
    low, high = problem.storage.soc_min_kwh, problem.storage.soc_max_kwh
    used = problem.terminal.energy_kwh > 0
    value, energy = problem.terminal.value[used], problem.terminal.energy_kwh[used]
    inner = low + np.cumsum(energy)
    kept = inner < high
    kwh = np.concatenate([[low], inner[kept], [high] if high > low else []])
    slopes = np.zeros(len(kwh))
    worth = np.concatenate([value, [0.0]])
    slopes[: min(len(worth), len(kwh) - 1)] = -worth[: len(kwh) - 1]
    values = np.concatenate([[0.0], np.cumsum(slopes[:-1] * np.diff(kwh))])
    return np.stack([kwh, values, slopes])


def plan_of(
    problem: Problem,
    runs: tuple[LoadRun, ...],
    taken_kwh: Series,
    engine: str,
    began: float,
    gap: float = 0.0,
) -> LoadedPlan:
    """The whole plan from what the loads do and what is taken out of the battery, shape (n,) [kWh stored]."""
    site = with_energy(problem, np.sum([run.energy_kwh for run in runs], axis=0))
    moves = dispatch(site, taken_kwh)
    soc_kwh = stored_energy(site, moves.charge_kwh, moves.discharge_kwh)
    plan = Plan(
        charge_kwh=moves.charge_kwh,
        discharge_kwh=moves.discharge_kwh,
        import_kwh=moves.import_kwh,
        export_kwh=moves.export_kwh,
        curtail_kwh=moves.curtail_kwh,
        breach_kwh=moves.breach_kwh,
        soc_kwh=soc_kwh,
        cost=cost(site, moves, float(soc_kwh[-1])) + sum(run.cost for run in runs),
        gap=gap,
        ms=(time.perf_counter() - began) * 1000,
        engine=engine,
    )
    return LoadedPlan(plan, runs)


def dispatch(problem: Problem, taken_kwh: Series) -> Moves:
    """The cheapest import, export, curtailment and breach for what the battery does, slot by slot."""
    storage, grid, hours = problem.storage, problem.grid, problem.slot_hours
    charge = np.maximum(-taken_kwh, 0.0) / storage.charge_efficiency
    discharge = np.maximum(taken_kwh, 0.0) * storage.discharge_efficiency
    n = len(problem)
    # From everything exported and curtailed, and nothing imported, the cheapest steps come first.
    room = np.stack(
        [
            np.full(n, grid.export_max_kw * hours),
            problem.pv_kwh,
            np.full(n, grid.import_max_kw * hours),
            np.full(n, np.inf),
        ]
    )
    price = np.stack(
        [
            problem.export_price,
            np.full(n, -grid.curtailment_cost),
            problem.import_price,
            problem.import_price + grid.import_breach_cost,
        ]
    )
    left = np.maximum(problem.load_kwh - problem.pv_kwh + charge - discharge + room[0] + room[1], 0.0)
    order, slots = np.argsort(price, axis=0, kind="stable"), np.arange(n)
    step = np.zeros((4, n))
    for place in range(4):
        which = order[place]
        taken = np.minimum(left, room[which, slots])
        step[which, slots] = taken
        left = left - taken
    return Moves(charge, discharge, step[2], room[0] - step[0], room[1] - step[1], step[3])
