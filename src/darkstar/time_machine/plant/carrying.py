"""Modes carried out against the load and the sun that really came: stretches at once, or slot by slot.

Both go through the same compiled kernel, so a stretch comes to the same to the last digit however it is divided.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from darkstar.domain.home import Battery
from darkstar.domain.slots import HOUR_SECONDS, SLOT_HOURS
from darkstar.planner.mode_table import ModeTable
from darkstar.planner.modes import Mode
from darkstar.planner.problem import GridModel, Series, StorageModel
from darkstar.time_machine.outcome import Flows
from darkstar.time_machine.plant import kernel
from darkstar.time_machine.plant.minutes import Minutes
from darkstar.time_machine.plant.model import IDEAL, MINUTES_OF_SLOT, YEAR_HOURS, PlantModel, Taper

NO_MINUTES = np.zeros((0, MINUTES_OF_SLOT))


class Step(NamedTuple):
    """What one slot came to [kWh].

    `import_kwh` holds `breach_kwh`, the part beyond the fuse, and `standby_kwh`, what the resting system drew;
    `loss_kwh` went to heat between the AC side and the store; `faded_kwh` is capacity that aged away.
    """

    charge_kwh: float
    discharge_kwh: float
    import_kwh: float
    export_kwh: float
    curtail_kwh: float
    breach_kwh: float
    soc_kwh: float
    loss_kwh: float
    standby_kwh: float
    faded_kwh: float


@dataclass(frozen=True)
class Plant:
    """Battery, inverter and connection of one home; `model` says where they are not what the planner believes."""

    storage: StorageModel
    grid: GridModel
    model: PlantModel = IDEAL

    def step(self, soc_kwh: float, mode: Mode, load_kwh: float, pv_kwh: float) -> Step:
        """Carry out a mode in one slot; all energies of the slot."""
        return AtWork(self, soc_kwh, np.array([load_kwh]), np.array([pv_kwh])).step(mode)

    @property
    def numbers(self) -> kernel.Numbers:
        """The plant's figures as the kernel wants them."""
        storage, grid, model = self.storage, self.grid, self.model
        return kernel.Numbers(
            empty_kwh=storage.soc_min_kwh,
            full_kwh=storage.soc_max_kwh,
            nominal_kwh=model.nominal_kwh or storage.soc_max_kwh or 1.0,
            health=model.health,
            charge_max_kw=storage.charge_max_kw,
            discharge_max_kw=storage.discharge_max_kw,
            into=model.charge_efficiency or storage.charge_efficiency,
            out=model.discharge_efficiency or storage.discharge_efficiency,
            running_kw=model.running_loss_kw,
            resistive=model.resistive_loss_per_kw,
            standby_kw=model.standby_kw,
            standby_battery_kw=model.standby_battery_kw,
            least_kw=model.least_kw,
            deviation_kw=model.deviation_kw,
            dead_h=model.dead_s / HOUR_SECONDS,
            lag_h=model.lag_s / HOUR_SECONDS,
            fade_per_cycle=model.fade_per_cycle,
            fade_per_hour=model.fade_per_year / YEAR_HOURS,
            import_max_kw=grid.import_max_kw,
            export_max_kw=grid.export_max_kw,
        )

    def faded_kwh(self, charge_kwh: Series, discharge_kwh: Series) -> Series:
        """Capacity that these flows of slots, shape (n,), would age away; of flows that no model carried out."""
        numbers = self.numbers
        through = charge_kwh * numbers.into + discharge_kwh / numbers.out
        by_time = numbers.nominal_kwh * numbers.fade_per_hour * SLOT_HOURS
        return numbers.fade_per_cycle * through / 2.0 + by_time

    def wear_cost(self, flows: Flows) -> Series:
        """Cost of ageing in each slot, shape (n,): of the capacity lost where its price is known, else by energy."""
        if self.model.replacement_per_kwh > 0:
            return self.model.replacement_per_kwh * flows.faded_kwh
        storage = self.storage
        return storage.wear_charge * flows.charge_kwh + storage.wear_discharge * flows.discharge_kwh


