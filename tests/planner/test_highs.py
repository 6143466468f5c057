"""The exact engine: problems worked out by hand, proven optima, and a second way to the same answer."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from darkstar.planner.highs import HighsEngine
from darkstar.planner.instances import read_instances
from darkstar.planner.problem import Plan, Problem
from tests.planner.cases import GRID, STORAGE, problem

REFERENCE = Path(__file__).parents[3] / "shared" / "planner_reference" / "instances.json"
COLD, HOT = HighsEngine(), HighsEngine(hot=True)


def test_buys_where_the_round_trip_pays_and_no_more() -> None:
    # A kWh out takes 2.5 in. At 3 it comes to 7.5 < 10, so slot 0 helps as well: 0.2 kWh out takes 0.5 in.
    plan = COLD.solve(problem(load=[0, 0, 1], buy=[3, 1, 10], sell=[0, 0, 0]))
    np.testing.assert_allclose(plan.charge_kwh, [0.5, 2.0, 0.0], atol=1e-9)
    np.testing.assert_allclose(plan.discharge_kwh, [0.0, 0.0, 1.0], atol=1e-9)
    np.testing.assert_allclose(plan.soc_kwh, [0.0, 0.4, 2.0, 0.0], atol=1e-9)
    assert plan.cost == pytest.approx(3.5)
    assert plan.gap == 0.0


def test_wear_can_make_it_not_worth_while() -> None:
    worn = replace(STORAGE, wear_charge=2.0, wear_discharge=2.5)  # (1 + 2) * 2.5 + 2.5 = 10: not below 9
    plan = COLD.solve(problem(load=[0, 1], buy=[1, 9], sell=[0, 0], storage=worn))
    assert plan.charge_kwh.sum() == pytest.approx(0.0, abs=1e-9)
    assert plan.cost == pytest.approx(9.0)


def test_zero_export_price_stays_zero() -> None:
    # Fault 8: if a price of 0 fell back to the import price, the surplus would bring money.
    plan = COLD.solve(problem(load=[0], pv=[3], buy=[5], sell=[0], soc=4.0))
    assert plan.cost == pytest.approx(0.0, abs=1e-12)


def test_sun_is_curtailed_where_export_costs() -> None:
    dear = replace(GRID, curtailment_cost=0.5)
    plan = COLD.solve(problem(load=[0], pv=[3], buy=[5], sell=[-1], soc=4.0, grid=dear))
    np.testing.assert_allclose(plan.curtail_kwh, [3.0])
    assert plan.cost == pytest.approx(1.5)


def test_feed_in_limit_and_fuse_hold() -> None:
    tight = replace(GRID, import_max_kw=1.0, export_max_kw=0.5)
    plan = COLD.solve(problem(load=[3, 0], pv=[0, 3], buy=[1, 1], sell=[1, 1], soc=0.0, grid=tight))
    np.testing.assert_allclose(plan.breach_kwh, [2.0, 0.0], atol=1e-9)
    np.testing.assert_allclose(plan.import_kwh, [1.0, 0.0], atol=1e-9)
    np.testing.assert_allclose(plan.export_kwh, [0.0, 0.5], atol=1e-9)
    assert plan.cost == pytest.approx(3 + 200 - 0.5)


def test_terminal_value_is_worth_what_it_says() -> None:
    # The first stored kWh is worth 3 (bought at 1 / 0.8), the next 1.2 (not worth 1.25).
    plan = COLD.solve(problem(load=[0], buy=[1], sell=[0], worth=[3, 1.2], worth_kwh=[1, 3]))
    assert plan.soc_kwh[-1] == pytest.approx(1.0)
    assert plan.cost == pytest.approx(1.25 - 3)


def test_negative_terminal_value_drives_energy_out() -> None:
    plan = COLD.solve(problem(load=[0], buy=[1], sell=[0], soc=2.0, worth=[-1], worth_kwh=[4]))
    assert plan.soc_kwh[-1] == pytest.approx(0.0, abs=1e-9)
    assert plan.cost == pytest.approx(0.0, abs=1e-9)


def test_never_both_at_once_where_burning_energy_pays() -> None:
    # Full battery, paid to draw: the relaxation would charge 2 and discharge 0.8 and draw 1.2 for nothing.
    full = problem(load=[0, 0], buy=[-1, -1], sell=[-2, -2], soc=4.0)
    plan = COLD.solve(full)
    assert np.minimum(plan.charge_kwh, plan.discharge_kwh).max() == 0.0
    # Emptying 1.6 stored kWh exports 0.8 at -2, and filling them again draws 2 at -1: -2 + 1.6 = -0.4.
    assert plan.cost == pytest.approx(-0.4)
    assert plan.gap == 0.0


def test_same_problem_same_plan_whatever_was_solved_before() -> None:
    # Fault 18. Every plan of this problem costs the same: ties are where plans flip.
    tied = problem(load=[1] * 6, buy=[1] * 6, sell=[1] * 6, soc=2.0, worth=[1], worth_kwh=[4])
    fresh = HighsEngine().solve(tied)
    used = HighsEngine()
    used.solve(
        problem(load=[0, 3, 0, 3, 0, 3], buy=[1, 2, 1, 2, 1, 2], sell=[0] * 6, worth=[1], worth_kwh=[4])
    )
    again = used.solve(tied)
    for name in ("charge_kwh", "discharge_kwh", "import_kwh", "export_kwh", "soc_kwh"):
        assert getattr(fresh, name).tobytes() == getattr(again, name).tobytes()


def balances(asked: Problem, plan: Plan) -> None:
    """All that the problem demands of a plan, but for its being the cheapest."""
    storage, grid, tolerance = asked.storage, asked.grid, 1e-6
    drawn = plan.import_kwh + plan.breach_kwh + plan.discharge_kwh + asked.pv_kwh
    used = plan.export_kwh + plan.curtail_kwh + plan.charge_kwh + asked.load_kwh
    np.testing.assert_allclose(drawn, used, atol=tolerance)
    moved = storage.charge_efficiency * plan.charge_kwh - plan.discharge_kwh / storage.discharge_efficiency
    np.testing.assert_allclose(np.diff(plan.soc_kwh), moved, atol=tolerance)
    assert np.minimum(plan.charge_kwh, plan.discharge_kwh).max() == 0.0
    for series, most in (
        (plan.charge_kwh, storage.charge_max_kw * asked.slot_hours),
        (plan.discharge_kwh, storage.discharge_max_kw * asked.slot_hours),
        (plan.import_kwh, grid.import_max_kw * asked.slot_hours),
        (plan.export_kwh, grid.export_max_kw * asked.slot_hours),
        (plan.curtail_kwh, asked.pv_kwh),
        (plan.breach_kwh, np.inf),
    ):
        assert (series >= 0).all()
        assert (series <= most + tolerance).all()


def slot_cost(asked: Problem, slot: int, charge: float, discharge: float) -> float:
    """The least cost of a slot whose battery moves are given, by trying every corner of the grid's choices."""
    grid = asked.grid
    buy, sell = float(asked.import_price[slot]), float(asked.export_price[slot])
    pv = float(asked.pv_kwh[slot])
    need = float(asked.load_kwh[slot]) - pv + charge - discharge
    best = np.inf
    # A linear cost over import, export, curtailment has its minimum where two of the three are at a limit.
    for curtail in (0.0, pv, None):
        for export in (0.0, grid.export_max_kw, None):
            for bought in (0.0, grid.import_max_kw, None):
                if (curtail is None) + (export is None) + (bought is None) > 1:
                    continue
                k = curtail if curtail is not None else (bought or 0.0) - (export or 0.0) - need
                e = export if export is not None else (bought or 0.0) - k - need
                i = bought if bought is not None else need + e + k
                b = need + e + k - i
                sound = -1e-9 <= k <= pv + 1e-9 and -1e-9 <= e <= grid.export_max_kw + 1e-9
                if sound and -1e-9 <= i <= grid.import_max_kw + 1e-9 and b >= -1e-9:
                    cost = buy * (i + b) - sell * e + grid.curtailment_cost * k + grid.import_breach_cost * b
                    best = min(best, cost)
    storage = asked.storage
    return best + storage.wear_charge * charge + storage.wear_discharge * discharge


