"""A whole site's planning problem.

All energies are kWh a slot at the AC side unless said otherwise, all series have shape (n,), all costs are in the
home's currency. A device hangs on one phase or is spread evenly over several (`phases`, counted from 1).

What physics and devices do not allow is hard. Everything else has a price at which it gives way, so that every sound
problem has a plan, and `SitePlan.breaches` names what gave.
"""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np

from darkstar.domain.power_tariff import NOTHING_YET, MonthSoFar, PowerTariff
from darkstar.domain.slots import SLOT_HOURS, Slots
from darkstar.planner.loads.model import Mask, OnOffLoad
from darkstar.planner.problem import Series, StorageModel, TerminalValue

WATER_KWH_PER_LITRE_K = 1.163e-3
THREE_PHASES = (1, 2, 3)
NO_TERMINAL = TerminalValue(np.zeros(0), np.zeros(0))


@dataclass(frozen=True)
class SiteBattery:
    """One battery; outside its limits at the start, it is brought back at `reserve_cost` per kWh and slot."""

    name: str
    storage: StorageModel
    soc_start_kwh: float
    terminal: TerminalValue = NO_TERMINAL
    reserve_cost: float = 10.0
    phases: tuple[int, ...] = THREE_PHASES


@dataclass(frozen=True)
class PvString:
    """One string or roof: its forecast, and whether it can be turned down."""

    name: str
    pv_kwh: Series
    can_curtail: bool = True
    curtailment_cost: float = 0.0
    phases: tuple[int, ...] = THREE_PHASES


@dataclass(frozen=True)
class Switching:
    """Rules of whatever is on or off.

    Attributes:
        min_on_slots, min_off_slots: least length of a run and of a pause.
        start_cost: cost of switching on.
        on_for_slots: running for so long as the problem begins, 0 where off.
        off_for_slots: off for so long, where it is off.
    """

    min_on_slots: int = 1
    min_off_slots: int = 0
    start_cost: float = 0.0
    on_for_slots: int = 0
    off_for_slots: int = 1_000


@dataclass(frozen=True)
class CarTarget:
    """At least `stored_kwh` in the car before slot `slot` begins, each missing kWh at `shortfall_cost`."""

    slot: int
    stored_kwh: float
    shortfall_cost: float = 20.0


@dataclass(frozen=True)
class Car:
    """A car that charges at any power between the least and the greatest, or not at all.

    A slot may be charged in part: less than the least power's energy is the least power for less than the slot. What
    `switching` rules is the run of slots in which it may charge; that it pauses within one is no new start.

    Attributes:
        whole_slots: it charges a slot through or not at all; far harder to plan beside a power tariff.
        connected: slots in which it may charge, shape (n,).
        stored_kwh, stored_max_kwh: energy in its battery at the start and at most.
        efficiency: energy stored per kWh at the charger.
        driven_kwh: energy that driving takes, shape (n,); what the battery lacks is charged elsewhere at
            `elsewhere_cost` per kWh. None where it is not known.
        value_per_kwh: worth of a kWh in it at the end.
    """

    name: str
    min_kw: float
    max_kw: float
    connected: Mask
    stored_kwh: float
    stored_max_kwh: float
    targets: tuple[CarTarget, ...] = ()
    efficiency: float = 0.9
    driven_kwh: Series | None = None
    elsewhere_cost: float = 20.0
    value_per_kwh: float = 0.0
    whole_slots: bool = False
    switching: Switching = Switching()
    phases: tuple[int, ...] = THREE_PHASES


@dataclass(frozen=True)
class Legionella:
    """The tank reaches `temperature_c` at least once in any `every_slots`; last done `since_slots` ago.

    A rule that is overdue has until the end of the horizon or one period, whichever is sooner.
    """

    temperature_c: float
    every_slots: int
    since_slots: int = 0
    shortfall_cost: float = 50.0


