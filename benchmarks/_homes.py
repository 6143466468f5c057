"""The development homes with day-ahead prices of their years, each with a battery of 10 kWh and 5 kW without wear.

Where a home's own zone has no prices in the data, another zone's of the same years stand in; each name says which.
Hours are spread over their quarters. A home that only its grid meter knows is its net draw and net feed-in, as the
loader has it. Slots in which anything is unknown are left out, and so is what no connection carries.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from darkstar.domain.slots import HOUR_SECONDS, SLOT_SECONDS, slot_range
from darkstar.domain.tariff import Tariff
from darkstar.planner.problem import GridModel, Series, StorageModel
from darkstar.time_machine.past.history import History
from darkstar.time_machine.plant.minutes import Minutes
from darkstar.time_machine.plant.model import MINUTES_OF_SLOT
from darkstar.time_machine.scenario import Scenario, cautious_settlement

STORAGE = StorageModel(0.0, 10.0, 5.0, 5.0, 0.95, 0.95)
GRID = GridModel(17.25, 17.25)
BEFORE = pd.Timedelta(days=31)
"""What the forecaster may learn from before the first replayed slot."""
MOST_KW = 20.0
"""More is a reading's fault."""
TWO_TARIFFS = ("import_t1_kwh_cum", "import_t2_kwh_cum"), ("export_t1_kwh_cum", "export_t2_kwh_cum")
FONTANA = (1, 4, 7, 10, 14, 17)
"""Of the seventeen, with the most load, the most sun for its load, hardly any sun, and those between."""
FED_IN_USD = 0.05
"""What Fontana's homes are paid, about what the energy saves the grid; of their prices only what they pay is known."""


@dataclass(frozen=True)
class Zone:
    """Day-ahead prices and what a household pays on top of them.

    Attributes:
        file, column: where the prices are.
        to_spot: from the column's unit to the currency per kWh.
    """

    name: str
    currency: str
    file: str
    column: str
    to_spot: float
    tariff: Tariff

    def prices(self, folder: Path, hours: pd.DatetimeIndex) -> tuple[Series, Series]:
        """What a household pays and is paid in each hour, shape (n,); NaN where unknown."""
        frame = pd.read_parquet(folder / "prices" / f"{self.file}.h.parquet").reindex(hours)
        spot = frame[self.column].to_numpy() * self.to_spot
        return self.tariff.import_price(spot), self.tariff.export_price(spot)


SEK_PER_EUR = 10.6
SWEDISH = Tariff(grid_fee_per_kwh=0.2456, energy_tax_per_kwh=0.439, vat_percent=25.0)
DUTCH = Tariff(energy_tax_per_kwh=0.1088, markup_per_kwh=0.02, vat_percent=21.0)
FINNISH = Tariff(grid_fee_per_kwh=0.04, energy_tax_per_kwh=0.0225, markup_per_kwh=0.004, vat_percent=24.0)
SE4 = Zone("SE4", "SEK", "se1_se4", "se4_eur_mwh", SEK_PER_EUR / 1000, SWEDISH)
DK2 = Zone("DK2", "SEK", "dk2_2017_2022", "dk2_eur_mwh", SEK_PER_EUR / 1000, SWEDISH)
NL = Zone("NL", "EUR", "nl_2024_2025-09", "nl_eur_kwh", 1.0, DUTCH)
FI = Zone("FI", "EUR", "fi_2023_2025", "fi_eur_mwh", 1 / 1000, FINNISH)
OWN = "own"
"""The prices are the home's own."""


@dataclass(frozen=True)
class Case:
    """A home over some time.

    Attributes:
        prices: whose, and of which tariff.
    """

    name: str
    prices: str
    currency: str
    scenario: Scenario


def cases(folder: Path) -> Iterator[Case]:
    """The homes of the data."""
    yield from _german(folder)
    yield from _dutch(folder)
    yield from _french_and_belgian(folder)
    yield Case("se4_magma", f"{OWN} (SE4)", "SEK", se4_magma(folder))
    yield Case("se4_magma by the minute", f"{OWN} (SE4)", "SEK", se4_magma_by_the_minute(folder))
    yield Case("no3_trondheim 2021", f"{OWN} (NO3)", "NOK", no3_trondheim(folder))
    for number in FONTANA:
        yield Case(f"us_fontana17 {number}", f"{OWN}, by the clock", "USD", us_fontana(folder, number))


def _german(folder: Path) -> Iterator[Case]:
    spans = {
        "de_opsd_r1": (SE4, "2016-02-01", "2017-02-01"),
        "de_opsd_r2": (SE4, "2016-02-01", "2017-02-01"),
        "de_opsd_r3": (DK2, "2017-02-01", "2018-01-01"),
        "de_opsd_r4": (DK2, "2017-02-01", "2018-01-01"),
        "de_opsd_r5": (DK2, "2017-02-01", "2018-02-01"),
    }
    for name, (zone, first, end) in spans.items():
        frame = _frame(folder, f"{name}.h")
        if name == "de_opsd_r1":
            # Its import does not fall when the sun shines, and its heat pump has a meter of its own.
            frame["load_kwh"] = frame["import_kwh"] + frame["heat_pump_kwh"]
        load = frame.get("load_kwh", frame["import_kwh"])
        sun = frame.get("pv_kwh", 0.0 * load)
        yield _case(name, zone, _priced(folder, (load, sun), zone, "Europe/Berlin", (first, end)))


