"""Rows on a wrong clock, and rows told twice.

Writers that compared UTC texts with local texts moved whole days by the zone's offset. The sun bears witness: a roof
yields nothing at night, so where a day's yield lies in the dark as its rows stand, and in daylight once they are moved
by the offset, they were moved. Days without a witness of their own follow the nearest day that has one.
"""

from dataclasses import replace
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from darkstar.domain.channels import Channel
from darkstar.domain.slots import DAY_SECONDS, HOUR_SECONDS, SLOT_SECONDS, Slots, utc_offsets
from darkstar.ledger.old_rows.reasons import Reason
from darkstar.ledger.old_rows.rows import (
    EXPORT_PRICE,
    IMPORT_PRICE,
    NO_TIME,
    SOC,
    Book,
    Clock,
    Index,
    Mask,
    OldRows,
    Series,
)
from darkstar.ledger.sun import sin_elevation

DARK = -0.035
"""Sine of the sun's elevation (2 degrees below the horizon) under which no roof yields anything."""
IN_THE_DARK = 0.002
"""Share of a day's yield that may lie in the dark at most (a wrong minute, a rounding)."""
ROWS_IN_THE_DARK = 2
LEAST_KWH = 0.5
"""A day's yield below which it bears no witness."""
SURELY = 10.0


def settle_clocks(rows: OldRows, book: Book, tz: ZoneInfo, latitude: float, longitude: float) -> OldRows:
    """The rows that begin on a quarter of an hour, on the right clock, each instant once, in time order."""
    readable = rows.start_utc != NO_TIME
    book.note_rows(Reason.NO_TIME, rows.number[~readable])
    on_grid = readable & (rows.start_utc % SLOT_SECONDS == 0)
    book.note_rows(Reason.OFF_GRID, rows.number[readable & ~on_grid])
    rows = rows.take(on_grid)
    book.note_rows(Reason.NAIVE_TIME, rows.number[rows.clock == Clock.NAIVE])
    book.note_rows(Reason.EPOCH_TIME, rows.number[rows.clock == Clock.EPOCH_FINER])
    moves = _moves(rows, tz, latitude, longitude)
    moved = moves != 0
    book.note_energies(Reason.SHIFTED, rows.number[moved])
    book.note(Reason.SHIFTED, SOC, rows.number[moved])
    for price in (IMPORT_PRICE, EXPORT_PRICE):
        book.note(Reason.PRICE_CLOCK, price, rows.number[moved])
    priced = replace(
        rows.moved(moves),
        import_price=np.where(moved, np.nan, rows.import_price),
        export_price=np.where(moved, np.nan, rows.export_price),
    )
    return _each_once(priced, moved, book)


def _moves(rows: OldRows, tz: ZoneInfo, latitude: float, longitude: float) -> Slots:
    """By how many seconds each row is to be moved; shape (n,)."""
    moves = np.zeros(len(rows), dtype=np.int64)
    yields = rows.energy_kwh.get(Channel.PV)
    if yields is None or not len(rows):
        return moves
    offsets = utc_offsets(rows.start_utc, tz)
    days = (rows.start_utc + offsets) // DAY_SECONDS
    for clock in np.unique(rows.clock).tolist():
        of_clock = np.flatnonzero(rows.clock == clock)
        signs = _signs(
            days[of_clock], rows.start_utc[of_clock], offsets[of_clock], yields[of_clock], latitude, longitude
        )
        moves[of_clock] = signs * offsets[of_clock]
    return moves


