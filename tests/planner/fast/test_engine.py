"""The fast engine: proven optima, HiGHS on random problems, and what only it gives."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from darkstar.domain.errors import UsageError
from darkstar.planner.checks import check
from darkstar.planner.fast.engine import FastEngine
from darkstar.planner.highs import HighsEngine
from darkstar.planner.instances import read_instances
from darkstar.planner.problem import GridModel, Plan, Problem, StorageModel, TerminalValue
from tests.planner.cases import GRID, STORAGE, problem
from tests.planner.test_checks import WRONG

pytestmark = pytest.mark.slow

REFERENCE = Path(__file__).parents[4] / "shared" / "planner_reference" / "instances.json"
ENGINE, HIGHS = FastEngine(), HighsEngine()


def _holds(plan: Plan, asked: Problem) -> None:
    """Everything that a plan promises, checked against the problem's own equations."""
    storage, grid, hours = asked.storage, asked.grid, asked.slot_hours
    charge, discharge, near = plan.charge_kwh, plan.discharge_kwh, 1e-7
    balance = plan.import_kwh + plan.breach_kwh + discharge - charge - plan.export_kwh - plan.curtail_kwh
    np.testing.assert_allclose(balance, asked.load_kwh - asked.pv_kwh, atol=near)
    moved = storage.charge_efficiency * charge - discharge / storage.discharge_efficiency
    np.testing.assert_allclose(np.diff(plan.soc_kwh), moved, atol=near)
    for series, most in (
        (charge, storage.charge_max_kw * hours),
        (discharge, storage.discharge_max_kw * hours),
        (plan.import_kwh, grid.import_max_kw * hours),
        (plan.export_kwh, grid.export_max_kw * hours),
        (plan.curtail_kwh, asked.pv_kwh),
        (plan.breach_kwh, np.inf),
        (plan.soc_kwh - storage.soc_min_kwh, storage.soc_max_kwh - storage.soc_min_kwh),
    ):
        assert (series >= 0.0).all()
        assert (series <= most + near).all()
    assert not (np.minimum(charge, discharge) > 0).any()
    assert plan.soc_kwh[0] == asked.soc_start_kwh
    assert (plan.gap, plan.engine) == (0.0, "recursion")


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    """Small problems with all that is unusual: no battery, no power, no loss, deep prices, export above import."""
    count = draw(st.integers(1, 14))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    level = draw(st.sampled_from([-3.0, -0.5, 0.5, 2.0]))
    buy = random.normal(level, draw(st.sampled_from([0.2, 1.5])), count).round(draw(st.sampled_from([0, 3])))
    spread = draw(st.sampled_from([-0.5, 0.0, 0.3]))
    power = st.sampled_from([0.0, 0.7, 3.0, 50.0])
    low = draw(st.sampled_from([0.0, 1.0]))
    room = draw(st.sampled_from([0.0, 2.0, 6.0]))
    worth = np.sort(random.normal(level, 1.0, draw(st.integers(0, 3))))[::-1].round(2)
    worth_kwh = random.uniform(0, 3, len(worth)).round(1)
    if len(worth) and worth[-1] < 0:
        worth_kwh[-1] = room + 1.0
    share = draw(st.sampled_from([0.0, 0.37, 1.0]))
    return Problem(
        slot_hours=draw(st.sampled_from([0.25, 1.0])),
        load_kwh=random.gamma(1, 1, count) * draw(st.sampled_from([0.0, 1.0])),
        pv_kwh=np.maximum(random.normal(0, 2, count), 0.0),
        import_price=buy,
        export_price=buy - spread * random.uniform(0, 1, count).round(1),
        soc_start_kwh=low + share * room,
        storage=StorageModel(
            low,
            low + room,
            draw(power),
            draw(power),
            draw(st.sampled_from([0.7, 0.95, 1.0])),
            draw(st.sampled_from([0.6, 0.95, 1.0])),
            draw(st.sampled_from([0.0, 0.1])),
            draw(st.sampled_from([0.0, 0.2])),
        ),
        grid=GridModel(
            draw(power), draw(power), draw(st.sampled_from([1.0, 100.0])), draw(st.sampled_from([0.0, 0.4]))
        ),
        terminal=TerminalValue(worth, worth_kwh),
    )


