"""The phases of a home: what hangs on which, what each carries, and whether that is more than its fuse.

    net of a phase = its share of the load + its part of what devices and batteries draw - its part of the sun

Either way, drawing or feeding in, a phase may carry what its fuse does. Where nothing hangs on some phases only and the
load is spread evenly, the limit of the sum says it all, and nobody looks at phases.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from darkstar.domain.devices import Devices
from darkstar.domain.home import Home
from darkstar.planner.devices.household import Household, HouseholdPlan, PhaseLimits
from darkstar.planner.devices.run import DeviceRun
from darkstar.planner.devices.wish import Wish
from darkstar.planner.full.site import Boost, Car, SiteBattery, Tank
from darkstar.planner.loads.model import OnOffLoad
from darkstar.planner.modes import Mode
from darkstar.planner.problem import Plan, Series

LEAST_KWH = 1e-6
EVEN = 1e-9


@dataclass(frozen=True)
class Overload:
    """What a phase carries beyond its fuse.

    Attributes:
        phase: counted from 1.
        first, last: slots [first, last) from the first to the last of them.
        kwh: in all; `most_kw`: the highest that it carries.
    """

    phase: int
    first: int
    last: int
    kwh: float
    most_kw: float


def hung(home: Home, devices: Devices, wanted: Sequence[Wish]) -> list[Wish]:
    """The wishes on their devices' phases: one, the first few, or all where the file says nothing."""
    every = tuple(range(1, home.phases + 1))
    heater = devices.water_heater
    pump = devices.heat_pump
    known = [*([heater] if heater else []), *([pump] if pump else []), *devices.cars, *devices.appliances]
    on = {device.name: every if device.phase is None else (device.phase,) for device in known}
    for car in devices.cars:
        if car.phase is None:
            on[car.name] = every[: car.phases]
    return [replace(wish, phases=on[wish.name]) for wish in wanted]


def on_phase(home: Home, batteries: Sequence[SiteBattery]) -> tuple[SiteBattery, ...]:
    """The batteries on their inverter's phases."""
    phases = _phases(home, home.battery_phase)
    return tuple(replace(battery, phases=phases) for battery in batteries)


def limits(home: Home, batteries: Sequence[SiteBattery], wanted: Sequence[Wish]) -> PhaseLimits | None:
    """The limits of the phases; None where the limit of their sum says it all."""
    shares = home.load_shares or (1 / home.phases,) * home.phases
    pv = _phases(home, home.pv_phase)
    hanging = [pv, *(battery.phases for battery in batteries), *(wish.phases for wish in wanted)]
    uneven = max(shares) - min(shares) > EVEN
    if not uneven and all(len(phases) == home.phases for phases in hanging):
        return None
    return PhaseLimits(home.fuse_kw / home.phases, shares, pv)


def net_kwh(
    household: Household, runs: Sequence[DeviceRun], plans: Sequence[Plan], curtail: Series
) -> Series:
    """What each phase draws in each slot, negative where it feeds in, shape (phases, n) [kWh].

    Args:
        plans: the batteries', in the household's order.
        curtail: sun that is not made, shape (n,).
    """
    phases, rest = household.phases, household.rest
    if phases is None:
        return np.zeros((0, len(rest)))
    net = np.outer(phases.load_shares, rest.load_kwh)
    _put(net, phases.pv_phases, curtail - rest.pv_kwh)
    for wish, run in zip(household.devices, runs, strict=True):
        _put(net, wish.phases, run.energy_kwh)
    for battery, plan in zip(household.batteries, plans, strict=True):
        _put(net, battery.phases, plan.charge_kwh - plan.discharge_kwh)
    return net


def over_kwh(household: Household, net: Series) -> Series:
    """What of it goes beyond the fuses, shape (phases, n) [kWh]."""
    most = np.inf if household.phases is None else household.phases.max_kw * household.rest.slot_hours
    return np.maximum(np.abs(net) - most, 0.0)


def plan_net_kwh(plan: HouseholdPlan) -> Series:
    """What each phase carries in a plan, shape (phases, n) [kWh]."""
    plans = [part.plan for part in plan.batteries]
    return net_kwh(plan.household, plan.devices, plans, plan.flows.curtail_kwh)


def within_phases(plan: HouseholdPlan, number: int, modes: Sequence[Mode]) -> tuple[Mode, ...]:
    """The modes of the first slots of one battery, its powers no higher than what its phases have left beside the
    plan's other flows as they are expected."""
    household, battery = plan.household, plan.household.batteries[number]
    if household.phases is None:
        return tuple(modes)
    own = np.zeros((len(household.phases.load_shares), len(household.rest)))
    part = plan.batteries[number].plan
    _put(own, battery.phases, part.charge_kwh - part.discharge_kwh)
    others = plan_net_kwh(plan) - own
    on = [phase - 1 for phase in battery.phases]
    hours, most = household.rest.slot_hours, household.phases.max_kw
    charge = len(on) * np.maximum(most - others[on].max(axis=0) / hours, 0.0)
    discharge = len(on) * np.maximum(most + others[on].min(axis=0) / hours, 0.0)
    return tuple(
        replace(
            mode,
            charge_kw=min(mode.charge_kw, float(charge[slot])),
            discharge_kw=min(mode.discharge_kw, float(discharge[slot])),
        )
        for slot, mode in enumerate(modes)
    )


def full_phase(plan: HouseholdPlan, run: DeviceRun, first: int, end: int) -> int | None:
    """The phase that keeps a device below its power in slots [first, end) of a plan; None where none does."""
    phases, wish = plan.household.phases, run.wish
    if phases is None or isinstance(wish.plan, OnOffLoad):
        return None
    hours, net = plan.household.rest.slot_hours, plan_net_kwh(plan)
    power = _power_kw(wish.plan)
    drawn = run.energy_kwh[first:end]
    below = (drawn > LEAST_KWH) & (drawn < power * hours - LEAST_KWH)
    for phase in wish.phases:
        if (below & (net[phase - 1, first:end] >= phases.max_kw * hours - LEAST_KWH)).any():
            return phase
    return None


def _power_kw(plan: Car | Tank | Boost) -> float:
    if isinstance(plan, Car):
        return plan.max_kw
    return plan.heater_kw if isinstance(plan, Tank) else plan.boost_kw


def overloads(plan: HouseholdPlan) -> list[Overload]:
    """The phases that a plan overloads."""
    net = plan_net_kwh(plan)
    found = []
    for phase, over in enumerate(over_kwh(plan.household, net), start=1):
        slots = np.flatnonzero(over > LEAST_KWH)
        if len(slots):
            most = float(np.abs(net[phase - 1]).max()) / plan.household.rest.slot_hours
            found.append(Overload(phase, int(slots[0]), int(slots[-1]) + 1, float(over.sum()), most))
    return found


def _phases(home: Home, phase: int | None) -> tuple[int, ...]:
    return tuple(range(1, home.phases + 1)) if phase is None else (phase,)


def _put(net: Series, phases: Sequence[int], energy: Series) -> None:
    for phase in phases:
        net[phase - 1] += energy / len(phases)
