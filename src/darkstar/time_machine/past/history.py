"""The past that is replayed: what the home used and made, and what energy cost, slot by slot."""

import datetime as dt
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from darkstar.domain.market import known_from, known_until
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
        prices_received_utc: when prices came in, where that was before their delivery, else NaN; None where of none.
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
    prices_received_utc: Series | None = None

    def __len__(self) -> int:
        return len(self.slots)

    @cached_property
    def prices_known_utc(self) -> Series:
        """From when on each slot's prices are known [UTC s], shape (n,), never falling."""
        return known_from(self.slots, self.prices_received_utc)

    def prices_known_until(self, now_utc: int) -> int:
        """End of the slots whose prices are known at an instant [UTC s]; of a past without holes in time."""
        first_unknown = int(np.searchsorted(self.prices_known_utc, now_utc, side="right"))
        market = known_until(now_utc)
        return min(int(self.slots[first_unknown]), market) if first_unknown < len(self) else market

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
        received = self.prices_received_utc
        return replace(
            self,
            slots=self.slots[rows],
            load_kwh=self.load_kwh[rows],
            pv_kwh=self.pv_kwh[rows],
            import_price=self.import_price[rows],
            export_price=self.export_price[rows],
            minutes=None if self.minutes is None else self.minutes.take(rows),
            prices_received_utc=None if received is None else received[rows],
        )
