"""The bound is one whatever the worths, and what it leaves out is in no cheapest plan."""

import numpy as np
import pytest
from benchmarks.planner_random import random_problem

from darkstar.planner.fast.engine import FastEngine
from darkstar.planner.fast.loads import LoadsRecursion
from darkstar.planner.fast.loads_bound import SAME_COST, ascend, cheapest_way, share, slack_of
from darkstar.planner.fast.loads_site import cost_with, scratch_of, site_of
from darkstar.planner.fast.loads_worth import cost_between, costs_at, lay_out_kinds
from darkstar.planner.loads.automata import automaton_of, idle, pairs_of
from darkstar.planner.loads.milp import LoadsMilp
from darkstar.planner.loads.model import with_energy
from darkstar.planner.problem import Series

pytestmark = pytest.mark.slow
"""Compiling takes seconds."""


@pytest.mark.parametrize("seed", range(24))
def test_no_worths_lift_the_bound_above_the_cheapest_plan(seed: int) -> None:
    loaded = random_problem(seed)
    problem, n = loaded.problem, len(loaded)
    automata = [automaton_of(load, n, problem.slot_hours) for load in loaded.loads]
    first, second = automata[0], automata[1] if len(automata) == 2 else idle(n)
    energies, pair = pairs_of(first, second)
    site = site_of(problem)
    slots = lay_out_kinds(*site[:5], energies)
    best = LoadsRecursion().solve(loaded)
    random = np.random.default_rng(seed)
    costs, own, other = (np.empty((n, kinds)) for kinds in (len(energies), *pair.shape))
    for spread in (0.0, 0.1, 1.0):
        worth = problem.import_price + spread * random.normal(size=n)
        costs_at(slots, worth, costs)
        bound = cost_between(worth, site[8], site[7], site[5], site[6])
        bound += share(costs, pair, random.random(n) < 0.5, own, other)
        slacks = []
        for automaton, shared in ((first, own), (second, other)):
            way = np.empty(n, dtype=np.int64)
            bound += cheapest_way(automaton.arrays, shared, np.empty(automaton.states), way)
            slacks.append(slack_of(automaton.arrays, shared))
            assert slacks[-1].min() == pytest.approx(0.0, abs=1e-9)
        assert bound <= best.plan.cost + 1e-9 * (1 + abs(best.plan.cost))
        # Each load's part in the cheapest plan is left by what it costs more than the bound.
        for automaton, slack, run in zip((first, second), slacks, best.runs, strict=False):
            assert _dearest(automaton, slack, run.levels) <= best.plan.cost - bound + 1e-8


def _dearest(automaton, slack: Series, levels: Series) -> float:  # type: ignore[no-untyped-def]
    """The greatest slack on the way that a load goes."""
    state, most = automaton.states - 1, 0.0
    for level in levels.tolist():
        edges = range(automaton.edge_first[state], automaton.edge_first[state + 1])
        edge = next(one for one in edges if automaton.edge_level[one] == level)
        state, most = int(automaton.edge_to[edge]), max(most, float(slack[edge]))
    return most


@pytest.mark.parametrize("seed", range(10))
def test_two_loads_never_pay_more_together_than_the_slot_costs(seed: int) -> None:
    random = np.random.default_rng(seed)
    n, pair = 5, np.array([[0, 1, 3], [2, 3, 4]])
    costs, own, other = random.normal(size=(n, 5)), np.empty((n, 2)), np.empty((n, 3))
    both = random.random(n) < 0.5
    rest = share(costs, pair, both, own, other)
    apart = own[:, :, None] + other[:, None, :]
    # What is left over for neither is all that may be, slot by slot.
    assert rest == pytest.approx((costs[:, pair] - apart).min(axis=(1, 2)).sum())


@pytest.mark.parametrize("seed", [1, 2, 4, 5, 8])
def test_most_problems_are_proven_by_the_bound_alone(seed: int) -> None:
    loaded = random_problem(seed)
    problem, n = loaded.problem, len(loaded)
    automata = [automaton_of(load, n, problem.slot_hours) for load in loaded.loads]
    first, second = automata[0], automata[1] if len(automata) == 2 else idle(n)
    energies, pair = pairs_of(first, second)
    site, scratch = site_of(problem), scratch_of(problem)
    lower, upper, *_ = ascend(
        site,
        scratch,
        lay_out_kinds(*site[:5], energies),
        pair,
        first.arrays,
        second.arrays,
        np.empty(0),
        12,
        3,
    )
    assert upper - lower <= SAME_COST * (1 + abs(upper))
    assert upper == pytest.approx(LoadsMilp().solve(loaded).plan.cost, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("seed", range(8))
def test_what_is_drawn_costs_what_the_battery_engine_says(seed: int) -> None:
    loaded = random_problem(seed)
    problem, n = loaded.problem, len(loaded)
    drawn_kwh = np.random.default_rng(seed).uniform(0.0, 1.0, n)
    expected = FastEngine().solve(with_energy(problem, drawn_kwh)).cost
    assert cost_with(site_of(problem), drawn_kwh, scratch_of(problem)) == pytest.approx(expected, abs=1e-9)
