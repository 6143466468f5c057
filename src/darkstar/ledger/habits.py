"""How long a meter stands still by its own habit, and whether it has now stood still for longer than that.

A meter that stopped for ever looks like a home that uses nothing, unless one knows the meter: the load never stands
still, the grid meter not at night, the sun's not in daylight, a day tariff's on any weekend, a feed-in meter's all
winter. All of that is in what the meter showed before:

    moves       share of the hours, by hour of day and apart for weekends, in which it moved: over the last four weeks,
                or in the same season of the year before, whichever is less
    missed      of a standstill: the hours in which it would have moved by that habit, added up; where a flow hangs on
                the sun, low sun counts for less or nothing (snow lies and fog stands while it is low)
    longest     the most that any honest standstill before it has missed

A standstill is surprising from `LEAST_MISSED` hours on where that is also `RECORD` times the longest, and more where
the meter is not known for long. Records are broken often by a little and hardly ever by so much: of an honest meter
whose standstills fall off exponentially with their length, n a year, one is twice the record in n / 2 years. Over 97
meter-years of real homes one was surprising that nothing was wrong with (a low tariff over a long Christmas), and every
standstill that the files truly hold was.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from darkstar.domain.channels import Channel
from darkstar.domain.slots import HOUR_SECONDS, SLOTS_PER_HOUR, Slots, utc_offsets
from darkstar.ledger.compare import hourly
from darkstar.ledger.evidence import Source
from darkstar.ledger.resolved import ChannelSlots, Flag
from darkstar.ledger.sun import sin_elevation

Series = NDArray[np.float64]
Hours = NDArray[np.int64]

STILL_KWH = 1e-6
DAY_HOURS = 24
LATELY_DAYS = 28
SEASON_DAYS = 14
YEAR_DAYS = 365
LEAST_DAYS = 14
"""A meter known for less has no habit yet."""
LEAST_MISSED = 12.0
RECORD = 2.0
YOUNG_DAYS = 30
"""Known for so long, a meter is allowed twice as much as in the end: its habit is still young."""
SUN_FROM, SUN_FULL = 0.2, 0.6
"""Sines of elevations from which the sun counts, and counts in full."""
BY_DAYLIGHT = frozenset({Channel.PV, Channel.EXPORT, Channel.BATT_CHARGE})
"""Flows that hang on the sun; what a battery gives hangs on the day's sun, whatever the hour."""
UNMEASURED = (Source.BALANCE, Source.ABSENT)


@dataclass(frozen=True)
class Course:
    """One meter, or one channel, by the hour; arrays have shape (n,), the hours follow on each other.

    Attributes:
        hours: starts [UTC s]; local_hours: the hours since 1970 of the clock on the wall.
        energy_kwh: NaN where not known, or in doubt.
        sun: sine of the sun's elevation; None where the flow does not hang on it.
    """

    hours: Hours
    local_hours: Hours
    energy_kwh: Series
    sun: Series | None = None

    def part(self, hours: slice) -> "Course":
        """That of some of the hours."""
        sun = None if self.sun is None else self.sun[hours]
        return Course(self.hours[hours], self.local_hours[hours], self.energy_kwh[hours], sun)


@dataclass(frozen=True)
class Standstill:
    """Hours in which a meter did not move.

    Attributes:
        start_utc, end_utc: [start, end); missed_hours: those in which it would have moved by its habit.
        longest_hours: the same of the longest honest standstill before; known_days: of the meter until then.
        lasting: whether it has not moved since, as far as is known.
    """

    start_utc: int
    end_utc: int
    missed_hours: float
    longest_hours: float
    known_days: float
    lasting: bool

    @property
    def allowed_hours(self) -> float:
        """What it may miss before it surprises."""
        return (1 + YOUNG_DAYS / self.known_days) * max(LEAST_MISSED, RECORD * self.longest_hours)

    @property
    def surprising(self) -> bool:
        """Whether an honest meter would hardly have stood still for so long."""
        return self.missed_hours > self.allowed_hours

    @property
    def hours(self) -> int:
        """Its length."""
        return (self.end_utc - self.start_utc) // HOUR_SECONDS


