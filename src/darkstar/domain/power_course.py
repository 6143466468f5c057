"""When a power tariff's fee comes about: each slot carries what it raises its month's fee by.

    first slot of a month       the fee of a month without any draw
    first slot of a range       what its running month has come to before the range
    last slot of a period       what the period's mean adds to the fee so far

The sum is `power_cost`. A chart of these costs shows which evening set the month's fee.
"""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

import numpy as np

from darkstar.domain.power_tariff import (
    EPOCH,
    NOTHING_YET,
    Energy,
    MonthSoFar,
    Peak,
    PowerTariff,
    month_of,
    periods,
)
from darkstar.domain.slots import Slots


class MonthsPeaks:
    """A month's highest means, taken one after the other.

    Args:
        past: means that are known already; the highest of each day count.
    """

    def __init__(self, tariff: PowerTariff, past: Sequence[Peak] = ()) -> None:
        self._tariff = tariff
        self._by_key: dict[int, float] = {}
        for number, peak in enumerate(past):
            self.add((peak.day - EPOCH).days, peak.kw, -1 - number)

    @property
    def average_kw(self) -> float:
        """Average of the highest; those that are missing are 0."""
        return sum(self._by_key.values()) / self._tariff.peaks

    def add(self, day: int, kw: float, period: int) -> bool:
        """A mean that counts, of a local day (since 1970-01-01) and a period; whether it changes the highest.

        A period may be told again while it runs: its highest telling holds.
        """
        key = day if self._tariff.different_days else period
        if kw <= self._by_key.get(key, 0.0):
            return False
        if key not in self._by_key and len(self._by_key) == self._tariff.peaks:
            lowest = min(self._by_key, key=self._by_key.__getitem__)
            if kw <= self._by_key[lowest]:
                return False
            del self._by_key[lowest]
        self._by_key[key] = kw
        return True


def power_cost_by_slot(
    tariffs: Sequence[PowerTariff],
    slots: Slots,
    import_kwh: Energy,
    tz: ZoneInfo,
    so_far: Sequence[MonthSoFar] = (),
) -> Energy:
    """What each slot adds to the fees, shape (n,); arguments as for `power_cost`, which is its sum."""
    rises = np.zeros(len(slots))
    for tariff, past in zip(tariffs, so_far or [NOTHING_YET] * len(tariffs), strict=True):
        rises += _rises(tariff, slots, import_kwh, tz, past)
    return rises


def _rises(tariff: PowerTariff, slots: Slots, import_kwh: Energy, tz: ZoneInfo, so_far: MonthSoFar) -> Energy:
    rises = np.zeros(len(slots))
    metered = periods(tariff, slots, tz)
    kw, day = metered.counted_kw(import_kwh, so_far), metered.day
    ends = np.searchsorted(metered.of_slot, np.arange(len(kw)), side="right") - 1
    for month in np.unique(metered.month).tolist():
        if not tariff.charges(month):
            continue
        inside = np.flatnonzero(metered.month == month)
        peaks = MonthsPeaks(tariff, [peak for peak in so_far.peaks if month_of(peak.day) == month])
        fee = tariff.fee(peaks.average_kw)
        rises[np.searchsorted(metered.of_slot, inside[0])] += fee
        for i in inside.tolist():
            if peaks.add(int(day[i]), float(kw[i]), i):
                fee, before = tariff.fee(peaks.average_kw), fee
                rises[ends[i]] += fee - before
    return rises
