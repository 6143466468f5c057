"""The modes of whole stretches of slots, from what was expected at many instants: compiled, any stretch in any thread.

What stored energy is worth after a slot depends on what is expected, not on the energy stored. So plans need not wait
for what the plan before has led to: they are made by the day or the year at once, and carried out afterwards.

A plan made every quarter gives one mode. A plan that is to hold for longer gives the modes of the slots up to the
next, each from its own value after that slot.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from darkstar.domain.errors import UsageError
from darkstar.planner.checks import check
from darkstar.planner.fast.engine import SPARE_PIECES
from darkstar.planner.fast.glance import Scratch, scratch
from darkstar.planner.fast.levels import curtail_at, lay_levels
from darkstar.planner.fast.recursion import begin, fold
from darkstar.planner.fast.slot_cost import lay_out, site_limits
from darkstar.planner.fast.turning import Chain, Doubt, Grid, grid_end, grid_for, turn
from darkstar.planner.mode_table import ModeTable
from darkstar.planner.problem import GridModel, Problem, Series, StorageModel, TerminalValue

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
Flags = NDArray[np.bool_]

LOWEST = float(np.finfo(np.float64).min)
NOTHING = TerminalValue(np.zeros(0), np.zeros(0))
TIMED_EVERY = 49
"""Of so many plans one is timed by itself, in the course of time at each quarter of the day; the others are made in one
call."""


@dataclass(frozen=True)
class Outlooks:
    """What was expected at m instants of the slots at hand and of those after them; all series (m, h).

    Attributes:
        slots: how many slots of its row each instant looks ahead, shape (m,); 0 where too little is known to plan.
        to_the_end: whether it reaches the end of the range, where stored energy is settled, shape (m,).
        doubt: how load and sun may turn out beside it; None where they are certain.
    """

    load_kwh: Floats
    pv_kwh: Floats
    import_price: Floats
    export_price: Floats
    slots: Counts
    to_the_end: Flags
    doubt: Doubt | None

    def __len__(self) -> int:
        return len(self.slots)


@dataclass(frozen=True)
class Site:
    """What is planned for.

    Attributes:
        settlement: worth of the energy left at the end of the range; before it nothing left over is worth anything.
    """

    storage: StorageModel
    grid: GridModel
    settlement: TerminalValue
    slot_hours: float


@dataclass(frozen=True)
class Modes:
    """The modes of a stretch.

    Attributes:
        plans: how many plans were made for them.
        plan_ms: time that plans took [ms], of those that were timed by themselves, shape (timed,).
    """

    table: ModeTable
    plans: int
    plan_ms: Series


class Work(NamedTuple):
    """Outlooks as kernels take them, and the rows that their plans are written to.

    Attributes:
        hold: for how many slots each instant's plan holds, shape (m,).
        first_row: where its modes begin, and the end, shape (m + 1,).
        levels, curtail: those of the table.
    """

    load: Floats
    pv: Floats
    import_price: Floats
    export_price: Floats
    slots: Counts
    to_the_end: Flags
    hold: Counts
    first_row: Counts
    levels: Floats
    curtail: NDArray[np.int8]


def modes_by_value(outlooks: Outlooks, hold: Counts, site: Site, longest: int = 1) -> Modes:
    """The modes that follow the value of stored energy; self-consumption while too little is known.

    Args:
        hold: for how many slots each instant's plan holds, from 1 to `longest`, shape (m,).

    Raises:
        UsageError: see `checks.check`; or what is expected holds NaN, negative or infinite energies.
    """
    check_outlooks(outlooks, site)
    storage = site.storage
    table = ModeTable.empty(int(hold.sum()))
    table.charge_kw[:], table.discharge_kw[:] = storage.charge_max_kw, storage.discharge_max_kw
    make = _certain if outlooks.doubt is None else _doubtful
    run = make(outlooks, work_of(outlooks, hold, table), site, longest)
    plan_ms = run_timed(run, outlooks)
    return Modes(table, int(np.count_nonzero(outlooks.slots)), plan_ms)


def work_of(outlooks: Outlooks, hold: Counts, table: ModeTable) -> Work:
    """Outlooks for a kernel that writes their modes to a table."""
    return Work(
        outlooks.load_kwh,
        outlooks.pv_kwh,
        outlooks.import_price,
        outlooks.export_price,
        outlooks.slots,
        outlooks.to_the_end,
        hold,
        np.concatenate([[0], np.cumsum(hold)]),
        table.levels_kwh,
        table.curtail,
    )


def run_timed(run: Callable[[int, int], None], outlooks: Outlooks) -> Series:
    """Make all plans, from one instant to another; how long those took that were timed by themselves [ms]."""
    plan_ms = []
    for first in range(0, len(outlooks), TIMED_EVERY):
        began = time.perf_counter()
        run(first, first + 1)
        if outlooks.slots[first]:
            plan_ms.append((time.perf_counter() - began) * 1000)
        run(first + 1, min(first + TIMED_EVERY, len(outlooks)))
    return np.array(plan_ms)


def chain_of(doubt: Doubt | None, slot_hours: float) -> Chain:
    """The courses around what is expected; a single one where there is no doubt."""
    if doubt is None:
        return Chain(np.ones(1), np.ones(1), np.ones(1), 1.0)
    load_factor, pv_factor = np.array(doubt.load_factor, np.float64), np.array(doubt.pv_factor, np.float64)
    return Chain(load_factor, pv_factor, np.array(doubt.weight, np.float64), doubt.persistence**slot_hours)


def check_outlooks(outlooks: Outlooks, site: Site) -> None:
    """One problem stands for the site of all; of the series each slot that is looked at counts.

    Raises:
        UsageError: see `modes_by_value`.
    """
    one = np.ones(1)
    for terminal in (NOTHING, site.settlement):
        start = site.storage.soc_min_kwh
        check(Problem(site.slot_hours, one, one, one, one, start, site.storage, site.grid, terminal))
    for energy in (outlooks.load_kwh, outlooks.pv_kwh):
        if not _sound(energy, outlooks.slots, 0.0):
            raise UsageError("An outlook holds NaN, a negative or an infinite energy.")
    for price in (outlooks.import_price, outlooks.export_price):
        if not _sound(price, outlooks.slots, LOWEST):
            raise UsageError("An outlook holds a price that is not a number.")


def _doubtful(outlooks: Outlooks, work: Work, site: Site, longest: int) -> Callable[[int, int], None]:
    """Makes the plans of some instants in turn; each course of load and sun goes on for a while."""
    chain = chain_of(outlooks.doubt, site.slot_hours)
    soc_kwh, end = grid_end(site.storage, NOTHING)
    _, settled = grid_end(site.storage, site.settlement)
    grid = grid_for(len(chain.weight), work.load.shape[1], len(end) - 1, longest)
    limits = site_limits(site.storage, site.grid, site.slot_hours)

    def run(first: int, last: int) -> None:
        _by_turning(
            first,
            last,
            work,
            chain,
            round(1.0 / site.slot_hours),
            limits,
            soc_kwh,
            end,
            settled,
            grid,
        )

    return run


def _certain(outlooks: Outlooks, work: Work, site: Site, longest: int) -> Callable[[int, int], None]:
    """Makes the plans of some instants in turn, exactly; scratch grows where deeply negative prices need more."""
    slots, pieces = work.load.shape[1], len(site.settlement.value)
    grown = [scratch(slots, pieces, SPARE_PIECES, 0, 0)]

    def run(first: int, last: int) -> None:
        while first < last:
            first = _by_recursion(
                first,
                last,
                work,
                site_limits(site.storage, site.grid, site.slot_hours),
                np.array([site.storage.soc_min_kwh, site.storage.soc_max_kwh]),
                np.array(site.settlement.value, dtype=np.float64),
                np.array(site.settlement.energy_kwh, dtype=np.float64),
                grown[-1],
            )
            if first < last:
                grown.append(scratch(slots, pieces, SPARE_PIECES * 4 ** len(grown), 0, 0))

    return run


@njit(cache=True, nogil=True, error_model="numpy")
def _sound(series: Floats, slots: Counts, least: float) -> bool:
    """Whether each slot that is looked at has a finite number, and none below the least."""
    sound = True
    for issue in range(len(slots)):
        for slot in range(slots[issue]):
            sound &= (series[issue, slot] >= least) & (series[issue, slot] < np.inf)
    return sound


@njit(cache=True, nogil=True, error_model="numpy")
def _self_consumption(issue: int, work: Work, empty: float, full: float) -> None:
    for row in range(work.first_row[issue], work.first_row[issue + 1]):
        levels = work.levels[row]
        levels[0], levels[1], levels[2], levels[3] = empty, full, empty, full
        work.curtail[row] = 0


@njit(cache=True, nogil=True, error_model="numpy")
def _by_turning(
    first: int,
    last: int,
    work: Work,
    chain: Chain,
    hour: int,
    limits: Floats,
    soc_kwh: Floats,
    end: Floats,
    settled: Floats,
    grid: Grid,
) -> None:
    """The modes of instants first..last - 1, written to each one's rows."""
    for issue in range(first, last):
        n, row = work.slots[issue], work.first_row[issue]
        if not n:
            _self_consumption(issue, work, soc_kwh[0], soc_kwh[-1])
            continue
        buy, sell = work.import_price[issue, :n], work.export_price[issue, :n]
        turn(
            work.load[issue : issue + 1, :n],
            work.pv[issue : issue + 1, :n],
            buy,
            sell,
            chain,
            hour,
            limits.reshape(1, -1),
            soc_kwh[-1] - soc_kwh[0],
            settled if work.to_the_end[issue] else end,
            False,
            grid,
        )
        for slot in range(work.hold[issue]):
            lay_levels(soc_kwh, grid.after[slot], buy[slot], sell[slot], limits, work.levels[row + slot])
            work.curtail[row + slot] = curtail_at(buy[slot], sell[slot], limits[9])


