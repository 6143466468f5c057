"""A dive from the linear relaxation to a plan: fix a share of what is open, solve again, until all is whole.

Each round is one warm linear programme. Two manners find good plans on different sites: `up` switches on what is most
on, `near` fixes what is nearest to whole, on or off. Where a round's choices contradict each other, they are taken
back and the first alone is fixed, or, if that fails too, the other way.
"""

from dataclasses import replace
from typing import Literal

import numpy as np

from darkstar.planner.full.choices import WHOLE
from darkstar.planner.full.clock import Clock
from darkstar.planner.full.programme import Arrays, Indices
from darkstar.planner.full.solver import NOTHING, Outcome, Solver
from darkstar.planner.problem import Series

Manner = Literal["up", "near"]
SURE = 0.8
"""What the relaxation has on to this share is switched on without a further look."""
ROUND_SHARE = 0.25
"""Share of what is open that a round fixes at least."""


def dive(arrays: Arrays, relaxed: Series, linear: Solver, clock: Clock, manner: Manner) -> Outcome:
    """A whole solution near the relaxation's; without columns where time ran out first."""
    low, high = arrays.low.copy(), arrays.high.copy()
    columns = relaxed
    while clock.seconds > 0:
        open_columns = np.flatnonzero(arrays.integer & (np.abs(columns - np.round(columns)) > WHOLE))
        if not len(open_columns):
            return linear.solve(replace(arrays, low=low, high=high), seconds=clock.seconds)
        batch = _batch(columns, open_columns, manner)
        values = np.ones(len(batch)) if manner == "up" else np.round(columns[batch])
        solved = None
        for chosen, value in ((batch, values), (batch[:1], values[:1]), (batch[:1], 1.0 - values[:1])):
            low_now, high_now = low.copy(), high.copy()
            low_now[chosen] = high_now[chosen] = value
            solved = linear.solve(replace(arrays, low=low_now, high=high_now), seconds=clock.seconds).columns
            if solved is not None:
                low, high = low_now, high_now
                break
        if solved is None:
            break
        columns = solved
    return NOTHING


def _batch(columns: Series, open_columns: Indices, manner: Manner) -> Indices:
    """What a round fixes, the surest first."""
    share = columns[open_columns]
    doubt = 1.0 - share if manner == "up" else np.abs(share - np.round(share))
    order = open_columns[np.argsort(doubt, kind="stable")]
    sure = int((doubt <= 1.0 - SURE).sum()) if manner == "up" else 0
    return order[: max(int(np.ceil(ROUND_SHARE * len(order))), sure)]
