"""The demo's day-ahead market: dear winter evenings, cheap windy nights, negative middays in summer."""

import numpy as np

from darkstar.demo.grid import STEP_SECONDS, STEPS_PER_SLOT, Grid, Series
from darkstar.demo.weather import Weather
from darkstar.domain.market import QUARTERS_SINCE
from darkstar.domain.slots import HOUR_SECONDS, SLOTS_PER_HOUR

DAY_HOURS = (0, 3, 6, 8, 10, 13, 16, 18.5, 21, 24)
DAY_SHAPE = (0.72, 0.6, 0.95, 1.45, 1.15, 0.95, 1.2, 1.65, 1.1, 0.72)


def spot_per_kwh(grid: Grid, weather: Weather) -> Series:
    """Spot price of each slot of the grid [currency/kWh]; one price an hour before the market traded in quarters.

    The grid must begin on a whole hour; shape (slots,).
    """
    level = (0.42 + 0.2 * grid.season) * np.exp(
        0.45 * grid.wander("wind", 50.0) + 0.12 * grid.wander("bids", 4.0)
    )
    shape = np.interp(grid.local_hour, DAY_HOURS, DAY_SHAPE)
    shape = np.where(grid.weekend, 1 + 0.6 * (shape - 1) - 0.12, shape)
    noon = np.exp(-(((grid.local_hour - 13.2) / 2.6) ** 2))
    glut = noon * np.clip(0.45 - 0.55 * grid.season, 0.0, None) * weather_of_the_country(grid, weather)
    by_slot = (level * shape - 0.55 * glut)[: len(grid) // STEPS_PER_SLOT * STEPS_PER_SLOT]
    quarters = by_slot.reshape(-1, STEPS_PER_SLOT).mean(axis=1)
    starts = grid.steps[: len(by_slot) : STEPS_PER_SLOT]
    # Within an hour that morning ramps up, the first quarter is the cheap one: sellers bid for the ramp.
    hours = quarters[: len(quarters) // SLOTS_PER_HOUR * SLOTS_PER_HOUR].reshape(-1, SLOTS_PER_HOUR)
    hourly = np.repeat(hours.mean(axis=1), SLOTS_PER_HOUR)
    hourly = np.append(hourly, quarters[len(hourly) :])
    return np.asarray(np.round(np.where(starts < QUARTERS_SINCE, hourly, quarters), 5), dtype=np.float64)


def weather_of_the_country(grid: Grid, weather: Weather) -> Series:
    """How sunny it is over a whole bidding zone: the home's own sky, smoothed over hours; 0 to 1, shape (n,)."""
    width = 4 * HOUR_SECONDS // STEP_SECONDS
    padded = np.pad(weather.clearness, (width // 2, width - width // 2), mode="edge")
    total = np.cumsum(padded)
    return (total[width:] - total[:-width]) / width
