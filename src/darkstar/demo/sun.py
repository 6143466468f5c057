"""What the demo's roof makes: pvlib's clear sky through clouds, on a tilted plane, clipped by the inverter."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pvlib

from darkstar.demo.grid import STEP_HOURS, STEP_SECONDS, Grid, Series
from darkstar.demo.weather import Weather

SYSTEM_LOSSES = 0.14
"""Cables, dirt, mismatch: the usual figure of PVWatts."""
POWER_PER_KELVIN = -0.0037


@dataclass(frozen=True)
class Roof:
    """An array and its inverter; azimuth in degrees clockwise from north."""

    latitude: float
    longitude: float
    tilt_degrees: float
    azimuth_degrees: float
    peak_kw: float
    inverter_kw: float


def pv_kwh(grid: Grid, roof: Roof, weather: Weather) -> Series:
    """Energy of each step [kWh]; shape (n,)."""
    middle = pd.DatetimeIndex((grid.steps + STEP_SECONDS // 2) * 10**9, tz="UTC")
    sun = pvlib.solarposition.get_solarposition(middle, roof.latitude, roof.longitude, method="nrel_numpy")
    zenith, elevation = sun["apparent_zenith"].to_numpy(), sun["apparent_elevation"].to_numpy()
    up = elevation > 0
    clear = pvlib.clearsky.simplified_solis(np.where(up, elevation, 0.1))
    horizontal = np.where(up, clear["ghi"], 0.0) * weather.clearness
    sky = pvlib.irradiance.erbs(horizontal, zenith, grid.day_of_year)
    plane = pvlib.irradiance.get_total_irradiance(
        roof.tilt_degrees,
        roof.azimuth_degrees,
        zenith,
        sun["azimuth"].to_numpy(),
        sky["dni"],
        horizontal,
        sky["dhi"],
    )["poa_global"]
    irradiance = np.where(up, np.nan_to_num(plane), 0.0)
    cell_celsius = pvlib.temperature.faiman(irradiance, weather.air_celsius)
    power = roof.peak_kw * irradiance / 1000 * (1 + POWER_PER_KELVIN * (cell_celsius - 25))
    return np.asarray(np.clip(power * (1 - SYSTEM_LOSSES), 0.0, roof.inverter_kw) * STEP_HOURS)
