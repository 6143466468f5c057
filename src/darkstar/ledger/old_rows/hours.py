"""Rows that hold a whole hour, hours that were cut into four, and hours that were cut once too often.

A row at :00 that ends an hour later is one of three things: the hour itself; the hour beside quarters that are in it; a
quarter whose end nobody corrected when the hour was cut. Four equal quarters know no more than their hour, so the hour
is what is taken, and `splitting.py` lays it over the quarters better than evenly.
"""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np

from darkstar.domain.channels import BALANCE_SIGN, Channel
from darkstar.domain.slots import (
    DAY_SECONDS,
    HOUR_SECONDS,
    SLOT_SECONDS,
    SLOTS_PER_HOUR,
    Slots,
    utc_offsets,
)
from darkstar.ledger.old_rows.reasons import Reason
from darkstar.ledger.old_rows.rows import Book, Flows, Index, Mask, OldRows, Series

EXACT = 1e-6
"""Relative difference that arithmetic with rounded numbers leaves."""
RESOLUTION_KWH = 1e-3
LUMPED_HOURS = 6
"""Hours of one day that flow at :00 alone, from which on that is no chance."""
MOSTLY = 0.9
CUTS = (4.0, 16.0)
CLOSES = 0.02
"""A balance that closes to within this share was not closed by chance."""
FLOOR_QUANTILE = 0.02
FAR_BELOW = 0.5
FEW_KNOWN_HOURS = 72
DAY_SHARE = 0.4


@dataclass(frozen=True)
class _Grid:
    """Rows by hour and quarter.

    Attributes:
        hour: (h,) start of each hour that has a row. row: (h, 4) the row of each quarter, -1 where there is none.
        claims: (h,) the row at :00 ends an hour later. energy: by channel (h, 4), NaN where not known.
    """

    hour: Slots
    row: Index
    claims: Mask
    energy: dict[Channel, Series]

    @property
    def present(self) -> Mask:
        return self.row >= 0

    def rows_of(self, hours: Mask, quarters: slice = slice(None)) -> Index:
        rows = self.row[hours, quarters].ravel()
        return rows[rows >= 0]


def settle_hours(rows: OldRows, claims: Mask, book: Book, tz: ZoneInfo) -> Flows:
    """Energies of whole hours and of quarters, in time order and not overlapping.

    Args:
        rows: by start, each start once. claims: (n,) rows at :00 that end an hour later.
    """
    grid = _grid(rows, claims)
    exploded = _all_equal(grid)
    days = (grid.hour + utc_offsets(grid.hour, tz)) // DAY_SECONDS
    alone = grid.claims & ~grid.present[:, 1:].any(axis=1)
    beside = grid.claims & ~alone & ~exploded
    whole = beside & _by_day(_holds_the_others(grid), beside, days)
    book.note_energies(Reason.STALE_END, rows.number[grid.rows_of(beside & ~whole, slice(0, 1))])
    _lower_first_quarter(grid, whole)
    in_full = whole & _quarters_tell(grid)
    lumped = ~grid.claims & ~exploded & _lumped(grid, days)
    for reason, hours in ((Reason.EXPLODED, exploded), (Reason.WHOLE_HOUR, whole), (Reason.LUMPED, lumped)):
        book.note_energies(reason, rows.number[grid.rows_of(hours)])
    _undo_cuts(grid, exploded, rows, book, days)
    return _flows(grid, rows, exploded | (whole & ~in_full) | lumped | alone, exploded)


