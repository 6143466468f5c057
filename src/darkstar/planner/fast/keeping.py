"""Keeping a month under power tariffs, compiled: the books of what was drawn, and what the slots ahead may draw.

level      what a month is to be held under, given from outside
today      the level, or what today may draw freely, whichever is higher
this slot  what is left of it for the running period, laid out evenly over what is left of the period

A fee per kW has one level for the month, and a peak that happened stays paid: today may draw as much again. A tier is
kept as long as the month's mean can be: early peaks are made up for by lower ones later.
"""

from collections.abc import Sequence
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
from numba import njit
from numpy.typing import NDArray

from darkstar.domain.power_tariff import EPOCH, ROUNDING_KW, MonthSoFar, PowerTariff, month_of, periods
from darkstar.domain.slots import SLOT_HOURS, Slots

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

MANY_DAYS = 1000
"""Where a day's peaks do not replace each other, periods count, of which many are left."""
NOBODY = -1
"""Whose a peak is that is not known yet; what was drawn before the range belongs to numbers below it."""
BEYOND = -1.0
"""No limit keeps the average: the peaks that are set exceed it already."""


class Books(NamedTuple):
    """Of t tariffs over n slots: what they are, and what was drawn under them, which is written in place.

    Attributes:
        period, day, month, share: of each slot, shape (t, n), see `power_tariff.Periods`.
        days_left: of the month from the slot's day on, that day included, shape (t, n).
        peaks, different_days, hours, least_kw: the tariffs', shape (t,).
        tier_kw: where tiers end, shape (t, most tiers); tiers: how many there are, 0 where a kW is paid, shape (t,).
        owner, owner_kw: the running month's highest means by day (or period), shape (t, most peaks).
        peaks_of, running, running_kwh: the running month, period and what that has drawn, shape (t,).
    """

    period: Counts
    day: Counts
    month: Counts
    share: Floats
    days_left: Counts
    peaks: Counts
    different_days: NDArray[np.bool_]
    hours: Floats
    least_kw: Floats
    tier_kw: Floats
    tiers: Counts
    owner: Counts
    owner_kw: Floats
    peaks_of: Counts
    running: Counts
    running_kwh: Floats


def _nothing(*shape: int) -> Counts:
    return np.zeros(shape, dtype=np.int64)


NO_BOOKS = Books(
    period=_nothing(0, 0),
    day=_nothing(0, 0),
    month=_nothing(0, 0),
    share=np.zeros((0, 0)),
    days_left=_nothing(0, 0),
    peaks=_nothing(0),
    different_days=np.zeros(0, dtype=np.bool_),
    hours=np.zeros(0),
    least_kw=np.zeros(0),
    tier_kw=np.zeros((0, 0)),
    tiers=_nothing(0),
    owner=_nothing(0, 0),
    owner_kw=np.zeros((0, 0)),
    peaks_of=_nothing(0),
    running=_nothing(0),
    running_kwh=np.zeros(0),
)
"""Where there is no tariff; of any number of slots."""


def books_part(books: Books, slots: slice) -> Books:
    """The books of some of the slots, numbered from the first of these on."""
    return books._replace(
        period=np.ascontiguousarray(books.period[:, slots]),
        day=np.ascontiguousarray(books.day[:, slots]),
        month=np.ascontiguousarray(books.month[:, slots]),
        share=np.ascontiguousarray(books.share[:, slots]),
        days_left=np.ascontiguousarray(books.days_left[:, slots]),
    )


def books_of(
    tariffs: Sequence[PowerTariff], so_far: Sequence[MonthSoFar], slots: Slots, tz: ZoneInfo
) -> Books:
    """Books that begin with a range of slots, rising; at least one tariff, with what each had metered before."""
    found = [periods(tariff, slots, tz) for tariff in tariffs]
    day, month = np.array([f.day[f.of_slot] for f in found]), np.array([f.month[f.of_slot] for f in found])
    month_ends = (month + 1).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    tier_kw = np.zeros((len(tariffs), max(len(tariff.tiers) for tariff in tariffs)))
    for number, tariff in enumerate(tariffs):
        tier_kw[number, : len(tariff.tiers)] = [tier.up_to_kw for tier in tariff.tiers]
    shape = len(tariffs), max(tariff.peaks for tariff in tariffs)
    books = Books(
        period=np.array([f.of_slot for f in found]),
        day=day,
        month=month,
        share=np.array([f.share[f.of_slot] for f in found]),
        days_left=month_ends - day,
        peaks=np.array([tariff.peaks for tariff in tariffs]),
        different_days=np.array([tariff.different_days for tariff in tariffs]),
        hours=np.array([f.hours for f in found]),
        least_kw=np.array([float(tariff.least_kw) for tariff in tariffs]),
        tier_kw=tier_kw,
        tiers=np.array([len(tariff.tiers) for tariff in tariffs]),
        owner=np.full(shape, NOBODY),
        owner_kw=np.zeros(shape),
        peaks_of=month[:, 0].copy(),
        running=np.array([f.of_slot[0] for f in found]),
        running_kwh=np.array([past.running_kwh for past in so_far]),
    )
    for number, (tariff, past) in enumerate(zip(tariffs, so_far, strict=True)):
        for place, peak in enumerate(past.peaks):
            if month_of(peak.day) == books.peaks_of[number]:
                owner = (peak.day - EPOCH).days if tariff.different_days else NOBODY - 1 - place
                _add(books, number, owner, peak.kw)
    return books


@njit(cache=True, nogil=True, error_model="numpy")
def drawn(books: Books, slot: int, import_kwh: float) -> None:
    """What a slot has drawn; slots are told in order."""
    for number in range(len(books.peaks)):
        _turn_to(books, number, slot)
        books.running_kwh[number] += import_kwh
        kw = books.running_kwh[number] / books.hours[number] * books.share[number, slot]
        by_day = books.different_days[number]
        _add(books, number, books.day[number, slot] if by_day else books.period[number, slot], kw)


