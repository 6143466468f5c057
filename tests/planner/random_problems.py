"""Random battery problems of hourly slots, sound by construction."""

import numpy as np

from darkstar.planner.problem import GridModel, Problem, StorageModel, TerminalValue


def random_problem(seed: int, *, slots: int = 24, deep: bool = False) -> Problem:
    """A problem; the same for the same seed. Without `deep` no price makes burning energy worth while."""
    draw = np.random.default_rng(seed)
    buy = np.round(draw.uniform(0.2, 3.0, slots), int(draw.integers(1, 4)))
    sell = np.minimum(np.round(buy * draw.uniform(0.2, 0.9) - draw.choice([0.0, 0.5]), 3), buy)
    if deep:
        buy -= draw.choice([0.0, 4.0], slots)
        sell = np.minimum(sell, buy)
    storage = StorageModel(
        soc_min_kwh=1.0,
        soc_max_kwh=1 + float(draw.uniform(2, 8)),
        charge_max_kw=float(draw.uniform(0.5, 4)),
        discharge_max_kw=float(draw.uniform(0.5, 4)),
        charge_efficiency=float(draw.choice([0.95, 1.0])),
        discharge_efficiency=0.93,
        wear_charge=float(draw.choice([0.0, 0.02])),
        wear_discharge=0.03,
    )
    grid = GridModel(
        import_max_kw=float(draw.uniform(2, 6)),
        export_max_kw=float(draw.uniform(1, 6)),
        import_breach_cost=5.0,
        curtailment_cost=0.0,
    )
    pieces = int(draw.integers(0, 3))
    worth = np.sort(draw.uniform(0, 1.5, pieces))[::-1].copy()
    return Problem(
        slot_hours=1.0,
        load_kwh=np.round(draw.uniform(0, 2, slots), 2),
        pv_kwh=np.maximum(0.0, np.round(draw.normal(0, 1.5, slots), 2)),
        import_price=buy,
        export_price=sell,
        soc_start_kwh=float(draw.uniform(1, storage.soc_max_kwh)),
        storage=storage,
        grid=grid,
        terminal=TerminalValue(worth, draw.uniform(0.5, 4, pieces)),
    )
