"""The demo's roof: clear days by the sun, clipped by the inverter, dimmed by clouds."""

from dataclasses import replace

import numpy as np
import pytest

from darkstar.demo.grid import STEP_HOURS, Grid
from darkstar.demo.home import HOME, ROOF
from darkstar.demo.sun import pv_kwh
from darkstar.demo.weather import Weather
from darkstar.domain.slots import DAY_SECONDS, HOUR_SECONDS

MIDSUMMER = 1_750_464_000  # 2025-06-21T00:00Z
GRID = Grid(MIDSUMMER, MIDSUMMER + DAY_SECONDS, HOME.tz, seed=0)


def sky(clearness: float) -> Weather:
    return Weather(np.full(len(GRID), 20.0), np.full(len(GRID), clearness))


def test_a_clear_midsummer_day_is_worth_about_seven_hours_of_full_sun() -> None:
    assert 6.0 < pv_kwh(GRID, ROOF, sky(1.0)).sum() / ROOF.peak_kw < 8.0


def test_the_inverter_clips() -> None:
    small = pv_kwh(GRID, replace(ROOF, inverter_kw=3.0), sky(1.0)) / STEP_HOURS
    assert small.max() == pytest.approx(3.0, rel=1e-12)
    assert (small > 2.999).sum() > 12


def test_noon_is_the_suns_and_clouds_dim_it() -> None:
    south = replace(ROOF, azimuth_degrees=180)
    clear, dull = (pv_kwh(GRID, south, sky(clearness)) for clearness in (1.0, 0.3))
    brightest = GRID.steps[np.argmax(clear)] % DAY_SECONDS / HOUR_SECONDS
    assert brightest == pytest.approx(12 - HOME.longitude / 15, abs=0.5)
    assert dull.sum() < 0.45 * clear.sum()
