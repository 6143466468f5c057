"""Keeps an eye on slots as they close, without Home Assistant: finds faults, tells them once, mends what is certain.

    what befell a meter         its slots are marked by the rules (`Flag`); told when the mark is new
    a meter gone silent         told with the second slot of which it says nothing (`hearing.py`)
    a meter in doubt            told at once; its slots wait for its next readings and are then resolved anew
    the balance                 told as soon as it does not hold any more, and what is wrong once a day proves it
                                (`judging.py`)
    a meter's own habit         it stands still for longer than it ever does

A fault is told when it is seen, and again only when more is known of it: a line in the log, in plain words, with what
helps.
"""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from darkstar.bookkeeping.hearing import LONG_SLOTS, Hearing
from darkstar.bookkeeping.judging import Household
from darkstar.bookkeeping.resolving import counted_meters, resolve_range
from darkstar.bookkeeping.upkeep import Kept, keep_repaired
from darkstar.bookkeeping.witnesses import witnesses
from darkstar.config.settings import Settings
from darkstar.domain.channels import Channel
from darkstar.domain.slots import DAY_SECONDS, HOUR_SECONDS, SLOT_SECONDS, hour_floor, iso_local
from darkstar.ledger.causes.case import Patterns, Stretch
from darkstar.ledger.causes.cause import STORIES, Cause, Finding, found
from darkstar.ledger.causes.incidents import CAUSE_OF_FLAG
from darkstar.ledger.compare import hourly
from darkstar.ledger.explain import remarks
from darkstar.ledger.proposals import runs
from darkstar.ledger.resolve import MARGIN_SECONDS
from darkstar.ledger.resolved import ChannelSlots, Flag
from darkstar.store.ledger_file import LedgerFile

TELLING = int(
    Flag.DIP
    | Flag.SPIKE
    | Flag.RESET
    | Flag.REPLACED
    | Flag.STEP_BACK
    | Flag.IMPLAUSIBLE
    | Flag.SPREAD
    | Flag.SUM_APART
)
TOLERANCE_KWH = 0.1
"""Energies that are no farther apart are taken for the same. (`verify` has its own: it reads files, and the recorder
is to start fast.)"""
QUIET: Mapping[Cause, int] = {Cause.RESET: 26 * HOUR_SECONDS}
"""For how long the same is not told again: some meters begin anew each midnight."""
BEFORE_DOUBT = 2 * HOUR_SECONDS
"""What ends a doubt may also change what was believed of the readings shortly before it."""
STANDING = DAY_SECONDS
"""What stays wrong is told again only when it was right for so long."""

log = logging.getLogger(__name__)

Slots = Mapping[Channel, ChannelSlots]
Marks = NDArray[np.int32]


class Told(NamedTuple):
    """What a fault is known by: its cause, and whom it befell."""

    cause: Cause
    whom: frozenset[Channel]


