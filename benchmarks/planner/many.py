"""Many plans at once: a year planned again in every quarter of an hour, homes side by side, a year in one go."""

import os
import time
from collections.abc import Callable, Iterable

import numpy as np

from benchmarks.planner.cases import HORIZON, made_problem, year_problem
from darkstar.domain.slots import QUARTERS_OF_DAY
from darkstar.planner.fast.batch import Batch, batch_of, replan, solve_batch
from darkstar.planner.fast.engine import FastEngine
from darkstar.planner.problem import Problem

YEAR = 365 * QUARTERS_OF_DAY
HOMES = 4096
KINDS_OF_HOME = 64
TRIES = 3


def many_plans(*, quick: bool) -> dict[str, float]:
    """Seconds and rates, the median of a few tries: plans of 48 h, first moves."""
    year = year_problem()
    whole = FastEngine().solve(year)
    starts = 1000 if quick else YEAR
    stored = whole.soc_kwh[:starts] - year.storage.soc_min_kwh
    homes = _homes(200 if quick else HOMES)
    cores = os.cpu_count() or 1
    figures = {
        f"{starts} re-plans of a year, one core [s]": _seconds(lambda: replan(year, HORIZON, stored)),
        "homes/s, one core": len(homes.stored_kwh) / _seconds(lambda: solve_batch(homes)),
        f"homes/s, all {cores} cores": len(homes.stored_kwh)
        / _seconds(lambda: solve_batch(homes, threads=cores)),
        "35,040 slots in one go [ms]": 1000 * _seconds(lambda: FastEngine().solve(year)),
    }
    return {name: float(value) for name, value in figures.items()}


def _homes(count: int) -> Batch:
    """Homes at different times of different lives."""
    kinds = [made_problem(seed) for seed in range(KINDS_OF_HOME)]
    return batch_of([_later(kinds[k % KINDS_OF_HOME], k // KINDS_OF_HOME) for k in range(count)])


def _later(problem: Problem, slots: int) -> Problem:
    rolled = (
        np.roll(series, -slots)
        for series in (problem.load_kwh, problem.pv_kwh, problem.import_price, problem.export_price)
    )
    return Problem(
        problem.slot_hours,
        *rolled,
        soc_start_kwh=problem.soc_start_kwh,
        storage=problem.storage,
        grid=problem.grid,
        terminal=problem.terminal,
    )


def _seconds(call: Callable[[], object]) -> float:
    call()  # compiles

    def once() -> Iterable[float]:
        for _ in range(TRIES):
            began = time.perf_counter()
            call()
            yield time.perf_counter() - began

    return float(np.median(list(once())))
