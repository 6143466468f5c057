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
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from darkstar.domain.errors import UsageError
from darkstar.planner.checks import check
from darkstar.planner.fast.chords import Scratch, before_slot, scratch_for
from darkstar.planner.fast.falls import falls_in, mix, rows_of_falls, set_costs, set_falls, slide
from darkstar.planner.fast.limited import ImportLimit, limits_by_slot
from darkstar.planner.fast.shared_steps import share_steps
from darkstar.planner.fast.slot_cost import limits_of
from darkstar.planner.fast.value import StoredValue
from darkstar.planner.problem import Problem, Series, StorageModel, TerminalValue

Floats = NDArray[np.float64]

CHORDS = 40
FINE_SLOTS = 5
"""Slots from now on that stay apart at least; later ones may be taken together by the hour."""
ENERGIES = 4
"""The first of `limits_of` are energies of a slot, which grow with its length."""


@dataclass(frozen=True)
class Doubt:
    """How load and sun may turn out beside what is expected of them.

    Attributes:
        load_factor, pv_factor: each course is what is expected times these, shape (k,).
        weight: how likely each course is, shape (k,), 1 in all.
        persistence: probability that a course still holds an hour later without a draw, from 0 to 1.
    """

    load_factor: Series
    pv_factor: Series
    weight: Series
    persistence: float

    def around(self, load_kwh: Series, pv_kwh: Series) -> "Courses":
        """The courses around what is expected, both shape (n,)."""
        return Courses(
            self.load_factor[:, None] * load_kwh,
            self.pv_factor[:, None] * pv_kwh,
            self.weight,
            self.persistence,
        )


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


class Chain(NamedTuple):
    """The courses as `turn` takes them.

    Attributes:
        load_factor, pv_factor, weight: shape (k,).
        stay_a_slot: probability that a course still holds a slot later without a draw.
    """

    load_factor: Floats
    pv_factor: Floats
    weight: Floats
    stay_a_slot: float


class Grid(NamedTuple):
    """What `turn` works in and leaves its answer in: `after`, the costs on the grid after each of the first slots.

    Attributes:
        rows: of each course, see `chords.rows_of_falls`; before: shape (k, chords); mean: (chords,).
        empty: each course's cost at empty, shape (k,); 0 where costs are wanted up to a constant only.
        after: shape (slots wanted, chords + 1).
    """

    rows: Floats
    before: Floats
    mean: Floats
    empty: Floats
    after: Floats
    bounds: NDArray[np.int64]
    scratch: Scratch


def grid_for(courses: int, slots: int, chords: int, wanted: int = 1) -> Grid:
    """Room for so many courses and slots; may be used again, by one thread at a time.

    Args:
        wanted: the first slots after which the costs are wanted.
    """
    return Grid(
        rows=rows_of_falls(courses, chords),
        before=np.empty((courses, chords)),
        mean=np.empty(chords),
        empty=np.empty(courses),
        after=np.empty((wanted, chords + 1)),
        bounds=np.empty(slots + 1, np.int64),
        scratch=scratch_for(chords),
    )


class TurningPlanner:
    """Values under doubt, one problem at a time."""

    def __init__(self, chords: int = CHORDS) -> None:
        self._chords = chords

    def value_after(
        self, problem: Problem, courses: Courses, limit: ImportLimit | None = None
    ) -> StoredValue:
        """Least expected cost from the second slot on, by the energy stored after the first.

        Prices, battery, grid and terminal value are the problem's; its own load and sun are not looked at.

        Args:
            limit: on the import of each slot.

        Raises:
            UsageError: see `checks.check` and `limited.limits_by_slot`; or the courses' shapes, weights or persistence
                do not fit.
        """
        return self.values_after(problem, courses, limit)[0]

    def values_after(
        self, problem: Problem, courses: Courses, limit: ImportLimit | None = None, wanted: int = 1
    ) -> list[StoredValue]:
        """The same after each of the first `wanted` slots."""
        _check(problem, courses)
        count = len(courses.weight)
        soc_kwh, end = grid_end(problem.storage, problem.terminal, self._chords)
        grid = grid_for(count, len(problem), len(soc_kwh) - 1, wanted)
        certain = np.ones(count)
        weight = np.ascontiguousarray(courses.weight, dtype=np.float64)
        turn(
            np.ascontiguousarray(courses.load_kwh, dtype=np.float64),
            np.ascontiguousarray(courses.pv_kwh, dtype=np.float64),
            np.ascontiguousarray(problem.import_price, dtype=np.float64),
            np.ascontiguousarray(problem.export_price, dtype=np.float64),
            Chain(certain, certain, weight, courses.persistence**problem.slot_hours),
            round(1.0 / problem.slot_hours),
            limits_of(problem)[None] if limit is None else limits_by_slot(problem, limit),
            problem.storage.soc_max_kwh - problem.storage.soc_min_kwh,
            end,
            True,
            grid,
        )
        return [StoredValue(soc_kwh, cost) for cost in grid.after]


