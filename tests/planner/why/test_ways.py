"""The three ways: by hand, and the plan never the dearest."""

from collections.abc import Mapping
from dataclasses import replace
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from darkstar.domain.slots import SLOT_SECONDS, slot_range
from darkstar.planner.devices.account import account
from darkstar.planner.devices.household import NO_STORAGE, Household
from darkstar.planner.fast.engine import FastEngine
from darkstar.planner.full.site import SiteBattery
from darkstar.planner.problem import Plan, Problem, TerminalValue
from darkstar.planner.why.ways import Way, WayCost, self_consumption_moves, ways
from tests.planner.cases import problem
from tests.planner.random_problems import random_problem

ENGINE = FastEngine()


def _ways(problem: Problem, plan: Plan) -> Mapping[Way, WayCost]:
    """The ways of a home with nothing but this battery."""
    rest = replace(
        problem, storage=NO_STORAGE, soc_start_kwh=0.0, terminal=TerminalValue(np.zeros(0), np.zeros(0))
    )
    battery = SiteBattery("battery", problem.storage, problem.soc_start_kwh, problem.terminal)
    slots = slot_range(0, len(problem) * SLOT_SECONDS)
    home = Household(slots, ZoneInfo("Europe/Stockholm"), rest, (battery,))
    return ways(account(home, (), [plan], rest, bound=plan.cost, engine=plan.engine))


def test_sun_and_evening() -> None:
    # Self-consumption stores 1 of sun as 0.8, which cover 0.4 of the load; the plan also buys 1 more at 1.
    day = problem(load=[0, 2], pv=[1, 0], buy=[1, 10], sell=[0.5, 0])
    assert self_consumption_moves(day).tolist() == pytest.approx([0.8, -0.8])
    found = _ways(day, ENGINE.solve(day))
    assert found[Way.NONE].cost == pytest.approx(20 - 0.5)
    assert found[Way.RULE].slot_costs.tolist() == pytest.approx([0.0, 16.0])
    assert found[Way.PLAN].slot_costs.tolist() == pytest.approx([1.0, 12.0])


def test_self_consumption_stops_at_full_and_at_empty() -> None:
    # 4 kWh of sun at 2 kW store 1.6 each hour until the battery holds its 4; 2 kW of load take 4 out in one hour.
    sunny = problem(load=[0, 0, 0, 2, 2], pv=[4, 4, 4, 0, 0], buy=[9] * 5, sell=[0] * 5)
    assert self_consumption_moves(sunny).tolist() == pytest.approx([1.6, 1.6, 0.8, -4.0, 0.0])


def test_what_is_left_is_credited() -> None:
    kept = problem(load=[0], buy=[9], sell=[0], soc=2, worth=[3.0], worth_kwh=[4.0])
    assert [way.cost for way in _ways(kept, ENGINE.solve(kept)).values()] == pytest.approx([-6.0] * 3)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.booleans())
def test_the_plan_is_never_dearer(seed: int, deep: bool) -> None:
    any_problem = random_problem(seed, deep=deep)
    plan = ENGINE.solve(any_problem)
    found = _ways(any_problem, plan)
    assert found[Way.PLAN].cost == pytest.approx(plan.cost, abs=1e-6)
    assert found[Way.PLAN].cost <= min(found[Way.NONE].cost, found[Way.RULE].cost) + 1e-6
