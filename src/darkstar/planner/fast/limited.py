"""The battery problem with a limit on the import of its own in each slot, and a price on what goes beyond it.

What a power tariff comes to: hours that do not count are limited by the fuse alone, nights that count half at twice
the power. A limit can always be broken, at its price, which below the fuse stands in place of the fuse's own.
"""

import time
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from darkstar.domain.errors import UsageError
from darkstar.planner.accounting import Moves
from darkstar.planner.checks import check
from darkstar.planner.fast.engine import KEPT_PIECES_PER_MOVE, SPARE_PIECES, plan_from
from darkstar.planner.fast.forward import cost_at, walk
from darkstar.planner.fast.glance import Scratch, scratch
from darkstar.planner.fast.recursion import begin, fold
from darkstar.planner.fast.slot_cost import lay_out_slot, limits_of, resolve_slot
from darkstar.planner.problem import Plan, Problem, Series

Floats = NDArray[np.float64]

IMPORT_MAX, BREACH_COST = 2, 8
"""Places in `limits_of`."""
IMPORT, BREACH = 2, 5
"""Places in what `resolve` writes."""


@dataclass(frozen=True)
class ImportLimit:
    """What the import is to stay under in each slot, shape (n,), and what a kWh beyond it costs.

    Attributes:
        kw: infinite where nothing but the fuse limits it.
        breach_cost: per kWh, besides its price, shape (n,).
    """

    kw: Series
    breach_cost: Series


class LimitedEngine:
    """Solves the problem exactly by the recursion; each answer depends on its problem alone.

    Keeps its scratch and the last problem from call to call: one engine serves one thread.
    """

    name = "recursion"

    def __init__(self) -> None:
        self._spare, self._kept_per_move = SPARE_PIECES, KEPT_PIECES_PER_MOVE
        self._scratch: tuple[tuple[int, int, int, int], Scratch] | None = None
        self._energies: tuple[Problem, tuple[Series, Series, Series, Series]] | None = None

    def least_cost(self, problem: Problem, limit: ImportLimit) -> float:
        """The least cost, what is paid for going beyond the limits included.

        Raises:
            UsageError: see `solve`.
        """
        return self._recursion(problem, limits_by_slot(problem, limit), whole=False)[0]

    def solve(self, problem: Problem, limit: ImportLimit) -> Plan:
        """The cheapest plan; its `cost` holds nothing for going beyond the limits, only beyond the fuse.

        Raises:
            UsageError: see `checks.check`; or the limit has another shape, or is no number of at least 0.
        """
        began = time.perf_counter()
        limits = limits_by_slot(problem, limit)
        _, moves = self._recursion(problem, limits, whole=True)
        flows = np.empty((6, len(problem)))
        _resolve(*self._energies_of(problem), limits, moves, flows)
        fuse_kwh = problem.grid.import_max_kw * problem.slot_hours
        drawn = flows[IMPORT] + flows[BREACH]
        flows[IMPORT] = np.minimum(drawn, fuse_kwh)
        flows[BREACH] = drawn - flows[IMPORT]
        return plan_from(problem, Moves(*flows), began, engine=self.name)

    def _recursion(self, problem: Problem, limits: Floats, *, whole: bool) -> tuple[float, Series]:
        storage = problem.storage
        while True:
            room_for = self._room_for(problem, whole)
            least = solve_limited(
                *self._energies_of(problem),
                limits,
                storage.soc_max_kwh - storage.soc_min_kwh,
                problem.soc_start_kwh - storage.soc_min_kwh,
                np.array(problem.terminal.value, dtype=np.float64),
                np.array(problem.terminal.energy_kwh, dtype=np.float64),
                room_for,
            )
            if not np.isnan(least):
                return least, room_for.moves
            self._spare, self._kept_per_move = 4 * self._spare, 4 * self._kept_per_move

    def _energies_of(self, problem: Problem) -> tuple[Series, Series, Series, Series]:
        """Of a sound problem, looked at once."""
        if self._energies is None or self._energies[0] is not problem:
            check(problem)
            self._energies = problem, _energies(problem)
        return self._energies[1]

    def _room_for(self, problem: Problem, whole: bool) -> Scratch:
        slots, pieces = len(problem), len(problem.terminal.value)
        moves = slots if whole else 0
        size = slots, pieces, moves, self._spare
        if self._scratch is None or self._scratch[0] != size:
            self._scratch = size, scratch(slots, pieces, self._spare, moves, moves * self._kept_per_move)
        return self._scratch[1]


def _energies(problem: Problem) -> tuple[Series, Series, Series, Series]:
    series = problem.load_kwh, problem.pv_kwh, problem.import_price, problem.export_price
    load, pv, import_price, export_price = (np.array(one, dtype=np.float64) for one in series)
    return load, pv, import_price, export_price


def limits_by_slot(problem: Problem, limit: ImportLimit) -> Floats:
    """`slot_cost.limits_of` for each slot, shape (n, 12): under its limit, or under the fuse where that is lower.

    Raises:
        UsageError: the limit has another shape than (n,), or is no number of at least 0.
    """
    for name, series in (("limit", limit.kw), ("breach_cost", limit.breach_cost)):
        if series.shape != (len(problem),) or not (series >= 0).all():
            raise UsageError(f"An import limit's {name} needs a number of at least 0 for each slot.")
    site = limits_of(problem)
    rows = np.empty((len(problem), len(site)))
    rows[:] = site
    under = limit.kw < problem.grid.import_max_kw
    rows[:, IMPORT_MAX] = np.where(under, limit.kw * problem.slot_hours, site[IMPORT_MAX])
    rows[:, BREACH_COST] = np.where(under, limit.breach_cost, site[BREACH_COST])
    return rows


@njit(cache=True, nogil=True, error_model="numpy")
def solve_limited(
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
) -> float:
    """The least cost, NaN where the scratch is too small; its `moves` receive the changes of the energy stored.

    Args:
        limits: `slot_cost.limits_of` for each slot, shape (n, 12).
        room, stored: greatest energy and the present one, above the least [kWh].
        worth, worth_kwh: the terminal value.
    """
    price, energy, base, space, level, kept, kept_at, moves = room_for
    for slot in range(len(load)):
        base[slot] = lay_out_slot(
            load[slot],
            pv[slot],
            import_price[slot],
            export_price[slot],
            limits[slot],
            price[slot],
            energy[slot],
        )
    head, tail = begin(worth, worth_kwh, room, space)
    head, tail, empty = fold(
        0, len(load), price, energy, base, head, tail, 0.0, room, space, level, kept, kept_at
    )
    if tail < 0:
        return np.nan
    walk(len(moves), price, energy, level, kept, kept_at, stored, room, moves)
    least, _ = cost_at(space[0], space[1], head, tail, empty, stored)
    return least


@njit(cache=True, nogil=True, error_model="numpy")
def _resolve(
    load: Floats,
    pv: Floats,
    import_price: Floats,
    export_price: Floats,
    limits: Floats,
    moves: Floats,
    out: Floats,
) -> None:
    """All flows that belong to the battery's moves, shape (6, n), as `slot_cost.resolve`."""
    for slot in range(len(load)):
        resolve_slot(
            load[slot], pv[slot], import_price[slot], export_price[slot], limits[slot], moves[slot], slot, out
        )