def by_trying(asked: Problem, steps: int) -> float:
    """The least cost over stored energies that are multiples of (soc_max - soc_min) / steps: a bound from above."""
    storage = asked.storage
    levels = np.linspace(storage.soc_min_kwh, storage.soc_max_kwh, steps + 1)
    edges = np.cumsum(asked.terminal.energy_kwh) - asked.terminal.energy_kwh
    value = [
        -float(np.dot(asked.terminal.value, np.clip(level - edges, 0.0, asked.terminal.energy_kwh)))
        for level in levels
    ]
    for slot in reversed(range(len(asked))):
        before = []
        for level in levels:
            costs = [np.inf]
            for after, rest in zip(levels, value, strict=True):
                charge = max(after - level, 0.0) / storage.charge_efficiency
                discharge = max(level - after, 0.0) * storage.discharge_efficiency
                if charge <= storage.charge_max_kw + 1e-9 and discharge <= storage.discharge_max_kw + 1e-9:
                    costs.append(slot_cost(asked, slot, charge, discharge) + rest)
            before.append(min(costs))
        value = before
    return value[int(np.abs(levels - asked.soc_start_kwh).argmin())]


WHOLE = st.integers(0, 4)
PRICE = st.integers(-4, 8)


@st.composite
def whole_problems(draw: st.DrawFn) -> Problem:
    """Problems in whole numbers and lossless, whose best plan moves whole kWh: trying whole numbers finds it."""
    n = draw(st.integers(1, 4))
    lossless = replace(
        STORAGE,
        charge_efficiency=1.0,
        discharge_efficiency=1.0,
        wear_charge=float(draw(st.integers(0, 1))),
        wear_discharge=float(draw(st.integers(0, 1))),
    )
    grid = replace(
        GRID,
        import_max_kw=float(draw(st.integers(1, 5))),
        export_max_kw=float(draw(st.integers(0, 5))),
        curtailment_cost=float(draw(st.integers(0, 2))),
    )

    def series(values: st.SearchStrategy[int]) -> list[float]:
        return [float(value) for value in draw(st.lists(values, min_size=n, max_size=n))]

    return problem(
        load=series(WHOLE),
        pv=series(WHOLE),
        buy=series(PRICE),
        sell=series(PRICE),
        soc=float(draw(WHOLE)),
        storage=lossless,
        grid=grid,
        worth=[float(draw(PRICE))],
        worth_kwh=[4.0],
    )


