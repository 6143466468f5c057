"""A real home with real prices: the order of the policies, and how much of the gap the planner closes."""

from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from darkstar.domain.slots import SLOTS_PER_HOUR, slot_range
from darkstar.domain.tariff import Tariff
from darkstar.planner.problem import GridModel, Series, StorageModel
from darkstar.time_machine.past.history import History
from darkstar.time_machine.replay import POLICIES
from darkstar.time_machine.scenario import Scenario, cautious_settlement
from darkstar.time_machine.side_by_side import compare

SEK_PER_EUR = 10.6
LOSSY = StorageModel(0.0, 10.0, 5.0, 5.0, 0.95, 0.95)
HOUSEHOLD = Tariff(grid_fee_per_kwh=0.2456, energy_tax_per_kwh=0.439, vat_percent=25.0)


@pytest.mark.slow
def test_dutch_home_at_swedish_prices(real_data: Path) -> None:
    known = _history(real_data, "2021-10-25", "2021-11-24")
    in_range = known.slots >= pd.Timestamp("2021-11-10", tz="UTC").timestamp()
    replayed = in_range & np.isfinite(known.load_kwh + known.pv_kwh + known.import_price)
    settlement = cautious_settlement(known.take(replayed), LOSSY)
    given = Scenario(
        known, replayed, ZoneInfo("Europe/Amsterdam"), LOSSY, GridModel(17.25, 17.25), 0.0, settlement
    )
    bounds = int(given.history.slots[0]), int(given.history.slots[-1])
    comparison = compare(given, POLICIES, bounds)
    cost = {name: outcome.cost for name, outcome in comparison.outcomes.items()}
    assert cost["oracle"] <= min(cost.values()) + 1e-6
    assert cost["mpc"] < cost["setpoint"] < cost["none"]
    assert cost["mpc"] < cost["rule"]
    closed = comparison.gap_closed["mpc"]
    assert closed is not None
    assert closed > 0.8


def _history(real_data: Path, start: str, end: str) -> History:
    """The hours of [start, end) (UTC days), each split evenly into quarters."""
    home = pd.read_parquet(real_data / "homes" / "nl_toon.h.parquet")
    prices = pd.read_parquet(real_data / "prices" / "se1_se4.h.parquet")
    first, last = pd.Timestamp(start, tz="UTC"), pd.Timestamp(end, tz="UTC")
    hours = home.join(prices).loc[first:last].iloc[:-1]

    def quarters(column: str) -> Series:
        return np.repeat(hours[column].to_numpy(dtype=np.float64), SLOTS_PER_HOUR)

    spot = quarters("se4_eur_mwh") / 1000 * SEK_PER_EUR
    return History(
        slot_range(int(first.timestamp()), int(last.timestamp())),
        quarters("load_kwh") / SLOTS_PER_HOUR,
        quarters("pv_kwh") / SLOTS_PER_HOUR,
        HOUSEHOLD.import_price(spot),
        HOUSEHOLD.export_price(spot),
    )
