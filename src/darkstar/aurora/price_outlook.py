"""Prices as they can be known: the published ones, and beyond them the mean of the last days at the same time.

Day-ahead prices end at midnight (`domain.market` says when they are published), a plan does not. Beyond the last
published price, and in holes of the price feed, the mean of the last seven published days at the same local quarter
stands in; it tells nothing that was not public. Where tariffs change, what is usual is the market's price, to which the
tariff of the slot is applied.
"""

import copy
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from darkstar.aurora.profiles import Issues, copied, follow_prices, recent
from darkstar.aurora.quarters import QuarterClock
from darkstar.domain.slots import QUARTERS_OF_DAY, Slots
from darkstar.domain.tariffs import Tariffs

Series = NDArray[np.float64]

DAYS = 7
KEPT = 4 * QUARTERS_OF_DAY
"""Published slots that are kept one by one: more than the market ever publishes ahead."""


class PriceOutlook:
    """Published prices of one home's import and export, and their continuation; may be sent to other processes."""

    def __init__(self, tz: ZoneInfo, tariffs: Tariffs | None = None) -> None:
        """`tariffs`: of the prices; None where they are of no account."""
        self._tariffs = tariffs if tariffs is not None and tariffs.later else None
        self._clock = QuarterClock(tz)
        self._usual = recent(DAYS), recent(DAYS)
        self._published = np.full((KEPT, 2), np.nan)
        self._end = np.zeros(1, dtype=np.int64)

    def copy(self) -> "PriceOutlook":
        """The same, to go its own way from here."""
        twin = copy.copy(self)
        twin._usual = copied(self._usual[0]), copied(self._usual[1])
        twin._published, twin._end = self._published.copy(), self._end.copy()
        return twin

    def publish(self, slots: Slots, import_price: Series, export_price: Series) -> None:
        """Take note of prices that have become public, oldest first, NaN where the feed has a hole; shapes (n,).

        Raises:
            ValueError: a slot does not come after the ones before.
        """
        self.follow(slots, import_price, export_price, Issues.one(len(slots), slots[:0]))

    def prices(self, slots: Slots) -> tuple[Series, Series] | None:
        """Import and export price of slots to come, each shape (n,); None where nothing is known to go by."""
        nothing = np.zeros(0)
        buy, sell = self.follow(slots[:0], nothing, nothing, Issues.one(0, slots))
        return None if np.isnan(buy).any() or np.isnan(sell).any() else (buy[0], sell[0])

    def follow(
        self, slots: Slots, import_price: Series, export_price: Series, issues: Issues
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Go along with what is published and answer at many instants: as `publish` and `prices` by turns.

        Args:
            slots, import_price, export_price: the new rows, see `publish`.

        Returns:
            Import and export prices, shape (m, longest run), NaN where too little is known and beyond an instant's
            slots.

        Raises:
            ValueError: see `publish`.
        """
        if len(slots) and (slots[0] < self._end[0] or (np.diff(slots) <= 0).any()):
            raise ValueError(f"slot {slots[0]} does not come after the prices published before")
        tariffs = self._tariffs
        if tariffs is not None:
            import_price = tariffs.spot_of_import(slots, import_price)
            export_price = tariffs.spot_of_export(slots, export_price)
        buy, sell = issues.room(), issues.room()
        follow_prices(
            *self._usual,
            self._published,
            self._end,
            slots,
            self._clock.quarters(slots),
            np.ascontiguousarray(import_price),
            np.ascontiguousarray(export_price),
            issues.told,
            issues.ahead,
            self._clock.quarters(issues.ahead),
            issues.start,
            issues.count,
            buy,
            sell,
        )
        if tariffs is not None:
            asked = issues.asked()
            buy, sell = tariffs.import_price(asked, buy), tariffs.export_price(asked, sell)
        return buy, sell