def _grid(rows: OldRows, claims: Mask) -> _Grid:
    hour, at = np.unique(rows.start_utc // HOUR_SECONDS * HOUR_SECONDS, return_inverse=True)
    quarter = rows.start_utc % HOUR_SECONDS // SLOT_SECONDS
    row = np.full((len(hour), SLOTS_PER_HOUR), -1, dtype=np.intp)
    row[at, quarter] = np.arange(len(rows))
    energy = {}
    for channel, values in rows.energy_kwh.items():
        energy[channel] = np.full(row.shape, np.nan)
        energy[channel][at, quarter] = values
    long = np.zeros(len(hour), dtype=np.bool_)
    long[at[claims]] = True
    return _Grid(hour, row, long, energy)


def _all_equal(grid: _Grid) -> Mask:
    """Hours whose four quarters are equal in every channel, and not all nothing."""
    equal = grid.present.all(axis=1)
    flows = np.zeros(len(grid.hour), dtype=np.bool_)
    for energy in grid.energy.values():
        known = np.isfinite(energy)
        close = np.isclose(energy, energy[:, :1], rtol=EXACT, atol=1e-9, equal_nan=True).all(axis=1)
        equal &= close & (known.all(axis=1) | ~known.any(axis=1))
        flows |= (np.nan_to_num(energy) > 0).any(axis=1)
    return equal & flows


def _holds_the_others(grid: _Grid) -> Mask:
    """Hours whose row at :00 is no less than the other quarters together, in every channel that it knows."""
    holds = np.ones(len(grid.hour), dtype=np.bool_)
    flows = np.zeros(len(grid.hour), dtype=np.bool_)
    for energy in grid.energy.values():
        first, others = energy[:, 0], np.nansum(energy[:, 1:], axis=1)
        holds &= np.isnan(first) | (first >= others * (1 - EXACT) - RESOLUTION_KWH)
        flows |= np.nan_to_num(first) > 0
    return holds & flows


def _by_day(holds: Mask, asked: Mask, days: Slots) -> Mask:
    """Hours of the days whose asked ones hold their quarters nearly all: one writer wrote the day in one manner."""
    _, at = np.unique(days, return_inverse=True)
    asked_of, holding = np.bincount(at, asked), np.bincount(at, asked & holds)
    return np.asarray(holds & (holding >= MOSTLY * asked_of)[at])


def _lower_first_quarter(grid: _Grid, whole: Mask) -> None:
    """Where the row at :00 holds the hour and all three others are known, what they leave is its own quarter."""
    others = np.sum([np.nan_to_num(energy[:, 1:]).sum(axis=1) for energy in grid.energy.values()], axis=0)
    for energy in grid.energy.values():
        known = np.isfinite(energy).all(axis=1)
        tells = whole & known & ((others > 0) | (energy[:, 0] == 0))
        energy[tells, 0] = np.maximum(energy[tells, 0] - energy[tells, 1:].sum(axis=1), 0.0)
        rest = whole & ~tells
        energy[rest, 1:] = np.nan


def _quarters_tell(grid: _Grid) -> Mask:
    """Whole hours of which every channel that flows is known by the quarter, and not evenly."""
    tells = grid.present.all(axis=1)
    uneven = np.zeros(len(grid.hour), dtype=np.bool_)
    for energy in grid.energy.values():
        known = np.isfinite(energy).all(axis=1)
        nothing = np.isnan(energy[:, 0]) | (energy[:, 0] == 0)
        tells &= known | nothing
        uneven |= known & ~np.isclose(energy, energy[:, :1], rtol=1e-4, atol=1e-9).all(axis=1)
    return tells & uneven


def _lumped(grid: _Grid, days: Slots) -> Mask:
    """Hours of the days on which everything flows in the rows at :00, as no home does."""
    _, at = np.unique(days, return_inverse=True)
    first = np.zeros(len(grid.hour))
    others = np.zeros(len(grid.hour))
    for energy in grid.energy.values():
        first += np.nan_to_num(energy[:, 0])
        others += np.nan_to_num(energy[:, 1:]).sum(axis=1)
    hours = np.bincount(at, first > 0)
    lumped = (hours >= LUMPED_HOURS) & (np.bincount(at, others) == 0)
    return np.asarray(lumped[at] & (grid.row[:, 0] >= 0))


def _undo_cuts(grid: _Grid, exploded: Mask, rows: OldRows, book: Book, days: Slots) -> None:
    """Find hours that were cut once too often: load alone by the balance, all channels by how little the home draws."""
    load = grid.energy.get(Channel.LOAD)
    if load is None or not exploded.any():
        return
    hourly = load.sum(axis=1)
    others = _load_by_balance(grid)
    apart = np.abs(hourly - others) > CLOSES * np.abs(others) + RESOLUTION_KWH
    undone = np.zeros(len(hourly), dtype=np.bool_)
    for cut in CUTS:
        closes = np.abs(hourly * cut - others) <= CLOSES * np.abs(others) + RESOLUTION_KWH
        found = exploded & apart & closes & (hourly > 0) & ~undone
        load[found] *= cut
        undone |= found
    book.note(Reason.DIVIDED_TWICE, Channel.LOAD.value, rows.number[grid.rows_of(undone)])
    unsure = exploded & ~undone & _far_below(load.sum(axis=1), exploded, days)
    book.note_energies(Reason.DIVIDED_UNSURE, rows.number[grid.rows_of(unsure)])
    for energy in grid.energy.values():
        energy[unsure] = np.nan


def _load_by_balance(grid: _Grid) -> Series:
    """What the other channels say that the load was; NaN where the sun or the grid is not known; shape (h,)."""
    total = np.zeros(len(grid.hour))
    for channel, sign in BALANCE_SIGN.items():
        if channel is Channel.LOAD:
            continue
        energy = grid.energy.get(channel)
        if energy is not None:
            total += sign * energy.sum(axis=1)
        elif channel is Channel.IMPORT:
            total[:] = np.nan
    return total


def _far_below(hourly: Series, exploded: Mask, days: Slots) -> Mask:
    """Hours of the days that lie far below the rest of the ledger, and below what the home draws when nobody is up."""
    usual = hourly[~exploded & (hourly > 0)]
    if len(usual) < FEW_KNOWN_HOURS:
        return np.zeros(len(hourly), dtype=np.bool_)
    floor, mean = float(np.quantile(usual, FLOOR_QUANTILE)), float(usual.mean())
    _, at = np.unique(days, return_inverse=True)
    counted = exploded & np.isfinite(hourly)
    hours = np.bincount(at, counted)
    daily = np.bincount(at, np.where(counted, hourly, 0.0)) / np.maximum(hours, 1)
    lowest = np.full(len(hours), np.inf)
    np.minimum.at(lowest, at[counted], hourly[counted])
    low = (daily < DAY_SHARE * mean) & (lowest < FAR_BELOW * floor)
    return np.asarray(low[at])


def _flows(grid: _Grid, rows: OldRows, as_hour: Mask, summed: Mask) -> Flows:
    """One flow an hour where the hour is what is known, else one a quarter."""
    numbers = np.where(grid.present, rows.number[grid.row], -1)
    in_hour, quarter = np.nonzero(grid.present & ~as_hour[:, None])
    hours = np.flatnonzero(as_hour)
    start = np.concatenate([grid.hour[hours], grid.hour[in_hour] + quarter * SLOT_SECONDS])
    seconds = np.where(np.arange(len(start)) < len(hours), HOUR_SECONDS, SLOT_SECONDS)
    single = np.full((len(in_hour), SLOTS_PER_HOUR), -1, dtype=np.intp)
    single[:, 0] = numbers[in_hour, quarter]
    energies = {}
    for channel, energy in grid.energy.items():
        # A whole hour that was lowered to its first quarter is put together again.
        together = summed | np.isfinite(energy).all(axis=1)
        total = np.where(together, energy.sum(axis=1), energy[:, 0])
        energies[channel] = np.concatenate([total[hours], energy[in_hour, quarter]])
    order = np.argsort(start, kind="stable")
    return Flows(
        start[order],
        (start + seconds)[order],
        np.concatenate([numbers[hours], single])[order],
        {channel: energy[order] for channel, energy in energies.items()},
    )
