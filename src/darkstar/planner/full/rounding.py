"""On and off of cars, tanks and boosts straight from the relaxation: a good start, and soon there.

Where a slot may be used in part, staying on costs nothing: on from the first to the last slot that the relaxation
draws in, within each stretch of slots that it is available, is nearly as cheap as the relaxation itself. Where slots
are whole, a switch keeps up with what the relaxation has drawn, in runs and pauses that last. Loads that have to reach
so many units are left open. Whether what comes out is allowed (a full car cannot go on charging), the linear programme
with it tells.
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

OWED_SLOTS = 0.02
"""Where slots are whole, one is used once so much of it is owed."""
SOME = 0.02
"""What the relaxation takes to a lesser share is rounding or nearly so."""
USED_KWH = 1e-7
"""Draw of a slot beyond rounding."""


@dataclass(frozen=True)
class _Device:
    switch: SwitchColumns
    drawn: Indices
    rules: Switching
    whole_slots: bool
    each_kwh: float


def rounded(site: Site, built: Built, arrays: Arrays, relaxed: Series) -> Arrays:
    """The programme with the switches of cars, tanks and boosts fixed at a rounding of the relaxation.

    Where the tank is to be disinfected, it is in the last slot that the relaxation uses: earlier it is not hot yet.
    """
    low, high = arrays.low.copy(), arrays.high.copy()
    for device in _devices(site, built):
        on, rules = device.switch.on, device.rules
        least, most = arrays.low[on], arrays.high[on]
        if device.whole_slots:
            chosen = _keeping_up(relaxed[device.drawn], device.each_kwh, least, most, rules)
        else:
            chosen = _covering(relaxed[device.drawn] > USED_KWH, least, most, rules)
        low[on] = high[on] = chosen
    for rules_of, tank in zip(site.tanks, built.tanks, strict=True):
        # In whole slots it may just miss the temperature: then it is left open.
        if len(tank.undone) == 1 and not rules_of.whole_slots:
            reached = np.zeros(len(tank.reached))
            reached[_last(relaxed[tank.reached])] = 1.0
            low[tank.reached] = high[tank.reached] = reached
    return replace(arrays, low=low, high=high)


def _devices(site: Site, built: Built) -> Iterator[_Device]:
    h = site.slot_hours
    for car, car_at in zip(site.cars, built.cars, strict=True):
        yield _Device(car_at.switch, car_at.charge, car.switching, car.whole_slots, car.min_kw * h)
    for tank, tank_at in zip(site.tanks, built.tanks, strict=True):
        yield _Device(tank_at.switch, tank_at.heater, tank.switching, tank.whole_slots, tank.heater_kw * h)
    for boost, boost_at in zip(site.boosts, built.boosts, strict=True):
        yield _Device(boost_at.switch, boost_at.drawn, boost.switching, boost.whole_slots, boost.boost_kw * h)


def _last(share: Series) -> int:
    return int(np.flatnonzero(share >= min(SOME, share.max()))[-1])


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


def _keeping_up(drawn: Series, each: float, low: Series, high: Series, rules: Switching) -> Series:
    """On in whole slots of `each` kWh so that what was drawn keeps up with the relaxation's; shape (n,)."""
    run, pause = rules.min_on_slots, rules.min_off_slots
    n, on, owed = len(drawn), np.zeros(len(drawn)), 0.0
    state, since = rules.on_for_slots > 0, rules.on_for_slots or rules.off_for_slots
    for slot in range(n):
        owed += float(drawn[slot])
        wanted = owed > OWED_SLOTS * each
        if state:
            goes_on = high[slot] > 0 and (low[slot] > 0 or since < run or wanted)
        else:
            goes_on = wanted and since >= pause and bool(high[slot : slot + run].all())
        since = since + 1 if goes_on == state else 1
        state = goes_on
        if state:
            on[slot] = 1.0
            owed -= each
    return on
