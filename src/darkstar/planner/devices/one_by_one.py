"""Devices planned one after the other, each exactly around those before it: quick, good, and nothing proven.

For when the full engine had no time for a good plan. A car whose power can be chosen charges at its greatest here.
"""

import math
from collections.abc import Sequence

import numpy as np

from darkstar.planner.devices.run import DeviceRun, car_run, load_run
from darkstar.planner.devices.wish import ROUNDING, Wish
from darkstar.planner.fast.loads import LoadsRecursion
from darkstar.planner.full.plan import CarRun
from darkstar.planner.full.site import Boost, Car, Tank
from darkstar.planner.loads.model import Level, LoadedProblem, Need, OnOffLoad, with_energy
from darkstar.planner.problem import Problem, Series


def one_by_one(devices: Sequence[Wish], site: Problem) -> tuple[DeviceRun, ...]:
    """What each device does beside one battery, no tank or boost among them; `site` is the rest with the battery.

    Raises:
        UsageError: a device is too large even alone.
    """
    engine, runs = LoadsRecursion(), []
    for wish in devices:
        assert not isinstance(wish.plan, Tank | Boost)
        load = wish.plan if isinstance(wish.plan, OnOffLoad) else _at_full_power(wish.plan, site.slot_hours)
        [found] = engine.solve(LoadedProblem(site, (load,))).runs
        if isinstance(wish.plan, Car):
            run = car_run(wish, wish.plan, _charged(wish.plan, found.energy_kwh))
        else:
            run = load_run(wish, found)
        runs.append(run)
        site = with_energy(site, run.energy_kwh)
    return tuple(runs)


def _at_full_power(car: Car, slot_hours: float) -> OnOffLoad:
    """The car as a load that is on or off: what each departure takes, if it left with its target before."""
    unit_kwh = car.max_kw * slot_hours * car.efficiency
    needs: list[Need] = []
    stored, first = car.stored_kwh, 0
    for target in car.targets:
        if car.driven_kwh is not None:
            stored = max(0.0, stored - float(car.driven_kwh[first : target.slot].sum()))
        units = max(0, math.ceil((target.stored_kwh - stored) / unit_kwh - ROUNDING))
        cost = target.shortfall_cost * unit_kwh
        needs.append(Need(str(len(needs)), first, target.slot, units, cost, most_units=units))
        stored, first = max(stored, target.stored_kwh), target.slot
    available = car.connected & (np.arange(len(car.connected)) < first)
    return OnOffLoad(car.name, levels=(Level(car.max_kw),), needs=tuple(needs), available=available)


def _charged(car: Car, wanted_kwh: Series) -> CarRun:
    """The car's run, with no more than it can hold."""
    n = len(wanted_kwh)
    energy, elsewhere = np.zeros(n), np.zeros(n)
    stored = np.full(n + 1, car.stored_kwh)
    driven = np.zeros(n) if car.driven_kwh is None else car.driven_kwh
    for slot in range(n):
        energy[slot] = min(wanted_kwh[slot], max(0.0, car.stored_max_kwh - stored[slot]) / car.efficiency)
        left = stored[slot] + energy[slot] * car.efficiency - driven[slot]
        stored[slot + 1], elsewhere[slot] = max(0.0, left), max(0.0, -left)
    return CarRun(car.name, energy, elsewhere, stored, energy > 0)
