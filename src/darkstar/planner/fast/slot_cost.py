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
from darkstar.planner.problem import GridModel, Problem, StorageModel

Floats = NDArray[np.float64]


@njit(cache=True, nogil=True, error_model="numpy")
def by_price(
    pv: float, import_price: float, export_price: float, limits: Floats
) -> tuple[float, float, float, float, float, float, int, int, int]:
    """Prices, sizes [kWh] and numbers of the three ways that end (0 curtail less, 1 export less, 2 import more),
    the cheapest first; among equals energy is rather exported than curtailed, and not imported to be exported."""
    price0, price1, price2 = -limits[9], export_price, import_price
    size0, size1, size2 = pv, limits[3], limits[2]
    way0, way1, way2 = 0, 1, 2
    if price1 < price0:
        price0, price1, size0, size1, way0, way1 = price1, price0, size1, size0, way1, way0
    if price2 < price1:
        price1, price2, size1, size2, way1, way2 = price2, price1, size2, size1, way2, way1
        if price1 < price0:
            price0, price1, size0, size1, way0, way1 = price1, price0, size1, size0, way1, way0
    return price0, price1, price2, size0, size1, size2, way0, way1, way2


def limits_of(problem: Problem) -> Floats:
    """The numbers of a problem's site, see `site_limits`."""
    return site_limits(problem.storage, problem.grid, problem.slot_hours)


def site_limits(storage: StorageModel, grid: GridModel, hours: float) -> Floats:
    """The site's numbers as the kernels take them, per slot of so many hours and shape (12,).

    charge_max, discharge_max, import_max, export_max [kWh, AC]; charge_efficiency, discharge_efficiency;
    wear_charge, wear_discharge, import_breach_cost, curtailment_cost [per kWh]; 1 / charge_efficiency,
    1 / discharge_efficiency.
    """
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
            1.0 / storage.charge_efficiency if storage.charge_efficiency else np.inf,
            1.0 / storage.discharge_efficiency if storage.discharge_efficiency else np.inf,
        ]
    )


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
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

    Written out way by way, without loops: a third of what a first move takes goes by here.

    Args:
        load, pv: energy of the slot [kWh]; load may include switched loads.
        limits: `limits_of`, shape (12,).
    """
    charge_max, discharge_max, export_max = limits[0], limits[1], limits[3]
    charge_efficiency, discharge_efficiency = limits[4], limits[5]
    wear_charge, wear_discharge, curtailment_cost = limits[6], limits[7], limits[9]
    per_charged, per_discharged = limits[10], limits[11]
    price0, price1, price2, size0, size1, size2, _, _, _ = by_price(pv, import_price, export_price, limits)
    # The breach has no end: what is dearer costs no more than it.
    breach = import_price + limits[8]
    price0, price1, price2 = min(price0, breach), min(price1, breach), min(price2, breach)
    # From the lowest point on: all sun curtailed, as much exported as may be, nothing drawn.
    used = export_max + load
    below0 = min(size0, used)
    below1 = min(size1, used - below0)
    below2 = min(size2, used - below0 - below1)
    below3 = used - below0 - below1 - below2
    step, left = 0, charge_max
    size = min(size0 - below0, left)
    if size > 0.0:
        price[step], energy[step] = (price0 + wear_charge) * per_charged, size * charge_efficiency
        step += 1
        left -= size
    size = min(size1 - below1, left)
    if size > 0.0:
        price[step], energy[step] = (price1 + wear_charge) * per_charged, size * charge_efficiency
        step += 1
        left -= size
    size = min(size2 - below2, left)
    if size > 0.0:
        price[step], energy[step] = (price2 + wear_charge) * per_charged, size * charge_efficiency
        step += 1
        left -= size
    if left > 0.0:
        price[step], energy[step] = (breach + wear_charge) * per_charged, left * charge_efficiency
        step += 1
    if step < CHARGE_STEPS:
        energy[step] = 0.0
    step, left = CHARGE_STEPS, discharge_max
    size = min(below3, left)
    if size > 0.0:
        price[step], energy[step] = (breach - wear_discharge) * discharge_efficiency, size * per_discharged
        step += 1
        left -= size
    size = min(below2, left)
    if size > 0.0:
        price[step], energy[step] = (price2 - wear_discharge) * discharge_efficiency, size * per_discharged
        step += 1
        left -= size
    size = min(below1, left)
    if size > 0.0:
        price[step], energy[step] = (price1 - wear_discharge) * discharge_efficiency, size * per_discharged
        step += 1
        left -= size
    size = min(below0, left)
    if size > 0.0:
        price[step], energy[step] = (price0 - wear_discharge) * discharge_efficiency, size * per_discharged
        step += 1
    if step < STEPS:
        energy[step] = 0.0
    # Without a move; what is given back at the lowest point and taken up again cancels.
    cost: float = curtailment_cost * pv - export_price * export_max
    cost += price0 * below0 + price1 * below1 + price2 * below2 + breach * below3
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


@njit(cache=True, nogil=True, error_model="numpy")
def resolve(
    load: Floats,
    pv: Floats,
    import_price: Floats,
    export_price: Floats,
    limits: Floats,
    moves: Floats,
    out: Floats,
) -> None:
    """All flows that belong to the battery's moves.

    Args:
        load, pv, import_price, export_price: series (n,).
        moves: change of the energy stored in each slot [kWh], shape (n,).
        out: written, shape (6, n) [kWh]: charge, discharge, import, export, curtailment, breach.
    """
    for slot in range(len(load)):
        resolve_slot(
            load[slot], pv[slot], import_price[slot], export_price[slot], limits, moves[slot], slot, out
        )


@njit(cache=True, nogil=True, error_model="numpy")
def resolve_slot(
    load: float,
    pv: float,
    import_price: float,
    export_price: float,
    limits: Floats,
    move: float,
    slot: int,
    out: Floats,
) -> None:
    """The flows of one slot, written to its column of `out`."""
    charge = min(max(move, 0.0) * limits[10], limits[0])
    discharge = min(max(-move, 0.0) * limits[5], limits[1])
    price0, price1, price2, size0, size1, size2, way0, way1, way2 = by_price(
        pv, import_price, export_price, limits
    )
    prices, sizes, ways = (price0, price1, price2), (size0, size1, size2), (way0, way1, way2)
    breach = import_price + limits[8]
    need = limits[3] + load + charge - discharge
    out[0, slot], out[1, slot] = charge, discharge
    out[2, slot], out[3, slot], out[4, slot] = 0.0, limits[3], pv
    for place in range(3):
        size = min(sizes[place], need) if prices[place] <= breach else 0.0
        if size > 0.0:
            if ways[place] == 0:
                out[4, slot] = pv - size
            elif ways[place] == 1:
                out[3, slot] = limits[3] - size
            else:
                out[2, slot] = size
            need -= size
    out[5, slot] = max(need, 0.0)
