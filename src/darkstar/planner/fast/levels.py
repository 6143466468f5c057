"""From the worth of stored energy after a slot to the levels that the slot's mode holds (`planner.modes`)."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]

WORTH_TOLERANCE = 1e-6
"""Where worth and price are equal the battery rests; surplus is rather stored and load rather covered."""

CRUMB_KWH = 1e-7
"""Of a shorter piece nobody can say what it is worth: costs are true to rounding only."""


@njit(cache=True, nogil=True, error_model="numpy")
def lay_levels(
    soc_kwh: Floats, cost: Floats, import_price: float, export_price: float, limits: Floats, levels: Floats
) -> None:
    """Up to which energy to buy and to store, and down to which to cover and to sell, written to `levels`, shape (4,).

    Where the function is not convex (deeply negative prices to come), a rise of the worth is passed over.

    Args:
        soc_kwh, cost: the value after the slot: breakpoints, shape (m,).
        limits: `slot_cost.limits_of`.
    """
    sell = max(export_price, -limits[9])
    levels[0] = _down_to(soc_kwh, cost, (import_price + limits[6]) / limits[4] + WORTH_TOLERANCE)
    levels[1] = _down_to(soc_kwh, cost, (sell + limits[6]) / limits[4] - WORTH_TOLERANCE)
    levels[2] = _down_to(soc_kwh, cost, (import_price - limits[7]) * limits[5] + WORTH_TOLERANCE)
    levels[3] = _down_to(soc_kwh, cost, (sell - limits[7]) * limits[5] - WORTH_TOLERANCE)


@njit(cache=True, nogil=True, error_model="numpy")
def _down_to(soc_kwh: Floats, cost: Floats, bound: float) -> float:
    """Energy above which a kWh is worth no more than the bound."""
    last = len(cost) - 1
    for piece in range(last):
        kwh = soc_kwh[piece + 1] - soc_kwh[piece]
        if kwh > CRUMB_KWH and cost[piece] - cost[piece + 1] <= bound * kwh:
            last = piece
            break
    energy: float = soc_kwh[last]
    return energy


@njit(cache=True, nogil=True, error_model="numpy")
def curtail_at(import_price: float, export_price: float, curtailment_cost: float) -> int:
    """What is best done with the sun: 0 nothing, 1 curtail its surplus, 2 all of it."""
    if import_price < -curtailment_cost:
        return 2
    return 1 if export_price < -curtailment_cost else 0
