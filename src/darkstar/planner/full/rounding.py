"""On and off of cars, tanks and boosts straight from the relaxation: a good start, and soon there.

Where a slot may be used in part, staying on costs nothing: on from the first to the last slot that the relaxation
draws in, within each stretch of slots that it is available, is nearly as cheap as the relaxation itself. Where slots
are whole, a switch keeps up with what the relaxation has drawn, in runs and pauses that last. Loads that have to reach
so many units are left open. Whether what comes out is allowed (a full car cannot go on charging), the linear programme
with it tells.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from darkstar.planner.full.build import Built
from darkstar.planner.full.draw import InStretches
from darkstar.planner.full.programme import Arrays, Indices
from darkstar.planner.full.site import Site, Switching
from darkstar.planner.loads.model import Mask
from darkstar.planner.problem import Series

OWED_SLOTS = 0.02
"""Where slots are whole, one is used once so much of it is owed."""
SOME = 0.02
"""What the relaxation takes to a lesser share is rounding or nearly so."""
USED_SHARE = 1e-7
"""Share of a start beyond rounding."""


def rounded(site: Site, built: Built, arrays: Arrays, relaxed: Series) -> Arrays:
    """The programme with what cars, tanks and boosts decide fixed at a rounding of the relaxation.

    Where the tank is to be disinfected, it is in the last slot that the relaxation uses: earlier it is not hot yet.
    """
    low, high = arrays.low.copy(), arrays.high.copy()
    each = [(car.switching, car.min_kw) for car in site.cars]
    each += [(tank.switching, tank.heater_kw) for tank in site.tanks]
    each += [(boost.switching, boost.boost_kw) for boost in site.boosts]
    for draw, (rules, least_kw) in zip(built.draws, each, strict=True):
        at = draw.decisions
        if isinstance(draw, InStretches):
            chosen = np.maximum(arrays.low[at], (relaxed[at] > USED_SHARE) * arrays.high[at])
        else:
            kwh = least_kw * site.slot_hours
            chosen = _keeping_up(relaxed[draw.drawn], kwh, arrays.low[at], arrays.high[at], rules)
        low[at] = high[at] = chosen
    for at, towards in _directions(built, relaxed):
        low[at] = high[at] = towards
    for rules_of, tank in zip(site.tanks, built.tanks, strict=True):
        # In whole slots it may just miss the temperature: then it is left open.
        if len(tank.undone) == 1 and not rules_of.whole_slots:
            reached = np.zeros(len(tank.reached))
            reached[_last(relaxed[tank.reached])] = 1.0
            low[tank.reached] = high[tank.reached] = reached
    return replace(arrays, low=low, high=high)


def _directions(built: Built, relaxed: Series) -> Iterator[tuple[Indices, Mask]]:
    """Switches of batteries and of the meter, and which way the relaxation moves on the whole."""
    bus = built.bus
    yield bus.drawing, relaxed[bus.imports[bus.exclusive]] >= relaxed[bus.exports[bus.exclusive]]
    for battery in built.batteries:
        at = battery.switched
        yield battery.charging, relaxed[battery.charge[at]] >= relaxed[battery.discharge[at]]


def _last(share: Series) -> int:
    return int(np.flatnonzero(share >= min(SOME, share.max()))[-1])


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
