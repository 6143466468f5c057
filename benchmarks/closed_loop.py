"""Real homes lived through again by every policy: their bills, and how much of the gap from rule to oracle each closes.

nl_toon with SE4's prices and se4_magma with its own, a battery of 10 kWh and 5 kW without wear; the others with DK2's
prices of 2017. Hours are spread over their quarters; slots in which anything is unknown are left out.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from rich.table import Table

from benchmarks._result import Result
from darkstar.domain.slots import SLOT_SECONDS, slot_range
from darkstar.domain.tariff import Tariff
from darkstar.planner.problem import GridModel, Series, StorageModel
from darkstar.time_machine.history import History
from darkstar.time_machine.outcome import Comparison
from darkstar.time_machine.replay import POLICIES, compare
from darkstar.time_machine.scenario import Scenario, cautious_settlement

SEK_PER_EUR = 10.6
STORAGE = StorageModel(0.0, 10.0, 5.0, 5.0, 0.95, 0.95)
GRID = GridModel(17.25, 17.25)
HOUSEHOLD = Tariff(grid_fee_per_kwh=0.2456, energy_tax_per_kwh=0.439, vat_percent=25.0)
BEFORE = pd.Timedelta(days=31)
"""What the forecaster may learn from before the first replayed slot."""
MOST_KWH_AN_HOUR = 15.0
"""More is a reading's fault."""


def run() -> Result:
    """All homes, all policies."""
    folder = Path(os.environ.get("DARKSTAR_DATA") or Path(__file__).parents[2] / "shared" / "data")
    table = Table("home", *POLICIES, "gap closed %: set-points", "mpc", title="Closed loop: bills in SEK")
    figures: dict[str, float] = {}
    for name, scenario in cases(folder):
        comparison = replayed(scenario)
        closed = {
            policy: 100 * (comparison.gap_closed[policy] or 0.0)
            for policy in ("timer", "cheapest", "setpoint", "mpc")
        }
        bills = [f"{comparison.outcomes[policy].cost:.0f}" for policy in POLICIES]
        table.add_row(name, *bills, f"{closed['setpoint']:.1f}", f"{closed['mpc']:.1f}")
        figures |= {f"{name} {policy}": comparison.outcomes[policy].cost for policy in POLICIES}
        figures |= {f"{name} gap closed {policy} %": share for policy, share in closed.items()}
    return Result(table, figures)


def replayed(scenario: Scenario, workers: int = 2) -> Comparison:
    """All policies on a scenario."""
    slots = scenario.history.slots
    return compare(scenario, POLICIES, (int(slots[0]), int(slots[-1]) + SLOT_SECONDS), workers=workers)


def cases(folder: Path) -> Iterator[tuple[str, Scenario]]:
    """The homes by name."""
    yield "nl_toon", nl_toon(folder, "2020-02-01", "2022-01-01")
    yield "nl_toon 2020", nl_toon(folder, "2020-02-01", "2021-01-01")
    yield "nl_toon 2021", nl_toon(folder, "2021-01-01", "2022-01-01")
    yield "se4_magma", se4_magma(folder)
    for name in ("de_opsd_r3", "de_opsd_r4"):
        yield (
            name,
            _hourly(
                folder, name, "dk2_2017_2022", "dk2_eur_mwh", "Europe/Berlin", "2017-02-01", "2018-01-01"
            ),
        )


def nl_toon(folder: Path, start: str, end: str) -> Scenario:
    """A Dutch home with SE4's prices, UTC days from `start` to before `end`."""
    return _hourly(folder, "nl_toon", "se1_se4", "se4_eur_mwh", "Europe/Amsterdam", start, end)


def se4_magma(folder: Path) -> Scenario:
    """A Swedish home known by its grid meter, with the prices that it paid."""
    home = pd.read_parquet(folder / "homes" / "se4_magma.15min.parquet")
    prices = pd.read_parquet(folder / "prices" / "se4_sek_2024-05_2025-02.h.parquet").reindex(
        home.index, method="ffill"
    )
    return _scenario(
        home.index,
        home["import_kwh"],
        home["export_kwh"],
        (prices["se4_import_price_sek_kwh"], prices["se4_export_price_sek_kwh"]),
        "Europe/Stockholm",
        pd.Timestamp("2024-05-15", tz="UTC"),
    )


def _hourly(folder: Path, name: str, area: str, column: str, tz: str, start: str, end: str) -> Scenario:
    first, last = pd.Timestamp(start, tz="UTC"), pd.Timestamp(end, tz="UTC")
    hours = pd.date_range(first - BEFORE, last, freq="h", inclusive="left")
    home = pd.read_parquet(folder / "homes" / f"{name}.h.parquet").reindex(hours)
    prices = pd.read_parquet(folder / "prices" / f"{area}.h.parquet").reindex(hours)
    spot = prices[column] / 1000 * SEK_PER_EUR
    energies = (
        home[side].where(home[side].between(0.0, MOST_KWH_AN_HOUR)) for side in ("load_kwh", "pv_kwh")
    )
    load, pv = energies
    tariffed = HOUSEHOLD.import_price(spot.to_numpy()), HOUSEHOLD.export_price(spot.to_numpy())
    return _scenario(hours, load, pv, tariffed, tz, first)


def _scenario(
    index: pd.DatetimeIndex,
    load_kwh: pd.Series,
    pv_kwh: pd.Series,
    prices: tuple[Series | pd.Series, Series | pd.Series],
    tz: str,
    first: pd.Timestamp,
) -> Scenario:
    step = int((index[1] - index[0]).total_seconds())
    parts = step // SLOT_SECONDS
    start = int(index[0].timestamp())

    def quarters(series: Series | pd.Series, share: float = 1.0) -> Series:
        return np.repeat(np.asarray(series, dtype=np.float64) * share, parts)

    known = History(
        slot_range(start, start + len(index) * step),
        quarters(load_kwh, 1 / parts),
        quarters(pv_kwh, 1 / parts),
        quarters(prices[0]),
        quarters(prices[1]),
    )
    sound = np.isfinite(known.load_kwh + known.pv_kwh + known.import_price)
    rows = sound & (known.slots >= first.timestamp())
    settlement = cautious_settlement(known.take(rows), STORAGE)
    return Scenario(known, rows, ZoneInfo(tz), STORAGE, GRID, STORAGE.soc_min_kwh, settlement)
