"""The exact engine on HiGHS: a linear programme first, switches only where it would charge and discharge at once.

1. Solve without "never both". Nearly always no slot does both, or does so where one move costs the same.
2. Where doing both pays (deeply negative prices), give those slots a switch and solve the mixed problem at gap 0.
   It relaxes the true one, so an answer without "both" is the optimum; slots that now do both get one too.
3. With the switches fixed, solve the linear programme again: its answer is true to rounding.
"""

import time
from dataclasses import replace

import highspy
import numpy as np
from numpy.typing import NDArray

from darkstar.planner.accounting import Moves, both_at_once, cost, one_way, stored_energy
from darkstar.planner.checks import check
from darkstar.planner.model import (
    CHARGE,
    COLUMNS_PER_SLOT,
    DISCHARGE,
    Numbers,
    Shape,
    matrix_of,
    moves_of,
    numbers_of,
    shape_of,
)
from darkstar.planner.problem import Plan, Problem, Series
from darkstar.planner.quiet_highs import EXACT, change, quiet, set_options

SAME_COST = 1e-9
"""Relative difference of costs that counts as none."""
LONG_PROBLEM_SLOTS = 4000
"""From here on the interior point method is faster than the simplex method."""
LONG_PROBLEM_GAP = 1e-6
"""Proven relative gap at which the mixed problem of a long range may stop; `Plan.gap` says what was proven."""


class HighsEngine:
    """Solves the battery problem exactly.

    Args:
        hot: start each solve from the last one's answer where the shape is the same (a replay's plans: several times
            faster). Where several plans cost the same, which one is given may then depend on what was solved before;
            a whole series of solves is repeatable all the same. Without it, the same problem always has the same plan.
    """

    name = "highs"

    def __init__(self, *, hot: bool = False) -> None:
        self._hot = hot
        self._shape: Shape | None = None
        self._solver: highspy.Highs | None = None

    def solve(self, problem: Problem) -> Plan:
        """The cheapest plan.

        Raises:
            UsageError: see `checks.check`.
        """
        check(problem)
        began = time.perf_counter()
        shape, numbers = shape_of(problem), numbers_of(problem)
        bound, columns = _run(self._solver_of(shape), numbers)
        moves, plan_cost, exact = _settle(problem, moves_of(shape, columns), bound)
        if not exact:
            bound, moves, plan_cost = _with_switches(problem, shape, numbers, moves_of(shape, columns))
        return Plan(
            charge_kwh=moves.charge_kwh,
            discharge_kwh=moves.discharge_kwh,
            import_kwh=moves.import_kwh,
            export_kwh=moves.export_kwh,
            curtail_kwh=moves.curtail_kwh,
            breach_kwh=moves.breach_kwh,
            soc_kwh=stored_energy(problem, moves.charge_kwh, moves.discharge_kwh),
            cost=plan_cost,
            gap=_gap(plan_cost, bound),
            ms=(time.perf_counter() - began) * 1000,
            engine=self.name,
        )

    def _solver_of(self, shape: Shape) -> highspy.Highs:
        if self._hot and self._solver is not None and shape == self._shape:
            return self._solver
        self._solver, self._shape = solver_of(shape), shape
        return self._solver


def solver_of(shape: Shape) -> highspy.Highs:
    """A solver that holds the matrix of a shape, with all costs and bounds still zero."""
    matrix = matrix_of(shape)
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = shape.columns, shape.rows
    lp.col_cost_ = lp.col_lower_ = lp.col_upper_ = np.zeros(shape.columns)
    lp.row_lower_ = lp.row_upper_ = np.zeros(shape.rows)
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_, lp.a_matrix_.index_ = matrix.start, matrix.row
    lp.a_matrix_.value_ = matrix.value
    solver = quiet(EXACT)
    if shape.slots >= LONG_PROBLEM_SLOTS:
        set_options(solver, {"solver": "ipm", "mip_rel_gap": LONG_PROBLEM_GAP})
    solver.passModel(lp)
    return solver


def _run(solver: highspy.Highs, numbers: Numbers) -> tuple[float, Series]:
    """Solve with these numbers: the cost and the columns."""
    change(solver, numbers)
    return answer(solver)


