"""Worths of stored energy: by hand, and where no slot has a kink they prove the battery's plan."""

import numpy as np
import pytest

from darkstar.planner.fast.loads_site import cost_with, scratch_of, site_of
from darkstar.planner.fast.loads_worth import cost_between, costs_at, lay_out_kinds, worths_of
from darkstar.planner.problem import Problem, Series
from tests.planner.cases import problem
from tests.planner.random_problems import random_problem

pytestmark = pytest.mark.slow
"""Compiling takes seconds."""


def planned(site: Problem) -> tuple[Series, float]:
    """The worths of the battery's plan, and the bound that they prove."""
    numbers, scratch = site_of(site), scratch_of(site)
    cost_with(numbers, np.zeros(len(site)), scratch)
    worth, costs = np.empty(len(site)), np.empty((len(site), 1))
    worths_of(scratch[0], scratch[1], scratch[7], numbers[8], numbers[7], numbers[5], numbers[6], worth)
    costs_at(lay_out_kinds(*numbers[:5], np.zeros(1)), worth, costs)
    between = cost_between(worth, numbers[8], numbers[7], numbers[5], numbers[6])
    return worth, between + float(costs.sum())


@pytest.mark.parametrize("seed", range(40))
def test_without_kinks_a_plans_worths_prove_it(seed: int) -> None:
    site = random_problem(seed)
    numbers, scratch = site_of(site), scratch_of(site)
    cost = cost_with(numbers, np.zeros(len(site)), scratch)
    assert planned(site)[1] == pytest.approx(cost, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("seed", range(10))
def test_with_kinks_they_prove_no_more_than_it_costs(seed: int) -> None:
    site = random_problem(seed, deep=True)
    cost = cost_with(site_of(site), np.zeros(len(site)), scratch_of(site))
    assert planned(site)[1] <= cost + 1e-9


def test_a_worth_holds_on_between_empty_and_full() -> None:
    # Charged as fast as may be at 1 to be used up at 4, and again at 0.8 to be used at 6: a kWh stored costs 1 / 0.8
    # times the price and saves half the other. Empty in between, what is stored may be worth less from there on.
    site = problem(load=[0.0, 0.8, 0.0, 0.8], buy=[1.0, 4.0, 0.8, 6.0], sell=[0.0] * 4)
    assert planned(site)[0] == pytest.approx([1.625, 1.625, 1.5, 1.5])
