"""Compiled parts of `scenarios`: value functions on a grid of energies, and means over courses of load and sun."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from darkstar.planner.fast.forward import cost_at
from darkstar.planner.fast.piecewise import CHARGE_STEPS, STEPS, step
from darkstar.planner.fast.recursion import kinked
from darkstar.planner.fast.slot_cost import lay_out_slot

Floats = NDArray[np.float64]

SAME_WORTH = 1e-9
"""Chords whose worth differs by less are one: their costs are true to rounding only."""
ROWS = 6
CRUMB = 1e-12
"""Of a chord: what rounding may take off a shift."""


@njit(cache=True, nogil=True, error_model="numpy")
def expected_cost(
    load: Floats,
    pv: Floats,
    weight: Floats,
    import_price: float,
    export_price: float,
    limits: Floats,
    worth: Floats,
    kwh: Floats,
    count: int,
    empty: float,
    stored: float,
    out: Floats,
    work: Floats,
) -> float:
    """Mean over the courses of the cost before a slot with this energy stored, from the function after it."""
    price, energy = np.empty(STEPS), np.empty(STEPS)
    mean = 0.0
    for course in range(len(weight)):
        base = lay_out_slot(load[course], pv[course], import_price, export_price, limits, price, energy)
        before, cost = step(worth, kwh, count, empty, price, energy, base, out[0], out[1], work)
        least, _ = cost_at(out[0], out[1], 0, before, cost, stored)
        mean += weight[course] * least
    return mean


@njit(cache=True, nogil=True, error_model="numpy")
def backwards(
    load: Floats,
    pv: Floats,
    weight: Floats,
    import_price: Floats,
    export_price: Floats,
    limits: Floats,
    room: float,
    grid: Floats,
    out: Floats,
    work: Floats,
) -> None:
    """Take the costs on the grid of energies from the end to after the first slot, in place.

    Args:
        grid: shape (chords + 1,).
        out, work: scratch of `before_slot`.
    """
    price, energy, before = np.empty(STEPS), np.empty(STEPS), np.empty(len(grid))
    rows, bent = np.empty((ROWS, len(grid) + STEPS)), False
    length = room / (len(grid) - 1) if len(grid) > 1 else 0.0
    for slot in range(load.shape[1] - 1, 0, -1):
        convex = set_falls(grid, length, bent, rows)
        mean = np.zeros(len(grid))
        for course in range(len(weight)):
            base = lay_out_slot(
                load[course, slot],
                pv[course, slot],
                import_price[slot],
                export_price[slot],
                limits,
                price,
                energy,
            )
            bent |= before_slot(grid, length, convex, price, energy, base, before, rows, out, work)
            mean += weight[course] * before
        grid[:] = mean


@njit(cache=True, nogil=True, error_model="numpy")
def set_falls(grid: Floats, length: float, bent: bool, rows: Floats) -> bool:
    """Prepare `rows` for `before_slot` and this function on the grid; whether it is convex.

    Args:
        length: of a chord [kWh].
        bent: whether it may be otherwise.
        rows: scratch, shape (6, chords + 9).
    """
    chords = len(grid) - 1
    fall, value = rows[0], rows[1]
    for point in range(chords):
        fall[point] = grid[point] - grid[point + 1]
        value[point] = grid[point]
    value[chords] = grid[chords]
    # One point more, which is read where rounding reaches past the last, and then counts for nothing.
    value[chords + 1] = grid[chords]
    convex = True
    if bent:
        for chord in range(1, chords):
            convex &= fall[chord] - fall[chord - 1] < SAME_WORTH * length
    return convex


@njit(cache=True, nogil=True, error_model="numpy")
def before_slot(
    grid: Floats,
    length: float,
    convex: bool,
    price: Floats,
    energy: Floats,
    base: float,
    before: Floats,
    rows: Floats,
    out: Floats,
    work: Floats,
) -> bool:
    """A slot's steps before a function on the grid: its costs on the grid before the slot, written to `before`.

    Args:
        grid: costs after the slot, shape (chords + 1,).
        length: of a chord [kWh].
        convex: whether `grid` is, as `set_falls` has answered.
        price, energy, base: see `slot_cost.lay_out_slot`.
        rows: as `set_falls` has left them.
        out, work: scratch of `piecewise.step`.

    Returns:
        Whether what was written may not be convex.
    """
    chords = len(grid) - 1
    if not chords:
        before[0] = grid[0] + base
        return False
    if convex and not kinked(price, energy):
        _insert(chords, length, price, energy, base, before, rows)
        return False
    worth, lengths = rows[2], rows[5]
    for chord in range(chords):
        worth[chord], lengths[chord] = rows[0, chord] / length, length
        if chord and 0.0 < worth[chord] - worth[chord - 1] < SAME_WORTH:
            worth[chord] = worth[chord - 1]
    count, cost = step(worth, lengths, chords, grid[0], price, energy, base, out[0], out[1], work)
    _on_grid(out[0], out[1], count, length, cost, before)
    return True


@njit(cache=True, nogil=True, error_model="numpy")
def _on_grid(worth: Floats, kwh: Floats, count: int, length: float, cost: float, grid: Floats) -> None:
    """A function's costs on the grid; `cost` is that at empty."""
    grid[0] = cost
    piece, left = 0, kwh[0] if count else 0.0
    for point in range(1, len(grid)):
        need = length
        while need > left and piece < count - 1:
            cost -= worth[piece] * left
            need -= left
            piece += 1
            left = kwh[piece]
        cost -= worth[piece] * need
        left -= need
        grid[point] = cost