class Vigil:
    """Closes the slots of one ledger and watches over them."""

    def __init__(self, ledger: LedgerFile, settings: Settings) -> None:
        self._ledger = ledger
        self._settings = settings
        self._seen: dict[Told, int] = {}
        self._hearing = Hearing(ledger, settings)
        self._household = Household(ledger, settings)
        self._judged_until = 0

    def close(self, start: int, new_from: int, end: int) -> float:
        """Resolve the slots of [start, end), of which those from `new_from` on are new, and look at them.

        Returns:
            From when on [UTC s] slots wait for what later readings say of them; infinite where none does.
        """
        first = min(start, new_from - LONG_SLOTS * SLOT_SECONDS - SLOT_SECONDS)
        before = self._ledger.provenance(first, end)
        resolve_range(self._ledger, self._settings, start, end)
        after = self._ledger.provenance(first, end)
        self._tell_incidents(first, before, after)
        for news in self._hearing.listen(first, end, after):
            self._say(news.channel.value, news.since_utc, news.finding)
        hour = hour_floor(end)
        if hour > self._judged_until or start < self._judged_until - DAY_SECONDS:
            self._judged_until = hour
            for fault in self._household.faults(hour):
                self._tell(
                    Told(fault.finding.cause, fault.channels), fault.whom, fault.finding, hour, STANDING
                )
            self._tell_repairs(keep_repaired(self._ledger, self._settings, start, end))
        return max(self._hearing.waiting_since - BEFORE_DOUBT, end - MARGIN_SECONDS)

    def look_back(self, start: int, end: int) -> None:
        """Look at the slots of [start, end), which were resolved after nobody had watched."""
        first = start - LONG_SLOTS * SLOT_SECONDS - SLOT_SECONDS
        if start < end:
            after = self._ledger.provenance(first, end)
            known = (start - first) // SLOT_SECONDS
            before = {channel: _unmarked(slots, known) for channel, slots in after.items()}
            self._tell_incidents(first, before, after)

    def _tell_incidents(self, first: int, before: Slots, after: Slots) -> None:
        metered = {meter.channel for meter in counted_meters(self._ledger, self._settings)}
        for channel in Channel:
            if channel.value not in metered:
                continue
            for rows in _news(before[channel].flags, after[channel].flags):
                finding = self._finding(channel, first, rows, after[channel])
                if finding is not None:
                    at = first + int(rows[-1]) * SLOT_SECONDS
                    self._tell(Told(finding.cause, frozenset({channel})), channel.value, finding, at)

    def _finding(
        self, channel: Channel, first: int, rows: NDArray[np.intp], slots: ChannelSlots
    ) -> Finding | None:
        """What befell the channel's meters in some consecutive slots, by the evidence around."""
        start = hour_floor(first + int(rows[0]) * SLOT_SECONDS) - HOUR_SECONDS
        last = hour_floor(first + int(rows[-1]) * SLOT_SECONDS)
        hours = np.arange(start, last + HOUR_SECONDS, HOUR_SECONDS, dtype=np.int64)
        stored = self._ledger.provenance(start, last + HOUR_SECONDS)[channel]
        stretch = Stretch(
            channel,
            hours,
            np.full(len(hours), np.nan),
            hourly(stored.energy_kwh),
            np.ones(len(hours), dtype=np.bool_),
            stored,
            witnesses(self._ledger, self._settings, channel, hours),
            Patterns.none(len(hours)),
            TOLERANCE_KWH,
        )
        answers = (remarks(case) for case in reversed(stretch.cases()))
        return next((answer for answer in answers if answer), _by_mark(slots.flags[rows]))

    def _tell(self, told: Told, whom: str, finding: Finding, at: int, quiet_s: int | None = None) -> None:
        seen = self._seen.get(told)
        self._seen[told] = at
        quiet = QUIET.get(finding.cause, 0) if quiet_s is None else quiet_s
        if seen is None or at - seen > quiet:
            self._say(whom, at, finding)

    def _say(self, whom: str, at: int, finding: Finding) -> None:
        remedy = STORIES[finding.cause].remedy
        log.warning("%s, %s: %s What helps: %s", whom, self._local(at), finding.detail, remedy)

    def _tell_repairs(self, kept: Kept) -> None:
        for repair in kept.withdrawn:
            log.warning(
                "The repair %s no longer follows from the evidence and is taken back.", repair.repair_id
            )
        for repair in kept.made:
            log.warning(
                "Repaired from %s on: %s `darkstar repair --undo %s` takes it back.",
                self._local(repair.span[0]),
                repair.reason,
                repair.repair_id,
            )

    def _local(self, instant: int) -> str:
        return iso_local(instant, self._settings.home.tz)[:16].replace("T", " ")


def _news(before: Marks, after: Marks) -> Iterator[NDArray[np.intp]]:
    """Runs of slots with a mark that they did not have, unless the slot before a run had it already."""
    new = after & TELLING & ~before
    for rows in runs(new != 0):
        mark = int(np.bitwise_or.reduce(new[rows]))
        if (
            mark == Flag.SPREAD
            and (after[max(rows[0] - LONG_SLOTS, 0) : rows[-1] + 1] & mark != 0).sum() < LONG_SLOTS
        ):
            continue
        if rows[0] and not mark & ~int(before[rows[0] - 1]):
            continue
        yield rows


def _by_mark(flags: Marks) -> Finding | None:
    """What the marks alone tell."""
    mark = int(np.bitwise_or.reduce(flags))
    causes = [cause for flag, cause in CAUSE_OF_FLAG if mark & flag]
    return found(causes[0]) if causes else None


def _unmarked(slots: ChannelSlots, known: int) -> ChannelSlots:
    """The slots as if those after the first `known` had no marks."""
    return replace(
        slots, flags=np.where(np.arange(len(slots.flags)) < known, slots.flags, 0).astype(np.int32)
    )
