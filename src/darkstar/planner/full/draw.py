"""What devices draw: in whole slots with a switch for each slot, else with one decision for each stretch of slots.

Where slots may be used in part, being on costs nothing. So a device is on from the first to the last slot that it uses
of a stretch in which it may be on, and pays one start there:

    drawn[t] <= most*used[stretch of t]                  in part, where starts cost
    least*on[t] <= drawn[t] <= most*on[t]                in whole slots
"""

from dataclasses import dataclass

import numpy as np

from darkstar.planner.full.programme import Indices, Programme
from darkstar.planner.full.site import Switching
from darkstar.planner.full.switch import EARLIER, SwitchColumns, add_switch
from darkstar.planner.loads.model import Mask
from darkstar.planner.problem import Series

USED_KWH = 1e-7
"""Draw of a slot beyond rounding."""


@dataclass(frozen=True)
class Switched:
    """Columns of a device with a switch for each slot, shape (n,)."""

    drawn: Indices
    switch: SwitchColumns

    @property
    def decisions(self) -> Indices:
        """The columns that say what is on."""
        return self.switch.on

    def starts(self, first: int, last: int) -> Indices | None:
        """Columns that count starts in the slots [first, last)."""
        return self.switch.start[first:last]

    def on(self, columns: Series) -> Mask:
        """Slots in which a solution has it on, shape (n,)."""
        return columns[self.switch.on] > 0.5


@dataclass(frozen=True)
class Stretch:
    """Slots [first, last) in a row in which a device may be on; `used` is the column of its start, none where free."""

    first: int
    last: int
    used: int | None


@dataclass(frozen=True)
class InStretches:
    """A device that uses slots in part: its columns of shape (n,), its stretches, and by when it may be off again."""

    drawn: Indices
    stretches: tuple[Stretch, ...]
    rules: Switching
    low: Series

    @property
    def decisions(self) -> Indices:
        """The columns that say what is on."""
        found = [stretch.used for stretch in self.stretches if stretch.used is not None]
        return np.array(found, dtype=np.int64)

    def starts(self, first: int, last: int) -> Indices | None:
        """Columns that count starts in the slots [first, last); None where one is free."""
        inside = [stretch.used for stretch in self.stretches if stretch.first < last and first < stretch.last]
        found = [used for used in inside if used is not None]
        return np.array(found, dtype=np.int64) if len(found) == len(inside) else None

    def on(self, columns: Series) -> Mask:
        """Slots in which a solution has it on, shape (n,): from the first to the last slot used of each stretch."""
        used = (columns[self.drawn] > USED_KWH) | (self.low > 0)
        n, on = len(used), np.zeros(len(used), dtype=np.bool_)
        least = self.rules.min_on_slots
        for stretch in self.stretches:
            inside = np.flatnonzero(used[stretch.first : stretch.last])
            if not len(inside):
                continue
            begin, end = stretch.first + int(inside[0]), stretch.first + int(inside[-1]) + 1
            if stretch.first == 0 and self.rules.on_for_slots:
                on[:end] = True  # what runs already goes on without a start
                continue
            end = min(stretch.last, max(end, begin + least))
            if end < n:
                begin = max(stretch.first, min(begin, end - least))
            on[begin:end] = True
        return on


Draw = Switched | InStretches


def add_draw(
    programme: Programme,
    rules: Switching,
    bounds: tuple[Series, Series],
    most_kwh: float,
    least_kwh: float | None = None,
) -> Draw:
    """A device that draws up to so much in a slot that it may be on in.

    Args:
        bounds: of being on, see `switch.bounds`.
        least_kwh: what it draws at least while on; None where slots may be used in part.
    """
    low, high = bounds
    n = len(high)
    spans = _stretches(rules, high) if least_kwh is None else None
    if spans is None:
        drawn = programme.columns(n, high=most_kwh * (high > 0), tie=EARLIER * np.arange(n))
        switch = add_switch(programme, rules, low, high)
        _add_limits(programme, drawn, switch.on, most_kwh, least_kwh or 0.0)
        return Switched(drawn, switch)
    may = np.zeros(n)
    for first, last in spans:
        may[first:last] = 1.0
    drawn = programme.columns(n, high=most_kwh * may, tie=EARLIER * np.arange(n))
    found = []
    for first, last in spans:
        free = rules.start_cost == 0 or (first == 0 and rules.on_for_slots > 0)
        used = None
        if not free:
            column = programme.columns(1, cost=rules.start_cost, high=1.0, integer=True, tie=1.0)
            used = int(column[0])
            row = programme.rows(last - first, high=0.0)
            programme.put(row, drawn[first:last], 1.0)
            programme.put(row, used, -most_kwh)
        found.append(Stretch(first, last, used))
    return InStretches(drawn, tuple(found), rules, low)


def _add_limits(programme: Programme, drawn: Indices, on: Indices, most_kwh: float, least_kwh: float) -> None:
    for bound, low, high in ((most_kwh, -np.inf, 0.0), (least_kwh, 0.0, np.inf)):
        if bound:
            row = programme.rows(len(drawn), low=low, high=high)
            programme.put(row, drawn, 1.0)
            programme.put(row, on, -bound)


def _stretches(rules: Switching, high: Series) -> list[tuple[int, int]] | None:
    """The stretches [first, last) in which a device may be on, `high` of shape (n,).

    None where two are so close that a run in one takes from the other: that needs a switch for each slot.
    """
    n, found = len(high), list[tuple[int, int]]()
    edges = np.flatnonzero(np.diff(np.concatenate([[0.0], high > 0, [0.0]]))).reshape(-1, 2)
    for first, last in edges.tolist():
        going_on = first == 0 and rules.on_for_slots > 0
        if not found and not going_on and rules.on_for_slots:
            first = max(first, rules.min_off_slots)  # what had to stop at once rests first
        if last <= first or (last - first < rules.min_on_slots and last < n and not going_on):
            continue
        if found and first - found[-1][1] < rules.min_off_slots:
            return None
        found.append((first, last))
    return found