@njit(cache=True, nogil=True, error_model="numpy")
def _by_recursion(
    first: int,
    last: int,
    work: Work,
    limits: Floats,
    bounds_kwh: Floats,
    worth: Floats,
    worth_kwh: Floats,
    room_for: Scratch,
) -> int:
    """As `_by_turning`, exactly; answers the first instant that was not planned for want of scratch."""
    price, energy, base, space, level, kept, kept_at, _ = room_for
    soc_kwh, cost = np.empty(space.shape[1] + 1), np.empty(space.shape[1] + 1)
    room = bounds_kwh[1] - bounds_kwh[0]
    for issue in range(first, last):
        n, row = work.slots[issue], work.first_row[issue]
        if not n:
            _self_consumption(issue, work, bounds_kwh[0], bounds_kwh[1])
            continue
        buy, sell = work.import_price[issue, :n], work.export_price[issue, :n]
        lay_out(work.load[issue, :n], work.pv[issue, :n], buy, sell, limits, price, energy, base)
        pieces = len(worth) if work.to_the_end[issue] else 0
        for slot in range(work.hold[issue]):
            head, tail = begin(worth[:pieces], worth_kwh[:pieces], room, space)
            head, tail, empty = fold(
                slot + 1, n, price, energy, base, head, tail, 0.0, room, space, level, kept, kept_at
            )
            if tail < 0:
                return issue
            soc_kwh[0], cost[0] = bounds_kwh[0], empty
            for piece in range(tail - head):
                soc_kwh[piece + 1] = soc_kwh[piece] + space[1, head + piece]
                cost[piece + 1] = cost[piece] - space[0, head + piece] * space[1, head + piece]
            points = tail - head + 1
            lay_levels(
                soc_kwh[:points], cost[:points], buy[slot], sell[slot], limits, work.levels[row + slot]
            )
            work.curtail[row + slot] = curtail_at(buy[slot], sell[slot], limits[9])
    return last
