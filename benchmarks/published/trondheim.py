"""A home in Trondheim with a tiered power tariff, after Boyd and others (arXiv:2307.07580): data, battery, bill.

Hours as published: naive local ones, 24 a day. Load, day-ahead price and grid fee of 2020 to 2022; 2022 is the test,
and nothing is fitted to it. What the published controller knows, ours knows, and no more:

    load     of the hour that is decided; of later hours nothing
    prices   of the day, and from 13:00 of the next day
    fees     the grid's by hour, which are a tariff

The published year begins half full; the foresight ends half full, and so does ours.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from darkstar.domain.power_tariff import PowerTariff, Tier
from darkstar.planner.problem import StorageModel

Series = NDArray[np.float64]
Indices = NDArray[np.int64]

HOURS_OF_DAY = 24
PUBLISHED_AT = 13
STORAGE = StorageModel(0.0, 40.0, 20.0, 20.0, 0.95, 0.95)
KEPT_PER_HOUR = 0.99998
START_KWH = 20.0
GRID_KW = 20.0
TARIFF = PowerTariff(
    peaks=3, tiers=tuple(Tier(kw, nok) for kw, nok in ((2, 83), (5, 147), (10, 252), (15, 371), (20, 490)))
)
SAME_KW = 1e-6
"""What a solver's rounding may lift an average above a tier without being charged for the next."""


@dataclass(frozen=True)
class Hours:
    """The published hours; series of shape (n,), fees and months reach further than load and price.

    Attributes:
        load_kwh: the home's load.
        spot: day-ahead price [NOK/kWh].
        fee: the grid's energy fee [NOK/kWh], shape (n + 31 days,), the last days as a year before.
        month: months since the year 0, shape (n + 31 days,).
        weekday: of the first day, 0 is Monday.
        begins: first hour of each year.
    """

    load_kwh: Series
    spot: Series
    fee: Series
    month: Indices
    weekday: int
    begins: dict[int, int]

    def of_year(self, year: int) -> slice:
        """The hours of a year."""
        return slice(self.begins[year], self.begins.get(year + 1, len(self.load_kwh)))


def read_hours(folder: Path) -> Hours:
    """The published hours of 2020 to 2022."""
    table = pd.read_parquet(folder / "homes" / "no3_trondheim.h.parquet")
    index = pd.DatetimeIndex(table.index)
    longer = pd.date_range(index[0], periods=len(index) + 31 * HOURS_OF_DAY, freq="h")
    fee = table["tou_price_nok_kwh"].to_numpy()
    beyond = fee[-365 * HOURS_OF_DAY :][: 31 * HOURS_OF_DAY]
    return Hours(
        load_kwh=table["load_kwh"].to_numpy(),
        spot=table["da_price_nok_kwh"].to_numpy(),
        fee=np.concatenate([fee, beyond]),
        month=(longer.year * 12 + longer.month).to_numpy().astype(np.int64),
        weekday=int(index[0].weekday()),
        begins={int(year): int(np.argmax(index.year == year)) for year in index.year.unique()},
    )


@dataclass(frozen=True)
class Bill:
    """What a range of hours costs [NOK]; power by month, in order."""

    energy: float
    power: tuple[float, ...]

    @property
    def total(self) -> float:
        """Energy and power together."""
        return self.energy + sum(self.power)


def bill_of(hours: Hours, begin: int, import_kwh: Series) -> Bill:
    """The bill of whole days from hour `begin` on; `import_kwh` shape (m,)."""
    within = slice(begin, begin + len(import_kwh))
    month = hours.month[within]
    energy = float((hours.spot[within] + hours.fee[within]) @ import_kwh)
    return Bill(energy, tuple(power_fee(import_kwh[month == one]) for one in np.unique(month)))


def power_fee(import_kwh: Series) -> float:
    """A month's fee: the tier of the mean of its three highest hours on different days; shape (days * 24,)."""
    highest = np.sort(import_kwh.reshape(-1, HOURS_OF_DAY).max(axis=1))[-TARIFF.peaks :]
    return TARIFF.fee(float(highest.mean()) - SAME_KW)
