"""Carrying out: what the inverter does in a slot as load and sun unfold, told before they are known.

A plan's powers are right for the load and the sun that were forecast. What stays right when others come is how much
energy to hold: the worth of a stored kWh falls with the energy stored, and where it crosses a price lies a level.

    up to  buy_to_kwh      charge, from the grid where the sun does not do      worth * charge_efficiency    > import
    up to  store_to_kwh    store the surplus                                    worth * charge_efficiency    > export
    down to cover_to_kwh   cover the load                                       worth / discharge_efficiency < import
    down to sell_to_kwh    feed the grid                                        worth / discharge_efficiency < export

(wear added to the price of charging and taken off that of discharging). A mode is these four levels, the powers not
to exceed, what may be drawn from the grid, and what becomes of sun that nobody takes. It is the one type for plans,
replay and control: what real inverters call self-consumption, charging with a limit, holding a reserve, discharging,
peak shaving and curtailment are its cases.
"""

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from darkstar.planner.fast.levels import curtail_at, lay_levels
from darkstar.planner.fast.slot_cost import site_limits
from darkstar.planner.fast.value import StoredValue
from darkstar.planner.problem import GridModel, StorageModel

ENERGY_TOLERANCE_KWH = 1e-6


class Kind(StrEnum):
    """What a mode comes to with the energy that is stored now, as an inverter's menu would call it."""

    CHARGE = "charge"
    DISCHARGE = "discharge"
    HOLD = "hold"
    SELF_CONSUMPTION = "self_consumption"


class Curtail(StrEnum):
    """What becomes of the sun."""

    NOTHING = "nothing"
    SURPLUS = "surplus"
    """What neither home nor battery takes is not fed in: feeding it in would cost."""
    ALL = "all"
    """The sun is switched off: the grid pays for what is drawn."""


CURTAIL = tuple(Curtail)
"""What kernels mean by their numbers, by place."""


@dataclass(frozen=True)
class Mode:
    """What to do in one slot.

    Attributes:
        buy_to_kwh, store_to_kwh, cover_to_kwh, sell_to_kwh: levels of the energy stored, see above.
        charge_kw, discharge_kw: the battery's power is not to exceed these, AC side.
        curtail: what becomes of the sun.
        worth: of a stored kWh at the energy stored now; None where nobody has reckoned it.
        import_kw: charging does not lift the home's import above this, and what the load would draw beyond it the
            battery gives, whatever its levels (peak shaving), as far as its power and energy go.
    """

    buy_to_kwh: float
    store_to_kwh: float
    cover_to_kwh: float
    sell_to_kwh: float
    charge_kw: float
    discharge_kw: float
    curtail: Curtail = Curtail.NOTHING
    worth: float | None = None
    import_kw: float = math.inf

    def kind(self, soc_kwh: float) -> Kind:
        """What it comes to with this energy stored."""
        if self.buy_to_kwh > soc_kwh + ENERGY_TOLERANCE_KWH and self.charge_kw > 0:
            return Kind.CHARGE
        if self.discharge_kw <= 0 or self.cover_to_kwh >= soc_kwh - ENERGY_TOLERANCE_KWH:
            return Kind.HOLD
        return Kind.DISCHARGE if self.sell_to_kwh < soc_kwh - ENERGY_TOLERANCE_KWH else Kind.SELF_CONSUMPTION

    def move(self, storage: StorageModel, soc_kwh: float, surplus_kwh: float, hours: float) -> float:
        """The battery's energy in a slot of so many hours, AC side, charging positive [kWh]; levels and powers obeyed.

        Args:
            surplus_kwh: sun less load of the slot.
        """
        spare = self.import_kw * hours + surplus_kwh
        bought = min((self.buy_to_kwh - soc_kwh) / storage.charge_efficiency, spare)
        stored = min(surplus_kwh, (self.store_to_kwh - soc_kwh) / storage.charge_efficiency)
        charge = min(max(bought, stored), self.charge_kw * hours)
        if charge > 0.0:
            return charge
        sold = (soc_kwh - self.sell_to_kwh) * storage.discharge_efficiency
        covered = min(-surplus_kwh, (soc_kwh - self.cover_to_kwh) * storage.discharge_efficiency)
        return -max(min(max(sold, covered, -spare), self.discharge_kw * hours), 0.0)


def self_consumption(storage: StorageModel) -> Mode:
    """Store every surplus, cover every deficit."""
    empty, full = storage.soc_min_kwh, storage.soc_max_kwh
    return Mode(empty, full, empty, full, storage.charge_max_kw, storage.discharge_max_kw)


def reserve(storage: StorageModel, soc_kwh: float) -> Mode:
    """Self-consumption that keeps so much."""
    empty, full = storage.soc_min_kwh, storage.soc_max_kwh
    return Mode(empty, full, soc_kwh, full, storage.charge_max_kw, storage.discharge_max_kw)


def charge_to(storage: StorageModel, soc_kwh: float, power_kw: float) -> Mode:
    """Charge with this power, from the grid if need be, and hold what has come; surplus beyond it is stored."""
    full = storage.soc_max_kwh
    return Mode(soc_kwh, full, full, full, power_kw, storage.discharge_max_kw)


def setpoint(storage: StorageModel, power_kw: float) -> Mode:
    """One power whatever load and sun do, charging positive; 0 holds."""
    empty, full = storage.soc_min_kwh, storage.soc_max_kwh
    if power_kw > 0:
        return Mode(full, full, full, full, power_kw, 0.0)
    return Mode(empty, empty, empty, empty, 0.0, -power_kw)


def mode_of(
    value: StoredValue,
    prices: tuple[float, float],
    storage: StorageModel,
    grid: GridModel,
    soc_kwh: float,
) -> Mode:
    """The mode of a slot from what energy is worth after it.

    Args:
        value: least cost from the next slot on, by the energy stored then.
        prices: import and export price of the slot, per kWh.
        soc_kwh: energy stored now.
    """
    levels = np.empty(4)
    lay_levels(value.soc_kwh, value.cost, *prices, site_limits(storage, grid, 1.0), levels)
    buy_to, store_to, cover_to, sell_to = levels.tolist()
    return Mode(
        buy_to,
        store_to,
        cover_to,
        sell_to,
        storage.charge_max_kw,
        storage.discharge_max_kw,
        curtailment(prices, grid),
        worth=-value.slope_at(soc_kwh),
    )


def curtailment(prices: tuple[float, float], grid: GridModel) -> Curtail:
    """What is best done with the sun at these import and export prices."""
    return CURTAIL[curtail_at(*prices, grid.curtailment_cost)]