def _dutch(folder: Path) -> Iterator[Case]:
    for year, first in ((2020, "2020-02-01"), (2021, "2021-01-01")):
        yield _case(f"nl_toon {year}", SE4, nl_toon(folder, first, f"{year + 1}-01-01"))
    dsmr = _frame(folder, "nl_dsmr_2024.h")
    by_their_meter = {
        "nl_p1mon 2021-22": (
            _counted(_frame(folder, "nl_p1mon.h.cum"), HOUR_SECONDS),
            DK2,
            ("2021-04-04", "2022-10-19"),
        ),
        "nl_homewizard": (
            _counted(_frame(folder, "nl_homewizard.15min.cum"), SLOT_SECONDS),
            DK2,
            ("2022-09-08", "2022-09-30"),
        ),
        "nl_dsmr_2024": ((dsmr["import_kwh"], dsmr["export_kwh"]), NL, ("2024-02-01", "2025-01-01")),
    }
    for name, (counted, zone, span) in by_their_meter.items():
        yield _case(name, zone, _priced(folder, _net(counted), zone, "Europe/Amsterdam", span, net=True))
    yield _case("nl_p1mon 2024 by the minute", NL, nl_p1mon_by_the_minute(folder))


def _french_and_belgian(folder: Path) -> Iterator[Case]:
    spans = {"fr_emhass": ("2024-04-01", "2025-02-27"), "fr_emhass_2024": ("2024-02-01", "2024-12-23")}
    for name, span in spans.items():
        watts = _frame(folder, f"{name}.30min")
        load = watts["load_w"] / 2000
        sun = watts["pv_w"].fillna(0.0) / 2000 if "pv_w" in watts else 0.0 * load
        yield _case(name, NL, _priced(folder, (load, sun), NL, "Europe/Paris", span))
    fluvius = _frame(folder, "be_fluvius.15min")
    net = _net((fluvius["import_kwh"], fluvius["export_kwh"]))
    span = ("2023-11-21", "2023-12-31")
    yield _case("be_fluvius", FI, _priced(folder, net, FI, "Europe/Brussels", span, net=True))


def nl_toon(folder: Path, start: str, end: str) -> Scenario:
    """A Dutch home with SE4's prices, UTC days from `start` to before `end`."""
    frame = _frame(folder, "nl_toon.h")
    return _priced(folder, (frame["load_kwh"], frame["pv_kwh"]), SE4, "Europe/Amsterdam", (start, end))


def se4_magma(folder: Path) -> Scenario:
    """A Swedish home known by its grid meter, with the prices that it paid."""
    home = _frame(folder, "se4_magma.15min")
    prices = pd.read_parquet(folder / "prices" / "se4_sek_2024-05_2025-02.h.parquet").reindex(
        home.index, method="ffill"
    )
    paid = (
        prices["se4_import_price_sek_kwh"].to_numpy(),
        prices["se4_export_price_sek_kwh"].to_numpy(),
    )
    net = _net((home["import_kwh"], home["export_kwh"]))
    first = pd.Timestamp("2024-05-15", tz="UTC")
    return scenario_of(home.index, net, paid, "Europe/Stockholm", first, net=True)


def se4_magma_by_the_minute(folder: Path) -> Scenario:
    """The same, its battery meeting the minutes of the meter."""
    frame = _frame(folder, "se4_magma.1min")
    return with_minutes(se4_magma(folder), frame["import_kwh"] - frame["export_kwh"])


def nl_p1mon_by_the_minute(folder: Path) -> Scenario:
    """A Dutch home's last weeks with the prices of its own zone, known by the minute."""
    drawn, fed = _counted(_frame(folder, "nl_p1mon.1min.cum"), 60)
    net = (drawn - fed).where((drawn >= 0.0) & (fed >= 0.0))
    sums = net.resample("15min").sum(min_count=MINUTES_OF_SLOT)
    part = (sums.clip(lower=0.0), (-sums).clip(lower=0.0))
    span = ("2024-02-11", "2024-03-03")
    scenario = _priced(folder, part, NL, "Europe/Amsterdam", span, net=True)
    return with_minutes(scenario, net)


def no3_trondheim(folder: Path) -> Scenario:
    """A Norwegian home without sun: its day-ahead price and the grid's price by the clock."""
    frame = pd.read_parquet(folder / "homes" / "no3_trondheim.h.parquet").tz_localize("Etc/GMT-1")
    frame = frame.loc[pd.Timestamp("2020-12-01", tz="UTC") : pd.Timestamp("2021-12-31 22:00", tz="UTC")]
    spot = frame["da_price_nok_kwh"].to_numpy()
    prices = (spot + frame["tou_price_nok_kwh"].to_numpy(), spot)
    load = frame["load_kwh"]
    first = pd.Timestamp("2021-01-01", tz="Etc/GMT-1")
    return scenario_of(frame.index, (load, 0.0 * load), prices, "Etc/GMT-1", first)