@given(problems())
@settings(max_examples=600, suppress_health_check=[HealthCheck.too_slow])
def test_random_problems_cost_what_highs_says(asked: Problem) -> None:
    plan, reference = ENGINE.solve(asked), HIGHS.solve(asked)
    assert reference.gap == 0.0
    assert plan.cost == pytest.approx(reference.cost, rel=1e-8, abs=1e-8)
    _holds(plan, asked)
    first = ENGINE.first_move(asked)
    assert first.cost == pytest.approx(plan.cost, rel=1e-9, abs=1e-9)
    assert first.charge_kwh == pytest.approx(plan.charge_kwh[0], abs=1e-8)
    assert first.discharge_kwh == pytest.approx(plan.discharge_kwh[0], abs=1e-8)


@given(problems(), st.floats(0, 1))
@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])
def test_the_value_function_is_the_cost_from_any_energy(asked: Problem, share: float) -> None:
    value, storage = ENGINE.value(asked), asked.storage
    room = storage.soc_max_kwh - storage.soc_min_kwh
    soc = min(storage.soc_min_kwh + share * room, storage.soc_max_kwh)
    there = ENGINE.solve(replace(asked, soc_start_kwh=soc)).cost
    assert value.cost_at(soc) == pytest.approx(there, rel=1e-9, abs=1e-8)
    step = 1e-6
    near = np.abs(value.soc_kwh - soc)
    if room and soc + step <= storage.soc_max_kwh and not ((near > 0) & (near < 2 * step)).any():
        ahead = ENGINE.solve(replace(asked, soc_start_kwh=soc + step)).cost
        assert value.slope_at(soc) == pytest.approx((ahead - there) / step, abs=2e-3)
        assert ENGINE.first_move(replace(asked, soc_start_kwh=soc)).worth == pytest.approx(
            -value.slope_at(soc), abs=1e-4
        )


def test_all_reference_instances_are_solved_to_their_proven_optimum() -> None:
    if not REFERENCE.is_file():
        pytest.skip(f"no reference instances in {REFERENCE}")
    for instance in read_instances(REFERENCE.read_bytes(), REFERENCE):
        assert instance.optimum is not None
        plan = ENGINE.solve(instance.problem)
        assert plan.cost == pytest.approx(instance.optimum, rel=2e-9, abs=2e-9), instance.id
        _holds(plan, instance.problem)
        first = ENGINE.first_move(instance.problem)
        assert first.cost == pytest.approx(instance.optimum, rel=2e-9, abs=2e-9)
        assert first.charge_kwh == pytest.approx(plan.charge_kwh[0], abs=1e-9)
        assert first.discharge_kwh == pytest.approx(plan.discharge_kwh[0], abs=1e-9)


def test_same_input_same_plan_whatever_was_solved_before() -> None:
    one = problem(load=[1, 2, 1, 2], pv=[0, 3, 0, 0], buy=[1, -2, -2, 3], sell=[0, -3, -3, 2], soc=2.0)
    other = problem(load=[1] * 30, buy=[1, 2, 3] * 10, sell=[0.5] * 30)
    first = ENGINE.solve(one)
    for _ in range(10):
        ENGINE.solve(other)
        again = ENGINE.solve(one)
        for name in ("charge_kwh", "discharge_kwh", "import_kwh", "export_kwh", "soc_kwh"):
            assert (getattr(again, name) == getattr(first, name)).all()
        assert again.cost == first.cost


def test_of_equal_moves_the_smallest() -> None:
    lossless = replace(STORAGE, charge_efficiency=1.0, discharge_efficiency=1.0)
    plan = ENGINE.solve(
        problem(
            load=[1, 1, 1], buy=[2, 2, 2], sell=[2, 2, 2], soc=2.0, storage=lossless, worth=[2], worth_kwh=[4]
        )
    )
    assert not plan.charge_kwh.any()
    assert not plan.discharge_kwh.any()
    assert not plan.export_kwh.any()


