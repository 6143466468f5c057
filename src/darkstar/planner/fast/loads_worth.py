"""Worths of stored energy, slot by slot: what a plan says of them, and what they say of the slots.

The worth of slot t is what a kWh stored at its end is worth (the battery's dual price). At given worths each slot does
what pays best for itself, whatever was stored before it, and what a load draws there has a cost of its own.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from darkstar.planner.fast.piecewise import CHARGE_STEPS, STEPS
from darkstar.planner.fast.slot_cost import lay_out

Floats = NDArray[np.float64]
Slots = tuple[Floats, Floats, Floats]
"""Steps' prices and energies (kinds, n, 8) and base costs (kinds, n), see `slot_cost.lay_out`, for each energy that
the loads may draw in a slot."""

SAME_KWH = 1e-9
"""Rounding of energies."""


@njit(cache=True, nogil=True, error_model="numpy")
def lay_out_kinds(
    load: Floats,
    pv: Floats,
    import_price: Floats,
    export_price: Floats,
    limits: Floats,
    energies: Floats,
) -> Slots:
    """The slots for each energy (kinds,) that the loads may draw beside `load`."""
    kinds, n = len(energies), len(load)
    price, energy, base = np.empty((kinds, n, STEPS)), np.empty((kinds, n, STEPS)), np.empty((kinds, n))
    for kind in range(kinds):
        drawn = load + energies[kind]
        lay_out(drawn, pv, import_price, export_price, limits, price[kind], energy[kind], base[kind])
    return price, energy, base


@njit(cache=True, nogil=True, error_model="numpy")
def costs_at(slots: Slots, worth: Floats, costs: Floats) -> None:
    """What each slot costs at its worth (n,), what is stored counted as gain, by energy drawn: into `costs` (n, kinds).

    Never both: the better of charging and discharging.
    """
    price, energy, base = slots
    for kind in range(price.shape[0]):
        for slot in range(price.shape[1]):
            at, charging, discharging = worth[slot], 0.0, 0.0
            for number in range(CHARGE_STEPS):
                if energy[kind, slot, number] <= 0.0 or price[kind, slot, number] >= at:
                    break
                charging += (at - price[kind, slot, number]) * energy[kind, slot, number]
            for number in range(CHARGE_STEPS, STEPS):
                if energy[kind, slot, number] <= 0.0 or price[kind, slot, number] <= at:
                    break
                discharging += (price[kind, slot, number] - at) * energy[kind, slot, number]
            costs[slot, kind] = base[kind, slot] - max(charging, discharging)


@njit(cache=True, nogil=True, error_model="numpy")
def cost_between(worth: Floats, stored: float, room: float, end_worth: Floats, end_kwh: Floats) -> float:
    """Least cost of what lies between the slots at these worths (n,): the battery holds, empty or full, what gains.

    Args:
        stored, room: present and greatest energy above the least [kWh].
        end_worth, end_kwh: the terminal value.
    """
    n = len(worth)
    cost, left = -worth[0] * stored, room
    for slot in range(1, n):
        cost += min(0.0, worth[slot - 1] - worth[slot]) * room
    for piece in range(len(end_worth)):
        size = min(left, end_kwh[piece])
        cost += min(0.0, worth[n - 1] - end_worth[piece]) * size
        left -= size
    return float(cost + min(0.0, worth[n - 1]) * left)


@njit(cache=True, nogil=True, error_model="numpy")
def _at_slot(price: Floats, energy: Floats, move: float) -> tuple[float, float]:
    """Least and greatest worth at which a slot's move of the stored energy [kWh] is its best."""
    low, high = -np.inf, np.inf
    if abs(move) <= SAME_KWH:
        if energy[0] > 0.0:
            high = price[0]
        if energy[CHARGE_STEPS] > 0.0:
            low = price[CHARGE_STEPS]
        return (low, high) if low <= high else ((low + high) / 2.0, (low + high) / 2.0)
    first, left = 0 if move > 0.0 else CHARGE_STEPS, abs(move)
    near, far = np.nan, np.nan
    for number in range(first, first + CHARGE_STEPS):
        if energy[number] <= 0.0:
            break
        near = price[number]
        far = near
        left -= energy[number]
        if left < -SAME_KWH:
            break
        more = number + 1 < first + CHARGE_STEPS and energy[number + 1] > 0.0
        beyond = np.inf if move > 0.0 else -np.inf
        far = price[number + 1] if more else beyond
        if left <= SAME_KWH:
            break
    return (near, far) if move > 0.0 else (far, near)


@njit(cache=True, nogil=True, error_model="numpy")
def _at_end(stored: float, room: float, worth: Floats, kwh: Floats) -> tuple[float, float]:
    """Least and greatest worth of what is left over, where `stored` is."""
    low, high = 0.0, np.inf
    before, piece = 0.0, 0
    while piece < len(worth) and before + kwh[piece] < stored - SAME_KWH:
        before += kwh[piece]
        piece += 1
    if stored > SAME_KWH:
        high = worth[piece] if piece < len(worth) else 0.0
    at_edge = piece < len(worth) and before + kwh[piece] <= stored + SAME_KWH
    if stored > SAME_KWH and at_edge:
        piece += 1
    low = worth[piece] if piece < len(worth) else 0.0
    return (-np.inf if stored >= room - SAME_KWH else low), high


@njit(cache=True, nogil=True, error_model="numpy")
def worths_of(
    price: Floats,
    energy: Floats,
    moves: Floats,
    stored: float,
    room: float,
    end_worth: Floats,
    end_kwh: Floats,
    worth: Floats,
) -> None:
    """The worths under which a cheapest plan's moves are the slots' best: in the middle of what they may be, into
    `worth` (n,).

    A worth holds on while the battery is neither empty nor full; it may fall where it is empty and rise where it is
    full.

    Args:
        price, energy: the plan's slots, (n, 8).
        moves: changes of the energy stored (n,) [kWh].
    """
    n = len(moves)
    low, high = np.empty(n), np.empty(n)
    may_fall, may_rise = np.empty(n, np.bool_), np.empty(n, np.bool_)
    for slot in range(n):
        low[slot], high[slot] = _at_slot(price[slot], energy[slot], moves[slot])
        stored = min(max(stored + moves[slot], 0.0), room)
        may_fall[slot], may_rise[slot] = stored <= SAME_KWH, stored >= room - SAME_KWH
    last_low, last_high = _at_end(stored, room, end_worth, end_kwh)
    low[n - 1], high[n - 1] = max(low[n - 1], last_low), min(high[n - 1], last_high)
    for slot in range(n - 1):
        if not may_rise[slot]:
            high[slot + 1] = min(high[slot + 1], high[slot])
        if not may_fall[slot]:
            low[slot + 1] = max(low[slot + 1], low[slot])
    for slot in range(n - 1, -1, -1):
        if slot < n - 1 and not may_fall[slot]:
            high[slot] = min(high[slot], high[slot + 1])
        if slot < n - 1 and not may_rise[slot]:
            low[slot] = max(low[slot], low[slot + 1])
        if low[slot] > -np.inf and high[slot] < np.inf:
            worth[slot] = (low[slot] + high[slot]) / 2.0
        elif low[slot] > -np.inf:
            worth[slot] = low[slot]
        else:
            worth[slot] = high[slot] if high[slot] < np.inf else 0.0
