"""The battery's value function, backwards in time: V_t(s) = min over the move of slot cost + V_t+1(stored after it).

While no slot has a kink ("never both" binds only at deeply negative prices), V is convex: its pieces lie sorted by
worth in one stretch of a longer array, and a step of charging or discharging cuts one end and sets one piece in
between; what the step does not concern is not touched. Where kinks come in, `piecewise.step` takes over until V is
convex again.

Each step also has a level: charging fills up to it, discharging empties down to it. Levels are all that a plan needs
where V is convex; elsewhere the function after the slot is kept, and the best move searched in it.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from darkstar.planner.fast.piecewise import CHARGE_STEPS, STEPS, copy, step

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

SPACE_ROWS = 12
"""Rows of a workspace: convex pieces, two functions, the scratch of `piecewise.step`; worths and lengths each."""
TOO_SMALL = -1


def workspace(slots: int, pieces: int, spare: int = 256) -> Floats:
    """Scratch for `fold`, shape (12, capacity); may be used again, by one thread at a time.

    Args:
        pieces: of the terminal value.
        spare: room for what kinks add; more is needed where `fold` answers `TOO_SMALL`.
    """
    return np.empty((SPACE_ROWS, STEPS * slots + pieces + spare))


@njit(cache=True, nogil=True, error_model="numpy")
def begin(value: Floats, energy: Floats, room: float, space: Floats) -> tuple[int, int]:
    """The terminal value as pieces in the middle of the workspace: where they begin and end. The cost at empty is 0.

    Energy beyond the last piece is worth nothing; a negative last piece reaches to the top.
    """
    head = space.shape[1] // 2
    tail, left = head, room
    for number in range(len(value)):
        last = number == len(value) - 1
        size = left if last and value[number] < 0.0 else min(energy[number], left)
        if size > 0.0:
            space[0, tail] = value[number]
            space[1, tail] = size
            tail += 1
            left -= size
    if left > 0.0:
        space[0, tail] = 0.0
        space[1, tail] = left
        tail += 1
    return head, tail


@njit(cache=True, nogil=True, error_model="numpy")
def kinked(price: Floats, energy: Floats) -> bool:
    """Whether the slot's cost has a concave kink at no move: discharging gains more than charging costs."""
    both: bool = energy[0] > 0.0 and energy[CHARGE_STEPS] > 0.0
    return both and price[CHARGE_STEPS] > price[0]


@njit(cache=True, nogil=True, error_model="numpy")
def fold_convex(
    first: int,
    last: int,
    price: Floats,
    energy: Floats,
    base: Floats,
    head: int,
    tail: int,
    empty: float,
    room: float,
    space: Floats,
    level: Floats,
) -> tuple[int, int, int, float]:
    """Slots last - 1, last - 2, ... first, until one is kinked; in place.

    Args:
        price, energy, base: the slots' steps and costs without a move, see `slot_cost.lay_out`.
        head, tail: where the pieces lie in the workspace's first two rows.
        level: (m, 8), written for slots before m: energy to which the step charges or discharges [kWh].

    Returns:
        The slot whose function is reached, and its head, tail and cost at empty.
    """
    worth, kwh = space[0], space[1]
    recorded = len(level)
    for slot in range(last - 1, first - 1, -1):
        if kinked(price[slot], energy[slot]):
            return slot + 1, head, tail, empty
        if slot < recorded:
            _no_levels(level[slot], room)
        empty += base[slot]
        for number in range(CHARGE_STEPS):
            cost, most = price[slot, number], energy[slot, number]
            # Dearer steps than one that does not pay do not pay either.
            if most <= 0.0 or head == tail or worth[head] <= cost:
                break
            mark, below = head, 0.0
            while mark < tail and worth[mark] > cost:
                below += kwh[mark]
                mark += 1
            if slot < recorded:
                level[slot, number] = below
            while head < mark and kwh[head] <= most:
                empty += (cost - worth[head]) * kwh[head]
                most -= kwh[head]
                head += 1
            if head < mark:
                empty += (cost - worth[head]) * most
                kwh[head] -= most
                below = energy[slot, number]
            if mark < tail and worth[mark] == cost:
                kwh[mark] += below
            else:
                for place in range(head, mark):
                    worth[place - 1] = worth[place]
                    kwh[place - 1] = kwh[place]
                head -= 1
                worth[mark - 1] = cost
                kwh[mark - 1] = below
        for number in range(CHARGE_STEPS, STEPS):
            gain, most = price[slot, number], energy[slot, number]
            if most <= 0.0 or head == tail or worth[tail - 1] >= gain:
                break
            mark, above = tail, 0.0
            while mark > head and worth[mark - 1] < gain:
                mark -= 1
                above += kwh[mark]
            if slot < recorded:
                level[slot, number] = max(0.0, room - above) if mark > head else 0.0
            while tail > mark and kwh[tail - 1] <= most:
                tail -= 1
                most -= kwh[tail]
            if tail > mark:
                kwh[tail - 1] -= most
                above = energy[slot, number]
            if mark > head and worth[mark - 1] == gain:
                kwh[mark - 1] += above
            else:
                for place in range(tail, mark, -1):
                    worth[place] = worth[place - 1]
                    kwh[place] = kwh[place - 1]
                tail += 1
                worth[mark] = gain
                kwh[mark] = above
    return first, head, tail, empty


