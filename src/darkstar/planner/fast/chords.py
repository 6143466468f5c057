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
    pieces: Floats,
    out: Floats,
    work: Floats,
) -> None:
    """Take the costs on the grid of energies from the end to after the first slot, in place."""
    price, energy, steps = np.empty(STEPS), np.empty(STEPS), np.empty((2, STEPS))
    chords = len(grid) - 1
    length = room / chords if chords else 0.0
    for slot in range(load.shape[1] - 1, 0, -1):
        empty, count, convex = grid[0], chords, True
        for chord in range(chords):
            worth = (grid[chord] - grid[chord + 1]) / length
            if chord and 0.0 < worth - pieces[0, chord - 1] < SAME_WORTH:
                worth = pieces[0, chord - 1]
            convex &= chord == 0 or worth <= pieces[0, chord - 1]
            pieces[0, chord], pieces[1, chord] = worth, length
        grid[:] = 0.0
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
            if convex and not kinked(price, energy):
                add_convex(
                    pieces[0], chords, length, empty + base, price, energy, weight[course], grid, steps
                )
                continue
            before, cost = step(pieces[0], pieces[1], count, empty, price, energy, base, out[0], out[1], work)
            add(out[0], out[1], before, length, cost, weight[course], grid)


@njit(cache=True, nogil=True, error_model="numpy")
def add(
    worth: Floats, kwh: Floats, count: int, length: float, cost: float, weight: float, grid: Floats
) -> None:
    """Add a function's costs, weighted, to those on the grid; `cost` is that at empty."""
    grid[0] += weight * cost
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
        grid[point] += weight * cost


@njit(cache=True, nogil=True, error_model="numpy")
def add_convex(
    worth: Floats,
    chords: int,
    length: float,
    cost: float,
    price: Floats,
    energy: Floats,
    weight: float,
    grid: Floats,
    steps: Floats,
) -> None:
    """A slot without a kink before chords that are convex, added to the grid: both lists of pieces sorted into one.

    Args:
        worth: of the chords, each `length` kWh.
        cost: at empty without a move.
        steps: scratch, shape (2, 8).
    """
    count, ahead, charges = 0, 0.0, 0
    while charges < CHARGE_STEPS and energy[charges] > 0.0:
        charges += 1
    for number in range(CHARGE_STEPS - 1, -1, -1):
        if number < charges:
            steps[0, count], steps[1, count] = price[number], energy[number]
            cost += price[number] * energy[number]
            ahead += energy[number]
            count += 1
    for number in range(CHARGE_STEPS, STEPS):
        if energy[number] <= 0.0:
            break
        steps[0, count], steps[1, count] = price[number], energy[number]
        count += 1
    # What lies before the empty battery is passed over first, then a grid point comes after each length.
    chord, taken, step_left = 0, 0, steps[1, 0] if count else 0.0
    chord_left, need, point = length, ahead, 0
    while point <= chords:
        from_step = taken < count and (chord >= chords or steps[0, taken] >= worth[chord])
        if not from_step and chord >= chords:
            # Rounding has left a crumb.
            grid[point] += weight * cost
            point += 1
            continue
        marginal = steps[0, taken] if from_step else worth[chord]
        left = step_left if from_step else chord_left
        size = min(left, need)
        cost -= marginal * size
        need -= size
        if from_step:
            step_left -= size
            if step_left <= 0.0:
                taken += 1
                step_left = steps[1, taken] if taken < count else 0.0
        else:
            chord_left -= size
            if chord_left <= 0.0:
                chord += 1
                chord_left = length
        if need <= 0.0:
            grid[point] += weight * cost
            point += 1
            need = length
