"""What is wrong with the energies themselves: counters, lumps after silence, zeros that stand for "not known"."""

from collections.abc import Mapping
from zoneinfo import ZoneInfo

import numpy as np

from darkstar.domain.channels import BALANCE_SIGN, Channel
from darkstar.domain.slots import DAY_SECONDS, HOUR_SECONDS, SLOT_SECONDS, Slots, utc_offsets
from darkstar.ledger.evidence import Intervals
from darkstar.ledger.old_rows.reasons import Reason
from darkstar.ledger.old_rows.rows import Book, Flows, Index, Mask, Series

SILENCE_S = HOUR_SECONDS
"""Zeros in every channel for this long are no measurement: a home is never that still."""
LONGEST_LUMP_S = DAY_SECONDS
"""A lump of a longer silence says too little about any of its slots."""
USUAL_QUANTILE = 0.99
FAR_ABOVE = 2.0
MISSING_SHARE = 0.05
"""Share of a day's energy that a channel must be missing from the balance before its zero is disbelieved."""
MISSING_KWH = 0.5
FLOWING_DAYS = 0.8
"""Share of a channel's other days that must flow before a still day among them is disbelieved."""
FEW_DAYS = 5
QUIET_DAY = 0.5
"""A day with less than this share of the usual load may well be one without hot water."""


def settle_flows(
    flows: Flows, book: Book, limits_kwh: Mapping[Channel, float], tz: ZoneInfo
) -> dict[Channel, Intervals]:
    """What can be believed of each channel, as intervals in time order and not overlapping.

    Args:
        limits_kwh: most energy that each channel carries in a slot.
    """
    energies = {channel: energy.copy() for channel, energy in flows.energy_kwh.items()}
    for channel, energy in energies.items():
        _refuse(energy, energy < 0, Reason.NEGATIVE, channel, flows, book)
    silent = _silent(flows, energies)
    for channel, energy in energies.items():
        _refuse(energy, silent & np.isfinite(energy), Reason.ALL_ZERO, channel, flows, book)
    starts = {channel: flows.start_utc.copy() for channel in energies}
    for channel, energy in energies.items():
        _settle_heights(channel, energy, starts[channel], flows, book, limits_kwh[channel])
    _refuse_zero_days(flows, energies, book, tz)
    return {
        channel: Intervals(starts[channel][known], flows.end_utc[known], energy[known])
        for channel, energy in energies.items()
        if (known := np.isfinite(energy)).any()
    }


def _refuse(energy: Series, these: Mask, reason: Reason, channel: Channel, flows: Flows, book: Book) -> None:
    book.note(reason, channel, flows.number[these].ravel())
    energy[these] = np.nan


def _silent(flows: Flows, energies: Mapping[Channel, Series]) -> Mask:
    """Rows in which every known channel is 0, more than one of them known, for an hour or longer."""
    known = np.zeros(len(flows), dtype=np.int64)
    moving = np.zeros(len(flows), dtype=np.bool_)
    for energy in energies.values():
        known += np.isfinite(energy)
        moving |= np.nan_to_num(energy) != 0
    still = (known > 1) & ~moving
    run = _runs(still, flows)
    length = np.bincount(run[still], flows.seconds[still], minlength=len(flows) + 1)
    return np.asarray(still & (length[run] >= SILENCE_S))


def _runs(chosen: Mask, flows: Flows) -> Index:
    """A number for each run of chosen rows that follow one another without a hole; shape (m,)."""
    breaks = np.ones(len(flows), dtype=np.bool_)
    breaks[1:] = (flows.start_utc[1:] != flows.end_utc[:-1]) | (chosen[1:] != chosen[:-1])
    return np.asarray(np.cumsum(breaks))


