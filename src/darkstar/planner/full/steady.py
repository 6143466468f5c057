"""The plan before: what it had switched and which way its batteries went, carried over into the new problem.

A plan that differs from the one before it for no real gain wears relays and nerves. So the new problem is solved once
more with what the plan before had decided for the next slots: on and off, and for each battery whether it may charge
or discharge (not how much: load and sun are forecast anew). Beyond these slots the new plan's decisions hold. If
that costs no more than a threshold above the new plan, it is the plan.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from darkstar.planner.full.build import Built
from darkstar.planner.full.plan import SitePlan
from darkstar.planner.full.programme import Arrays, Indices
from darkstar.planner.full.site import Site
from darkstar.planner.loads import Levels
from darkstar.planner.problem import Series

MOVING_KWH = 1e-6
"""A battery that moves less is idle."""


def carried_over(site: Site, built: Built, columns: Series, previous: SitePlan, slots: int) -> Arrays | None:
    """The programme with on and off fixed: the previous plan's for the next slots, then the new solution's.

    None where the plans have no slot in common or not the same devices.
    """
    here, there = _common(site, previous, slots)
    if not len(here) or not _same_devices(site, previous):
        return None
    arrays = built.arrays
    low, high = arrays.low.copy(), arrays.high.copy()
    low[built.on] = high[built.on] = np.round(columns[built.on])
    for at, on in _switches(built, previous):
        low[at[here]] = high[at[here]] = on[there]
    for battery, run in zip(built.batteries, previous.batteries, strict=True):
        high[battery.charge[here]] *= run.charge_kwh[there] > MOVING_KWH
        high[battery.discharge[here]] *= run.discharge_kwh[there] > MOVING_KWH
    return replace(arrays, low=low, high=high)


def _common(site: Site, previous: SitePlan, slots: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where the next slots are in the problem and in the previous plan."""
    _, here, there = np.intersect1d(site.slots[:slots], previous.slots, return_indices=True)
    return here, there


def _same_devices(site: Site, previous: SitePlan) -> bool:
    names = [
        [device.name for device in devices]
        for devices in (
            site.batteries,
            site.cars,
            site.tanks,
            site.boosts,
            [load.load for load in site.loads],
        )
    ]
    runs = (previous.batteries, previous.cars, previous.tanks, previous.boosts, previous.loads)
    return names == [[run.name for run in group] for group in runs]


def _switches(built: Built, previous: SitePlan) -> Iterator[tuple[Indices, NDArray[np.bool_]]]:
    """Columns of each switch beside what the previous plan had; shape (n,) each."""
    devices = [car.switch for car in built.cars]
    devices += [tank.switch for tank in built.tanks] + [boost.switch for boost in built.boosts]
    states = [run.on for run in previous.cars]
    states += [run.on for run in previous.tanks] + [run.on for run in previous.boosts]
    for switch, on in zip(devices, states, strict=True):
        yield switch.on, on
    for at, run in zip(built.loads, previous.loads, strict=True):
        if at.is_profile:
            yield at.states[0], profile_starts(run.levels, at.length)
        else:
            for number, state in enumerate(at.states, start=1):
                yield state, run.levels == number


def profile_starts(levels: Levels, length: int) -> NDArray[np.bool_]:
    """Where runs of a profile begin: at the beginning of a stretch, and each whole length after it."""
    """Slots in which the runs of a profile start, shape (n,)."""
    starts = np.zeros(len(levels), dtype=np.bool_)
    running = 0
    for slot, level in enumerate(levels.tolist()):
        if not level:
            running = 0
            continue
        # A stretch at the very beginning is the rest of an earlier run or a new one: the switch rows decide.
        starts[slot] = running % length == 0
        running += 1
    return starts
