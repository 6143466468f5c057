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
ROWS = 5
PADDED = 2
"""Points that a row has more than chords: the last stands twice, for rounding may reach past it by nothing."""
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
    chords = len(grid) - 1
    price, energy, rows, bent = np.empty(STEPS), np.empty(STEPS), np.empty((ROWS, chords + 1 + STEPS)), False
    values, before = np.empty(chords + PADDED), np.empty(chords + PADDED)
    values[: chords + 1], values[chords + 1] = grid, grid[chords]
    length = room / chords if chords else 0.0
    for slot in range(load.shape[1] - 1, 0, -1):
        convex = set_falls(values, length, bent, rows[0])
        mean = np.zeros(chords + PADDED)
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
            bent |= before_slot(values, length, convex, price, energy, base, before, rows, out, work)
            mean += weight[course] * before
        values[:] = mean
    grid[:] = values[: chords + 1]


@njit(cache=True, nogil=True, error_model="numpy")
def set_falls(values: Floats, length: float, bent: bool, fall: Floats) -> bool:
    """Write by how much a function falls over each chord to `fall`; whether it is convex.

    Args:
        values: costs on the grid, shape (chords + 2,): the last point stands twice.
        length: of a chord [kWh].
        bent: whether it may be other than convex.
    """
    chords = len(values) - PADDED
    for chord in range(chords):
        fall[chord] = values[chord] - values[chord + 1]
    convex = True
    if bent:
        for chord in range(1, chords):
            convex &= fall[chord] - fall[chord - 1] < SAME_WORTH * length
    return convex


@njit(cache=True, nogil=True, error_model="numpy")
def before_slot(
    values: Floats,
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
        values: costs after the slot, shape (chords + 2,): the last point stands twice, as in `before`.
        length: of a chord [kWh].
        convex: whether they are, as `set_falls` has answered.
        price, energy, base: see `slot_cost.lay_out_slot`.
        rows: scratch, shape (5, chords + 9), the first row as `set_falls` has written it.
        out, work: scratch of `piecewise.step`.

    Returns:
        Whether what was written may not be convex.
    """
    chords, bends = len(values) - PADDED, False
    if not chords:
        before[0] = values[0] + base
    elif convex and not kinked(price, energy):
        _insert(values, length, price, energy, base, before, rows)
    else:
        fall, worth, lengths = rows[0], rows[1], rows[2]
        for chord in range(chords):
            worth[chord], lengths[chord] = fall[chord] / length, length
            if chord and 0.0 < worth[chord] - worth[chord - 1] < SAME_WORTH:
                worth[chord] = worth[chord - 1]
        count, cost = step(worth, lengths, chords, values[0], price, energy, base, out[0], out[1], work)
        _on_grid(out[0], out[1], count, length, cost, before[: chords + 1])
        bends = True
    before[chords + 1] = before[chords]
    return bends


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
    values: Floats, length: float, price: Floats, energy: Floats, base: float, before: Floats, rows: Floats
) -> None:
    """A slot without a kink before chords that are convex.

    Sorted by worth, steps and chords make one function that begins as far below empty as the battery may be charged.
    A step lies between two chords, so between two steps it is the function after the slot, moved sideways and upwards:
    whole runs of grid points are read off it at once.
    """
    fall, bounds, sizes = rows[0], rows[3], rows[4]
    chords = len(values) - PADDED
    count, lift, shift = _that_pay(fall[:chords], length, price, energy, base, bounds, sizes)
    # Energies count in chords from here on; `shift` is how far the function after the slot lies to the left.
    point = 0
    for number in range(count):
        bound = bounds[number]
        chord = _richer(fall, chords, bound)
        last = min(int(np.floor(chord - shift)), chords)
        if point <= last:
            _moved(values, shift, lift, point, last + 1, before)
            point = last + 1
        cost = values[chord] + lift - bound * (shift - chord)
        shift -= sizes[number]
        last = min(int(np.floor(chord - shift)), chords)
        while point <= last:
            before[point] = cost - bound * point
            point += 1
        lift -= bound * sizes[number]
        if point > chords:
            return
    _moved(values, shift, lift, point, chords + 1, before)


@njit(cache=True, nogil=True, error_model="numpy")
def _that_pay(
    fall: Floats, length: float, price: Floats, energy: Floats, base: float, bounds: Floats, sizes: Floats
) -> tuple[int, float, float]:
    """The steps that are worth taking with some energy stored, by falling price: for a chord, and in chords.

    Returns:
        How many there are, the cost at the lowest energy from which the battery may be charged, and how many chords
        that lies below empty.
    """
    count, lift, below, charges = 0, base, 0.0, 0
    while charges < CHARGE_STEPS and energy[charges] > 0.0 and price[charges] * length < fall[0]:
        charges += 1
    for number in range(charges - 1, -1, -1):
        bounds[count], sizes[count] = price[number] * length, energy[number] / length
        lift += price[number] * energy[number]
        below += sizes[count]
        count += 1
    for number in range(CHARGE_STEPS, STEPS):
        if energy[number] <= 0.0 or price[number] * length <= fall[-1]:
            break
        bounds[count], sizes[count] = price[number] * length, energy[number] / length
        count += 1
    return count, lift, below


@njit(cache=True, nogil=True, error_model="numpy")
def _richer(fall: Floats, chords: int, bound: float) -> int:
    """How many chords fall by more: all compared at once, which is faster than a search."""
    count = 0
    for chord in range(chords):
        if fall[chord] > bound:
            count += 1
    return count


@njit(cache=True, nogil=True, error_model="numpy")
def _moved(values: Floats, shift: float, lift: float, first: int, last: int, before: Floats) -> None:
    """Points first..last - 1 of a function `shift` chords to the left and `lift` higher."""
    whole = int(np.floor(shift + CRUMB))
    share = max(shift - whole, 0.0)
    left = values[first + whole : last + whole]
    right = values[first + whole + 1 : last + whole + 1]
    to = before[first:last]
    for index in range(len(to)):
        to[index] = left[index] + share * (right[index] - left[index]) + lift
