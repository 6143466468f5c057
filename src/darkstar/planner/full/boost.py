"""A heat pump's boost: consumption moved ahead, with losses.

saved[t] <= keep*saved[t-1] + yield_share*drawn[t] - relief[t]      0 <= saved <= store
relief <= what the heat pump draws anyway
"""

from dataclasses import dataclass

import numpy as np

from darkstar.planner.full.connection import Bus
from darkstar.planner.full.draw import Draw, add_draw
from darkstar.planner.full.programme import Indices, Programme
from darkstar.planner.full.site import Boost, Site
from darkstar.planner.full.switch import bounds


@dataclass(frozen=True)
class BoostColumns:
    """What a boost draws; columns of shape (n,)."""

    draw: Draw
    saved: Indices
    relief: Indices


def add_boost(programme: Programme, site: Site, bus: Bus, boost: Boost) -> BoostColumns:
    """A boost."""
    n, h = len(site), site.slot_hours
    available = np.ones(n, dtype=np.bool_) if boost.available is None else boost.available
    most = boost.boost_kw * h
    rules = boost.switching
    draw = add_draw(programme, rules, bounds(rules, available), most, most if boost.whole_slots else None)
    relief = programme.columns(n, high=boost.base_kwh)
    saved = programme.columns(n, high=boost.store_kwh)
    keep = boost.keep_per_hour**h
    start = np.zeros(n)
    start[0] = keep * boost.stored_kwh
    course = programme.rows(n, high=start)
    programme.put(course, saved, 1.0)
    programme.put(course[1:], saved[:-1], -keep)
    programme.put(course, draw.drawn, -boost.yield_share)
    programme.put(course, relief, 1.0)
    bus.draw(programme, draw.drawn, boost.phases)
    bus.draw(programme, relief, boost.phases, -1.0)
    return BoostColumns(draw, saved, relief)
