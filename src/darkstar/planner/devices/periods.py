"""Times of day on a plan's slots: when something may run, and from when to when a day's need reaches."""

import datetime as dt
import itertools
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np

from darkstar.domain.devices import ClockWindow
from darkstar.domain.slots import SLOT_SECONDS, Slots, local_date, slot_floor
from darkstar.planner.loads.model import Mask
from darkstar.planner.problem import Series

SECONDS_PER_MINUTE = 60


@dataclass(frozen=True)
class Period:
    """From one daily deadline to the next.

    Attributes:
        start_utc, end_utc: the deadlines, at slot starts [UTC s].
        first, last: the plan's slots [first, last) within it.
    """

    start_utc: int
    end_utc: int
    first: int
    last: int

    def ends_within(self, slots: Slots) -> bool:
        """Whether its deadline is reached by the end of these slots."""
        return self.end_utc <= int(slots[-1]) + SLOT_SECONDS

    def beyond(self, slots: Slots) -> Slots:
        """Its slots after the last one of these."""
        return np.arange(int(slots[-1]) + SLOT_SECONDS, self.end_utc, SLOT_SECONDS, dtype=np.int64)


def periods(slots: Slots, tz: ZoneInfo, due: dt.time) -> list[Period]:
    """The periods that these slots, shape (n,) and without holes, touch; a deadline within a slot is at its start."""
    start, end = int(slots[0]), int(slots[-1]) + SLOT_SECONDS
    day = local_date(start, tz) - dt.timedelta(days=1)
    edges: list[int] = []
    while not edges or edges[-1] < end:
        edges.append(slot_floor(dt.datetime.combine(day, due, tzinfo=tz).timestamp()))
        day += dt.timedelta(days=1)
    found = []
    for begins, ends in itertools.pairwise(edges):
        if ends > start:
            first, last = (min(max((edge - start) // SLOT_SECONDS, 0), len(slots)) for edge in (begins, ends))
            found.append(Period(begins, ends, first, last))
    return found


def may_run(slots: Slots, tz: ZoneInfo, window: ClockWindow | None) -> Mask:
    """The slots that lie wholly in a daily window, shape (n,)."""
    if window is None:
        return np.ones(len(slots), dtype=np.bool_)

    def holds(utc: int) -> bool:
        return window.holds(dt.datetime.fromtimestamp(utc, tz).time())

    return np.array([holds(at) and holds(at + SLOT_SECONDS - 1) for at in slots.tolist()], dtype=np.bool_)


def local_minutes(slots: Slots, tz: ZoneInfo, window: ClockWindow) -> Series:
    """How many minutes of each slot lie in a daily window, shape (n,)."""

    def inside(utc: int) -> int:
        minutes = range(utc, utc + SLOT_SECONDS, SECONDS_PER_MINUTE)
        return sum(window.holds(dt.datetime.fromtimestamp(minute, tz).time()) for minute in minutes)

    return np.array([inside(at) for at in slots.tolist()], dtype=np.float64)
