"""What the ledger mends by itself: its automatic repairs are always those that follow from the rest of the evidence.

Each local day is judged for the repairs that end in it, by the days around it as they are without any automatic
repair. What the balance makes certain there is made; what was made and no longer follows, for better evidence came, is
taken back. So the same evidence leads to the same repairs, in whatever order it arrived. A person's word stands:
nothing is made where a person has said a number or has taken a repair back. And only days since the recorder first
watched are judged: what lies before is offered by `darkstar repair`.
"""

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from darkstar.bookkeeping.grounds import every_proposal, full_ground, rough_ground
from darkstar.bookkeeping.labels import stored_slots
from darkstar.bookkeeping.progress import Progress, silent
from darkstar.bookkeeping.resolving import counted_meters, gather, resolve_range, site_of, touched
from darkstar.config.settings import Settings
from darkstar.domain.channels import BALANCE_SIGN, Channel
from darkstar.domain.slots import (
    DAY_SECONDS,
    HOUR_SECONDS,
    SLOT_SECONDS,
    day_bounds,
    hour_floor,
    local_date,
    slot_range,
)
from darkstar.ledger.corrections import Correction, Repair
from darkstar.ledger.evidence import MICROSECONDS, Method, Source
from darkstar.ledger.liar import liars
from darkstar.ledger.proposals import Certainty, Proposal
from darkstar.ledger.resolve import MARGIN_SECONDS, resolve
from darkstar.ledger.resolved import ResolvedSlots
from darkstar.store.ledger_file import LedgerFile

BEFORE, AFTER = 6 * DAY_SECONDS, DAY_SECONDS
"""How far around a day it is looked at: enough of the home's usual balance, and the end of what began in the day."""
DAYS_AT_ONCE = 7
ALL_TIME = (-(2**62), 2**62)

Span = tuple[int, int]
Place = tuple[Channel, int]
"""One slot of one channel."""
Said = tuple[frozenset[Correction], str]


@dataclass(frozen=True)
class Kept:
    """What the ledger did by itself."""

    made: tuple[Repair, ...] = ()
    withdrawn: tuple[Repair, ...] = ()


def renew(ledger: LedgerFile, settings: Settings, start: int, end: int, progress: Progress = silent) -> int:
    """Resolve the slots of [start, end) after new evidence and see to the automatic repairs; returns how many slots."""
    slots = resolve_range(ledger, settings, start, end, progress)
    keep_repaired(ledger, settings, start, end)
    return slots


