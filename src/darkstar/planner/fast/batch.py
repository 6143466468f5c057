"""Many problems at once: homes and days side by side on all cores, and a year of plans made again in every slot."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from darkstar.domain.errors import UsageError
from darkstar.planner.checks import check
from darkstar.planner.fast.forward import cost_at, walk
from darkstar.planner.fast.glance import (
    FINE,
    KEPT_TOO_SMALL,
    SPACE_TOO_SMALL,
    Scratch,
    glance,
    scratch,
)
from darkstar.planner.fast.piecewise import STEPS
from darkstar.planner.fast.recursion import TOO_SMALL, begin, fold
from darkstar.planner.fast.slot_cost import lay_out, limits_of
from darkstar.planner.problem import Problem, Series

Floats = NDArray[np.float64]
SPARE_PIECES = 256
PARTS_A_THREAD = 8
"""Parts of the work for each thread: whoever is done early takes another."""
KEPT_PIECES_PER_MOVE = 128


@dataclass(frozen=True)
class Batch:
    """Problems of the same number of slots n and terminal pieces m.

    Attributes:
        load_kwh, pv_kwh, import_price, export_price: shape (k, n).
        limits: `slot_cost.limits_of` each, shape (k, 12).
        room_kwh, stored_kwh: greatest energy and the present one, above the least, shape (k,).
        worth, worth_kwh: the terminal values, shape (k, m).
    """

    load_kwh: Floats
    pv_kwh: Floats
    import_price: Floats
    export_price: Floats
    limits: Floats
    room_kwh: Series
    stored_kwh: Series
    worth: Floats
    worth_kwh: Floats


@dataclass(frozen=True)
class Answers:
    """What a batch or a year of plans comes to; shapes (k,) and (k, moves).

    Attributes:
        cost: least cost to each horizon's end, terminal value included.
        worth: value of a stored kWh now.
        moves_kwh: changes of the energy stored in the first slot, or in all.
    """

    cost: Series
    worth: Series
    moves_kwh: Floats


def batch_of(problems: Sequence[Problem]) -> Batch:
    """Checked problems as arrays.

    Raises:
        UsageError: there are none, they differ in shape, or one is not sound (`checks.check`).
    """
    for problem in problems:
        check(problem)
    shapes = {(len(problem), len(problem.terminal.value)) for problem in problems}
    if len(shapes) != 1:
        raise UsageError(f"A batch needs problems of one shape; these have {len(shapes)}.")
    least = np.array([problem.storage.soc_min_kwh for problem in problems])
    return Batch(
        load_kwh=np.array([problem.load_kwh for problem in problems], dtype=np.float64),
        pv_kwh=np.array([problem.pv_kwh for problem in problems], dtype=np.float64),
        import_price=np.array([problem.import_price for problem in problems], dtype=np.float64),
        export_price=np.array([problem.export_price for problem in problems], dtype=np.float64),
        limits=np.array([limits_of(problem) for problem in problems]),
        room_kwh=np.array([problem.storage.soc_max_kwh for problem in problems]) - least,
        stored_kwh=np.array([problem.soc_start_kwh for problem in problems]) - least,
        worth=np.array([problem.terminal.value for problem in problems], dtype=np.float64),
        worth_kwh=np.array([problem.terminal.energy_kwh for problem in problems], dtype=np.float64),
    )


def solve_batch(batch: Batch, *, whole: bool = False, threads: int = 1) -> Answers:
    """Each problem's cost, worth and moves; the answers do not depend on the number of threads.

    Args:
        whole: moves of all slots, not of the first only.
    """
    count, slots = batch.load_kwh.shape
    moves = slots if whole else 1
    answers = Answers(np.empty(count), np.empty(count), np.empty((count, moves)))

    def part(first: int, last: int, room_for: Scratch) -> int:
        status: int = _each(
            first,
            last,
            batch.load_kwh,
            batch.pv_kwh,
            batch.import_price,
            batch.export_price,
            batch.limits,
            batch.room_kwh,
            batch.stored_kwh,
            batch.worth,
            batch.worth_kwh,
            answers.cost,
            answers.worth,
            answers.moves_kwh,
            room_for,
        )
        return status

    _in_parts(part, count, threads, (slots, batch.worth.shape[1], moves))
    return answers


def replan(problem: Problem, slots: int, stored_kwh: Series, *, threads: int = 1) -> Answers:
    """A plan of `slots` slots from each start of a long problem's series, all with its terminal value.

    Args:
        stored_kwh: energy at each start above soc_min, shape (starts,); start k sees slots k to k + slots.

    Raises:
        UsageError: the problem is not sound, or its series end before the last horizon.
    """
    check(problem)
    starts = len(stored_kwh)
    if starts + slots > len(problem) + 1:
        raise UsageError(
            f"{starts} starts of {slots} slots need {starts + slots - 1}; there are {len(problem)}."
        )
    price, energy = np.empty((len(problem), STEPS)), np.empty((len(problem), STEPS))
    base = np.empty(len(problem))
    lay_out(
        np.array(problem.load_kwh),
        np.array(problem.pv_kwh),
        np.array(problem.import_price),
        np.array(problem.export_price),
        limits_of(problem),
        price,
        energy,
        base,
    )
    room = float(problem.storage.soc_max_kwh - problem.storage.soc_min_kwh)
    worth, worth_kwh = (np.array(one) for one in (problem.terminal.value, problem.terminal.energy_kwh))
    stored = np.clip(stored_kwh, 0.0, room)
    answers = Answers(np.empty(starts), np.empty(starts), np.empty((starts, 1)))

    def part(first: int, last: int, room_for: Scratch) -> int:
        status: int = _each_start(
            first,
            last,
            slots,
            price,
            energy,
            base,
            room,
            stored,
            worth,
            worth_kwh,
            answers.cost,
            answers.worth,
            answers.moves_kwh,
            room_for,
        )
        return status

    _in_parts(part, starts, threads, (slots, len(worth), 1))
    return answers


def _in_parts(
    part: Callable[[int, int, Scratch], int], count: int, threads: int, shape: tuple[int, int, int]
) -> None:
    """Run the parts of the work in threads, each in scratch of its own that grows where it has to."""
    parts = 1 if threads == 1 else min(count, threads * PARTS_A_THREAD)

    def run(number: int) -> None:
        slots, pieces, moves = shape
        spare, kept = SPARE_PIECES, KEPT_PIECES_PER_MOVE
        first, last = count * number // parts, count * (number + 1) // parts
        status = SPACE_TOO_SMALL
        while status != FINE:
            status = part(first, last, scratch(slots, pieces, spare, moves, kept * moves))
            spare *= 4 if status == SPACE_TOO_SMALL else 1
            kept *= 4 if status == KEPT_TOO_SMALL else 1

    if parts == 1:
        run(0)
        return
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(run, range(parts)))


@njit(cache=True, nogil=True, error_model="numpy")
def _each(
    first: int,
    last: int,
    load: Floats,
    pv: Floats,
    import_price: Floats,
    export_price: Floats,
    limits: Floats,
    room: Floats,
    stored: Floats,
    worth: Floats,
    worth_kwh: Floats,
    cost: Floats,
    marginal: Floats,
    moves: Floats,
    room_for: Scratch,
) -> int:
    """Problems first..last - 1 of a batch, answers written to `cost`, `marginal`, `moves`; the status."""
    for number in range(first, last):
        status, cost[number], marginal[number], _, _, _ = glance(
            load[number],
            pv[number],
            import_price[number],
            export_price[number],
            limits[number],
            room[number],
            stored[number],
            worth[number],
            worth_kwh[number],
            True,
            room_for,
        )
        if status != FINE:
            return status
        for slot in range(len(room_for.moves)):
            moves[number, slot] = room_for.moves[slot]
    return FINE


@njit(cache=True, nogil=True, error_model="numpy")
def decide(
    price: Floats,
    energy: Floats,
    base: Floats,
    room: float,
    stored: float,
    worth: Floats,
    worth_kwh: Floats,
    room_for: Scratch,
) -> tuple[int, float, float, float]:
    """Value and first move from slots that are already laid out; for loops that are compiled themselves.

    Args:
        price, energy, base: the horizon's slots, (n, 8), (n, 8), (n,), see `slot_cost.lay_out`.
        room_for: with room for one move; its `price`, `energy`, `base` are not used.

    Returns:
        Status, change of the energy stored in the first slot [kWh], cost, worth of a stored kWh.
    """
    _, _, _, space, level, kept, kept_at, moves = room_for
    head, tail = begin(worth, worth_kwh, room, space)
    head, tail, empty = fold(
        0, len(base), price, energy, base, head, tail, 0.0, room, space, level, kept, kept_at
    )
    if tail < 0:
        return SPACE_TOO_SMALL if tail == TOO_SMALL else KEPT_TOO_SMALL, 0.0, 0.0, 0.0
    walk(1, price, energy, level, kept, kept_at, stored, room, moves)
    cost, marginal = cost_at(space[0], space[1], head, tail, empty, stored)
    return FINE, moves[0], cost, marginal


@njit(cache=True, nogil=True, error_model="numpy")
def _each_start(
    first: int,
    last: int,
    slots: int,
    price: Floats,
    energy: Floats,
    base: Floats,
    room: float,
    stored: Floats,
    worth: Floats,
    worth_kwh: Floats,
    cost: Floats,
    marginal: Floats,
    moves: Floats,
    room_for: Scratch,
) -> int:
    """Plans from starts first..last - 1, answers written to `cost`, `marginal`, `moves`; the status."""
    for start in range(first, last):
        end = start + slots
        status, moves[start, 0], cost[start], marginal[start] = decide(
            price[start:end],
            energy[start:end],
            base[start:end],
            room,
            stored[start],
            worth,
            worth_kwh,
            room_for,
        )
        if status != FINE:
            return status
    return FINE
