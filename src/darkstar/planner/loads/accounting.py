"""What a load's on and off comes to: its energy, its starts, what is missing, and whether it was allowed."""

import numpy as np

from darkstar.planner.loads.model import Levels, LoadRun, OnOffLoad, Shortfall
from darkstar.planner.problem import Series


def run_of(load: OnOffLoad, levels: Levels, slot_hours: float) -> LoadRun:
    """The account of a load that runs so; `levels` of shape (n,)."""
    on = levels > 0
    starts = int(_starts(load, levels).sum())
    shortfalls = tuple(_missing(load, levels)) + tuple(_late(load, levels))
    return LoadRun(
        name=load.name,
        levels=levels,
        energy_kwh=_power_kw(load, levels) * slot_hours * on,
        cost=load.start_cost * starts + sum(shortfall.cost for shortfall in shortfalls),
        starts=starts,
        shortfalls=shortfalls,
    )


def owed_slots(load: OnOffLoad, n: int) -> int:
    """Slots at the start that it has to stay on: the rest of its run, as far as available and not capped."""
    if not load.on_for_slots:
        return 0
    rest = max(0, load.run_slots - load.on_for_slots)
    stops = np.flatnonzero(~load.may_run(n))
    rest = min(rest, n, int(stops[0]) if len(stops) else n)
    units = min((level.units for level in load.levels), default=1)
    for need in load.needs:
        if need.most_units is not None and need.first < rest:
            room = max(0, need.most_units - need.done_units) // units
            rest = min(rest, need.first + room) if need.first + room < need.last else rest
    return rest


def run_positions(load: OnOffLoad, levels: Levels) -> Levels:
    """For a load with a profile the slot of the profile that each slot runs, -1 while off; shape (n,)."""
    length = len(load.profile_kw)
    positions = np.full(len(levels), -1, dtype=np.int64)
    position = load.on_for_slots - 1 if load.on_for_slots else length - 1
    for slot, level in enumerate(levels.tolist()):
        if level:
            position = (position + 1) % length
            positions[slot] = position
        else:
            position = length - 1
    return positions


def _power_kw(load: OnOffLoad, levels: Levels) -> Series:
    if load.profile_kw:
        return np.asarray(load.profile_kw, dtype=np.float64)[run_positions(load, levels)]
    return np.asarray([0.0] + [level.power_kw for level in load.levels], dtype=np.float64)[levels]


def _starts(load: OnOffLoad, levels: Levels) -> Levels:
    """1 where a run begins, shape (n,)."""
    on = levels > 0
    before = np.concatenate([[load.on_for_slots > 0], on[:-1]])
    begins = run_positions(load, levels) == 0 if load.profile_kw else on & ~before
    return np.asarray(begins, dtype=np.int64)


def units_of(load: OnOffLoad, levels: Levels) -> Levels:
    """What each slot counts towards the needs, shape (n,)."""
    if load.profile_kw:
        return (levels > 0).astype(np.int64)
    units: Levels = np.array([0] + [level.units for level in load.levels], dtype=np.int64)[levels]
    return units


def _missing(load: OnOffLoad, levels: Levels) -> list[Shortfall]:
    units = units_of(load, levels)
    found = []
    for need in load.needs:
        missing = need.units - need.done_units - int(units[need.first : need.last].sum())
        if missing > 0:
            found.append(Shortfall(load.name, need.name, missing, missing * need.shortfall_cost))
    return found


def _late(load: OnOffLoad, levels: Levels) -> list[Shortfall]:
    if load.comfort is None:
        return []
    off_for, late = 0 if load.on_for_slots else load.off_for_slots, 0
    for level in levels.tolist():
        off_for = 0 if level else off_for + 1
        late += off_for > load.comfort.most_off_slots
    return [Shortfall(load.name, "comfort", late, late * load.comfort.late_cost)] if late else []
