"""The same problem as a mixed-integer programme in HiGHS at gap 0: slow, and the judge of the fast engine."""

import time
from dataclasses import dataclass, field

import highspy
import numpy as np
from scipy.sparse import coo_array, csc_array, hstack, vstack

from darkstar.domain.errors import UsageError
from darkstar.planner.accounting import both_at_once, cost, stored_energy
from darkstar.planner.loads.accounting import owed_slots, run_of
from darkstar.planner.loads.checks import check
from darkstar.planner.loads.model import Levels, LoadedPlan, LoadedProblem, OnOffLoad, with_energy
from darkstar.planner.model import (
    CHARGE,
    COLUMNS_PER_SLOT,
    DISCHARGE,
    ROWS_PER_SLOT,
    matrix_of,
    moves_of,
    numbers_of,
    shape_of,
)
from darkstar.planner.problem import Plan, Problem, Series
from darkstar.planner.quiet_highs import EXACT, quiet


@dataclass
class _Extra:
    """Columns and rows beside the battery's programme: terms are (row, column, coefficient)."""

    first_column: int
    first_row: int
    cost: list[float] = field(default_factory=list)
    high: list[float] = field(default_factory=list)
    whole: list[bool] = field(default_factory=list)
    row_low: list[float] = field(default_factory=list)
    row_high: list[float] = field(default_factory=list)
    terms: list[tuple[int, int, float]] = field(default_factory=list)

    def column(self, price: float = 0.0, high: float = 1.0, *, whole: bool = True) -> int:
        """A new decision between 0 and `high`."""
        self.cost.append(price)
        self.high.append(high)
        self.whole.append(whole)
        return self.first_column + len(self.cost) - 1

    def row(self, low: float, high: float, *terms: tuple[int, float]) -> None:
        """A new constraint: low <= sum of (column, coefficient) <= high."""
        row = self.first_row + len(self.row_low)
        self.row_low.append(low)
        self.row_high.append(high)
        self.terms.extend((row, column, value) for column, value in terms)


@dataclass(frozen=True)
class _LoadColumns:
    """Columns of one load: what a slot does at each level (levels, n); for a profile the starts, as its one level.

    `fixed_on` is 1 where a profile that runs at the start goes on, and draws `fixed_kwh`; both of shape (n,).
    """

    level: Levels
    fixed_on: Levels
    fixed_kwh: Series


class LoadsMilp:
    """Solves a problem with loads at gap 0 in HiGHS.

    Args:
        seconds: time limit; what is proven by then is in `Plan.gap`.
    """

    name = "milp"

    def __init__(self, *, seconds: float = 600.0) -> None:
        self._seconds = seconds

    def solve(self, loaded: LoadedProblem) -> LoadedPlan:
        """The cheapest plan.

        Raises:
            UsageError: see `loads_checks.check`, or no plan was found in time.
        """
        check(loaded)
        began = time.perf_counter()
        problem, shape = loaded.problem, shape_of(loaded.problem)
        # Where the energy left becomes a burden, any slot may do both: those that do get a switch, until none does.
        switched = _tempting(problem)
        while True:
            extra = _Extra(shape.columns, shape.rows)
            _add_switches(problem, switched, extra)
            columns = [_add_load(load, problem, extra) for load in loaded.loads]
            fixed_kwh = np.sum([of.fixed_kwh for of in columns], axis=0)
            solver = self._solver(with_energy(problem, fixed_kwh), extra)
            solver.run()
            info, solution = solver.getInfo(), np.array(solver.getSolution().col_value)
            if not len(solution) or info.primal_solution_status != 2:
                raise UsageError("HiGHS found no plan within its time.", remedy="Give it more.")
            new = np.setdiff1d(both_at_once(moves_of(shape, solution)), switched)
            if not len(new):
                break
            switched = np.union1d(switched, new)
        runs = tuple(
            run_of(load, _levels(load, of, solution, len(problem)), problem.slot_hours)
            for load, of in zip(loaded.loads, columns, strict=True)
        )
        site = with_energy(problem, np.sum([run.energy_kwh for run in runs], axis=0))
        moves = moves_of(shape, solution)
        soc_kwh = stored_energy(site, moves.charge_kwh, moves.discharge_kwh)
        plan = Plan(
            charge_kwh=moves.charge_kwh,
            discharge_kwh=moves.discharge_kwh,
            import_kwh=moves.import_kwh,
            export_kwh=moves.export_kwh,
            curtail_kwh=moves.curtail_kwh,
            breach_kwh=moves.breach_kwh,
            soc_kwh=soc_kwh,
            cost=cost(site, moves, float(soc_kwh[-1])) + sum(run.cost for run in runs),
            gap=float(info.mip_gap) if np.isfinite(info.mip_gap) else 0.0,
            ms=(time.perf_counter() - began) * 1000,
            engine=self.name,
        )
        return LoadedPlan(plan, runs)

    def _solver(self, problem: Problem, extra: _Extra) -> highspy.Highs:
        shape, numbers = shape_of(problem), numbers_of(problem)
        matrix = matrix_of(shape)
        base = csc_array((matrix.value, matrix.row, matrix.start), shape=(shape.rows, shape.columns))
        rows, columns, values = zip(*extra.terms, strict=True)
        size = (shape.rows + len(extra.row_low), shape.columns + len(extra.cost))
        whole = csc_array(
            hstack(
                [
                    vstack([base, csc_array((len(extra.row_low), shape.columns))]),
                    csc_array((size[0], len(extra.cost))),
                ]
            )
            + coo_array((values, (rows, columns)), shape=size)
        )
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = size[1], size[0]
        lp.col_cost_ = np.concatenate([numbers.cost, extra.cost])
        lp.col_lower_ = np.concatenate([numbers.column_low, np.zeros(len(extra.cost))])
        lp.col_upper_ = np.concatenate([numbers.column_high, extra.high])
        lp.row_lower_ = np.concatenate([numbers.row_low, extra.row_low])
        lp.row_upper_ = np.concatenate([numbers.row_high, extra.row_high])
        lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        lp.a_matrix_.start_ = whole.indptr.astype(np.int32)
        lp.a_matrix_.index_ = whole.indices.astype(np.int32)
        lp.a_matrix_.value_ = whole.data
        lp.integrality_ = [highspy.HighsVarType.kContinuous] * shape.columns + [
            highspy.HighsVarType.kInteger if one else highspy.HighsVarType.kContinuous for one in extra.whole
        ]
        solver = quiet({**EXACT, "time_limit": self._seconds})
        solver.passModel(lp)
        return solver


