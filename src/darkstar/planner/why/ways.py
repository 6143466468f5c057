"""What the time ahead would cost in several ways, if all comes as expected.

    at_once  devices as soon as they may, the batteries by self-consumption; only where there are devices
    none     devices as planned, the batteries left alone
    rule     devices as planned, the batteries by self-consumption
    plan     the plan

Export and curtailment are resolved at their best in all of them, so that they differ by what is planned.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from darkstar.domain.power_course import power_cost_by_slot
from darkstar.planner.accounting import terminal_value
from darkstar.planner.devices.at_once import at_once
from darkstar.planner.devices.household import Household, HouseholdPlan, around, with_battery, with_devices
from darkstar.planner.devices.tank import left_worth
from darkstar.planner.devices.wish import Wish
from darkstar.planner.full.site import Tank
from darkstar.planner.loads.model import with_energy
from darkstar.planner.problem import Problem, Series
from darkstar.planner.why.tracing import site_flows, slot_costs


class Way(StrEnum):
    """See above."""

    AT_ONCE = "at_once"
    NONE = "none"
    RULE = "rule"
    PLAN = "plan"


@dataclass(frozen=True)
class WayCost:
    """The cost of one way.

    Attributes:
        slot_costs: what each slot costs, power fees included, shape (n,).
        left_worth: worth of the energy left in the batteries at the end, and of the heat left in a tank.
    """

    slot_costs: Series
    left_worth: float

    @property
    def cost(self) -> float:
        """All in; what is left is credited."""
        return float(self.slot_costs.sum()) - self.left_worth


Rule = Callable[[Problem, int], Series]
"""How one battery's energy changes in each slot, given what all else leaves it, and its number."""


def ways(whole: HouseholdPlan) -> Mapping[Way, WayCost]:
    """The ways of a home; what a device lacks is not money."""
    home = whole.household
    site = with_devices(home.rest, whole.devices)
    found: dict[Way, WayCost] = {}
    if whole.devices:
        drawn = sum((at_once(run.wish, site.slot_hours) for run in whole.devices), np.zeros(len(site)))
        unplanned = with_energy(home.rest, drawn)
        heat = sum(_heat_left(run.wish, at_once(run.wish, site.slot_hours), site) for run in whole.devices)
        found[Way.AT_ONCE] = _cost(home, unplanned, _self_consumption, heat)
    if home.batteries:
        heat = _heat_planned(whole)
        found[Way.NONE] = _cost(home, site, lambda problem, _: np.zeros(len(problem)), heat)
        found[Way.RULE] = _cost(home, site, _self_consumption, heat)
    found[Way.PLAN] = as_planned(whole)
    return found


def as_planned(whole: HouseholdPlan) -> WayCost:
    """What a plan itself would cost; what a device lacks is not money."""
    site = with_devices(whole.household.rest, whole.devices)
    planned = [np.diff(part.plan.soc_kwh) for part in whole.batteries]
    return _cost(whole.household, site, lambda _, number: planned[number], _heat_planned(whole))


def _heat_planned(whole: HouseholdPlan) -> float:
    return sum(run.left_worth for run in whole.devices)


def self_consumption_moves(problem: Problem) -> Series:
    """Change of the energy stored in each slot if surplus is stored and deficit covered; shape (n,) [kWh]."""
    storage, hours = problem.storage, problem.slot_hours
    stored, moves = problem.soc_start_kwh, np.zeros(len(problem))
    for slot, surplus in enumerate((problem.pv_kwh - problem.load_kwh).tolist()):
        if surplus > 0:
            most = min(surplus, storage.charge_max_kw * hours) * storage.charge_efficiency
            moves[slot] = min(most, storage.soc_max_kwh - stored)
        else:
            most = min(-surplus, storage.discharge_max_kw * hours) / storage.discharge_efficiency
            moves[slot] = -min(most, stored - storage.soc_min_kwh)
        stored += moves[slot]
    return moves


def _self_consumption(problem: Problem, _: int) -> Series:
    return self_consumption_moves(problem)


def _heat_left(wish: Wish, energy_kwh: Series, site: Problem) -> float:
    return left_worth(wish.plan, energy_kwh, site.slot_hours) if isinstance(wish.plan, Tank) else 0.0


def _cost(home: Household, site: Problem, rule: Rule, heat_worth: float) -> WayCost:
    """One battery after the other; each sees what those before it leave."""
    wear, left = np.zeros(len(site)), heat_worth
    flows = site_flows(site, np.zeros(len(site)))
    for number, battery in enumerate(home.batteries):
        problem = with_battery(site, battery)
        moves = rule(problem, number)
        flows = site_flows(problem, moves)
        storage, (charge, discharge) = battery.storage, flows[:2]
        wear += storage.wear_charge * charge + storage.wear_discharge * discharge
        left += terminal_value(problem, problem.soc_start_kwh + float(moves.sum()))
        site = around(site, charge, discharge)
    return WayCost(slot_costs(home.rest, flows) + wear + _fees(home, flows[2] + flows[5]), left)


def _fees(home: Household, import_kwh: Series) -> Series:
    """What each slot raises the power tariffs' fees by, shape (n,)."""
    tariffs = [metered.tariff for metered in home.power_tariffs]
    past = [metered.so_far for metered in home.power_tariffs]
    arguments = (tariffs, home.slots)
    return power_cost_by_slot(*arguments, import_kwh, home.tz, past) - power_cost_by_slot(
        *arguments, np.zeros(len(import_kwh)), home.tz, past
    )
