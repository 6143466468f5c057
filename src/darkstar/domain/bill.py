"""What a stretch of time costs: one set of money functions for plans, replays and reports."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Energy = NDArray[np.float64]


@dataclass(frozen=True)
class Bill:
    """The cost of a range in the home's currency.

    Attributes:
        energy_cost: paid for imported energy.
        fees: paid besides it (the months' highest draws, breaches of the fuse, curtailment).
        export_revenue: received for exported energy (negative where prices were).
        wear: ageing of the battery.
        settlement: value of the stored energy gained (+) or lost (-) over the range, credited.
        power_fee: the part of `fees` that the months' highest draws cost. A month is charged whole wherever the
            range touches it, with the peaks that it had before: a peak is not paid by the day.
    """

    energy_cost: float
    fees: float
    export_revenue: float
    wear: float
    settlement: float = 0.0
    power_fee: float = 0.0

    @property
    def cost(self) -> float:
        """All in: what the household is poorer by."""
        return self.energy_cost + self.fees - self.export_revenue + self.wear - self.settlement


def energy_cost(import_kwh: Energy, import_price: Energy) -> float:
    """Cost of the imported energy; both shape (n,), price per kWh."""
    return _total(import_kwh, import_price)


def export_revenue(export_kwh: Energy, export_price: Energy) -> float:
    """Revenue of the exported energy; both shape (n,), price per kWh."""
    return _total(export_kwh, export_price)


def _total(kwh: Energy, price: Energy) -> float:
    """What it all costs. By `np.dot` the last digits would hang on how many cores there are, which it keeps busy."""
    return float((kwh * price).sum())
