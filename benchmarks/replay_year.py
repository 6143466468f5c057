"""A year lived through again with a new plan in every quarter of an hour: how long `mpc` takes, and in how much memory.

Forecasting is told by itself: what is expected at each instant is made from the past alone, whoever plans with it.
"""

import os
import resource
import time
from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

from rich.table import Table

from benchmarks._homes import nl_toon
from benchmarks._result import Result
from darkstar.time_machine.information import Honesty, information
from darkstar.time_machine.outcome import MPC
from darkstar.time_machine.replay import replay
from darkstar.time_machine.scenario import Scenario
from darkstar.time_machine.stretches import stretches

COURSES = 20
Answer = TypeVar("Answer")
TIMES = 3
"""The least of so many counts."""


def run() -> Result:
    """The year with four courses of load and sun and with twenty, by one worker and by two."""
    folder = Path(os.environ.get("DARKSTAR_DATA") or Path(__file__).parents[2] / "shared" / "data")
    few = nl_toon(folder, "2021-01-01", "2022-01-01")
    replay(nl_toon(folder, "2021-01-01", "2021-01-03"), MPC)
    forecasting_s, _ = _least(lambda: _forecast(few), time.process_time)
    figures = {"slots": float(len(few.history)), "forecasting s": forecasting_s}
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        replay(few, MPC, plan_each=pool.map)
        for scenario in (few, replace(few, courses=COURSES)):
            figures |= _timed(scenario, f"{scenario.courses} courses: ", forecasting_s, pool)
    figures["peak memory MB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    table = Table("", "", title="A year of plans in every quarter")
    for name, figure in figures.items():
        table.add_row(name, f"{figure:.4g}")
    return Result(table, figures)


def _timed(scenario: Scenario, name: str, forecasting_s: float, pool: Executor) -> dict[str, float]:
    """Processor seconds of one worker, seconds on the clock of one and of two."""
    used_s, outcome = _least(lambda: replay(scenario, MPC), time.process_time)
    alone_s, _ = _least(lambda: replay(scenario, MPC), time.perf_counter)
    together_s, same = _least(lambda: replay(scenario, MPC, plan_each=pool.map), time.perf_counter)
    if same.flows.soc_kwh.tobytes() != outcome.flows.soc_kwh.tobytes():
        raise AssertionError("Two workers came to other digits than one.")
    return {
        f"{name}loop s beside forecasting": used_s - forecasting_s,
        f"{name}one worker s": alone_s,
        f"{name}two workers s": together_s,
        f"{name}two workers faster by": alone_s / together_s,
        f"{name}plan p50 ms": outcome.plan_ms_percentile(50) or 0.0,
        f"{name}plan p95 ms": outcome.plan_ms_percentile(95) or 0.0,
        f"{name}cost": outcome.cost,
    }


def _forecast(scenario: Scenario) -> None:
    for stretch in stretches(scenario, information(Honesty.HONEST, scenario)):
        stretch.sight.outlooks()


def _least(what: Callable[[], Answer], clock: Callable[[], float]) -> tuple[float, Answer]:
    """The least time that it took, and what came of it the last time."""
    seconds = []
    for _ in range(TIMES):
        began = clock()
        answer = what()
        seconds.append(clock() - began)
    return min(seconds), answer
