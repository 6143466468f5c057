"""One problem in one compiled call: value and first move, or the moves of all slots."""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from darkstar.planner.fast.forward import best_move, cost_at, move_by_levels, walk
from darkstar.planner.fast.piecewise import STEPS
from darkstar.planner.fast.recursion import begin, fold, workspace
from darkstar.planner.fast.slot_cost import lay_out

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

FINE, UNSOUND, SPACE_TOO_SMALL, KEPT_TOO_SMALL = 0, 1, 2, 3


class Scratch(NamedTuple):
    """What `glance` works in, for problems of one size."""

    price: Floats
    energy: Floats
    base: Floats
    space: Floats
    level: Floats
    kept: Floats
    kept_at: Counts


def scratch(slots: int, pieces: int, spare: int) -> Scratch:
    """Room for problems of so many slots and pieces of the terminal value; `spare` as in `recursion.workspace`."""
    space = workspace(slots, pieces, spare)
    return Scratch(
        price=np.empty((slots, STEPS)),
        energy=np.empty((slots, STEPS)),
        base=np.empty(slots),
        space=space,
        level=np.empty((1, STEPS)),
        kept=np.empty((2, space.shape[1])),
        kept_at=np.empty((2, 2), np.int64),
    )


@njit(cache=True, nogil=True, error_model="numpy")
def sound(
    load: Floats,
    pv: Floats,
    import_price: Floats,
    export_price: Floats,
    limits: Floats,
    room: float,
    stored: float,
    worth: Floats,
    worth_kwh: Floats,
) -> bool:
    """Whether `checks.check` would pass the problem of these numbers (or nearly: some that it passes are doubted)."""
    slots = len(load)
    fine = slots == len(pv) == len(import_price) == len(export_price) and slots > 0
    fine &= len(worth) == len(worth_kwh) and 0.0 <= stored <= room < np.inf
    fine &= 0.0 < limits[4] <= 1.0 and 0.0 < limits[5] <= 1.0
    for number in range(10):
        fine &= 0.0 <= limits[number] < np.inf
    if not fine:
        return False
    for slot in range(slots):
        # A number that is not finite, less itself, is not zero.
        prices = import_price[slot] + export_price[slot]
        energies = load[slot] + pv[slot]
        fine &= (load[slot] >= 0.0) & (pv[slot] >= 0.0) & (prices - prices + energies - energies == 0.0)
    total = 0.0
    for number in range(len(worth)):
        fine &= np.isfinite(worth[number]) and 0.0 <= worth_kwh[number] < np.inf
        fine &= number == 0 or worth[number] <= worth[number - 1]
        total += worth_kwh[number]
    return fine and (len(worth) == 0 or worth[-1] >= 0.0 or total >= room)


@njit(cache=True, nogil=True, error_model="numpy")
def glance(
    load: Floats,
    pv: Floats,
    import_price: Floats,
    export_price: Floats,
    limits: Floats,
    room: float,
    stored: float,
    worth: Floats,
    worth_kwh: Floats,
    checked: bool,
    room_for: Scratch,
) -> tuple[int, float, float, float, int, int, float]:
    """Value and first move; nothing is allocated.

    Args:
        limits: `slot_cost.limits_of`.
        room, stored: greatest energy and the present one, above the least [kWh].
        worth, worth_kwh: the terminal value.
        checked: whether `checks.check` has passed the problem.

    Returns:
        Status (`FINE`, `UNSOUND`, `SPACE_TOO_SMALL`); the first move of the energy stored [kWh]; cost; worth per kWh;
        where the value function lies in the workspace, and its cost at empty.
    """
    if not (checked or sound(load, pv, import_price, export_price, limits, room, stored, worth, worth_kwh)):
        return UNSOUND, 0.0, 0.0, 0.0, 0, 0, 0.0
    price, energy, base, space, level, kept, kept_at = room_for
    lay_out(load, pv, import_price, export_price, limits, price, energy, base)
    head, tail = begin(worth, worth_kwh, room, space)
    head, tail, empty = fold(
        0, len(load), price, energy, base, head, tail, 0.0, room, space, level, kept, kept_at
    )
    if tail < 0:
        return SPACE_TOO_SMALL, 0.0, 0.0, 0.0, 0, 0, 0.0
    if kept_at[0, 1] > kept_at[0, 0]:
        move, _ = best_move(kept[0], kept[1], 0, kept_at[0, 1], price[0], energy[0], stored)
    else:
        move = move_by_levels(level[0], energy[0], stored)
    cost, marginal = cost_at(space[0], space[1], head, tail, empty, stored)
    return FINE, move, cost, marginal, head, tail, empty


@njit(cache=True, nogil=True, error_model="numpy")
def plan_moves(
    load: Floats,
    pv: Floats,
    import_price: Floats,
    export_price: Floats,
    limits: Floats,
    room: float,
    stored: float,
    worth: Floats,
    worth_kwh: Floats,
    kept: Floats,
    space: Floats,
    moves: Floats,
) -> int:
    """The moves of all slots, written to `moves`, shape (n,); arguments as in `glance`, answers the status."""
    slots = len(load)
    price, energy, base = np.empty((slots, STEPS)), np.empty((slots, STEPS)), np.empty(slots)
    lay_out(load, pv, import_price, export_price, limits, price, energy, base)
    head, tail = begin(worth, worth_kwh, room, space)
    level = np.empty((slots, STEPS))
    kept_at = np.empty((slots + 1, 2), np.int64)
    _, tail, _ = fold(0, slots, price, energy, base, head, tail, 0.0, room, space, level, kept, kept_at)
    if tail < 0:
        return SPACE_TOO_SMALL if tail == -1 else KEPT_TOO_SMALL
    walk(slots, price, energy, level, kept, kept_at, stored, room, moves)
    return FINE
