"""Prices as they can be known: the published ones, and beyond them the mean of the last days at the same time.

Day-ahead prices end at midnight (`domain.market` says when they are published), a plan does not. Beyond the last
published price, and in holes of the price feed, the mean of the last seven published days at the same local quarter
stands in; it tells nothing that was not public.
"""

from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from darkstar.aurora.quarters import QuarterClock, RecentByQuarter
from darkstar.domain.slots import QUARTERS_OF_DAY, SLOT_SECONDS, Slots

Series = NDArray[np.float64]

DAYS = 7
KEPT = 4 * QUARTERS_OF_DAY
"""Published slots that are kept one by one: more than the market ever publishes ahead."""


class PriceOutlook:
    """Published prices of one home's import and export, and their continuation."""

    def __init__(self, tz: ZoneInfo) -> None:
        self._clock = QuarterClock(tz)
        self._usual = RecentByQuarter(DAYS), RecentByQuarter(DAYS)
        self._published = np.full((KEPT, 2), np.nan)
        self._end: int | None = None

    def publish(self, slots: Slots, import_price: Series, export_price: Series) -> None:
        """Take note of prices that have become public, oldest first, NaN where the feed has a hole; shapes (n,).

        Raises:
            ValueError: a slot does not come after the ones before.
        """
        quarters = self._clock.quarters(slots).tolist()
        for slot, quarter, *prices in zip(
            slots.tolist(), quarters, import_price.tolist(), export_price.tolist(), strict=True
        ):
            if self._end is not None and slot < self._end:
                raise ValueError(f"slot {slot} does not come after the prices published before")
            self._skip_to(slot)
            self._published[slot // SLOT_SECONDS % KEPT] = prices
            self._end = slot + SLOT_SECONDS
            for usual, price in zip(self._usual, prices, strict=True):
                usual.add(quarter, price)

    def _skip_to(self, slot: int) -> None:
        for missed in range(slot if self._end is None else self._end, slot, SLOT_SECONDS):
            self._published[missed // SLOT_SECONDS % KEPT] = np.nan

    def prices(self, slots: Slots) -> tuple[Series, Series] | None:
        """Import and export price of slots to come, each shape (n,); None where nothing is known to go by."""
        quarters = self._clock.quarters(slots)
        end = self._end if self._end is not None else 0
        known = self._published[slots // SLOT_SECONDS % KEPT]
        public = (slots < end) & ~np.isnan(known).any(axis=1)
        buy, sell = (
            np.where(public, known[:, column], usual.mean[quarters])
            for column, usual in enumerate(self._usual)
        )
        return None if np.isnan(buy).any() or np.isnan(sell).any() else (buy, sell)
