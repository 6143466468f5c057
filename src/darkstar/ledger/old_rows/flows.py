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
STEPS_OF_SILENCE = 6
"""A meter that counts whole kWh stands still for hours: silence is longer than so many of its steps usually take."""
SMALLEST_QUANTILE = 0.01
LUMP_LACKED = (0.4, 1.3)
"""Share of a lump that the balance lacked before it: some of it is the row's own, and no balance closes quite."""
LONGEST_LUMP_S = DAY_SECONDS
"""A lump of a longer silence says too little about any of its slots."""
USUAL_QUANTILE = 0.99
FAR_ABOVE = 2.0
MISSING_SHARE = 0.05
"""Share of a day's energy that a channel must be missing from the balance before its zero is disbelieved."""
MISSING_KWH = 0.5
USUAL_RESIDUAL = 0.9
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
    starts = _settle_heights(flows, energies, book, limits_kwh)
    _refuse_zero_days(flows, energies, book, tz)
    return {
        channel: Intervals(starts[channel][known], flows.end_utc[known], energy[known])
        for channel, energy in energies.items()
        if (known := np.isfinite(energy)).any()
    }


def _refuse(energy: Series, these: Mask, reason: Reason, channel: Channel, flows: Flows, book: Book) -> None:
    book.note(reason, channel.value, flows.number[these].ravel())
    energy[these] = np.nan


def _silent(flows: Flows, energies: Mapping[Channel, Series]) -> Mask:
    """Rows in which every known channel is 0, the home's own draw among them, for an hour or longer."""
    known = np.zeros(len(flows), dtype=np.int64)
    moving = np.zeros(len(flows), dtype=np.bool_)
    for energy in energies.values():
        known += np.isfinite(energy)
        moving |= np.nan_to_num(energy) != 0
    if Channel.LOAD not in energies:
        return np.zeros(len(flows), dtype=np.bool_)
    still = (known > 1) & np.isfinite(energies[Channel.LOAD]) & ~moving
    run = _runs(still, flows)
    length = np.bincount(run[still], flows.seconds[still], minlength=len(flows) + 1)
    return np.asarray(still & (length[run] >= max(SILENCE_S, STEPS_OF_SILENCE * _step_s(flows, energies))))


def _step_s(flows: Flows, energies: Mapping[Channel, Series]) -> float:
    """How long the home takes on average to move a meter by its smallest step [s]; 0 where nothing moves."""
    moved = np.sum([np.nan_to_num(energy) for energy in energies.values()], axis=0)
    moving = moved > 0
    if not moving.any():
        return 0.0
    return float(np.quantile(moved[moving], SMALLEST_QUANTILE) / moved.sum() * flows.seconds.sum())


def _runs(chosen: Mask, flows: Flows) -> Index:
    """A number for each run of chosen rows that follow one another without a hole; shape (m,)."""
    breaks = np.ones(len(flows), dtype=np.bool_)
    breaks[1:] = (flows.start_utc[1:] != flows.end_utc[:-1]) | (chosen[1:] != chosen[:-1])
    return np.asarray(np.cumsum(breaks))


def _settle_heights(
    flows: Flows, energies: Mapping[Channel, Series], book: Book, limits_kwh: Mapping[Channel, float]
) -> dict[Channel, Slots]:
    """Rows higher than the channel can be: a counter, a lump of the silence before it, or nonsense.

    Returns:
        By channel the start of what each row holds (m,): earlier than the row's own where it is a lump.
    """
    starts = {channel: flows.start_utc.copy() for channel in energies}
    unheard = _unheard_since(flows, energies)
    late = _late_rows(flows, energies, limits_kwh, unheard)
    for channel, energy in energies.items():
        limit = limits_kwh[channel]
        high = np.isfinite(energy) & (energy > limit * flows.seconds / SLOT_SECONDS)
        hole = unheard < flows.start_utc
        since = np.where(hole, unheard, _silent_since(energy, flows))
        lump = (high | late) & _fits(flows, energy, since, limit) & np.isfinite(energy)
        lump &= hole | _lacked(channel, energy, energies, since, flows)
        for row in np.flatnonzero(lump).tolist():
            zeros = np.flatnonzero((flows.start_utc >= since[row]) & (flows.start_utc < flows.start_utc[row]))
            book.note(Reason.LUMP, channel.value, flows.number[np.append(zeros, row)].ravel())
            energy[zeros] = np.nan
            starts[channel][row] = since[row]
        known = np.flatnonzero(np.isfinite(energy))
        counter = np.zeros(len(flows), dtype=np.bool_)
        counter[known[:1]] = (high & ~lump)[known[:1]]
        _refuse(energy, counter, Reason.FIRST_COUNTER, channel, flows, book)
        _refuse(energy, high & ~lump & ~counter, Reason.IMPLAUSIBLE, channel, flows, book)
    return starts


