"""The battery problem: what a plan decides, what it costs, what bounds it.

Per slot of `slot_hours` h, with load l and pv p [kWh] and prices per kWh, decide charge c, discharge d (AC side),
import i, export e, curtailment k and fuse breach b, all >= 0:

    minimise  sum_t  import_price*(i+b) - export_price*e + wear_charge*c + wear_discharge*d
                     + curtailment_cost*k + import_breach_cost*b   -  terminal(soc_T)
    i + b + d - c - e - k = l - p        k <= p     i <= import_max_kw*h     e <= export_max_kw*h
    soc' = soc + charge_efficiency*c - d/discharge_efficiency        soc_min <= soc <= soc_max
    c <= charge_max_kw*h     d <= discharge_max_kw*h     never both c > 0 and d > 0
    terminal(soc): concave, piecewise linear, `energy_kwh[j]` worth `value[j]` per kWh above soc_min
"""

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Series = NDArray[np.float64]


@dataclass(frozen=True)
class StorageModel:
    """The battery as the problem sees it; energies in kWh stored, powers in kW at the AC side."""

    soc_min_kwh: float
    soc_max_kwh: float
    charge_max_kw: float
    discharge_max_kw: float
    charge_efficiency: float
    discharge_efficiency: float
    wear_charge: float = 0.0
    wear_discharge: float = 0.0

    @property
    def burning_price(self) -> float:
        """Price of a kWh drawn from which on down burning energy, by charging and discharging, pays its wear."""
        round_trip = self.charge_efficiency * self.discharge_efficiency
        wear = self.wear_charge + self.wear_discharge * round_trip
        return -wear / (1 - round_trip) if round_trip < 1 else -float("inf")


@dataclass(frozen=True)
class GridModel:
    """The connection; costs per kWh."""

    import_max_kw: float
    export_max_kw: float
    import_breach_cost: float = 100.0
    curtailment_cost: float = 0.0


@dataclass(frozen=True)
class TerminalValue:
    """Worth of the energy left: `energy_kwh[j]` kWh above soc_min at `value[j]` each, falling; shape (m,)."""

    value: Series
    energy_kwh: Series


@dataclass(frozen=True)
class Problem:
    """One planning problem; all series have shape (n,)."""

    slot_hours: float
    load_kwh: Series
    pv_kwh: Series
    import_price: Series
    export_price: Series
    soc_start_kwh: float
    storage: StorageModel
    grid: GridModel
    terminal: TerminalValue

    def __len__(self) -> int:
        return len(self.load_kwh)

    def after(self, slots: int) -> "Problem":
        """The same without its first slots."""
        return replace(
            self,
            load_kwh=self.load_kwh[slots:],
            pv_kwh=self.pv_kwh[slots:],
            import_price=self.import_price[slots:],
            export_price=self.export_price[slots:],
        )


@dataclass(frozen=True)
class Plan:
    """An answer; series of shape (n,) in kWh a slot, `soc_kwh` of shape (n + 1,) with the start first.

    Attributes:
        cost: the objective, terminal value included.
        gap: proven relative distance from the optimum, 0 when exact.
        ms: time the engine took [ms].
    """

    charge_kwh: Series
    discharge_kwh: Series
    import_kwh: Series
    export_kwh: Series
    curtail_kwh: Series
    breach_kwh: Series
    soc_kwh: Series
    cost: float
    gap: float
    ms: float
    engine: str


class Engine(Protocol):
    """Whatever solves the problem exactly."""

    name: str

    def solve(self, problem: Problem) -> Plan:
        """The cheapest plan.

        Raises:
            UsageError: the problem holds NaN, negative energies, limits that contradict each other or a state of
                charge outside the battery (the planner never guesses).
        """
        ...
