"""The past that is replayed: what the home used and made, and what energy cost, slot by slot."""

import datetime as dt
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from darkstar.domain.slots import Slots
from darkstar.time_machine.plant.minutes import Minutes

Series = NDArray[np.float64]


@dataclass(frozen=True)
class History:
    """A home's past without its battery; every series has shape (n,), NaN where unknown.

    Attributes:
        slots: starts of the slots [UTC s], rising.
        load_kwh, pv_kwh: what the home used and what the sun gave, never negative. Of a home known only by its grid
            meter, `load_kwh` is the net draw and `pv_kwh` the net feed-in (one of the two is zero in every slot).
        import_price, export_price: per kWh, in the home's currency.
        net_only: whether load and sun are known by their difference alone.
        omitted: local days of the asked range that are left out of the replay, with the reason.
        minutes: the course of load and sun inside the slots, where it is known.
    """

    slots: Slots
    load_kwh: Series
    pv_kwh: Series
    import_price: Series
    export_price: Series
    net_only: bool = False
    omitted: tuple[tuple[dt.date, str], ...] = ()
    minutes: Minutes | None = None

    def __len__(self) -> int:
        return len(self.slots)

    @property
    def surplus_kwh(self) -> Series:
        """Sun less load of each slot, shape (n,)."""
        return self.pv_kwh - self.load_kwh

    def with_energies(self, load_kwh: Series, pv_kwh: Series) -> "History":
        """Another load and sun, shape (n,).

        Sun has the old one's course inside the slot; of a slot with another load nobody knows the course.
        """
        minutes = self.minutes
        if minutes is not None:
            same = load_kwh == self.load_kwh
            if self.net_only:
                same &= pv_kwh == self.pv_kwh
            times = np.divide(pv_kwh, self.pv_kwh, out=np.ones(len(self)), where=self.pv_kwh > 0)
            minutes = minutes.with_sun(same, times)
        return replace(self, load_kwh=load_kwh, pv_kwh=pv_kwh, minutes=minutes)

    def take(self, rows: NDArray[np.bool_]) -> "History":
        """The rows where the mask, shape (n,), holds."""
        return replace(
            self,
            slots=self.slots[rows],
            load_kwh=self.load_kwh[rows],
            pv_kwh=self.pv_kwh[rows],
            import_price=self.import_price[rows],
            export_price=self.export_price[rows],
            minutes=None if self.minutes is None else self.minutes.take(rows),
        )
