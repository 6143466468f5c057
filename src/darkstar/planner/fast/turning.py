"""Planning under doubt that lasts: courses of load and sun, each of which goes on for a while and then may turn.

A cloudy morning makes a cloudy afternoon likely, not certain. Between "all becomes known after the first slot" and
"each slot's weather is its own" (`scenarios`: two stages, multistage) lies a chain: with probability `persistence` an
hour later the same course still holds, else one is drawn anew by the weights:

    W_t,k(s) = min over the move of course k's slot cost + V_t+1,k(stored after it)
    V_t,k(s) = stay * W_t,k(s) + (1 - stay) * mean over the courses of W_t,.(s)

What comes out is the mean over the courses of V after the first slot: the value that the first slot's mode follows
(`planner.modes`), whatever its own load and sun turn out to be. All functions are held as chords of equal length.
Later slots of one hour that have the same prices are taken as one: what is uncertain is not made truer by quarters.
"""

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from darkstar.domain.errors import UsageError
from darkstar.planner.checks import check
from darkstar.planner.fast.chords import SAME_WORTH, add, add_convex
from darkstar.planner.fast.piecewise import STEPS, WORK_ROWS, step
from darkstar.planner.fast.recursion import kinked
from darkstar.planner.fast.slot_cost import lay_out_slot, limits_of
from darkstar.planner.fast.value import StoredValue
from darkstar.planner.problem import Problem, Series

Floats = NDArray[np.float64]

CHORDS = 40
FINE_SLOTS = 5
"""Slots from now on that stay apart at least; later ones may be taken together by the hour."""
ENERGIES = 4
"""The first of `limits_of` are energies of a slot, which grow with its length."""


@dataclass(frozen=True)
class Courses:
    """Courses of load and sun.

    Attributes:
        load_kwh, pv_kwh: shape (k, n) [kWh a slot].
        weight: how likely each is, shape (k,), 1 in all.
        persistence: probability that a course still holds an hour later without a draw, from 0 to 1.
    """

    load_kwh: Floats
    pv_kwh: Floats
    weight: Series
    persistence: float


class TurningPlanner:
    """Keeps its scratch from call to call: one serves one thread."""

    def __init__(self, chords: int = CHORDS) -> None:
        self._chords = chords
        size = 24 * (chords + STEPS)
        self._out = np.empty((2, size))
        self._work = np.empty((WORK_ROWS, size))

    def value_after(self, problem: Problem, courses: Courses) -> StoredValue:
        """Least expected cost from the second slot on, by the energy stored after the first.

        Prices, battery, grid and terminal value are the problem's; its own load and sun are not looked at.

        Raises:
            UsageError: see `checks.check`; or the courses' shapes, weights or persistence do not fit.
        """
        _check(problem, courses)
        storage, count = problem.storage, len(courses.weight)
        room = storage.soc_max_kwh - storage.soc_min_kwh
        chords = self._chords if room > 0.0 else 0
        above_kwh = room * np.arange(chords + 1) / max(chords, 1)
        edges = np.concatenate([[0.0], np.cumsum(problem.terminal.energy_kwh)])
        worth = np.concatenate([[0.0], np.cumsum(problem.terminal.value * problem.terminal.energy_kwh)])
        values = np.tile(-np.interp(above_kwh, edges, worth), (count, 1))
        bounds = _stages(problem.import_price, problem.export_price, round(1.0 / problem.slot_hours))
        _backwards(
            bounds,
            np.ascontiguousarray(courses.load_kwh, dtype=np.float64),
            np.ascontiguousarray(courses.pv_kwh, dtype=np.float64),
            np.ascontiguousarray(courses.weight, dtype=np.float64),
            courses.persistence**problem.slot_hours,
            np.ascontiguousarray(problem.import_price, dtype=np.float64),
            np.ascontiguousarray(problem.export_price, dtype=np.float64),
            limits_of(problem),
            room,
            values,
            np.empty_like(values),
            np.empty((2, chords)),
            self._out,
            self._work,
        )
        return StoredValue(storage.soc_min_kwh + above_kwh, courses.weight @ values)


def one_course(problem: Problem) -> Courses:
    """The problem's own load and sun, without a doubt."""
    return Courses(problem.load_kwh[None], problem.pv_kwh[None], np.ones(1), 1.0)


