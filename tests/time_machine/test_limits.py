"""Limits by state of charge are found where a battery was pressed against them, and nowhere else."""

from dataclasses import replace

import numpy as np

from darkstar.domain.home import Battery
from darkstar.domain.slots import QUARTERS_OF_DAY
from darkstar.planner.mode_table import ModeTable
from darkstar.planner.modes import self_consumption
from darkstar.planner.problem import GridModel
from darkstar.time_machine.plant.carrying import Plant, carry_out, storage_model
from darkstar.time_machine.plant.limits import limits_of
from darkstar.time_machine.plant.model import IDEAL, PlantModel, Taper
from darkstar.time_machine.plant.observed import Observed

BATTERY = Battery(10.0, soc_min_percent=5.0, charge_max_kw=3.0, discharge_max_kw=3.0)
CHARGE: Taper = ((70.0, 1.0), (95.0, 0.3))
DISCHARGE: Taper = ((10.0, 0.3), (30.0, 1.0))
TAPERED = PlantModel(nominal_kwh=10.0, charge_taper=CHARGE, discharge_taper=DISCHARGE)


def lived(
    model: PlantModel, sun: float = 1.0, evening_kw: float = 4.0, most_kw: float = 3.0, days: int = 60
) -> Observed:
    """Sunny days and heavy evenings on self-consumption, or on as much of it as `most_kw` allows."""
    rng = np.random.default_rng(3)
    n = days * QUARTERS_OF_DAY
    hour = np.arange(n) % QUARTERS_OF_DAY / 4
    peak = rng.uniform(0.3, 1.6, days).repeat(QUARTERS_OF_DAY)
    pv = sun * np.maximum(0.0, np.sin((hour - 6) / 12 * np.pi)) * peak * rng.uniform(0.7, 1.1, n)
    load = 0.05 + rng.gamma(1.0, 0.04, n)
    load += np.where((hour >= 18) & (hour < 23), evening_kw / 4 * rng.uniform(0.2, 1.2, n), 0.0)
    storage = storage_model(BATTERY)
    follow = ModeTable.of([self_consumption(storage)]).take(np.zeros(n, np.int64))
    follow.charge_kw[:] = most_kw
    flows = carry_out(Plant(storage, GridModel(17.0, 17.0), model), 5.0, follow, load, pv)
    percent = np.round(flows.soc_kwh * 10.0)
    rows = np.arange(n)
    return Observed(
        rows // QUARTERS_OF_DAY,
        rows,
        flows.charge_kwh,
        flows.discharge_kwh,
        percent[:-1],
        percent[1:],
        flows.import_kwh,
        flows.export_kwh,
    )


def apart(found: Taper, known: Taper, percents: np.ndarray) -> float:
    ours, theirs = (np.interp(percents, *np.array(taper).T) for taper in (found, known))
    return float(np.abs(ours - theirs).max())


def test_tapers_are_found_again() -> None:
    charge, discharge = limits_of(lived(TAPERED), BATTERY)
    assert apart(charge, CHARGE, np.arange(40.0, 95.0)) < 0.06
    assert apart(discharge, DISCHARGE, np.arange(12.0, 60.0)) < 0.08


def test_a_few_readings_that_err_move_little() -> None:
    observed = lived(TAPERED)
    charge = observed.charge_kwh.copy()
    high = np.flatnonzero((observed.start_percent > 85) & (charge > 0))[[5, 100]]
    charge[high] *= 3
    found, _ = limits_of(replace(observed, charge_kwh=charge), BATTERY)
    assert apart(found, CHARGE, np.arange(40.0, 95.0)) < 0.06


def test_a_battery_without_any_has_none() -> None:
    assert limits_of(lived(IDEAL), BATTERY) == ((), ())
    # It comes to its fullest and its emptiest every day, in the middle of a slot.
    assert limits_of(lived(IDEAL, sun=4.0, evening_kw=16.0, days=730), BATTERY) == ((), ())


def test_little_sun_and_light_evenings_tell_nothing() -> None:
    assert limits_of(lived(TAPERED, sun=0.2, evening_kw=0.5), BATTERY) == ((), ())


def test_without_the_grid_nobody_can_tell() -> None:
    blind = replace(lived(TAPERED), import_kwh=None, export_kwh=None)
    assert limits_of(blind, BATTERY) == ((), ())


def test_less_than_the_stated_power_at_every_charge_may_be_a_setting() -> None:
    assert limits_of(lived(IDEAL, most_kw=2.0), BATTERY)[0] == ()
