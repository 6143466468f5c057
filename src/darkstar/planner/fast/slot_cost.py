"""What a move of the stored energy costs in a slot: import, export, curtailment and breach resolved.

Besides the battery, a slot's site has four ways to take up what it needs, each used up before the next: export less,
curtail less, import more, breach. Sorted by their price they make the slot's cost a convex function of the energy
that the battery draws. Seen from "no move", each way is a step of charging (price per kWh stored) upwards and of
discharging (gain per stored kWh taken out) downwards. The layout of the steps is told in `piecewise`.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from darkstar.planner.fast.piecewise import CHARGE_STEPS, STEPS
from darkstar.planner.problem import Problem

Floats = NDArray[np.float64]

LIMITS = 10
"""Numbers of a site in the order of `limits_of`."""


def limits_of(problem: Problem) -> Floats:
    """The site's numbers as the kernels take them, per slot and shape (10,).

    charge_max, discharge_max, import_max, export_max [kWh, AC]; charge_efficiency, discharge_efficiency;
    wear_charge, wear_discharge, import_breach_cost, curtailment_cost [per kWh].
    """
    storage, grid, hours = problem.storage, problem.grid, problem.slot_hours
    return np.array(
        [
            storage.charge_max_kw * hours,
            storage.discharge_max_kw * hours,
            grid.import_max_kw * hours,
            grid.export_max_kw * hours,
            storage.charge_efficiency,
            storage.discharge_efficiency,
            storage.wear_charge,
            storage.wear_discharge,
            grid.import_breach_cost,
            grid.curtailment_cost,
        ]
    )


@njit(cache=True, nogil=True, error_model="numpy")
def lay_out_slot(
    load: float,
    pv: float,
    import_price: float,
    export_price: float,
    limits: Floats,
    price: Floats,
    energy: Floats,
) -> float:
    """The steps of one slot, written to `price` and `energy`, each shape (8,); answers the cost without a move.

    Args:
        load, pv: energy of the slot [kWh]; load may include switched loads.
        limits: `limits_of`, shape (10,).
    """
    charge_max, discharge_max, import_max, export_max = limits[0], limits[1], limits[2], limits[3]
    charge_efficiency, discharge_efficiency = limits[4], limits[5]
    # Ways by price; among equals energy is rather exported than curtailed and never imported to be exported.
    price0, price1, price2 = -limits[9], export_price, import_price
    size0, size1, size2 = pv, export_max, import_max
    if price1 < price0:
        price0, price1, size0, size1 = price1, price0, size1, size0
    if price2 < price1:
        price1, price2, size1, size2 = price2, price1, size2, size1
        if price1 < price0:
            price0, price1, size0, size1 = price1, price0, size1, size0
    breach_price = import_price + limits[8]
    # From the lowest point on: all sun curtailed, as much exported as may be, nothing drawn.
    cost: float = limits[9] * pv - export_price * export_max
    used = export_max + load
    down, up = min(discharge_max, used), charge_max
    charges, discharges = 0, 0
    steps_price = (price0, price1, price2, breach_price)
    steps_size = (size0, size1, size2, np.inf)
    breach_at = 3
    while breach_at > 0 and breach_price < steps_price[breach_at - 1]:
        breach_at -= 1
    for place in range(4):
        # The breach has no end, so no way dearer than it is ever used.
        if place > breach_at:
            break
        way_price = breach_price if place == breach_at else steps_price[place]
        way_size = np.inf if place == breach_at else steps_size[place]
        below = min(way_size, used)
        if below > 0.0:
            cost += way_price * below
        used -= below
        above = way_size - below
        if above > 0.0 and up > 0.0:
            size = min(above, up)
            up -= size
            price[charges] = (way_price + limits[6]) / charge_efficiency
            energy[charges] = size * charge_efficiency
            charges += 1
            if up <= 0.0:
                break
    if charges < CHARGE_STEPS:
        energy[charges] = 0.0
    # Downwards: the dearest way in use is given back first.
    filled = export_max + load
    for place in range(breach_at, -1, -1):
        if down <= 0.0:
            break
        before = 0.0
        for lower in range(place):
            before += steps_size[lower]
        way_price = breach_price if place == breach_at else steps_price[place]
        size = min(filled - before, down)
        if size > 0.0:
            price[CHARGE_STEPS + discharges] = (way_price - limits[7]) * discharge_efficiency
            energy[CHARGE_STEPS + discharges] = size / discharge_efficiency
            discharges += 1
            down -= size
            filled = before
    if discharges < STEPS - CHARGE_STEPS:
        energy[CHARGE_STEPS + discharges] = 0.0
    return cost


@njit(cache=True, nogil=True, error_model="numpy")
def lay_out(
    load: Floats,
    pv: Floats,
    import_price: Floats,
    export_price: Floats,
    limits: Floats,
    price: Floats,
    energy: Floats,
    base: Floats,
) -> None:
    """The steps of many slots: series (n,), `price` and `energy` (n, 8), `base` (n,) the cost without a move."""
    for slot in range(len(load)):
        base[slot] = lay_out_slot(
            load[slot],
            pv[slot],
            import_price[slot],
            export_price[slot],
            limits,
            price[slot],
            energy[slot],
        )
