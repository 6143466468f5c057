"""Where burning energy pays: the optimum of the battery engine, and bounds that no plan undercuts."""

from dataclasses import replace

import numpy as np
import pytest

from darkstar.domain.slots import SLOT_HOURS
from darkstar.planner.full import battery as room
from darkstar.planner.full import engine as engine_room
from darkstar.planner.full.build import build
from darkstar.planner.full.directions import Directions
from darkstar.planner.full.engine import FullEngine
from darkstar.planner.full.site import Site, SiteBattery
from darkstar.planner.full.solver import Solver
from darkstar.planner.highs import HighsEngine
from darkstar.planner.problem import GridModel, Problem, StorageModel, TerminalValue
from tests.planner.full.sites import site_of


def negative(seed: int, n: int = 24) -> Problem:
    """Hours for whose energy much is paid, before them hours that are dear; often nothing may be fed in."""
    rng = np.random.default_rng(seed)
    price = np.where(rng.random(n) < 0.5, rng.uniform(-2, -0.5, n), rng.uniform(0.2, 1.5, n))
    return Problem(
        slot_hours=SLOT_HOURS,
        load_kwh=rng.uniform(0, 0.3, n),
        pv_kwh=rng.uniform(0, 1.0, n) * (rng.random(n) < 0.5),
        import_price=price + 0.3,
        export_price=price,
        soc_start_kwh=float(rng.uniform(1, 5)),
        storage=StorageModel(1.0, 5.0, 5.0, 4.0, 0.9, 0.92, *rng.choice([0.0, 0.03], 2)),
        grid=GridModel(6.0, float(rng.choice([0.0, 3.0])), curtailment_cost=0.1),
        terminal=TerminalValue(np.array([0.6, 0.2]), np.array([2.0, 2.0])),
    )


def several(seed: int, n: int = 12) -> Site:
    """Three batteries of different losses beside each other."""
    one = site_of(negative(seed, n))
    rng = np.random.default_rng(100 + seed)
    further = tuple(
        SiteBattery(
            f"battery {number}",
            StorageModel(0.0, float(rng.uniform(2, 4)), 4.0, 3.0, float(rng.uniform(0.8, 1)), 0.9),
            1.0,
        )
        for number in (2, 3)
    )
    return replace(one, batteries=(*one.batteries, *further))


def both(plan: object) -> float:
    return max(float(np.minimum(run.charge_kwh, run.discharge_kwh).max()) for run in plan.batteries)  # type: ignore[attr-defined]


@pytest.mark.slow
def test_deep_negative_prices_have_the_battery_engines_optimum() -> None:
    for seed in range(8):
        problem = negative(seed)
        expected = HighsEngine().solve(problem).cost
        plan = FullEngine(seconds=20, gap=0.0).solve(site_of(problem))
        assert plan.cost == pytest.approx(expected, rel=1e-6, abs=1e-6)
        assert plan.bound <= expected + 1e-6
        assert both(plan) < 1e-6


@pytest.mark.slow
def test_one_look_at_each_battery_gives_the_optimum_of_a_single_one() -> None:
    linear = Solver(integral=False)
    for seed in range(8):
        problem = negative(seed)
        site = site_of(problem)
        built = build(site, {0: np.arange(len(site))})
        relaxed = linear.solve(built.arrays, seconds=10).columns
        assert relaxed is not None
        turned = Directions(site, built).turned(built.arrays, relaxed)
        expected = HighsEngine().solve(problem).cost
        assert linear.solve(turned, seconds=10).objective == pytest.approx(expected, rel=1e-6, abs=1e-6)


@pytest.mark.slow
def test_where_nobody_saw_burning_coming_there_is_none_and_the_optimum_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(engine_room, "tempted", lambda site: {0: np.zeros(0, dtype=np.int64)})
    monkeypatch.setattr(engine_room, "LOOKS", 0)
    for seed in range(4):
        problem = negative(seed)
        plan = FullEngine(seconds=20, gap=0.0).solve(site_of(problem))
        assert plan.cost == pytest.approx(HighsEngine().solve(problem).cost, rel=1e-6, abs=1e-6)
        assert both(plan) < 1e-6


@pytest.mark.slow
def test_a_limit_cuts_off_neither_the_plan_nor_the_bound() -> None:
    for seed in range(8):
        problem = negative(seed, n=48)
        expected = HighsEngine().solve(problem).cost
        plan = FullEngine(seconds=0.15).solve(site_of(problem))
        assert plan.bound - 1e-6 <= expected <= plan.cost + 1e-6
        assert both(plan) < 1e-6


def test_energy_that_is_only_in_the_way_is_burnt_before_the_paid_hours_where_nothing_may_be_fed_in() -> None:
    """A full battery has no room for the hour that pays; slots without a low price of their own need a switch too."""
    storage = StorageModel(0.0, 2.0, 8.0, 8.0, 0.6, 0.5)
    problem = Problem(
        slot_hours=1.0,
        load_kwh=np.zeros(3),
        pv_kwh=np.zeros(3),
        import_price=np.array([0.5, 0.5, -1.0]),
        export_price=np.full(3, -1.0),
        soc_start_kwh=2.0,
        storage=storage,
        grid=GridModel(10.0, 0.0),
        terminal=TerminalValue(np.zeros(0), np.zeros(0)),
    )
    plan = FullEngine(seconds=20, gap=0.0).solve(site_of(problem))
    assert plan.cost == pytest.approx(HighsEngine().solve(problem).cost, abs=1e-6)
    assert both(plan) < 1e-6


@pytest.mark.slow
def test_three_batteries_have_the_optimum_of_a_switch_in_each_slot(monkeypatch: pytest.MonkeyPatch) -> None:
    sites = [several(seed) for seed in range(4)]
    found = [FullEngine(seconds=20, gap=0.0).solve(site) for site in sites]
    monkeypatch.setattr(room, "_add_room", lambda *_: None)
    monkeypatch.setattr(
        engine_room, "tempted", lambda site: {number: np.arange(len(site)) for number in range(3)}
    )
    for plan, site in zip(found, sites, strict=True):
        plain = FullEngine(seconds=60, gap=0.0).solve(site)
        near = 1e-6 * max(1.0, abs(plain.cost))
        assert plan.bound <= plain.cost + near
        assert plain.bound <= plan.cost + near
        if plan.finished and plain.finished:
            assert plan.cost == pytest.approx(plain.cost, rel=1e-6, abs=1e-6)
        assert both(plan) < 1e-6