def test_worked_out_by_hand() -> None:
    # As for HiGHS: a kWh out takes 2.5 in; at 3 that is 7.5 < 10, so slot 0 helps as well.
    asked = problem(load=[0, 0, 1], buy=[3, 1, 10], sell=[0, 0, 0])
    plan = ENGINE.solve(asked)
    np.testing.assert_allclose(plan.charge_kwh, [0.5, 2.0, 0.0], atol=1e-12)
    np.testing.assert_allclose(plan.discharge_kwh, [0.0, 0.0, 1.0], atol=1e-12)
    assert plan.cost == pytest.approx(3.5, abs=1e-12)
    # The first kWh stored saves what slot 0 would charge (3 / 0.8), up to the 0.4 that it lacks; then slot 1's.
    value = ENGINE.value(asked)
    assert value.slope_at(0.0) == pytest.approx(-3.75)
    assert value.slope_at(0.4) == pytest.approx(-1.25)
    assert value.slope_at(2.0) == pytest.approx(0.0)
    assert ENGINE.first_move(asked).worth == pytest.approx(3.75)


def test_never_both_where_burning_energy_pays() -> None:
    plan = ENGINE.solve(problem(load=[0, 0], buy=[-1, -1], sell=[-2, -2], soc=4.0))
    assert plan.cost == pytest.approx(-0.4, abs=1e-12)
    assert np.minimum(plan.charge_kwh, plan.discharge_kwh).max() == 0.0


def test_long_kinked_problems_find_the_room_they_need() -> None:
    random = np.random.default_rng(1)
    buy = random.normal(-1, 2, 600).round(3)
    asked = problem(
        load=random.gamma(1, 1, 600).tolist(), buy=buy.tolist(), sell=(buy - 0.2).tolist(), soc=2.0,
        storage=replace(STORAGE, soc_max_kwh=40.0),
    )  # fmt: skip
    small = FastEngine()
    small._spare, small._kept_per_move = 0, 1
    plan = small.solve(asked)
    assert plan.cost == pytest.approx(ENGINE.first_move(asked).cost, rel=1e-9)
    _holds(plan, asked)


def test_one_engine_tells_batteries_connections_and_slots_apart() -> None:
    asked = problem(load=[1.0] * 4, buy=[1.0, 2.0, 3.0, 4.0], sell=[0.5] * 4, soc=2.0)
    others = [
        replace(asked, storage=replace(STORAGE, discharge_max_kw=0.3)),
        replace(asked, grid=replace(asked.grid, import_max_kw=0.4)),
        replace(asked, slot_hours=0.25),
    ]
    engine = FastEngine()
    for other in others:
        for one in (asked, other):
            assert engine.first_move(one) == FastEngine().first_move(one)


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_said(name: str) -> None:
    make, words = WRONG[name]
    for ask in (ENGINE.solve, ENGINE.first_move, ENGINE.value):
        with pytest.raises(UsageError, match=words):
            ask(make())


def test_what_the_checks_pass_is_answered() -> None:
    # The compiled test doubts the terminal value's last kWh; the checks forgive rounding.
    asked = problem(load=[0], buy=[1], sell=[0], soc=2.0, worth=[-1], worth_kwh=[4 - 1e-7])
    check(asked)
    assert ENGINE.first_move(asked).cost == pytest.approx(0.0, abs=1e-6)


def test_series_of_any_layout() -> None:
    asked = problem(load=[1, 9, 1, 9], buy=[1, 9, 5, 9], sell=[0, 9, 0, 9])
    frozen = asked.load_kwh.copy()
    frozen.flags.writeable = False
    plain = replace(
        asked,
        **{
            name: getattr(asked, name)[::2].copy()
            for name in ("load_kwh", "pv_kwh", "import_price", "export_price")
        },
    )
    strided = replace(plain, load_kwh=frozen[::2], import_price=asked.import_price[::2])
    assert ENGINE.solve(strided).cost == ENGINE.solve(plain).cost
    assert ENGINE.first_move(strided) == ENGINE.first_move(plain)
    assert GRID.import_max_kw > 0
