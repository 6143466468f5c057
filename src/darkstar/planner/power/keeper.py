"""Holding imports under a power tariff as time goes on: what each slot may draw, given what the month has drawn.

Levels are looked for at a month's begin and every week from then on, in the days before (`power_level`); they hang on
what is known then, not on what is drawn under them. What is drawn goes through compiled books (`fast.keeping`).
"""

from collections.abc import Callable, Sequence
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from darkstar.domain.slots import Slots
from darkstar.planner.fast.keeping import Books, books_of, drawn, limits_ahead
from darkstar.planner.fast.limited import ImportLimit
from darkstar.planner.full.site import MeteredTariff
from darkstar.planner.power.limit import price_beyond
from darkstar.planner.problem import Series

WEEK_DAYS = 7

LevelsAt = Callable[[int], Sequence[float]]
"""The levels [kW] to hold from a slot on, one a tariff, by what is known at its start."""


class PowerKeeper:
    """Keeps the books of a range, and says what each slot may draw.

    Args:
        slots: of the range and the horizon behind it, without a hole.
        levels_at: asked at the start, when a month begins, and every week of it.

    Attributes:
        books: for those who keep them by themselves.
    """

    def __init__(
        self, metered: Sequence[MeteredTariff], slots: Slots, tz: ZoneInfo, levels_at: LevelsAt
    ) -> None:
        self.books: Books = books_of(
            [one.tariff for one in metered], [one.so_far for one in metered], slots, tz
        )
        self._tariffs, self._levels_at = [one.tariff for one in metered], levels_at
        self._week = _weeks(self.books)
        self._levels_of: int | None = None
        self._levels: tuple[Series, Series] = np.zeros(0), np.zeros(0)

    def limit(self, slot: int, count: int) -> ImportLimit:
        """For so many slots from one on (by number); slots are asked for in order."""
        kw, breach_cost = np.empty(count), np.empty(count)
        limits_ahead(self.books, slot, *self._levels_from(slot), kw, breach_cost)
        return ImportLimit(kw, breach_cost)

    def drawn(self, slot: int, import_kwh: float) -> None:
        """What a slot has drawn; slots are told in order."""
        drawn(self.books, slot, import_kwh)

    def levels(self, slots: Sequence[int]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Levels [kW] from each of some slots on, and prices of a kW beyond; asked in order, shapes (m, tariffs)."""
        found = [self._levels_from(slot) for slot in slots]
        return np.array([levels for levels, _ in found]), np.array([prices for _, prices in found])

    def _levels_from(self, slot: int) -> tuple[Series, Series]:
        week = self._week[slot]
        if week != self._levels_of:
            self._levels_of, levels = week, self._levels_at(slot)
            prices = [price_beyond(tariff, kw) for tariff, kw in zip(self._tariffs, levels, strict=True)]
            self._levels = np.array(levels, dtype=np.float64), np.array(prices, dtype=np.float64)
        return self._levels


def _weeks(books: Books) -> list[int]:
    """Of each slot a number that changes when a month begins and every week of it."""
    month, days_left = books.month[0], books.days_left[0]
    days = np.diff((month[:, None] + [0, 1]).astype("datetime64[M]").astype("datetime64[D]"))[:, 0]
    weeks: list[int] = (month * WEEK_DAYS + (days.astype(np.int64) - days_left) // WEEK_DAYS).tolist()
    return weeks
