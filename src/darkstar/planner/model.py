"""The battery problem as a linear programme: its columns, its rows, and what changes from problem to problem.

Columns, slot by slot: charge, discharge, import, export, curtailment, breach, energy stored after the slot; then
one column for each piece of the terminal value. Rows, slot by slot: the site's balance, the battery's; then one that
bounds the terminal pieces by the energy left. The matrix depends on the number of slots, the number of pieces and
the efficiencies alone, so one matrix serves a whole replay; prices, energies and limits are costs and bounds.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from darkstar.planner.accounting import Moves
from darkstar.planner.problem import Problem, Series

Indices = NDArray[np.int32]

CHARGE, DISCHARGE, IMPORT, EXPORT, CURTAIL, BREACH, STORED = range(7)
COLUMNS_PER_SLOT = 7
ROWS_PER_SLOT = 2


class Shape(NamedTuple):
    """All that the matrix depends on."""

    slots: int
    pieces: int
    charge_efficiency: float
    discharge_efficiency: float

    @property
    def columns(self) -> int:
        """Number of decisions."""
        return COLUMNS_PER_SLOT * self.slots + self.pieces

    @property
    def rows(self) -> int:
        """Number of constraints."""
        return ROWS_PER_SLOT * self.slots + 1


def shape_of(problem: Problem) -> Shape:
    """The shape of a problem's programme."""
    storage = problem.storage
    return Shape(
        len(problem),
        len(problem.terminal.value),
        storage.charge_efficiency,
        storage.discharge_efficiency,
    )


@dataclass(frozen=True)
class Matrix:
    """Coefficients by column: `start` (columns + 1,), `row` and `value` (nonzeros,)."""

    start: Indices
    row: Indices
    value: Series


@dataclass(frozen=True)
class Numbers:
    """What differs between problems of one shape; columns' arrays (columns,), rows' arrays (rows,)."""

    cost: Series
    column_low: Series
    column_high: Series
    row_low: Series
    row_high: Series


def matrix_of(shape: Shape) -> Matrix:
    """The coefficients of a shape.

    balance   import + breach + discharge - charge - export - curtailment = load - pv
    battery   stored - stored before - charge_efficiency * charge + discharge / discharge_efficiency = 0
    terminal  sum of pieces - stored at the end <= -soc_min
    """
    per_column = [
        ((0, -1.0), (1, -shape.charge_efficiency)),
        ((0, 1.0), (1, 1.0 / shape.discharge_efficiency)),
        ((0, 1.0),),
        ((0, -1.0),),
        ((0, -1.0),),
        ((0, 1.0),),
        # The next slot's battery row takes over what is stored; after the last slot, the terminal row does.
        ((1, 1.0), (3, -1.0)),
    ]
    offsets = np.array([row for column in per_column for row, _ in column])
    values = np.array([value for column in per_column for _, value in column])
    counts = np.array([len(column) for column in per_column])
    rows = (ROWS_PER_SLOT * np.arange(shape.slots)[:, None] + offsets).ravel()
    terminal = shape.rows - 1
    rows[-1] = terminal
    start = np.concatenate([[0], np.cumsum(np.tile(counts, shape.slots))])
    pieces = np.arange(1, shape.pieces + 1) + start[-1]
    return Matrix(
        np.concatenate([start, pieces]).astype(np.int32),
        np.concatenate([rows, np.full(shape.pieces, terminal)]).astype(np.int32),
        np.concatenate([np.tile(values, shape.slots), np.ones(shape.pieces)]),
    )


def numbers_of(problem: Problem) -> Numbers:
    """Costs and bounds of a problem."""
    storage, grid, hours = problem.storage, problem.grid, problem.slot_hours
    n = len(problem)
    cost = np.zeros((n, COLUMNS_PER_SLOT))
    cost[:, CHARGE] = storage.wear_charge
    cost[:, DISCHARGE] = storage.wear_discharge
    cost[:, IMPORT] = problem.import_price
    cost[:, EXPORT] = -problem.export_price
    cost[:, CURTAIL] = grid.curtailment_cost
    cost[:, BREACH] = problem.import_price + grid.import_breach_cost
    low, high = np.zeros((n, COLUMNS_PER_SLOT)), np.full((n, COLUMNS_PER_SLOT), np.inf)
    high[:, CHARGE] = storage.charge_max_kw * hours
    high[:, DISCHARGE] = storage.discharge_max_kw * hours
    high[:, IMPORT] = grid.import_max_kw * hours
    high[:, EXPORT] = grid.export_max_kw * hours
    high[:, CURTAIL] = problem.pv_kwh
    low[:, STORED] = storage.soc_min_kwh
    high[:, STORED] = storage.soc_max_kwh
    rows = np.zeros((n, ROWS_PER_SLOT))
    rows[:, 0] = problem.load_kwh - problem.pv_kwh
    rows[0, 1] = problem.soc_start_kwh
    value, energy = problem.terminal.value, problem.terminal.energy_kwh.copy()
    # Energy beyond the pieces is worth nothing and may be left out of them, unless the last one costs money: it then
    # reaches to the top, and all energy has to be in a piece.
    must_count = bool(len(value)) and value[-1] < 0
    if must_count:
        energy[-1] = np.inf
    return Numbers(
        np.concatenate([cost.ravel(), -value]),
        np.concatenate([low.ravel(), np.zeros(len(value))]),
        np.concatenate([high.ravel(), energy]),
        np.concatenate([rows.ravel(), [-storage.soc_min_kwh if must_count else -np.inf]]),
        np.concatenate([rows.ravel(), [-storage.soc_min_kwh]]),
    )


def moves_of(shape: Shape, columns: Series) -> Moves:
    """The decisions of a solution's columns, shape (columns,)."""
    table = np.maximum(columns[: COLUMNS_PER_SLOT * shape.slots].reshape(shape.slots, COLUMNS_PER_SLOT), 0.0)
    return Moves(
        table[:, CHARGE],
        table[:, DISCHARGE],
        table[:, IMPORT],
        table[:, EXPORT],
        table[:, CURTAIL],
        table[:, BREACH],
    )
