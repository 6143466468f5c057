"""A price on the highest import of a slot: the battery problem with a capacity tariff.

What a peak costs is paid per kW above the peak that is set already. With a peak given, the problem is the battery's
with that import limit and a breach that never pays, so the least cost is a convex function of the peak where no slot
has a kink: least cost plus the peak's price is searched in one dimension, each look one recursion. Import beyond the
fuse has its own price, the breach's, and is not counted.
"""

import time
from dataclasses import dataclass, replace

import numpy as np
from numba import njit
from numpy.typing import NDArray

from darkstar.domain.errors import UsageError
from darkstar.planner.checks import check
from darkstar.planner.fast.engine import FastEngine
from darkstar.planner.fast.forward import cost_at
from darkstar.planner.fast.glance import Scratch, scratch
from darkstar.planner.fast.recursion import begin, fold, kinked
from darkstar.planner.fast.slot_cost import lay_out, limits_of
from darkstar.planner.problem import Plan, Problem

Floats = NDArray[np.float64]

SPARE_PIECES = 256
SAME_PEAK = 1e-9
"""Peaks closer than this share of their range are one."""
GOLDEN = (5**0.5 - 1) / 2
"""Share of the range that a look of the search leaves."""


@dataclass(frozen=True)
class CapacityPlan:
    """The cheapest plan under a capacity tariff.

    Attributes:
        plan: its `cost` is without the peak's.
        peak_kw: import of the highest slot up to the fuse, or the peak that was set already if that is higher.
        peak_cost: what is paid for the peak above the one that was set.
        exact: whether no slot has a kink; otherwise there may be a cheaper peak.
        ms: time that all took [ms].
    """

    plan: Plan
    peak_kw: float
    peak_cost: float
    exact: bool
    ms: float

    @property
    def cost(self) -> float:
        """All that is paid, terminal value included."""
        return self.plan.cost + self.peak_cost


class CapacityEngine:
    """Solves the battery problem with a capacity tariff on slot peaks; one engine serves one thread."""

    def __init__(self) -> None:
        self._engine = FastEngine()
        self._spare = SPARE_PIECES
        self._room: tuple[tuple[int, int, int], Scratch] = (0, 0, 0), scratch(0, 0, 0, 0, 0)

    def peak(self, problem: Problem, price_per_kw: float, set_kw: float = 0.0) -> tuple[float, float, bool]:
        """The best peak [kW], the least cost with it (the peak's price above `set_kw` included), and whether exact.

        Raises:
            UsageError: see `checks.check`; or the price or the peak is no number of at least 0.
        """
        check(problem)
        for name, value in (("price_per_kw", price_per_kw), ("set_kw", set_kw)):
            if not 0 <= value < float("inf"):
                raise UsageError(f"{name} is {value}; it must be a number of at least 0.")
        answer = self._look(problem, price_per_kw, set_kw)
        while np.isnan(answer[1]):
            self._spare = 4 * self._spare + SPARE_PIECES
            answer = self._look(problem, price_per_kw, set_kw)
        return answer

    def solve(self, problem: Problem, price_per_kw: float, set_kw: float = 0.0) -> CapacityPlan:
        """The cheapest plan; the tariff is paid on the highest slot's import above `set_kw`.

        Raises:
            UsageError: see `peak`.
        """
        began = time.perf_counter()
        best_kw, _, exact = self.peak(problem, price_per_kw, set_kw)
        grid = problem.grid
        if best_kw < grid.import_max_kw:
            grid = replace(
                grid, import_max_kw=best_kw, import_breach_cost=_never_breached(problem, price_per_kw)
            )
        plan = self._engine.solve(replace(problem, grid=grid))
        peak_kw = max(set_kw, float(plan.import_kwh.max()) / problem.slot_hours)
        return CapacityPlan(
            plan=plan,
            peak_kw=peak_kw,
            peak_cost=price_per_kw * (peak_kw - set_kw),
            exact=exact,
            ms=(time.perf_counter() - began) * 1000,
        )

    def _look(self, problem: Problem, price_per_kw: float, set_kw: float) -> tuple[float, float, bool]:
        size = len(problem), len(problem.terminal.value), self._spare
        if self._room[0] != size:
            self._room = size, scratch(*size, 0, 0)
        fuse_kw, storage = problem.grid.import_max_kw, problem.storage
        limits = limits_of(problem)
        limits[8] = _never_breached(problem, price_per_kw)
        best, least, exact = _search(
            min(set_kw, fuse_kw),
            fuse_kw,
            price_per_kw,
            problem.slot_hours,
            np.array(problem.load_kwh),
            np.array(problem.pv_kwh),
            np.array(problem.import_price),
            np.array(problem.export_price),
            limits,
            storage.soc_max_kwh - storage.soc_min_kwh,
            problem.soc_start_kwh - storage.soc_min_kwh,
            np.array(problem.terminal.value),
            np.array(problem.terminal.energy_kwh),
            self._room[1],
        )
        return best, least, exact


def _never_breached(problem: Problem, price_per_kw: float) -> float:
    """A price of the breach [per kWh] at which a higher peak is always cheaper."""
    return problem.grid.import_breach_cost + 2 * price_per_kw / problem.slot_hours


@njit(cache=True, nogil=True, error_model="numpy")
def _search(
    low: float,
    high: float,
    price_per_kw: float,
    hours: float,
    load: Floats,
    pv: Floats,
    import_price: Floats,
    export_price: Floats,
    limits: Floats,
    room: float,
    stored: float,
    worth: Floats,
    worth_kwh: Floats,
    room_for: Scratch,
) -> tuple[float, float, bool]:
    """The best peak from low to high [kW], the least cost with it (NaN: the scratch is too small), and whether no slot
    has a kink."""
    price, energy, base, space, level, kept, kept_at, _ = room_for
    near, far, set_kw = low, high, low
    best, least, exact = high, np.inf, True
    # The ends first: at a dear peak nothing may be worth raising it for, at a cheap one everything.
    points = (high, low)
    left, right, left_cost, right_cost = 0.0, 0.0, 0.0, 0.0
    look = 0
    while look < 4 or far - near > SAME_PEAK * (high - low):
        if look < 2:
            peak = points[look]
        elif look == 2 or (look > 3 and left_cost <= right_cost):
            if look > 3:
                far, right, right_cost = right, left, left_cost
            peak = left = far - GOLDEN * (far - near)
        else:
            if look > 3:
                near, left, left_cost = left, right, right_cost
            peak = right = near + GOLDEN * (far - near)
        going_left = peak == left
        limits[2] = peak * hours
        lay_out(load, pv, import_price, export_price, limits, price, energy, base)
        head, tail = begin(worth, worth_kwh, room, space)
        head, tail, empty = fold(
            0, len(load), price, energy, base, head, tail, 0.0, room, space, level, kept, kept_at
        )
        if tail < 0:
            return best, np.nan, False
        cost, _ = cost_at(space[0], space[1], head, tail, empty, stored)
        cost += price_per_kw * (peak - set_kw)
        if look >= 2:
            if going_left:
                left_cost = cost
            else:
                right_cost = cost
        if cost < least:
            best, least = peak, cost
        if look == 0:
            for slot in range(len(load)):
                exact &= not kinked(price[slot], energy[slot])
        look += 1
        if high <= low:
            break
    return best, least, exact
