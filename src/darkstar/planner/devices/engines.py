"""A home planned as a whole: batteries, on/off loads, cars, a power tariff; one question, the engine that fits it.

    at most one battery, nothing else            the recursion, exact (`fast.engine`)
    at most one battery, one or two on/off loads the recursion over battery and loads, exact (`fast.loads`)
    everything else                              the full engine, with a time limit and a proven gap (`full.engine`)

The loads come first. Once it stands what they draw, each battery is planned exactly around it and around the other
batteries (`around`), in turns until nothing moves: that never costs more, and gives each battery a problem of its own
to be explained by and to follow the value of stored energy in. Where a power tariff is in force, a battery's problem
may draw no more than the plan's own peak, and what the full engine planned stays where that is cheaper.

Where the time was too short for a good plan, devices are planned one by one as well (`devices.one_by_one`), and the
cheaper of the two is the answer.

Phases are looked at last: a plan that keeps their limits without being asked is the cheapest with them as well; else
the full engine plans with them, whatever the home.

Whatever way a plan came, money is counted by the same functions.
"""

import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from darkstar.domain.errors import UsageError
from darkstar.planner.devices.account import account, money
from darkstar.planner.devices.household import (
    Household,
    HouseholdPlan,
    problem_of,
    with_battery,
    with_devices,
)
from darkstar.planner.devices.one_by_one import one_by_one
from darkstar.planner.devices.run import DeviceRun, load_run, runs_of
from darkstar.planner.fast.engine import FastEngine
from darkstar.planner.fast.loads import LoadsRecursion
from darkstar.planner.full.engine import FullEngine
from darkstar.planner.full.plan import SitePlan
from darkstar.planner.full.site import Boost, Car, Connection, PvString, Site, SiteLoad, Tank
from darkstar.planner.loads.model import LoadedProblem, OnOffLoad
from darkstar.planner.phases import overloads
from darkstar.planner.problem import Plan, Problem

FULL_SECONDS = 2.0
MOST_EXACT_LOADS = 2
TURNS = 4
"""How often each of several batteries is planned anew around the others, at most."""
SAME_COST = 1e-9
LARGE_GAP = 0.01
"""Further from proven than this, devices planned one by one may be the better plan."""


def plan_household(household: Household, *, seconds: float = FULL_SECONDS) -> HouseholdPlan:
    """The cheapest plan of a home.

    Args:
        seconds: time limit of the full engine.

    Raises:
        UsageError: the numbers make no sense (`checks.check`, `loads_checks.check`, `site_checks.check`).
    """
    began = time.perf_counter()
    if household.phases is None:
        found = _solve(household, seconds)
    else:
        # What keeps the phases' limits unasked is as good as any plan that was asked to.
        found = replace(_solve(replace(household, phases=None), seconds / 2), household=household)
        if overloads(found):
            found = replace(_full(household, seconds / 2), phaseless=found)
    return replace(found, ms=(time.perf_counter() - began) * 1000)


def _solve(household: Household, seconds: float) -> HouseholdPlan:
    loads = [wish.plan for wish in household.devices if isinstance(wish.plan, OnOffLoad)]
    only_loads = len(loads) == len(household.devices) and len(loads) <= MOST_EXACT_LOADS
    if only_loads and len(household.batteries) <= 1 and not household.power_tariffs:
        return _exact(household, loads, seconds)
    return _full(household, seconds)


def _exact(household: Household, loads: list[OnOffLoad], seconds: float) -> HouseholdPlan:
    rest = household.rest
    alone = with_battery(rest, household.batteries[0]) if household.batteries else rest
    if not loads:
        plan = FastEngine().solve(alone)
        plans = [plan] if household.batteries else []
        return account(household, (), plans, rest, bound=plan.cost, engine=plan.engine)
    try:
        loaded = LoadsRecursion().solve(LoadedProblem(alone, tuple(loads)))
    except UsageError:
        # Too large for the recursion; what is unsound the full engine refuses as well.
        return _full(household, seconds)
    runs = tuple(load_run(wish, run) for wish, run in zip(household.devices, loaded.runs, strict=True))
    bound = loaded.plan.cost - loaded.plan.gap * max(1.0, abs(loaded.plan.cost))
    site = with_devices(rest, runs)
    plans = [FastEngine().solve(with_battery(site, battery)) for battery in household.batteries]
    return account(household, runs, plans, site, bound=bound, engine=loaded.plan.engine)


