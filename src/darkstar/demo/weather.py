"""The demo's weather: air temperature, and how clear the sky is."""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from darkstar.demo.grid import Grid, Series


@dataclass(frozen=True)
class Weather:
    """Shapes (n,).

    Attributes:
        air_celsius: temperature of the air.
        clearness: share of the clear sky's global irradiance that comes through, 0.1 to 1.05.
    """

    air_celsius: Series
    clearness: Series


def weather(grid: Grid) -> Weather:
    """A Nordic coast: mild, moody, its skies clearer in summer."""
    front = grid.wander("front", 40.0)
    air = (
        8.0
        - 9.0 * grid.season
        + 3.0 * (1 - 0.5 * grid.season) * np.cos(2 * np.pi * (grid.local_hour - 15) / 24)
        + 3.0 * grid.wander("air", 60.0)
    )
    mood = front + 0.7 * grid.wander("sky", 3.0) + 0.35 * grid.wander("clouds", 0.3) - 0.5 * grid.season
    clearness = np.clip(0.12 + 0.98 * ndtr(1.1 * mood + 0.1), 0.1, 1.05)
    return Weather(air, np.asarray(clearness))
