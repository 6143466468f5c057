"""A battery beside a load that may be drawn later than it is asked for: the least that it can cost, as a bound.

The programme lets the load draw any power up to its most, and the battery charge and discharge at once, which no
device does: so no way to run both costs less, and none need be as cheap.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from darkstar.planner.accounting import Moves, stored_energy
from darkstar.planner.checks import check
from darkstar.planner.highs import answer, solver_of
from darkstar.planner.model import ROWS_PER_SLOT, moves_of, numbers_of, shape_of
from darkstar.planner.problem import Problem, Series
from darkstar.planner.quiet_highs import change


@dataclass(frozen=True)
class Deferrable:
    """What is asked for and by when; all of shape (n,).

    Attributes:
        asked_kwh: what comes to be wanted in each slot; what is not drawn at once waits.
        most_kwh: that can be drawn in each slot.
        due: slots at whose end nothing waits any more: what is left is missing.
        missing_cost: of each kWh that is missing at a slot that is due; infinite where none may be.
    """

    asked_kwh: Series
    most_kwh: Series
    due: NDArray[np.bool_]
    missing_cost: Series


@dataclass(frozen=True)
class DeferredBound:
    """The bound and how it comes about; series of shape (n,), `soc_kwh` (n + 1,)."""

    cost: float
    moves: Moves
    soc_kwh: Series
    drawn_kwh: Series
    missing_kwh: Series


def least_cost(problem: Problem, load: Deferrable) -> DeferredBound:
    """What battery and load cost at least; `problem.load_kwh` is all the rest.

    Raises:
        UsageError: see `checks.check`.
    """
    check(problem)
    n, shape = len(problem), shape_of(problem)
    solver = solver_of(shape)
    change(solver, numbers_of(problem))
    slots, nothing = np.arange(n, dtype=np.int32), np.zeros(0, np.int32)
    # What is drawn is load in its slot's balance.
    solver.addCols(
        n, np.zeros(n), np.zeros(n), load.most_kwh, n, slots, ROWS_PER_SLOT * slots, np.full(n, -1.0)
    )
    never = load.due & np.isinf(load.missing_cost)
    cost = np.where(load.due & ~never, load.missing_cost, 0.0)
    most = np.where(never, 0.0, np.inf)
    solver.addCols(n, cost, np.zeros(n), most, 0, np.zeros(n, np.int32), nothing, np.zeros(0))
    # What waits after a slot, and is drawn in it = what waited before, and is asked for in it.
    drawn, waits = shape.columns + slots, shape.columns + n + slots
    before = np.append(0.0, np.where(load.due[:-1], 0.0, -1.0))
    solver.addRows(
        n,
        load.asked_kwh,
        load.asked_kwh,
        3 * n,
        np.arange(0, 3 * n, 3, dtype=np.int32),
        np.stack([drawn, waits, np.roll(waits, 1)], axis=1).ravel().astype(np.int32),
        np.stack([np.ones(n), np.ones(n), before], axis=1).ravel(),
    )
    bound, columns = answer(solver)
    moves = moves_of(shape, columns)
    return DeferredBound(
        bound,
        moves,
        stored_energy(problem, moves.charge_kwh, moves.discharge_kwh),
        np.clip(columns[drawn], 0.0, load.most_kwh),
        np.where(load.due, np.maximum(columns[waits], 0.0), 0.0),
    )
