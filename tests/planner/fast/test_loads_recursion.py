"""Where no better plan passes, a function may be simpler, but never lower; elsewhere it stays as it is."""

import numpy as np
import pytest

from darkstar.planner.fast.loads_recursion import simplified
from darkstar.planner.problem import Series

pytestmark = pytest.mark.slow
"""Compiling takes seconds."""


def values(worth: Series, kwh: Series, empty: float, stored: Series) -> Series:
    """A function's values."""
    points = np.concatenate([[0.0], np.cumsum(kwh)])
    costs = empty - np.concatenate([[0.0], np.cumsum(worth * kwh)])
    return np.interp(stored, points, costs)


@pytest.mark.parametrize("seed", range(30))
def test_a_simpler_function_is_not_lower_and_the_same_where_it_matters(seed: int) -> None:
    random = np.random.default_rng(seed)
    worth, kwh, bought = random.normal(size=12), random.uniform(0.1, 1.0, 12), float(random.normal())
    stored = np.linspace(0.0, kwh.sum(), 400)
    before = values(worth, kwh, 1.0, stored)
    most = float(np.quantile(before + bought * stored, 0.3))
    less, shorter = worth.copy(), kwh.copy()
    count, empty = simplified(less, shorter, 12, 1.0, bought, most)
    after = values(less[:count], shorter[:count], empty, stored)
    assert shorter[:count].sum() == pytest.approx(kwh.sum())
    assert np.all(after >= before - 1e-9)
    matters = before + bought * stored <= most
    assert after[matters] == pytest.approx(before[matters])


def test_a_function_that_matters_nowhere_goes() -> None:
    count, empty = simplified(np.array([1.0, 2.0]), np.array([1.0, 1.0]), 2, 5.0, 0.0, 1.9)
    assert (count, empty) == (0, np.inf)


def test_ends_that_do_not_matter_become_one_piece_each() -> None:
    # At 4 a kWh bought it costs 10, 8, 5, 6, 8, 9: only the middle costs 5.5 or less.
    worth, kwh = np.array([6.0, 7.0, 3.0, 2.0, 3.0]), np.ones(5)
    count, empty = simplified(worth, kwh, 5, 10.0, 4.0, 4.9)
    assert (count, empty) == (0, np.inf)
    count, empty = simplified(worth, kwh, 5, 10.0, 4.0, 5.5)
    assert (worth[:count].tolist(), kwh[:count].tolist(), empty) == (
        [6.0, 7.0, 3.0, 2.0],
        [1.0, 1.0, 1.0, 2.0],
        10.0,
    )
