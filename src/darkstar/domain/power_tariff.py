"""The power tariff: what a month's highest draws from the grid cost, besides the energy.

A meter's year falls into periods (clock hours, or slots). Each period has a mean import [kW], which counts in full, in
part or not at all, by the first time window that holds it. The month's `peaks` highest means, on different days or
not, are averaged; the average is paid per kW or by tiers. Peaks that a month does not have yet are 0, so that what a
plan adds to a running month's fee is the fee with it less the fee without it.

    periods       the periods of a range of slots, with their days, months and shares
    highest       each month's highest means, the ones already set included
    month_fees    the same with their average and fee
    power_cost    the sum of fees

The engines build their rows from `periods` and `PowerTariff`; bills, replays and plans are priced by `power_cost`.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from darkstar.domain.errors import UsageError
from darkstar.domain.slots import DAY_SECONDS, HOUR_SECONDS, SLOT_HOURS, SLOT_SECONDS, Slots, utc_offsets

Energy = NDArray[np.float64]
Power = NDArray[np.float64]

EPOCH = dt.date(1970, 1, 1)
EPOCH_WEEKDAY = 3
ALL_MONTHS = frozenset(range(1, 13))
ALL_WEEKDAYS = frozenset(range(7))
ALL_HOURS = frozenset(range(24))
ROUNDING_KW = 1e-6
"""A tier is not left for less: sums of energies are no truer than this."""


@dataclass(frozen=True)
class PowerWindow:
    """Local times whose draws count.

    Attributes:
        months: 1 to 12.
        weekdays: 0 (Monday) to 6.
        hours: hours of the local clock, 0 to 23.
        days_off: days that it leaves out (public holidays).
        share: what a kW counts here (0.5 where nights count half).
    """

    months: frozenset[int] = ALL_MONTHS
    weekdays: frozenset[int] = ALL_WEEKDAYS
    hours: frozenset[int] = ALL_HOURS
    days_off: frozenset[dt.date] = frozenset()
    share: float = 1.0


@dataclass(frozen=True)
class Tier:
    """A month's fee for an average of up to and including so many kW."""

    up_to_kw: float
    fee: float


@dataclass(frozen=True)
class PowerTariff:
    """How peaks are metered and paid.

    Attributes:
        peaks: how many of the month's highest means are averaged.
        different_days: at most one of them a day.
        hourly: means of clock hours; otherwise of slots.
        per_kw: a month's fee per kW of the average.
        least_kw: the average is charged as at least this.
        tiers: rising steps, in place of `per_kw`; above the last one, its fee holds.
        windows: the first that holds a period gives its share; a period outside all of them does not count, and a
            month that no window names has no fee.
        first_month, end_month: in months since 1970-01, the end exclusive: outside them nothing is metered or paid.
            None for all time.
    """

    peaks: int = 1
    different_days: bool = True
    hourly: bool = True
    per_kw: float = 0.0
    least_kw: float = 0.0
    tiers: tuple[Tier, ...] = ()
    windows: tuple[PowerWindow, ...] = (PowerWindow(),)
    first_month: int | None = None
    end_month: int | None = None

    def __post_init__(self) -> None:
        """Refuse what is no tariff.

        Raises:
            UsageError: no peak is averaged, a fee or share is negative or no number, or the tiers do not rise.
        """
        if self.peaks < 1:
            raise UsageError(f"A power tariff averages {self.peaks} peaks; it must be at least one.")
        numbers = [self.per_kw, self.least_kw, *(window.share for window in self.windows)]
        numbers += [tier.fee for tier in self.tiers]
        if not all(0 <= number < float("inf") for number in numbers):
            raise UsageError("A power tariff's fees, shares and least power must be numbers of at least 0.")
        if self.tiers and self.per_kw:
            raise UsageError("A power tariff is paid per kW or by tiers, not both.")
        for low, high in zip(self.tiers, self.tiers[1:], strict=False):
            if not (low.up_to_kw < high.up_to_kw and low.fee <= high.fee):
                raise UsageError(
                    f"The tiers up to {low.up_to_kw:g} and {high.up_to_kw:g} kW do not rise.",
                    remedy="Order them by their power; a higher one may not be cheaper.",
                )

    @property
    def period_hours(self) -> float:
        """Length of a metered period [h]."""
        return 1.0 if self.hourly else SLOT_HOURS

    def charges(self, month: int) -> bool:
        """Whether it holds in the month (since 1970-01), and some window names it."""
        holds = (self.first_month is None or self.first_month <= month) and (
            self.end_month is None or month < self.end_month
        )
        return holds and any(month % 12 + 1 in window.months for window in self.windows)

    def fee(self, average_kw: float) -> float:
        """A month's fee for an average of its peaks."""
        charged = max(average_kw, self.least_kw)
        if not self.tiers:
            return self.per_kw * charged
        bounds = [tier.up_to_kw for tier in self.tiers]
        reached = int(np.searchsorted(bounds, charged - ROUNDING_KW, side="left"))
        return self.tiers[min(reached, len(self.tiers) - 1)].fee


@dataclass(frozen=True)
class Peak:
    """A mean that counts: its local day and its power after the window's share [kW]."""

    day: dt.date
    kw: float


@dataclass(frozen=True)
class MonthSoFar:
    """What was metered before a range begins.

    Attributes:
        peaks: the highest means of the running month (others may be among them: of each month the highest count).
        running_kwh: energy already drawn in the period that the range's first slot belongs to.
    """

    peaks: tuple[Peak, ...] = ()
    running_kwh: float = 0.0


