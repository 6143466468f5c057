"""Tariffs by the days on which they hold.

Every tariff but the first has a local day on which it begins; the first holds for all time before the second. A slot
is priced by the tariff of its own local day. A contract is known when it is signed: a tariff that begins tomorrow is
no secret today.
"""

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from darkstar.domain.errors import UsageError
from darkstar.domain.slots import Slots, day_bounds
from darkstar.domain.tariff import Prices, Tariff


@dataclass(frozen=True)
class DatedTariff:
    """A tariff and the local day on which it begins."""

    since: dt.date
    tariff: Tariff


@dataclass(frozen=True)
class Tariffs:
    """What holds when.

    Attributes:
        first: holds before all others.
        later: by their days, rising.
        tz: whose days they are.
    """

    first: Tariff
    later: tuple[DatedTariff, ...]
    tz: ZoneInfo

    def __post_init__(self) -> None:
        days = [one.since for one in self.later]
        if any(after <= before for before, after in pairwise(days)):
            raise UsageError("Tariffs must begin on rising days.")

    @property
    def are_stated(self) -> bool:
        """Whether any of them asks for anything."""
        return any(tariff != Tariff() for _, tariff in self._each())

    def with_terms(self, **terms: float) -> "Tariffs":
        """Each of them with other terms, by their names."""
        later = tuple(replace(one, tariff=replace(one.tariff, **terms)) for one in self.later)
        return replace(self, first=replace(self.first, **terms), later=later)

    def import_price(self, slots: Slots, spot: Prices) -> Prices:
        """Price of a kWh drawn from the grid; of any shape, as the slots' starts and their spot prices."""
        return self._by_slot(slots, spot, Tariff.import_price)

    def export_price(self, slots: Slots, spot: Prices) -> Prices:
        """Price of a kWh fed into the grid; of any shape, as the slots' starts and their spot prices."""
        return self._by_slot(slots, spot, Tariff.export_price)

    def spot_of_import(self, slots: Slots, price: Prices) -> Prices:
        """The spot price that an import price comes of; of any shape."""
        return self._by_slot(slots, price, Tariff.spot_of_import)

    def spot_of_export(self, slots: Slots, price: Prices) -> Prices:
        """The spot price that an export price comes of; of any shape."""
        return self._by_slot(slots, price, Tariff.spot_of_export)

    def _each(self) -> Iterator[tuple[float, Tariff]]:
        """The instants at which they begin, rising, with what holds from there."""
        yield -np.inf, self.first
        for one in self.later:
            yield day_bounds(one.since, self.tz)[0], one.tariff

    def _by_slot(self, slots: Slots, prices: Prices, by: Callable[[Tariff, Prices], Prices]) -> Prices:
        found = by(self.first, prices)
        for start, tariff in list(self._each())[1:]:
            held: NDArray[np.bool_] = slots >= start
            if held.any():
                found[held] = by(tariff, prices[held])
        return found


def always(tariff: Tariff) -> Tariffs:
    """One tariff for all time."""
    return Tariffs(tariff, (), ZoneInfo("UTC"))
