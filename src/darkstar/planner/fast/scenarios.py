"""Planning under uncertainty: a fan of courses that load and sun may take, and what stored energy is worth then.

    two stages     after the first slot all becomes known: W = mean over the courses of each one's own value function
    multistage     each slot's load and sun become known when it comes, whatever came before:
                   V_t(s) = mean over the courses of min over the move of that course's slot cost + V_t+1

Both give the function that a controller follows in the first slot. Two stages are exact; they believe that all
doubt ends after the slot, so they hold too little in reserve. Multistage keeps the doubt, but takes each slot's course
for independent of the last one's: a cloudy morning says nothing of the afternoon. V is held as chords of equal
length, which is exact on a grid of that many energies and never below the truth where V is convex.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from darkstar.domain.errors import UsageError
from darkstar.planner.checks import check
from darkstar.planner.fast.chords import backwards, expected_cost, scratch_for
from darkstar.planner.fast.engine import FastEngine
from darkstar.planner.fast.falls import rows_of_falls
from darkstar.planner.fast.piecewise import STEPS, WORK_ROWS
from darkstar.planner.fast.slot_cost import limits_of
from darkstar.planner.fast.value import StoredValue
from darkstar.planner.problem import Problem, Series

Floats = NDArray[np.float64]

CHORDS = 64


@dataclass(frozen=True)
class Fan:
    """Courses of load and sun, shape (k, n) [kWh a slot], and how likely each is, shape (k,), 1 in all."""

    load_kwh: Floats
    pv_kwh: Floats
    weight: Series


@dataclass(frozen=True)
class Outlook:
    """What is expected.

    Attributes:
        after: least expected cost from the second slot on, by the energy stored after the first: what the first
            slot's controller follows.
        cost: least expected cost from now on with the present energy, the move of the first slot chosen as its load
            and sun unfold; terminal value included.
    """

    after: StoredValue
    cost: float


def two_stage(problem: Problem, fan: Fan, engine: FastEngine) -> Outlook:
    """The outlook if all becomes known after the first slot; prices, battery and grid are the problem's.

    Raises:
        UsageError: see `checks.check`, for each course; or the fan's shapes or weights do not fit.
    """
    _check(problem, fan)
    if len(problem) == 1:
        return _outlook(problem, fan, _at_the_end(problem))
    later = [engine.value(_course(problem, fan, number, 1)) for number in range(len(fan.weight))]
    soc_kwh = np.unique(np.concatenate([value.soc_kwh for value in later]))
    cost = np.zeros(len(soc_kwh))
    for weight, value in zip(fan.weight.tolist(), later, strict=True):
        cost += weight * np.interp(soc_kwh, value.soc_kwh, value.cost)
    return _outlook(problem, fan, StoredValue(soc_kwh, cost))


def multistage(problem: Problem, fan: Fan, chords: int = CHORDS) -> Outlook:
    """The outlook if each slot's load and sun become known when it comes; prices, battery and grid are the problem's.

    Raises:
        UsageError: as in `two_stage`.
    """
    _check(problem, fan)
    storage = problem.storage
    room = storage.soc_max_kwh - storage.soc_min_kwh
    if not room:
        chords = 0
    soc_kwh = storage.soc_min_kwh + room * np.arange(chords + 1) / max(chords, 1)
    end = _at_the_end(problem)
    grid = np.interp(soc_kwh, end.soc_kwh, end.cost)
    backwards(
        np.array(fan.load_kwh, dtype=np.float64),
        np.array(fan.pv_kwh, dtype=np.float64),
        np.array(fan.weight, dtype=np.float64),
        np.array(problem.import_price, dtype=np.float64),
        np.array(problem.export_price, dtype=np.float64),
        limits_of(problem),
        room,
        grid,
        rows_of_falls(len(fan.weight), chords),
        scratch_for(chords),
    )
    return _outlook(problem, fan, StoredValue(soc_kwh, grid))


def _outlook(problem: Problem, fan: Fan, after: StoredValue) -> Outlook:
    """With the first slot in front, its move chosen for each course by itself."""
    kwh = np.diff(after.soc_kwh)
    worth = -np.diff(after.cost) / kwh
    size = _capacity(len(kwh))
    expected = expected_cost(
        np.array(fan.load_kwh[:, 0]),
        np.array(fan.pv_kwh[:, 0]),
        np.array(fan.weight, dtype=np.float64),
        float(problem.import_price[0]),
        float(problem.export_price[0]),
        limits_of(problem),
        worth,
        kwh,
        len(kwh),
        float(after.cost[0]),
        problem.soc_start_kwh - problem.storage.soc_min_kwh,
        np.empty((2, size)),
        np.empty((WORK_ROWS, size)),
    )
    return Outlook(after, float(expected))


def _capacity(pieces: int) -> int:
    """Enough for a slot's steps on so many pieces, whatever their kinks."""
    return 24 * (pieces + STEPS)


def _at_the_end(problem: Problem) -> StoredValue:
    """The terminal value as a function of the energy stored."""
    storage, terminal = problem.storage, problem.terminal
    top = storage.soc_max_kwh
    ends = np.minimum(storage.soc_min_kwh + np.concatenate([[0.0], np.cumsum(terminal.energy_kwh)]), top)
    # Rounding apart, a negative last piece reaches to the top, and beyond another one energy is worth nothing.
    worth = -np.concatenate([[0.0], np.cumsum(terminal.value * np.diff(ends))])
    soc_kwh, first = np.unique(np.append(ends, top), return_index=True)
    return StoredValue(soc_kwh, np.append(worth, worth[-1])[first])


def _course(problem: Problem, fan: Fan, number: int, first: int) -> Problem:
    """The problem with one of the fan's courses, from a slot on."""
    return Problem(
        slot_hours=problem.slot_hours,
        load_kwh=fan.load_kwh[number, first:],
        pv_kwh=fan.pv_kwh[number, first:],
        import_price=problem.import_price[first:],
        export_price=problem.export_price[first:],
        soc_start_kwh=problem.soc_start_kwh,
        storage=problem.storage,
        grid=problem.grid,
        terminal=problem.terminal,
    )


def _check(problem: Problem, fan: Fan) -> None:
    count = len(fan.weight)
    shape = (count, len(problem))
    if not count or fan.load_kwh.shape != shape or fan.pv_kwh.shape != shape:
        raise UsageError(
            f"{count} courses of {len(problem)} slots need series of shape {shape}; load has "
            f"{fan.load_kwh.shape}, sun {fan.pv_kwh.shape}."
        )
    if (fan.weight < 0).any() or abs(float(fan.weight.sum()) - 1) > 1e-9:
        raise UsageError("The weights of a fan's courses must be at least 0 and add up to 1.")
    check(_course(problem, fan, 0, 0))
    for series in (fan.load_kwh, fan.pv_kwh):
        wrong = ~((series >= 0) & (series < np.inf)).all(axis=1)
        if wrong.any():
            check(_course(problem, fan, int(np.argmax(wrong)), 0))
