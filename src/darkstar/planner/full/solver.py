"""HiGHS behind a small face: hand it arrays, ask for a solution within a time."""

from dataclasses import dataclass

import highspy
import numpy as np

from darkstar.planner.full.programme import Arrays
from darkstar.planner.model import Numbers
from darkstar.planner.problem import Series
from darkstar.planner.quiet_highs import TOLERANCE, change, quiet

DUAL, PRIMAL = 1, 4
"""HiGHS's numbers of simplex methods."""


@dataclass(frozen=True)
class Outcome:
    """What HiGHS found: columns (None where nothing), the objective and a proven bound on it.

    `optimal` says that the gap asked for was reached, `impossible` that there is no solution at all; `duals` (of the
    rows) and `reduced` costs (of the columns) are a linear programme's.
    """

    columns: Series | None
    objective: float
    bound: float
    optimal: bool
    impossible: bool = False
    duals: Series | None = None
    reduced: Series | None = None


NOTHING = Outcome(None, np.inf, -np.inf, optimal=False)


class Solver:
    """One HiGHS instance; a programme whose matrix it already holds is only updated, and starts warm.

    Args:
        integral: take integer columns as such; otherwise the linear relaxation.
    """

    def __init__(self, *, integral: bool) -> None:
        self._integral = integral
        self._held: Arrays | None = None
        # On these programmes, and from an earlier basis, presolve and scaling cost more than they save.
        self._highs = quiet(
            {}
            if integral
            else {
                "presolve": "off",
                "simplex_scale_strategy": 0,
                "primal_feasibility_tolerance": TOLERANCE,
                "dual_feasibility_tolerance": TOLERANCE,
            }
        )

    def forget(self) -> None:
        """Start the next solve from nothing, so that it does not depend on what was solved before."""
        self._highs.clearSolver()

    def solve(
        self,
        arrays: Arrays,
        *,
        seconds: float,
        gap: float = 0.0,
        start: Series | None = None,
        feasible: bool = False,
    ) -> Outcome:
        """The best solution within a time.

        `start` is one to improve on; `feasible` says that a linear programme's last answer is still allowed.
        """
        self._set(arrays)
        if not self._integral:
            self._highs.setOptionValue("simplex_strategy", PRIMAL if feasible else DUAL)
        # HiGHS counts a linear programme's limit from the instance's first run, a mixed one's from this run.
        spent = 0.0 if self._integral else self._highs.getRunTime()
        self._highs.setOptionValue("time_limit", spent + max(0.0, seconds))
        if self._integral:
            self._highs.setOptionValue("mip_rel_gap", gap)
            self._highs.setOptionValue("mip_abs_gap", gap)
            if start is not None:
                solution = highspy.HighsSolution()
                solution.col_value = start.tolist()
                self._highs.setSolution(solution)
        self._highs.run()
        return self._outcome()

    def _outcome(self) -> Outcome:
        status, info = self._highs.getModelStatus(), self._highs.getInfo()
        optimal = status == highspy.HighsModelStatus.kOptimal
        feasible = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
        if self._integral:
            bound = info.mip_dual_bound if np.isfinite(info.mip_dual_bound) else -np.inf
        else:
            bound = info.objective_function_value if optimal else -np.inf
        if not (feasible and (optimal or self._integral)):
            impossible = status in (
                highspy.HighsModelStatus.kInfeasible,
                highspy.HighsModelStatus.kUnboundedOrInfeasible,
            )
            return Outcome(None, np.inf, bound, optimal=False, impossible=impossible)
        solution = self._highs.getSolution()
        columns, cost = np.array(solution.col_value), info.objective_function_value
        if self._integral:
            return Outcome(columns, cost, bound, optimal)
        duals, reduced = np.array(solution.row_dual), np.array(solution.col_dual)
        return Outcome(columns, cost, bound, optimal, duals=duals, reduced=reduced)

    def _set(self, arrays: Arrays) -> None:
        if self._held is None or not arrays.same_matrix(self._held):
            self._highs.passModel(_model(arrays, self._integral))
            self._held = arrays
            return
        held, self._held = self._held, arrays
        change(self._highs, _numbers(arrays), _numbers(held))
        self._highs.changeObjectiveOffset(arrays.constant)


def _numbers(arrays: Arrays) -> Numbers:
    return Numbers(arrays.cost, arrays.low, arrays.high, arrays.row_low, arrays.row_high)


def _model(arrays: Arrays, integral: bool) -> highspy.HighsLp:
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = len(arrays.cost), len(arrays.row_low)
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = arrays.cost, arrays.low, arrays.high
    lp.row_lower_, lp.row_upper_ = arrays.row_low, arrays.row_high
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_, lp.a_matrix_.index_ = arrays.start, arrays.index
    lp.a_matrix_.value_ = arrays.value
    lp.offset_ = arrays.constant
    if integral and arrays.integer.any():
        kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
        lp.integrality_ = [kinds[int(whole)] for whole in arrays.integer]
    return lp
