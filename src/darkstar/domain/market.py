"""When the day-ahead market makes its prices known, and when it began to trade in quarters."""

import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from darkstar.domain.slots import Slots, day_bounds, local_date

MARKET_TZ = ZoneInfo("Europe/Oslo")
"""The coupled European day-ahead auction runs on Central European Time."""
PUBLISHED_AT = dt.time(13, 0)
"""Nord Pool publishes about 12:45-13:00 CET; the later end is the honest one."""
QUARTERS_SINCE = int(dt.datetime(2025, 10, 1, tzinfo=MARKET_TZ).timestamp())
"""First delivery instant traded in quarter-hours; hours before."""

AUCTION_LIMITS_EUR = (-0.5, 4.0)
"""Lowest and highest price of a kWh that the coupled auction can yield."""
EUROS_WORTH = {
    "EUR": 1.0,
    "SEK": 12.5,
    "NOK": 12.5,
    "DKK": 7.6,
    "GBP": 1.0,
    "CHF": 1.1,
    "PLN": 5.0,
    "CZK": 27.0,
}
"""A euro in other currencies, on the high side: a limit made of it must never call a true price implausible."""


def auction_limits(currency: str) -> tuple[float, float] | None:
    """Lowest and highest price of a kWh that the auction can yield, about; None for a currency not listed."""
    worth = EUROS_WORTH.get(currency)
    return None if worth is None else (AUCTION_LIMITS_EUR[0] * worth, AUCTION_LIMITS_EUR[1] * worth)


def published_utc(slot: int) -> int:
    """Instant at which a delivery slot's day-ahead price becomes known."""
    day = local_date(slot, MARKET_TZ) - dt.timedelta(days=1)
    return int(dt.datetime.combine(day, PUBLISHED_AT, tzinfo=MARKET_TZ).timestamp())


def known_until(now_utc: float) -> int:
    """End (exclusive) of the delivery slots whose price is public at an instant."""
    today = local_date(now_utc, MARKET_TZ)
    published = dt.datetime.combine(today, PUBLISHED_AT, tzinfo=MARKET_TZ).timestamp() <= now_utc
    return day_bounds(today + dt.timedelta(days=1) if published else today, MARKET_TZ)[1]


def known_from(slots: Slots, received_utc: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
    """From when on the prices of rising slots are known [UTC s], shape (n,), never falling.

    They are when the market has published them, and where they were received later than that but before their
    delivery (a delayed auction, a source out of reach), by their receipt. None before those of earlier slots.

    Args:
        received_utc: (n,), NaN where the market's hour holds; None for all.
    """
    if not len(slots):
        return np.zeros(0)
    first, last = (local_date(int(edge), MARKET_TZ) for edge in (slots[0], slots[-1]))
    days = [first + dt.timedelta(days=number) for number in range((last - first).days + 1)]
    begins = np.array([day_bounds(day, MARKET_TZ)[0] for day in days])
    published = np.array([published_utc(begin) for begin in begins.tolist()], dtype=np.float64)
    known = published[np.searchsorted(begins, slots, side="right") - 1]
    return np.maximum.accumulate(known if received_utc is None else np.fmax(known, received_utc))