def _tempting(problem: Problem) -> Levels:
    """Slots whose price is so low that burning energy in the battery may pay its wear."""
    lowest = np.minimum(
        np.minimum(problem.import_price, problem.export_price), -problem.grid.curtailment_cost
    )
    return np.flatnonzero(lowest <= problem.storage.burning_price)


def _add_switches(problem: Problem, slots: Levels, extra: _Extra) -> None:
    """Never both: charge <= most * switch, discharge <= most * (1 - switch)."""
    storage = problem.storage
    charge_most = storage.charge_max_kw * problem.slot_hours
    discharge_most = storage.discharge_max_kw * problem.slot_hours
    for slot in slots.tolist():
        switch = extra.column()
        charge, discharge = COLUMNS_PER_SLOT * slot + CHARGE, COLUMNS_PER_SLOT * slot + DISCHARGE
        extra.row(-np.inf, 0.0, (charge, 1.0), (switch, -charge_most))
        extra.row(-np.inf, discharge_most, (discharge, 1.0), (switch, discharge_most))


def _add_load(load: OnOffLoad, problem: Problem, extra: _Extra) -> _LoadColumns:
    """The columns and rows of one load."""
    n, hours = len(problem), problem.slot_hours
    owed, may_run = owed_slots(load, n), load.may_run(n)
    fixed, fixed_kwh = np.zeros(n, dtype=np.int64), np.zeros(n)
    if load.profile_kw:
        length = len(load.profile_kw)
        fixed[:owed] = 1
        fixed_kwh[:owed] = np.array(load.profile_kw)[load.on_for_slots : load.on_for_slots + owed] * hours
        level = np.array([[extra.column() for _ in range(n)]])
        for slot in range(n):
            # A run that begins here has to find its slots free, as far as the horizon goes.
            if slot < owed or not may_run[slot : slot + length].all():
                extra.high[level[0, slot] - extra.first_column] = 0.0
            for position, power in enumerate(load.profile_kw[: n - slot]):
                extra.terms.append((ROWS_PER_SLOT * (slot + position), int(level[0, slot]), -power * hours))
        units: list[list[tuple[int, float]]] = [
            [(int(level[0, s]), 1.0) for s in range(max(0, slot - length + 1), slot + 1)] for slot in range(n)
        ]
        on, starts = units, [[(int(level[0, slot]), 1.0)] for slot in range(n)]
    else:
        level = np.array([[extra.column() for _ in range(n)] for _ in load.levels])
        begin = [extra.column() for _ in range(n)]
        for slot in range(n):
            for index, one in enumerate(load.levels):
                extra.terms.append((ROWS_PER_SLOT * slot, int(level[index, slot]), -one.power_kw * hours))
                if not may_run[slot]:
                    extra.high[level[index, slot] - extra.first_column] = 0.0
        on = [[(int(column), 1.0) for column in level[:, slot]] for slot in range(n)]
        units = [
            [(int(column), float(one.units)) for column, one in zip(level[:, slot], load.levels, strict=True)]
            for slot in range(n)
        ]
        starts = [[(begin[slot], 1.0)] for slot in range(n)]
        _add_runs(load, extra, on, starts)
    for slot in range(n):
        extra.row(1.0 - fixed[slot] if slot < owed else 0.0, 1.0 - fixed[slot], *on[slot])
        for column, _ in starts[slot]:
            extra.cost[column - extra.first_column] += load.start_cost
    _add_pauses(load, extra, on, starts, owed)
    _add_needs(load, extra, units, fixed)
    _add_comfort(load, extra, on, fixed)
    return _LoadColumns(level, fixed, fixed_kwh)