def _check(problem: Problem, courses: Courses) -> None:
    shape = (len(courses.weight), len(problem))
    if not shape[0] or courses.load_kwh.shape != shape or courses.pv_kwh.shape != shape:
        raise UsageError(
            f"{shape[0]} courses of {shape[1]} slots need series of shape {shape}; load has "
            f"{courses.load_kwh.shape}, sun {courses.pv_kwh.shape}."
        )
    if not ((courses.weight >= 0).all() and abs(float(courses.weight.sum()) - 1) <= 1e-9):
        raise UsageError("The weights of courses must be at least 0 and add up to 1.")
    if not 0.0 <= courses.persistence <= 1.0:
        raise UsageError(f"The persistence of courses lies between 0 and 1, not at {courses.persistence:g}.")
    check(problem)
    for series in (courses.load_kwh, courses.pv_kwh):
        if not ((series >= 0) & (series < np.inf)).all():
            raise UsageError("A course of load or sun holds NaN, a negative or an infinite energy.")


@njit(cache=True, nogil=True, error_model="numpy")
def _stages(import_price: Floats, export_price: Floats, hour: int) -> NDArray[np.int64]:
    """Where the stages begin, and the end: single slots, then whole hours (`hour` slots) of one price.

    Hours are found by where prices change, for a slot does not know the clock; where they do not fit, slots stay
    apart.
    """
    slots = len(import_price)
    bounds = np.empty(slots + 1, np.int64)
    count, slot = 0, 0
    while slot < slots:
        bounds[count] = slot
        count += 1
        size = 1
        if slot >= FINE_SLOTS and slot + hour <= slots:
            same = True
            for later in range(slot + 1, slot + hour):
                same &= import_price[later] == import_price[slot]
                same &= export_price[later] == export_price[slot]
            size = hour if same else 1
        slot += size
    bounds[count] = slots
    return bounds[: count + 1]


@njit(cache=True, nogil=True, error_model="numpy")
def _backwards(
    bounds: NDArray[np.int64],
    load: Floats,
    pv: Floats,
    weight: Floats,
    stay_a_slot: float,
    import_price: Floats,
    export_price: Floats,
    limits: Floats,
    room: float,
    values: Floats,
    before: Floats,
    pieces: Floats,
    out: Floats,
    work: Floats,
) -> None:
    """Take each course's costs on the grid of energies from the end to after the first slot, in place.

    Args:
        bounds: `_stages`.
        values: at the end, shape (k, chords + 1); before: scratch of that shape.
        pieces: scratch, shape (2, chords); out, work: scratch of `piecewise.step`.
    """
    price, energy, steps = np.empty(STEPS), np.empty(STEPS), np.empty((2, STEPS))
    courses, chords = len(weight), values.shape[1] - 1
    length = room / chords if chords else 0.0
    scaled = limits.copy()
    for stage in range(len(bounds) - 2, 0, -1):
        first, last = bounds[stage], bounds[stage + 1]
        for number in range(ENERGIES):
            scaled[number] = limits[number] * (last - first)
        before[:] = 0.0
        for course in range(courses):
            convex = True
            for chord in range(chords):
                worth = (values[course, chord] - values[course, chord + 1]) / length
                if chord and 0.0 < worth - pieces[0, chord - 1] < SAME_WORTH:
                    worth = pieces[0, chord - 1]
                convex &= chord == 0 or worth <= pieces[0, chord - 1]
                pieces[0, chord], pieces[1, chord] = worth, length
            base = lay_out_slot(
                load[course, first:last].sum(),
                pv[course, first:last].sum(),
                import_price[first],
                export_price[first],
                scaled,
                price,
                energy,
            )
            empty = values[course, 0]
            if convex and not kinked(price, energy):
                add_convex(pieces[0], chords, length, empty + base, price, energy, 1.0, before[course], steps)
                continue
            count, cost = step(pieces[0], pieces[1], chords, empty, price, energy, base, out[0], out[1], work)
            add(out[0], out[1], count, length, cost, 1.0, before[course])
        stay = stay_a_slot ** (last - first)
        for point in range(chords + 1):
            mean = 0.0
            for course in range(courses):
                mean += weight[course] * before[course, point]
            for course in range(courses):
                values[course, point] = stay * before[course, point] + (1.0 - stay) * mean