def course(
    slots: Slots, found: ChannelSlots, channel: Channel, tz: ZoneInfo, latitude: float, longitude: float
) -> Course:
    """A channel's course over whole hours of slots, as far as it was measured and is beyond doubt."""
    hours = slots[::SLOTS_PER_HOUR]
    vague = (found.flags & Flag.SPREAD != 0) | np.isin(found.source, UNMEASURED)
    energy = hourly(np.where(vague, np.nan, found.energy_kwh))
    sun = None
    if channel in BY_DAYLIGHT or channel is Channel.BATT_DISCHARGE:
        sun = sin_elevation(hours.astype(np.float64) + HOUR_SECONDS / 2, latitude, longitude)
    if sun is not None and channel is Channel.BATT_DISCHARGE:
        before = np.concatenate([np.full(DAY_HOURS - 1, -1.0), sun])
        sun = np.lib.stride_tricks.sliding_window_view(before, DAY_HOURS).max(axis=1)
    return Course(hours, (hours + utc_offsets(hours, tz)) // HOUR_SECONDS, energy, sun)


def continued(before: Course, later: Course, first_utc: int) -> Course:
    """One course from two of the same channel, from an instant on; the later one tells from its second day on.

    What a battery gives hangs on the sun of a whole day before. The first must reach until there.
    """
    own = later.part(slice(DAY_HOURS, None))
    old = before.part(slice(*np.searchsorted(before.hours, [first_utc, own.hours[0]]).tolist()))
    return Course(
        np.concatenate([old.hours, own.hours]),
        np.concatenate([old.local_hours, own.local_hours]),
        np.concatenate([old.energy_kwh, own.energy_kwh]),
        None if old.sun is None or own.sun is None else np.concatenate([old.sun, own.sun]),
    )


def may_surprise(course: Course) -> bool:
    """Whether its last hours are a standstill of a length that any habit could make surprising; mostly not."""
    moving = np.flatnonzero(~(course.energy_kwh <= STILL_KWH))
    first = int(moving[-1]) + 1 if len(moving) else 0
    return bool(_weight(course, first, len(course.hours)).sum() > LEAST_MISSED)


def standstills(course: Course) -> list[Standstill]:
    """Every standstill that begins once the meter has a habit, in time order.

    An hour that is not known ends a standstill: what befell the meter then is another matter.
    """
    if not len(course.hours):
        return []
    days = _Days.of(course)
    found: list[Standstill] = []
    longest = 0.0
    for first, last in _runs(course.energy_kwh):
        moves = days.moves(first, last)
        if moves is None:
            continue
        found.append(
            Standstill(
                start_utc=int(course.hours[first]),
                end_utc=int(course.hours[last - 1]) + HOUR_SECONDS,
                missed_hours=float((moves * _weight(course, first, last)).sum()),
                longest_hours=longest,
                known_days=float(days.seen[first]),
                lasting=last == len(course.hours),
            )
        )
        longest = max(longest, min(found[-1].missed_hours, found[-1].allowed_hours))
    return found


def _runs(energy_kwh: Series) -> Iterator[tuple[int, int]]:
    still = np.append((energy_kwh <= STILL_KWH).astype(np.int8), np.int8(0))
    edges = np.diff(still, prepend=np.int8(0))
    yield from zip(np.flatnonzero(edges == 1).tolist(), np.flatnonzero(edges == -1).tolist(), strict=True)


def _weight(course: Course, first: int, last: int) -> Series:
    if course.sun is None:
        return np.ones(last - first)
    return np.asarray(np.clip((course.sun[first:last] - SUN_FROM) / (SUN_FULL - SUN_FROM), 0.0, 1.0))


@dataclass(frozen=True)
class _Days:
    """What is known before each day, for all kinds of hours; a kind is an hour of day, 24 more on a weekend.

    Attributes:
        day, kind: (n,) of each hour, days from the first.
        known, moved: (days + 1, 48) hours of each kind before a day that are known, and in which the meter moved.
        seen: (n,) days that are known until each hour.
    """

    day: Hours
    kind: Hours
    known: Series
    moved: Series
    seen: Series

    @staticmethod
    def of(course: Course) -> "_Days":
        date = course.local_hours // DAY_HOURS
        weekend = (date + 3) % 7 >= 5
        day, kind = date - date[0], course.local_hours % DAY_HOURS + DAY_HOURS * weekend
        known, moved = (
            _before(day, kind, hours)
            for hours in (np.isfinite(course.energy_kwh), course.energy_kwh > STILL_KWH)
        )
        return _Days(day, kind, known, moved, np.cumsum(np.isfinite(course.energy_kwh)) / DAY_HOURS)

    def moves(self, first: int, last: int) -> Series | None:
        """Share of such hours in which the meter moves, as known when `first` began, for hours [first, last)."""
        today = int(self.day[first])
        share, known = self._share(today - LATELY_DAYS, today)
        if known.sum() < LEAST_DAYS * DAY_HOURS:
            return None
        day, kind = self.day[first:last], self.kind[first:last]
        # Days after the first's year would look at the standstill itself.
        before = np.minimum(day, today + YEAR_DAYS - SEASON_DAYS) - YEAR_DAYS
        low, high = np.maximum(before - SEASON_DAYS, 0), np.maximum(before + SEASON_DAYS, 0)
        of_season = self.known[high, kind] - self.known[low, kind]
        season = (self.moved[high, kind] - self.moved[low, kind]) / (of_season + 1.0)
        return np.asarray(np.where(of_season > 0, np.minimum(share[kind], season), share[kind]))

    def _share(self, first: int, last: int) -> tuple[Series, Series]:
        low, high = max(first, 0), max(last, 0)
        known, moved = self.known[high] - self.known[low], self.moved[high] - self.moved[low]
        return np.asarray(moved / (known + 1.0)), np.asarray(known)


def _before(day: Hours, kind: Hours, mask: NDArray[np.bool_]) -> Series:
    """Of the hours in the mask, how many of each kind lie before each day."""
    per_day = np.zeros((int(day[-1]) + 2, 2 * DAY_HOURS))
    np.add.at(per_day, (day[mask] + 1, kind[mask]), 1.0)
    return np.cumsum(per_day, axis=0)
