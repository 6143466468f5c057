"""Slot arithmetic: the only place where quarters of an hour are counted.

A slot is a quarter of an hour, named by its start as UTC unix seconds (a multiple of 900). Local time exists only
at the edges, so a local day has 92, 96 or 100 slots (more exotic shifts give other numbers, all handled alike).
"""

import datetime as dt
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from darkstar.domain.errors import UsageError

SLOT_SECONDS = 900
SLOT_MINUTES = SLOT_SECONDS // 60
SLOTS_PER_HOUR = 4
HOUR_SECONDS = SLOT_SECONDS * SLOTS_PER_HOUR
SLOT_HOURS = SLOT_SECONDS / HOUR_SECONDS
DAY_SECONDS = 24 * HOUR_SECONDS
QUARTERS_OF_DAY = DAY_SECONDS // SLOT_SECONDS
"""Quarters that a clock shows in a day; a day's own number of slots differs where the clocks change."""

Slots = NDArray[np.int64]


def slot_floor(utc_seconds: float) -> int:
    """Start of the slot that holds an instant."""
    return int(utc_seconds // SLOT_SECONDS) * SLOT_SECONDS


def slot_ceil(utc_seconds: float) -> int:
    """Start of the first slot that begins at or after an instant."""
    return -int(-utc_seconds // SLOT_SECONDS) * SLOT_SECONDS


def hour_floor(utc_seconds: float) -> int:
    """Start of the UTC hour that holds an instant (HA's statistics are kept by these)."""
    return int(utc_seconds // HOUR_SECONDS) * HOUR_SECONDS


def slot_range(start: int, end: int) -> Slots:
    """All slots that begin in [start, end); both must be slot starts."""
    for edge in (start, end):
        if edge % SLOT_SECONDS:
            raise ValueError(f"{edge} is not the start of a slot")
    return np.arange(start, end, SLOT_SECONDS, dtype=np.int64)


def day_bounds(day: dt.date, tz: ZoneInfo) -> tuple[int, int]:
    """UTC seconds of a local day's first instant and of the next day's."""
    first, last = (
        int(dt.datetime.combine(d, dt.time(), tzinfo=tz).timestamp())
        for d in (day, day + dt.timedelta(days=1))
    )
    return first, last


def day_slots(day: dt.date, tz: ZoneInfo) -> Slots:
    """The slots of a local day: 96, or 92 and 100 where the clocks change."""
    start, end = day_bounds(day, tz)
    return slot_range(slot_floor(start), slot_ceil(end))


def local_date(utc_seconds: float, tz: ZoneInfo) -> dt.date:
    """The local calendar day of an instant."""
    return dt.datetime.fromtimestamp(utc_seconds, tz).date()


def utc_offsets(slots: Slots, tz: ZoneInfo) -> NDArray[np.int64]:
    """Seconds by which local time is ahead of UTC at each slot's start; shape (n,).

    Asks the time zone once a day, and slot by slot only on days on which the answer changes.
    """
    days, row = np.unique(slots // DAY_SECONDS, return_inverse=True)
    midnights = (days * DAY_SECONDS).tolist()
    begins = np.array([_offset(at, tz) for at in midnights], dtype=np.int64)
    ends = np.array([_offset(at + DAY_SECONDS, tz) for at in midnights], dtype=np.int64)
    offsets = begins[row]
    for i in np.flatnonzero((begins != ends)[row]).tolist():
        offsets[i] = _offset(int(slots[i]), tz)
    return offsets


@lru_cache(maxsize=2**14)
def _offset(utc_seconds: int, tz: ZoneInfo) -> int:
    offset = dt.datetime.fromtimestamp(utc_seconds, tz).utcoffset()
    assert offset is not None
    return int(offset.total_seconds())


def quarters_of_day(slots: Slots, tz: ZoneInfo) -> NDArray[np.int64]:
    """The quarter that a local clock shows at each slot's start, 0 to 95; shape (n,)."""
    return (slots + utc_offsets(slots, tz)) % DAY_SECONDS // SLOT_SECONDS


def parse_instant(text: str, tz: ZoneInfo) -> int:
    """UTC seconds of a local date (its first instant) or an ISO instant; naive times are local.

    Raises:
        UsageError: the text is neither, or names a local time that the clock change skips.
    """
    try:
        if len(text) <= 10:
            return day_bounds(dt.date.fromisoformat(text), tz)[0]
        when = dt.datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"'{text}' is neither a date nor an instant.",
            remedy="Write 2025-03-30, 2025-03-30T14:00 (local) or 2025-03-30T12:00:00+00:00.",
        ) from None
    if when.tzinfo is None:
        local = when.replace(tzinfo=tz)
        if local.astimezone(dt.UTC).astimezone(tz).replace(tzinfo=None) != when:
            raise UsageError(
                f"{text} does not exist in {tz.key}: the clocks skip it.",
                remedy="Choose a time before or after, or add an offset from UTC.",
            )
        when = local
    return int(when.timestamp())


def iso_utc(utc_seconds: float) -> str:
    """`2025-08-01T12:15:00Z`."""
    return dt.datetime.fromtimestamp(utc_seconds, dt.UTC).isoformat().replace("+00:00", "Z")


def iso_local(utc_seconds: float, tz: ZoneInfo) -> str:
    """`2025-08-01T14:15:00+02:00`."""
    return dt.datetime.fromtimestamp(utc_seconds, tz).isoformat()
