"""A capacity tariff on slot peaks: worked out by hand, and against a linear programme."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import linprog

from darkstar.domain.errors import UsageError
from darkstar.planner.fast.capacity import CapacityEngine
from darkstar.planner.model import COLUMNS_PER_SLOT, IMPORT, matrix_of, numbers_of, shape_of
from darkstar.planner.problem import Problem
from tests.planner.cases import GRID, STORAGE, problem

pytestmark = pytest.mark.slow
ENGINE = CapacityEngine()
LOSSLESS = replace(STORAGE, charge_efficiency=1.0, discharge_efficiency=1.0)


def test_worked_out_by_hand() -> None:
    # 8 kWh in one of four hours: the battery can carry 2 of them, so 6 kW at least; at 1 per kW that is worth it.
    asked = problem(load=[0, 0, 8, 0], buy=[1, 1, 1, 1], sell=[0, 0, 0, 0], storage=LOSSLESS)
    plan = ENGINE.solve(asked, 1.0)
    assert plan.peak_kw == pytest.approx(6.0)
    assert plan.cost == pytest.approx(8.0 + 6.0)
    assert plan.exact
    # A peak of 7 is set already: nothing more is paid, and the price decides alone.
    assert ENGINE.solve(asked, 1.0, set_kw=7.0).cost == pytest.approx(8.0)
    assert ENGINE.solve(asked, 0.0).peak_cost == 0.0


def test_beyond_the_fuse_the_breach_has_its_own_price() -> None:
    tight = problem(load=[9], buy=[1], sell=[0], grid=replace(GRID, import_max_kw=4.0))
    plan = ENGINE.solve(tight, 50.0)
    assert plan.plan.breach_kwh.tolist() == [5.0]
    assert plan.cost == pytest.approx(9 + 5 * 100 + 4 * 50)


def test_a_breach_is_no_way_round_a_dear_peak() -> None:
    # At 300 per kW a breach at 100 per kWh would look cheaper.
    plan = ENGINE.solve(problem(load=[3], buy=[1], sell=[0]), 300.0)
    assert plan.plan.breach_kwh.tolist() == [0.0]
    assert plan.cost == pytest.approx(3 + 900)


def _by_linear_programme(asked: Problem, price_per_kw: float, set_kw: float) -> float:
    """The same with the peak as one more column; the breach so dear that no peak is avoided by it."""
    shape, numbers, matrix = shape_of(asked), numbers_of(asked), matrix_of(shape_of(asked))
    rows = np.zeros((shape.rows, shape.columns + 1))
    for column in range(shape.columns):
        for entry in range(matrix.start[column], matrix.start[column + 1]):
            rows[matrix.row[entry], column] += matrix.value[entry]
    n = len(asked)
    peaks = np.zeros((n, shape.columns + 1))
    peaks[np.arange(n), COLUMNS_PER_SLOT * np.arange(n) + IMPORT] = 1.0
    peaks[:, -1] = -asked.slot_hours
    answer = linprog(
        np.append(numbers.cost, price_per_kw),
        A_eq=rows[:-1],
        b_eq=numbers.row_low[:-1],
        A_ub=np.vstack([rows[-1:], peaks]),
        b_ub=np.append(numbers.row_high[-1], np.full(n, set_kw * asked.slot_hours)),
        bounds=[*zip(numbers.column_low, numbers.column_high, strict=True), (0, None)],
        method="highs",
    )
    return float(answer.fun)


@pytest.mark.parametrize("seed", range(12))
def test_costs_what_a_linear_programme_says(seed: int) -> None:
    random = np.random.default_rng(seed)
    slots = 30
    buy = random.uniform(0.2, 3, slots)
    asked = problem(
        load=random.gamma(1, 2, slots).clip(0, 8).tolist(),
        pv=np.maximum(random.normal(0, 2, slots), 0).tolist(),
        buy=buy.tolist(),
        sell=(buy * 0.8).tolist(),
        soc=float(random.uniform(0, 4)),
        storage=replace(STORAGE, charge_efficiency=0.95, discharge_efficiency=0.9, wear_discharge=0.1),
        grid=replace(GRID, import_breach_cost=1000.0),
        worth=[1.0],
        worth_kwh=[2.0],
    )
    price, known = float(random.choice([0.5, 5.0, 40.0])), float(random.choice([0.0, 3.0]))
    plan = ENGINE.solve(asked, price, known)
    assert plan.cost == pytest.approx(_by_linear_programme(asked, price, known), rel=1e-7)
    assert ENGINE.peak(asked, price, known)[1] == pytest.approx(plan.cost, rel=1e-7)


def test_kinks_are_told_and_find_the_space_they_need() -> None:
    random = np.random.default_rng(2)
    buy = random.normal(-1, 2, 300)
    asked = problem(load=[1.0] * 300, buy=buy.tolist(), sell=(buy - 0.2).tolist(), soc=2.0)
    expected = ENGINE.solve(asked, 1.0)
    small = CapacityEngine()
    small._spare = 0
    assert small.solve(asked, 1.0).cost == expected.cost
    assert small._spare > 0
    assert not expected.exact


def test_what_is_wrong_is_said() -> None:
    with pytest.raises(UsageError, match="price_per_kw is -1"):
        ENGINE.solve(problem(load=[1], buy=[1], sell=[0]), -1.0)
