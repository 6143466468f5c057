"""Rows on a wrong clock, rows told twice, and rows whose end is not to be believed."""

from dataclasses import replace
from zoneinfo import ZoneInfo

import numpy as np

from darkstar.domain.slots import HOUR_SECONDS, SLOT_SECONDS
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
)
from darkstar.ledger.old_rows.shifts import moves


def settle_clocks(rows: OldRows, book: Book, tz: ZoneInfo, latitude: float, longitude: float) -> OldRows:
    """The rows that begin on a quarter of an hour, on the right clock, each instant once, in time order."""
    readable = rows.start_utc != NO_TIME
    book.note_rows(Reason.NO_TIME, rows.number[~readable])
    on_grid = readable & (rows.start_utc % SLOT_SECONDS == 0)
    book.note_rows(Reason.OFF_GRID, rows.number[readable & ~on_grid])
    rows = rows.take(on_grid)
    book.note_rows(Reason.NAIVE_TIME, rows.number[rows.clock == Clock.NAIVE])
    book.note_rows(Reason.EPOCH_TIME, rows.number[rows.clock == Clock.EPOCH_FINER])
    by = moves(rows, tz, latitude, longitude)
    moved = by != 0
    book.note_energies(Reason.SHIFTED, rows.number[moved])
    book.note(Reason.SHIFTED, SOC, rows.number[moved])
    for price in (IMPORT_PRICE, EXPORT_PRICE):
        book.note(Reason.PRICE_CLOCK, price, rows.number[moved])
    priced = replace(
        rows.moved(by),
        import_price=np.where(moved, np.nan, rows.import_price),
        export_price=np.where(moved, np.nan, rows.export_price),
    )
    return _each_once(priced, moved, book)


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
