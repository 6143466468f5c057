"""Slots as they are read: the numbers without their provenance."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from darkstar.domain.channels import Channel
from darkstar.domain.slots import Slots

Series = NDArray[np.float64]


@dataclass(frozen=True)
class SlotTable:
    """Every slot of a range, whether the file has a row for it or not; all arrays have shape (n,).

    Attributes:
        energy_kwh: every channel's energy, NaN where unknown.
        soc_start_percent, soc_end_percent: NaN where unknown.
        import_price, export_price: per kWh in the home's currency, NaN where unknown.
        flags: sums of `Flag`s over all channels.
    """

    slots: Slots
    energy_kwh: Mapping[Channel, Series]
    soc_start_percent: Series
    soc_end_percent: Series
    import_price: Series
    export_price: Series
    flags: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.slots)
