"""A slot before convex functions, all chords at once, is the exact step of pieces, read on the grid."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from darkstar.planner.fast.chords import before_slot, scratch_for
from darkstar.planner.fast.falls import falls_in, rows_of_falls, slide
from darkstar.planner.fast.piecewise import STEPS, WORK_ROWS, step
from darkstar.planner.fast.shared_steps import share_steps
from darkstar.planner.fast.slot_cost import lay_out_slot, site_limits
from darkstar.planner.problem import GridModel, StorageModel

Floats = NDArray[np.float64]
COURSES = 3


def _site(draw: np.random.Generator, room: float) -> Floats:
    """From a trickle to more than the room in a slot."""
    power = (10.0 ** draw.uniform(-3, 1, 4)).tolist()
    storage = StorageModel(0.0, room, power[0], power[1], float(draw.uniform(0.7, 1)), 0.9, 0.02, 0.01)
    return site_limits(storage, GridModel(power[2], power[3], 1.0, 0.0), 1.0)


def _pieces(
    fall: Floats, length: float, energies: Floats, prices: tuple[float, float], site: Floats
) -> Floats:
    """The costs on the grid before the slot, by the exact step; 0 at empty after it."""
    price, energy, size = np.empty(STEPS), np.empty(STEPS), 24 * (len(fall) + STEPS)
    base = lay_out_slot(energies[0], energies[1], prices[0], prices[1], site, price, energy)
    worth, kwh = np.empty(size), np.empty(size)
    kept = np.full(len(fall), length)
    work = np.empty((WORK_ROWS, size))
    count, empty = step(fall / length, kept, len(fall), 0.0, price, energy, base, worth, kwh, work)
    at = np.concatenate([[0.0], np.cumsum(kwh[:count])])
    cost = empty - np.concatenate([[0.0], np.cumsum(worth[:count] * kwh[:count])])
    grid: Floats = np.interp(length * np.arange(len(fall) + 1), at, cost)
    return grid


@pytest.mark.slow
@pytest.mark.parametrize("bent", [False, True])
@given(st.integers(0, 2**32), st.integers(1, 23))
def test_all_at_once_is_the_exact_step(bent: bool, seed: int, chords: int) -> None:
    draw = np.random.default_rng(seed)
    length = float(draw.uniform(0.05, 1))
    site, scratch = _site(draw, chords * length), scratch_for(chords)
    rows, before, empty = rows_of_falls(COURSES, chords), np.empty((COURSES, chords)), np.zeros(COURSES)
    for row in rows:
        # Some chords are worth the same, some exactly what a step costs or gains.
        worth = draw.choice(np.append(draw.uniform(-1, 4, 5), [0.0, (2.0 + 0.02) * site[10]]), chords)
        falls_in(row, chords)[:] = length * np.sort(worth)[::-1]
    energies, prices = draw.uniform(0, 2, (2, COURSES)) * draw.integers(0, 2, (2, COURSES)), (2.0, 0.9)
    may_bend = share_steps(*prices, site, length, scratch.steps)
    assert not may_bend
    slide(0, COURSES, energies, site, length, rows, before, scratch.steps)
    costs = np.empty_like(before)
    before_slot(energies, prices, site, length, bent, empty, rows, costs, scratch)
    for course in range(COURSES):
        exact = _pieces(falls_in(rows[course], chords), length, energies[:, course], prices, site)
        np.testing.assert_allclose(before[course], -np.diff(exact), atol=1e-10)
        np.testing.assert_array_equal(costs[course], before[course])
        assert empty[course] == pytest.approx(exact[0], abs=1e-9)