def _full(household: Household, seconds: float) -> HouseholdPlan:
    found = FullEngine(seconds=seconds).solve(_site(household))
    planned = [
        Plan(
            charge_kwh=run.charge_kwh,
            discharge_kwh=run.discharge_kwh,
            import_kwh=found.import_kwh - found.breach_kwh,
            export_kwh=found.export_kwh,
            curtail_kwh=sum(found.curtail_kwh, np.zeros(len(found.slots))),
            breach_kwh=found.breach_kwh,
            soc_kwh=run.soc_kwh,
            cost=0.0,
            gap=0.0,
            ms=found.ms,
            engine=found.engine,
        )
        for run in found.batteries
    ]
    answer = _around_batteries(household, runs_of(household.devices, found), planned, found)
    if not answer.gap <= LARGE_GAP and household.devices:
        runs = _quick(household, found)
        if runs is not None:
            quick = _around_batteries(household, runs, planned, found)
            answer = min(answer, quick, key=lambda one: one.cost)
    return replace(answer, finished=found.finished)


def _around_batteries(
    household: Household, runs: tuple[DeviceRun, ...], planned: Sequence[Plan], found: SitePlan
) -> HouseholdPlan:
    """The batteries' plans around what devices draw: exact in turns, or as they were planned where that is cheaper."""
    site = with_devices(household.rest, runs)
    if household.power_tariffs:
        peak_kw = float(found.import_kwh.max()) / site.slot_hours
        site = replace(site, grid=replace(site.grid, import_max_kw=min(peak_kw, site.grid.import_max_kw)))
    turned, as_found = (
        account(household, runs, plans, site, bound=found.bound, engine=found.engine)
        for plans in (_in_turns(household, site, planned), planned)
    )
    cheaper = as_found.cost < turned.cost - SAME_COST * max(1.0, abs(turned.cost))
    return as_found if cheaper else turned


def _quick(household: Household, found: SitePlan) -> tuple[DeviceRun, ...] | None:
    """What devices draw if they are planned one by one around tanks and boosts; None where that is too large."""
    rest = household.rest
    alone = with_battery(rest, household.batteries[0]) if household.batteries else rest
    as_found = {run.wish.name: run for run in runs_of(household.devices, found)}
    kept = [as_found[wish.name] for wish in household.devices if isinstance(wish.plan, Tank | Boost)]
    others = [wish for wish in household.devices if not isinstance(wish.plan, Tank | Boost)]
    try:
        planned = {run.wish.name: run for run in one_by_one(others, with_devices(alone, kept))}
    except UsageError:
        return None
    return tuple(planned.get(wish.name, as_found[wish.name]) for wish in household.devices)


def _in_turns(household: Household, site: Problem, planned: Sequence[Plan]) -> list[Plan]:
    """The batteries' plans, each exact around the others'."""
    engine, plans = FastEngine(), list(planned)
    before = np.inf
    for _ in range(TURNS):
        for number in range(len(plans)):
            plans[number] = engine.solve(problem_of(household, site, plans, number))
        cost = money(household, plans, site)
        if len(plans) <= 1 or before - cost <= SAME_COST * max(1.0, abs(cost)):
            break
        before = cost
    return plans


def _site(household: Household) -> Site:
    """The home as the full engine sees it."""
    rest, n, phases = household.rest, len(household.rest), household.phases
    connection = Connection(
        np.full(n, rest.grid.import_max_kw),
        np.full(n, rest.grid.export_max_kw),
        breach_cost=rest.grid.import_breach_cost,
    )
    sun = PvString("sun", rest.pv_kwh, curtailment_cost=rest.grid.curtailment_cost)
    if phases is not None:
        connection = replace(connection, phase_max_kw=phases.max_kw, load_shares=phases.load_shares)
        sun = replace(sun, phases=phases.pv_phases)
    return Site(
        slots=household.slots,
        tz=household.tz,
        load_kwh=rest.load_kwh,
        import_price=rest.import_price,
        export_price=rest.export_price,
        connection=connection,
        batteries=household.batteries,
        strings=(sun,),
        tanks=tuple(
            replace(wish.plan, phases=wish.phases)
            for wish in household.devices
            if isinstance(wish.plan, Tank)
        ),
        cars=tuple(
            replace(wish.plan, phases=wish.phases) for wish in household.devices if isinstance(wish.plan, Car)
        ),
        boosts=tuple(
            # What it draws anyway is part of the load, so it cannot be more.
            replace(wish.plan, phases=wish.phases, base_kwh=np.minimum(wish.plan.base_kwh, rest.load_kwh))
            for wish in household.devices
            if isinstance(wish.plan, Boost)
        ),
        loads=tuple(
            SiteLoad(wish.plan, wish.phases) for wish in household.devices if isinstance(wish.plan, OnOffLoad)
        ),
        power_tariffs=household.power_tariffs,
        slot_hours=rest.slot_hours,
    )
