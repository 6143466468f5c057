"""Lays what is known by the hour over the hour's quarters, coherently for all channels.

Each hour's rest is split so that the quarters sum to it exactly: sun by the sun's course; what comes in from the grid
and goes out to it by the balance with all other channels, where their quarters allow it; the others evenly. A channel
without meters is what the balance leaves of the others, by the hour where only hours are known.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from darkstar.domain.channels import BALANCE_SIGN, Channel
from darkstar.domain.slots import SLOTS_PER_HOUR
from darkstar.ledger.combining import ChannelEvidence
from darkstar.ledger.evidence import Method, Source
from darkstar.ledger.resolved import ChannelSlots, Flag

Series = NDArray[np.float64]
Mask = NDArray[np.bool_]

GRID = (Channel.IMPORT, Channel.EXPORT)
EPSILON_KWH = 1e-9


@dataclass
class _Books:
    """All channels while their hours are being split.

    Attributes:
        energy: by channel (h, 4) [kWh]; rest: (h,) what the hour's unknown quarters sum to, NaN where not known.
    """

    energy: dict[Channel, Series]
    rest: dict[Channel, Series]
    slots: dict[Channel, ChannelSlots]


def settle(evidence: Mapping[Channel, ChannelEvidence], sun: Series) -> dict[Channel, ChannelSlots]:
    """All channels by the quarter.

    Args:
        evidence: of every channel, over the same n slots of whole hours.
        sun: (n,) sine of the sun's elevation, zero at night.
    """
    books = _Books(
        {c: e.slots.energy_kwh.reshape(-1, SLOTS_PER_HOUR).copy() for c, e in evidence.items()},
        {c: e.rest_kwh.copy() for c, e in evidence.items()},
        {c: e.slots for c, e in evidence.items()},
    )
    coarse = {c: np.isnan(books.energy[c]) & np.isfinite(books.rest[c])[:, None] for c in evidence}
    course = sun.reshape(-1, SLOTS_PER_HOUR)
    for channel in evidence:
        weights = course if channel is Channel.PV else np.zeros_like(course)
        _split(books, channel, coarse[channel], weights)
    _derive(books)
    _follow_balance(books, coarse)
    for channel in evidence:
        books.slots[channel].energy_kwh[:] = books.energy[channel].ravel()
    return books.slots


def _split(books: _Books, channel: Channel, coarse: Mask, weights: Series) -> None:
    """Lay the hours' rests over their unknown quarters by weights, evenly where these are all zero."""
    rows = coarse.any(axis=1)
    if not rows.any():
        return
    open_quarters = coarse[rows]
    by_weight = np.where(open_quarters, weights[rows], 0.0)
    total = by_weight.sum(axis=1, keepdims=True)
    dark = total[:, 0] <= 0
    by_weight[dark] = open_quarters[dark]
    share = by_weight / by_weight.sum(axis=1, keepdims=True)
    books.energy[channel][rows] = np.where(
        open_quarters, books.rest[channel][rows][:, None] * share, books.energy[channel][rows]
    )
    finer = ~open_quarters.all(axis=1)
    method = np.where(dark, Method.SPLIT_EVEN, Method.SPLIT_SUN)
    method = np.where(finer, Method.SPLIT_READINGS, method)
    _name(books, channel, coarse, np.repeat(method[:, None], SLOTS_PER_HOUR, axis=1)[open_quarters])


def _name(books: _Books, channel: Channel, where: Mask, method: NDArray[np.int64] | Method) -> None:
    books.slots[channel].method[where.ravel()] = method


def _derive(books: _Books) -> None:
    """The one channel that the others leave open, quarter by quarter.

    Where the others are known by the hour only, so is what they leave: it is laid evenly over the hour, for the
    quarters of the others are no measurement.
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
        found[whole] = found[whole].mean(axis=1, keepdims=True)
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
