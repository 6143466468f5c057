"""Devices one after the other: every departure is served, and a later device sees what those before it draw."""

from dataclasses import replace

import numpy as np
import pytest

from darkstar.domain.devices import Devices
from darkstar.domain.slots import SLOT_HOURS
from darkstar.planner.devices.household import NO_STORAGE
from darkstar.planner.devices.one_by_one import one_by_one
from darkstar.planner.devices.wish import CarState, DeviceStates
from darkstar.planner.devices.wishes import wishes
from darkstar.planner.problem import GridModel, Problem, TerminalValue
from tests.planner.devices.cases import CAR, HEATER, TZ, ahead, flat


def _site(fuse_kw: float) -> Problem:
    n = len(ahead())
    nothing, rising = np.zeros(n), np.linspace(1.0, 2.0, n)
    grid = GridModel(fuse_kw, fuse_kw)
    worthless = TerminalValue(np.zeros(0), np.zeros(0))
    return Problem(SLOT_HOURS, nothing, nothing, rising, nothing, 0.0, NO_STORAGE, grid, worthless)


def test_a_car_that_drives_every_day() -> None:
    """40 of 48 kWh are there; then 9 a day are driven, and put back before the next departure."""
    daily = replace(CAR, daily_kwh=9.0)
    states = DeviceStates(cars={"car": CarState(100 * 40 / 60)})
    [wish], _ = wishes(Devices(cars=(daily,)), states, ahead(), TZ, flat())
    [run] = one_by_one([wish], _site(20.0))
    assert not run.missing
    assert run.cost == 0
    assert run.energy_kwh[:68].sum() == pytest.approx(8 / 0.9)
    assert run.energy_kwh[68:164].sum() == pytest.approx(9 / 0.9)
    assert run.stored_kwh is not None
    assert run.stored_kwh[[68, 164]] == pytest.approx([48, 48])
    # Prices rise: as soon as it is at home.
    assert np.flatnonzero(run.energy_kwh)[0] == 12


def test_a_later_device_waits_where_the_fuse_is_taken() -> None:
    """The heater takes 3 of 12 kW in the first slots; 11.04 of the car do not fit beside it."""
    states = DeviceStates(heated_kwh=0.0, cars={"car": CarState(60, plugged_in=True)})
    found, _ = wishes(Devices(HEATER, (CAR,)), states, ahead(), TZ, flat())
    heater, car = one_by_one(found, _site(12.0))
    assert np.flatnonzero(heater.energy_kwh)[:8].tolist() == list(range(8))
    assert np.flatnonzero(car.energy_kwh)[0] == 8
