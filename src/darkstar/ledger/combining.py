"""From meters to a channel: meters that add up, and groups of meters that measure the same thing.

A home's import may be two tariff registers in Home Assistant (they add up), and beside them the file of the grid
company (another measurement of the same). Within a **group** a number is known only where every meter's is; a meter
that did not exist yet counts nothing. Among groups the best source wins, slot by slot; what was measured in time goes
before what is known in total only.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from darkstar.domain.slots import SLOTS_PER_HOUR, Slots
from darkstar.ledger.evidence import MeterEvidence, Method
from darkstar.ledger.laying import MeterSlots, Shape, lay
from darkstar.ledger.resolved import ChannelSlots, Flag

Series = NDArray[np.float64]

SPREAD_RANK = 50
UNKNOWN_RANK = 100


@dataclass(frozen=True)
class MeterGroup:
    """Meters of one origin (`home_assistant`, `import`) that add up to a channel."""

    origin: str
    meters: tuple[MeterEvidence, ...]


@dataclass(frozen=True)
class ChannelEvidence:
    """What the meters say of one channel over a window of whole hours.

    Attributes:
        slots: numbers known by the slot; `source` is filled in too where only the hour is known.
        rest_kwh: (n / 4,) energy of the hour's other quarters where the hour is known and they are not; NaN elsewhere.
    """

    slots: ChannelSlots
    rest_kwh: Series


def combine(groups: Sequence[MeterGroup], window: Slots, limit_kw: float, shape: Shape) -> ChannelEvidence:
    """The best that the groups of one channel know; see `laying.lay` for the arguments."""
    n = len(window)
    best = ChannelSlots.unknown(n)
    rest = np.full(n // SLOTS_PER_HOUR, np.nan)
    rank = np.full(n, UNKNOWN_RANK, dtype=np.int64)
    rest_rank = np.full(n // SLOTS_PER_HOUR, UNKNOWN_RANK, dtype=np.int64)
    for group in groups:
        total = _sum_of(group, window, limit_kw, shape)
        known = np.isfinite(total.energy_kwh)
        spread = (total.flags & Flag.SPREAD) != 0
        by_slot = np.where(known, total.source + SPREAD_RANK * spread, UNKNOWN_RANK)
        incomplete = ~known.reshape(-1, SLOTS_PER_HOUR).all(axis=1)
        by_hour = np.where(np.isfinite(total.hour_kwh) & incomplete, total.hour_source, UNKNOWN_RANK)
        offered = np.minimum(by_slot, np.where(known, UNKNOWN_RANK, np.repeat(by_hour, SLOTS_PER_HOUR)))
        better = offered < rank
        measured = better & known
        best.energy_kwh[better] = np.where(measured, total.energy_kwh, np.nan)[better]
        best.source[better] = offered[better] % SPREAD_RANK
        best.method[better] = np.where(measured, total.method, 0)[better]
        hour_flags = np.repeat(total.hour_flags, SLOTS_PER_HOUR)
        best.flags[better] = np.where(measured, total.flags, hour_flags)[better]
        unheard = ~known & ~better & (rank == UNKNOWN_RANK)
        best.flags[unheard] |= total.flags[unheard]
        rank = np.minimum(rank, offered)
        in_slots = np.where(known, total.energy_kwh, 0.0).reshape(-1, SLOTS_PER_HOUR).sum(axis=1)
        wins = by_hour < rest_rank
        rest[wins] = np.maximum(total.hour_kwh - in_slots, 0.0)[wins]
        rest_rank = np.minimum(rest_rank, by_hour)
    complete = np.isfinite(best.energy_kwh).reshape(-1, SLOTS_PER_HOUR).all(axis=1)
    rest[complete] = np.nan
    return ChannelEvidence(best, rest)


def _sum_of(group: MeterGroup, window: Slots, limit_kw: float, shape: Shape) -> MeterSlots:
    members = [lay(meter, window, limit_kw, shape) for meter in group.meters]
    if len(members) == 1:
        return members[0]
    members = [_since_birth(member, window) for member in members]
    return MeterSlots(
        energy_kwh=np.sum([member.energy_kwh for member in members], axis=0),
        source=np.max([member.source for member in members], axis=0),
        method=np.max([member.method for member in members], axis=0),
        flags=np.bitwise_or.reduce([member.flags for member in members], axis=0),
        hour_kwh=np.sum([_hours(member) for member in members], axis=0),
        hour_source=np.max([_hour_sources(member) for member in members], axis=0),
        hour_flags=np.bitwise_or.reduce([_hour_flags(member) for member in members], axis=0),
        born_utc=None,
    )


def _since_birth(member: MeterSlots, window: Slots) -> MeterSlots:
    """A meter among several counts nothing before it existed."""
    if member.born_utc is None:
        return member
    unborn = (window < member.born_utc) & ~np.isfinite(member.energy_kwh)
    hours = unborn.reshape(-1, SLOTS_PER_HOUR).all(axis=1) & np.isfinite(member.hour_kwh)
    unborn &= ~np.repeat(hours, SLOTS_PER_HOUR)
    energy, method = member.energy_kwh.copy(), member.method.copy()
    energy[unborn], method[unborn] = 0.0, Method.ABSENT
    return replace(member, energy_kwh=energy, method=method)


def _hours(member: MeterSlots) -> Series:
    """Totals of the hours: of the quarters where all are known, else the hour's own."""
    by_slots = member.energy_kwh.reshape(-1, SLOTS_PER_HOUR).sum(axis=1)
    return np.where(np.isfinite(by_slots), by_slots, member.hour_kwh)


def _hour_sources(member: MeterSlots) -> NDArray[np.int8]:
    by_slots = member.source.reshape(-1, SLOTS_PER_HOUR).max(axis=1)
    return np.where(np.isfinite(member.hour_kwh), member.hour_source, by_slots).astype(np.int8)


def _hour_flags(member: MeterSlots) -> NDArray[np.int32]:
    by_slots = np.bitwise_or.reduce(member.flags.reshape(-1, SLOTS_PER_HOUR), axis=1)
    return np.asarray(by_slots | np.where(np.isfinite(member.hour_kwh), member.hour_flags, 0))
