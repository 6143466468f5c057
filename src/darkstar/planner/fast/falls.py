"""Functions of the stored energy as what they fall by over chords of equal length, and what a slot makes of them.

A row holds the falls, from empty to full, and beside them bounds that no fall reaches, so that a function can be read
moved to either side. With a convex function, a slot's steps and the chords, sorted by worth, make one function in which
the chords between two steps lie moved by the steps before them. So its falls are the sum over the steps of all falls,
moved that far, as far as they lie between the step's bound and the next: for each chord the same few operations,
without a branch, of which a processor takes several at once.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from darkstar.planner.fast.shared_steps import COUNT, PAID, SIZE, steps_that_pay

Floats = NDArray[np.float64]

SAME_WORTH = 1e-9
"""Chords whose worth differs by less are one: their costs are true to rounding only."""
BESIDE = 1e300
"""Beyond any fall."""
CRUMB = 1e-12
"""Of a chord: what rounding may take off a shift."""
AT_ONCE = 4
"""Chords that a processor takes at once."""


def rows_of_falls(count: int, chords: int) -> Floats:
    """So many rows, shape (count, 3 * chords + 4), see the module; the falls begin at number chords + 2."""
    rows = np.full((count, 3 * chords + 4), BESIDE)
    rows[:, chords + 2 :] = -BESIDE
    return rows


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def falls_in(row: Floats, chords: int) -> Floats:
    """The falls of a row, shape (chords,)."""
    return row[chords + 2 : 2 * chords + 2]


@njit(cache=True, nogil=True, error_model="numpy")
def set_falls(cost: Floats, fall: Floats) -> None:
    """By how much costs on the grid fall over each chord, written to `fall`."""
    for chord in range(len(fall)):
        fall[chord] = cost[chord] - cost[chord + 1]


@njit(cache=True, nogil=True, error_model="numpy")
def set_costs(empty: float, fall: Floats, cost: Floats) -> None:
    """The costs on the grid, from that at empty on, written to `cost`."""
    cost[0] = empty
    for chord in range(len(fall)):
        cost[chord + 1] = cost[chord] - fall[chord]


@njit(cache=True, nogil=True, error_model="numpy")
def is_convex(fall: Floats, length: float) -> bool:
    """Whether a function is, from its falls."""
    convex = True
    for chord in range(1, len(fall)):
        convex &= fall[chord] - fall[chord - 1] < SAME_WORTH * length
    return convex


@njit(cache=True, nogil=True, error_model="numpy")
def mix(before: Floats, weight: Floats, stay: float, mean: Floats, rows: Floats, empty: Floats) -> None:
    """Before a slot each course goes on with probability `stay`, else one is drawn anew.

    Args:
        before: as `before_slot` has written it; mean: scratch, shape (chords,).
        rows, empty: written, see `rows_of_falls`; read, and written.
    """
    courses, chords = before.shape
    mean_empty, anew = 0.0, 1.0 - stay
    mean[:] = 0.0
    for course in range(courses):
        share = weight[course] * anew
        mean_empty += share * empty[course]
        for chord in range(chords):
            mean[chord] += share * before[course, chord]
    first = chords + 2
    for course in range(courses):
        empty[course] = stay * empty[course] + mean_empty
        for chord in range(chords):
            rows[course, first + chord] = stay * before[course, chord] + mean[chord]


@njit(cache=True, nogil=True, error_model="numpy")
def slide(
    first: int,
    last: int,
    energies: Floats,
    limits: Floats,
    length: float,
    rows: Floats,
    before: Floats,
    steps: Floats,
) -> None:
    """A slot without a kink before the convex functions of courses first..last - 1; arguments as in `before_slot`.

    One call for all courses, and no views of arrays: these take longer than what is to be done.
    """
    chords = before.shape[1]
    if not chords:
        return
    start, chords_a_kwh = chords + 2, 1.0 / length
    for course in range(first, last):
        richest, poorest = rows[course, start], rows[course, start + chords - 1]
        count, shift = steps_that_pay(
            energies[0, course], energies[1, course], limits, chords_a_kwh, richest, poorest, steps
        )
        above = np.inf
        for number in range(count + 1):
            # Chords between the step before and the next, the one in place of all richer, the other of all poorer.
            least = steps[PAID, number] if number < count else -np.inf
            within = min(max(shift, -1.0 - chords), float(chords))
            whole = int(np.floor(within + CRUMB))
            share = within - whole if within - whole > CRUMB else 0.0
            # Up to there lies nothing but what is richer.
            free = max(-whole - 1, 0) // AT_ONCE * AT_ONCE
            at = max(start + whole + free, 0)
            if number:
                for chord in range(chords - free):
                    near, far = rows[course, at + chord], rows[course, at + chord + 1]
                    near, far = near if near < above else above, far if far < above else above
                    near, far = near if near > least else least, far if far > least else least
                    before[course, free + chord] += near + share * (far - near) - above
            else:
                for chord in range(chords):
                    near, far = rows[course, at + chord], rows[course, at + chord + 1]
                    near, far = near if near > least else least, far if far > least else least
                    before[course, chord] = near + share * (far - near)
            if number < count:
                above = least
                shift -= steps[SIZE, number]


@njit(cache=True, nogil=True, error_model="numpy")
def charged_from_empty(fall: Floats, steps: Floats) -> float:
    """What charging from empty as far as it pays adds to the cost, with the steps as `slide` has left them.

    Steps and chords by worth begin as far below empty as the battery may be charged, with all of that paid for.
    """
    charges, count, left = int(steps[COUNT, 0]), int(steps[COUNT, 1]), steps[COUNT, 2]
    cost, chord = 0.0, 0
    for number in range(count):
        bound, size = steps[PAID, number], steps[SIZE, number]
        while left > 0.0 and chord < len(fall) and fall[chord] > bound:
            cost -= min(left, 1.0) * fall[chord]
            left -= 1.0
            chord += 1
        cost -= max(min(left, size), 0.0) * bound
        left -= size
        if number < charges:
            cost += bound * size
    return cost
