"""On and off of cars, tanks and boosts straight from the relaxation: a good start, and soon there.

A switch is on where the relaxation has it on to a good part; runs that are too short go on, pauses that are too short
are closed. Loads that have to reach so many units are left open. Whether what comes out is allowed (a full car cannot
go on charging), the linear programme with it tells.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from darkstar.planner.full.build import Built
from darkstar.planner.full.programme import Arrays, Indices
from darkstar.planner.full.site import Site
from darkstar.planner.problem import Series

GOOD_PART = 0.3


def rounded(site: Site, built: Built, arrays: Arrays, relaxed: Series) -> Arrays:
    """The programme with the switches of cars, tanks and boosts fixed at a rounding of the relaxation."""
    low, high = arrays.low.copy(), arrays.high.copy()
    for on, run, pause in _switches(site, built):
        wanted = relaxed[on] > GOOD_PART
        low[on] = high[on] = _steady(wanted, arrays.low[on], arrays.high[on], run, pause)
    return replace(arrays, low=low, high=high)


def _switches(site: Site, built: Built) -> Iterator[tuple[Indices, int, int]]:
    """Columns of each switch, with its least run and pause."""
    rules = [car.switching for car in site.cars] + [tank.switching for tank in site.tanks]
    columns = [car.switch.on for car in built.cars] + [tank.switch.on for tank in built.tanks]
    rules += [boost.switching for boost in site.boosts]
    columns += [boost.switch.on for boost in built.boosts]
    for rule, on in zip(rules, columns, strict=True):
        yield on, rule.min_on_slots, rule.min_off_slots


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
