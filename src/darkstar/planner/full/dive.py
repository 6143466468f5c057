"""A dive from the linear relaxation to a plan: switch on what is nearly on, solve again, until all is whole.

Each round is one warm linear programme. Where a round's choices contradict each other, they are taken back and the
likeliest alone is fixed, on or, if that fails too, off.
"""

from dataclasses import replace

import numpy as np

from darkstar.planner.full.clock import Clock
from darkstar.planner.full.programme import Arrays, Indices
from darkstar.planner.full.solver import Outcome, Solver
from darkstar.planner.problem import Series

WHOLE = 1e-6
"""Distance from a whole number that counts as none."""
SURE = 0.8
"""What the relaxation has on to this share is switched on without a further look."""
ROUND_SHARE = 0.25
"""Share of what is open that a round fixes at least."""


def dive(arrays: Arrays, relaxed: Series, linear: Solver, clock: Clock) -> Outcome | None:
    """A whole solution near the relaxation's; None where time ran out first."""
    low, high = arrays.low.copy(), arrays.high.copy()
    columns = relaxed
    while clock.seconds > 0:
        open_columns = np.flatnonzero(arrays.integer & (np.abs(columns - np.round(columns)) > WHOLE))
        if not len(open_columns):
            return linear.solve(replace(arrays, low=low, high=high), seconds=clock.seconds)
        order = open_columns[np.argsort(-columns[open_columns], kind="stable")]
        share = int(np.ceil(ROUND_SHARE * len(order)))
        batch = order[: max(share, int((columns[order] >= SURE).sum()))]
        found = _try(arrays, low, high, batch, 1.0, linear, clock)
        if found is None and len(batch) > 1:
            batch = order[:1]
            found = _try(arrays, low, high, batch, 1.0, linear, clock)
        value = 1.0
        if found is None:
            value = 0.0
            found = _try(arrays, low, high, batch, value, linear, clock)
        if found is None:
            return None
        low[batch] = high[batch] = value
        columns = found
    return None


def _try(
    arrays: Arrays, low: Series, high: Series, batch: Indices, value: float, linear: Solver, clock: Clock
) -> Series | None:
    low, high = low.copy(), high.copy()
    low[batch] = high[batch] = value
    return linear.solve(replace(arrays, low=low, high=high), seconds=clock.seconds).columns
