"""What the time ahead would cost in three ways, if all comes as expected: battery left alone, self-consumption, plan.

Export and curtailment are resolved at their best in all three, so that they differ by what the battery does.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from darkstar.planner.accounting import terminal_value
from darkstar.planner.problem import Plan, Problem, Series
from darkstar.planner.tracing import site_flows, slot_costs


class Way(StrEnum):
    """The battery left alone, self-consumption, the plan."""

    NONE = "none"
    RULE = "rule"
    PLAN = "plan"


@dataclass(frozen=True)
class WayCost:
    """The cost of one way.

    Attributes:
        slot_costs: what each slot costs, shape (n,).
        left_worth: worth of the energy left at the end.
    """

    slot_costs: Series
    left_worth: float

    @property
    def cost(self) -> float:
        """All in; what is left is credited."""
        return float(self.slot_costs.sum()) - self.left_worth


def ways(problem: Problem, plan: Plan) -> Mapping[Way, WayCost]:
    """The three ways."""
    moves = {
        Way.NONE: np.zeros(len(problem)),
        Way.RULE: self_consumption_moves(problem),
        Way.PLAN: np.diff(plan.soc_kwh),
    }
    return {way: _cost(problem, changes) for way, changes in moves.items()}


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


def _cost(problem: Problem, moves: Series) -> WayCost:
    left = terminal_value(problem, problem.soc_start_kwh + float(moves.sum()))
    return WayCost(slot_costs(problem, site_flows(problem, moves)), left)
