"""A car that charges between its least and its greatest power, or not at all.

stored[t] = stored[t-1] + efficiency*charge[t] - driven[t] + elsewhere[t]
stored[slot-1] + missing >= target
"""

from dataclasses import dataclass

import numpy as np

from darkstar.planner.full.connection import Bus
from darkstar.planner.full.draw import Draw, add_draw
from darkstar.planner.full.programme import Indices, Programme
from darkstar.planner.full.site import Car, Site
from darkstar.planner.full.switch import bounds
from darkstar.planner.problem import Series


@dataclass(frozen=True)
class CarColumns:
    """Columns of a car: charge and stored of shape (n,), elsewhere one a slot of `away`, missing one a target."""

    draw: Draw
    stored: Indices
    elsewhere: Indices
    away: Indices
    missing: Indices


def add_car(programme: Programme, site: Site, bus: Bus, car: Car) -> CarColumns:
    """A car."""
    n, h = len(site), site.slot_hours
    low, high = bounds(car.switching, car.connected)
    # A full car ends a least run: what the past still asks for is waived rather than impossible.
    owed = car.min_kw * h * car.efficiency
    room = car.stored_max_kwh - car.stored_kwh
    low[int(room / owed) if owed > 0 else n :] = 0.0
    least = car.min_kw * h if car.whole_slots else None
    draw = add_draw(programme, car.switching, (low, high), car.max_kw * h, least)
    charge = draw.drawn
    bus.draw(programme, charge, car.phases)
    driven = np.zeros(n) if car.driven_kwh is None else car.driven_kwh
    worth = np.zeros(n)
    worth[-1] = -car.value_per_kwh
    stored = programme.columns(n, high=max(car.stored_max_kwh, car.stored_kwh), cost=worth)
    away = np.flatnonzero(driven)
    elsewhere = programme.columns(len(away), high=driven[away], cost=car.elsewhere_cost)
    change = -driven
    change[0] += car.stored_kwh
    energy = programme.rows(n, low=change, high=change)
    programme.put(energy, stored, 1.0)
    programme.put(energy[1:], stored[:-1], -1.0)
    programme.put(energy, charge, -car.efficiency)
    programme.put(energy[away], elsewhere, -1.0)
    missing = _add_targets(programme, car, stored)
    _add_needed_starts(programme, car, driven, stored, missing, draw)
    return CarColumns(draw, stored, elsewhere, away, missing)


def _add_targets(programme: Programme, car: Car, stored: Indices) -> Indices:
    wanted = np.array([target.stored_kwh for target in car.targets])
    missing = programme.columns(len(wanted), cost=[target.shortfall_cost for target in car.targets])
    row = programme.rows(len(wanted), low=wanted)
    programme.put(row, stored[[target.slot - 1 for target in car.targets]] if car.targets else missing, 1.0)
    programme.put(row, missing, 1.0)
    return missing


def _add_needed_starts(
    programme: Programme, car: Car, driven: Series, stored: Indices, missing: Indices, draw: Draw
) -> None:
    """Rows that no plan needs and that make the relaxation pay for whole starts.

    Without a start since it was connected, a target is reached by what was in the car then, which is no less than
    what the last target before left after driving:

        missing + missing_before + stored_then + (target - least) * starts >= target
    """
    for number, target in enumerate(car.targets):
        gone = np.flatnonzero(~car.connected[: target.slot])
        first = int(gone[-1]) + 1 if len(gone) else 0
        inside = slice(first, target.slot)
        if first == target.slot or driven[inside].any() or (first == 0 and car.switching.on_for_slots):
            continue
        done = [k for k, earlier in enumerate(car.targets) if earlier.slot <= first]
        before = max(done, key=lambda k: car.targets[k].slot, default=None)
        since, least = 0, car.stored_kwh
        if before is not None:
            since, least = car.targets[before].slot, car.targets[before].stored_kwh
        least = max(0.0, least - float(driven[since:first].sum()))
        if least >= target.stored_kwh:
            continue
        starts = draw.starts(first, target.slot)
        if starts is None:
            continue
        row = programme.rows(1, low=target.stored_kwh - (car.stored_kwh if first == 0 else 0.0))
        programme.put(row, missing[number], 1.0)
        if before is not None:
            programme.put(row, missing[before], 1.0)
        if first:
            programme.put(row, stored[first - 1], 1.0)
        programme.put(row, starts, target.stored_kwh - least)
