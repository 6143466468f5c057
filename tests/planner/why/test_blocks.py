"""Blocks: one action each, in order, without holes."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from darkstar.planner.fast.engine import FastEngine
from darkstar.planner.why.blocks import SHORT_REST_SLOTS, Action, Block, actions_of, blocks_of
from tests.planner.cases import problem
from tests.planner.random_problems import random_problem

ENGINE = FastEngine()


def test_each_action() -> None:
    # Sun for nothing is stored, cheap energy bought, dear load covered, and what is left sold at 30.
    day = problem(
        load=[0, 0, 0, 1, 0], pv=[1, 0, 0, 0, 0], buy=[9, 1, 20, 40, 41], sell=[0.1, 0, 0, 0, 30], soc=1.6
    )
    plan = ENGINE.solve(day)
    assert actions_of(day, plan) == [Action.STORE, Action.CHARGE, Action.REST, Action.COVER, Action.SELL]


def test_charging_beyond_the_surplus_is_from_the_grid() -> None:
    mixed = problem(load=[0, 2], pv=[1, 0], buy=[1, 10], sell=[0.5, 0.5])
    plan = ENGINE.solve(mixed)
    assert plan.charge_kwh[0] == pytest.approx(2.0)
    assert blocks_of(mixed, plan) == [Block(0, 1, Action.CHARGE), Block(1, 2, Action.COVER)]


def test_a_short_rest_does_not_part_a_block() -> None:
    # Without sun for two hours of four there is nothing to store; with three it is a rest of its own.
    for dark in (SHORT_REST_SLOTS, SHORT_REST_SLOTS + 1):
        hours = dark + 2
        cloudy = problem(
            load=[0] * hours,
            pv=[1, *[0] * dark, 1],
            buy=[9] * hours,
            sell=[0] * hours,
            worth=[1],
            worth_kwh=[4],
        )
        blocks = blocks_of(cloudy, ENGINE.solve(cloudy))
        assert len(blocks) == (1 if dark == SHORT_REST_SLOTS else 3)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_blocks_follow_each_other(seed: int) -> None:
    any_problem = random_problem(seed)
    blocks = blocks_of(any_problem, ENGINE.solve(any_problem))
    assert [block.first for block in blocks] == [0, *(block.end for block in blocks[:-1])]
    assert blocks[-1].end == len(any_problem)
