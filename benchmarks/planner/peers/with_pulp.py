"""The plain programme solved by CBC through PuLP at gap 0: python -m benchmarks.planner.peers.with_pulp"""

import math

import pulp

from benchmarks.planner.lines import answer_all
from benchmarks.planner.peers.plain import Programme, Solution, solved

SECONDS = 15


def solve(programme: Programme, seconds: float) -> Solution:
    """Hand it over, and read the values."""
    model = pulp.LpProblem("plan", pulp.LpMinimize)
    columns = [
        pulp.LpVariable(
            f"x{number}",
            low,
            None if math.isinf(high) else high,
            pulp.LpInteger if whole else pulp.LpContinuous,
        )
        for number, (low, high, whole) in enumerate(
            zip(programme.low, programme.high, programme.whole, strict=True)
        )
    ]
    model += pulp.LpAffineExpression(zip(columns, programme.cost, strict=True))
    for low, high, terms in programme.rows:
        total = pulp.LpAffineExpression([(columns[column], value) for column, value in terms])
        if low == high:
            model += total == low
        elif math.isinf(high):
            model += total >= low
        else:
            model += total <= high
            if not math.isinf(low):
                model += total >= low
    model.solve(pulp.PULP_CBC_CMD(msg=False, threads=1, gapRel=0.0, timeLimit=seconds))
    if model.sol_status not in (pulp.LpSolutionOptimal, pulp.LpSolutionIntegerFeasible):
        raise RuntimeError(f"CBC ended with {pulp.LpStatus[model.status]}")
    note = "" if model.sol_status == pulp.LpSolutionOptimal else "time limit"
    return Solution([float(column.value() or 0.0) for column in columns], None, note)


if __name__ == "__main__":
    answer_all(
        lambda case: (lambda: solved(case, solve, SECONDS), lambda found: found[0].answer(case, found[1]))
    )
