"""Regret is split so that it adds up, by day and in total."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from darkstar.time_machine.calendar import DayCosts
from darkstar.time_machine.outcome import MPC, ORACLE
from darkstar.time_machine.plant.model import IDEAL, PlantModel
from darkstar.time_machine.regret import (
    ALL,
    NOTHING_MORE,
    UNKNOWNS,
    WAYS_TO_KNOW,
    Part,
    regret,
    shapley,
    split,
)
from darkstar.time_machine.replay import replay
from tests.time_machine.cases import scenario

DAYS = tuple(dt.date(2021, 3, 1) + dt.timedelta(days=i) for i in range(3))
MONEY = st.floats(-100, 100)


def costs(*by_day: float, of_no_day: float = 0.0) -> DayCosts:
    return DayCosts(DAYS[: len(by_day)], np.array(by_day), of_no_day)


def test_there_are_eight_ways_to_know() -> None:
    assert len(set(WAYS_TO_KNOW)) == 8
    assert {NOTHING_MORE, ALL} <= set(WAYS_TO_KNOW)


def test_what_saves_by_itself_gets_what_it_saves() -> None:
    saves = {Part.PRICES: 5.0, Part.LOAD: 2.0, Part.SUN: 0.0}
    found = shapley(UNKNOWNS, lambda known: np.array([10.0 - sum(saves[part] for part in known)]))
    assert {part: float(share[0]) for part, share in found.items()} == pytest.approx(saves)


def test_what_saves_only_together_is_shared() -> None:
    # Load and sun save 6 together and nothing alone.
    found = shapley(UNKNOWNS, lambda known: np.array([-6.0 if {Part.LOAD, Part.SUN} <= known else 0.0]))
    assert found[Part.LOAD].tolist() == found[Part.SUN].tolist() == [3.0]
    assert found[Part.PRICES].tolist() == pytest.approx([0.0])


def test_by_hand() -> None:
    knowing = {known: costs(10.0 - len(known), 20.0) for known in WAYS_TO_KNOW}
    found = split(costs(11.5, 20.0, of_no_day=2.0), knowing, costs(6.0, 21.0, of_no_day=0.5))
    assert {part: found.by_day[part].tolist() for part in Part} == {
        Part.PRICES: pytest.approx([1.0, 0.0]),
        Part.LOAD: pytest.approx([1.0, 0.0]),
        Part.SUN: pytest.approx([1.0, 0.0]),
        Part.EXECUTION: pytest.approx([1.5, 0.0]),
        Part.PLAN: pytest.approx([1.0, -1.0]),
    }
    assert found.of_no_day[Part.EXECUTION] == pytest.approx(2.0)
    assert found.of_no_day[Part.PLAN] == pytest.approx(-0.5)
    assert found.parts[Part.EXECUTION] == pytest.approx(3.5)
    assert found.total == pytest.approx(33.5 - 27.5)


@settings(max_examples=50)
@given(st.lists(st.tuples(MONEY, MONEY, MONEY), min_size=10, max_size=10))
def test_it_adds_up_whatever_the_costs(drawn: list[tuple[float, float, float]]) -> None:
    real, oracle, *rest = (costs(one, two, of_no_day=no_day) for one, two, no_day in drawn)
    found = split(real, dict(zip(WAYS_TO_KNOW, rest, strict=True)), oracle)
    assert found.day_totals == pytest.approx(real.cost - oracle.cost, abs=1e-9)
    assert found.total == pytest.approx(real.total - oracle.total, abs=1e-9)


@pytest.mark.parametrize(
    "model", [IDEAL, PlantModel(running_loss_kw=0.1, standby_kw=0.02)], ids=["ideal", "real"]
)
def test_a_replay_adds_up(model: PlantModel) -> None:
    given = replace(scenario(days=2), plant=model)
    mpc, oracle = replay(given, MPC), replay(given, ORACLE)
    found = regret(given, mpc, oracle)
    assert found.total == pytest.approx(mpc.cost - oracle.cost, abs=1e-9)
    assert found.days == (dt.date(2021, 3, 9), dt.date(2021, 3, 10))
    assert sum(found.day_totals) == pytest.approx(found.total, abs=1e-9)
    if model.ideal:
        assert found.by_day[Part.EXECUTION].tolist() == [0.0, 0.0]
    else:
        assert found.parts[Part.EXECUTION] > 0
    # The horizon outlasts these two days, so whoever knows everything plans like perfect foresight.
    assert found.parts[Part.PLAN] == pytest.approx(0.0, abs=1e-9)
    assert found.parts[Part.LOAD] + found.parts[Part.SUN] > 0
