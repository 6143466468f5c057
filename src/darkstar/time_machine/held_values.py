"""Following the value of stored energy under power tariffs: with a limit on the import of each slot.

A reserve against peaks is part of that value: courses in which the load turns out high pay for what goes beyond the
limit, so energy that would be sold or used now is kept for them. The inverter then gives it to what exceeds the limit.
"""

from collections.abc import Callable

from darkstar.planner.fast.slot_cost import site_limits
from darkstar.planner.fast.stretch import NOTHING, Site, chain_of
from darkstar.planner.fast.turning import Doubt, grid_end, grid_for
from darkstar.time_machine import legs
from darkstar.time_machine.legs import Leg, LivedThrough, Underway
from darkstar.time_machine.plant.held import PlannedFor
from darkstar.time_machine.plant.held import live as live_values


def live_by_value(leg: Leg) -> LivedThrough:
    """A leg, each slot after the plan made at its start; see `legs.live`."""
    return legs.live(leg, _kernel)


def _kernel(leg: Leg, now: Underway) -> Callable[[int, int], None]:
    planned_for = _planned_for(leg.stretch.site, now.outlooks.doubt)
    width, chords = now.outlooks.load_kwh.shape[1], len(planned_for.soc_kwh) - 1
    grid = grid_for(len(planned_for.chain.weight), width, chords, leg.stretch.longest)

    def run(first: int, last: int) -> None:
        live_values(first, last, now.work, planned_for, grid, now.held, now.plant, now.lived)

    return run


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
