"""Piecewise-linear functions of the stored energy, convex or not, and the exact operations of a recursion on them.

A function V gives the least cost from here on with s kWh above `soc_min`, s from 0 to the battery's room. Layout:

    worth[i], kwh[i], i < count    pieces from empty to full: over the next kwh[i] the cost falls by worth[i] per kWh
    empty                          V(0); infinite where nothing is feasible, whatever the pieces say

Pieces are positive in length, add up to the room (count is 0 where there is no room), and neighbours differ in worth.
V is convex where worth falls from piece to piece. Worths are only ever handed on, never computed anew, so they stay
exact; lengths and costs are true to rounding.

What the battery can do in a slot is a row of steps (`slot_cost.lay_out`), price (8,) and energy (8,):

    0..3   charging: store another energy[j] kWh for price[j] each, the cheapest first; ends at energy 0
    4..7   discharging: take out another energy[j] kWh for a gain of price[j] each, the best first; ends at energy 0

Arrays of results and scratch hold `capacity` pieces each; where that is too little, the count returned is -1 (no step
makes more than twice the pieces it was given, plus two; the lower of two functions has at most twice theirs together).
Nothing is allocated. Results are written from index 0 of `out_worth`, `out_kwh`; sources are left as they are.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]

CHARGE_STEPS = 4
STEPS = 8
WORK_ROWS = 6
SAME_COST = 1e-11
"""Costs that differ by less are equal: keeps rounding from making pieces and moves."""


@njit(cache=True, nogil=True, error_model="numpy")
def extend(
    worth: Floats,
    kwh: Floats,
    head: int,
    tail: int,
    price: float,
    energy: float,
    sign: int,
    out_worth: Floats,
    out_kwh: Floats,
) -> tuple[int, int, float]:
    """One step of charging (sign 1) or discharging (sign -1): min over u in [0, energy] of V(s + u) + price * u, or
    of V(s - u) - price * u, for the pieces at head..tail; the energy stays within the room.

    With the step's price taken off, this is the least value in a window that reaches `energy` ahead. Seen in the
    direction of the move: what rises stays, what falls comes nearer by `energy`, each valley gains a floor of that
    length (at the step's price), and each peak loses as much, equally high on both sides.

    Returns:
        Where the pieces begin and end in `out_worth`, `out_kwh`, and what is to be added to `empty`.
    """
    capacity = len(out_worth)
    first = head if sign > 0 else tail - 1
    top = -1 if sign > 0 else capacity  # the last piece written
    bottom = top + sign  # the first piece written
    toward = 0  # 1 uphill, -1 downhill, 0 at the edge
    debt = 0.0  # length that the present peak has still to lose
    for number in range(tail - head):
        index = first + sign * number
        piece, left = worth[index], kwh[index]
        rise = sign * (price - piece)
        if rise > 0.0:
            if toward <= 0:
                top = _push(out_worth, out_kwh, top, bottom, sign, price, energy - debt)
                debt = 0.0
            toward = 1
        elif rise < 0.0:
            if toward > 0:
                debt = energy
            toward = -1
            while debt > 0.0 and left > 0.0 and (top - bottom) * sign >= 0:
                slope = sign * (price - out_worth[top])
                if slope > 0.0:
                    share = slope / (slope - rise)  # of a length lost, this much from the downhill side
                    lost = min(debt, out_kwh[top] / (1.0 - share), left / share)
                    spent = lost >= out_kwh[top] / (1.0 - share)
                    gone = lost >= left / share
                    out_kwh[top] -= lost * (1.0 - share)
                    left = 0.0 if gone else left - lost * share
                else:
                    lost = min(debt, out_kwh[top])
                    spent = lost >= out_kwh[top]
                    out_kwh[top] -= lost
                debt -= lost
                if spent:
                    top -= sign
        else:
            lost = min(debt, left)
            debt -= lost
            left -= lost
        top = _push(out_worth, out_kwh, top, bottom, sign, piece, left)
    if toward <= 0:
        top = _push(out_worth, out_kwh, top, bottom, sign, price, energy - debt)
    # The function now reaches `energy` beyond the room at the side from which the move comes.
    beyond, added = energy, 0.0
    while (top - bottom) * sign >= 0 and beyond >= out_kwh[bottom]:
        beyond -= out_kwh[bottom]
        added += (price - out_worth[bottom]) * out_kwh[bottom]
        bottom += sign
    if (top - bottom) * sign >= 0:
        out_kwh[bottom] -= beyond
        added += (price - out_worth[bottom]) * beyond
    if sign > 0:
        return bottom, top + 1, added
    return top, bottom + 1, 0.0


@njit(cache=True, nogil=True, error_model="numpy")
def _push(
    out_worth: Floats, out_kwh: Floats, top: int, bottom: int, sign: int, piece: float, length: float
) -> int:
    """Add a piece after `top`; answers the new top."""
    if length <= 0.0:
        return top
    if (top - bottom) * sign >= 0 and out_worth[top] == piece:
        out_kwh[top] += length
        return top
    out_worth[top + sign] = piece
    out_kwh[top + sign] = length
    return top + sign


@njit(cache=True, nogil=True, error_model="numpy")
def pays(worth: Floats, head: int, tail: int, price: float, sign: int) -> bool:
    """Whether a step of charging (sign 1) or discharging (-1) at this price changes the function at all."""
    found = False
    for index in range(head, tail):
        found |= sign * (worth[index] - price) > 0.0
    return found


@njit(cache=True, nogil=True, error_model="numpy")
def lower(
    worth: Floats,
    kwh: Floats,
    count: int,
    empty: float,
    other_worth: Floats,
    other_kwh: Floats,
    other_count: int,
    other_empty: float,
    out_worth: Floats,
    out_kwh: Floats,
) -> tuple[int, float]:
    """The lower of two functions at each stored energy: its count and `empty`.

    Needs a capacity of count + other_count pieces, and twice that where they cross in each.
    """
    if other_empty == np.inf or (count == 0 and empty <= other_empty):
        copy(worth, kwh, 0, count, out_worth, out_kwh, 0)
        return count, empty
    if empty == np.inf or count == 0:
        copy(other_worth, other_kwh, 0, other_count, out_worth, out_kwh, 0)
        return other_count, other_empty
    if 2 * (count + other_count) > len(out_worth):
        return -1, empty
    above = empty - other_empty
    mine, theirs = 0, 0
    left, other_left = kwh[0], other_kwh[0]
    top = -1
    while True:
        length = min(left, other_left)
        if abs(above) <= SAME_COST:
            above = 0.0
        closing = worth[mine] - other_worth[theirs]
        then = above - closing * length
        if abs(then) <= SAME_COST:
            then = 0.0
        crossing = above < 0.0 < then or then < 0.0 < above
        before = min(length, above / closing) if crossing else length
        if above < 0.0 or (above == 0.0 and then <= 0.0):
            top = _push(out_worth, out_kwh, top, 0, 1, worth[mine], before)
            top = _push(out_worth, out_kwh, top, 0, 1, other_worth[theirs], length - before)
        else:
            top = _push(out_worth, out_kwh, top, 0, 1, other_worth[theirs], before)
            top = _push(out_worth, out_kwh, top, 0, 1, worth[mine], length - before)
        above = then
        left -= length
        other_left -= length
        # Rounding may leave a crumb of the one or the other at the full end.
        if left <= 0.0:
            mine += 1
            if mine == count:
                break
            left = kwh[mine]
        if other_left <= 0.0:
            theirs += 1
            if theirs == other_count:
                break
            other_left = other_kwh[theirs]
    return top + 1, min(empty, other_empty)


@njit(cache=True, nogil=True, error_model="numpy")
def step(
    worth: Floats,
    kwh: Floats,
    count: int,
    empty: float,
    price: Floats,
    energy: Floats,
    base: float,
    out_worth: Floats,
    out_kwh: Floats,
    work: Floats,
) -> tuple[int, float]:
    """One slot backwards: min over the move of the slot's cost plus V at what is then stored; exact, convex or not.

    Args:
        price, energy: the slot's steps, shape (8,); see the module.
        base: the slot's cost without a move.
        work: scratch, shape (6, capacity).

    Returns:
        The count (-1: capacity too small) and `empty` of the result.
    """
    if empty == np.inf:
        return 0, empty
    kinked = energy[0] > 0.0 and energy[CHARGE_STEPS] > 0.0 and price[CHARGE_STEPS] > price[0]
    row, head, tail, added = _chain(worth, kwh, 0, count, price, energy, 0, 1, work, 0)
    if tail < 0 or tail - head > len(out_worth):
        return -1, empty
    charged_worth, charged_kwh = worth, kwh
    if row >= 0:
        charged_worth, charged_kwh = work[row], work[row + 1]
    charged_empty = empty + added + base
    # Never both: the better of charging and discharging. Without a kink that is the one after the other.
    from_worth, from_kwh, low, high, room_for = charged_worth, charged_kwh, head, tail, 2 - max(row, 0)
    if kinked:
        copy(charged_worth, charged_kwh, head, tail, work[4], work[5], 0)
        from_worth, from_kwh, low, high, room_for = worth, kwh, 0, count, 0
    row, low, high, _ = _chain(
        from_worth, from_kwh, low, high, price, energy, CHARGE_STEPS, -1, work, room_for
    )
    if high < 0 or high - low > len(out_worth):
        return -1, empty
    if row >= 0:
        from_worth, from_kwh = work[row], work[row + 1]
    if kinked:
        return lower(
            work[4],
            work[5],
            tail - head,
            charged_empty,
            from_worth[low:],
            from_kwh[low:],
            high - low,
            empty + base,
            out_worth,
            out_kwh,
        )
    copy(from_worth, from_kwh, low, high, out_worth, out_kwh, 0)
    return high - low, charged_empty


@njit(cache=True, nogil=True, error_model="numpy")
def _chain(
    worth: Floats,
    kwh: Floats,
    head: int,
    tail: int,
    price: Floats,
    energy: Floats,
    first: int,
    sign: int,
    work: Floats,
    target: int,
) -> tuple[int, int, int, float]:
    """All steps of one direction: the work row of the result (-1: nothing changed), its bounds (the second -1:
    capacity too small), what is to be added to `empty`."""
    row, added = -1, 0.0
    for number in range(first, first + CHARGE_STEPS):
        if energy[number] <= 0.0:
            break
        if 2 * (tail - head) + 2 > work.shape[1]:
            return row, 0, -1, 0.0
        if not pays(worth, head, tail, price[number], sign):
            break  # what follows is dearer
        row = target if row < 0 else 2 - row
        head, tail, more = extend(
            worth, kwh, head, tail, price[number], energy[number], sign, work[row], work[row + 1]
        )
        worth, kwh = work[row], work[row + 1]
        added += more
    return row, head, tail, added


@njit(cache=True, nogil=True, error_model="numpy")
def copy(
    worth: Floats, kwh: Floats, head: int, tail: int, to_worth: Floats, to_kwh: Floats, place: int
) -> None:
    """Pieces head..tail of one function to `place` of other arrays."""
    for index in range(tail - head):
        to_worth[place + index] = worth[head + index]
        to_kwh[place + index] = kwh[head + index]