Terms = list[list[tuple[int, float]]]


def _negative(terms: list[tuple[int, float]]) -> list[tuple[int, float]]:
    return [(column, -value) for column, value in terms]


def _add_runs(load: OnOffLoad, extra: _Extra, on: Terms, starts: Terms) -> None:
    """A run begins where on follows off, and lasts."""
    for slot in range(len(on)):
        before = on[slot - 1] if slot else []
        was = float(load.on_for_slots > 0 and slot == 0)
        extra.row(-was, np.inf, *starts[slot], *_negative(on[slot]), *before)
        extra.row(-np.inf, 1.0 - was, *starts[slot], *before)
        recent = [term for s in range(max(0, slot - load.min_on_slots + 1), slot + 1) for term in starts[s]]
        extra.row(0.0, np.inf, *on[slot], *_negative(recent))


def _add_pauses(load: OnOffLoad, extra: _Extra, on: Terms, starts: Terms, owed: int) -> None:
    """No start while the load has been on within the last `min_off_slots`, but for its own run."""
    for slot in range(len(on)):
        for back in range(1, load.min_off_slots + 1):
            if slot - back >= 0:
                fixed = float(bool(load.profile_kw) and slot - back < owed)
                extra.row(-np.inf, 1.0 - fixed, *starts[slot], *on[slot - back])
        was_off = load.off_for_slots if not load.on_for_slots else 0
        if was_off + slot < load.min_off_slots or (load.on_for_slots and slot < load.min_off_slots):
            for column, _ in starts[slot]:
                extra.high[column - extra.first_column] = 0.0


def _add_needs(load: OnOffLoad, extra: _Extra, units: Terms, fixed: Levels) -> None:
    for need in load.needs:
        terms = [term for slot in range(need.first, need.last) for term in units[slot]]
        done = need.done_units + int(fixed[need.first : need.last].sum())
        missing = extra.column(need.shortfall_cost, np.inf, whole=False)
        extra.row(float(need.units - done), np.inf, *_summed(terms), (missing, 1.0))
        if need.most_units is not None:
            extra.row(-np.inf, float(max(0, need.most_units - done)), *_summed(terms))


def _summed(terms: list[tuple[int, float]]) -> list[tuple[int, float]]:
    """Terms with each column once."""
    total: dict[int, float] = {}
    for column, value in terms:
        total[column] = total.get(column, 0.0) + value
    return list(total.items())


def _add_comfort(load: OnOffLoad, extra: _Extra, on: Terms, fixed: Levels) -> None:
    """A slot is late where it and the `most_off_slots` before it are all off."""
    if load.comfort is None:
        return
    most = load.comfort.most_off_slots
    off_before = 0 if load.on_for_slots else load.off_for_slots
    for slot in range(len(on)):
        if slot - most < -off_before or fixed[max(0, slot - most) : slot + 1].any():
            continue
        late = extra.column(load.comfort.late_cost, whole=False)
        terms = [term for s in range(max(0, slot - most), slot + 1) for term in on[s]]
        extra.row(1.0, np.inf, *_summed(terms), (late, 1.0))


def _levels(load: OnOffLoad, columns: _LoadColumns, solution: Series, n: int) -> Levels:
    """What the load does by a solution, shape (n,)."""
    chosen = solution[columns.level] > 0.5
    if not load.profile_kw:
        levels: Levels = (chosen * (1 + np.arange(len(load.levels)))[:, None]).sum(axis=0)
        return levels
    levels = columns.fixed_on.copy()
    for slot in np.flatnonzero(chosen[0]).tolist():
        levels[slot : slot + len(load.profile_kw)] = 1
    return levels
