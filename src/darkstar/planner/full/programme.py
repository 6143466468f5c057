"""The arrays of a mixed-integer programme, written piece by piece without a modelling language.

Every piece asks for columns and rows (whole series at a time) and puts coefficients at their crossings. A column has
a cost in money and a `tie` cost, which decides among plans of the same money.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from darkstar.planner.problem import Series

Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Arrays:
    """A programme; columns' arrays (columns,), rows' arrays (rows,), coefficients row by row (nonzeros,)."""

    cost: Series
    tie: Series
    low: Series
    high: Series
    integer: NDArray[np.bool_]
    row_low: Series
    row_high: Series
    start: NDArray[np.int32]
    index: NDArray[np.int32]
    value: Series
    constant: float

    def same_matrix(self, other: "Arrays") -> bool:
        """Whether only costs and bounds differ."""
        return self.value is other.value or (
            len(self.cost) == len(other.cost)
            and np.array_equal(self.start, other.start)
            and np.array_equal(self.index, other.index)
            and np.array_equal(self.value, other.value)
            and np.array_equal(self.integer, other.integer)
        )


class Programme:
    """A programme in the making; `constant` is money that no column changes."""

    def __init__(self) -> None:
        self.constant = 0.0
        self._columns = 0
        self._rows = 0
        self._column_parts: list[tuple[Series, Series, Series, Series, NDArray[np.bool_]]] = []
        self._row_parts: list[tuple[Series, Series]] = []
        self._entries: list[tuple[Indices, Indices, Series]] = []

    def columns(
        self,
        n: int,
        *,
        cost: ArrayLike = 0.0,
        tie: ArrayLike = 0.0,
        low: ArrayLike = 0.0,
        high: ArrayLike = np.inf,
        integer: bool = False,
    ) -> Indices:
        """New columns; numbers or arrays of shape (n,)."""
        parts = [np.broadcast_to(np.asarray(part, dtype=np.float64), (n,)) for part in (cost, tie, low, high)]
        self._column_parts.append((parts[0], parts[1], parts[2], parts[3], np.full(n, integer)))
        self._columns += n
        return np.arange(self._columns - n, self._columns)

    def rows(self, n: int, *, low: ArrayLike = -np.inf, high: ArrayLike = np.inf) -> Indices:
        """New rows; numbers or arrays of shape (n,)."""
        parts = [np.broadcast_to(np.asarray(part, dtype=np.float64), (n,)) for part in (low, high)]
        self._row_parts.append((parts[0], parts[1]))
        self._rows += n
        return np.arange(self._rows - n, self._rows)

    def put(self, rows: ArrayLike, columns: ArrayLike, values: ArrayLike) -> None:
        """Coefficients where these rows and columns cross; broadcast against each other, none twice."""
        row, column, value = np.broadcast_arrays(rows, columns, values)
        self._entries.append(
            (row.ravel().astype(np.int64), column.ravel().astype(np.int64), value.ravel().astype(np.float64))
        )

    def arrays(self) -> Arrays:
        """The finished programme."""
        row, column, value = (np.concatenate(part) for part in zip(*self._entries, strict=True))
        order = np.argsort(row * self._columns + column, kind="stable")
        start = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=self._rows))])
        cost, tie, low, high, integer = zip(*self._column_parts, strict=True)
        row_low, row_high = zip(*self._row_parts, strict=True)
        return Arrays(
            np.concatenate(cost),
            np.concatenate(tie),
            np.concatenate(low),
            np.concatenate(high),
            np.concatenate(integer),
            np.concatenate(row_low),
            np.concatenate(row_high),
            start.astype(np.int32),
            column[order].astype(np.int32),
            value[order],
            self.constant,
        )
