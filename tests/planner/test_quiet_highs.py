"""What changes in place gives what a programme made anew gives."""

from dataclasses import replace

import numpy as np
import pytest

from darkstar.planner.full.programme import Programme
from darkstar.planner.full.solver import Solver


def test_changed_numbers_give_what_new_ones_give() -> None:
    rng = np.random.default_rng(0)
    programme = Programme()
    columns = programme.columns(6, cost=rng.uniform(-1, 1, 6), high=4.0)
    rows = programme.rows(3, low=1.0, high=8.0)
    programme.put(rows[:, None], columns[None, :], rng.uniform(0, 1, (3, 6)))
    arrays, held = programme.arrays(), Solver(integral=False)
    held.solve(arrays, seconds=5)
    for number in range(20):
        one = rng.integers(6)
        arrays = replace(
            arrays, cost=arrays.cost.copy(), high=arrays.high.copy(), row_high=arrays.row_high.copy()
        )
        (arrays.cost, arrays.high)[number % 2][one] = rng.uniform(0.5, 4)
        arrays.row_high[one % 3] = rng.uniform(4, 8)
        found = held.solve(arrays, seconds=5).objective
        assert found == pytest.approx(Solver(integral=False).solve(arrays, seconds=5).objective, abs=1e-7)
