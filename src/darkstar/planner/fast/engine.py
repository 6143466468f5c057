"""The fast exact engine behind the planner's interface, and its short cuts for those who need no whole plan."""

import time

import numpy as np

from darkstar.planner.accounting import Moves, cost, stored_energy
from darkstar.planner.checks import check
from darkstar.planner.fast.glance import (
    FINE,
    KEPT_TOO_SMALL,
    SPACE_TOO_SMALL,
    UNSOUND,
    glance,
    plan_moves,
    scratch,
)
from darkstar.planner.fast.slot_cost import limits_of, resolve
from darkstar.planner.fast.value import FirstMove, StoredValue
from darkstar.planner.problem import Plan, Problem, Series

SPARE_PIECES = 256
"""Room in the workspace for what kinks add; grows where a problem needs more."""
KEPT_PIECES_PER_SLOT = 64
"""Room for the functions that a plan through kinks is searched in; grows where a problem needs more."""


class FastEngine:
    """Solves the battery problem exactly by recursion; each answer depends on its problem alone.

    Keeps its scratch from call to call: one engine serves one thread.
    """

    name = "recursion"

    def __init__(self) -> None:
        self._spare = SPARE_PIECES
        self._kept_per_slot = KEPT_PIECES_PER_SLOT
        self._size = (0, 0)
        self._scratch = scratch(0, 0, 0)

    def solve(self, problem: Problem) -> Plan:
        """The cheapest plan; of equally cheap moves the smallest, slot by slot.

        Raises:
            UsageError: see `checks.check`.
        """
        check(problem)
        began = time.perf_counter()
        load, pv, import_price, export_price, worth, worth_kwh = _series(problem)
        limits, room, stored = limits_of(problem), _room(problem), _stored(problem)
        self._fit(problem)
        moved, flows = np.empty(len(load)), np.empty((6, len(load)))
        status = KEPT_TOO_SMALL
        while status != FINE:
            kept = np.empty((2, self._kept_per_slot * len(load)))
            status = plan_moves(
                load, pv, import_price, export_price, limits, room, stored, worth, worth_kwh, kept,
                self._scratch.space, moved,
            )  # fmt: skip
            self._grow(problem, status)
        resolve(load, pv, import_price, export_price, limits, moved, flows)
        moves = Moves(*flows)
        soc_kwh = stored_energy(problem, moves.charge_kwh, moves.discharge_kwh)
        return Plan(
            charge_kwh=moves.charge_kwh,
            discharge_kwh=moves.discharge_kwh,
            import_kwh=moves.import_kwh,
            export_kwh=moves.export_kwh,
            curtail_kwh=moves.curtail_kwh,
            breach_kwh=moves.breach_kwh,
            soc_kwh=soc_kwh,
            cost=cost(problem, moves, float(soc_kwh[-1])),
            gap=0.0,
            ms=(time.perf_counter() - began) * 1000,
            engine=self.name,
        )

    def first_move(self, problem: Problem) -> FirstMove:
        """What to do in the first slot, what all will cost, and what a stored kWh is worth.

        Raises:
            UsageError: see `checks.check`.
        """
        move, least, worth, *_ = self._glance(problem)
        storage = problem.storage
        return FirstMove(
            charge_kwh=max(move, 0.0) / storage.charge_efficiency,
            discharge_kwh=max(-move, 0.0) * storage.discharge_efficiency,
            cost=least,
            worth=worth,
        )

    def value(self, problem: Problem) -> StoredValue:
        """The least cost for every energy that may be stored now.

        Raises:
            UsageError: see `checks.check`.
        """
        _, _, _, head, tail, empty = self._glance(problem)
        worth, kwh = self._scratch.space[:2, head:tail]
        least_kwh = problem.storage.soc_min_kwh
        return StoredValue(
            soc_kwh=least_kwh + np.concatenate([[0.0], np.cumsum(kwh)]),
            cost=empty - np.concatenate([[0.0], np.cumsum(worth * kwh)]),
        )

    def _glance(self, problem: Problem) -> tuple[float, float, float, int, int, float]:
        load, pv, import_price, export_price, worth, worth_kwh = series = _series(problem)
        checked = (
            problem.slot_hours <= 0 or problem.storage.soc_min_kwh < 0 or any(one.ndim > 1 for one in series)
        )
        if checked:
            # The compiled test does not see these.
            check(problem)
        limits, room, stored = limits_of(problem), _room(problem), _stored(problem)
        self._fit(problem)
        while True:
            status, move, least, marginal, head, tail, empty = glance(
                load, pv, import_price, export_price, limits, room, stored, worth, worth_kwh, checked,
                self._scratch,
            )  # fmt: skip
            if status == FINE:
                return move, least, marginal, head, tail, empty
            if status == UNSOUND:
                check(problem)
                checked = True
            self._grow(problem, status)

    def _fit(self, problem: Problem) -> None:
        """Scratch for a problem of this size."""
        size = len(problem), len(problem.terminal.value)
        if size != self._size:
            self._scratch = scratch(*size, self._spare)
            self._size = size

    def _grow(self, problem: Problem, status: int) -> None:
        if status == SPACE_TOO_SMALL:
            self._spare *= 4
            self._size = (0, 0)
            self._fit(problem)
        elif status == KEPT_TOO_SMALL:
            self._kept_per_slot *= 4


def _series(problem: Problem) -> tuple[Series, Series, Series, Series, Series, Series]:
    return (
        _plain(problem.load_kwh),
        _plain(problem.pv_kwh),
        _plain(problem.import_price),
        _plain(problem.export_price),
        _plain(problem.terminal.value),
        _plain(problem.terminal.energy_kwh),
    )


def _plain(series: Series) -> Series:
    """The series in the one layout that the kernels are compiled for."""
    flags = series.flags
    if flags.c_contiguous and flags.writeable and series.dtype == np.float64:
        return series
    return np.array(series, dtype=np.float64)


def _room(problem: Problem) -> float:
    return float(problem.storage.soc_max_kwh - problem.storage.soc_min_kwh)


def _stored(problem: Problem) -> float:
    return float(problem.soc_start_kwh - problem.storage.soc_min_kwh)
