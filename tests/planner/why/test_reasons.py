"""Reasons: gains of blocks add up; shadow prices are what planning again with a bit more of a limit saves."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from darkstar.planner.fast.engine import FastEngine
from darkstar.planner.problem import Problem
from darkstar.planner.why.blocks import Action
from darkstar.planner.why.reasons import Explanation, Held, Limit, Link, explain
from darkstar.planner.why.tracing import idle_cost
from tests.planner.cases import GRID, STORAGE, problem
from tests.planner.random_problems import random_problem

ENGINE = FastEngine()


def _explained(given_problem: Problem) -> Explanation:
    return explain(given_problem, ENGINE.solve(given_problem), ENGINE)


def test_a_night_and_an_evening() -> None:
    # 2 kWh drawn at 1 store 1.6 and give 0.8 at 10. One more kWh drawn would have given 0.4 * 10 - 1.
    explanation = _explained(problem(load=[0, 2], buy=[1, 10], sell=[0, 0]))
    night, evening = explanation.reasons
    assert (night.block.action, evening.block.action) == (Action.CHARGE, Action.COVER)
    assert (night.kwh, night.price, night.gain) == pytest.approx((2.0, 1.0, 6.0))
    assert night.serves == (Link(1, 2, pytest.approx(0.8), pytest.approx(10.0)),)
    assert night.held == (Held(Limit.CHARGE_POWER, pytest.approx(3.0)),)
    assert night.above == pytest.approx(4.0)
    assert (evening.kwh, evening.price, evening.gain) == pytest.approx((0.8, 10.0, 0.0))
    assert evening.served_by == (Link(0, 1, pytest.approx(2.0), pytest.approx(1.0)),)
    assert evening.held == (Held(Limit.EMPTY),)
    assert explanation.gain == pytest.approx(6.0)
    assert explanation.more == ((Limit.CHARGE_POWER, pytest.approx(3.0)),)


def test_the_fuse_holds() -> None:
    narrow = problem(load=[0, 2], buy=[1, 10], sell=[0, 0], grid=replace(GRID, import_max_kw=1.5))
    assert _explained(narrow).reasons[0].held == (Held(Limit.FUSE, pytest.approx(3.0)),)


def test_the_feed_in_limit_holds() -> None:
    narrow = problem(load=[0, 0], buy=[1, 30], sell=[0, 10], soc=4, grid=replace(GRID, export_max_kw=0.5))
    *_, selling = _explained(narrow).reasons
    assert selling.block.action is Action.SELL
    assert selling.held == (Held(Limit.EXPORT_LIMIT, pytest.approx(10.0)),)


def test_a_full_battery_is_told_and_what_more_would_save() -> None:
    # 2 kWh at 1 fill the battery of 1.6; 1 kWh more takes 1.25 drawn, of which the power allows none: nothing more.
    small = problem(load=[0, 2], buy=[1, 10], sell=[0, 0], storage=replace(STORAGE, soc_max_kwh=0.8))
    explanation = _explained(small)
    assert Held(Limit.FULL) in explanation.reasons[0].held
    # 1 kWh drawn instead of 2; with more room 2 kWh are drawn.
    assert explanation.more == ((Limit.CAPACITY, pytest.approx(3.0)),)


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.booleans())
def test_gains_of_blocks_add_up(seed: int, deep: bool) -> None:
    any_problem = random_problem(seed, slots=16, deep=deep)
    plan = ENGINE.solve(any_problem)
    explanation = explain(any_problem, plan, ENGINE)
    assert sum(reason.gain for reason in explanation.reasons) == pytest.approx(explanation.gain, abs=1e-9)
    assert explanation.gain == pytest.approx(idle_cost(any_problem) - plan.cost)


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_shadow_prices_are_what_a_bit_more_power_saves(seed: int) -> None:
    """All of it for a limit that holds in one slot alone; no more than that for one of several slots."""
    any_problem = random_problem(seed, slots=12)
    plan = ENGINE.solve(any_problem)
    step = 1e-4
    storage = any_problem.storage
    wider = replace(any_problem, storage=replace(storage, charge_max_kw=storage.charge_max_kw + step))
    saving = (plan.cost - ENGINE.solve(wider).cost) / step
    worths = [
        held.worth
        for reason in explain(any_problem, plan, ENGINE).reasons
        for held in reason.held
        if held.limit is Limit.CHARGE_POWER and held.worth is not None
    ]
    at_limit = np.count_nonzero(plan.charge_kwh > storage.charge_max_kw - 1e-6)
    if at_limit == 1:
        assert sum(worths) == pytest.approx(saving, abs=1e-5)
    assert saving >= max(worths, default=0.0) - 1e-5


def test_the_same_problem_has_the_same_reasons() -> None:
    any_problem = random_problem(7)
    assert len({repr(_explained(any_problem)) for _ in range(10)}) == 1
