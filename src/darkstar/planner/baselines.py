"""What people run who have no planner: a timer, and automations on the published prices.

Neither forecasts anything. Both cover the load and store the surplus as their inverter does by itself; they differ in
when they charge from the grid and when they keep what they have.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from darkstar.planner.modes import Mode, charge_to, reserve, self_consumption
from darkstar.planner.problem import Series, StorageModel

SAME_PRICE = 1e-9
"""Prices that differ by less are equal."""


@dataclass(frozen=True)
class Timer:
    """Charge from the grid every night at the same hours.

    Attributes:
        hours: local hours of the day, 0 to 23, in which the battery charges.
        target_percent: of the usable capacity; what is left is room for the sun.
        power_kw: charging power; None charges as fast as the battery can.
    """

    hours: tuple[int, ...] = (1, 2, 3, 4)
    target_percent: float = 50.0
    power_kw: float | None = None

    def mode(self, storage: StorageModel, local_hour: int) -> Mode:
        """What to do in a slot of that hour."""
        if local_hour not in self.hours:
            return self_consumption(storage)
        room = storage.soc_max_kwh - storage.soc_min_kwh
        power = storage.charge_max_kw if self.power_kw is None else min(self.power_kw, storage.charge_max_kw)
        return charge_to(storage, storage.soc_min_kwh + room * self.target_percent / 100, power)


USUAL_TIMER = Timer()


def cheapest(storage: StorageModel, import_price: Series, slot_hours: float) -> NDArray[np.int8]:
    """What an automation on one day's published prices does in each slot: 1 charge, -1 discharge, 0 hold.

    It charges in the n cheapest hours of the day, n from the battery's size: the whole hours that filling it takes.
    It discharges in the dear ones: those whose price repays that charging after losses and wear. An hour of charging
    that no other repays is left out.

    Args:
        import_price: of the day's slots, shape (n,), NaN where the feed has a hole: nothing is done there.

    Returns:
        Shape (n,).
    """
    what = np.zeros(len(import_price), dtype=np.int8)
    known = np.flatnonzero(~np.isnan(import_price))
    order = known[np.argsort(import_price[known], kind="stable")]
    cheap = order[: min(_filling_slots(storage, slot_hours), len(order) // 2)]
    spent = (import_price + storage.wear_charge) / storage.charge_efficiency
    gained = (import_price - storage.wear_discharge) * storage.discharge_efficiency
    cheap = cheap[spent[cheap] < gained[order[-1:]] - SAME_PRICE]
    if len(cheap):
        what[gained > spent[cheap].mean() + SAME_PRICE] = -1
        what[cheap] = 1
    return what


def cheapest_mode(storage: StorageModel, what: int) -> Mode:
    """What the automation tells the inverter in a slot: charge to full, cover the load, or store the surplus only."""
    if what > 0:
        return charge_to(storage, storage.soc_max_kwh, storage.charge_max_kw)
    return self_consumption(storage) if what < 0 else reserve(storage, storage.soc_max_kwh)


def _filling_slots(storage: StorageModel, slot_hours: float) -> int:
    """Slots of the whole hours in which an empty battery becomes full."""
    room = storage.soc_max_kwh - storage.soc_min_kwh
    if storage.charge_max_kw <= 0 or room <= 0:
        return 0
    hours = math.ceil(room / storage.charge_efficiency / storage.charge_max_kw - 1e-9)
    return round(hours / slot_hours)
