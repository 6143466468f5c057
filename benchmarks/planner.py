"""How fast the planner is: one plan cold and hot, plans where burning energy pays, a year's perfect foresight."""

import numpy as np
from rich.table import Table

from benchmarks._result import Result
from darkstar.domain.slots import QUARTERS_OF_DAY, SLOT_HOURS
from darkstar.planner.highs import HighsEngine
from darkstar.planner.problem import GridModel, Problem, StorageModel, TerminalValue

HORIZON = 2 * QUARTERS_OF_DAY
YEAR = 365 * QUARTERS_OF_DAY
PLANS = 300
HARD_PLANS = 3


def run() -> Result:
    """Medians and extremes over made-up days."""
    year = _problem(YEAR, lowest_price=0.1)
    measured = {
        "192 slots, cold": _times(HighsEngine(), year, PLANS // 10),
        "192 slots, hot": _times(HighsEngine(hot=True), year, PLANS),
        "192 slots, deep negative prices": _times(
            HighsEngine(), _problem(YEAR, lowest_price=-3.0), HARD_PLANS
        ),
        "35,040 slots, perfect foresight": np.array([HighsEngine().solve(year).ms]),
    }
    table = Table("problem", "plans", "median ms", "95 % ms", "worst ms", title="Planner")
    figures = {}
    for name, ms in measured.items():
        values = [float(np.percentile(ms, share)) for share in (50, 95, 100)]
        table.add_row(name, str(len(ms)), *(f"{value:.1f}" for value in values))
        figures |= {f"{name}: {key}": value for key, value in zip(("p50", "p95", "max"), values, strict=True)}
    return Result(table, figures)


def _problem(n: int, lowest_price: float) -> Problem:
    """A made-up home's days: evening load, noon sun, prices that swing twice a day down to a lowest one."""
    rng = np.random.default_rng(0)
    hour = np.arange(n) % QUARTERS_OF_DAY * SLOT_HOURS
    load = 0.1 + 0.3 * np.exp(-(((hour - 18) / 2) ** 2)) + rng.uniform(0, 0.2, n)
    pv = np.maximum(0.0, np.sin((hour - 6) / 12 * np.pi)) * np.repeat(rng.uniform(0, 1, n), 96)[:n]
    swing = 0.5 + 0.4 * np.sin(hour / 24 * 4 * np.pi) + np.repeat(rng.uniform(0, 0.4, n), 4)[:n]
    spot = lowest_price + swing
    return Problem(
        slot_hours=SLOT_HOURS,
        load_kwh=load,
        pv_kwh=pv,
        import_price=spot * 1.25 + 0.1,
        export_price=spot,
        soc_start_kwh=5.0,
        storage=StorageModel(1.0, 10.0, 5.0, 5.0, 0.95, 0.95, 0.01, 0.01),
        grid=GridModel(11.0, 11.0),
        terminal=TerminalValue(np.array([0.5]), np.array([9.0])),
    )


def _times(engine: HighsEngine, year: Problem, plans: int) -> np.ndarray:
    """Time of plans whose start moves on slot by slot, as a replay's do [ms], shape (plans,)."""
    soc_kwh, times = year.soc_start_kwh, []
    for start in range(plans):
        span = slice(start, start + HORIZON)
        plan = engine.solve(
            Problem(
                slot_hours=year.slot_hours,
                load_kwh=year.load_kwh[span],
                pv_kwh=year.pv_kwh[span],
                import_price=year.import_price[span],
                export_price=year.export_price[span],
                soc_start_kwh=soc_kwh,
                storage=year.storage,
                grid=year.grid,
                terminal=year.terminal,
            )
        )
        soc_kwh = float(plan.soc_kwh[1])
        times.append(plan.ms)
    return np.array(times)