@njit(cache=True, nogil=True, error_model="numpy")
def limits_ahead(
    books: Books, slot: int, levels_kw: Floats, price_beyond: Floats, kw: Floats, breach_cost: Floats
) -> None:
    """What the slots from one on may draw, written to `kw` [kW] and `breach_cost` [per kWh]; asked for in order.

    Args:
        levels_kw: counted kW to hold, infinite for nothing; price_beyond: of a kW beyond; one a tariff, shape (t,).
        kw, breach_cost: shape (count,).
    """
    kw[:], breach_cost[:] = np.inf, 0.0
    for number in range(len(books.peaks)):
        _turn_to(books, number, slot)
        today, hours = books.day[number, slot], books.hours[number]
        level, now = _held(books, number, slot, levels_kw[number])
        price = price_beyond[number] if np.isfinite(level) else 0.0
        price /= books.peaks[number] * hours
        slots_left = int(np.searchsorted(books.period[number], books.running[number], side="right")) - slot
        for ahead in range(len(kw)):
            share = books.share[number, slot + ahead]
            if share <= 0.0:
                continue
            held_kw = (now if books.day[number, slot + ahead] == today else level) / share
            if ahead < slots_left:
                left_kwh = max(held_kw * hours - books.running_kwh[number], 0.0)
                held_kw = left_kwh / (slots_left * SLOT_HOURS)
            kw[ahead] = min(kw[ahead], held_kw)
            if np.isfinite(held_kw):
                breach_cost[ahead] += price * share


@njit(cache=True, nogil=True, error_model="numpy")
def _turn_to(books: Books, number: int, slot: int) -> None:
    """A new month has no peaks yet, a new period has drawn nothing."""
    if books.month[number, slot] != books.peaks_of[number]:
        books.peaks_of[number] = books.month[number, slot]
        books.owner[number], books.owner_kw[number] = NOBODY, 0.0
    if books.period[number, slot] != books.running[number]:
        books.running[number] = books.period[number, slot]
        books.running_kwh[number] = 0.0


@njit(cache=True, nogil=True, error_model="numpy")
def _add(books: Books, number: int, owner: int, kw: float) -> None:
    """A mean that may be among the highest; told again while its period runs, the highest telling holds."""
    owners, kws = books.owner[number], books.owner_kw[number]
    place = 0
    for other in range(books.peaks[number]):
        if owners[other] == owner:
            place = other
            break
        if kws[other] < kws[place]:
            place = other
    if kw > kws[place]:
        owners[place], kws[place] = owner, kw


@njit(cache=True, nogil=True, error_model="numpy")
def _held(books: Books, number: int, slot: int, level_kw: float) -> tuple[float, float]:
    """Counted kW that the days to come and today are held under."""
    by_day = books.different_days[number]
    others, today = _beside(books, number, books.day[number, slot] if by_day else NOBODY)
    if not books.tiers[number]:
        level = max(level_kw, books.least_kw[number])
        return level, max(level, today, others[-1])
    days = books.days_left[number, slot] if by_day else MANY_DAYS
    with_today = np.sort(np.append(others, today))[::-1][: len(others)].copy()
    for tier in range(books.tiers[number] - 1):
        up_to_kw = books.tier_kw[number, tier]
        if up_to_kw < level_kw:
            continue
        limit = limit_within(others, up_to_kw, days)
        if limit != BEYOND and today <= limit:
            return limit, limit
        # Today is beyond what all days may reach: the ones after it make up for it.
        limit = limit_within(with_today, up_to_kw, max(days - 1, 1))
        if limit != BEYOND:
            return limit, today
    return np.inf, np.inf


@njit(cache=True, nogil=True, error_model="numpy")
def _beside(books: Books, number: int, day: int) -> tuple[Floats, float]:
    """The highest means of others than a day, the highest first and 0 where there are too few; and that day's."""
    others, of_day = np.zeros(books.peaks[number]), 0.0
    for place in range(books.peaks[number]):
        if books.owner[number, place] == day:
            of_day = max(of_day, books.owner_kw[number, place])
        else:
            others[place] = books.owner_kw[number, place]
    return np.sort(others)[::-1].copy(), of_day


@njit(cache=True, nogil=True, error_model="numpy")
def limit_within(others_kw: Floats, average_kw: float, days_left: int) -> float:
    """The highest mean that all days left, today among them, may reach with the month's average at most `average_kw`.

    Args:
        others_kw: the highest means of the days that are over, the highest first, as many as are averaged (0 where
            there are too few).
        days_left: how many days may still reach it; many where a day's peaks do not replace each other.

    Returns:
        `BEYOND` where the peaks that are set exceed the average already.
    """
    peaks, best, kept_kw = len(others_kw), BEYOND, 0.0
    allowed = peaks * average_kw
    for kept in range(peaks):
        level = (allowed - kept_kw) / min(peaks - kept, days_left)
        if level >= 0.0 and _highest_sum(others_kw, level, days_left) <= allowed + ROUNDING_KW:
            best = max(best, level)
        kept_kw += others_kw[kept]
    return best


@njit(cache=True, nogil=True, error_model="numpy")
def _highest_sum(others_kw: Floats, level_kw: float, days_left: int) -> float:
    """Of the highest means with these, falling, and so many days at a level."""
    total, days, place = 0.0, days_left, 0
    for _ in range(len(others_kw)):
        if days and level_kw >= others_kw[place]:
            total += level_kw
            days -= 1
        else:
            total += others_kw[place]
            place += 1
    return total
