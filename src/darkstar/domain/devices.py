"""What a home has besides its first battery and can shift in time: heaters, cars, appliances, more batteries.

Times of day are local. A device that is due every day at a time has *periods* from one such time to the next.
"""

import datetime as dt
import math
from dataclasses import dataclass

from darkstar.domain.home import PHASE_VOLTS, Battery

HOURS_OF_DAY = 24
MINUTES_OF_DAY = HOURS_OF_DAY * 60
LABEL_KELVIN = 45.0
"""Between a tank and its surroundings where energy labels state its loss."""


@dataclass(frozen=True)
class ClockWindow:
    """From one local time of day to another; beyond midnight where the second is not later."""

    start: dt.time
    end: dt.time

    def holds(self, at: dt.time) -> bool:
        """Whether a time of day lies within."""
        if self.start < self.end:
            return self.start <= at < self.end
        return at >= self.start or at < self.end

    @property
    def minutes(self) -> int:
        """How long it is, on a day of 24 hours."""
        first, last = (60 * at.hour + at.minute for at in (self.start, self.end))
        return (last - first) % MINUTES_OF_DAY


@dataclass(frozen=True)
class WaterHeater:
    """A heater with a thermostat of its own, on or off.

    Attributes:
        daily_kwh: electric energy that it needs in each period.
        ready_by: when the period's energy is due.
        window: when it may run; None for always.
        least_run_minutes, least_pause_minutes: of each run, and between two.
        longest_pause_hours: time without heating after which the water is taken to be cold; None without such a wish.
        phase: the one that it hangs on, counted from 1; None for all.
    """

    power_kw: float
    daily_kwh: float
    ready_by: dt.time
    window: ClockWindow | None = None
    least_run_minutes: float = 0.0
    least_pause_minutes: float = 0.0
    longest_pause_hours: float | None = None
    phase: int | None = None
    name: str = "water heater"


@dataclass(frozen=True)
class Disinfection:
    """The rule against legionella: so hot at least once in so many days."""

    every_days: float
    temperature_c: float


@dataclass(frozen=True)
class HotWaterTank:
    """A water heater as a store of heat.

    Attributes:
        daily_kwh: heat that a day's hot water takes, drawn evenly over `hours_of_use`.
        least_c, most_c: temperature below which the water is too cold, and what the heater may heat it to.
        loss_w: heat lost standing at 65 C where it is 20 C around it, as on an energy label.
        surroundings_c: temperature around it.
        heat_per_kwh: heat for each electric kWh: 1 for an element, the coefficient of performance of a heat pump.
        window: when it may heat; None for always.
        phase: the one that it hangs on, counted from 1; None for all.
    """

    power_kw: float
    litres: float
    daily_kwh: float
    hours_of_use: tuple[ClockWindow, ...]
    least_c: float
    most_c: float
    loss_w: float
    surroundings_c: float = 20.0
    heat_per_kwh: float = 1.0
    window: ClockWindow | None = None
    disinfection: Disinfection | None = None
    phase: int | None = None
    name: str = "water heater"

    @property
    def loss_kw_per_k(self) -> float:
        """Loss for each degree above the surroundings."""
        return self.loss_w / 1000 / LABEL_KELVIN


