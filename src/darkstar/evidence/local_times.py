"""From the clock on the wall to UTC: naive local times, whose hour repeats in autumn and is skipped in spring.

A repeated time is told apart by the order of the rows: the second one that shows the same time is the later one, and
once the clock has visibly gone back everything that follows in that hour is of the second round.
"""

from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from darkstar.domain.slots import DAY_SECONDS, HOUR_SECONDS, slot_ceil, slot_floor, slot_range, utc_offsets
from darkstar.ledger.evidence import MICROSECONDS, Instants

Mask = NDArray[np.bool_]


def local_to_utc(wall_us: Instants, tz: ZoneInfo) -> tuple[Instants, Mask]:
    """UTC microseconds of wall-clock times, and which of them exist.

    Args:
        wall_us: (n,) the clock's reading as if it were UTC [us], in the order of the rows, oldest or newest first.

    Returns:
        (n,) instants (0 where the clocks skip that time), (n,) true where the time exists.
    """
    if len(wall_us) > 1 and np.median(np.diff(wall_us)) < 0:
        instants, exists = local_to_utc(wall_us[::-1], tz)
        return instants[::-1], exists[::-1]
    walls = pd.DatetimeIndex(wall_us.astype("datetime64[us]"))
    repeated = walls.tz_localize(tz, ambiguous="NaT", nonexistent="shift_forward").isna()
    first_round = _first_round(wall_us, np.asarray(repeated))
    located = walls.tz_localize(tz, ambiguous=first_round, nonexistent="NaT")
    exists = np.asarray(located.notna())
    instants = np.where(exists, located.as_unit("us").asi8, 0).astype(np.int64)
    return instants, exists


def _first_round(wall_us: Instants, repeated: Mask) -> Mask:
    first = np.ones(len(wall_us), dtype=np.bool_)
    rows = np.flatnonzero(repeated)
    days = wall_us[rows] // (DAY_SECONDS * MICROSECONDS)
    for day in np.unique(days).tolist():
        at = rows[days == day]
        back = np.flatnonzero(np.diff(wall_us[at]) < 0)
        if len(back):
            first[at[back[0] + 1 :]] = False
        else:
            first[at] = ~pd.Index(wall_us[at]).duplicated()
    return first


def looks_local(wall_us: Instants, tz: ZoneInfo) -> bool:
    """True where times that pass for UTC leave out just the hours that a time zone's clocks skip, and no others."""
    wall = np.sort(wall_us // MICROSECONDS)
    if not len(wall):
        return False
    seen = [
        (
            _count(wall, gap - HOUR_SECONDS, gap),
            _count(wall, gap, after),
            _count(wall, after, after + HOUR_SECONDS),
        )
        for gap, after in _skipped(int(wall[0]), int(wall[-1]), tz)
    ]
    seen = [(before, within, behind) for before, within, behind in seen if before and behind]
    return bool(seen) and all(within == 0 for _, within, _ in seen)


def _count(wall: Instants, start: int, end: int) -> int:
    first, last = np.searchsorted(wall, [start, end])
    return int(last - first)


def _skipped(first: int, last: int, tz: ZoneInfo) -> list[tuple[int, int]]:
    """Wall-clock spans [from, to) in seconds that the clocks skip between two wall-clock times."""
    quarters = slot_range(slot_floor(first - DAY_SECONDS), slot_ceil(last + DAY_SECONDS))
    offsets = utc_offsets(quarters, tz)
    forward = np.flatnonzero(np.diff(offsets) > 0)
    return [
        (int(quarters[i + 1] + offsets[i]), int(quarters[i + 1] + offsets[i + 1])) for i in forward.tolist()
    ]
