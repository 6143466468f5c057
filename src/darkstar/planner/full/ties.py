"""The stage of tie-breaks: among plans of the same money, on and off as found, the calmest.

The plans of the same money are a face of the linear programme: every column with a reduced cost and every row with a
dual stays where it is. On that face the ties' costs are minimised, from the basis that the money stage ends with.
"""

from dataclasses import replace

import numpy as np

from darkstar.planner.full.programme import Arrays
from darkstar.planner.full.solver import Outcome, Solver
from darkstar.planner.problem import Series

COSTS = 1e-9
"""A reduced cost or dual beyond rounding."""


def calmest(fixed: Arrays, optimum: Outcome, solver: Solver, seconds: float) -> Series | None:
    """Columns of the calmest plan that costs as much; None where none was found within the time.

    `solver` has just found the `optimum` of `fixed`.
    """
    columns, duals, reduced = optimum.columns, optimum.duals, optimum.reduced
    if columns is None or duals is None or reduced is None:
        return None
    of_row = np.repeat(np.arange(len(fixed.row_low)), np.diff(fixed.start))
    activity = np.bincount(of_row, fixed.value * columns[fixed.index], len(fixed.row_low))
    held, bound = np.abs(reduced) > COSTS, np.abs(duals) > COSTS
    at_low = np.abs(activity - fixed.row_low) <= np.abs(activity - fixed.row_high)
    side = np.where(at_low, fixed.row_low, fixed.row_high)
    face = replace(
        fixed,
        cost=fixed.tie,
        low=np.where(held, columns, fixed.low),
        high=np.where(held, columns, fixed.high),
        row_low=np.where(bound, side, fixed.row_low),
        row_high=np.where(bound, side, fixed.row_high),
        constant=0.0,
    )
    return solver.solve(face, seconds=seconds, feasible=True).columns