@dataclass(frozen=True)
class ElectricCar:
    """A car at the home's charger.

    Attributes:
        target_percent: charge that it should have when it leaves.
        ready_by: when it leaves.
        home_from: when it is back; None where it is at home at all times but the instant of `ready_by`.
        phases: phases that it charges on.
        min_current_a, max_current_a: of each phase; equal where it charges at one power or not at all.
        daily_kwh: energy that a day's driving takes out of it; None where nobody knows.
        charge_efficiency: stored per kWh at the charger.
        phase: the one that it charges on, counted from 1, where it is one; None for the first `phases`.
    """

    name: str
    capacity_kwh: float
    target_percent: float
    ready_by: dt.time
    phases: int
    max_current_a: float
    min_current_a: float = 6.0
    home_from: dt.time | None = None
    daily_kwh: float | None = None
    charge_efficiency: float = 0.9
    phase: int | None = None

    @property
    def max_kw(self) -> float:
        """Greatest charging power."""
        return self.phases * self.max_current_a * PHASE_VOLTS / 1000

    @property
    def min_kw(self) -> float:
        """Least charging power."""
        return self.phases * self.min_current_a * PHASE_VOLTS / 1000

    @property
    def target_kwh(self) -> float:
        """Energy that it should hold when it leaves."""
        return self.capacity_kwh * self.target_percent / 100

    @property
    def is_switched(self) -> bool:
        """Whether it charges at one power or not at all."""
        return self.min_current_a >= self.max_current_a


@dataclass(frozen=True)
class HeatPump:
    """A heat pump that may heat the house ahead of need (SG ready), and then draws less than it would have.

    Attributes:
        boost_kw: power that a boost adds to what it draws anyway.
        kwh_by_hour: what it draws anyway in each local hour of a day; 24 of them.
        most_warmer_c: comfort: how much warmer than wanted a boost may make the house.
        heat_kwh_per_c: heat that warms the house by a degree.
        heat_per_kwh: heat for each electric kWh (coefficient of performance).
        time_constant_hours: of the house; after so long 37 % of the extra warmth is left.
        boost_efficiency: heat of a kWh drawn while boosted, relative to one drawn later.
        window: when it may be boosted; None for always.
        least_run_minutes, least_pause_minutes: of each boost, and between two.
        room_temperature_c: what is wanted in the rooms; None where nobody measures there.
        phase: the one that it hangs on, counted from 1; None for all.
    """

    boost_kw: float
    kwh_by_hour: tuple[float, ...]
    most_warmer_c: float
    heat_kwh_per_c: float
    heat_per_kwh: float
    time_constant_hours: float
    boost_efficiency: float = 0.9
    window: ClockWindow | None = None
    least_run_minutes: float = 0.0
    least_pause_minutes: float = 0.0
    room_temperature_c: float | None = None
    phase: int | None = None
    name: str = "heat pump"

    @property
    def kwh_per_c(self) -> float:
        """Electric energy that a degree of warmth spares."""
        return self.heat_kwh_per_c / self.heat_per_kwh

    @property
    def store_kwh(self) -> float:
        """Electric energy that the house can be warmed ahead by."""
        return self.most_warmer_c * self.kwh_per_c

    @property
    def keep_per_hour(self) -> float:
        """Share of the extra warmth that an hour leaves."""
        return math.exp(-1 / self.time_constant_hours)


@dataclass(frozen=True)
class Appliance:
    """A machine that runs its programme once, uninterrupted.

    Attributes:
        minutes: how long the programme takes, at `power_kw` throughout.
        ready_by: when it should have ended.
        window: when it may run; None for always.
        every_day: whether it runs in every period unasked; else in the next one where a plan is asked for it.
        phase: the one that it hangs on, counted from 1; None for all.
    """

    name: str
    power_kw: float
    minutes: float
    ready_by: dt.time
    window: ClockWindow | None = None
    every_day: bool = False
    phase: int | None = None


@dataclass(frozen=True)
class NamedBattery:
    """One battery of several."""

    name: str
    battery: Battery


@dataclass(frozen=True)
class Devices:
    """All that is planned besides the home's first battery."""

    water_heater: WaterHeater | HotWaterTank | None = None
    cars: tuple[ElectricCar, ...] = ()
    appliances: tuple[Appliance, ...] = ()
    batteries: tuple[NamedBattery, ...] = ()
    heat_pump: HeatPump | None = None

    @property
    def draw(self) -> bool:
        """Whether there is anything besides batteries."""
        return bool(self.water_heater or self.cars or self.appliances or self.heat_pump)

    def __bool__(self) -> bool:
        return self.draw or bool(self.batteries)


NO_DEVICES = Devices()
