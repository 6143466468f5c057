"""The ledger beside Home Assistant, hour by hour."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from darkstar.domain.channels import Channel
from darkstar.domain.slots import SLOTS_PER_HOUR

Series = NDArray[np.float64]


@dataclass(frozen=True)
class HourComparison:
    """One channel over consecutive hours; arrays have shape (n,).

    Attributes:
        hours: starts [UTC s]; ha_kwh: Home Assistant's `change`, NaN where it has no row.
        ledger_kwh: NaN where any quarter of the hour is not known.
    """

    channel: Channel
    hours: NDArray[np.int64]
    ha_kwh: Series
    ledger_kwh: Series

    @property
    def difference_kwh(self) -> Series:
        """Ledger less Home Assistant, NaN where either is not known."""
        return self.ledger_kwh - self.ha_kwh

    def within(self, tolerance_kwh: float) -> NDArray[np.bool_]:
        """Hours that agree: both known and close, or Home Assistant has no row and the ledger no energy."""
        close = np.abs(self.difference_kwh) <= tolerance_kwh
        nothing = np.isnan(self.ha_kwh) & ~(self.ledger_kwh > tolerance_kwh)
        return np.asarray(close | nothing)


def hourly(energy_kwh: Series) -> Series:
    """Sums of whole hours of slots, NaN where a quarter is not known; shape (n,) -> (n / 4,)."""
    return np.asarray(energy_kwh.reshape(-1, SLOTS_PER_HOUR).sum(axis=1))


def later(series: Series, hours: int) -> Series:
    """The series moved to later times by so many hours, shape (n,); NaN where nothing moves in."""
    moved = np.full(len(series), np.nan)
    if hours > 0:
        moved[hours:] = series[:-hours]
    elif hours < 0:
        moved[:hours] = series[-hours:]
    else:
        moved[:] = series
    return moved