@njit(cache=True, nogil=True, error_model="numpy")
def _insert(
    chords: int, length: float, price: Floats, energy: Floats, base: float, before: Floats, rows: Floats
) -> None:
    """A slot without a kink before chords that are convex.

    Sorted by worth, steps and chords make one function that begins as far below empty as the battery may be charged.
    A step lies between two chords, so between two steps it is the function after the slot, moved sideways and upwards:
    whole runs of grid points are read off it at once.
    """
    fall, value, steps, sizes = rows[0], rows[1], rows[3], rows[4]
    count, lift, below = 0, base, 0.0
    charges = 0
    while charges < CHARGE_STEPS and energy[charges] > 0.0:
        charges += 1
    for number in range(charges - 1, -1, -1):
        steps[count], sizes[count] = price[number], energy[number] / length
        lift += price[number] * energy[number]
        below += sizes[count]
        count += 1
    for number in range(CHARGE_STEPS, STEPS):
        if energy[number] <= 0.0:
            break
        steps[count], sizes[count] = price[number], energy[number] / length
        count += 1
    # Energies count in chords from here on; `shift` is how far the function after the slot lies to the left.
    shift, point = below, 0
    for number in range(count):
        bound = steps[number] * length
        chord = _richer(fall, chords, bound)
        last = min(int(np.floor(chord - shift)), chords)
        if point <= last:
            _moved(value, shift, lift, point, last + 1, before)
            point = last + 1
        shift -= sizes[number]
        last = min(int(np.floor(chord - shift)), chords)
        if point <= last:
            cost = value[chord] + lift - bound * (shift + sizes[number] - chord)
            for index in range(point, last + 1):
                before[index] = cost - bound * index
            point = last + 1
        lift -= bound * sizes[number]
        if point > chords:
            return
    _moved(value, shift, lift, point, chords + 1, before)


@njit(cache=True, nogil=True, error_model="numpy")
def _richer(fall: Floats, chords: int, bound: float) -> int:
    """How many chords fall by more: all compared at once, which is faster than a search."""
    count = 0
    for chord in range(chords):
        if fall[chord] > bound:
            count += 1
    return count


@njit(cache=True, nogil=True, error_model="numpy")
def _moved(value: Floats, shift: float, lift: float, first: int, last: int, before: Floats) -> None:
    """Points first..last - 1 of a function `shift` chords to the left and `lift` higher."""
    whole = int(np.floor(shift + CRUMB))
    share = max(shift - whole, 0.0)
    left = value[first + whole : last + whole]
    right = value[first + whole + 1 : last + whole + 1]
    to = before[first:last]
    for index in range(len(to)):
        to[index] = left[index] + share * (right[index] - left[index]) + lift
