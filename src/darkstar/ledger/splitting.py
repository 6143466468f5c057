"""Lays what is known by the hour over the hour's quarters, coherently for all channels.

Each hour's rest is split so that the quarters sum to it exactly: sun by the sun's course and the sky of the hours
around; a battery that took what sun the home left over by that; what comes in from the grid and goes out to it by the
balance with all other channels, where their quarters allow it; the others by the course of the hours around
(`course.py`), evenly where these say nothing. A channel whose hours alone are known follows the measured quarters of
all others. A channel without meters is what the balance leaves of the others, by the hour where only hours are known.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from darkstar.domain.channels import BALANCE_SIGN, Channel
from darkstar.domain.slots import SLOTS_PER_HOUR
from darkstar.ledger.combining import ChannelEvidence
from darkstar.ledger.course import APPLIANCES, course, drift, under_sky
from darkstar.ledger.evidence import Method, Source
from darkstar.ledger.resolved import ChannelSlots, Flag

Series = NDArray[np.float64]
Mask = NDArray[np.bool_]

GRID = (Channel.IMPORT, Channel.EXPORT)
BATTERY = (Channel.BATT_CHARGE, Channel.BATT_DISCHARGE)
EPSILON_KWH = 1e-9
SAME = 0.85
"""Two energies of an hour are about the same if the smaller is this share of the larger."""


@dataclass
class _Books:
    """All channels while their hours are being split.

    Attributes:
        energy: by channel (h, 4) [kWh]; rest: (h,) what the hour's unknown quarters sum to, NaN where not known.
    """

    energy: dict[Channel, Series]
    rest: dict[Channel, Series]
    slots: dict[Channel, ChannelSlots]


def settle(
    evidence: Mapping[Channel, ChannelEvidence], sun: Series, limits_kwh: Mapping[Channel, float]
) -> dict[Channel, ChannelSlots]:
    """All channels by the quarter.

    Args:
        evidence: of every channel, over the same n slots of whole hours.
        sun: (n,) sine of the sun's elevation, zero at night.
        limits_kwh: most energy that a channel carries in a slot.
    """
    books = _Books(
        {c: e.slots.energy_kwh.reshape(-1, SLOTS_PER_HOUR).copy() for c, e in evidence.items()},
        {c: e.rest_kwh.copy() for c, e in evidence.items()},
        {c: e.slots for c, e in evidence.items()},
    )
    coarse = {c: np.isnan(books.energy[c]) & np.isfinite(books.rest[c])[:, None] for c in evidence}
    clear = sun.reshape(-1, SLOTS_PER_HOUR)
    for channel in evidence:
        _split(books, channel, coarse[channel], clear, limits_kwh[channel])
    _close(books, coarse, limits_kwh)
    _derive(books, clear)
    _follow_surplus(books, coarse, limits_kwh)
    _follow_balance(books, coarse)
    for channel in evidence:
        books.slots[channel].energy_kwh[:] = books.energy[channel].ravel()
    return books.slots


def _split(books: _Books, channel: Channel, coarse: Mask, clear: Series, limit_kwh: float) -> None:
    """Lay the hours' rests over their unknown quarters by the channel's course, evenly where that cannot be."""
    rows = coarse.any(axis=1)
    if not rows.any():
        return
    hours = _hours(books, channel)
    laid = _laid(channel, hours, clear)[rows]
    open_quarters = coarse[rows]
    weights = np.where(open_quarters, np.nan_to_num(laid), 0.0)
    finer = ~open_quarters.all(axis=1)
    none = (weights.sum(axis=1) <= 0) | (laid > limit_kwh).any(axis=1)
    if channel is not Channel.PV:
        none |= finer
    weights[none] = open_quarters[none]
    share = weights / weights.sum(axis=1, keepdims=True)
    books.energy[channel][rows] = np.where(
        open_quarters, books.rest[channel][rows][:, None] * share, books.energy[channel][rows]
    )
    by_course, says_nothing = _method(channel, laid, clear[rows])
    method = np.where(none | says_nothing, Method.SPLIT_EVEN, by_course)
    method = np.where(finer, Method.SPLIT_READINGS, method)
    _name(books, channel, coarse, np.repeat(method[:, None], SLOTS_PER_HOUR, axis=1)[open_quarters])


def _method(channel: Channel, laid: Series, clear: Series) -> tuple[Method, Mask]:
    """How a channel is laid, and the hours whose course is even all the same."""
    if channel is Channel.PV:
        return Method.SPLIT_SUN, np.asarray(clear.sum(axis=1) <= 0)
    return Method.SPLIT_PROFILE, np.asarray((laid == laid[:, :1]).all(axis=1))


def _hours(books: _Books, channel: Channel) -> Series:
    """(h,) totals, NaN where they are not known by the hour."""
    spread = (books.slots[channel].flags & Flag.SPREAD).reshape(-1, SLOTS_PER_HOUR) != 0
    energy = np.where(spread, np.nan, books.energy[channel])
    in_quarters = np.where(np.isfinite(energy), energy, 0.0).sum(axis=1) + books.rest[channel]
    return np.asarray(np.where(np.isfinite(energy).all(axis=1), energy.sum(axis=1), in_quarters))


def _laid(channel: Channel, hour_kwh: Series, clear: Series) -> Series:
    """(h, 4) the hours over their quarters; what is fed into the grid follows the sun, which nobody switches."""
    if channel is Channel.PV:
        return under_sky(hour_kwh, clear)
    if channel is Channel.EXPORT:
        return drift(hour_kwh)
    return course(hour_kwh, APPLIANCES if channel in (Channel.LOAD, Channel.IMPORT) else 0.0)


def _name(books: _Books, channel: Channel, where: Mask, method: NDArray[np.int64] | Method) -> None:
    books.slots[channel].method[where.ravel()] = method


def _close(books: _Books, coarse: Mapping[Channel, Mask], limits_kwh: Mapping[Channel, float]) -> None:
    """Lay the one channel known by the hour as the measured quarters of all others leave it."""
    by_slot = {c: np.isfinite(books.energy[c]).all(axis=1) & ~coarse[c].any(axis=1) for c in BALANCE_SIGN}
    for channel, sign in BALANCE_SIGN.items():
        others = [c for c in BALANCE_SIGN if c is not channel]
        rows = np.flatnonzero(coarse[channel].all(axis=1) & np.all([by_slot[c] for c in others], axis=0))
        left: Series = np.sum([-sign * BALANCE_SIGN[c] * books.energy[c][rows] for c in others], axis=0)
        hour = books.rest[channel][rows]
        # Where the hour's meter says more or less than that, the difference lies evenly over it.
        laid = left + (hour - left.sum(axis=1))[:, None] / SLOTS_PER_HOUR
        _accept(books, channel, rows, laid, limits_kwh[channel])


def _accept(books: _Books, channel: Channel, rows: NDArray[np.intp], laid: Series, limit_kwh: float) -> None:
    """Take the quarters that the balance gives hours, where a meter can have shown them; (rows, 4)."""
    possible = ((laid >= -EPSILON_KWH) & (laid <= limit_kwh)).all(axis=1) & (laid.sum(axis=1) > 0)
    chosen, weights = rows[possible], np.maximum(laid[possible], 0.0)
    share = weights / weights.sum(axis=1, keepdims=True)
    books.energy[channel][chosen] = books.rest[channel][chosen, None] * share
    where: Mask = np.zeros(books.energy[channel].shape, dtype=np.bool_)
    where[chosen] = True
    _name(books, channel, where, Method.SPLIT_BALANCE)


def _derive(books: _Books, clear: Series) -> None:
    """The one channel that the others leave open, quarter by quarter.

    Where the others are known by the hour only, so is what they leave: it is laid by its own course, for the quarters
    of the others are no measurement.
    """
    energies = np.stack([books.energy[c] for c in BALANCE_SIGN])
    open_count = np.isnan(energies).sum(axis=0)
    for place, (channel, sign) in enumerate(BALANCE_SIGN.items()):
        alone = np.isnan(energies[place]) & (open_count == 1)
        if not alone.any():
            continue
        others = sum(s * np.nan_to_num(books.energy[c]) for c, s in BALANCE_SIGN.items() if c is not channel)
        found = np.asarray(-sign * others)
        whole = alone.all(axis=1) & _any_split(books, channel)
        total = found.sum(axis=1)
        hours = np.where(alone.all(axis=1), np.maximum(total, 0.0), _hours(books, channel))
        by_course = _laid(channel, hours, clear)
        found[whole] = np.where(total < 0, total / SLOTS_PER_HOUR, by_course.T).T[whole]
        clipped = alone & (found < -EPSILON_KWH)
        books.energy[channel][alone] = np.maximum(found, 0.0)[alone]
        slots = books.slots[channel]
        slots.source[alone.ravel()] = Source.BALANCE
        _name(books, channel, alone, Method.BALANCE)
        slots.flags[clipped.ravel()] |= Flag.CLIPPED


def _any_split(books: _Books, channel: Channel) -> Mask:
    """(h,) hours in which another channel's quarters were split from their hour."""
    split = np.zeros(len(books.rest[channel]), dtype=np.bool_)
    for other in BALANCE_SIGN:
        if other is not channel:
            split |= np.isfinite(books.rest[other])
    return split