def us_fontana(folder: Path, number: int) -> Scenario:
    """A Californian home with sun that pays by the hour of the day."""
    homes = pd.read_parquet(folder / "homes" / "us_fontana17.h.parquet").tz_localize("Etc/GMT+8")
    home = homes[homes["home"] == number]
    weather = pd.read_parquet(folder / "weather" / "us_fontana.h.parquet").tz_localize("Etc/GMT+8")
    paid = weather["electricity_pricing"].reindex(home.index).to_numpy()
    first = pd.Timestamp("2016-09-01", tz="Etc/GMT+8")
    prices = (paid, np.full(len(paid), FED_IN_USD))
    return scenario_of(home.index, (home["load_kwh"], home["pv_kwh"]), prices, "Etc/GMT+8", first)


def _case(name: str, zone: Zone, scenario: Scenario) -> Case:
    return Case(name, zone.name, zone.currency, scenario)


def _frame(folder: Path, name: str) -> pd.DataFrame:
    return pd.read_parquet(folder / "homes" / f"{name}.parquet")


def _counted(registers: pd.DataFrame, step_s: int) -> tuple[pd.Series, pd.Series]:
    """Import and export of each step by registers that are read at its start; NaN where a reading is missing."""
    whole = registers.reindex(pd.date_range(registers.index[0], registers.index[-1], freq=f"{step_s}s"))
    drawn, fed = (whole[list(names)].sum(axis=1, skipna=False).diff().shift(-1) for names in TWO_TARIFFS)
    return drawn, fed


def _net(drawn_and_fed: tuple[pd.Series, pd.Series]) -> tuple[pd.Series, pd.Series]:
    """Net draw and net feed-in; what runs backwards is a reading's fault."""
    drawn, fed = (side.where(side >= 0.0) for side in drawn_and_fed)
    net = drawn - fed
    return net.clip(lower=0.0), (-net).clip(lower=0.0)


def _priced(
    folder: Path,
    energies: tuple[pd.Series, pd.Series],
    zone: Zone,
    tz: str,
    span: tuple[str, str],
    *,
    net: bool = False,
) -> Scenario:
    """A home with its hourly prices, UTC days of a span; load and sun may be known by finer steps."""
    first, last = (pd.Timestamp(day, tz="UTC") for day in span)
    step = energies[0].index[1] - energies[0].index[0]
    index = pd.date_range(first - BEFORE, last, freq=step, inclusive="left")
    hours = index.floor("h").unique()
    within = hours.get_indexer(index.floor("h"))
    prices = zone.prices(folder, hours)
    paid = prices[0][within], prices[1][within]
    load, sun = (series.reindex(index) for series in energies)
    return scenario_of(index, (load, sun), paid, tz, first, net=net)


def scenario_of(
    index: pd.DatetimeIndex,
    energies: tuple[pd.Series, pd.Series],
    prices: tuple[Series, Series],
    tz: str,
    first: pd.Timestamp,
    *,
    net: bool = False,
) -> Scenario:
    """Load and sun of steps of at least a slot, with what was paid, replayed from `first`."""
    step = int((index[1] - index[0]).total_seconds())
    parts = step // SLOT_SECONDS
    start = int(index[0].timestamp())
    most_kwh = MOST_KW * step / HOUR_SECONDS

    def quarters(series: Series, share: float = 1.0) -> Series:
        return np.repeat(np.asarray(series, dtype=np.float64) * share, parts)

    load, sun = (side.where(side.between(0.0, most_kwh)).to_numpy() for side in energies)
    known = History(
        slot_range(start, start + len(index) * step),
        quarters(load, 1 / parts),
        quarters(sun, 1 / parts),
        quarters(prices[0]),
        quarters(prices[1]),
        net_only=net,
    )
    rows = np.isfinite(known.load_kwh + known.pv_kwh + known.import_price) & (
        known.slots >= first.timestamp()
    )
    settlement = cautious_settlement(known.take(rows), STORAGE)
    return Scenario(known, rows, ZoneInfo(tz), STORAGE, GRID, STORAGE.soc_min_kwh, settlement)


def with_minutes(scenario: Scenario, net_kwh: pd.Series) -> Scenario:
    """A home known by its grid meter, its battery meeting the net draw of each minute that is known."""
    known = scenario.known
    start = pd.Timestamp(int(known.slots[0]), unit="s", tz="UTC")
    index = pd.date_range(start, periods=len(known) * MINUTES_OF_SLOT, freq="min")
    minutes = net_kwh.reindex(index).to_numpy().reshape(len(known), MINUTES_OF_SLOT)
    same = np.isclose(minutes.sum(axis=1), known.load_kwh - known.pv_kwh, atol=1e-6)
    rows = np.where(same & scenario.replayed, np.cumsum(same & scenario.replayed) - 1, -1)
    course = minutes[same & scenario.replayed]
    course = Minutes(rows, np.maximum(course, 0.0), np.maximum(-course, 0.0))
    return replace(scenario, known=replace(known, minutes=course))