@njit(cache=True, nogil=True, error_model="numpy")
def fold(
    first: int,
    last: int,
    price: Floats,
    energy: Floats,
    base: Floats,
    head: int,
    tail: int,
    empty: float,
    room: float,
    space: Floats,
    level: Floats,
    kept: Floats,
    kept_at: Counts,
) -> tuple[int, int, float]:
    """From the function after slot last - 1 to that before slot `first`, whatever the slots' kinks.

    Args:
        level: see `fold_convex`.
        kept: (2, k), the functions after the slots that were not folded as convex ones, one behind the other.
        kept_at: (m + 1, 2), for slots before m: where the slot's function lies in `kept`; nowhere if levels hold.
            Row m counts the pieces kept so far.

    Returns:
        Where the function's pieces lie in the workspace's first two rows (`TOO_SMALL` as the second where the
        workspace, or `TOO_SMALL - 1` where `kept`, has too little space), and its cost at empty.
    """
    recorded = len(kept_at) - 1
    for slot in range(recorded + 1):
        kept_at[slot, 0] = kept_at[slot, 1] = 0
    middle = space.shape[1] // 2
    slot, convex = last, True
    side, count = 2, 0  # where a function with kinks lies
    while slot > first:
        if convex:
            slot, head, tail, empty = fold_convex(
                first, slot, price, energy, base, head, tail, empty, room, space, level
            )
            if slot == first:
                break
            count = tail - head
            copy(space[0], space[1], head, tail, space[side], space[side + 1], 0)
        slot -= 1
        if slot < recorded:
            at = kept_at[recorded, 0]
            if at + count > kept.shape[1]:
                return 0, TOO_SMALL - 1, empty
            copy(space[side], space[side + 1], 0, count, kept[0], kept[1], at)
            kept_at[slot, 0] = at
            kept_at[slot, 1] = at + count
            _no_levels(level[slot], room)
            kept_at[recorded, 0] = at + count
        count, empty = step(
            space[side],
            space[side + 1],
            count,
            empty,
            price[slot],
            energy[slot],
            base[slot],
            space[6 - side],
            space[7 - side],
            space[6:],
        )
        if count < 0:
            return 0, TOO_SMALL, empty
        side = 6 - side
        convex = _falls(space[side], count)
        if convex:
            head, tail = _centred(space, side, count, middle)
    if not convex:
        head, tail = _centred(space, side, count, middle)
    return head, tail, empty


@njit(cache=True, nogil=True, error_model="numpy")
def _no_levels(level: Floats, room: float) -> None:
    """Levels by which nothing moves."""
    for number in range(STEPS):
        level[number] = 0.0 if number < CHARGE_STEPS else room


@njit(cache=True, nogil=True, error_model="numpy")
def _falls(worth: Floats, count: int) -> bool:
    rises = False
    for index in range(1, count):
        rises |= worth[index] > worth[index - 1]
    return not rises


@njit(cache=True, nogil=True, error_model="numpy")
def _centred(space: Floats, side: int, count: int, middle: int) -> tuple[int, int]:
    """Put a function back into the middle of the first two rows."""
    head = middle - count // 2
    copy(space[side], space[side + 1], 0, count, space[0], space[1], head)
    return head, head + count
