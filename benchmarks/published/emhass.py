"""Fourteen days of a French home, after EMHASS's study of chance-constrained control (2025-02-14 to 27).

A battery without sun, two tariff windows, no export. Each half-hour the rest of the local day is planned with a
forecast from the past alone and its first move carried out; at midnight the battery is to hold what it began with.
Carrying out is the study's: discharge is cut to the load that was metered and to what is stored. The oracle knows the
load of all fourteen days.

Within a tariff window it costs the same whether the battery discharges early or late, but early is safe where the
load turns out lower than expected. A tilt of the prices, too small to change what is worth while, settles that.

    set-point        the planned energy, as the study carries out
    value-following  in a slot that the plan discharges in, the battery covers the load as it unfolds
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.published.setting import Figure
from darkstar.planner.fast.engine import FastEngine
from darkstar.planner.problem import Engine, GridModel, Problem, StorageModel, TerminalValue

Series = NDArray[np.float64]

CASE = "EMHASS 14 days [EUR]"
FIRST, LAST = "2025-02-14", "2025-02-27"
SLOT_HOURS = 0.5
SLOTS_OF_DAY = 48
START_KWH = 3.0
STORAGE = StorageModel(1.5, 4.5, 1.0, 0.95, 0.95, 0.95)
GRID = GridModel(import_max_kw=9.0, export_max_kw=0.0)
TARGET = TerminalValue(np.array([5.0]), np.array([START_KWH - 1.5]))
"""Worth so much per kWh up to what the battery began with that it is always reached, and nothing beyond."""
PEAK, OFF_PEAK = 0.1907, 0.1419
PEAK_MINUTES = ((2 * 60 + 54, 15 * 60 + 24), (17 * 60 + 24, 20 * 60 + 24))
TILT = 1e-6
"""Price per kWh and slot: what breaks ties, a thousandth of a cent over a day."""
DAYS = 28
FADES_SLOTS = 1.5


@dataclass(frozen=True)
class Fortnight:
    """Load [kWh a slot] and price [EUR/kWh] of the data's slots; the test runs from `first` to before `end`."""

    load_kwh: Series
    price: Series
    first: int
    end: int


def fortnight(folder: Path) -> Fortnight:
    """The study's data; holes, all before the test, are filled from both sides as the study did."""
    table = pd.read_parquet(folder / "homes" / "fr_emhass.30min.parquet")
    local = pd.DatetimeIndex(table.index).tz_convert("Europe/Paris")
    minute = local.hour * 60 + local.minute
    peak = np.any([(minute >= begin) & (minute < end) for begin, end in PEAK_MINUTES], axis=0)
    days = local.strftime("%Y-%m-%d")
    inside = np.flatnonzero((days >= FIRST) & (days <= LAST))
    load_kwh = table["load_w"].interpolate().to_numpy() / 1000 * SLOT_HOURS
    return Fortnight(load_kwh, np.where(peak, PEAK, OFF_PEAK), int(inside[0]), int(inside[-1]) + 1)


def figures(folder: Path) -> list[Figure]:
    """The case's rows; the published rolling figures are those of the worst and the best forecaster."""
    data = fortnight(folder)
    test = slice(data.first, data.end)
    engine = FastEngine()
    return [
        Figure(CASE, "no battery", 81.8763, float(data.load_kwh[test] @ data.price[test])),
        Figure(CASE, "oracle", 79.7017, oracle(data, engine)),
        Figure(CASE, "rolling, set-point", 79.7122, rolling(data, engine, following=False)),
        Figure(CASE, "rolling, value-following", 79.7017, rolling(data, engine, following=True)),
    ]


def oracle(data: Fortnight, engine: Engine) -> float:
    """The least cost [EUR] with all load known."""
    test = slice(data.first, data.end)
    plan = engine.solve(_problem(data.load_kwh[test], data.price[test], START_KWH))
    return float(plan.import_kwh @ data.price[test])


def rolling(data: Fortnight, engine: Engine, *, following: bool) -> float:
    """The cost [EUR] of planning each half-hour anew, energy missing at the end bought at the off-peak price."""
    soc_kwh, cost = START_KWH, 0.0
    for slot in range(data.first, data.end):
        rest = SLOTS_OF_DAY - (slot - data.first) % SLOTS_OF_DAY
        load = forecast(data.load_kwh[:slot], rest)
        plan = engine.solve(_problem(load, tilted(data.price[slot : slot + rest]), soc_kwh))
        charge, discharge = float(plan.charge_kwh[0]), float(plan.discharge_kwh[0])
        if following and discharge > 0:
            discharge = STORAGE.discharge_max_kw * SLOT_HOURS
        stored = (soc_kwh - STORAGE.soc_min_kwh) * STORAGE.discharge_efficiency
        load_now = float(data.load_kwh[slot])
        discharge = min(discharge, load_now, stored)
        charge = min(charge, (STORAGE.soc_max_kwh - soc_kwh) / STORAGE.charge_efficiency)
        soc_kwh += charge * STORAGE.charge_efficiency - discharge / STORAGE.discharge_efficiency
        cost += float(data.price[slot]) * (load_now + charge - discharge)
    return cost + (START_KWH - soc_kwh) * OFF_PEAK / STORAGE.charge_efficiency


def forecast(past_kwh: Series, slots: int) -> Series:
    """The mean of the last `DAYS` days at the same time, moved by the last slot's error, which fades.

    Args:
        past_kwh: all load until now, shape (m,), at least `DAYS` and one days.
        slots: how many are wanted, at most a day's.
    """
    days = past_kwh[len(past_kwh) - DAYS * SLOTS_OF_DAY :].reshape(DAYS, SLOTS_OF_DAY).mean(axis=0)
    usual_last = past_kwh[-1 - SLOTS_OF_DAY * np.arange(1, DAYS + 1)].mean()
    error = past_kwh[-1] - usual_last
    fading = np.exp(-np.arange(1, slots + 1) / FADES_SLOTS)
    return np.asarray(np.maximum(days[:slots] + error * fading, 0.0))


def tilted(price: Series) -> Series:
    """Prices under which a window's earlier slots are the better ones, for discharge and for charge."""
    later = TILT * np.arange(len(price))
    return np.where(price == PEAK, price - later, price + later)


def _problem(load_kwh: Series, price: Series, soc_kwh: float) -> Problem:
    nothing = np.zeros(len(price))
    return Problem(SLOT_HOURS, load_kwh, nothing, price, nothing, soc_kwh, STORAGE, GRID, TARGET)
