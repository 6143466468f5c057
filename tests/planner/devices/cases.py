"""A spring day in Stockholm that the tests of devices share."""

import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np

from darkstar.domain.devices import ClockWindow, ElectricCar, WaterHeater
from darkstar.domain.slots import HOUR_SECONDS, SLOT_SECONDS, Slots, slot_range
from darkstar.planner.devices.wish import Drawn
from darkstar.planner.problem import Series

TZ = ZoneInfo("Europe/Stockholm")
START = int(dt.datetime(2021, 3, 9, 14, tzinfo=TZ).timestamp())
HEATER = WaterHeater(power_kw=3.0, daily_kwh=6.0, ready_by=dt.time(6))
NIGHT = ClockWindow(dt.time(22), dt.time(6))
CAR = ElectricCar("car", 60.0, 80.0, dt.time(7), 3, 16.0, home_from=dt.time(17))
SWITCHED = ElectricCar("car", 60.0, 80.0, dt.time(7), 1, 16.0, 16.0, home_from=dt.time(17))


def ahead(hours: int = 48, start: int = START) -> Slots:
    """So many hours from 14:00 on."""
    return slot_range(start, start + hours * HOUR_SECONDS)


def drawn(*kwh: float, start: int = START) -> Drawn:
    """What a meter says of the slots just before."""
    slots = slot_range(start - len(kwh) * SLOT_SECONDS, start)
    return Drawn(slots, np.array(kwh, dtype=np.float64))


def flat(hours: int = 48) -> Series:
    """One price throughout."""
    return np.ones(len(ahead(hours)))
