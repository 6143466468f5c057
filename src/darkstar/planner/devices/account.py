"""What a home's plan comes to: one account for whatever engine it came from."""

import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from darkstar.domain.power_tariff import power_cost
from darkstar.planner.accounting import Moves, cost, terminal_value
from darkstar.planner.devices.household import BatteryPart, Household, HouseholdPlan, problem_of, with_battery
from darkstar.planner.devices.run import DeviceRun
from darkstar.planner.fast.engine import FastEngine, plan_of
from darkstar.planner.phases import net_kwh, over_kwh
from darkstar.planner.problem import Plan, Problem, Series

LEAST_GAP = 1e-7


def money(household: Household, plans: Sequence[Plan], site: Problem) -> float:
    """Cost of the home's flows, all batteries' wear and what is left in them counted; power tariffs are not."""
    if not plans:
        return FastEngine().solve(site).cost
    last = len(plans) - 1
    total = cost(
        problem_of(household, site, plans, last), moves_of(plans[last]), float(plans[last].soc_kwh[-1])
    )
    for battery, plan in zip(household.batteries[:last], plans[:last], strict=True):
        storage = battery.storage
        total += storage.wear_charge * float(plan.charge_kwh.sum())
        total += storage.wear_discharge * float(plan.discharge_kwh.sum())
        total -= terminal_value(with_battery(site, battery), float(plan.soc_kwh[-1]))
    return total


def account(
    household: Household,
    runs: Sequence[DeviceRun],
    plans: Sequence[Plan],
    site: Problem,
    *,
    bound: float,
    engine: str,
) -> HouseholdPlan:
    """What these plans come to.

    Args:
        site: the rest of the home and what its devices draw.
        bound: no plan costs less.
    """
    parts = tuple(
        _part(battery.name, problem_of(household, site, plans, number), plans[number])
        for number, battery in enumerate(household.batteries)
    )
    flows = parts[-1].plan if parts else FastEngine().solve(site)
    fees = _added_fees(household, flows.import_kwh + flows.breach_kwh)
    total = money(household, [part.plan for part in parts], site) + fees
    total += sum(run.cost - run.left_worth for run in runs)
    if household.phases is not None:
        carried = net_kwh(household, runs, [part.plan for part in parts], flows.curtail_kwh)
        total += site.grid.import_breach_cost * float(over_kwh(household, carried).sum())
    gap = (total - bound) / max(1.0, abs(total))
    return HouseholdPlan(
        household=household,
        flows=flows,
        batteries=parts,
        devices=tuple(runs),
        power_cost=fees,
        cost=total,
        gap=gap if gap > LEAST_GAP else 0.0,
        engine=engine,
        ms=0.0,
    )


def _added_fees(household: Household, import_kwh: Series) -> float:
    """What the power tariffs' fees rise by over the fee that the past alone comes to."""
    tariffs = [metered.tariff for metered in household.power_tariffs]
    past = [metered.so_far for metered in household.power_tariffs]
    nothing = np.zeros(len(import_kwh))
    return power_cost(tariffs, household.slots, import_kwh, household.tz, past) - power_cost(
        tariffs, household.slots, nothing, household.tz, past
    )


def _part(name: str, problem: Problem, plan: Plan) -> BatteryPart:
    """A battery's part; import and export are resolved anew, for all else may have moved since it was planned."""
    resolved = plan_of(problem, np.diff(plan.soc_kwh), time.perf_counter())
    return BatteryPart(name, problem, replace(resolved, ms=plan.ms, engine=plan.engine))


def moves_of(plan: Plan) -> Moves:
    """What a plan decides."""
    return Moves(
        plan.charge_kwh,
        plan.discharge_kwh,
        plan.import_kwh,
        plan.export_kwh,
        plan.curtail_kwh,
        plan.breach_kwh,
    )
