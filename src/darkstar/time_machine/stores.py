"""The batteries of a home as a plan may use them, and the rest of the home; or what is safe without a plan."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from darkstar.domain.devices import NamedBattery
from darkstar.domain.home import Battery
from darkstar.planner.caution import Known, Notice, Prepared, SafeMode, prepare
from darkstar.planner.devices.household import NO_STORAGE
from darkstar.planner.full.site import SiteBattery
from darkstar.planner.problem import Problem, TerminalValue
from darkstar.planner.why.texts import Text
from darkstar.time_machine.now.present import Present
from darkstar.time_machine.plant.carrying import storage_model

BATTERY = "battery"
NO_WORTH = TerminalValue(np.zeros(0), np.zeros(0))


@dataclass(frozen=True)
class Stores:
    """What can be planned with.

    Attributes:
        rest: load, sun, prices and connection; None where they are not known or the limits contradict each other.
        safe_mode: where the batteries cannot be planned; there are none then.
    """

    rest: Problem | None
    batteries: tuple[SiteBattery, ...]
    safe_mode: SafeMode | None
    notices: tuple[Notice, ...]


def stores_of(
    present: Present,
    battery: Battery | None,
    several: Sequence[NamedBattery],
    told_percent: Mapping[str, float],
) -> Stores:
    """The batteries and the rest.

    Args:
        battery: the home's one battery, or several as one.
        several: each of them, where there are several.
        told_percent: what is said of their charge, by name.
    """
    known = present.known
    if not several:
        prepared = prepare(known)
        return _stores(known, {} if battery is None else {BATTERY: prepared}, prepared)
    shared = known.soc_kwh is not None and len(told_percent) < len(several)
    each = {named.name: prepare(_of_one(known, named, told_percent.get(named.name))) for named in several}
    stores = _stores(known, each, next(iter(each.values())))
    if not shared or stores.safe_mode is not None or known.soc_kwh is None:
        return stores
    percent = {"percent": (100 * known.soc_kwh / known.capacity_kwh, 0)}
    return replace(stores, notices=(*stores.notices, Notice(Text.CHARGE_SHARED, percent)))


def _of_one(known: Known, named: NamedBattery, percent: float | None) -> Known:
    """What is known of one of several batteries; without a word of it, it is as full as all together."""
    capacity, storage = named.battery.capacity_kwh, storage_model(named.battery)
    if percent is None and known.soc_kwh is not None:
        percent = 100 * known.soc_kwh / known.capacity_kwh
    room = np.full(len(known.terminal.value), max(storage.soc_max_kwh - storage.soc_min_kwh, 0.0))
    return replace(
        known,
        soc_kwh=None if percent is None else capacity * percent / 100,
        capacity_kwh=capacity,
        storage=storage,
        terminal=TerminalValue(known.terminal.value, room),
    )


def _stores(known: Known, each: Mapping[str, Prepared], first: Prepared) -> Stores:
    # Batteries share their home's series, and what is wrong with these is told once.
    every = [notice for prepared in (first, *each.values()) for notice in prepared.notices]
    told = tuple(notice for number, notice in enumerate(every) if notice not in every[:number])
    unsafe = [prepared.safe_mode for prepared in each.values() if prepared.safe_mode is not None]
    problem = first.problem
    if problem is None:
        problem = prepare(replace(known, soc_kwh=0.0, capacity_kwh=0.0, storage=NO_STORAGE)).problem
    rest = problem and replace(problem, storage=NO_STORAGE, soc_start_kwh=0.0, terminal=NO_WORTH)
    if unsafe:
        mode = SafeMode.HOLD if SafeMode.HOLD in unsafe else SafeMode.SELF_CONSUMPTION
        return Stores(rest, (), mode, told)
    return Stores(
        rest,
        tuple(
            SiteBattery(
                name, prepared.problem.storage, prepared.problem.soc_start_kwh, prepared.problem.terminal
            )
            for name, prepared in each.items()
            if prepared.problem is not None
        ),
        None,
        told,
    )