def answer(solver: highspy.Highs) -> tuple[float, Series]:
    """Solve: the cost and the columns."""
    solver.run()
    status = solver.getModelStatus()
    if status != highspy.HighsModelStatus.kOptimal:
        # A checked problem always has a plan (the breach takes any load, curtailment any sun) and a finite one.
        raise RuntimeError(f"HiGHS ended with {solver.modelStatusToString(status)}")
    return solver.getInfo().objective_function_value, np.array(solver.getSolution().col_value)


def _settle(problem: Problem, moves: Moves, bound: float) -> tuple[Moves, float, bool]:
    """One move a slot, its cost, and whether that costs no more than the bound."""
    settled, homeless_kwh = one_way(problem, moves)
    soc = stored_energy(problem, settled.charge_kwh, settled.discharge_kwh)
    plan_cost = cost(problem, settled, float(soc[-1]))
    return settled, plan_cost, homeless_kwh < SAME_COST and _gap(plan_cost, bound) <= SAME_COST


def _gap(plan_cost: float, bound: float) -> float:
    gap = (plan_cost - bound) / max(1.0, abs(plan_cost))
    return gap if gap > SAME_COST else 0.0


def _with_switches(
    problem: Problem, shape: Shape, numbers: Numbers, moves: Moves
) -> tuple[float, Moves, float]:
    """The bound, the moves and the cost where doing both at once would pay."""
    switched = _tempting(problem)
    while True:
        switched = np.union1d(switched, both_at_once(moves))
        bound, charging = _directions(shape, numbers, switched)
        most = numbers.column_high.copy()
        most[COLUMNS_PER_SLOT * switched[charging] + DISCHARGE] = 0.0
        most[COLUMNS_PER_SLOT * switched[~charging] + CHARGE] = 0.0
        _, columns = _run(solver_of(shape), replace(numbers, column_high=most))
        moves = moves_of(shape, columns)
        settled, plan_cost, done = _settle(problem, moves, bound)
        if done or not len(np.setdiff1d(both_at_once(moves), switched)):
            return bound, settled, plan_cost


def _directions(shape: Shape, numbers: Numbers, slots: NDArray[np.int64]) -> tuple[float, NDArray[np.bool_]]:
    """The proven bound on the cost with a switch in these slots, and whether each charges."""
    solver = solver_of(shape)
    change(solver, numbers)
    _add_switches(solver, shape, numbers, slots)
    _, columns = answer(solver)
    return solver.getInfo().mip_dual_bound, columns[shape.columns :] > 0.5


def _tempting(problem: Problem) -> NDArray[np.int64]:
    """Slots whose price is so low that burning energy in the battery may pay its wear."""
    lowest = np.minimum(problem.import_price, problem.export_price)
    return np.flatnonzero(lowest <= problem.storage.burning_price)


def _add_switches(solver: highspy.Highs, shape: Shape, numbers: Numbers, slots: NDArray[np.int64]) -> None:
    """A switch for each slot: charge <= most * switch, discharge <= most * (1 - switch)."""
    n = len(slots)
    nothing = np.zeros(0, np.int32)
    solver.addCols(n, np.zeros(n), np.zeros(n), np.ones(n), 0, np.zeros(n, np.int32), nothing, np.zeros(0))
    switch = shape.columns + np.arange(n)
    solver.changeColsIntegrality(
        n, switch.astype(np.int32), np.full(n, int(highspy.HighsVarType.kInteger), np.uint8)
    )
    charge, discharge = COLUMNS_PER_SLOT * slots + CHARGE, COLUMNS_PER_SLOT * slots + DISCHARGE
    charge_most, discharge_most = numbers.column_high[charge], numbers.column_high[discharge]
    entries = np.stack([charge, switch, discharge, switch], axis=1).ravel()
    values = np.stack([np.ones(n), -charge_most, np.ones(n), discharge_most], axis=1).ravel()
    solver.addRows(
        2 * n,
        np.full(2 * n, -np.inf),
        np.stack([np.zeros(n), discharge_most], axis=1).ravel(),
        4 * n,
        np.arange(0, 4 * n, 2, dtype=np.int32),
        entries.astype(np.int32),
        values,
    )