def keep_repaired(ledger: LedgerFile, settings: Settings, start: int, end: int) -> Kept:
    """Judge anew all days on which the slots of [start, end) bear; each week of them is one transaction."""
    since, extent = ledger.recorded_since(), ledger.resolved_extent()
    if since is None or extent is None:
        return Kept()
    first = max(start - AFTER, extent[0], since // MICROSECONDS)
    days = list(_days(first, min(end + BEFORE, extent[1]), settings))
    made: list[Repair] = []
    withdrawn: list[Repair] = []
    for i in range(0, len(days), DAYS_AT_ONCE):
        with ledger.transaction():
            kept = _judge(ledger, settings, days[i : i + DAYS_AT_ONCE], extent)
        made += kept.made
        withdrawn += kept.withdrawn
    return Kept(tuple(made), tuple(withdrawn))


def resolve_repaired(ledger: LedgerFile, settings: Settings, repairs: Iterable[Repair]) -> int:
    """Resolve the slots that repairs touch, each stretch once; returns how many slots."""
    return sum(
        resolve_range(ledger, settings, *touched(ledger, first, last)) for first, last in _stretches(repairs)
    )


def after_all_said(ledger: LedgerFile) -> int:
    """An instant [UTC us] after everything that was said of repairs so far, so that what is said now comes last."""
    said = [max(r.made_us, r.withdrawn_us or 0) for r in ledger.repairs(*ALL_TIME)]
    return max([ledger.now_us(), *(us + 1 for us in said)])


def _stretches(repairs: Iterable[Repair]) -> Iterator[Span]:
    spans = sorted((hour_floor(a), hour_floor(b - 1) + HOUR_SECONDS) for a, b in (r.span for r in repairs))
    while spans:
        first, last = spans.pop(0)
        while spans and spans[0][0] <= last:
            last = max(last, spans.pop(0)[1])
        yield first, last


def _days(start: int, end: int, settings: Settings) -> Iterator[Span]:
    """The bounds of the local days that [start, end) touches."""
    tz = settings.home.tz
    day = local_date(start, tz)
    while day_bounds(day, tz)[0] < end:
        yield day_bounds(day, tz)
        day += dt.timedelta(days=1)


def _judge(ledger: LedgerFile, settings: Settings, days: Sequence[Span], extent: Span) -> Kept:
    """Make the automatic repairs that end in some consecutive days those that follow from the evidence."""
    judged = days[0][0], days[-1][1]
    first = max(hour_floor(judged[0] - BEFORE), hour_floor(extent[0] + HOUR_SECONDS - 1))
    last = min(hour_floor(judged[1] + AFTER), hour_floor(extent[1]))
    if first >= last:
        return Kept()
    repairs = ledger.repairs(first - MARGIN_SECONDS, last + MARGIN_SECONDS)
    standing = [r for r in repairs if r.withdrawn_us is None]
    mine = {
        (frozenset(r.corrections), r.reason): r
        for r in standing
        if r.automatic and judged[0] < r.span[1] <= judged[1]
    }
    spoken_for = {
        place
        for r in repairs
        if r.refused or (r.withdrawn_us is None and r not in mine.values())
        for place in _places(r.corrections)
    }
    if not settings.repairs_itself and not mine:
        return Kept()
    base = _without_automatic(ledger, settings, first, last, repairs)
    wanted = _certain(ledger, settings, base, days, spoken_for)
    going = [r for said, r in mine.items() if said not in wanted]
    coming = [said for said in wanted if said not in mine] if settings.repairs_itself else []
    if not going and not coming:
        return Kept()
    with ledger.run("repair by itself", f"{len(coming)} made, {len(going)} taken back"):
        return _change(ledger, settings, coming, going)


def _change(ledger: LedgerFile, settings: Settings, coming: Sequence[Said], going: Sequence[Repair]) -> Kept:
    now_us = after_all_said(ledger)
    withdrawn = [replace(r, withdrawn_us=now_us, withdrawn_automatically=True) for r in going]
    made = [
        Repair(tuple(sorted(corrections, key=_place)), reason, now_us + 1 + i, automatic=True)
        for i, (corrections, reason) in enumerate(coming)
    ]
    for repair in (*withdrawn, *made):
        ledger.add_repair(repair)
    resolve_repaired(ledger, settings, [*withdrawn, *made])
    return Kept(tuple(made), tuple(withdrawn))


def _without_automatic(
    ledger: LedgerFile, settings: Settings, first: int, last: int, repairs: Sequence[Repair]
) -> ResolvedSlots:
    """The slots of [first, last) as they would be had the ledger repaired nothing by itself."""
    if not any(r.automatic and r.withdrawn_us is None for r in repairs):
        return stored_slots(ledger, first, last)
    groups, soc = gather(ledger, counted_meters(ledger, settings), first, last)
    persons = [r for r in repairs if not r.automatic]
    return resolve(slot_range(first, last), groups, soc, site_of(settings), persons)


def _certain(
    ledger: LedgerFile,
    settings: Settings,
    base: ResolvedSlots,
    days: Sequence[Span],
    spoken_for: Collection[Place],
) -> dict[Said, None]:
    """What is certain and ends in one of the days, in order; where two proposals meet, the earlier day's counts."""
    taken = set(spoken_for)
    wanted: dict[Said, None] = {}
    for start, end in days:
        window = _part(base, hour_floor(start - BEFORE), hour_floor(end + AFTER))
        for proposal in _proposals(ledger, settings, window):
            if proposal.certainty is not Certainty.CERTAIN or not start < proposal.span[1] <= end:
                continue
            places = set(_places(proposal.corrections))
            if places.isdisjoint(taken):
                wanted[frozenset(proposal.corrections), proposal.reason] = None
                taken |= places
    return wanted


def _proposals(ledger: LedgerFile, settings: Settings, slots: ResolvedSlots) -> list[Proposal]:
    """All proposals for some slots; most days have none, and are seen to have none by their slots alone."""
    if not len(slots.slots):
        return []
    meters = dict.fromkeys(BALANCE_SIGN, 1)
    lumps = any(
        ((slots.channels[c].method == Method.SPREAD) & (slots.channels[c].source != Source.CORRECTION)).any()
        for c in BALANCE_SIGN
    )
    if not lumps and not liars(rough_ground(settings, slots, meters)):
        return []
    return every_proposal(full_ground(ledger, settings, slots))


def _part(slots: ResolvedSlots, start: int, end: int) -> ResolvedSlots:
    rows = slice(*np.searchsorted(slots.slots, [start, end]).tolist())
    return ResolvedSlots(
        slots.slots[rows],
        {channel: found.part(rows) for channel, found in slots.channels.items()},
        slots.soc_start_percent[rows],
        slots.soc_end_percent[rows],
    )


def _place(correction: Correction) -> Place:
    return correction.channel, correction.start_utc


def _places(corrections: Iterable[Correction]) -> Iterator[Place]:
    for correction in corrections:
        for slot in range(correction.start_utc, correction.end_utc, SLOT_SECONDS):
            yield correction.channel, slot
