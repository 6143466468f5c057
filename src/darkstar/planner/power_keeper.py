"""Holding imports under a power tariff as time goes on: what each slot may draw, given what the month has drawn.

level      looked for at a month's begin and every week from then on, in the days before (`power_level`)
today      the level, or what today may draw freely, whichever is higher (`power_limit`)
this slot  what is left of it for the running period, laid out evenly over what is left of the period
"""

from collections.abc import Callable, Sequence
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from darkstar.domain.power_course import MonthsPeaks
from darkstar.domain.power_tariff import Periods, month_of, periods
from darkstar.domain.slots import SLOT_HOURS, Slots
from darkstar.planner.fast.limited import ImportLimit
from darkstar.planner.full.site import MeteredTariff
from darkstar.planner.power_limit import UNLIMITED, free_kw, limit_within, price_beyond

WEEK_DAYS = 7
MANY_DAYS = 1000
"""Where a day's peaks do not replace each other, periods count, of which many are left."""

LevelsAt = Callable[[int], Sequence[float]]
"""The levels [kW] to hold from a slot on, one a tariff, by what is known at its start."""


class PowerKeeper:
    """Keeps the books of a range, and says what each slot may draw.

    Args:
        slots: of the range and the horizon behind it, without a hole.
        levels_at: asked at the start, when a month begins, and every week of it.
    """

    def __init__(
        self, metered: Sequence[MeteredTariff], slots: Slots, tz: ZoneInfo, levels_at: LevelsAt
    ) -> None:
        self._slots, self._levels_at = slots, levels_at
        self._books = [_Book(one, slots, tz) for one in metered]
        self._levels_of: tuple[int, int] | None = None

    def limit(self, slot: int, count: int) -> ImportLimit:
        """For so many slots from one on (by number); slots are asked for in order."""
        self._renew_levels(slot)
        limits = [book.limit(slot, count) for book in self._books]
        kw = np.min([one.kw for one in limits], axis=0)
        return ImportLimit(kw, np.sum([one.breach_cost for one in limits], axis=0))

    def drawn(self, slot: int, import_kwh: float) -> None:
        """What a slot has drawn; slots are told in order."""
        for book in self._books:
            book.drawn(slot, import_kwh)

    def _renew_levels(self, slot: int) -> None:
        book = self._books[0]
        week = int(book.month[slot]), (book.day_of_month(slot) - 1) // WEEK_DAYS
        if week != self._levels_of:
            self._levels_of = week
            for one, level in zip(self._books, self._levels_at(slot), strict=True):
                one.level_kw = level


class _Book:
    """One tariff: the peaks of the running month, and the energy of the running period."""

    def __init__(self, metered: MeteredTariff, slots: Slots, tz: ZoneInfo) -> None:
        found: Periods = periods(metered.tariff, slots, tz)
        self._tariff, self._period, self._hours = metered.tariff, found.of_slot, found.hours
        self._share = found.share[found.of_slot]
        self._day: NDArray[np.int64] = found.day[found.of_slot]
        self.month: NDArray[np.int64] = found.month[found.of_slot]
        self.level_kw = UNLIMITED
        self._peaks_of = int(self.month[0])
        past = [peak for peak in metered.so_far.peaks if month_of(peak.day) == self._peaks_of]
        self._peaks = MonthsPeaks(metered.tariff, past)
        self._running, self._running_kwh = int(self._period[0]), metered.so_far.running_kwh

    def day_of_month(self, slot: int) -> int:
        """1 to 31."""
        return int(self._day[slot]) - _first_day(int(self.month[slot])) + 1

    def limit(self, slot: int, count: int) -> ImportLimit:
        ahead = slice(slot, slot + count)
        self._turn_to(slot)
        today, share, hours = int(self._day[slot]), self._share[ahead], self._hours
        level, now = self._held(slot)
        counts = share > 0
        counted_kw = np.where(self._day[ahead] == today, now, level)
        kw = np.where(counts, counted_kw / np.where(counts, share, 1.0), UNLIMITED)
        running = self._period[ahead] == self._running
        left_kwh = max(float(kw[0]) * hours - self._running_kwh, 0.0)
        left_slots = int(np.searchsorted(self._period, self._running, side="right")) - slot
        kw[running] = left_kwh / (left_slots * SLOT_HOURS)
        price = price_beyond(self._tariff, level) if np.isfinite(level) else 0.0
        return ImportLimit(kw, np.where(np.isfinite(kw), price * share / (self._tariff.peaks * hours), 0.0))

    def drawn(self, slot: int, import_kwh: float) -> None:
        self._turn_to(slot)
        self._running_kwh += import_kwh
        self._peaks.add(
            int(self._day[slot]), self._running_kwh / self._hours * float(self._share[slot]), self._running
        )

    def _turn_to(self, slot: int) -> None:
        if self.month[slot] != self._peaks_of:
            self._peaks_of, self._peaks = int(self.month[slot]), MonthsPeaks(self._tariff)
        if self._period[slot] != self._running:
            self._running, self._running_kwh = int(self._period[slot]), 0.0

    def _held(self, slot: int) -> tuple[float, float]:
        """Counted kW that the days to come and today are held under."""
        day = int(self._day[slot])
        others, today = self._peaks.beside(day), self._peaks.of_day(day)
        if not self._tariff.tiers:
            level = max(self.level_kw, self._tariff.least_kw)
            return level, max(level, free_kw(self._tariff, others, today))
        days_left = _first_day(int(self.month[slot]) + 1) - day if self._tariff.different_days else MANY_DAYS
        for tier in self._tariff.tiers[:-1]:
            if tier.up_to_kw >= self.level_kw:
                limit = limit_within(self._tariff, tier.up_to_kw, others, days_left)
                if limit is not None and today <= limit:
                    return limit, limit
                # Today is beyond what all days may reach: the ones after it make up for it.
                limit = limit_within(self._tariff, tier.up_to_kw, [*others, today], max(days_left - 1, 1))
                if limit is not None:
                    return limit, today
        return UNLIMITED, UNLIMITED


def _first_day(month: int) -> int:
    return int(np.datetime64(month, "M").astype("datetime64[D]").astype(np.int64))