def _signs(
    days: Slots, start: Slots, offsets: Slots, yields: Series, latitude: float, longitude: float
) -> NDArray[np.int64]:
    """Per row -1, 0 or 1: how many offsets its day is to be moved."""
    yields = np.where(np.isfinite(yields) & (yields > 0), yields, 0.0)
    day, at = np.unique(days, return_inverse=True)
    total = np.bincount(at, yields)
    dark: dict[int, Series] = {}
    for sign in (-1, 0, 1):
        middles = (start + sign * offsets + SLOT_SECONDS / 2).astype(np.float64)
        night = sin_elevation(middles, latitude, longitude) < DARK
        dark[sign] = np.bincount(at, yields * night).astype(np.float64)
        if not sign:
            rows_in_dark = np.bincount(at, (yields > 0) & night)
    told = total >= LEAST_KWH
    allowed = IN_THE_DARK * total
    wrong = told & (dark[0] > allowed) & (rows_in_dark >= ROWS_IN_THE_DARK)
    vote = np.full(len(day), np.nan)
    for sign in (-1, 1):
        vote[wrong & (dark[sign] * SURELY < dark[0]) & (dark[sign] <= allowed)] = sign
    both_wrong = (dark[-1] > allowed) & (dark[1] > allowed)
    vote[told & (dark[0] <= allowed) & both_wrong] = 0
    voted = np.flatnonzero(np.isfinite(vote))
    if not len(voted):
        return np.zeros(len(days), dtype=np.int64)
    after = np.minimum(np.searchsorted(day[voted], day), len(voted) - 1)
    before = np.maximum(after - 1, 0)
    nearer_before = np.abs(day - day[voted[before]]) <= np.abs(day[voted[after]] - day)
    exact = day[voted[after]] == day
    nearest = np.where(nearer_before & ~exact, voted[before], voted[after])
    return vote[nearest].astype(np.int64)[at]


def _each_once(rows: OldRows, moved: Mask, book: Book) -> OldRows:
    """One row an instant: the one that knows most, that was not moved, whose time was written with its offset."""
    known = np.zeros(len(rows), dtype=np.int64)
    for energy in rows.energy_kwh.values():
        known += np.isfinite(energy) & (energy != 0)
    naive = rows.clock == Clock.NAIVE
    order = np.lexsort((rows.number, naive, moved, -known, rows.start_utc))
    rows = rows.take(order)
    again = np.zeros(len(rows), dtype=np.bool_)
    again[1:] = rows.start_utc[1:] == rows.start_utc[:-1]
    kept = np.maximum.accumulate(np.where(again, 0, np.arange(len(rows))))
    same = again & _alike(rows, kept)
    book.note_rows(Reason.DUPLICATE, rows.number[same])
    book.note_rows(Reason.CONTRADICTED, rows.number[again & ~same])
    return rows.take(~again)


def _alike(rows: OldRows, other: Index) -> Mask:
    """Where a row's energies say nothing else than another row's; shape (n,)."""
    alike = np.ones(len(rows), dtype=np.bool_)
    for energy in rows.energy_kwh.values():
        alike &= np.isclose(energy, energy[other], rtol=1e-9, atol=1e-9) | np.isnan(energy)
    return alike


def quarter_ends(rows: OldRows, book: Book) -> tuple[OldRows, Mask]:
    """Rows that hold a quarter or, as their end says, an hour from :00 on; and which of them claim the hour."""
    length = rows.end_utc - rows.start_utc
    unsaid = rows.end_utc == NO_TIME
    quarter = unsaid | (length == SLOT_SECONDS)
    hour = ~unsaid & (length == HOUR_SECONDS)
    elsewhere = (
        ~unsaid & ~quarter & ~hour & np.isin(np.abs(length - SLOT_SECONDS), (HOUR_SECONDS, 2 * HOUR_SECONDS))
    )
    book.note_rows(Reason.OTHER_END, rows.number[elsewhere])
    followed = np.append(np.diff(rows.start_utc) < HOUR_SECONDS, False)
    at_hour = rows.start_utc % HOUR_SECONDS == 0
    stale = hour & ~at_hour & followed
    book.note_rows(Reason.STALE_END, rows.number[stale])
    good = quarter | elsewhere | stale | (hour & at_hour)
    book.note_rows(Reason.ODD_LENGTH, rows.number[~good])
    return rows.take(good), (hour & at_hour)[good]
