"""The policy that plans again and again and holds each plan's power, whatever load and sun do.

A plan begins with the energy that is stored, so these plans are made one after another.
"""

from collections.abc import Callable

import numpy as np

from darkstar.domain.slots import SLOT_HOURS
from darkstar.planner.fast.set_points import Asked, scratch_for
from darkstar.planner.fast.slot_cost import site_limits
from darkstar.planner.fast.stretch import NOTHING
from darkstar.planner.problem import Problem
from darkstar.time_machine import legs
from darkstar.time_machine.information import Outlook
from darkstar.time_machine.legs import NEAR_SLOTS, Leg, LivedThrough, Underway
from darkstar.time_machine.plant.set_points import SetPointSite, live_set_points
from darkstar.time_machine.scenario import Scenario


def live_by_set_points(leg: Leg) -> LivedThrough:
    """A leg; a plan changes for a gain above the leg's threshold, under power tariffs it is always the new one."""
    return legs.live(leg, _kernel)


def _kernel(leg: Leg, now: Underway) -> Callable[[int, int], None]:
    stretch, settlement = leg.stretch, leg.stretch.site.settlement
    storage, tariffs = stretch.site.storage, len(leg.held.books.peaks)
    asked = Asked(
        site_limits(storage, stretch.site.grid, stretch.site.slot_hours),
        storage.soc_min_kwh,
        storage.soc_max_kwh,
        NEAR_SLOTS,
        stretch.longest,
        0.0 if tariffs else leg.threshold,
    )
    site = SetPointSite(
        asked,
        np.array(settlement.value, dtype=np.float64),
        np.array(settlement.energy_kwh, dtype=np.float64),
        stretch.site.slot_hours,
        stretch.slots.start,
        leg.first_quarter,
    )
    slots, pieces = now.outlooks.load_kwh.shape[1], len(settlement.value)
    grown = [scratch_for(slots, pieces)]

    def run(first: int, last: int) -> None:
        while first < last:
            first = live_set_points(
                first, last, now.work, site, now.held, now.plant, now.plan, grown[-1], now.lived
            )
            if first < last:
                grown.append(scratch_for(slots, pieces, len(grown)))

    return run


def problem_of(scenario: Scenario, outlook: Outlook, soc_kwh: float) -> Problem:
    """What to decide with an outlook and so much energy stored."""
    return scenario.problem(
        outlook.load_kwh,
        outlook.pv_kwh,
        (outlook.import_price, outlook.export_price),
        soc_kwh,
        scenario.settlement if outlook.to_the_end else NOTHING,
        SLOT_HOURS,
    )
