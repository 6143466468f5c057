"""Transfers: hand-computed pairs; gains that add up and, without kinks, never lose; any plan."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from darkstar.planner.fast.engine import FastEngine
from darkstar.planner.problem import Problem
from darkstar.planner.why.tracing import Transfer, idle_cost, money_of, transfers_of
from tests.planner.cases import STORAGE, problem
from tests.planner.random_problems import random_problem

ENGINE = FastEngine()


def _transfers(given_problem: Problem) -> list[Transfer]:
    plan = ENGINE.solve(given_problem)
    return transfers_of(given_problem, plan, money_of(given_problem, plan))


def test_bought_at_night_used_in_the_evening() -> None:
    # 2 kWh drawn at 1 store 1.6, which give 0.8 at 10: 8 - 2.
    (transfer,) = _transfers(problem(load=[0, 2, 2], buy=[1, 9, 10], sell=[0, 0, 0]))
    assert transfer == Transfer(
        0, 2, charges_first=True, stored_kwh=pytest.approx(1.6), gain=pytest.approx(6.0)
    )


def test_used_first_and_stored_again() -> None:
    # Full: 4 kWh give 2 at 10. The next hour draws 2 kWh at 1 and stores 1.6; the rest, 2.4 stored, is missed.
    full = problem(load=[2, 0], buy=[10, 1], sell=[0, 0], soc=4, worth=[2.0], worth_kwh=[4.0])
    refilled, missing = _transfers(full)
    assert (refilled.first, refilled.second, refilled.charges_first) == (0, 1, False)
    assert refilled.gain == pytest.approx(1.6 * 0.5 * 10 - 2.0)
    assert (missing.first, missing.second) == (0, None)
    assert missing.gain == pytest.approx(2.4 * 0.5 * 10 - 2.4 * 2.0)


def test_the_last_in_is_the_first_out() -> None:
    # 1.6 kWh stored at 2 in the first hour and at 1 in the second; the first use takes what came last.
    found = _transfers(problem(load=[0, 0, 0.8, 0.8], buy=[2, 1, 20, 10], sell=[0] * 4))
    assert [(transfer.first, transfer.second) for transfer in found] == [(0, 3), (1, 2)]
    assert [transfer.gain for transfer in found] == pytest.approx([8 - 4, 16 - 2])


def test_left_over_is_credited_at_the_end() -> None:
    (transfer,) = _transfers(problem(load=[0], buy=[1], sell=[0], worth=[3.0], worth_kwh=[4.0]))
    assert transfer.second is None
    assert transfer.gain == pytest.approx(1.6 * 3 - 2)


def test_sun_costs_what_it_would_sell_for() -> None:
    sunny = problem(load=[0, 1], pv=[1, 0], buy=[5, 5], sell=[0.5, 0.5])
    plan = ENGINE.solve(sunny)
    assert money_of(sunny, plan).price.tolist() == pytest.approx([0.5, 5.0])


def test_wear_is_in_the_gain_and_not_in_the_price() -> None:
    worn = replace(STORAGE, wear_charge=0.2, wear_discharge=0.3)
    night = problem(load=[0, 2], buy=[1, 10], sell=[0, 0], storage=worn)
    plan = ENGINE.solve(night)
    money = money_of(night, plan)
    assert money.price.tolist() == pytest.approx([1.0, 10.0])
    assert money.extra.tolist() == pytest.approx([2 * 1.2, -0.8 * 9.7])


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32 - 1), st.booleans())
def test_gains_add_up(seed: int, deep: bool) -> None:
    """To the cost of the battery left alone less the plan's, kinks or not."""
    any_problem = random_problem(seed, deep=deep)
    plan = ENGINE.solve(any_problem)
    gains = [transfer.gain for transfer in transfers_of(any_problem, plan, money_of(any_problem, plan))]
    assert sum(gains) == pytest.approx(idle_cost(any_problem) - plan.cost, abs=1e-9)
    if not deep:
        assert min(gains, default=0.0) > -1e-7


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_every_bit_moved_is_in_one_transfer(seed: int) -> None:
    any_problem = random_problem(seed)
    plan = ENGINE.solve(any_problem)
    moved = np.zeros(len(any_problem))
    for transfer in transfers_of(any_problem, plan, money_of(any_problem, plan)):
        moved[transfer.first] += transfer.stored_kwh
        if transfer.second is not None:
            assert transfer.first < transfer.second
            moved[transfer.second] += transfer.stored_kwh
    assert moved.tolist() == pytest.approx(np.abs(np.diff(plan.soc_kwh)).tolist(), abs=1e-7)
