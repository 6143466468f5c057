"""What devices draw where nobody plans them: each as soon as it may, until it has what it should."""

import numpy as np

from darkstar.planner.devices.tank import thermostat
from darkstar.planner.devices.wish import Wish
from darkstar.planner.full.site import Boost, Car, Tank
from darkstar.planner.loads.model import OnOffLoad
from darkstar.planner.problem import Series


def at_once(wish: Wish, slot_hours: float) -> Series:
    """Energy that a device draws at once, shape (n,)."""
    if isinstance(wish.plan, Car):
        return _car(wish.plan, slot_hours)
    if isinstance(wish.plan, Tank):
        return thermostat(wish.plan, slot_hours)
    if isinstance(wish.plan, Boost):
        return np.zeros(len(wish.available))  # nobody boosts by himself
    return _programme(wish, slot_hours) if wish.plan.profile_kw else _units(wish.plan, wish, slot_hours)


def _car(car: Car, slot_hours: float) -> Series:
    energy, stored = np.zeros(len(car.connected)), car.stored_kwh
    wanted = max((target.stored_kwh for target in car.targets), default=0.0)
    for slot, there in enumerate(car.connected.tolist()):
        if car.driven_kwh is not None:
            stored = max(0.0, stored - float(car.driven_kwh[slot]))
        if there and car.targets and slot < car.targets[-1].slot:
            energy[slot] = min(car.max_kw * slot_hours, max(0.0, wanted - stored) / car.efficiency)
            stored += energy[slot] * car.efficiency
    return energy


def _units(load: OnOffLoad, wish: Wish, slot_hours: float) -> Series:
    energy, level = np.zeros(len(wish.available)), load.levels[0]
    for need in load.needs:
        left = need.units - need.done_units
        allowed = np.flatnonzero(wish.available[need.first : need.last]) + need.first
        energy[allowed[: max(0, -(-left // level.units))]] = level.power_kw * slot_hours
    return energy


def _programme(wish: Wish, slot_hours: float) -> Series:
    assert isinstance(wish.plan, OnOffLoad)
    profile = np.array(wish.plan.profile_kw) * slot_hours
    energy = np.zeros(len(wish.available))
    for need in wish.plan.needs:
        starts = range(need.first, need.last - len(profile) + 1)
        for start in starts:
            if wish.available[start : start + len(profile)].all():
                energy[start : start + len(profile)] = profile
                break
    return energy