@settings(max_examples=25, deadline=None)
@given(whole_problems())
def test_agrees_with_trying_every_plan(asked: Problem) -> None:
    plan = COLD.solve(asked)
    balances(asked, plan)
    if np.all(asked.import_price >= asked.export_price):
        # Drawing and feeding in at once pays nothing here, and cornered choices are all there are.
        assert plan.cost == pytest.approx(by_trying(asked, 4), abs=1e-6)
    assert plan.cost <= by_trying(asked, 4) + 1e-6
    assert HOT.solve(asked).cost == pytest.approx(plan.cost, abs=1e-6)


@st.composite
def lossy_problems(draw: st.DrawFn) -> Problem:
    """Problems with losses, deeply negative prices among them."""
    n = draw(st.integers(1, 5))
    energy, price = st.floats(0, 4), st.floats(-20, 20)

    def series(values: st.SearchStrategy[float]) -> list[float]:
        return draw(st.lists(values, min_size=n, max_size=n))

    return problem(
        load=series(energy),
        pv=series(energy),
        buy=series(price),
        sell=series(price),
        soc=draw(st.floats(0, 4)),
    )


@settings(max_examples=25, deadline=None)
@given(lossy_problems())
def test_every_plan_is_sound_and_no_worse_than_trying(asked: Problem) -> None:
    asked = replace(asked, soc_start_kwh=round(asked.soc_start_kwh * 2) / 2)
    plan = COLD.solve(asked)
    balances(asked, plan)
    assert plan.gap == 0.0
    assert plan.cost <= by_trying(asked, 8) + 1e-5


@pytest.mark.slow
def test_reference_instances_at_their_optimum() -> None:
    if not REFERENCE.is_file():
        pytest.skip(f"no reference instances in {REFERENCE.parent}")
    engine, instances = HighsEngine(), read_instances(REFERENCE.read_bytes(), REFERENCE)
    assert len(instances) == 60
    for instance in instances:
        plan = engine.solve(instance.problem)
        balances(instance.problem, plan)
        assert plan.cost == pytest.approx(instance.optimum, rel=1e-6), instance.id
        assert plan.gap == 0.0, instance.id


@pytest.mark.slow
def test_linear_reference_instances_at_their_optimum() -> None:
    if not REFERENCE.is_file():
        pytest.skip(f"no reference instances in {REFERENCE.parent}")
    for instance in read_instances(REFERENCE.read_bytes(), REFERENCE):
        if instance.optimum == pytest.approx(instance.lp_relaxation, rel=1e-9):
            plan = HOT.solve(instance.problem)
            assert plan.cost == pytest.approx(instance.optimum, rel=1e-6), instance.id
