"""The plant: what a battery, its inverter and the grid really do with a mode in one slot.

A mode never says what the meter will read: it is given before the slot begins, when the slot's load and sun are not
known. It says how the battery follows the surplus (sun less load) while the slot unfolds (`planner.modes`).

The plant obeys its own limits before any mode: power, stored energy, the main fuse (its own charging never breaks it
and its own discharging never exceeds the feed-in limit), and it never charges and discharges at once.
Energy is conserved exactly: load + export + charge + curtailment = sun + import + discharge.
"""

from dataclasses import dataclass
from typing import NamedTuple

from darkstar.domain.home import Battery
from darkstar.domain.slots import SLOT_HOURS
from darkstar.planner.modes import Curtail, Mode
from darkstar.planner.problem import GridModel, StorageModel


class Step(NamedTuple):
    """What one slot came to [kWh]; `import_kwh` holds `breach_kwh`, the part beyond the fuse."""

    charge_kwh: float
    discharge_kwh: float
    import_kwh: float
    export_kwh: float
    curtail_kwh: float
    breach_kwh: float
    soc_kwh: float


@dataclass(frozen=True)
class Plant:
    """Battery and connection of one home."""

    storage: StorageModel
    grid: GridModel

    def step(self, soc_kwh: float, mode: Mode, load_kwh: float, pv_kwh: float) -> Step:
        """Carry out a mode against the load and the sun that really came; all energies of the slot."""
        storage = self.storage
        used = 0.0 if mode.curtail is Curtail.ALL else pv_kwh
        outlet = self.grid.export_max_kw * SLOT_HOURS if mode.curtail is Curtail.NOTHING else 0.0
        surplus = used - load_kwh
        wanted = mode.move(storage, soc_kwh, surplus, SLOT_HOURS)
        charge = discharge = 0.0
        if wanted > 0:
            charge = min(wanted, self._charge_limit(soc_kwh, surplus))
        elif wanted < 0:
            discharge = min(-wanted, self._discharge_limit(soc_kwh, outlet - surplus))
        stored = soc_kwh + storage.charge_efficiency * charge - discharge / storage.discharge_efficiency
        drawn = load_kwh - used + charge - discharge
        fed = min(max(-drawn, 0.0), outlet)
        return Step(
            charge,
            discharge,
            max(drawn, 0.0),
            fed,
            max(-drawn, 0.0) - fed + (pv_kwh - used),
            max(drawn - self.grid.import_max_kw * SLOT_HOURS, 0.0),
            min(max(stored, storage.soc_min_kwh), storage.soc_max_kwh),
        )

    def _charge_limit(self, soc_kwh: float, surplus_kwh: float) -> float:
        storage = self.storage
        room = (storage.soc_max_kwh - soc_kwh) / storage.charge_efficiency
        supply = self.grid.import_max_kw * SLOT_HOURS + surplus_kwh
        return max(0.0, min(storage.charge_max_kw * SLOT_HOURS, room, supply))

    def _discharge_limit(self, soc_kwh: float, outlet_kwh: float) -> float:
        storage = self.storage
        left = (soc_kwh - storage.soc_min_kwh) * storage.discharge_efficiency
        return max(0.0, min(storage.discharge_max_kw * SLOT_HOURS, left, outlet_kwh))


def storage_model(battery: Battery) -> StorageModel:
    """A battery as the planner and the plant see it."""
    return StorageModel(
        soc_min_kwh=battery.soc_min_kwh,
        soc_max_kwh=battery.soc_max_kwh,
        charge_max_kw=battery.charge_max_kw,
        discharge_max_kw=battery.discharge_max_kw,
        charge_efficiency=battery.charge_efficiency,
        discharge_efficiency=battery.discharge_efficiency,
        wear_charge=battery.wear_per_kwh,
        wear_discharge=battery.wear_per_kwh,
    )
