"""HiGHS as all engines set it up, silent, with one thread and one seed, and its numbers changed in place."""

from collections.abc import Mapping

import highspy
import numpy as np
from numpy.typing import NDArray

from darkstar.planner.model import Numbers
from darkstar.planner.problem import Series

Option = bool | int | float | str
TOLERANCE = 1e-9
EXACT: Mapping[str, Option] = {
    "mip_rel_gap": 0.0,
    "mip_abs_gap": 0.0,
    "mip_feasibility_tolerance": TOLERANCE,
    "primal_feasibility_tolerance": TOLERANCE,
    "dual_feasibility_tolerance": TOLERANCE,
}
"""Options of who wants the optimum itself."""
_ALWAYS: Mapping[str, Option] = {"output_flag": False, "threads": 1, "random_seed": 0}


def quiet(options: Mapping[str, Option]) -> highspy.Highs:
    """A solver with these options."""
    highs = highspy.Highs()  # type: ignore[no-untyped-call]
    set_options(highs, {**_ALWAYS, **options})
    return highs


def set_options(highs: highspy.Highs, options: Mapping[str, Option]) -> None:
    """Set options of HiGHS."""
    for option, value in options.items():
        highs.setOptionValue(option, value)


def change(highs: highspy.Highs, now: Numbers, before: Numbers | None = None) -> None:
    """New costs and bounds for the matrix that the solver holds: those that differ from before, or all."""
    if before is None:
        priced, columns, rows = _all(now.cost), _all(now.cost), _all(now.row_low)
    else:
        priced = np.flatnonzero(now.cost != before.cost).astype(np.int32)
        columns = _differ(now.column_low, before.column_low, now.column_high, before.column_high)
        rows = _differ(now.row_low, before.row_low, now.row_high, before.row_high)
    highs.changeColsCost(len(priced), priced, now.cost[priced])
    highs.changeColsBounds(len(columns), columns, now.column_low[columns], now.column_high[columns])
    # The library has it, its type stubs do not.
    highs.changeRowsBounds(len(rows), rows, now.row_low[rows], now.row_high[rows])  # type: ignore[attr-defined]


def _all(series: Series) -> NDArray[np.int32]:
    return np.arange(len(series), dtype=np.int32)


def _differ(low: Series, low_before: Series, high: Series, high_before: Series) -> NDArray[np.int32]:
    return np.flatnonzero((low != low_before) | (high != high_before)).astype(np.int32)
