"""On and off of cars, tanks and boosts straight from the relaxation: a good start, and soon there.

Where a slot may be used in part, staying on costs nothing: on from the first to the last slot that the relaxation
draws in, within each stretch of slots that it is available, is nearly as cheap as the relaxation itself. Where slots
are whole, a switch is on where the relaxation has it on to a good part; runs that are too short go on, pauses that are
too short are closed. Loads that have to reach so many units are left open. Whether what comes out is allowed (a full
car cannot go on charging), the linear programme with it tells.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from darkstar.planner.full.build import Built
from darkstar.planner.full.programme import Arrays, Indices
from darkstar.planner.full.site import Site, Switching
from darkstar.planner.full.switch import SwitchColumns
from darkstar.planner.problem import Series

GOOD_PART = 0.3
USED_KWH = 1e-7
"""Draw of a slot beyond rounding."""


@dataclass(frozen=True)
class _Device:
    switch: SwitchColumns
    drawn: Indices
    rules: Switching
    whole_slots: bool


def rounded(site: Site, built: Built, arrays: Arrays, relaxed: Series) -> Arrays:
    """The programme with the switches of cars, tanks and boosts fixed at a rounding of the relaxation.

    Where the tank is to be disinfected, it is in the slot that the relaxation prefers.
    """
    low, high = arrays.low.copy(), arrays.high.copy()
    for device in _devices(site, built):
        on, rules = device.switch.on, device.rules
        least, most = arrays.low[on], arrays.high[on]
        if device.whole_slots:
            wanted = relaxed[on] > GOOD_PART
            chosen = _steady(wanted, least, most, rules.min_on_slots, rules.min_off_slots)
        else:
            chosen = _covering(relaxed[device.drawn] > USED_KWH, least, most, rules)
        low[on] = high[on] = chosen
    for tank in built.tanks:
        if len(tank.undone) == 1:
            reached = np.zeros(len(tank.reached))
            reached[np.argmax(relaxed[tank.reached])] = 1.0
            low[tank.reached] = high[tank.reached] = reached
    return replace(arrays, low=low, high=high)


def _devices(site: Site, built: Built) -> Iterator[_Device]:
    for car, car_at in zip(site.cars, built.cars, strict=True):
        yield _Device(car_at.switch, car_at.charge, car.switching, car.whole_slots)
    for tank, tank_at in zip(site.tanks, built.tanks, strict=True):
        yield _Device(tank_at.switch, tank_at.heater, tank.switching, tank.whole_slots)
    for boost, boost_at in zip(site.boosts, built.boosts, strict=True):
        yield _Device(boost_at.switch, boost_at.drawn, boost.switching, boost.whole_slots)


def _covering(used: NDArray[np.bool_], low: Series, high: Series, rules: Switching) -> Series:
    """On from the first to the last slot used of each stretch that is available; shape (n,)."""
    n, on = len(used), np.zeros(len(used))
    used = used | (low > 0)
    edges = np.flatnonzero(np.diff(np.concatenate([[0.0], high > 0, [0.0]])))
    for first, last in edges.reshape(-1, 2).tolist():
        inside = np.flatnonzero(used[first:last])
        if not len(inside) or (last - first < rules.min_on_slots and last < n and not low[first] > 0):
            continue
        begin, end = first + int(inside[0]), first + int(inside[-1]) + 1
        if first == 0 and rules.on_for_slots:
            begin = 0  # what runs already goes on without a start
        end = min(last, max(end, begin + rules.min_on_slots))
        if end < n:
            begin = max(first, min(begin, end - rules.min_on_slots))
        on[begin:end] = 1.0
    return on


def _steady(wanted: NDArray[np.bool_], low: Series, high: Series, run: int, pause: int) -> Series:
    """What is wanted, with runs and pauses that last; shape (n,)."""
    on = (wanted | (low > 0)) & (high > 0)
    n, state, since = len(on), False, max(run, pause)
    for slot in range(n):
        if on[slot] != state and since < (run if state else pause) and high[slot] > 0:
            on[slot] = state
        if on[slot] and not state and not high[slot : slot + run].all():
            on[slot] = False
        since = since + 1 if on[slot] == state else 1
        state = bool(on[slot])
    return on.astype(np.float64)
