"""The bound is one whatever the prices, and the energies that it leaves hold the cheapest plan."""

import numpy as np
import pytest
from benchmarks.planner_random import random_problem

from darkstar.planner.automata import automaton_of
from darkstar.planner.fast.engine import FastEngine
from darkstar.planner.fast.loads import LoadsRecursion, arrays_of
from darkstar.planner.fast.loads_bound import cheapest_way, slack_of
from darkstar.planner.fast.loads_priced import cost_priced, cost_with, scratch_of, site_of
from darkstar.planner.fast.loads_ranges import ranges
from darkstar.planner.loads import with_energy

pytestmark = pytest.mark.slow
"""Compiling takes seconds."""

SINGLE = [seed for seed in range(24) if seed % 6 in (0, 1, 2, 4)]


@pytest.mark.parametrize("seed", SINGLE)
def test_no_price_makes_the_bound_dearer_than_the_cheapest_plan(seed: int) -> None:
    loaded = random_problem(seed)
    problem, n = loaded.problem, len(loaded)
    automaton = automaton_of(loaded.loads[0], n, problem.slot_hours)
    best = LoadsRecursion().solve(loaded)
    site, scratch = site_of(problem), scratch_of(problem)
    most_kwh, sold_kwh = np.full(n, automaton.energies_kwh.max()), np.empty(n)
    random = np.random.default_rng(seed)
    for spread in (0.0, 0.1, 1.0):
        price = problem.import_price + spread * random.normal(size=n)
        way, left = np.empty(n, dtype=np.int64), np.empty(automaton.states)
        bound = cost_priced(site, most_kwh, price, sold_kwh, scratch)
        bound += cheapest_way(automaton.arrays, price, left, way)
        assert bound <= best.plan.cost + 1e-9 * (1 + abs(best.plan.cost))
        assert np.all((sold_kwh >= 0) & (sold_kwh <= most_kwh))
        # Allowed just what the cheapest plan costs more, the ranges hold it.
        most = best.plan.cost - bound + 1e-9 * (1 + abs(best.plan.cost))
        lows, highs = ranges(arrays_of(problem), problem.soc_start_kwh, most_kwh, price, most)
        assert np.all(lows <= highs)
        stored = best.plan.soc_kwh
        assert np.all((stored >= lows - 1e-6) & (stored <= highs + 1e-6))
        slack = slack_of(automaton.arrays, price)
        assert slack.min() == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("seed", SINGLE)
def test_what_is_drawn_costs_what_the_battery_engine_says(seed: int) -> None:
    loaded = random_problem(seed)
    problem, n = loaded.problem, len(loaded)
    drawn_kwh = np.random.default_rng(seed).uniform(0.0, 1.0, n)
    expected = FastEngine().solve(with_energy(problem, drawn_kwh)).cost
    assert cost_with(site_of(problem), drawn_kwh, scratch_of(problem)) == pytest.approx(expected, abs=1e-9)
