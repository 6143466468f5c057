"""Which of an older ledger's prices are sound.

Its writers took `export or import` for a choice, so an export price of zero became the import price; and they wrote 0
where they knew nothing. What the household pays and is paid move together (both follow the market), so within a month
one price tells the other up to the fees: where an import price says that the export price must have been about zero, a
zero is true and a copy of the import price was a zero; where it says otherwise, neither is believed.
"""

from dataclasses import dataclass

import numpy as np

from darkstar.domain.slots import DAY_SECONDS, Slots
from darkstar.ledger.old_rows.reasons import Reason
from darkstar.ledger.old_rows.rows import EXPORT_PRICE, IMPORT_PRICE, Book, Mask, OldRows, Series

PERIOD_S = 30 * DAY_SECONDS
"""Fees and taxes change now and then: prices are compared within about a month."""
FEW = 48
NEAR_ZERO = 0.02
"""Share of the usual import price within which a price counts as about zero."""
FAR_BEYOND = 50.0
COPIED = 0.5
"""Where more than this share of export prices equal the import prices, one column was made from the other."""


@dataclass(frozen=True)
class OldPrices:
    """Sound prices, NaN where there is none; all arrays have shape (n,), by the rows that they came from."""

    start_utc: Slots
    end_utc: Slots
    import_price: Series
    export_price: Series


def settle_prices(rows: OldRows, ends: Slots, book: Book) -> OldPrices:
    """The prices that can be believed.

    Args:
        rows: in time order, each instant once. ends: (n,) the end of each row's time [UTC s].
    """
    bought = rows.import_price.copy()
    sold = rows.export_price.copy()
    for subject, price in ((IMPORT_PRICE, bought), (EXPORT_PRICE, sold)):
        _refuse(price, _far_beyond(price), Reason.PRICE_IMPOSSIBLE, subject, rows, book)
    period = rows.start_utc // PERIOD_S
    for this in np.unique(period).tolist():
        _settle_period(bought, sold, period == this, rows, book)
    return OldPrices(rows.start_utc, ends, bought, sold)


def _refuse(price: Series, these: Mask, reason: Reason, subject: str, rows: OldRows, book: Book) -> None:
    book.note(reason, subject, rows.number[these])
    price[these] = np.nan


def _far_beyond(price: Series) -> Mask:
    known = np.isfinite(price) & (price != 0)
    if not known.any():
        return np.zeros(len(price), dtype=np.bool_)
    return np.asarray(np.abs(np.nan_to_num(price)) > FAR_BEYOND * np.median(np.abs(price[known])))


def _settle_period(bought: Series, sold: Series, inside: Mask, rows: OldRows, book: Book) -> None:
    copied = inside & (bought == sold) & (bought != 0)
    both = inside & np.isfinite(bought) & np.isfinite(sold)
    zero_bought, zero_sold = inside & (bought == 0), inside & (sold == 0)
    told = _told_by_import(bought, sold, both & ~copied & ~zero_bought & ~zero_sold)
    if told is None:
        _refuse(sold, copied, Reason.PRICE_COPIED, EXPORT_PRICE, rows, book)
        _refuse(sold, zero_sold, Reason.PRICE_ZERO, EXPORT_PRICE, rows, book)
    else:
        near = np.abs(told) <= NEAR_ZERO * np.nanmedian(np.abs(bought[inside & ~zero_bought]))
        was_zero = copied & near & (copied.sum() <= COPIED * both.sum())
        book.note(Reason.ZERO_WAS_REPLACED, EXPORT_PRICE, rows.number[was_zero])
        sold[was_zero] = 0.0
        _refuse(sold, copied & ~was_zero, Reason.PRICE_COPIED, EXPORT_PRICE, rows, book)
        _refuse(sold, zero_sold & ~near, Reason.PRICE_ZERO, EXPORT_PRICE, rows, book)
    _refuse(bought, zero_bought, Reason.PRICE_ZERO, IMPORT_PRICE, rows, book)


def _told_by_import(bought: Series, sold: Series, sound: Mask) -> Series | None:
    """The export price that each import price stands for; None where too few rows have both, or they do not agree."""
    if sound.sum() < FEW:
        return None
    x, y = bought[sound], sold[sound]
    spread = float(x.max() - x.min())
    if spread <= 0:
        return None
    slope, level = np.polyfit(x, y, 1)
    slope, level = float(slope), float(level)
    typical = float(np.median(np.abs(level + slope * x - y)))
    if slope <= 0 or typical > NEAR_ZERO * float(np.median(np.abs(x))):
        return None
    return np.asarray(level + slope * bought)
