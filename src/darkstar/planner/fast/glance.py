"""One problem in one compiled call: the value function, and the moves of the first slots or of all."""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from darkstar.planner.fast.forward import cost_at, walk
from darkstar.planner.fast.piecewise import STEPS
from darkstar.planner.fast.recursion import TOO_SMALL, begin, fold, workspace
from darkstar.planner.fast.slot_cost import lay_out

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

FINE, UNSOUND, SPACE_TOO_SMALL, KEPT_TOO_SMALL = 0, 1, 2, 3


class Scratch(NamedTuple):
    """What `glance` works in and leaves its answer in, for problems of one size.

    `moves` has as many slots as moves are wanted; `level`, `kept` and `kept_at` as `recursion.fold` wants for these.
    """

    price: Floats
    energy: Floats
    base: Floats
    space: Floats
    level: Floats
    kept: Floats
    kept_at: Counts
    moves: Floats


def scratch(slots: int, pieces: int, spare: int, moves: int, kept: int) -> Scratch:
    """Room for problems of so many slots and pieces of the terminal value.

    Args:
        spare: as in `recursion.workspace`.
        moves: number of first slots whose moves are wanted.
        kept: pieces of the functions through which those moves are searched, if there are kinks.
    """
    return Scratch(
        price=np.empty((slots, STEPS)),
        energy=np.empty((slots, STEPS)),
        base=np.empty(slots),
        space=workspace(slots, pieces, spare),
        level=np.empty((moves, STEPS)),
        kept=np.empty((2, kept)),
        kept_at=np.empty((moves + 1, 2), np.int64),
        moves=np.empty(moves),
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
) -> tuple[int, float, float, int, int, float]:
    """Value and first moves; nothing is allocated.

    Args:
        limits: `slot_cost.limits_of`.
        room, stored: greatest energy and the present one, above the least [kWh].
        worth, worth_kwh: the terminal value.
        checked: whether `checks.check` has passed the problem.
        room_for: its `moves` receive the changes of the energy stored in the first slots [kWh].

    Returns:
        Status (`FINE`, `UNSOUND`, `SPACE_TOO_SMALL`, `KEPT_TOO_SMALL`); cost; worth per kWh at the present energy;
        where the value function lies in the workspace, and its cost at empty.
    """
    if not (checked or sound(load, pv, import_price, export_price, limits, room, stored, worth, worth_kwh)):
        return UNSOUND, 0.0, 0.0, 0, 0, 0.0
    price, energy, base, space, level, kept, kept_at, moves = room_for
    lay_out(load, pv, import_price, export_price, limits, price, energy, base)
    head, tail = begin(worth, worth_kwh, room, space)
    head, tail, empty = fold(
        0, len(load), price, energy, base, head, tail, 0.0, room, space, level, kept, kept_at
    )
    if tail < 0:
        status = SPACE_TOO_SMALL if tail == TOO_SMALL else KEPT_TOO_SMALL
        return status, 0.0, 0.0, 0, 0, 0.0
    walk(len(moves), price, energy, level, kept, kept_at, stored, room, moves)
    cost, marginal = cost_at(space[0], space[1], head, tail, empty, stored)
    return FINE, cost, marginal, head, tail, empty
