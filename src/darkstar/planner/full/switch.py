"""On and off: runs and pauses of least lengths, starts that cost (the formulation of Rajan and Takriti).

    on[t] - on[t-1] <= start[t]
    starts within the last min_on slots  <=  on[t]                  (a run goes on)
    starts within the last min_off slots <=  1 - on[t - min_off]    (a pause goes on)

Together with 0 <= on <= 1 these describe the convex hull of all allowed runs.
"""

from dataclasses import dataclass

import numpy as np

from darkstar.planner.full.programme import Indices, Programme
from darkstar.planner.full.site import Switching
from darkstar.planner.loads.model import Mask
from darkstar.planner.problem import Series

EARLIER = 1e-4
"""Tie cost of acting a slot later, against 1 for a switch."""


@dataclass(frozen=True)
class SwitchColumns:
    """Columns of a switch, each shape (n,)."""

    on: Indices
    start: Indices


def bounds(rules: Switching, available: Mask, owed_slots: int | None = None) -> tuple[Series, Series]:
    """Least and greatest of `on`, shape (n,): what the past still asks for, and when it may not be on.

    `owed_slots` are the slots at the start that must be on; None for the rest of the least run as far as available.
    """
    n = len(available)
    low, high = np.zeros(n), available.astype(np.float64)
    if rules.on_for_slots:
        rest = max(0, rules.min_on_slots - rules.on_for_slots) if owed_slots is None else owed_slots
        stops = np.flatnonzero(~available)
        low[: min(rest, int(stops[0]) if len(stops) else n)] = 1.0
    else:
        high[: max(0, rules.min_off_slots - rules.off_for_slots)] = 0.0
    return low, high


def add_switch(
    programme: Programme, rules: Switching, low: Series, high: Series, on: Indices | None = None
) -> SwitchColumns:
    """A switch within bounds of shape (n,); `on` where its columns are there already."""
    n = len(low)
    if on is None:
        on = programme.columns(n, low=low, high=high, integer=True, tie=EARLIER * np.arange(n))
    was_on = float(rules.on_for_slots > 0)
    # What was on just before cannot start again until a whole pause has passed.
    may_start = np.where(np.arange(n) < was_on * rules.min_off_slots, 0.0, high)
    start = programme.columns(n, high=may_start, cost=rules.start_cost, tie=1.0)
    begin = programme.rows(n, low=np.concatenate([[-was_on], np.zeros(n - 1)]))
    programme.put(begin, start, 1.0)
    programme.put(begin, on, -1.0)
    programme.put(begin[1:], on[:-1], 1.0)
    if rules.min_on_slots > 1:
        last = programme.rows(n, low=0.0)
        programme.put(last, on, 1.0)
        _put_window(programme, last, start, rules.min_on_slots, -1.0)
    if rules.min_off_slots:
        pause = programme.rows(n, high=1.0)
        _put_window(programme, pause, start, rules.min_off_slots, 1.0)
        programme.put(pause[rules.min_off_slots :], on[: -rules.min_off_slots], 1.0)
    return SwitchColumns(on, start)


def _put_window(programme: Programme, rows: Indices, columns: Indices, length: int, value: float) -> None:
    """Each row t holds the columns of the last `length` slots up to t."""
    for back in range(min(length, len(rows))):
        programme.put(rows[back:], columns[: len(columns) - back], value)
