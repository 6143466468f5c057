"""Thresholds and shadow prices: by hand, and against planning again just before and just beyond them."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from darkstar.planner.fast.engine import FastEngine
from darkstar.planner.problem import Plan, Problem
from darkstar.planner.why.blocks import Action, Block, blocks_of
from darkstar.planner.why.whatif import PriceKind, Room, Worths
from tests.planner.cases import problem
from tests.planner.random_problems import random_problem

ENGINE = FastEngine()


def test_rest_begins_to_charge_below_a_price() -> None:
    # A kWh drawn gives 0.8 * 0.5 at 10: worth 4. At 5 it rests, below 4 it charges: a fall of 1.
    dear = problem(load=[0, 2], buy=[5, 10], sell=[0, 0])
    plan = ENGINE.solve(dear)
    room = Worths(dear, plan).room(Block(0, 1, Action.REST), PriceKind.IMPORT)
    assert room.fall == pytest.approx(1.0)
    assert room.rise is None


def test_charging_ends_above_a_price() -> None:
    cheap = problem(load=[0, 2], buy=[1, 10], sell=[0, 0])
    room = Worths(cheap, ENGINE.solve(cheap)).room(Block(0, 1, Action.CHARGE), PriceKind.IMPORT)
    assert room.rise == pytest.approx(3.0)


def test_worth_by_what_has_been_and_what_is_to_come() -> None:
    # Stored at 1 / 0.8 at most; used at 10 * 0.5. At the start anything goes, at the end nothing is left.
    cheap = problem(load=[0, 2], buy=[1, 10], sell=[0, 0])
    worths = Worths(cheap, ENGINE.solve(cheap))
    assert worths.up_to_here(0) == (-np.inf, np.inf)
    assert worths.from_here(1) == pytest.approx((5.0, 5.0))
    assert worths.up_to_here(1)[0] == pytest.approx(1.25)
    assert worths.from_here(2)[0] == 0.0


@pytest.mark.parametrize("seed", range(8))
def test_nothing_is_said_where_burning_energy_pays(seed: int) -> None:
    burning = random_problem(seed, deep=True)
    plan = ENGINE.solve(burning)
    worths = Worths(burning, plan)
    assert not worths.convex
    for block in blocks_of(burning, plan):
        for kind in PriceKind:
            assert worths.room(block, kind) == Room(None, None)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1))
@pytest.mark.slow
def test_just_beyond_a_threshold_the_plan_changes_and_just_before_not(seed: int) -> None:
    """Before it no plan is cheaper than this one at the moved prices; beyond it one is."""
    any_problem = random_problem(seed, slots=16)
    plan = ENGINE.solve(any_problem)
    worths = Worths(any_problem, plan)
    for block in blocks_of(any_problem, plan):
        for kind in PriceKind:
            room = worths.room(block, kind)
            for direction, far in ((-1, room.fall), (1, room.rise)):
                if far is None:
                    continue
                if far > 1e-3:
                    assert _better_by(any_problem, plan, block, kind, direction * (far - 1e-4)) < 1e-8
                assert _better_by(any_problem, plan, block, kind, direction * (far + 1e-3)) > 1e-8


def _better_by(given_problem: Problem, plan: Plan, block: Block, kind: PriceKind, shift: float) -> float:
    """What the best plan at moved prices costs less than the old one would there."""
    slots = block.slots
    if kind is PriceKind.IMPORT:
        prices = given_problem.import_price.copy()
        prices[slots] += shift
        moved = replace(given_problem, import_price=prices)
        kwh = float((plan.import_kwh + plan.breach_kwh)[slots].sum())
    else:
        prices = given_problem.export_price.copy()
        prices[slots] += shift
        moved = replace(given_problem, export_price=prices)
        kwh = -float(plan.export_kwh[slots].sum())
    return plan.cost + shift * kwh - ENGINE.solve(moved).cost
