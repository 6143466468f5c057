"""A site's plan, and what had to give."""

from dataclasses import dataclass

from darkstar.domain.slots import Slots
from darkstar.planner.loads.model import LoadRun, Mask
from darkstar.planner.problem import Series


@dataclass(frozen=True)
class BatteryRun:
    """What a battery does; energies of shape (n,) at the AC side, `soc_kwh` of shape (n + 1,)."""

    name: str
    charge_kwh: Series
    discharge_kwh: Series
    soc_kwh: Series


@dataclass(frozen=True)
class CarRun:
    """What a car does; `charge_kwh`, `elsewhere_kwh` and `on` of shape (n,), `stored_kwh` of shape (n + 1,)."""

    name: str
    charge_kwh: Series
    elsewhere_kwh: Series
    stored_kwh: Series
    on: Mask


@dataclass(frozen=True)
class TankRun:
    """What a tank does; `heater_kwh` and `on` of shape (n,), `temperature_c` of shape (n + 1,)."""

    name: str
    heater_kwh: Series
    temperature_c: Series
    on: Mask


@dataclass(frozen=True)
class BoostRun:
    """What a boosted heat pump does; `boost_kwh`, `relief_kwh` and `on` of shape (n,), `saved_kwh` (n + 1,)."""

    name: str
    boost_kwh: Series
    relief_kwh: Series
    saved_kwh: Series
    on: Mask


@dataclass(frozen=True)
class Breach:
    """What had to give.

    Attributes:
        what: the limit or wish, in words.
        first, last: the slots [first, last) in which it gave, by index.
        amount: how much in all, in `unit`.
        cost: what the plan took it to cost.
    """

    what: str
    first: int
    last: int
    amount: float
    unit: str
    cost: float


@dataclass(frozen=True)
class SitePlan:
    """An answer; series of shape (n,) in kWh a slot.

    Attributes:
        import_kwh, export_kwh: all that passes the meter, breaches included.
        breach_kwh, spill_kwh: what of it exceeds the connection's limits.
        phase_breach_kwh: what exceeds the phases' limits, shape (phases, n).
        curtail_kwh: one series a string.
        cost: the objective: money, starts and breaches, less the worth of what is left.
        bound: no plan costs less.
        finished: the gap asked for was reached within the time.
        kept: the plan before it was kept, for the gain of changing it was not worth it.
    """

    slots: Slots
    import_kwh: Series
    export_kwh: Series
    breach_kwh: Series
    spill_kwh: Series
    phase_breach_kwh: Series
    curtail_kwh: tuple[Series, ...]
    batteries: tuple[BatteryRun, ...]
    cars: tuple[CarRun, ...]
    tanks: tuple[TankRun, ...]
    boosts: tuple[BoostRun, ...]
    loads: tuple[LoadRun, ...]
    breaches: tuple[Breach, ...]
    cost: float
    bound: float
    ms: float
    finished: bool = True
    kept: bool = False
    engine: str = "full"

    @property
    def gap(self) -> float:
        """Proven relative distance from the optimum; 0 where rounding is all that is left."""
        gap = (self.cost - self.bound) / max(1.0, abs(self.cost))
        return gap if gap > SAME_COST else 0.0


SAME_COST = 1e-7
"""Relative difference of costs that counts as none."""
