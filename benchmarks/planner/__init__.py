"""Our engines beside EMHASS, CBC and HiGHS: one run, the same cases, the same cost model.

cases.py    what is planned; value.py: what an answer costs, by our functions of money
lines.py    how a worker hears cases and answers; worker.py: the other end of it
ours.py     our engines as workers; peers/: those of others
measure.py  who plans what, in turns
many.py     a year's re-plans, homes a second
table.py    the table and the figures

This file imports nothing of ours as it is loaded, so that a worker holds nothing but its engine.
"""

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks._result import Result


def run() -> "Result":
    """The whole benchmark; one case of each kind where DARKSTAR_BENCHMARK_QUICK is set."""
    from benchmarks.planner.table import result

    return result(quick=bool(os.environ.get("DARKSTAR_BENCHMARK_QUICK")))
