"""Loads with the battery: small cases by hand, and the mixed-integer programme as judge."""

import numpy as np
import pytest
from benchmarks.planner_random import random_problem

from darkstar.domain.errors import UsageError
from darkstar.planner.accounting import cost
from darkstar.planner.fast import loads as fast
from darkstar.planner.fast.loads import LoadsRecursion
from darkstar.planner.highs import HighsEngine
from darkstar.planner.loads.milp import LoadsMilp
from darkstar.planner.loads.model import Level, LoadedPlan, LoadedProblem, Need, OnOffLoad, with_energy
from tests.planner.cases import problem

pytestmark = pytest.mark.slow
"""Compiling takes seconds."""

SITE = problem(load=[0.0] * 5, buy=[3.0, 1.0, 2.0, 1.0, 4.0], sell=[0.0] * 5)


def heater(**changes: object) -> OnOffLoad:
    return OnOffLoad("heater", levels=(Level(2.0),), **changes)  # type: ignore[arg-type]


def test_the_heater_takes_the_cheapest_hours() -> None:
    plan = LoadsRecursion().solve(LoadedProblem(SITE, (heater(needs=(Need("day", 0, 5, 2),)),)))
    assert plan.runs[0].levels.tolist() == [0, 1, 0, 1, 0]
    assert (plan.plan.cost, plan.plan.gap) == (pytest.approx(4.0), 0.0)


def test_a_least_run_costs_the_hour_between() -> None:
    loaded = LoadedProblem(SITE, (heater(needs=(Need("day", 0, 5, 2),), min_on_slots=2),))
    plan = LoadsRecursion().solve(loaded)
    assert plan.runs[0].levels.tolist() in ([0, 1, 1, 0, 0], [0, 0, 1, 1, 0])
    assert plan.plan.cost == pytest.approx(6.0)


def test_an_impossible_need_has_a_plan_that_names_what_gave_way() -> None:
    available = np.array([True, True, False, False, False])
    plan = LoadsRecursion().solve(
        LoadedProblem(SITE, (heater(needs=(Need("day", 0, 5, 4),), available=available),))
    )
    assert [(one.load, one.need, one.missing) for one in plan.shortfalls] == [("heater", "day", 2)]
    assert plan.plan.cost == pytest.approx(3.0 * 2 + 1.0 * 2 + 2 * 100.0)


def test_a_cap_holds_where_energy_is_paid_for() -> None:
    site = problem(load=[0.0] * 4, buy=[-1.0, -2.0, -3.0, -1.0], sell=[-3.0] * 4)
    plan = LoadsRecursion().solve(LoadedProblem(site, (heater(needs=(Need("day", 0, 4, 1, most_units=2),)),)))
    assert plan.runs[0].on.sum() == 2


def test_more_than_two_loads_are_refused() -> None:
    loads = tuple(OnOffLoad(name, levels=(Level(1.0),)) for name in "abc")
    with pytest.raises(UsageError, match="one or two"):
        LoadsRecursion().solve(LoadedProblem(SITE, loads))


@pytest.mark.parametrize("seed", [*range(60), 136, 212, 488])
def test_random_problems_cost_what_the_mixed_integer_programme_says(seed: int) -> None:
    loaded = random_problem(seed)
    ours, theirs = LoadsRecursion().solve(loaded), LoadsMilp().solve(loaded)
    assert ours.plan.gap == 0
    assert ours.plan.cost == pytest.approx(theirs.plan.cost, rel=1e-6, abs=1e-6)
    _holds(loaded, ours)


def test_where_functions_grow_too_large_the_best_plan_comes_with_a_proven_gap(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loaded = random_problem(10)
    best = LoadsRecursion().solve(loaded).plan.cost
    none = np.empty((2, 0)), np.empty(0, dtype=np.int64), np.empty(0)
    monkeypatch.setattr(fast, "recurse", lambda *_: none)
    plan = LoadsRecursion().solve(loaded)
    assert plan.plan.gap > 0
    assert plan.plan.cost >= best - 1e-9
    assert plan.plan.cost - plan.plan.gap * max(1.0, abs(plan.plan.cost)) <= best + 1e-9
    _holds(loaded, plan)


@pytest.mark.parametrize("seed", [3, 6, 10, 12, 19, 39])
def test_the_bound_alone_does_not_prove_these_and_the_recursion_needs_no_good_one(
    monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    loaded = random_problem(seed)
    best = LoadsRecursion().solve(loaded).plan
    monkeypatch.setattr(fast, "BOUND_STEPS", (1, 1))
    plan = LoadsRecursion().solve(loaded).plan
    assert (plan.gap, plan.cost) == (0.0, pytest.approx(best.cost, rel=1e-9, abs=1e-9))


def test_the_same_problem_has_the_same_plan() -> None:
    loaded = random_problem(3)
    first = LoadsRecursion().solve(loaded)
    for _ in range(9):
        again = LoadsRecursion().solve(loaded)
        assert [run.levels.tolist() for run in again.runs] == [run.levels.tolist() for run in first.runs]
        assert again.plan.charge_kwh.tolist() == first.plan.charge_kwh.tolist()


def _holds(loaded: LoadedProblem, loaded_plan: LoadedPlan) -> None:
    """The plan's flows are the site's, and no battery plan for the same runs is cheaper."""
    plan, site = (
        loaded_plan.plan,
        with_energy(loaded.problem, sum(run.energy_kwh for run in loaded_plan.runs)),
    )
    assert plan.import_kwh + plan.breach_kwh + plan.discharge_kwh + site.pv_kwh == pytest.approx(
        plan.export_kwh + plan.curtail_kwh + plan.charge_kwh + site.load_kwh
    )
    storage = site.storage
    moved = storage.charge_efficiency * plan.charge_kwh - plan.discharge_kwh / storage.discharge_efficiency
    assert np.diff(plan.soc_kwh) == pytest.approx(moved, abs=1e-9)
    assert not np.any((plan.charge_kwh > 0) & (plan.discharge_kwh > 0))
    own = sum(run.cost for run in loaded_plan.runs)
    assert plan.cost == pytest.approx(cost(site, plan, float(plan.soc_kwh[-1])) + own)  # type: ignore[arg-type]
    assert plan.cost == pytest.approx(HighsEngine().solve(site).cost + own, rel=1e-6, abs=1e-6)