def _follow_surplus(
    books: _Books, coarse: Mapping[Channel, Mask], limits_kwh: Mapping[Channel, float]
) -> None:
    """A battery that took about all of an hour's surplus of sun, or gave its lack, did so quarter by quarter."""
    surplus = books.energy[Channel.PV] - books.energy[Channel.LOAD]
    for channel, sign in zip(BATTERY, (1, -1), strict=True):
        offered = np.maximum(sign * surplus, 0.0)
        hour, offer = books.rest[channel], offered.sum(axis=1)
        about = coarse[channel].all(axis=1) & (np.minimum(hour, offer) > SAME * np.maximum(hour, offer))
        rows = np.flatnonzero(about)
        _accept(
            books, channel, rows, hour[rows, None] * offered[rows] / offer[rows, None], limits_kwh[channel]
        )


def _follow_balance(books: _Books, coarse: Mapping[Channel, Mask]) -> None:
    """Lay import and export of an hour so that every quarter balances, where both hours' totals allow it."""
    free = [
        coarse[c].all(axis=1)
        | (books.slots[c].source == Source.ABSENT).reshape(-1, SLOTS_PER_HOUR).all(axis=1)
        for c in GRID
    ]
    split: list[Mask] = [np.asarray(coarse[c].all(axis=1)) for c in GRID]
    others = [c for c in BALANCE_SIGN if c not in GRID]
    known = np.all([np.isfinite(books.energy[c]).all(axis=1) for c in (*others, *GRID)], axis=0)
    hours = np.flatnonzero(free[0] & free[1] & (split[0] | split[1]) & known)
    if not len(hours):
        return
    bought, sold = (np.asarray(books.energy[c][hours].sum(axis=1)) for c in GRID)
    needed: Series = np.sum([-BALANCE_SIGN[c] * books.energy[c][hours] for c in others], axis=0)
    needed = needed + ((bought - sold - needed.sum(axis=1)).reshape(-1, 1) / SLOTS_PER_HOUR)
    both_ways: Series = bought - np.maximum(needed, 0.0).sum(axis=1)
    possible: Mask = np.asarray(both_ways >= -EPSILON_KWH)
    aside = np.maximum(both_ways, 0.0).reshape(-1, 1) / SLOTS_PER_HOUR
    for channel, sign in zip(GRID, (1, -1), strict=True):
        chosen = np.flatnonzero(possible & split[GRID.index(channel)][hours])
        rows = hours[chosen]
        books.energy[channel][rows] = (np.maximum(sign * needed, 0.0) + aside)[chosen]
        where: Mask = np.zeros(books.energy[channel].shape, dtype=np.bool_)
        where[rows] = True
        _name(books, channel, where, Method.SPLIT_BALANCE)