class AtWork:
    """A plant that goes through slots one after the other, and keeps what it holds, its age and its power between."""

    def __init__(
        self, plant: Plant, soc_kwh: float, load_kwh: Series, pv_kwh: Series, minutes: Minutes | None = None
    ) -> None:
        """From the first of n slots on; series of shape (n,)."""
        self._numbers = plant.numbers
        self._tapers = _points(plant.model.charge_taper), _points(plant.model.discharge_taper)
        self._load_kwh = np.array(load_kwh, dtype=np.float64)
        self._pv_kwh = np.ascontiguousarray(pv_kwh, dtype=np.float64)
        self._rows = np.full(len(load_kwh), -1, dtype=np.int64) if minutes is None else minutes.rows
        self._inside = (NO_MINUTES, NO_MINUTES) if minutes is None else (minutes.load_kwh, minutes.pv_kwh)
        self._state = np.zeros(kernel.STATES)
        self._state[kernel.SOC] = soc_kwh
        self._next = 0

    @property
    def state(self) -> Series:
        """As `kernel.run` has it now, shape (kernel.STATES,)."""
        return self._state.copy()

    @property
    def soc_kwh(self) -> float:
        """Energy stored now."""
        return float(self._state[kernel.SOC])

    def take_on(self, kwh: Series) -> None:
        """So much more load in the next slots, shape (k,); of slots whose course inside is not known."""
        self._load_kwh[self._next : self._next + len(kwh)] += kwh

    def step(self, mode: Mode) -> Step:
        """The next slot under a mode."""
        return Step._make(self.through(ModeTable.of([mode]))[0].tolist())

    def through(self, modes: ModeTable) -> NDArray[np.float64]:
        """The next slots, one for each mode; shape (slots, kernel.RESULTS), columns as in `Step`."""
        plant = self.ahead(len(modes))
        results = np.empty((len(modes), kernel.RESULTS))
        kernel.run(
            plant.numbers,
            plant.charge_taper,
            plant.discharge_taper,
            plant.state,
            modes.levels_kwh,
            modes.charge_kw,
            modes.discharge_kw,
            modes.curtail,
            modes.import_kw,
            plant.load_kwh,
            plant.pv_kwh,
            plant.minute_row,
            plant.minute_load_kwh,
            plant.minute_pv_kwh,
            SLOT_HOURS,
            results,
        )
        return results

    def ahead(self, slots: int) -> kernel.Ahead:
        """So many slots to go through, for a kernel that does it; they count as gone through."""
        chosen = slice(self._next, self._next + slots)
        self._next += slots
        return kernel.Ahead(
            self._numbers,
            *self._tapers,
            self._state,
            self._load_kwh[chosen],
            self._pv_kwh[chosen],
            self._rows[chosen],
            *self._inside,
        )

    def alone(self, slots: int) -> kernel.Ahead:
        """The same with no other slots' minutes: small, and may be sent anywhere."""
        ahead = self.ahead(slots)
        known = ahead.minute_row >= 0
        rows, own = ahead.minute_row[known], np.full(slots, -1)
        own[known] = np.arange(len(rows))
        return ahead._replace(
            minute_row=own,
            minute_load_kwh=ahead.minute_load_kwh[rows],
            minute_pv_kwh=ahead.minute_pv_kwh[rows],
        )


def carry_out(
    plant: Plant,
    soc_kwh: float,
    modes: ModeTable,
    load_kwh: Series,
    pv_kwh: Series,
    minutes: Minutes | None = None,
) -> Flows:
    """All slots, one for each mode, from so much energy stored; series of shape (n,)."""
    return flows_of(soc_kwh, AtWork(plant, soc_kwh, load_kwh, pv_kwh, minutes).through(modes))


def flows_of(soc_start_kwh: float, results: NDArray[np.float64]) -> Flows:
    """Flows from what the slots came to, shape (n, kernel.RESULTS), columns as in `Step`."""
    columns = np.ascontiguousarray(results.T)
    return Flows(
        charge_kwh=columns[kernel.CHARGE],
        discharge_kwh=columns[kernel.DISCHARGE],
        import_kwh=columns[kernel.IMPORT],
        export_kwh=columns[kernel.EXPORT],
        curtail_kwh=columns[kernel.CURTAILED],
        breach_kwh=columns[kernel.BREACH],
        soc_kwh=np.concatenate([[soc_start_kwh], columns[kernel.STORED]]),
        loss_kwh=columns[kernel.LOSS],
        standby_kwh=columns[kernel.STANDBY],
        faded_kwh=columns[kernel.FADE],
    )


def steps_of(flows: Flows) -> list[Step]:
    """Flows slot by slot."""
    columns = (
        flows.charge_kwh,
        flows.discharge_kwh,
        flows.import_kwh,
        flows.export_kwh,
        flows.curtail_kwh,
        flows.breach_kwh,
        flows.soc_kwh[1:],
        flows.loss_kwh,
        flows.standby_kwh,
        flows.faded_kwh,
    )
    return list(map(Step._make, zip(*(column.tolist() for column in columns), strict=True)))


def storage_model(battery: Battery) -> StorageModel:
    """A battery as the planner sees it."""
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


def _points(taper: Taper) -> NDArray[np.float64]:
    """Percents and shares, shape (2, k)."""
    return np.array(taper, dtype=np.float64).reshape(len(taper), 2).T.copy()
