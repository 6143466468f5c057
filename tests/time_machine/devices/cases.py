"""A small home with a water heater."""

import datetime as dt
from dataclasses import replace

import numpy as np

from darkstar.domain.devices import WaterHeater
from darkstar.domain.slots import Slots, quarters_of_day
from darkstar.time_machine.past.heater import HeaterPast
from darkstar.time_machine.scenario import Scenario
from tests.time_machine.cases import TZ, scenario

HEATER = WaterHeater(power_kw=2.0, daily_kwh=3.0, ready_by=dt.time(6))
RUNS = ((12, 1), (28, 2), (82, 4))
"""First quarter of the day and how many: what the thermostat does at three, seven and half past eight."""


def drawn_kwh(slots: Slots, seed: int = 3) -> np.ndarray:
    """What a thermostat draws in each slot, up to the heater's power."""
    quarter = quarters_of_day(slots, TZ)
    on = np.any([(quarter >= first) & (quarter < first + count) for first, count in RUNS], axis=0)
    share = np.random.default_rng(seed).uniform(0.3, 1.0, len(quarter))
    return np.where(on, 0.5 * share, 0.0)


def heated(days: int = 3, warm_up: int = 8, seed: int = 1) -> Scenario:
    """The shared small home with a heater, whose draw is a part of the load."""
    given = scenario(days, warm_up, seed)
    drawn = drawn_kwh(given.known.slots)
    known = replace(given.known, load_kwh=given.known.load_kwh + drawn)
    return replace(given, known=known, heater=HeaterPast(HEATER, drawn))
