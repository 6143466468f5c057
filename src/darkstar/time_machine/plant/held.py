"""A stretch lived through under power tariffs, compiled: plan, carry out, enter what was drawn, plan again.

What a plan may draw hangs on what was drawn before it, so these plans are made one after another.
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from darkstar.planner.fast.keeping import Books, drawn, limits_ahead
from darkstar.planner.fast.levels import curtail_at, lay_levels
from darkstar.planner.fast.limited import BREACH_COST, IMPORT_MAX
from darkstar.planner.fast.stretch import Work
from darkstar.planner.fast.turning import Chain, Grid, turn
from darkstar.time_machine.plant.kernel import IMPORT, SOC, Ahead, run

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]


class Held(NamedTuple):
    """What the month is held under.

    Attributes:
        books: of all slots; number: which of them each of the stretch's slots is, shape (n,).
        levels_kw, price_beyond: at each plan, one a tariff, shape (m, t), see `keeping.limits_ahead`.
    """

    books: Books
    number: Counts
    levels_kw: Floats
    price_beyond: Floats


class PlannedFor(NamedTuple):
    """What is planned for.

    Attributes:
        limits: `slot_cost.site_limits`.
        soc_kwh: the grid of energies; end, settled: what each costs at a plan's end, and at the range's.
        hours: of a slot.
    """

    chain: Chain
    limits: Floats
    soc_kwh: Floats
    end: Floats
    settled: Floats
    hours: float


class Lived(NamedTuple):
    """What the n slots of a stretch came to.

    Attributes:
        charge_kw, discharge_kw, import_kw: as in a `ModeTable`; the two powers are read.
        worth: of a stored kWh as a slot's plan saw it, shape (n,); NaN where it was not planned or made before.
        results: as `kernel.run` writes them.
        flips: slots in which a plan differed from the one just before, shape (1,).
    """

    charge_kw: Floats
    discharge_kw: Floats
    import_kw: Floats
    worth: Floats
    results: Floats
    flips: Counts


@njit(cache=True, nogil=True, error_model="numpy")
def live(
    first: int,
    last: int,
    work: Work,
    site: PlannedFor,
    grid: Grid,
    held: Held,
    plant: Ahead,
    lived: Lived,
) -> None:
    """Plans first..last - 1 of a stretch, in order.

    Args:
        work: its levels and curtailment hold for slots that nothing is planned for; plans write theirs.
        plant: of the stretch's slots.
    """
    width = max(work.load.shape[1], work.hold.max())
    soc_kwh, hour = site.soc_kwh, int(np.round(1.0 / site.hours))
    kw, breach_cost = np.empty(width), np.empty(width)
    limits = np.empty((width, len(site.limits)))
    for issue in range(first, last):
        n, hold, row = work.slots[issue], work.hold[issue], work.first_row[issue]
        seen = max(n, hold)
        limits_ahead(
            held.books,
            held.number[row],
            held.levels_kw[issue],
            held.price_beyond[issue],
            kw[:seen],
            breach_cost[:seen],
        )
        if n:
            under_limits(kw[:n], breach_cost[:n], site.limits, site.hours, limits)
            turn(
                work.load[issue : issue + 1, :n],
                work.pv[issue : issue + 1, :n],
                work.import_price[issue, :n],
                work.export_price[issue, :n],
                site.chain,
                hour,
                limits[:n],
                soc_kwh[-1] - soc_kwh[0],
                site.settled if work.to_the_end[issue] else site.end,
                False,
                grid,
            )
            lived.worth[row] = _worth(soc_kwh, grid.after[0], plant.state[SOC])
        for slot in range(hold):
            lived.import_kw[row + slot] = kw[slot]
            if n:
                buy, sell = work.import_price[issue, slot], work.export_price[issue, slot]
                lay_levels(soc_kwh, grid.after[slot], buy, sell, site.limits, work.levels[row + slot])
                work.curtail[row + slot] = curtail_at(buy, sell, site.limits[9])
        carry_out(row, row + hold, site.hours, plant, work, held, lived)


@njit(cache=True, nogil=True, error_model="numpy")
def under_limits(kw: Floats, breach_cost: Floats, site_limits: Floats, hours: float, limits: Floats) -> None:
    """The site's limits for each slot, under its own where that is below the fuse; written to the first rows.

    Args:
        kw, breach_cost: see `keeping.limits_ahead`, shape (n,).
        limits: written, shape (at least n, 12).
    """
    fuse_kw = site_limits[IMPORT_MAX] / hours
    for slot in range(len(kw)):
        limits[slot] = site_limits
        if kw[slot] < fuse_kw:
            limits[slot, IMPORT_MAX], limits[slot, BREACH_COST] = kw[slot] * hours, breach_cost[slot]


@njit(cache=True, nogil=True, error_model="numpy")
def _worth(soc_kwh: Floats, cost: Floats, stored_kwh: float) -> float:
    """As `StoredValue.slope_at`, the other way round."""
    if len(soc_kwh) < 2:
        return 0.0
    after = int(np.searchsorted(soc_kwh, stored_kwh, side="right"))
    after = min(max(after, 1), len(soc_kwh) - 1)
    return float((cost[after - 1] - cost[after]) / (soc_kwh[after] - soc_kwh[after - 1]))


@njit(cache=True, nogil=True, error_model="numpy")
def carry_out(
    first: int, last: int, hours: float, plant: Ahead, work: Work, held: Held, lived: Lived
) -> None:
    """The modes of these slots; what they draw goes into the books."""
    run(
        plant.numbers,
        plant.charge_taper,
        plant.discharge_taper,
        plant.state,
        work.levels[first:last],
        lived.charge_kw[first:last],
        lived.discharge_kw[first:last],
        work.curtail[first:last],
        lived.import_kw[first:last],
        plant.load_kwh[first:last],
        plant.pv_kwh[first:last],
        plant.minute_row[first:last],
        plant.minute_load_kwh,
        plant.minute_pv_kwh,
        hours,
        lived.results[first:last],
    )
    for slot in range(first, last):
        drawn(held.books, held.number[slot], lived.results[slot, IMPORT])
