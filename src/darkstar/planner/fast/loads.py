"""The exact engine for a battery and loads that are on or off."""

import time

import numpy as np

from darkstar.domain.errors import UsageError
from darkstar.planner.accounting import Moves, cost, stored_energy
from darkstar.planner.automata import Automaton, automaton_of, together
from darkstar.planner.fast.loads_recursion import follow, recurse
from darkstar.planner.loads import Levels, LoadedPlan, LoadedProblem, LoadRun, with_energy
from darkstar.planner.loads_accounting import run_of
from darkstar.planner.loads_checks import check
from darkstar.planner.problem import Plan, Problem, Series


class LoadsRecursion:
    """Plans one or two loads with the battery, exactly: the product of battery and automaton, state by state."""

    name = "recursion"

    def solve(self, loaded: LoadedProblem) -> LoadedPlan:
        """The cheapest plan; `gap` is 0.

        Raises:
            UsageError: the problem is unsound, has more than two loads, or is too large to be planned exactly.
        """
        check(loaded)
        began = time.perf_counter()
        problem, n = loaded.problem, len(loaded)
        if not 1 <= len(loaded.loads) <= 2:
            raise UsageError(f"The exact recursion plans one or two loads, not {len(loaded.loads)}.")
        machines = [automaton_of(load, n, problem.slot_hours) for load in loaded.loads]
        machine = machines[0] if len(machines) == 1 else together(machines[0], machines[1])
        _, levels, taken_kwh = solve_automaton(problem, machine)
        chosen = [levels % machine.stride, levels // machine.stride] if machine.stride else [levels]
        runs = tuple(
            run_of(load, one, problem.slot_hours) for load, one in zip(loaded.loads, chosen, strict=True)
        )
        return plan_of(problem, runs, taken_kwh, self.name, began)


def solve_automaton(problem: Problem, machine: Automaton) -> tuple[float, Levels, Series]:
    """The least cost by the recursion, levels (n,), and energy taken out of the battery (n,) [kWh stored]."""
    series, battery, grid, terminal = arrays_of(problem)
    points, first = recurse(
        series,
        battery,
        grid,
        terminal,
        machine.layer_first,
        machine.edge_first,
        machine.edge_to,
        machine.edge_energy,
        machine.edge_cost,
        machine.energies_kwh,
    )
    if not len(first):
        raise UsageError("The value of stored energy has too many pieces to be planned exactly.")
    best, edges, taken = follow(
        series,
        battery,
        grid,
        points,
        first,
        machine.edge_first,
        machine.edge_to,
        machine.edge_energy,
        machine.edge_cost,
        machine.energies_kwh,
        problem.soc_start_kwh,
    )
    return best, machine.edge_level[edges], taken


def arrays_of(problem: Problem) -> tuple[Series, Series, Series, Series]:
    """A problem as the compiled functions read it: series, battery, grid, terminal (see `loads_pieces`)."""
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