@dataclass(frozen=True)
class Tank:
    """A hot-water tank as one well-mixed store of heat.

    Attributes:
        heater_kw: electric power while heating; a slot may be heated in part unless `whole_slots`.
        heat_per_kwh: heat per electric kWh, shape (n,): 1 for an element, the coefficient of performance for a
            heat pump; None for 1.
        draw_kwh: heat drawn with the water, shape (n,).
        loss_kw_per_k: standing loss per degree above `ambient_c`.
        comfort_c: least temperature, each K and slot below it at `cold_cost`.
        value_per_kwh: worth of a kWh of heat left above `comfort_c` at the end.
    """

    name: str
    litres: float
    heater_kw: float
    temperature_c: float
    draw_kwh: Series
    comfort_c: float = 45.0
    max_c: float = 75.0
    ambient_c: float = 20.0
    loss_kw_per_k: float = 0.002
    heat_per_kwh: Series | None = None
    whole_slots: bool = False
    available: Mask | None = None
    legionella: Legionella | None = None
    cold_cost: float = 1.0
    hot_cost: float = 10.0
    value_per_kwh: float = 0.0
    switching: Switching = Switching()
    phases: tuple[int, ...] = THREE_PHASES

    @property
    def heat_kwh_per_k(self) -> float:
        """Heat that warms the tank by one degree [kWh/K]."""
        return self.litres * WATER_KWH_PER_LITRE_K


@dataclass(frozen=True)
class Boost:
    """A heat pump that may heat the house ahead of need (SG ready) and then draws less than it would have.

    Attributes:
        boost_kw: power drawn on top while boosting; a slot may be boosted in part unless `whole_slots`.
        base_kwh: what the heat pump draws anyway, part of the site's load, shape (n,): relief cannot exceed it.
        store_kwh: how much later consumption may be saved up [electric kWh].
        stored_kwh: saved up at the start.
        yield_share: consumption saved later per kWh boosted.
        keep_per_hour: share of the savings that an hour leaves.
    """

    name: str
    boost_kw: float
    base_kwh: Series
    store_kwh: float
    stored_kwh: float = 0.0
    yield_share: float = 0.9
    keep_per_hour: float = 0.97
    whole_slots: bool = False
    available: Mask | None = None
    switching: Switching = Switching()
    phases: tuple[int, ...] = THREE_PHASES


@dataclass(frozen=True)
class SiteLoad:
    """An on/off load and its phases."""

    load: OnOffLoad
    phases: tuple[int, ...] = THREE_PHASES


@dataclass(frozen=True)
class Connection:
    """Where the site meets the grid.

    Attributes:
        import_max_kw, export_max_kw: limits of the sum of phases, shape (n,); 0 bans.
        phase_max_kw: limit of each phase, either way; None where phases are not looked at.
        load_shares: how the load is spread over the phases; as many as there are phases.
        breach_cost: per kWh beyond any of these limits.
    """

    import_max_kw: Series
    export_max_kw: Series
    phase_max_kw: float | None = None
    load_shares: tuple[float, ...] = (1 / 3, 1 / 3, 1 / 3)
    breach_cost: float = 100.0


@dataclass(frozen=True)
class MeteredTariff:
    """A power tariff and what the month has metered for it so far."""

    tariff: PowerTariff
    so_far: MonthSoFar = NOTHING_YET


@dataclass(frozen=True)
class Site:
    """One problem.

    Attributes:
        slots: UTC starts, shape (n,), `slot_hours` apart.
        load_kwh: all consumption that is not planned here.
    """

    slots: Slots
    tz: ZoneInfo
    load_kwh: Series
    import_price: Series
    export_price: Series
    connection: Connection
    batteries: tuple[SiteBattery, ...] = ()
    strings: tuple[PvString, ...] = ()
    cars: tuple[Car, ...] = ()
    tanks: tuple[Tank, ...] = ()
    boosts: tuple[Boost, ...] = ()
    loads: tuple[SiteLoad, ...] = ()
    power_tariffs: tuple[MeteredTariff, ...] = ()
    slot_hours: float = SLOT_HOURS

    def __len__(self) -> int:
        return len(self.slots)

    @property
    def pv_kwh(self) -> Series:
        """All strings together, shape (n,)."""
        return (
            np.sum([string.pv_kwh for string in self.strings], axis=0)
            if self.strings
            else np.zeros(len(self))
        )
