"""What no plan needs and the relaxation does: rows and bounds that keep it from cheating."""

from dataclasses import replace

import numpy as np
import pytest
from benchmarks.planner_random import random_problem

from darkstar.planner.full import loads as room
from darkstar.planner.full.build import Built, build, tempted
from darkstar.planner.full.engine import FullEngine
from darkstar.planner.full.site import (
    Car,
    Legionella,
    Site,
    SiteBattery,
    SiteLoad,
    Switching,
    Tank,
)
from darkstar.planner.full.solver import Outcome, Solver
from darkstar.planner.loads.model import Level, Need, OnOffLoad
from darkstar.planner.problem import StorageModel
from tests.planner.full.sites import site, site_of


def relaxed(problem: Site) -> tuple[Built, Outcome]:
    built = build(problem, tempted(problem))
    return built, Solver(integral=False).solve(built.arrays, seconds=10)


def test_a_load_that_must_run_pays_a_whole_start() -> None:
    pump = OnOffLoad("pump", (Level(4.0),), needs=(Need("day", 0, 8, 2),), start_cost=3.0)
    _, outcome = relaxed(site([0] * 8, loads=(SiteLoad(pump),)))
    assert outcome.objective == pytest.approx(3.0 + 2.0)
    going_on = replace(pump, needs=(Need("day", 2, 8, 2),), on_for_slots=1)
    _, outcome = relaxed(site([0] * 8, loads=(SiteLoad(going_on),)))
    assert outcome.objective <= 3.0 + 2.0


def test_a_device_at_full_power_pays_a_whole_start() -> None:
    every = np.ones(4, dtype=np.bool_)
    rules = Switching(start_cost=3.0)
    car = Car("car", 0.0, 4.0, every, 0.0, 9.0, value_per_kwh=10.0, efficiency=1.0, switching=rules)
    _, outcome = relaxed(site([0] * 4, cars=(car,)))
    assert outcome.objective == pytest.approx(3.0 + 4.0 - 40.0)


def test_a_tank_is_not_even_partly_disinfected_where_no_heating_is_enough() -> None:
    rule = Legionella(65.0, every_slots=96, since_slots=90)
    tank = Tank("tank", 60, 3.0, 45.0, np.zeros(6), legionella=rule, loss_kw_per_k=0.0)
    # 0.75 kWh warm the 60 litres by 10.7 K: after two slots it can be hot.
    built, _ = relaxed(site([0] * 6, tanks=(tank,)))
    assert built.arrays.high[built.tanks[0].reached].tolist() == [0, 1, 1, 1, 1, 1]
    resting = replace(tank, available=np.array([0, 0, 1, 1, 1, 1], dtype=np.bool_))
    built, _ = relaxed(site([0] * 6, tanks=(resting,)))
    assert built.arrays.high[built.tanks[0].reached].tolist() == [0, 0, 0, 1, 1, 1]


def test_a_full_battery_burns_nothing_even_in_the_relaxation() -> None:
    lossy = StorageModel(0.0, 2.0, 8.0, 8.0, 0.8, 0.8)
    problem = site([0.0], -1.0, export_price=np.full(1, -1.0), batteries=(SiteBattery("b", lossy, 2.0),))
    assert relaxed(problem)[1].objective == pytest.approx(0.0)


@pytest.mark.slow
def test_needed_starts_change_no_optimum(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = FullEngine(seconds=20, gap=0.0)
    sites = []
    for seed in range(12):
        loaded = random_problem(seed)
        loads = tuple(SiteLoad(replace(load, start_cost=load.start_cost + 0.3)) for load in loaded.loads)
        sites.append(site_of(loaded.problem, loads=loads))
    found = [engine.solve(problem) for problem in sites]
    monkeypatch.setattr(room, "_add_needed_start", lambda *_: None)
    for plan, problem in zip(found, sites, strict=True):
        without = engine.solve(problem)
        near = 1e-6 * max(1.0, abs(without.cost))
        assert plan.bound <= without.cost + near
        assert without.bound <= plan.cost + near
