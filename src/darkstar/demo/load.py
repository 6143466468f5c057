"""What the demo's home uses: a family of four, a heat pump, a water heater of its own meter."""

from dataclasses import dataclass

import numpy as np

from darkstar.demo.grid import STEP_HOURS, STEPS_PER_DAY, Grid, Series
from darkstar.demo.weather import Weather

STANDBY_KW = 0.17
WATER_KW = 2.0
HEATING_LIMIT_CELSIUS = 15.0
HEATING_KW_PER_KELVIN = 0.085
HEATING_MAX_KW = 3.2
HABIT_HOURS = (0, 5, 6.5, 8, 9.5, 15, 17, 19.5, 22, 23.5, 24)
WORKDAY_KW = (0.05, 0.05, 0.55, 0.45, 0.15, 0.2, 0.7, 0.95, 0.6, 0.1, 0.05)
WEEKEND_KW = (0.08, 0.05, 0.15, 0.45, 0.6, 0.55, 0.75, 0.95, 0.7, 0.2, 0.08)


@dataclass(frozen=True)
class Habit:
    """An appliance and when it runs.

    Attributes:
        around_hour: usual start on the local clock; spread_hours: its standard deviation.
        hours: how long it runs; per_day: probability of a run on a day.
    """

    kw: float
    around_hour: float
    spread_hours: float
    hours: float
    per_day: float


APPLIANCES = {
    "breakfast": Habit(1.8, 7.2, 0.5, 0.3, 0.8),
    "lunch": Habit(1.6, 12.4, 0.6, 0.5, 0.35),
    "dinner": Habit(2.4, 17.6, 0.7, 0.8, 0.9),
    "dishes": Habit(1.3, 20.0, 1.2, 1.2, 0.7),
    "laundry": Habit(1.5, 11.0, 3.5, 1.3, 0.5),
    "sauna": Habit(4.5, 19.0, 0.8, 1.5, 0.08),
}
SHOWERS = {
    "water morning": Habit(WATER_KW, 7.0, 0.4, 0.9, 0.95),
    "water evening": Habit(WATER_KW, 20.5, 0.9, 1.1, 0.9),
    "water keep warm": Habit(WATER_KW, 3.0, 3.0, 0.4, 1.0),
}


@dataclass(frozen=True)
class Use:
    """Energy of each step [kWh], shape (n,); `water_kwh` is a part of `load_kwh`."""

    load_kwh: Series
    water_kwh: Series


def use(grid: Grid, weather: Weather) -> Use:
    """The load of a whole home and its water heater's share."""
    water = np.minimum(sum((_runs(grid, name, habit) for name, habit in SHOWERS.items())), WATER_KW)
    appliances = sum((_runs(grid, name, habit) for name, habit in APPLIANCES.items()))
    kw = STANDBY_KW + _fridge(grid) + _people(grid) + _heating(grid, weather) + appliances + water
    return Use(kw * STEP_HOURS, water * STEP_HOURS)


def _runs(grid: Grid, name: str, habit: Habit) -> Series:
    """Power of an appliance, run at most once a day at its own time [kW]."""
    random = grid.random(name)
    days = len(grid) // STEPS_PER_DAY + 2
    runs = random.random(days) < habit.per_day
    hours = random.normal(habit.around_hour, habit.spread_hours, days)
    lengths = np.maximum(habit.hours * random.lognormal(0.0, 0.2, days), STEP_HOURS)
    first = grid.local_seconds[0] // (24 * 3600) * 24
    local_hours = grid.local_seconds / 3600
    power = np.zeros(len(grid) + 1)
    starts = first + 24 * np.arange(days) + hours
    begin, end = (np.searchsorted(local_hours, edge) for edge in (starts, starts + lengths))
    np.add.at(power, begin[runs], habit.kw)
    np.add.at(power, end[runs], -habit.kw)
    return np.cumsum(power)[:-1].clip(0.0)


def _fridge(grid: Grid) -> Series:
    phase = np.cumsum(STEP_HOURS / 0.85 * (1 + 0.15 * grid.wander("fridge", 2.0)))
    return np.where(phase % 1 < 0.35, 0.11, 0.0)


def _people(grid: Grid) -> Series:
    hour = grid.local_hour
    usual = np.where(
        grid.weekend, np.interp(hour, HABIT_HOURS, WEEKEND_KW), np.interp(hour, HABIT_HOURS, WORKDAY_KW)
    )
    lamps = 1 + 0.3 * grid.season
    return usual * lamps * np.exp(0.35 * grid.wander("people", 1.0) - 0.06)


def _heating(grid: Grid, weather: Weather) -> Series:
    cold = HEATING_LIMIT_CELSIUS - weather.air_celsius + 1.0 * grid.wander("heat pump", 1.5)
    return np.clip(HEATING_KW_PER_KELVIN * cold, 0.0, HEATING_MAX_KW)
