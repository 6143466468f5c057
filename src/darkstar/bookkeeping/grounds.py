"""Gathers what repairs are worked out from: the slots as they stand, and what the meters' evidence adds to them."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from darkstar.bookkeeping.labels import stored_slots
from darkstar.bookkeeping.resolving import counted_meters, gather, site_of
from darkstar.config.settings import Settings
from darkstar.domain.channels import BALANCE_SIGN, Channel
from darkstar.domain.slots import HOUR_SECONDS, SLOT_HOURS, SLOT_SECONDS, hour_floor
from darkstar.ledger.evidence import MICROSECONDS, Instants, MeterEvidence, Method
from darkstar.ledger.liar import liars
from darkstar.ledger.meters import count
from darkstar.ledger.numbers import parse
from darkstar.ledger.outages import outages, unknown_pairs
from darkstar.ledger.proposals import Ground, Proposal
from darkstar.ledger.resolve import MARGIN_SECONDS
from darkstar.ledger.resolved import ResolvedSlots
from darkstar.ledger.statistics import statistic_steps
from darkstar.ledger.sun import sin_elevation
from darkstar.store.ledger_file import LedgerFile

Series = NDArray[np.float64]

FINEST_DIGITS, EPSILON_KWH = 4, 1e-7


def ground_around(ledger: LedgerFile, settings: Settings, start: int, end: int) -> Ground | None:
    """The ground of [start, end) with the rules' margin on each side; None where the ledger has no slots there."""
    extent = ledger.slot_extent()
    if extent is None:
        return None
    first = max(hour_floor(start - MARGIN_SECONDS), hour_floor(extent[0] + HOUR_SECONDS - 1))
    last = min(hour_floor(end + MARGIN_SECONDS), hour_floor(extent[1]))
    if first >= last:
        return None
    return full_ground(ledger, settings, stored_slots(ledger, first, last))


def full_ground(ledger: LedgerFile, settings: Settings, slots: ResolvedSlots) -> Ground:
    """The ground under whole hours of slots, with all that the meters tell."""
    site = site_of(settings)
    meters = [m for m in counted_meters(ledger, settings) if m.channel in {c.value for c in BALANCE_SIGN}]
    groups, _ = gather(ledger, meters, int(slots.slots[0]), int(slots.slots[-1]) + SLOT_SECONDS)
    by_channel = {channel: [m for group in found for m in group.meters] for channel, found in groups.items()}
    nothing = np.zeros(0, dtype=np.int64)
    return Ground(
        slots.slots,
        slots.channels,
        site.limits_kwh,
        {c: max(map(_resolution, found), default=0.0) for c, found in by_channel.items()},
        {
            c: _edges(by_channel.get(c, []), site.limits_kwh[c] / SLOT_HOURS)
            if (slots.channels[c].method == Method.SPREAD).any()
            else nothing
            for c in BALANCE_SIGN
        },
        {c: max(len(group.meters) for group in found) for c, found in groups.items()},
        _sun(slots, settings),
    )


def every_proposal(ground: Ground) -> list[Proposal]:
    """What could be repaired on this ground, in time order."""
    found = [*outages(ground), *unknown_pairs(ground), *liars(ground)]
    return sorted(found, key=lambda p: (p.span, p.kind))


def rough_ground(settings: Settings, slots: ResolvedSlots, meters: Mapping[Channel, int]) -> Ground:
    """The ground under whole hours of slots as far as they tell by themselves: meters resolve everything.

    Args:
        meters: by channel, how many meters add up to it.
    """
    nothing = np.zeros(0, dtype=np.int64)
    return Ground(
        slots.slots,
        slots.channels,
        site_of(settings).limits_kwh,
        {},
        dict.fromkeys(BALANCE_SIGN, nothing),
        meters,
        _sun(slots, settings),
    )


def _sun(slots: ResolvedSlots, settings: Settings) -> Series:
    middles = slots.slots.astype(np.float64) + SLOT_SECONDS / 2
    return sin_elevation(middles, settings.home.latitude, settings.home.longitude)


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
