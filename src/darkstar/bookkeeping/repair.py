"""Repairs of the ledger: worked out, applied, taken back. Each step is one transaction, and none edits evidence."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from darkstar.bookkeeping.labels import stored_slots
from darkstar.bookkeeping.resolving import counted_meters, gather, resolve_range, site_of, touched
from darkstar.config.settings import Settings
from darkstar.domain.channels import BALANCE_SIGN, Channel
from darkstar.domain.errors import UsageError
from darkstar.domain.slots import HOUR_SECONDS, SLOT_HOURS, SLOT_SECONDS, hour_floor
from darkstar.ledger.corrections import Repair
from darkstar.ledger.evidence import MICROSECONDS, Instants, MeterEvidence, Method
from darkstar.ledger.liar import liars
from darkstar.ledger.meters import count, parse
from darkstar.ledger.outages import outages, unknown_pairs
from darkstar.ledger.proposals import Certainty, Ground, Proposal
from darkstar.ledger.resolve import MARGIN_SECONDS
from darkstar.ledger.statistics import statistic_steps
from darkstar.ledger.sun import sin_elevation
from darkstar.store.ledger_file import LedgerFile

ALL_TIME = (-(2**62), 2**62)
FINEST_DIGITS, EPSILON_KWH = 4, 1e-7


@dataclass(frozen=True)
class Applied:
    """Repairs that were made, and the slots that were resolved anew."""

    repairs: tuple[Repair, ...]
    slots: int


def propose(ledger: LedgerFile, settings: Settings, start: int, end: int) -> list[Proposal]:
    """What could be repaired in [start, end) as the ledger stands, in time order; changes nothing."""
    with ledger.snapshot():
        ground = _ground(ledger, settings, start, end)
    if ground is None:
        return []
    found = [*outages(ground), *unknown_pairs(ground), *liars(ground)]
    return sorted((p for p in found if p.span[0] < end and p.span[1] > start), key=lambda p: (p.span, p.kind))


def apply(ledger: LedgerFile, settings: Settings, proposals: Sequence[Proposal]) -> Applied:
    """Store proposals as repairs and resolve what they touch: all of it, or nothing where it is broken off."""
    with ledger.transaction():
        made_us = _after(ledger)
        repairs = tuple(Repair(p.corrections, p.reason, made_us + i) for i, p in enumerate(proposals))
        for repair in repairs:
            ledger.add_repair(repair)
        return Applied(repairs, _resolve(ledger, settings, repairs))


def undo(ledger: LedgerFile, settings: Settings, repair_id: str) -> Repair:
    """Take a repair back, named by its id or the beginning of it, and resolve what it touched.

    Raises:
        UsageError: no repair is called that, several are, or it was taken back before.
    """
    with ledger.transaction():
        named = [r for r in every_repair(ledger) if r.repair_id.startswith(repair_id)]
        if len(named) != 1:
            raise UsageError(
                f"{'No repair is' if not named else f'{len(named)} repairs are'} called {repair_id}.",
                remedy="`darkstar repair --list` names them all.",
            )
        (repair,) = named
        if repair.withdrawn_us is not None:
            raise UsageError(f"Repair {repair.repair_id} was taken back before.")
        withdrawn_us = _after(ledger)
        ledger.withdraw_repair(repair.repair_id, withdrawn_us)
        _resolve(ledger, settings, [repair])
        return Repair(repair.corrections, repair.reason, repair.made_us, withdrawn_us)


def every_repair(ledger: LedgerFile) -> list[Repair]:
    """All repairs that were ever made, in order."""
    return ledger.repairs(*ALL_TIME)


def certain(proposals: Sequence[Proposal]) -> list[Proposal]:
    """Those that need nobody's word."""
    return [p for p in proposals if p.certainty is Certainty.CERTAIN]


def _after(ledger: LedgerFile) -> int:
    """An instant after everything that was said of repairs so far, so that what is said now comes last."""
    said = [max(r.made_us, r.withdrawn_us or 0) for r in every_repair(ledger)]
    return max([ledger.now_us(), *(us + 1 for us in said)])


def _resolve(ledger: LedgerFile, settings: Settings, repairs: Sequence[Repair]) -> int:
    """Resolve the slots that repairs touch, each stretch once."""
    return sum(
        resolve_range(ledger, settings, *touched(ledger, first, last)) for first, last in _stretches(repairs)
    )


def _stretches(repairs: Sequence[Repair]) -> Iterator[tuple[int, int]]:
    spans = sorted((hour_floor(a), hour_floor(b - 1) + HOUR_SECONDS) for a, b in (r.span for r in repairs))
    while spans:
        first, last = spans.pop(0)
        while spans and spans[0][0] <= last:
            last = max(last, spans.pop(0)[1])
        yield first, last


def _ground(ledger: LedgerFile, settings: Settings, start: int, end: int) -> Ground | None:
    extent = ledger.slot_extent()
    if extent is None:
        return None
    first = max(hour_floor(start - MARGIN_SECONDS), hour_floor(extent[0] + HOUR_SECONDS - 1))
    last = min(hour_floor(end + MARGIN_SECONDS), hour_floor(extent[1]))
    if first >= last:
        return None
    site = site_of(settings)
    stored = stored_slots(ledger, first, last)
    meters = [m for m in counted_meters(ledger, settings) if m.channel in {c.value for c in BALANCE_SIGN}]
    by_channel: dict[Channel, list[MeterEvidence]] = {}
    groups, _ = gather(ledger, meters, first, last)
    for channel, found in groups.items():
        by_channel[channel] = [meter for group in found for meter in group.meters]
    edges = {
        c: _edges(by_channel.get(c, []), site.limits_kwh[c] / SLOT_HOURS)
        if (stored.channels[c].method == Method.SPREAD).any()
        else np.zeros(0, dtype=np.int64)
        for c in BALANCE_SIGN
    }
    return Ground(
        stored.slots,
        stored.channels,
        site.limits_kwh,
        {c: max(map(_resolution, found), default=0.0) for c, found in by_channel.items()},
        edges,
        {c: max(len(group.meters) for group in found) for c, found in groups.items()},
        sin_elevation(stored.slots.astype(np.float64) + SLOT_SECONDS / 2, site.latitude, site.longitude),
    )


def _edges(meters: Sequence[MeterEvidence], limit_kw: float) -> Instants:
    """The instants at which a total of any meter begins or ends [UTC us]."""
    edges = [np.zeros(0, dtype=np.int64)]
    for meter in meters:
        for steps in (count(meter, limit_kw).steps, statistic_steps(meter.hourly, limit_kw)):
            edges += [steps.start_us[steps.whole], steps.end_us[steps.whole]]
        long = meter.intervals.end_utc - meter.intervals.start_utc > HOUR_SECONDS
        edges += [
            meter.intervals.start_utc[long] * MICROSECONDS,
            meter.intervals.end_utc[long] * MICROSECONDS,
        ]
    return np.unique(np.concatenate(edges))


def _resolution(meter: MeterEvidence) -> float:
    """The last digit that a meter shows [kWh]."""
    shown = parse(meter.readings).value_kwh if len(meter.readings) else meter.hourly.state_kwh
    shown = shown[np.isfinite(shown)]
    for digits in range(FINEST_DIGITS):
        if len(shown) and (np.abs(shown - np.round(shown, digits)) < EPSILON_KWH).all():
            return float(10.0**-digits)
    return float(10.0**-FINEST_DIGITS)
