"""Stretches: cut and planned anywhere they give what plans made one by one give."""

import pickle
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from darkstar.domain.slots import SLOT_SECONDS
from darkstar.planner.fast.engine import FastEngine
from darkstar.planner.fast.stretch import Modes
from darkstar.planner.fast.turning import TurningPlanner
from darkstar.planner.mode_table import ModeTable
from darkstar.planner.modes import Mode, mode_of, self_consumption
from darkstar.time_machine import stretches as module
from darkstar.time_machine.information import Honesty, Outlook, information
from darkstar.time_machine.replay import replay
from darkstar.time_machine.scenario import Scenario
from darkstar.time_machine.setpoints import problem_of
from darkstar.time_machine.stretches import Stretch, plan_stretch, plans_at, stretches
from tests.time_machine.cases import STORAGE, scenario

GIVEN = scenario(days=2)


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STRETCH_SLOTS", 50)


def _modes(given: Scenario, honesty: Honesty) -> ModeTable:
    return ModeTable.joined(
        [plan_stretch(one).table for one in stretches(given, information(honesty, given))]
    )


def _alone(given: Scenario, outlook: Outlook | None, soc_kwh: float) -> Mode:
    """The mode of a slot from a plan made by itself."""
    if outlook is None:
        return self_consumption(given.storage)
    problem = problem_of(given, outlook, soc_kwh)
    if outlook.doubt is None:
        value = FastEngine().value(problem.after(1))
    else:
        value = TurningPlanner().value_after(problem, outlook.doubt.around(outlook.load_kwh, outlook.pv_kwh))
    prices = float(outlook.import_price[0]), float(outlook.export_price[0])
    return replace(mode_of(value, prices, given.storage, given.grid, soc_kwh), worth=None)


@pytest.mark.parametrize("honesty", Honesty)
@pytest.mark.parametrize("dear", [0.0, -0.9])
def test_modes_are_those_of_plans_made_one_by_one(honesty: Honesty, dear: float, short: None) -> None:
    # With prices this low some slots have kinks: charging and discharging would both be paid for.
    known = replace(GIVEN.known, export_price=GIVEN.known.export_price + dear)
    given = replace(GIVEN, known=replace(known, import_price=known.import_price + 2 * dear))
    table = _modes(given, honesty)
    assert len(table) == 192
    for step in range(0, 191, 19):
        alone = _alone(given, information(honesty, given).outlook(step), 2.0)
        found = table.mode(step)
        assert found.curtail is alone.curtail
        levels = ModeTable.of([alone]).levels_kwh[0]
        np.testing.assert_allclose(table.levels_kwh[step], levels, atol=1e-9)


def test_too_little_known_covers_the_load() -> None:
    bare = scenario(days=1, warm_up=0)
    table = _modes(bare, Honesty.HONEST)
    assert table.mode(0) == self_consumption(STORAGE)


def test_cut_anywhere_and_sent_anywhere_the_digits_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = _modes(GIVEN, Honesty.HONEST)
    monkeypatch.setattr(module, "STRETCH_SLOTS", 7)
    for table in (
        _modes(GIVEN, Honesty.HONEST),
        ModeTable.joined([plan_stretch(one).table for one in _sent()]),
    ):
        assert table.levels_kwh.tobytes() == whole.levels_kwh.tobytes()
        assert table.curtail.tobytes() == whole.curtail.tobytes()


def _sent() -> Iterator[Stretch]:
    for stretch in stretches(GIVEN, information(Honesty.HONEST, GIVEN)):
        yield pickle.loads(pickle.dumps(stretch))


def test_a_stretch_is_small() -> None:
    (stretch,) = stretches(GIVEN, information(Honesty.HONEST, GIVEN))
    assert len(pickle.dumps(stretch)) < 200_000


def test_planned_again_a_stretch_gives_the_same(short: None) -> None:
    stretch = list(stretches(GIVEN, information(Honesty.HONEST, GIVEN)))[1]
    first, again = plan_stretch(stretch), plan_stretch(stretch)
    assert first.table.levels_kwh.tobytes() == again.table.levels_kwh.tobytes()
    assert first.plans == stretch.slots.stop - stretch.slots.start == 50


def test_threads_change_no_digit(short: None) -> None:
    alone = replay(GIVEN, "mpc")
    with ThreadPoolExecutor(2) as pool:
        together = replay(GIVEN, "mpc", plan_each=pool.map)
    assert together.flows.soc_kwh.tobytes() == alone.flows.soc_kwh.tobytes()
    assert (together.cost, together.plans, together.switches) == (alone.cost, alone.plans, alone.switches)


def test_plans_are_made_by_the_clock_and_after_days_left_out() -> None:
    slots = GIVEN.history.slots[np.r_[0:10, 33:40]]
    assert (slots[0] // SLOT_SECONDS) % 4 == 0
    assert plans_at(slots, 1).tolist() == list(range(17))
    assert plans_at(slots, 4).tolist() == [0, 4, 8, 10, 13]


@pytest.mark.parametrize("every", [2, 8])
@pytest.mark.parametrize("honesty", Honesty)
def test_between_plans_the_last_ones_modes_hold(every: int, honesty: Honesty, short: None) -> None:
    given = replace(GIVEN, replan_slots=every)
    table = _modes(given, honesty)
    outlook = information(honesty, given).outlook(20)
    assert outlook is not None
    later = problem_of(given, outlook, 2.0)
    if outlook.doubt is None:
        value = FastEngine().value(later.after(every))
    else:
        # After the last slot that the plan holds for, as a plan that looks at that slot as its first.
        value = TurningPlanner().values_after(
            later, outlook.doubt.around(outlook.load_kwh, outlook.pv_kwh), wanted=every
        )[-1]
    prices = float(outlook.import_price[every - 1]), float(outlook.export_price[every - 1])
    last = mode_of(value, prices, given.storage, given.grid, 2.0)
    levels = ModeTable.of([last]).levels_kwh[0]
    np.testing.assert_allclose(table.levels_kwh[20 + every - 1], levels, atol=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["mpc", "setpoint"])
def test_fewer_plans_cost_a_little_more(name: str) -> None:
    often, seldom = replay(GIVEN, name), replay(replace(GIVEN, replan_slots=8), name)
    assert (often.plans, seldom.plans) == (192, 25)
    assert seldom.cost > often.cost - 0.02 * abs(often.cost)
    assert seldom.cost < often.cost + 0.2 * abs(often.cost)


@pytest.mark.slow
def test_other_numbers_of_courses_plan_alike() -> None:
    four, many = replay(GIVEN, "mpc"), replay(replace(GIVEN, courses=20), "mpc")
    assert many.cost != four.cost
    assert many.cost == pytest.approx(four.cost, rel=0.05)


def test_timed_plans_are_a_sample() -> None:
    planned: list[Modes] = [plan_stretch(one) for one in stretches(GIVEN, information(Honesty.HONEST, GIVEN))]
    assert sum(one.plans for one in planned) == 192
    assert sum(len(one.plan_ms) for one in planned) == 4
