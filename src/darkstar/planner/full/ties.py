"""The stage of tie-breaks: among plans of the same money, on and off as found, the calmest.

minimise  ties + 0.1 * highest slot's import        under  money <= what was found + 1e-9
"""

from dataclasses import replace

import numpy as np

from darkstar.planner.full.build import Built
from darkstar.planner.full.programme import Arrays
from darkstar.planner.full.solver import Solver
from darkstar.planner.problem import Series

PEAK_TIE = 0.1
"""Tie cost of a kWh of the highest slot's import, against 1 for a switch."""
SAME_MONEY = 1e-9


def calmest(built: Built, fixed: Arrays, money: float, solver: Solver, seconds: float) -> Series | None:
    """Columns of the calmest plan that costs no more; None where none was found within the time."""
    n, columns = len(built.bus.imports), len(fixed.cost)
    priced = np.flatnonzero(fixed.cost)
    # One row a slot: import + breach - highest <= 0.
    under = np.stack([built.bus.imports, built.bus.breach, np.full(n, columns)], axis=1).ravel()
    index = np.concatenate([fixed.index, priced, under])
    value = np.concatenate([fixed.value, fixed.cost[priced], np.tile([1.0, 1.0, -1.0], n)])
    ends = fixed.start[-1] + len(priced) + 3 * np.arange(n + 1)
    found = solver.solve(
        replace(
            fixed,
            cost=np.append(fixed.tie, PEAK_TIE),
            tie=np.append(fixed.tie, 0.0),
            low=np.append(fixed.low, 0.0),
            high=np.append(fixed.high, np.inf),
            integer=np.append(fixed.integer, False),
            row_low=np.concatenate([fixed.row_low, np.full(n + 1, -np.inf)]),
            row_high=np.concatenate([fixed.row_high, [money + SAME_MONEY - fixed.constant], np.zeros(n)]),
            start=np.concatenate([fixed.start, ends]).astype(np.int32),
            index=index.astype(np.int32),
            value=value,
            constant=0.0,
        ),
        seconds=seconds,
    )
    return None if found.columns is None else found.columns[:columns]
