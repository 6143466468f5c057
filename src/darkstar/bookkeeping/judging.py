"""What is wrong in a home at the end of each hour, told by its balance and by each meter's own habit."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from darkstar.bookkeeping.household import HABIT, known_around
from darkstar.bookkeeping.resolving import counted_meters, site_of
from darkstar.config.settings import Settings
from darkstar.domain.channels import Channel
from darkstar.domain.slots import DAY_SECONDS, HOUR_SECONDS, SLOTS_PER_HOUR, hour_floor, iso_local, slot_range
from darkstar.ledger.causes.cause import Cause, Finding
from darkstar.ledger.causes.household import standing_still, suspicions
from darkstar.ledger.habits import Course, continued, course, may_surprise
from darkstar.store.ledger_file import LedgerFile

USUAL = 7 * DAY_SECONDS
"""The balance is judged over so long."""
NAMED_AFTER = DAY_SECONDS
"""That something is wrong is told at once; of less than a whole day many stories can be told."""
HABITS_EVERY = 12 * HOUR_SECONDS
READ_AGAIN = 14 * DAY_SECONDS
"""So much of the meters' courses is read each time, and of some meters all of the past once: it hardly changes."""


class Fault(NamedTuple):
    """What is wrong in the home at present; `channels` are empty while it is not clear whose fault it is."""

    channels: frozenset[Channel]
    whom: str
    finding: Finding


class Household:
    """Judges one home, hour by hour."""

    def __init__(self, ledger: LedgerFile, settings: Settings) -> None:
        self._ledger = ledger
        self._settings = settings
        self._standing: tuple[Fault, ...] = ()
        self._courses: Mapping[Channel, Course] = {}
        self._habits_at = 0

    def faults(self, end: int) -> Iterator[Fault]:
        """All that is wrong at the end of an hour, as long as it is."""
        extent = self._ledger.resolved_extent()
        if extent is None or hour_floor(extent[0]) + HOUR_SECONDS >= end:
            return
        begin = hour_floor(extent[0]) + HOUR_SECONDS
        # Months are looked at for habits, so not every hour.
        if end >= self._habits_at + HABITS_EVERY:
            self._habits_at = end
            self._standing = tuple(self._standstills(max(end - HABIT, begin), end))
        yield from self._standing
        yield from self._off_balance(max(end - USUAL, begin), end)

    def _off_balance(self, first: int, end: int) -> Iterator[Fault]:
        slots, channels = slot_range(first, end), self._ledger.provenance(first, end)
        around = known_around(self._ledger, self._settings, slots)
        stopped = frozenset(channel for fault in self._standing for channel in fault.channels)
        for suspicion in suspicions(channels, site_of(self._settings).limits_kwh, around, stopped):
            since, until = suspicion.hours or (0, len(slots) // SLOTS_PER_HOUR)
            if first + until * HOUR_SECONDS <= end - DAY_SECONDS:
                continue
            begin = first + since * HOUR_SECONDS
            if suspicion.hours is None or end - begin >= NAMED_AFTER:
                clear = suspicion.cause is not Cause.BALANCE
                whose = frozenset(suspicion.channels if clear else ())
                yield Fault(whose, "the home's balance", Finding(suspicion.cause, suspicion.detail))
            else:
                local = iso_local(begin, self._settings.home.tz)[:16].replace("T", " ")
                detail = f"It does not add up since {local}; so far it looks so: {suspicion.detail}"
                yield Fault(frozenset(), "the home's balance", Finding(Cause.BALANCE, detail))

    def _standstills(self, first: int, end: int) -> Iterator[Fault]:
        lately = self._read_courses(max(first, end - READ_AGAIN), end)
        doubted = [channel for channel, its in lately.items() if may_surprise(its)]
        if not doubted:
            return
        self._courses = self._with_past(first, end)
        for still in standing_still({channel: self._courses[channel] for channel in doubted}):
            if still.hours is not None and first + still.hours[1] * HOUR_SECONDS >= end:
                whom = still.channels[0].value
                yield Fault(frozenset(still.channels), whom, Finding(still.cause, still.detail))

    def _with_past(self, first: int, end: int) -> Mapping[Channel, Course]:
        """The metered channels' courses over [first, end): what was read before is gone on from."""
        known = self._courses
        since = max([first, *(int(its.hours[-1]) + HOUR_SECONDS - READ_AGAIN for its in known.values())])
        found = self._read_courses(since, end)
        if since == first:
            return found
        if found.keys() != known.keys():
            return self._read_courses(first, end)
        return {channel: continued(known[channel], its, first) for channel, its in found.items()}

    def _read_courses(self, first: int, end: int) -> Mapping[Channel, Course]:
        slots, channels = slot_range(first, end), self._ledger.provenance(first, end)
        home = self._settings.home
        metered = {meter.channel for meter in counted_meters(self._ledger, self._settings)}
        return {
            channel: course(slots, channels[channel], channel, home.tz, home.latitude, home.longitude)
            for channel in Channel
            if channel.value in metered
        }
