"""From the value function to moves: what the battery does in each slot. Among equal moves, the smallest."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from darkstar.planner.fast.piecewise import CHARGE_STEPS, SAME_COST, STEPS

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

SAME_ENERGY_KWH = 1e-10
"""A smaller move is rounding."""


@njit(cache=True, nogil=True, error_model="numpy")
def cost_at(
    worth: Floats, kwh: Floats, head: int, tail: int, empty: float, stored: float
) -> tuple[float, float]:
    """The function's value, and the worth per kWh of the next bit stored (of the last one when full).

    Args:
        stored: energy above the least [kWh].
    """
    cost, left, marginal = empty, stored, 0.0
    for index in range(head, tail):
        marginal = worth[index]
        if kwh[index] > left:
            return cost - worth[index] * left, marginal
        cost -= worth[index] * kwh[index]
        left -= kwh[index]
    return cost, marginal


@njit(cache=True, nogil=True, error_model="numpy")
def move_by_levels(level: Floats, energy: Floats, stored: float) -> float:
    """The move of the energy stored [kWh] in a slot without a kink.

    Args:
        level, energy: the slot's, shape (8,). The steps were taken one after another, so the last comes first here.
    """
    after = stored
    for number in range(STEPS - 1, CHARGE_STEPS - 1, -1):
        if level[number] < after:
            after -= min(energy[number], after - level[number])
    for number in range(CHARGE_STEPS - 1, -1, -1):
        if level[number] > after:
            after += min(energy[number], level[number] - after)
    return after - stored if abs(after - stored) > SAME_ENERGY_KWH else 0.0


@njit(cache=True, nogil=True, error_model="numpy")
def best_move(
    worth: Floats, kwh: Floats, head: int, tail: int, price: Floats, energy: Floats, stored: float
) -> tuple[float, float]:
    """The move of the energy stored [kWh] that is best with any function after the slot, and what it gains.

    The gain is the cost without a move less that with it, both of the slot and of what follows.

    Args:
        worth, kwh: pieces head..tail of the function after the slot.
        price, energy: the slot's steps, shape (8,).
        stored: energy above the least before the slot [kWh].
    """
    piece, below = head, 0.0
    while piece < tail - 1 and below + kwh[piece] <= stored:
        below += kwh[piece]
        piece += 1
    best, move = 0.0, 0.0
    if head == tail:
        return move, best
    # Upwards: what remains of the present piece, then piece after piece against step after step.
    index, left, gain, moved = piece, below + kwh[piece] - stored, 0.0, 0.0
    for number in range(CHARGE_STEPS):
        more = energy[number]
        if more <= 0.0:
            break
        while more > 0.0 and index < tail:
            size = min(more, left)
            if size > 0.0:
                gain += (worth[index] - price[number]) * size
                moved += size
                more -= size
                left -= size
                if gain > best + SAME_COST:
                    best, move = gain, moved
            if left <= 0.0:
                index += 1
                left = kwh[index] if index < tail else 0.0
    index, left, gain, moved = piece, stored - below, 0.0, 0.0
    for number in range(CHARGE_STEPS, STEPS):
        more = energy[number]
        if more <= 0.0:
            break
        while more > 0.0 and index >= head:
            size = min(more, left)
            if size > 0.0:
                gain += (price[number] - worth[index]) * size
                moved += size
                more -= size
                left -= size
                if gain > best + SAME_COST or (gain > best - SAME_COST and moved < abs(move)):
                    best, move = max(gain, best), -moved
            if left <= 0.0:
                index -= 1
                left = kwh[index] if index >= head else 0.0
    return (move, best) if abs(move) > SAME_ENERGY_KWH else (0.0, best)


@njit(cache=True, nogil=True, error_model="numpy")
def walk(
    slots: int,
    price: Floats,
    energy: Floats,
    level: Floats,
    kept: Floats,
    kept_at: Counts,
    stored: float,
    room: float,
    moves: Floats,
) -> None:
    """The moves of all slots, written to `moves`, shape (slots,), as `recursion.fold` has recorded them.

    Args:
        stored: energy above the least before the first slot [kWh].
    """
    for slot in range(slots):
        if kept_at[slot, 1] > kept_at[slot, 0]:
            move, _ = best_move(
                kept[0], kept[1], kept_at[slot, 0], kept_at[slot, 1], price[slot], energy[slot], stored
            )
        else:
            move = move_by_levels(level[slot], energy[slot], stored)
        moves[slot] = move
        stored = min(max(stored + move, 0.0), room)