def _settle_heights(
    channel: Channel, energy: Series, starts: Slots, flows: Flows, book: Book, limit_kwh: float
) -> None:
    """Rows higher than the channel can be: a counter, a lump of the silence before it, or nonsense."""
    known = np.flatnonzero(np.isfinite(energy))
    if not len(known):
        return
    room = limit_kwh * flows.seconds / SLOT_SECONDS
    quarters = energy[known] / (flows.seconds[known] / SLOT_SECONDS)
    usual = float(np.quantile(quarters[quarters > 0], USUAL_QUANTILE)) if (quarters > 0).any() else 0.0
    silence_from = _silence_before(energy, known, flows)
    span = flows.end_utc[known] - silence_from
    slots = span / SLOT_SECONDS
    waited = silence_from < flows.start_utc[known]
    high = energy[known] > room[known]
    odd = waited & (quarters > FAR_ABOVE * usual) & (energy[known] <= usual * slots)
    first = np.arange(len(known)) == 0
    fits = waited & ~first & (span <= LONGEST_LUMP_S) & (energy[known] <= limit_kwh * slots)
    lump = (high | odd) & fits
    for i in np.flatnonzero(lump).tolist():
        row, begins = int(known[i]), int(silence_from[i])
        zeros = known[(flows.start_utc[known] >= begins) & (known < row)]
        book.note(Reason.LUMP, channel, flows.number[np.append(zeros, row)].ravel())
        energy[zeros] = np.nan
        starts[row] = begins
    _refuse(energy, _mask(known[high & ~lump & first], energy), Reason.FIRST_COUNTER, channel, flows, book)
    _refuse(energy, _mask(known[high & ~lump & ~first], energy), Reason.IMPLAUSIBLE, channel, flows, book)


def _mask(rows: Index, energy: Series) -> Mask:
    mask = np.zeros(len(energy), dtype=np.bool_)
    mask[rows] = True
    return mask


def _silence_before(energy: Series, known: Index, flows: Flows) -> Slots:
    """Since when each known row's channel had been silent: missing or 0; its own start where it was not."""
    flowing = np.where(energy[known] > 0, np.arange(len(known)), -1)
    last = np.append(-1, np.maximum.accumulate(flowing)[:-1])
    ended = flows.end_utc[known[np.maximum(last, 0)]]
    return np.asarray(np.where(last >= 0, ended, flows.start_utc[known[0]]))


def _refuse_zero_days(flows: Flows, energies: Mapping[Channel, Series], book: Book, tz: ZoneInfo) -> None:
    """Channels that are 0 all day long although the balance, or the days around, say that they were not."""
    if not len(flows):
        return
    days = (flows.start_utc + utc_offsets(flows.start_utc, tz)) // DAY_SECONDS
    _, at = np.unique(days, return_inverse=True)
    daily = {channel: _sums(at, energy) for channel, energy in energies.items()}
    rows = {channel: np.bincount(at, np.isfinite(energy)) for channel, energy in energies.items()}
    for channel, energy in energies.items():
        still = (rows[channel] > 0) & (daily[channel] == 0)
        if not still.any():
            continue
        if not (daily[channel] > 0).any():
            refused = still
        elif channel in BALANCE_SIGN:
            refused = still & _missed(channel, daily)
        else:
            refused = still & _stopped(daily[channel], rows[channel] > 0, daily.get(Channel.LOAD))
        _refuse(energy, refused[at] & np.isfinite(energy), Reason.ZERO_DAY, channel, flows, book)


def _sums(at: Index, energy: Series) -> Series:
    return np.bincount(at, np.nan_to_num(energy)).astype(np.float64)


def _missed(channel: Channel, daily: Mapping[Channel, Series]) -> Mask:
    """Days whose balance lacks just what this channel would have to be; shape (days,)."""
    residual = np.zeros(len(daily[channel]))
    moved = np.zeros(len(residual))
    for other, sign in BALANCE_SIGN.items():
        if other in daily:
            residual += sign * daily[other]
            moved += daily[other]
    lacking = -BALANCE_SIGN[channel] * residual
    return np.asarray((lacking > MISSING_KWH) & (lacking > MISSING_SHARE * moved))


def _stopped(daily: Series, known: Mask, load: Series | None) -> Mask:
    """Days that stand still among days that nearly all flow, though the home was not asleep; shape (days,)."""
    flowing = daily > 0
    if known.sum() < FEW_DAYS or flowing.sum() < FLOWING_DAYS * known.sum():
        return np.zeros(len(daily), dtype=np.bool_)
    if load is None:
        return np.ones(len(daily), dtype=np.bool_)
    return np.asarray(load >= QUIET_DAY * np.median(load[flowing]))
