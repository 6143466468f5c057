"""The plain programme solved by HiGHS through scipy at gap 0: python -m benchmarks.planner.peers.with_scipy

It is the benchmark's judge too: what it proves is the bound that costs are held against.
"""

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

from benchmarks.planner.lines import answer_all
from benchmarks.planner.peers.plain import Programme, Solution, solved

SECONDS = 15


def solve(programme: Programme, seconds: float) -> Solution:
    """Hand it over."""
    terms = [terms for _, _, terms in programme.rows]
    matrix = csr_array(
        (
            [value for row in terms for _, value in row],
            [column for row in terms for column, _ in row],
            np.cumsum([0, *(len(row) for row in terms)]),
        ),
        shape=(len(terms), len(programme.cost)),
    )
    found = milp(
        np.array(programme.cost),
        integrality=np.array(programme.whole, dtype=int),
        bounds=Bounds(programme.low, programme.high),
        constraints=LinearConstraint(
            matrix, [low for low, _, _ in programme.rows], [high for _, high, _ in programme.rows]
        ),
        options={"mip_rel_gap": 0.0, "time_limit": seconds},
    )
    if found.x is None:
        raise RuntimeError(found.message)
    bound = float(found.mip_dual_bound if any(programme.whole) else found.fun)
    return Solution(found.x.tolist(), bound, "" if found.status == 0 else "time limit")


if __name__ == "__main__":
    answer_all(
        lambda case: (lambda: solved(case, solve, SECONDS), lambda found: found[0].answer(case, found[1]))
    )
