"""Devices that use slots in part: one decision a stretch of slots takes no plan away and invents none."""

import numpy as np
import pytest

from darkstar.planner.full import draw as room
from darkstar.planner.full.draw import InStretches, Switched, add_draw
from darkstar.planner.full.engine import FullEngine
from darkstar.planner.full.programme import Programme
from darkstar.planner.full.site import Switching
from darkstar.planner.full.switch import bounds
from tests.planner.full import test_car, test_tank

FREE = Switching(min_on_slots=2, start_cost=1.0)


def drawing(available: list[int], rules: Switching = FREE) -> InStretches | Switched:
    may = np.array(available, dtype=np.bool_)
    return add_draw(Programme(), rules, bounds(rules, may), 2.0)


def on(draw: InStretches | Switched, drawn: list[float]) -> list[int]:
    columns = np.zeros(100)
    columns[draw.drawn] = drawn
    return [int(is_on) for is_on in draw.on(columns)]


def test_it_is_on_from_the_first_to_the_last_slot_used_of_each_stretch() -> None:
    draw = drawing([1, 1, 1, 1, 0, 1, 1, 1])
    assert on(draw, [0, 0.5, 0, 0.5, 0, 0, 0, 0]) == [0, 1, 1, 1, 0, 0, 0, 0]
    # A run lasts: forwards where it may, else backwards; at the horizon's end it goes on beyond.
    assert on(draw, [0, 0, 0, 0.5, 0, 0.5, 0, 0]) == [0, 0, 1, 1, 0, 1, 1, 0]
    assert on(draw, [0, 0, 0, 0, 0, 0, 0, 0.5]) == [0, 0, 0, 0, 0, 0, 0, 1]


def test_a_stretch_too_short_for_a_run_is_none() -> None:
    draw = drawing([1, 0, 1, 1, 0, 1])
    assert isinstance(draw, InStretches)
    assert [(stretch.first, stretch.last) for stretch in draw.stretches] == [(2, 4), (5, 6)]


def test_what_runs_already_goes_on_without_a_start() -> None:
    draw = drawing([1, 1, 1, 0, 1, 1], Switching(min_on_slots=2, start_cost=1.0, on_for_slots=1))
    assert isinstance(draw, InStretches)
    assert draw.stretches[0].used is None
    assert draw.stretches[1].used is not None
    assert draw.starts(0, 3) is None
    assert on(draw, [0, 0, 1.0, 0, 0, 0]) == [1, 1, 1, 0, 0, 0]


def test_what_had_to_stop_at_once_rests_first() -> None:
    draw = drawing([0, 1, 1, 1], Switching(min_off_slots=2, start_cost=1.0, on_for_slots=3))
    assert isinstance(draw, InStretches)
    assert [(stretch.first, stretch.last) for stretch in draw.stretches] == [(2, 4)]


def test_stretches_too_close_for_a_pause_get_a_switch_for_each_slot() -> None:
    assert isinstance(drawing([1, 1, 0, 1, 1], Switching(min_off_slots=2, start_cost=1.0)), Switched)
    assert isinstance(drawing([1, 1, 0, 0, 1, 1], Switching(min_off_slots=2, start_cost=1.0)), InStretches)


@pytest.mark.slow
@pytest.mark.parametrize("make", [test_car.random_site, test_tank.random_site])
def test_a_decision_a_stretch_costs_what_a_switch_a_slot_costs(
    make: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert callable(make)
    engine = FullEngine(seconds=20, gap=0.0)
    sites = [make(seed) for seed in range(20)]
    found = [engine.solve(problem) for problem in sites]
    monkeypatch.setattr(room, "_stretches", lambda *_: None)
    expected = [engine.solve(problem).cost for problem in sites]
    assert [plan.cost for plan in found] == pytest.approx(expected, rel=1e-6, abs=1e-6)
    assert all(plan.gap == 0 for plan in found)
