"""What a home has besides its first battery and can shift in time: water heater, cars, appliances, more batteries.

Times of day are local. A device that is due every day at a time has *periods* from one such time to the next.
"""

import datetime as dt
from dataclasses import dataclass

from darkstar.domain.home import PHASE_VOLTS, Battery


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


@dataclass(frozen=True)
class WaterHeater:
    """A heater with a thermostat of its own, on or off.

    Attributes:
        daily_kwh: electric energy that it needs in each period.
        ready_by: when the period's energy is due.
        window: when it may run; None for always.
        least_run_minutes, least_pause_minutes: of each run, and between two.
        longest_pause_hours: time without heating after which the water is taken to be cold; None without such a wish.
    """

    power_kw: float
    daily_kwh: float
    ready_by: dt.time
    window: ClockWindow | None = None
    least_run_minutes: float = 0.0
    least_pause_minutes: float = 0.0
    longest_pause_hours: float | None = None
    name: str = "water heater"


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
class Appliance:
    """A machine that runs its programme once, uninterrupted.

    Attributes:
        minutes: how long the programme takes, at `power_kw` throughout.
        ready_by: when it should have ended.
        window: when it may run; None for always.
        every_day: whether it runs in every period unasked; else in the next one where a plan is asked for it.
    """

    name: str
    power_kw: float
    minutes: float
    ready_by: dt.time
    window: ClockWindow | None = None
    every_day: bool = False


@dataclass(frozen=True)
class NamedBattery:
    """One battery of several."""

    name: str
    battery: Battery


@dataclass(frozen=True)
class Devices:
    """All that is planned besides the home's first battery."""

    water_heater: WaterHeater | None = None
    cars: tuple[ElectricCar, ...] = ()
    appliances: tuple[Appliance, ...] = ()
    batteries: tuple[NamedBattery, ...] = ()

    @property
    def draw(self) -> bool:
        """Whether there is anything besides batteries."""
        return bool(self.water_heater or self.cars or self.appliances)

    def __bool__(self) -> bool:
        return self.draw or bool(self.batteries)


NO_DEVICES = Devices()
