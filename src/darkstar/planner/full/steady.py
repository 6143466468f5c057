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
from darkstar.planner.full.draw import Draw, InStretches
from darkstar.planner.full.plan import SitePlan
from darkstar.planner.full.programme import Arrays, Indices
from darkstar.planner.full.site import Site
from darkstar.planner.loads.model import Levels, Mask
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
    for draw, on in _draws(built, previous):
        if isinstance(draw, InStretches):
            may = np.ones(len(site))
            may[here] = on[there]
            high[draw.drawn] *= may
            for stretch in draw.stretches:
                if (
                    stretch.used is not None
                    and may[here][(here >= stretch.first) & (here < stretch.last)].any()
                ):
                    low[stretch.used] = high[stretch.used] = 1.0
        else:
            at = draw.decisions
            low[at[here]] = high[at[here]] = on[there]
    for at, on in _loads(built, previous):
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


def _draws(built: Built, previous: SitePlan) -> Iterator[tuple[Draw, Mask]]:
    """What each device draws beside what the previous plan had on, shape (n,) each."""
    states = [run.on for run in previous.cars]
    states += [run.on for run in previous.tanks] + [run.on for run in previous.boosts]
    yield from zip(built.draws, states, strict=True)


def _loads(built: Built, previous: SitePlan) -> Iterator[tuple[Indices, Mask]]:
    """Columns of each load's levels or starts beside what the previous plan had, shape (n,) each."""
    for at, run in zip(built.loads, previous.loads, strict=True):
        if at.is_profile:
            yield at.states[0], profile_starts(run.levels, at.length)
        else:
            for number, state in enumerate(at.states, start=1):
                yield state, run.levels == number


def profile_starts(levels: Levels, length: int) -> Mask:
    """Where runs of a profile start, at the beginning of a stretch and each whole length after it; shape (n,)."""
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
