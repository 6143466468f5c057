"""A home and all that is planned in it: the question, the answer, and each battery's part of both."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

import numpy as np

from darkstar.domain.slots import Slots
from darkstar.planner.devices.run import DeviceRun
from darkstar.planner.devices.wish import Wish
from darkstar.planner.full.site import MeteredTariff, SiteBattery
from darkstar.planner.problem import Plan, Problem, Series, StorageModel

NO_STORAGE = StorageModel(0.0, 0.0, 0.0, 0.0, 1.0, 1.0)
"""The battery of a home that has none."""


@dataclass(frozen=True)
class PhaseLimits:
    """What each phase may carry, and how load and sun are spread over them.

    Attributes:
        max_kw: of each phase, either way.
        load_shares: of the load that nobody plans, one a phase.
        pv_phases: the phases that the sun feeds, counted from 1.
    """

    max_kw: float
    load_shares: tuple[float, ...]
    pv_phases: tuple[int, ...]


@dataclass(frozen=True)
class Household:
    """One problem.

    Attributes:
        rest: load that nobody plans, sun, prices and connection; its battery holds nothing.
        batteries, devices: what is planned.
        power_tariffs: with what the month has metered so far.
        phases: limits of the phases; None where the limit of their sum says it all.
    """

    slots: Slots
    tz: ZoneInfo
    rest: Problem
    batteries: tuple[SiteBattery, ...] = ()
    devices: tuple[Wish, ...] = ()
    power_tariffs: tuple[MeteredTariff, ...] = ()
    phases: PhaseLimits | None = None


@dataclass(frozen=True)
class BatteryPart:
    """One battery's plan, and the problem that all else leaves it."""

    name: str
    problem: Problem
    plan: Plan


@dataclass(frozen=True)
class HouseholdPlan:
    """An answer.

    Attributes:
        flows: the home's import, export and curtailment; those of one battery's plan, where there is any.
        power_cost: what the power tariffs' fees rise by.
        cost: everything, what is missing included and what is left credited.
        gap: proven relative distance from the optimum; infinite where nothing is proven.
        finished: the engine had all the time that it wanted.
        phaseless: the plan that only looked at the sum of the phases, where that overloads one of them.
    """

    household: Household
    flows: Plan
    batteries: tuple[BatteryPart, ...]
    devices: tuple[DeviceRun, ...]
    power_cost: float
    cost: float
    gap: float
    engine: str
    ms: float
    finished: bool = True
    phaseless: "HouseholdPlan | None" = None


def around(problem: Problem, charge_kwh: Series, discharge_kwh: Series) -> Problem:
    """A problem beside another battery that does this, both of shape (n,): its charge is load, its discharge sun."""
    return replace(problem, load_kwh=problem.load_kwh + charge_kwh, pv_kwh=problem.pv_kwh + discharge_kwh)


def with_battery(problem: Problem, battery: SiteBattery) -> Problem:
    """A problem with this battery in place of its own."""
    storage = battery.storage
    stored = min(max(battery.soc_start_kwh, storage.soc_min_kwh), storage.soc_max_kwh)
    return replace(problem, storage=storage, soc_start_kwh=stored, terminal=battery.terminal)


def with_devices(rest: Problem, runs: Sequence[DeviceRun]) -> Problem:
    """The rest of a home with what its devices draw, or spare of it."""
    drawn = sum((run.energy_kwh for run in runs), np.zeros(len(rest)))
    return replace(rest, load_kwh=np.maximum(rest.load_kwh + drawn, 0.0))


def problem_of(household: Household, site: Problem, plans: Sequence[Plan], number: int) -> Problem:
    """What all else leaves to one battery."""
    problem = with_battery(site, household.batteries[number])
    for other, plan in enumerate(plans):
        if other != number:
            problem = around(problem, plan.charge_kwh, plan.discharge_kwh)
    return problem