NOTHING_YET = MonthSoFar()


@dataclass(frozen=True)
class Periods:
    """The metered periods of a range, in order; arrays of shape (m,), `of_slot` of shape (n,).

    Attributes:
        day: local day in days since 1970-01-01.
        month: local month in months since 1970-01.
        share: what a kW counts, 0 where it does not.
        of_slot: which period a slot belongs to.
        hours: length of a period [h].
    """

    day: NDArray[np.int64]
    month: NDArray[np.int64]
    share: NDArray[np.float64]
    of_slot: NDArray[np.int64]
    hours: float

    def counted_kw(self, import_kwh: Energy, so_far: MonthSoFar = NOTHING_YET) -> Power:
        """Means after their shares; `import_kwh` shape (n,), answer (m,)."""
        energy = np.bincount(self.of_slot, import_kwh, len(self.day))
        if len(energy):
            energy[0] += so_far.running_kwh
        return np.asarray(energy / self.hours * self.share)


@dataclass(frozen=True)
class MonthFee:
    """A month's fee and what it follows from; `peaks` are the highest, the highest first."""

    year: int
    month: int
    peaks: tuple[Peak, ...]
    average_kw: float
    fee: float


def periods(tariff: PowerTariff, slots: Slots, tz: ZoneInfo) -> Periods:
    """The metered periods of rising slots (UTC starts, shape (n,); steps longer than a slot may be hours)."""
    offsets = utc_offsets(slots, tz)
    length = HOUR_SECONDS if tariff.hourly else SLOT_SECONDS
    # By UTC with the local clock's odd minutes: the hour that autumn repeats stays two hours.
    begins = (slots + offsets % length) // length
    _, first, of_slot = np.unique(begins, return_index=True, return_inverse=True)
    local = (slots + offsets)[first]
    day = local // DAY_SECONDS
    month = day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    hour = local % DAY_SECONDS // HOUR_SECONDS
    share = np.zeros(len(first))
    for window in reversed(tariff.windows):
        held = (
            np.isin(month % 12 + 1, list(window.months))
            & np.isin((day + EPOCH_WEEKDAY) % 7, list(window.weekdays))
            & np.isin(hour, list(window.hours))
            & ~np.isin(day, [_days_since_epoch(off) for off in window.days_off])
        )
        share[held] = window.share
    if tariff.first_month is not None:
        share[month < tariff.first_month] = 0.0
    if tariff.end_month is not None:
        share[month >= tariff.end_month] = 0.0
    return Periods(day, month, share, of_slot.reshape(-1), tariff.period_hours)


def highest(
    tariff: PowerTariff, metered: Periods, import_kwh: Energy, so_far: MonthSoFar = NOTHING_YET
) -> dict[int, tuple[Peak, ...]]:
    """Of each month that the range touches (months since 1970-01), the highest means, the highest first."""
    day = np.concatenate([metered.day, [_days_since_epoch(peak.day) for peak in so_far.peaks]]).astype(int)
    kw = np.concatenate([metered.counted_kw(import_kwh, so_far), [peak.kw for peak in so_far.peaks]])
    month = np.concatenate([metered.month, [month_of(peak.day) for peak in so_far.peaks]]).astype(int)
    found: dict[int, tuple[Peak, ...]] = {}
    for wanted in np.unique(metered.month).tolist():
        best: list[Peak] = []
        inside = np.flatnonzero(month == wanted)
        # Ties go to the earlier period: the same input has the same peaks.
        for i in inside[np.argsort(-kw[inside], kind="stable")].tolist():
            on = EPOCH + dt.timedelta(days=int(day[i]))
            if len(best) == tariff.peaks or kw[i] <= 0:
                break
            if not (tariff.different_days and any(peak.day == on for peak in best)):
                best.append(Peak(on, float(kw[i])))
        found[wanted] = tuple(best)
    return found


def average_kw(tariff: PowerTariff, peaks: Sequence[Peak]) -> float:
    """Average of a month's highest means; those that are missing are 0."""
    return sum(peak.kw for peak in peaks) / tariff.peaks


def month_fees(
    tariff: PowerTariff, slots: Slots, import_kwh: Energy, tz: ZoneInfo, so_far: MonthSoFar = NOTHING_YET
) -> tuple[MonthFee, ...]:
    """The fees of the months that a range touches; a month is charged whole even where the range is not."""
    fees = []
    for index, peaks in highest(tariff, periods(tariff, slots, tz), import_kwh, so_far).items():
        year, month = 1970 + index // 12, index % 12 + 1
        average = average_kw(tariff, peaks)
        fees.append(
            MonthFee(year, month, peaks, average, tariff.fee(average) if tariff.charges(index) else 0.0)
        )
    return tuple(fees)


def power_cost(
    tariffs: Sequence[PowerTariff],
    slots: Slots,
    import_kwh: Energy,
    tz: ZoneInfo,
    so_far: Sequence[MonthSoFar] = (),
) -> float:
    """All fees of a range; `so_far` has one entry a tariff, or is empty where nothing was metered before."""
    before = so_far or [NOTHING_YET] * len(tariffs)
    return sum(
        fee.fee
        for tariff, past in zip(tariffs, before, strict=True)
        for fee in month_fees(tariff, slots, import_kwh, tz, past)
    )


def _days_since_epoch(day: dt.date) -> int:
    return (day - EPOCH).days


def month_of(day: dt.date) -> int:
    """The day's month in months since 1970-01."""
    return (day.year - EPOCH.year) * 12 + day.month - 1