def _lacked(
    channel: Channel, energy: Series, energies: Mapping[Channel, Series], since: Slots, flows: Flows
) -> Mask:
    """Rows whose energy the balance lacked, most of it, while the channel stood at 0 before them; shape (m,)."""
    if channel not in BALANCE_SIGN:
        return np.zeros(len(flows), dtype=np.bool_)
    sign = BALANCE_SIGN[channel]
    lacking = np.nan_to_num(sign * energy - _residual(energies)) * sign
    upto = np.append(0.0, np.cumsum(lacking))
    first = np.searchsorted(flows.start_utc, since)
    lacked = upto[:-1] - upto[first]
    least, most = LUMP_LACKED
    return np.asarray((lacked >= least * np.nan_to_num(energy)) & (lacked <= most * np.nan_to_num(energy)))


def _residual(energies: Mapping[Channel, Series]) -> Series:
    """Sources less uses of each row; NaN where one of them is not known; shape (m,)."""
    signed = [BALANCE_SIGN[c] * energy for c, energy in energies.items() if c in BALANCE_SIGN]
    return np.asarray(np.sum(signed, axis=0))


def _fits(flows: Flows, energy: Series, since: Slots, limit_kwh: float) -> Mask:
    """Rows whose energy the channel carries in the time since then, which is longer than the row and not too long."""
    span = flows.end_utc - since
    longer = (since < flows.start_utc) & (span <= LONGEST_LUMP_S)
    return np.asarray(longer & (np.nan_to_num(energy) <= limit_kwh * span / SLOT_SECONDS))


def _late_rows(
    flows: Flows, energies: Mapping[Channel, Series], limits_kwh: Mapping[Channel, float], unheard: Slots
) -> Mask:
    """First rows after a hole in which a channel is far above its usual height: the writer booked the hole there."""
    late = np.zeros(len(flows), dtype=np.bool_)
    for channel, energy in energies.items():
        flowing = energy > 0
        if flowing.any():
            quarters = energy / (flows.seconds / SLOT_SECONDS)
            usual = float(np.quantile(quarters[flowing], USUAL_QUANTILE))
            far_above = flowing & (quarters > FAR_ABOVE * usual)
            late |= far_above & _fits(flows, energy, unheard, min(usual, limits_kwh[channel]))
    return late


def _unheard_since(flows: Flows, energies: Mapping[Channel, Series]) -> Slots:
    """The end of the last row before each of which anything is known; its own start for the first; shape (m,)."""
    heard = np.zeros(len(flows), dtype=np.bool_)
    for energy in energies.values():
        heard |= np.isfinite(energy)
    return _end_of_last(heard, flows)


def _silent_since(energy: Series, flows: Flows) -> Slots:
    """The end of the last row before each in which the channel flowed; its own start for the first; shape (m,)."""
    return _end_of_last(energy > 0, flows)


def _end_of_last(chosen: Mask, flows: Flows) -> Slots:
    last = np.append(-1, np.maximum.accumulate(np.where(chosen, np.arange(len(flows)), -1)))[:-1]
    return np.asarray(np.where(last >= 0, flows.end_utc[last], flows.start_utc))


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
            refused = still & _missed(channel, energies, at)
        else:
            refused = still & _stopped(daily[channel], rows[channel] > 0, daily.get(Channel.LOAD))
        _refuse(energy, refused[at] & np.isfinite(energy), Reason.ZERO_DAY, channel, flows, book)


def _sums(at: Index, energy: Series) -> Series:
    return np.bincount(at, np.nan_to_num(energy)).astype(np.float64)


def _missed(channel: Channel, energies: Mapping[Channel, Series], at: Index) -> Mask:
    """Days whose balance lacks what this channel would have to be, by far more than it does on others; shape (days,).

    What a home does not measure is lacking every day, and tells nothing of this one.

    Args:
        at: (m,) the day of each row.
    """
    residual = _residual(energies)
    complete = np.isfinite(residual)
    moved = np.sum([np.nan_to_num(e) for c, e in energies.items() if c in BALANCE_SIGN], axis=0)
    lacking = _sums(at, -BALANCE_SIGN[channel] * residual)
    usual = np.quantile(np.abs(lacking[_sums(at, energies[channel]) > 0]), USUAL_RESIDUAL)
    share = MISSING_SHARE * _sums(at, np.where(complete, moved, 0.0))
    return np.asarray(lacking > np.maximum(np.maximum(MISSING_KWH, share), FAR_ABOVE * usual))


def _stopped(daily: Series, known: Mask, load: Series | None) -> Mask:
    """Days that stand still among days that nearly all flow, though the home was not asleep; shape (days,)."""
    flowing = daily > 0
    if known.sum() < FEW_DAYS or flowing.sum() < FLOWING_DAYS * known.sum():
        return np.zeros(len(daily), dtype=np.bool_)
    if load is None:
        return np.ones(len(daily), dtype=np.bool_)
    return np.asarray(load >= QUIET_DAY * np.median(load[flowing]))
