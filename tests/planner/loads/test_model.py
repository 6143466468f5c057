"""Loads: what is refused, and what an on and off comes to."""

from dataclasses import replace

import numpy as np
import pytest

from darkstar.domain.errors import UsageError
from darkstar.planner.loads.accounting import owed_slots, run_of
from darkstar.planner.loads.checks import check
from darkstar.planner.loads.model import Comfort, Level, LoadedProblem, Need, OnOffLoad
from tests.planner.cases import problem

SITE = problem(load=[1.0] * 4, buy=[1.0] * 4, sell=[0.0] * 4)
HEATER = OnOffLoad("heater", levels=(Level(2.0),))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"levels": ()}, "either levels or a profile"),
        ({"profile_kw": (1.0,)}, "either levels or a profile"),
        ({"levels": (Level(float("nan")),)}, "power"),
        ({"levels": (Level(1.0, 0),)}, "less than one unit"),
        ({"min_on_slots": 0}, "min_on_slots"),
        ({"off_for_slots": 0}, "off_for_slots"),
        ({"start_cost": -1.0}, "start_cost"),
        ({"available": np.ones(3, dtype=np.bool_)}, "4 times"),
        ({"comfort": Comfort(0)}, "most_off_slots"),
        ({"needs": (Need("day", 0, 5, 1),)}, "[0, 5)"),
        ({"needs": (Need("day", 0, 4, 3, most_units=2),)}, "at most 2"),
        ({"needs": (Need("day", 1, 4, 3, done_units=2),)}, "has not begun"),
    ],
)
def test_a_load_that_makes_no_sense_is_refused(change: dict[str, object], says: str) -> None:
    with pytest.raises(UsageError) as caught:
        check(LoadedProblem(SITE, (replace(HEATER, **change),)))  # type: ignore[arg-type]
    assert says in str(caught.value)


def test_two_loads_of_one_name_are_refused_and_an_impossible_need_is_not() -> None:
    check(LoadedProblem(SITE, (replace(HEATER, needs=(Need("day", 0, 4, 9),)),)))
    with pytest.raises(UsageError, match="differ in name"):
        check(LoadedProblem(SITE, (HEATER, HEATER)))


def test_a_run_is_accounted_with_its_starts_and_all_that_is_missing() -> None:
    load = replace(
        HEATER,
        needs=(Need("day", 0, 6, 4, shortfall_cost=2.0), Need("met", 0, 2, 1)),
        comfort=Comfort(1, late_cost=0.5),
        start_cost=0.1,
        off_for_slots=1,
    )
    run = run_of(load, np.array([0, 1, 0, 0, 0, 1]), slot_hours=0.5)
    assert run.energy_kwh.tolist() == [0.0, 1.0, 0.0, 0.0, 0.0, 1.0]
    assert run.starts == 2
    assert [(one.need, one.missing) for one in run.shortfalls] == [("day", 2), ("comfort", 3)]
    assert run.cost == pytest.approx(2 * 0.1 + 2 * 2.0 + 3 * 0.5)


def test_a_profile_that_runs_at_the_start_goes_on_where_it_was() -> None:
    load = OnOffLoad("washer", profile_kw=(1.0, 2.0, 3.0), on_for_slots=1)
    assert owed_slots(load, 6) == 2
    run = run_of(load, np.array([1, 1, 0, 1, 1, 1]), slot_hours=1.0)
    assert run.energy_kwh.tolist() == [2.0, 3.0, 0.0, 1.0, 2.0, 3.0]
    assert run.starts == 1


def test_what_is_owed_ends_where_the_load_is_not_available_or_capped() -> None:
    load = replace(HEATER, min_on_slots=4, on_for_slots=1)
    assert owed_slots(load, 6) == 3
    assert owed_slots(replace(load, available=np.array([True, False, True, True, True, True])), 6) == 1
    assert owed_slots(replace(load, needs=(Need("day", 0, 6, 1, most_units=2),)), 6) == 2
