"""The battery's value function, backwards in time: V_t(s) = min over the move of slot cost + V_t+1(stored after it).

While no slot has a kink ("never both" binds only at deeply negative prices), V is convex, its pieces are sorted by
worth, and a step of charging or discharging cuts one end and sets one piece in between. The pieces lie in three
stretches, parted where the last piece was set by charging and by discharging: prices move little from slot to slot,
so few pieces change stretch, and no others are touched. Where kinks come in, `piecewise.step` takes over until V is
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
"""Rows of a workspace, worths and lengths each: the three stretches of convex pieces (the latter two otherwise hold
functions with kinks), and the scratch of `piecewise.step`."""
TOO_SMALL = -1


def workspace(slots: int, pieces: int, spare: int = 256) -> Floats:
    """Scratch for `fold`, shape (12, capacity); may be used again, by one thread at a time.

    Args:
        pieces: of the terminal value.
        spare: room for what kinks add; more is needed where `fold` answers `TOO_SMALL`.
    """
    return np.empty((SPACE_ROWS, 2 * (STEPS * slots + pieces + spare)))


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
    """Slots last - 1, last - 2, ... first, until one is kinked; in the workspace's first six rows.

    Args:
        price, energy, base: the slots' steps and costs without a move, see `slot_cost.lay_out`.
        head, tail: where the pieces lie in the workspace's first two rows.
        level: (m, 8), written for slots before m: energy to which the step charges or discharges [kWh].

    Returns:
        The slot whose function is reached, and its head, tail and cost at empty.
    """
    recorded = len(level)
    # Rich: worth more than the last charging cost; poor: less than the last discharging gained; the rest between.
    rich, rich_kwh, middle, middle_kwh = space[0], space[1], space[2], space[3]
    poor, poor_kwh = space[4], space[5]
    rich_low, rich_end, poor_low, poor_end = 0, 0, space.shape[1], space.shape[1]
    # Starting from the centre again whenever it is empty, the stretch between never runs out of space.
    centre = space.shape[1] // 2
    low, end = centre, centre + tail - head
    copy(space[0], space[1], head, tail, middle, middle_kwh, low)
    slot = last
    while slot > first and not kinked(price[slot - 1], energy[slot - 1]):
        slot -= 1
        if slot < recorded:
            _no_levels(level[slot], room)
        empty += base[slot]
        for number in range(CHARGE_STEPS):
            cost, most = price[slot, number], energy[slot, number]
            if most <= 0.0:
                break
            # Dearer steps than one that does not pay do not pay either.
            if rich_end > rich_low:
                if rich[rich_low] <= cost:
                    break
            elif end > low:
                if middle[low] <= cost:
                    break
            elif poor_end == poor_low or poor[poor_low] <= cost:
                break
            while rich_end > rich_low and rich[rich_end - 1] <= cost:
                rich_end -= 1
                low -= 1
                middle[low], middle_kwh[low] = rich[rich_end], rich_kwh[rich_end]
            while end > low and middle[low] > cost:
                rich[rich_end], rich_kwh[rich_end] = middle[low], middle_kwh[low]
                low += 1
                rich_end += 1
            if end == low:
                end = low = centre
            while end == low and poor_end > poor_low and poor[poor_low] > cost:
                rich[rich_end], rich_kwh[rich_end] = poor[poor_low], poor_kwh[poor_low]
                poor_low += 1
                rich_end += 1
            if slot < recorded:
                level[slot, number] = _total(rich_kwh, rich_low, rich_end)
            while rich_end > rich_low and rich_kwh[rich_low] <= most:
                empty += (cost - rich[rich_low]) * rich_kwh[rich_low]
                most -= rich_kwh[rich_low]
                rich_low += 1
            placed = energy[slot, number] - most
            if rich_end > rich_low:
                empty += (cost - rich[rich_low]) * most
                rich_kwh[rich_low] -= most
                placed = energy[slot, number]
            if end > low and middle[low] == cost:
                middle_kwh[low] += placed
            else:
                low -= 1
                middle[low], middle_kwh[low] = cost, placed
        for number in range(CHARGE_STEPS, STEPS):
            gain, most = price[slot, number], energy[slot, number]
            if most <= 0.0:
                break
            if poor_end > poor_low:
                if poor[poor_end - 1] >= gain:
                    break
            elif end > low:
                if middle[end - 1] >= gain:
                    break
            elif rich_end == rich_low or rich[rich_end - 1] >= gain:
                break
            while poor_end > poor_low and poor[poor_low] >= gain:
                middle[end], middle_kwh[end] = poor[poor_low], poor_kwh[poor_low]
                poor_low += 1
                end += 1
            while end > low and middle[end - 1] < gain:
                end -= 1
                poor_low -= 1
                poor[poor_low], poor_kwh[poor_low] = middle[end], middle_kwh[end]
            if end == low:
                end = low = centre
            while end == low and rich_end > rich_low and rich[rich_end - 1] < gain:
                rich_end -= 1
                poor_low -= 1
                poor[poor_low], poor_kwh[poor_low] = rich[rich_end], rich_kwh[rich_end]
            if slot < recorded:
                all_poor = end == low and rich_end == rich_low
                above = _total(poor_kwh, poor_low, poor_end)
                level[slot, number] = 0.0 if all_poor else max(0.0, room - above)
            while poor_end > poor_low and poor_kwh[poor_end - 1] <= most:
                poor_end -= 1
                most -= poor_kwh[poor_end]
            placed = energy[slot, number] - most
            if poor_end > poor_low:
                poor_kwh[poor_end - 1] -= most
                placed = energy[slot, number]
            if end > low and middle[end - 1] == gain:
                middle_kwh[end - 1] += placed
            else:
                middle[end], middle_kwh[end] = gain, placed
                end += 1
    copy(middle, middle_kwh, low, end, rich, rich_kwh, rich_end)
    rich_end += end - low
    copy(poor, poor_kwh, poor_low, poor_end, rich, rich_kwh, rich_end)
    return slot, rich_low, rich_end + poor_end - poor_low, empty


@njit(cache=True, nogil=True, error_model="numpy")
def _total(kwh: Floats, head: int, tail: int) -> float:
    total = 0.0
    for index in range(head, tail):
        total += kwh[index]
    return total


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
            # Each step adds a piece at most.
            if 2 * (tail - head + STEPS * (slot - first)) > space.shape[1]:
                return 0, TOO_SMALL, empty
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
