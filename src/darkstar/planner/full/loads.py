"""On/off loads (`planner.loads`) in the programme: a column a level, or a column a start of a profile.

units within a need's window + missing >= wanted - done        units <= most - done
late[t] + on in the last most_off + 1 slots >= 1
missing + wanted * (on just before the window + starts in it) >= wanted        that no plan needs, but the relaxation
"""

from dataclasses import dataclass

import numpy as np

from darkstar.planner.full.connection import Bus
from darkstar.planner.full.programme import Indices, Programme
from darkstar.planner.full.site import Site, SiteLoad, Switching
from darkstar.planner.full.switch import EARLIER, SwitchColumns, add_switch, bounds
from darkstar.planner.loads.accounting import owed_slots
from darkstar.planner.loads.model import Comfort, Need, OnOffLoad


@dataclass(frozen=True)
class LoadColumns:
    """Columns of a load.

    Attributes:
        states: one row of columns a level, shape (levels, n); for a profile its starts, shape (1, n).
        owed: slots at the start in which a profile's earlier run goes on.
        length: slots of a profile's run, 0 for levels.
    """

    states: Indices
    owed: int
    length: int

    @property
    def is_profile(self) -> bool:
        """Whether the columns are starts."""
        return self.length > 0


@dataclass(frozen=True)
class _Units:
    """What a slot counts: coefficients of columns by slot, shape (k, n) each, -1 for no column; constants (n,).

    `switch` is that of levels; a profile has none.
    """

    columns: Indices
    weights: Indices
    constant: Indices
    switch: SwitchColumns | None = None


def add_load(programme: Programme, site: Site, bus: Bus, site_load: SiteLoad) -> LoadColumns:
    """A load with everything that it needs."""
    load, n = site_load.load, len(site)
    owed = owed_slots(load, n)
    if load.profile_kw:
        states, units = _add_profile(programme, site, bus, site_load, owed)
    else:
        states, units = _add_levels(programme, site, bus, site_load, owed)
    _add_needs(programme, load, units)
    if load.comfort is not None:
        _add_comfort(programme, load, load.comfort, units)
    length = len(load.profile_kw)
    return LoadColumns(states, owed, length)


def _add_levels(
    programme: Programme, site: Site, bus: Bus, site_load: SiteLoad, owed: int
) -> tuple[Indices, _Units]:
    load, n = site_load.load, len(site)
    rules = Switching(
        load.min_on_slots, load.min_off_slots, load.start_cost, load.on_for_slots, load.off_for_slots
    )
    low, high = bounds(rules, load.may_run(n), owed)
    single = len(load.levels) == 1
    tie = EARLIER * np.arange(n)
    states = np.stack(
        [
            programme.columns(n, low=low if single else 0.0, high=high, integer=True, tie=tie)
            for _ in load.levels
        ]
    )
    if single:
        switch = add_switch(programme, rules, low, high, states[0])
    else:
        on = programme.columns(n, low=low, high=high)
        same = programme.rows(n, low=0.0, high=0.0)
        programme.put(same, on, -1.0)
        for state in states:
            programme.put(same, state, 1.0)
        switch = add_switch(programme, rules, low, high, on)
    for state, level in zip(states, load.levels, strict=True):
        bus.draw(programme, state, site_load.phases, level.power_kw * site.slot_hours)
    weights = np.array([level.units for level in load.levels])[:, None] * np.ones((1, n), dtype=np.int64)
    return states, _Units(states, weights, np.zeros(n, dtype=np.int64), switch)


