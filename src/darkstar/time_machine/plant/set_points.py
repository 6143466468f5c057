"""A stretch lived through by set-points, compiled: plan, hold the plan's power, enter what was drawn, plan again."""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from darkstar.planner.fast.glance import Scratch
from darkstar.planner.fast.keeping import limits_ahead
from darkstar.planner.fast.set_points import Asked, LastPlan, next_plan
from darkstar.planner.fast.stretch import Work
from darkstar.time_machine.plant.held import Held, Lived, carry_out, under_limits
from darkstar.time_machine.plant.kernel import SOC, Ahead

Floats = NDArray[np.float64]


class SetPointSite(NamedTuple):
    """What is planned for.

    Attributes:
        worth, worth_kwh: of the energy left at the range's end; before it nothing left over is worth anything.
        hours: of a slot.
        first_step, first_quarter: the stretch's first slot by the count of replayed slots, and by the clock.
    """

    asked: Asked
    worth: Floats
    worth_kwh: Floats
    hours: float
    first_step: int
    first_quarter: int


@njit(cache=True, nogil=True, error_model="numpy")
def live_set_points(
    first: int,
    last: int,
    work: Work,
    site: SetPointSite,
    held: Held,
    plant: Ahead,
    before: LastPlan,
    room_for: Scratch,
    lived: Lived,
) -> int:
    """Plans first..last - 1 of a stretch, in order; answers the first that was not made for want of scratch.

    Args:
        work, lived: what they hold stands for slots that nothing is planned for; plans write theirs.
        plant: of the stretch's slots.
    """
    asked = site.asked
    width = max(work.load.shape[1], work.hold.max())
    kw, breach_cost = np.empty(width), np.empty(width)
    limits = np.empty((width, len(asked.limits)))
    for issue in range(first, last):
        n, hold, row = work.slots[issue], work.hold[issue], work.first_row[issue]
        seen = n if n else hold
        now, levels_kw = held.number[row], held.levels_kw[issue]
        limits_ahead(held.books, now, levels_kw, held.price_beyond[issue], kw[:seen], breach_cost[:seen])
        if n:
            under_limits(kw[:n], breach_cost[:n], asked.limits, site.hours, limits)
            pieces = len(site.worth) if work.to_the_end[issue] else 0
            flips = next_plan(
                work.load[issue, :n], work.pv[issue, :n], work.import_price[issue, :n], work.export_price[issue, :n],
                limits[:n], site.worth[:pieces], site.worth_kwh[:pieces], plant.state[SOC],
                site.first_step + row, site.first_quarter + now, asked, before, room_for,
            )  # fmt: skip
            if flips < 0:
                return issue
            lived.flips[0] += flips
            for slot in range(hold):
                _hold_power(before.moved_kwh[slot] / site.hours, asked, row + slot, work, lived)
                lived.import_kw[row + slot] = kw[slot]
        carry_out(row, row + hold, site.hours, plant, work, held, lived)
    return last


@njit(cache=True, nogil=True, error_model="numpy")
def _hold_power(power_kw: float, asked: Asked, row: int, work: Work, lived: Lived) -> None:
    """As `modes.setpoint`."""
    work.levels[row] = asked.full_kwh if power_kw > 0.0 else asked.empty_kwh
    lived.charge_kw[row] = power_kw if power_kw > 0.0 else 0.0
    lived.discharge_kw[row] = 0.0 if power_kw > 0.0 else -power_kw
