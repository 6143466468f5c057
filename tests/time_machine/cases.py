"""Small pasts that the time machine's tests share."""

import datetime as dt
from dataclasses import replace
from zoneinfo import ZoneInfo

import numpy as np

from darkstar.domain.slots import DAY_SECONDS, QUARTERS_OF_DAY, SLOT_SECONDS, slot_range
from darkstar.planner.problem import GridModel, StorageModel
from darkstar.time_machine.past.history import History
from darkstar.time_machine.scenario import Scenario

TZ = ZoneInfo("Europe/Stockholm")
START = int(dt.datetime(2021, 3, 1, tzinfo=TZ).timestamp())
STORAGE = StorageModel(
    soc_min_kwh=0.5,
    soc_max_kwh=5.0,
    charge_max_kw=3.0,
    discharge_max_kw=3.0,
    charge_efficiency=0.95,
    discharge_efficiency=0.9,
    wear_charge=0.01,
    wear_discharge=0.01,
)
GRID = GridModel(import_max_kw=8.0, export_max_kw=8.0)


def past(days: int, seed: int = 1, start: int = START) -> History:
    """A home of noisy days: evening load, noon sun, prices that swing."""
    rng = np.random.default_rng(seed)
    slots = slot_range(start, start + days * DAY_SECONDS)
    hour = slots % DAY_SECONDS / 3600
    n = len(slots)
    load = 0.1 + 0.3 * np.exp(-(((hour - 18) / 2) ** 2)) + rng.uniform(0, 0.2, n)
    pv = np.maximum(0.0, np.sin((hour - 6) / 12 * np.pi)) * rng.uniform(0, 1, days).repeat(n // days)
    spot = 0.5 + 0.4 * np.sin(hour / 24 * 4 * np.pi) + rng.uniform(-0.2, 0.2, n)
    return History(slots, load, pv, (spot + 0.5) * 1.25, spot)


def scenario(days: int = 2, warm_up: int = 8, seed: int = 1, soc_start_kwh: float = 2.0) -> Scenario:
    """Some days to replay after some days to learn from."""
    known = past(warm_up + days, seed)
    replayed = np.arange(len(known)) >= warm_up * QUARTERS_OF_DAY
    return Scenario(known, replayed, TZ, STORAGE, GRID, soc_start_kwh, 0.4)


def changed_after(given: Scenario, energy_from: int, prices_from: int, *, dearer_by: float = 5.0) -> Scenario:
    """Another future: energies differ from one slot start on, prices from another, dearer or cheaper, turned round."""
    known = given.known
    later, changed = known.slots >= energy_from, known.slots >= prices_from
    return replace(
        given,
        known=replace(
            known,
            load_kwh=np.where(later, known.load_kwh * 3 + 0.7, known.load_kwh),
            pv_kwh=np.where(later, known.pv_kwh * 0.2 + 0.3, known.pv_kwh),
            import_price=np.where(changed, dearer_by - known.import_price, known.import_price),
            export_price=np.where(changed, dearer_by - 3 - known.export_price, known.export_price),
        ),
    )


def flat(load: list[float], pv: list[float], buy: list[float], sell: list[float], soc_kwh: float) -> Scenario:
    """A few slots, all replayed, nothing to learn from."""
    slots = slot_range(START, START + len(load) * SLOT_SECONDS)
    known = History(slots, *(np.array(series, dtype=np.float64) for series in (load, pv, buy, sell)))
    return Scenario(known, np.ones(len(load), dtype=np.bool_), TZ, STORAGE, GRID, soc_kwh, 0.0)