def grid_end(storage: StorageModel, terminal: TerminalValue, chords: int = CHORDS) -> tuple[Series, Series]:
    """The grid of energies stored, and what each costs at the end, shape (chords + 1,); (1,) without room."""
    room = storage.soc_max_kwh - storage.soc_min_kwh
    chords = chords if room > 0.0 else 0
    above_kwh = room * np.arange(chords + 1) / max(chords, 1)
    edges = np.concatenate([[0.0], np.cumsum(terminal.energy_kwh)])
    worth = np.concatenate([[0.0], np.cumsum(terminal.value * terminal.energy_kwh)])
    return storage.soc_min_kwh + above_kwh, -np.interp(above_kwh, edges, worth)


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
def _stages(
    import_price: Floats, export_price: Floats, hour: int, fine: int, bounds: NDArray[np.int64]
) -> int:
    """Where the stages begin, and the end, written to `bounds`; how many there are.

    Single slots come first, then whole hours (`hour` slots) of one price. Hours are found by where prices change, for
    a slot does not know the clock; where they do not fit, slots stay apart.
    """
    slots = len(import_price)
    count, slot = 0, 0
    while slot < slots:
        bounds[count] = slot
        count += 1
        size = 1
        if slot >= fine and slot + hour <= slots:
            same = True
            for later in range(slot + 1, slot + hour):
                same &= import_price[later] == import_price[slot]
                same &= export_price[later] == export_price[slot]
            size = hour if same else 1
        slot += size
    bounds[count] = slots
    return count


@njit(cache=True, nogil=True, error_model="numpy")
def turn(
    load: Floats,
    pv: Floats,
    import_price: Floats,
    export_price: Floats,
    chain: Chain,
    hour: int,
    limits: Floats,
    room: float,
    end: Floats,
    costs: bool,
    grid: Grid,
) -> None:
    """The mean over the courses of the cost after each of the first slots, written to `grid.after`.

    Args:
        load, pv: shape (k, n), or (1, n) where the courses differ by their factors only.
        hour: slots of an hour.
        limits: `slot_cost.limits_of`, shape (1, 12), or a row for each slot, (n, 12).
        end: the cost after the last slot on the grid of energies, shape (chords + 1,).
        costs: whether the costs themselves are wanted; else they are told up to a constant, which is faster.
    """
    load_factor, pv_factor, weight, stay_a_slot = chain
    rows, before, mean, empty, after, bounds, scratch = grid
    courses, chords, steps = len(weight), len(end) - 1, scratch.steps
    length, stay_an_hour = room / chords if chords else 0.0, stay_a_slot**hour
    scaled, energies, loads, suns, bent = limits[0].copy(), np.empty((2, courses)), 0.0, 0.0, False
    for course in range(courses):
        set_falls(end, falls_in(rows[course], chords))
        empty[course] = end[0] if costs else 0.0
    stages = _stages(import_price, export_price, hour, max(FINE_SLOTS, len(after)), bounds)
    for stage in range(stages - 1, -1, -1):
        first, last = bounds[stage], bounds[stage + 1]
        if last <= len(after):
            _mean_cost(rows, empty, weight, mean, after[last - 1])
        if not stage:
            break
        own = first if len(limits) > 1 else 0
        for number in range(len(scaled)):
            scaled[number] = limits[own, number] * (last - first if number < ENERGIES else 1)
        for course in range(courses):
            if course < len(load):
                loads, suns = 0.0, 0.0
                for slot in range(first, last):
                    loads += load[course, slot]
                    suns += pv[course, slot]
            energies[0, course], energies[1, course] = loads * load_factor[course], suns * pv_factor[course]
        prices = import_price[first], export_price[first]
        bends = share_steps(prices[0], prices[1], scaled, length, steps)
        if costs or bent or bends:
            bent |= before_slot(energies, prices, scaled, length, bent or bends, empty, rows, before, scratch)
        else:
            slide(0, courses, energies, scaled, length, rows, before, steps)
        mix(before, weight, stay_a_slot if last - first == 1 else stay_an_hour, mean, rows, empty)


@njit(cache=True, nogil=True, error_model="numpy")
def _mean_cost(rows: Floats, empty: Floats, weight: Floats, mean: Floats, after: Floats) -> None:
    """The courses' mean cost at each point of the grid."""
    mean[:] = 0.0
    mean_empty = 0.0
    for course in range(len(weight)):
        mean_empty += weight[course] * empty[course]
        fall = falls_in(rows[course], len(mean))
        for chord in range(len(mean)):
            mean[chord] += weight[course] * fall[chord]
    set_costs(mean_empty, mean, after)
