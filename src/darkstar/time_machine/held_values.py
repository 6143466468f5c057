"""Following the value of stored energy under power tariffs: with a limit on the import of each slot.

A reserve against peaks is part of that value: courses in which the load turns out high pay for what goes beyond the
limit, so energy that would be sold or used now is kept for them. The inverter then gives it to what exceeds the limit.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from darkstar.planner.fast.slot_cost import site_limits
from darkstar.planner.fast.stretch import NOTHING, Modes, Site, chain_of, check_outlooks, run_timed, work_of
from darkstar.planner.fast.turning import Doubt, grid_end, grid_for
from darkstar.planner.mode_table import ModeTable
from darkstar.planner.modes import self_consumption
from darkstar.planner.problem import Series
from darkstar.time_machine.holding import Holding
from darkstar.time_machine.plant.carrying import AtWork
from darkstar.time_machine.plant.held import Held, Lived, PlannedFor, live
from darkstar.time_machine.plant.kernel import RESULTS
from darkstar.time_machine.stretches import Stretch


@dataclass(frozen=True)
class LivedThrough:
    """A stretch that was planned and carried out.

    Attributes:
        worth: of a stored kWh as each slot's plan saw it, shape (n,), NaN where no plan was made.
        results: what the slots came to, shape (n, kernel.RESULTS).
    """

    modes: Modes
    worth: Series
    results: NDArray[np.float64]


def live_through(stretch: Stretch, holding: Holding, at_work: AtWork) -> LivedThrough:
    """Plan after plan of a stretch, each carried out before the next; deficits are covered while too little is known.

    Raises:
        UsageError: see `stretch.modes_by_value`.
    """
    outlooks, site = stretch.sight.outlooks(), stretch.site
    check_outlooks(outlooks, site)
    planned_for = _planned_for(site, outlooks.doubt)
    width, chords = outlooks.load_kwh.shape[1], len(planned_for.soc_kwh) - 1
    grid = grid_for(len(planned_for.chain.weight), width, chords, stretch.longest)
    # Self-consumption, until plans say otherwise.
    slots = stretch.slots.stop - stretch.slots.start
    table = ModeTable.of([self_consumption(site.storage)]).take(np.zeros(slots, dtype=np.int64))
    work, plant = work_of(outlooks, stretch.hold, table), at_work.ahead(slots)
    worth, results = np.full(slots, np.nan), np.empty((slots, RESULTS))
    lived = Lived(table.charge_kw, table.discharge_kw, table.import_kw, worth, results)
    numbers = np.ascontiguousarray(holding.number[stretch.slots])
    held = Held(holding.books, numbers, *holding.levels(stretch.steps))

    def run(first: int, last: int) -> None:
        live(first, last, work, planned_for, grid, held, plant, lived)

    plan_ms = run_timed(run, outlooks)
    modes = Modes(table, int(np.count_nonzero(outlooks.slots)), plan_ms)
    return LivedThrough(modes, worth, results)


def _planned_for(site: Site, doubt: Doubt | None) -> PlannedFor:
    soc_kwh, end = grid_end(site.storage, NOTHING)
    _, settled = grid_end(site.storage, site.settlement)
    return PlannedFor(
        chain_of(doubt, site.slot_hours),
        site_limits(site.storage, site.grid, site.slot_hours),
        soc_kwh,
        end,
        settled,
        site.slot_hours,
    )
