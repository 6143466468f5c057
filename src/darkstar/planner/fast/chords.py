"""Compiled parts of `scenarios` and `turning`: a slot before functions on a grid of energies, means over courses."""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from darkstar.planner.fast.falls import (
    SAME_WORTH,
    charged_from_empty,
    falls_in,
    is_convex,
    mix,
    set_costs,
    set_falls,
    slide,
)
from darkstar.planner.fast.forward import cost_at
from darkstar.planner.fast.piecewise import STEPS, WORK_ROWS, step
from darkstar.planner.fast.recursion import kinked
from darkstar.planner.fast.shared_steps import share_steps, shared_steps
from darkstar.planner.fast.slot_cost import lay_out_slot

Floats = NDArray[np.float64]


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


class Scratch(NamedTuple):
    """What `before_slot` works in, see `scratch_for`; `steps` is written for each slot by `share_steps`."""

    steps: Floats
    price: Floats
    energy: Floats
    pieces: Floats
    out: Floats
    work: Floats


def scratch_for(chords: int) -> Scratch:
    """Room for functions of so many chords; may be used again, by one thread at a time."""
    size = 24 * (chords + STEPS)
    pieces, out = np.empty((2, chords)), np.empty((2, size))
    return Scratch(shared_steps(), np.empty(STEPS), np.empty(STEPS), pieces, out, np.empty((WORK_ROWS, size)))


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
    rows: Floats,
    scratch: Scratch,
) -> None:
    """Take the costs on the grid of energies from the end to after the first slot, in place.

    Args:
        grid: shape (chords + 1,).
        rows: a row for each course, see `rows_of_falls`.
    """
    chords, courses = len(grid) - 1, len(weight)
    length = room / chords if chords else 0.0
    before, mean, empty = np.empty((courses, chords)), np.empty(chords), np.full(courses, grid[0])
    for course in range(courses):
        set_falls(grid, falls_in(rows[course], chords))
    bent = False
    for slot in range(load.shape[1] - 1, 0, -1):
        energies = np.stack((load[:, slot], pv[:, slot]))
        prices = import_price[slot], export_price[slot]
        bends = share_steps(prices[0], prices[1], limits, length, scratch.steps)
        bent |= before_slot(energies, prices, limits, length, bent or bends, empty, rows, before, scratch)
        mix(before, weight, 0.0, mean, rows, empty)
    set_costs(empty[0], falls_in(rows[0], chords), grid)


@njit(cache=True, nogil=True, error_model="numpy")
def before_slot(
    energies: Floats,
    prices: tuple[float, float],
    limits: Floats,
    length: float,
    bent: bool,
    empty: Floats,
    rows: Floats,
    before: Floats,
    scratch: Scratch,
) -> bool:
    """A slot's steps before each course's function: what that falls by over each chord then, written to `before`.

    Args:
        energies: load and sun of the courses [kWh], shape (2, k); prices: import and export price.
        length: of a chord [kWh].
        bent: whether a function or the steps of a course may be other than convex, see `share_steps`, which is
            called before.
        empty: the costs at empty, which go along, shape (k,).
        rows: of functions after the slot, see `rows_of_falls`; before: shape (k, chords).

    Returns:
        Whether what was written may not be convex.
    """
    steps, price, energy, _, _, _ = scratch
    courses, chords = before.shape
    bends = False
    for course in range(courses):
        empty[course] += lay_out_slot(
            energies[0, course], energies[1, course], prices[0], prices[1], limits, price, energy
        )
        fall = falls_in(rows[course], chords)
        if bent and chords and (kinked(price, energy) or not is_convex(fall, length)):
            empty[course] = _with_kinks(fall, length, empty[course], before[course], scratch)
            bends = True
        else:
            slide(course, course + 1, energies, limits, length, rows, before, steps)
            empty[course] += charged_from_empty(fall, steps)
    return bends


@njit(cache=True, nogil=True, error_model="numpy")
def _with_kinks(fall: Floats, length: float, empty: float, before: Floats, scratch: Scratch) -> float:
    """Any steps, laid out by themselves, before any function; answers the cost at empty, from that after the slot."""
    _, price, energy, pieces, out, work = scratch
    worth, lengths = pieces
    for chord in range(len(fall)):
        worth[chord], lengths[chord] = fall[chord] / length, length
        if chord and 0.0 < worth[chord] - worth[chord - 1] < SAME_WORTH:
            worth[chord] = worth[chord - 1]
    count, cost = step(worth, lengths, len(fall), empty, price, energy, 0.0, out[0], out[1], work)
    _on_grid(out[0], out[1], count, length, before)
    return cost


@njit(cache=True, nogil=True, error_model="numpy")
def _on_grid(worth: Floats, kwh: Floats, count: int, length: float, fall: Floats) -> None:
    """By how much a function of pieces falls over each chord."""
    piece, left = 0, kwh[0] if count else 0.0
    for chord in range(len(fall)):
        need, fallen = length, 0.0
        while need > left and piece < count - 1:
            fallen += worth[piece] * left
            need -= left
            piece += 1
            left = kwh[piece]
        left -= need
        fall[chord] = fallen + worth[piece] * need
