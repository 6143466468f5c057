"""Courses that may turn: the two ends of the chain against what is known of them, and the doubt between."""

from dataclasses import replace

import numpy as np
import pytest

from darkstar.domain.errors import UsageError
from darkstar.planner.fast.engine import FastEngine
from darkstar.planner.fast.limited import ImportLimit, LimitedEngine
from darkstar.planner.fast.scenarios import Fan, multistage, two_stage
from darkstar.planner.fast.turning import Courses, TurningPlanner, one_course
from darkstar.planner.problem import Problem
from tests.planner.cases import problem

RNG = np.random.default_rng(5)
SLOTS = 12
BUY = RNG.uniform(2, 9, SLOTS)
ASKED = problem(
    load=RNG.uniform(0, 2, SLOTS).tolist(),
    pv=RNG.uniform(0, 2, SLOTS).tolist(),
    buy=BUY.tolist(),
    sell=(BUY - 1).tolist(),
    soc=1.0,
    worth=[3.0],
    worth_kwh=[4.0],
)
WEIGHT = np.array([0.2, 0.5, 0.3])
LOAD = RNG.uniform(0, 3, (3, SLOTS))
SUN = RNG.uniform(0, 3, (3, SLOTS))
FINE = 400


def _courses(persistence: float) -> Courses:
    return Courses(LOAD, SUN, WEIGHT, persistence)


def test_one_course_is_the_exact_value() -> None:
    value = TurningPlanner(FINE).value_after(ASKED, one_course(ASKED))
    exact = FastEngine().value(ASKED.after(1))
    for soc in np.linspace(0, 4, 9).tolist():
        assert value.cost_at(soc) == pytest.approx(exact.cost_at(soc), abs=2e-2)


def test_courses_that_never_hold_are_many_stages() -> None:
    value = TurningPlanner(64).value_after(ASKED, _courses(0.0))
    stages = multistage(ASKED, Fan(LOAD, SUN, WEIGHT), 64).after
    np.testing.assert_allclose(value.cost, stages.cost, atol=1e-9)


def test_courses_that_always_hold_are_two_stages() -> None:
    value = TurningPlanner(FINE).value_after(ASKED, _courses(1.0))
    known = two_stage(ASKED, Fan(LOAD, SUN, WEIGHT), FastEngine()).after
    for soc in np.linspace(0, 4, 9).tolist():
        assert value.cost_at(soc) == pytest.approx(known.cost_at(soc), abs=2e-2)


def test_more_knowledge_never_costs_more() -> None:
    held, between, none = (
        TurningPlanner(FINE).value_after(ASKED, _courses(hold)).cost for hold in (1.0, 0.6, 0.0)
    )
    assert (held <= between + 1e-9).all()
    assert (between <= none + 1e-9).all()
    assert (held < none - 1e-4).any()


def test_hours_of_one_price_are_as_good_as_their_quarters() -> None:
    hours = 6
    quarters = _quarters(ASKED, hours)
    courses = Courses(
        np.repeat(LOAD[:, :hours], 4, axis=1) / 4, np.repeat(SUN[:, :hours], 4, axis=1) / 4, WEIGHT, 0.5
    )
    value = TurningPlanner(FINE).value_after(quarters, courses)
    # Prices that differ from quarter to quarter by next to nothing keep all slots apart.
    apart = replace(quarters, import_price=quarters.import_price + 1e-9 * np.arange(4 * hours))
    slots = TurningPlanner(FINE).value_after(apart, courses)
    assert value.cost == pytest.approx(slots.cost, rel=0.03)
    single = TurningPlanner(FINE)
    np.testing.assert_allclose(
        single.value_after(quarters, one_course(quarters)).cost,
        single.value_after(apart, one_course(apart)).cost,
        atol=1e-2,
    )


def _quarters(asked: Problem, hours: int) -> Problem:
    return replace(
        asked,
        slot_hours=0.25,
        load_kwh=np.repeat(asked.load_kwh[:hours], 4) / 4,
        pv_kwh=np.repeat(asked.pv_kwh[:hours], 4) / 4,
        import_price=np.repeat(asked.import_price[:hours], 4),
        export_price=np.repeat(asked.export_price[:hours], 4),
    )


def test_deeply_negative_prices_are_no_obstacle() -> None:
    negative = replace(ASKED, import_price=ASKED.import_price - 12, export_price=ASKED.export_price - 12)
    value = TurningPlanner(FINE).value_after(negative, one_course(negative))
    exact = FastEngine().value(negative.after(1))
    for soc in np.linspace(0, 4, 9).tolist():
        assert value.cost_at(soc) == pytest.approx(exact.cost_at(soc), abs=5e-2)


def test_same_question_same_answer() -> None:
    planner = TurningPlanner()
    first = planner.value_after(ASKED, _courses(0.7)).cost.tobytes()
    planner.value_after(ASKED, _courses(0.1))
    assert planner.value_after(ASKED, _courses(0.7)).cost.tobytes() == first


@pytest.mark.parametrize(
    "courses",
    [
        Courses(LOAD[:, 1:], SUN, WEIGHT, 0.5),
        Courses(LOAD, SUN, WEIGHT * 2, 0.5),
        Courses(LOAD, SUN, WEIGHT, 1.5),
        Courses(LOAD, SUN, WEIGHT, float("nan")),
        Courses(LOAD, np.where(SUN > 2, np.nan, SUN), WEIGHT, 0.5),
        Courses(LOAD - 2, SUN, WEIGHT, 0.5),
        Courses(LOAD[:0], SUN[:0], WEIGHT[:0], 0.5),
    ],
)
def test_unsound_courses_are_told(courses: Courses) -> None:
    with pytest.raises(UsageError):
        TurningPlanner().value_after(ASKED, courses)


def test_a_limit_of_each_slot() -> None:
    """One limit for all is a smaller fuse; with one course the value is the exact engine's under the limits."""
    rng = np.random.default_rng(4)
    n = 30
    asked = problem(load=rng.uniform(0, 3, n).tolist(), buy=rng.uniform(0.5, 2, n).tolist(), sell=[0.1] * n)
    limit = ImportLimit(np.full(n, 2.0), np.full(n, 30.0))
    planner, course = TurningPlanner(400), one_course(asked)
    fused = replace(asked, grid=replace(asked.grid, import_max_kw=2.0, import_breach_cost=30.0))
    one = planner.value_after(asked, course, limit)
    assert one.cost.tolist() == planner.value_after(fused, course).cost.tolist()
    nights = ImportLimit(np.where(np.arange(n) % 6 < 2, np.inf, 1.5), np.full(n, 30.0))
    first, second = planner.values_after(asked, course, nights, 2)
    for value, later in ((first, 1), (second, 2)):
        rest = ImportLimit(nights.kw[later:], nights.breach_cost[later:])
        for stored in (0.0, 1.3, 4.0):
            exact = LimitedEngine().least_cost(replace(asked.after(later), soc_start_kwh=stored), rest)
            assert value.cost_at(stored) == pytest.approx(exact, rel=2e-3)