def _add_profile(
    programme: Programme, site: Site, bus: Bus, site_load: SiteLoad, owed: int
) -> tuple[Indices, _Units]:
    load, n, length = site_load.load, len(site), len(site_load.load.profile_kw)
    may = load.may_run(n)
    blocked = np.concatenate([[0], np.cumsum(~may)])
    ends = np.minimum(np.arange(n) + length, n)
    high = (blocked[ends] == blocked[:n]).astype(np.float64)
    if load.on_for_slots:
        # The rest of the run goes on as far as it may, then the pause.
        high[: owed + load.min_off_slots] = 0.0
    else:
        high[: max(0, load.min_off_slots - load.off_for_slots)] = 0.0
    start = programme.columns(
        n, high=high, integer=True, cost=load.start_cost, tie=1.0 + EARLIER * np.arange(n)
    )
    single = programme.rows(n, high=1.0)
    for back in range(min(length + load.min_off_slots, n)):
        programme.put(single[back:], start[: n - back], 1.0)
    columns = np.full((length, n), -1, dtype=np.int64)
    for back, power in enumerate(load.profile_kw[:n]):
        columns[back, back:] = start[: n - back]
        bus.draw(programme, start[: n - back], site_load.phases, power * site.slot_hours, slice(back, None))
    going_on = np.zeros(n, dtype=np.int64)
    going_on[:owed] = 1
    if owed:
        drawn = load.profile_kw[load.on_for_slots : load.on_for_slots + owed]
        fixed = programme.columns(1, low=1.0)
        for slot, power in enumerate(drawn):
            bus.draw(programme, fixed, site_load.phases, power * site.slot_hours, slice(slot, slot + 1))
    return start[None, :], _Units(columns, np.ones_like(columns), going_on)


def _put_sum(programme: Programme, row: Indices, units: _Units, first: int, last: int, weigh: bool) -> None:
    """In one row the units (or, unweighed, the slots) of [first, last); columns that count often are summed."""
    inside = units.columns[:, first:last]
    held = inside >= 0
    weight = units.weights[:, first:last][held] if weigh else np.ones(int(held.sum()), dtype=np.int64)
    columns, place = np.unique(inside[held], return_inverse=True)
    programme.put(row, columns, np.bincount(place.reshape(-1), weight, len(columns)))


def _add_needs(programme: Programme, load: OnOffLoad, units: _Units) -> None:
    for need in load.needs:
        done = need.done_units + int(units.constant[need.first : need.last].sum())
        most = np.inf if need.most_units is None else max(0, need.most_units - done)
        missing = programme.columns(1, cost=need.shortfall_cost)
        wanted = programme.rows(1, low=need.units - done)
        _put_sum(programme, wanted, units, need.first, need.last, weigh=True)
        programme.put(wanted, missing, 1.0)
        if units.switch is not None and need.units > done:
            _add_needed_start(programme, load, need, units.switch, missing)
        if need.most_units is not None:
            cap = programme.rows(1, high=most)
            _put_sum(programme, cap, units, need.first, need.last, weigh=True)


def _add_needed_start(
    programme: Programme, load: OnOffLoad, need: Need, switch: SwitchColumns, missing: Indices
) -> None:
    """Without a start nothing is reached; the relaxation would spread a little of one, and of its cost, over hours."""
    wanted = need.units - need.done_units
    if need.first == 0 and load.on_for_slots:
        return
    row = programme.rows(1, low=wanted)
    programme.put(row, missing, 1.0)
    programme.put(row, switch.start[need.first : need.last], wanted)
    if need.first:
        programme.put(row, switch.on[need.first - 1], wanted)


def _add_comfort(programme: Programme, load: OnOffLoad, comfort: Comfort, units: _Units) -> None:
    n = units.columns.shape[1]
    off_before = 0 if load.on_for_slots else load.off_for_slots
    late = programme.columns(n, cost=comfort.late_cost)
    for slot in range(n):
        first = slot - comfort.most_off_slots
        if first < 0 and off_before < -first:
            continue  # it ran recently enough before the horizon
        first = max(0, first)
        if units.constant[first : slot + 1].any():
            continue
        row = programme.rows(1, low=1.0)
        _put_sum(programme, row, units, first, slot + 1, weigh=False)
        programme.put(row, late[slot : slot + 1], 1.0)
