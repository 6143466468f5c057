"""A slot's steps for several courses of load and sun: their prices are the same for all, their lengths are each one's.

The same steps as `slot_cost.lay_out_slot` lays out, with those of no length between them. Nothing here branches on load
or sun: where courses part, a processor would guess wrong.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from darkstar.planner.fast.piecewise import CHARGE_STEPS, STEPS
from darkstar.planner.fast.slot_cost import by_price

Floats = NDArray[np.float64]

WAYS = 4
"""Curtail less, export less, import more, breach: in the order of their prices."""
BOUND, REACH, OF_SUN, BELOW, PAID, SIZE, COUNT = range(7)
"""Rows of what is shared:

    BOUND          what a step costs or gains for a chord: 0..3 charging, dearest first, 4..7 discharging, best first
    REACH, OF_SUN  how far each way reaches [kWh], and for how much of the sun besides; the cheapest first
    BELOW          of one course: what it uses of each way without a move [kWh]
    PAID, SIZE     of one course: the bounds of the steps that pay, and how many chords each is long
    COUNT          of one course: how many of these are charging, how many there are, how many chords may be charged
"""


def shared_steps() -> Floats:
    """Room for one slot, shape (7, 8)."""
    return np.zeros((7, STEPS))


@njit(cache=True, nogil=True, error_model="numpy")
def share_steps(
    import_price: float, export_price: float, limits: Floats, length: float, steps: Floats
) -> bool:
    """Write what all courses have in common; whether the steps of one may have a kink, see `recursion.kinked`.

    Args:
        limits: `slot_cost.limits_of`.
        length: of a chord [kWh].
    """
    price0, price1, price2, _, _, _, way0, way1, way2 = by_price(0.0, import_price, export_price, limits)
    breach = import_price + limits[8]
    prices, ways = (price0, price1, price2, breach), (way0, way1, way2, 3)
    reach = (0.0, limits[3], limits[2], np.inf)
    bent = False
    for place in range(WAYS):
        price, way = min(prices[place], breach), ways[place]
        charge, discharge = (price + limits[6]) * limits[10], (price - limits[7]) * limits[5]
        bent |= discharge > charge
        steps[BOUND, CHARGE_STEPS - 1 - place] = charge * length
        steps[BOUND, STEPS - 1 - place] = discharge * length
        steps[REACH, place], steps[OF_SUN, place] = reach[way], 1.0 if way == 0 else 0.0
    return bent


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def steps_that_pay(
    load: float, pv: float, limits: Floats, chords_a_kwh: float, richest: float, poorest: float, steps: Floats
) -> tuple[int, float]:
    """Write the steps of one course that are worth taking with some energy stored, by falling price.

    Args:
        load, pv: energy of the slot [kWh].
        richest, poorest: what the first and the last chord are worth.

    Returns:
        How many there are, and how many chords may be charged in all.
    """
    need, room = limits[3] + load, limits[0]
    stored_a_kwh, taken_a_kwh = limits[4] * chords_a_kwh, limits[11] * chords_a_kwh
    for place in range(WAYS):
        reach = steps[REACH, place] + steps[OF_SUN, place] * pv
        below = min(reach, need)
        need -= below
        charge = min(reach - below, room)
        room -= charge
        steps[BELOW, place], steps[SIZE, CHARGE_STEPS - 1 - place] = below, charge * stored_a_kwh
    room = limits[1]
    for number in range(CHARGE_STEPS, STEPS):
        discharge = min(steps[BELOW, STEPS - 1 - number], room)
        room -= discharge
        steps[SIZE, number] = discharge * taken_a_kwh
    count, charged = 0, 0.0
    for number in range(CHARGE_STEPS):
        bound, size = steps[BOUND, number], steps[SIZE, number]
        pays = (size > 0.0) & (bound < richest)
        charged += size if pays else 0.0
        steps[PAID, count], steps[SIZE, count] = bound, size
        count += pays
    steps[COUNT, 0] = count
    for number in range(CHARGE_STEPS, STEPS):
        bound, size = steps[BOUND, number], steps[SIZE, number]
        pays = (size > 0.0) & (bound > poorest)
        steps[PAID, count], steps[SIZE, count] = bound, size
        count += pays
    steps[COUNT, 1], steps[COUNT, 2] = count, charged
    return count, charged
