"""What battery and site cost where what the loads draw is given."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from darkstar.planner.fast.forward import cost_at, walk
from darkstar.planner.fast.piecewise import STEPS
from darkstar.planner.fast.recursion import begin, fold, workspace
from darkstar.planner.fast.slot_cost import lay_out, limits_of
from darkstar.planner.problem import Problem

Ids = NDArray[np.int64]
Floats = NDArray[np.float64]
Site = tuple[Floats, Floats, Floats, Floats, Floats, Floats, Floats, float, float]
"""A problem: load, pv, import and export price (n,), limits (see `slot_cost.limits_of`), the terminal value's worths
and energies, the battery's room, and what it holds above the least."""
Scratch = tuple[Floats, Floats, Floats, Floats, Floats, Floats, Ids, Floats, Floats]
"""Steps' prices and energies (n, 8), base (n,), workspace, levels (n, 8), kept functions (2, k) and where they lie
(n + 1, 2), moves (n,), loads (n,)."""

SPARE_PIECES = 16_384
KEPT_PIECES = 131_072
"""Room for the functions of slots with kinks; where it does not suffice there is no bound."""


def site_of(problem: Problem) -> Site:
    """A problem as these functions read it."""
    storage = problem.storage
    return (
        np.array(problem.load_kwh, dtype=np.float64),
        np.array(problem.pv_kwh, dtype=np.float64),
        np.array(problem.import_price, dtype=np.float64),
        np.array(problem.export_price, dtype=np.float64),
        limits_of(problem),
        np.array(problem.terminal.value, dtype=np.float64),
        np.array(problem.terminal.energy_kwh, dtype=np.float64),
        float(storage.soc_max_kwh - storage.soc_min_kwh),
        float(problem.soc_start_kwh - storage.soc_min_kwh),
    )


def scratch_of(problem: Problem) -> Scratch:
    """Scratch for problems of this many slots."""
    n = len(problem)
    return (
        np.empty((n, STEPS)),
        np.empty((n, STEPS)),
        np.empty(n),
        workspace(n, len(problem.terminal.value), SPARE_PIECES),
        np.empty((n, STEPS)),
        np.empty((2, KEPT_PIECES)),
        np.empty((n + 1, 2), np.int64),
        np.empty(n),
        np.empty(n),
    )


@njit(cache=True, nogil=True, error_model="numpy")
def cost_with(site: Site, drawn_kwh: Floats, scratch: Scratch) -> float:
    """Least cost when the loads draw so much, shape (n,); minus infinity where the scratch is too small.

    The slots and the moves of the stored energy are left in the scratch.
    """
    load, pv, buy, sell, limits, worth, worth_kwh, room, stored = site
    price, energy, base, space, level, kept, kept_at, moves, drawn = scratch
    drawn[:] = load + drawn_kwh
    lay_out(drawn, pv, buy, sell, limits, price, energy, base)
    n = len(base)
    head, tail = begin(worth, worth_kwh, room, space)
    head, tail, empty = fold(0, n, price, energy, base, head, tail, 0.0, room, space, level, kept, kept_at)
    if tail < 0:
        return -np.inf
    walk(n, price, energy, level, kept, kept_at, stored, room, moves)
    cost, _ = cost_at(space[0], space[1], head, tail, empty, stored)
    return cost
