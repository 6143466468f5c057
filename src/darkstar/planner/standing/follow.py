"""A home's plan with the batteries doing as another plan says, and with devices held to that one's slots.

What a plan hands on are modes, so what it comes to is found by carrying them out on the load and the sun that are
expected now, from the energy stored now. Where a power tariff or phases limit the home, modes alone do not keep the
limits that a plan's energies keep, nor does the best that one battery can do: there its energies are carried on as far
as the battery allows, and the new plan's behind them. Behind the last mode the best that can come is planned.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from darkstar.planner.devices.account import account
from darkstar.planner.devices.household import Household, HouseholdPlan, problem_of, with_devices
from darkstar.planner.devices.wish import Wish
from darkstar.planner.fast.engine import FastEngine
from darkstar.planner.full.site import Car
from darkstar.planner.problem import Plan, Problem, Series
from darkstar.planner.steady import then_the_best, within_battery

LEAST_KWH = 1e-6
"""A device that draws less is off."""


Mover = Callable[[Problem], Series]
"""By how much the energy stored changes in each of the first slots of a battery's problem, shape (m,) [kWh]."""


def follow(whole: HouseholdPlan, movers: Sequence[Mover]) -> HouseholdPlan:
    """The same devices, the batteries as their movers say, one for each.

    Several batteries follow theirs one after the other, each around what the others do.
    """
    home, engine = whole.household, FastEngine()
    if not whole.batteries:
        return whole
    site = with_devices(home.rest, whole.devices)
    limited = replace(site, grid=whole.batteries[0].problem.grid)
    plans = [part.plan for part in whole.batteries]
    for number, mover in enumerate(movers):
        problem = problem_of(home, limited, plans, number)
        plans[number] = then_the_best(problem, mover(problem), engine)
    followed = account(
        home,
        whole.devices,
        plans,
        site if not home.power_tariffs else _at_its_peak(site, limited, plans),
        bound=whole.cost - whole.gap * max(1.0, abs(whole.cost)),
        engine=whole.engine,
    )
    return replace(followed, finished=whole.finished, phaseless=whole.phaseless)


def energies(before_kwh: Series, new_kwh: Series, slots: int) -> Mover:
    """What one course of the energy stored changes by in its first slots, then another one, shape (m + 1,) each."""
    changes = np.concatenate([np.diff(before_kwh)[:slots], np.diff(new_kwh)[slots:]])
    return lambda problem: within_battery(problem, changes)


def keeps_limits_by_energy(household: Household) -> bool:
    """Whether something limits the home that modes alone do not keep to."""
    return bool(household.power_tariffs) or household.phases is not None


def held_to(household: Household, energy_kwh: Mapping[str, Series], slots: int) -> Household:
    """The same home, whose devices may in the first slots draw only where they do by these series, shape (n,) each."""
    return replace(
        household,
        devices=tuple(_held(wish, energy_kwh[wish.name][:slots] > LEAST_KWH) for wish in household.devices),
    )


def _held(wish: Wish, on: "np.ndarray[tuple[int], np.dtype[np.bool_]]") -> Wish:
    may = wish.available.copy()
    may[: len(on)] &= on
    plan = wish.plan
    if isinstance(plan, Car):
        return replace(wish, available=may, plan=replace(plan, connected=plan.connected & may))
    allowed = may if plan.available is None else plan.available & may
    return replace(wish, available=may, plan=replace(plan, available=allowed))


def _at_its_peak(site: Problem, limited: Problem, plans: Sequence[Plan]) -> Problem:
    """The site, its import held under what these plans draw at most or under the limit that they were made for."""
    drawn = plans[-1].import_kwh + plans[-1].breach_kwh
    peak_kw = max(float(drawn.max()) / site.slot_hours, limited.grid.import_max_kw)
    return replace(site, grid=replace(site.grid, import_max_kw=min(peak_kw, site.grid.import_max_kw)))
