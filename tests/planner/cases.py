"""Small problems that the planner's tests share."""

from collections.abc import Sequence

import numpy as np

from darkstar.planner.problem import GridModel, Problem, StorageModel, TerminalValue

STORAGE = StorageModel(
    soc_min_kwh=0.0,
    soc_max_kwh=4.0,
    charge_max_kw=2.0,
    discharge_max_kw=2.0,
    charge_efficiency=0.8,
    discharge_efficiency=0.5,
)
GRID = GridModel(import_max_kw=10.0, export_max_kw=10.0)


def problem(
    *,
    load: Sequence[float],
    pv: Sequence[float] | None = None,
    buy: Sequence[float],
    sell: Sequence[float],
    soc: float = 0.0,
    storage: StorageModel = STORAGE,
    grid: GridModel = GRID,
    worth: Sequence[float] = (),
    worth_kwh: Sequence[float] = (),
) -> Problem:
    """A problem of hourly slots, so that kW and kWh are the same number."""
    return Problem(
        slot_hours=1.0,
        load_kwh=np.array(load, dtype=np.float64),
        pv_kwh=np.array(pv if pv is not None else [0.0] * len(load), dtype=np.float64),
        import_price=np.array(buy, dtype=np.float64),
        export_price=np.array(sell, dtype=np.float64),
        soc_start_kwh=soc,
        storage=storage,
        grid=grid,
        terminal=TerminalValue(np.array(worth, dtype=np.float64), np.array(worth_kwh, dtype=np.float64)),
    )
