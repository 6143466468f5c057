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
    Scratch,
    glance,
    scratch,
)
from darkstar.planner.fast.slot_cost import limits_of, resolve
from darkstar.planner.fast.value import FirstMove, StoredValue
from darkstar.planner.problem import GridModel, Plan, Problem, Series, StorageModel

SPARE_PIECES = 256
"""Room in the workspace for what kinks add; grows where a problem needs more."""
KEPT_PIECES_PER_MOVE = 128
"""Room for the functions in which a move through kinks is searched; grows where a problem needs more."""


FLOAT = np.dtype(np.float64)
PLAIN_STRIDES = (FLOAT.itemsize,)
SERIES = 6
"""Series of a problem, each of one dimension."""


class FastEngine:
    """Solves the battery problem exactly by recursion; each answer depends on its problem alone.

    Keeps its scratch from call to call: one engine serves one thread.
    """

    name = "recursion"

    def __init__(self) -> None:
        self._spare = SPARE_PIECES
        self._kept_per_move = KEPT_PIECES_PER_MOVE
        self._scratch: dict[bool, tuple[tuple[int, int], Scratch]] = {}
        self._limits: tuple[StorageModel, GridModel, float, Series] | None = None

    def solve(self, problem: Problem) -> Plan:
        """The cheapest plan; of equally cheap moves the smallest, slot by slot.

        Raises:
            UsageError: see `checks.check`.
        """
        check(problem)
        began = time.perf_counter()
        _, work = self._glance(problem, whole=True)
        return plan_of(problem, work.moves, began)

    def first_move(self, problem: Problem) -> FirstMove:
        """What to do in the first slot, what all will cost, and what a stored kWh is worth.

        Raises:
            UsageError: see `checks.check`.
        """
        (least, worth, *_), work = self._glance(problem)
        move, storage = float(work.moves[0]), problem.storage
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
        (_, _, head, tail, empty), work = self._glance(problem)
        worth, kwh = work.space[:2, head:tail]
        return StoredValue(
            soc_kwh=problem.storage.soc_min_kwh + np.concatenate([[0.0], np.cumsum(kwh)]),
            cost=empty - np.concatenate([[0.0], np.cumsum(worth * kwh)]),
        )

    def _glance(
        self, problem: Problem, *, whole: bool = False
    ) -> tuple[tuple[float, float, int, int, float], Scratch]:
        """Cost, worth and where the value function lies; the moves are in the scratch: of all slots or the first."""
        load, pv, import_price, export_price, worth, worth_kwh = _series(problem)
        checked, limits = whole, self._limits_of(problem)
        least_kwh = problem.storage.soc_min_kwh
        dimensions = load.ndim + pv.ndim + import_price.ndim + export_price.ndim + worth.ndim + worth_kwh.ndim
        if problem.slot_hours <= 0 or least_kwh < 0 or dimensions > SERIES:
            # The compiled test does not see these.
            check(problem)
        room, stored = (
            float(problem.storage.soc_max_kwh - least_kwh),
            float(problem.soc_start_kwh - least_kwh),
        )
        while True:
            work = self._room_for(problem, whole)
            status, *answer = glance(
                load, pv, import_price, export_price, limits, room, stored, worth, worth_kwh, checked, work
            )
            if status == FINE:
                least, marginal, head, tail, empty = answer
                return (least, marginal, int(head), int(tail), empty), work
            if status == UNSOUND:
                check(problem)
                checked = True
            else:
                self._grow(status)

    def _limits_of(self, problem: Problem) -> Series:
        """`slot_cost.limits_of`, kept for problems of the same battery and connection."""
        known = self._limits
        if (
            known is None
            or known[0] is not problem.storage
            or known[1] is not problem.grid
            or known[2] != problem.slot_hours
        ):
            known = problem.storage, problem.grid, problem.slot_hours, limits_of(problem)
            self._limits = known
        return known[3]

    def _room_for(self, problem: Problem, whole: bool) -> Scratch:
        size = slots, pieces = len(problem), len(problem.terminal.value)
        known = self._scratch.get(whole)
        if known is None or known[0] != size:
            moves = slots if whole else min(slots, 1)
            known = size, scratch(slots, pieces, self._spare, moves, moves * self._kept_per_move)
            self._scratch[whole] = known
        return known[1]

    def _grow(self, status: int) -> None:
        self._scratch.clear()
        if status == SPACE_TOO_SMALL:
            self._spare = 4 * self._spare + SPARE_PIECES
        elif status == KEPT_TOO_SMALL:
            self._kept_per_move *= 4


def plan_of(
    problem: Problem, moves: Series, began: float, *, gap: float = 0.0, further_cost: float = 0.0
) -> Plan:
    """The plan that moves the stored energy by so much in each slot, shape (n,) [kWh]; load and sun as expected.

    Args:
        began: when its making did, by `time.perf_counter`.
        gap: its proven one.
        further_cost: what it costs beside the problem's objective.
    """
    flows = np.empty((6, len(problem)))
    resolve(*_series(problem)[:4], limits_of(problem), moves, flows)
    return plan_from(problem, Moves(*flows), began, gap=gap, further_cost=further_cost)


def plan_from(
    problem: Problem,
    flows: Moves,
    began: float,
    *,
    gap: float = 0.0,
    further_cost: float = 0.0,
    engine: str = FastEngine.name,
) -> Plan:
    """The plan of these flows; see `plan_of`."""
    soc_kwh = stored_energy(problem, flows.charge_kwh, flows.discharge_kwh)
    return Plan(
        charge_kwh=flows.charge_kwh,
        discharge_kwh=flows.discharge_kwh,
        import_kwh=flows.import_kwh,
        export_kwh=flows.export_kwh,
        curtail_kwh=flows.curtail_kwh,
        breach_kwh=flows.breach_kwh,
        soc_kwh=soc_kwh,
        cost=cost(problem, flows, float(soc_kwh[-1])) + further_cost,
        gap=gap,
        ms=(time.perf_counter() - began) * 1000,
        engine=engine,
    )


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
    """The series in the one layout that the kernels are compiled for; they take no other than one-dimensional ones."""
    if series.strides == PLAIN_STRIDES and series.dtype is FLOAT and series.flags.writeable:
        return series
    return np.array(series, dtype=np.float64)
