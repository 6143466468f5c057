"""A heat pump's boost: consumption moved ahead, with losses.

saved[t] = keep*saved[t-1] + yield_share*drawn[t] - relief[t] - lost[t]      0 <= saved <= store
drawn <= boost_kw*h*on          relief <= what the heat pump draws anyway
"""

from dataclasses import dataclass

import numpy as np

from darkstar.planner.full.connection import Bus
from darkstar.planner.full.programme import Indices, Programme
from darkstar.planner.full.site import Boost, Site
from darkstar.planner.full.switch import EARLIER, SwitchColumns, add_switch, bounds


@dataclass(frozen=True)
class BoostColumns:
    """Columns of a boost, each shape (n,)."""

    drawn: Indices
    saved: Indices
    relief: Indices
    switch: SwitchColumns


def add_boost(programme: Programme, site: Site, bus: Bus, boost: Boost) -> BoostColumns:
    """A boost."""
    n, h = len(site), site.slot_hours
    available = np.ones(n, dtype=np.bool_) if boost.available is None else boost.available
    switch = add_switch(programme, boost.switching, *bounds(boost.switching, available))
    drawn = programme.columns(n, high=boost.boost_kw * h, tie=EARLIER * np.arange(n))
    boosting = programme.rows(n, low=0.0 if boost.whole_slots else -np.inf, high=0.0)
    programme.put(boosting, drawn, 1.0)
    programme.put(boosting, switch.on, -boost.boost_kw * h)
    relief = programme.columns(n, high=boost.base_kwh)
    lost = programme.columns(n)
    saved = programme.columns(n, high=boost.store_kwh)
    keep = boost.keep_per_hour**h
    start = np.zeros(n)
    start[0] = keep * boost.stored_kwh
    course = programme.rows(n, low=start, high=start)
    programme.put(course, saved, 1.0)
    programme.put(course[1:], saved[:-1], -keep)
    programme.put(course, drawn, -boost.yield_share)
    programme.put(course, relief, 1.0)
    programme.put(course, lost, 1.0)
    bus.draw(programme, drawn, boost.phases)
    bus.draw(programme, relief, boost.phases, -1.0)
    return BoostColumns(drawn, saved, relief, switch)
