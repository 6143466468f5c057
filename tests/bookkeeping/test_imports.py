"""Files brought into the ledger: what arrives in the slots, and that repeating it changes nothing."""

import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from darkstar.bookkeeping.imports import EnergyImport, PriceImport, import_energy, import_prices
from darkstar.domain.channels import Channel
from darkstar.domain.errors import ConfigError, DataError, UsageError
from darkstar.domain.slots import HOUR_SECONDS, SLOT_SECONDS
from darkstar.domain.tariff import Tariff
from darkstar.evidence.files.tables import Table, read_table
from darkstar.ledger.evidence import Source
from darkstar.ledger.quotes import PriceKind
from darkstar.store.ledger_file import LedgerFile
from tests.bookkeeping.homes import settings

T0 = 1_743_206_400  # 2025-03-29T00:00:00Z
STOCKHOLM = ZoneInfo("Europe/Stockholm")


def table(
    folder: Path, columns: Mapping[str, list[float]], step: int = HOUR_SECONDS, start: int = T0
) -> Table:
    """A CSV file of columns at a regular step; NaN leaves a field empty, and an all-empty row out."""
    n = len(next(iter(columns.values())))
    frame = pd.DataFrame(columns, index=pd.to_datetime(start + step * np.arange(n), unit="s", utc=True))
    path = folder / "home.csv"
    frame.dropna(how="all").to_csv(path, index_label="ts_utc")
    return read_table(path, timezone=None, home_tz=STOCKHOLM)


def energies(ledger: LedgerFile, channel: Channel, n: int, start: int = T0) -> list[float]:
    return [round(e, 9) for e in ledger.slots(start, start + n * SLOT_SECONDS).energy_kwh[channel].tolist()]


def bring(ledger: LedgerFile, read: Table, said: Mapping[str, str] | None = None) -> EnergyImport:
    return import_energy(ledger, settings(ledger.path.parent), read, said or {})


def content(path: Path) -> list[tuple[object, ...]]:
    """Everything in the ledger but its times of receipt and its journal, energies to 1e-9 kWh."""
    found: list[tuple[object, ...]] = []
    connection = sqlite3.connect(path)
    try:
        for name in (
            "meters",
            "meter_readings",
            "interval_energies",
            "price_quotes",
            "slot_observations",
            "slot_provenance",
            "slot_prices",
        ):
            columns = [row[1] for row in connection.execute(f"PRAGMA table_info({name})")]
            kept = ", ".join(column for column in columns if column != "received_us")
            rows = connection.execute(f"SELECT {kept} FROM {name} ORDER BY {kept}")
            found += [(name, *(round(v, 9) if isinstance(v, float) else v for v in row)) for row in rows]
    finally:
        connection.close()
    return found


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[LedgerFile]:
    with LedgerFile(tmp_path / "planner_learning.db") as opened:
        yield opened


def test_quarters_arrive_as_they_are(ledger: LedgerFile, tmp_path: Path) -> None:
    done = bring(
        ledger,
        table(tmp_path, {"import_kwh": [0.1, 0.0, 0.3, 0.4], "pv_kwh": [0.0, 0.2, 0.0, 0.1]}, SLOT_SECONDS),
    )
    assert energies(ledger, Channel.IMPORT, 4) == [0.1, 0.0, 0.3, 0.4]
    assert energies(ledger, Channel.PV, 4) == [0.0, 0.2, 0.0, 0.1]
    assert (done.start, done.end, done.slots) == (T0, T0 + 4 * SLOT_SECONDS, 4)
    source = ledger.provenance(T0, T0 + SLOT_SECONDS)[Channel.IMPORT].source
    assert source.tolist() == [Source.IMPORT_FINE]


def test_an_hour_sums_to_itself(ledger: LedgerFile, tmp_path: Path) -> None:
    bring(ledger, table(tmp_path, {"load_kwh": [1.0, 2.5, 0.0]}))
    got = np.array(energies(ledger, Channel.LOAD, 12)).reshape(3, 4).sum(axis=1)
    np.testing.assert_allclose(got, [1.0, 2.5, 0.0], atol=1e-8)
    source = ledger.provenance(T0, T0 + SLOT_SECONDS)[Channel.LOAD].source
    assert source.tolist() == [Source.IMPORT_HOUR]


def test_minutes_add_up_to_quarters(ledger: LedgerFile, tmp_path: Path) -> None:
    bring(ledger, table(tmp_path, {"load_kwh": [0.01] * 15 + [0.02] * 15}, 60))
    assert energies(ledger, Channel.LOAD, 2) == [0.15, 0.3]


def test_a_gap_is_unknown_and_stretches_nothing(ledger: LedgerFile, tmp_path: Path) -> None:
    nan = float("nan")
    bring(ledger, table(tmp_path, {"load_kwh": [0.1, 0.1, nan, nan, 0.1, 0.1]}, SLOT_SECONDS))
    np.testing.assert_array_equal(energies(ledger, Channel.LOAD, 6), [0.1, 0.1, nan, nan, 0.1, 0.1])


def test_two_tariffs_of_one_meter_add_up(ledger: LedgerFile, tmp_path: Path) -> None:
    columns = {
        "import_t1_kwh_cum": [100.0, 100.5, 101.0, 101.0, 101.0],
        "import_t2_kwh_cum": [500.0, 500.0, 500.0, 500.2, 500.6],
    }
    done = bring(ledger, table(tmp_path, columns, SLOT_SECONDS))
    assert energies(ledger, Channel.IMPORT, 4) == [0.5, 0.5, 0.2, 0.4]
    assert [(c.name, c.channel, c.cumulative, c.rows, c.added) for c in done.columns] == [
        ("import_t1_kwh_cum", Channel.IMPORT, True, 5, 5),
        ("import_t2_kwh_cum", Channel.IMPORT, True, 5, 5),
    ]


def test_the_first_reading_of_a_meter_is_no_energy(ledger: LedgerFile, tmp_path: Path) -> None:
    """Fault 1: the first slot got the whole counter."""
    bring(ledger, table(tmp_path, {"import_kwh_cum": [8123.4, 8123.9, 8124.0]}, SLOT_SECONDS))
    assert energies(ledger, Channel.IMPORT, 2) == [0.5, 0.1]


def test_columns_by_map(ledger: LedgerFile, tmp_path: Path) -> None:
    read = table(tmp_path, {"day": [0.1, 0.2], "night": [0.3, 0.4], "sun": [0.0, 0.5]}, SLOT_SECONDS)
    bring(ledger, read, {"day": "import_kwh", "night": "import_kwh", "sun": "pv_kwh"})
    assert energies(ledger, Channel.IMPORT, 2) == [0.4, 0.6]
    assert energies(ledger, Channel.PV, 2) == [0.0, 0.5]


def test_the_autumn_night_is_whole(ledger: LedgerFile, tmp_path: Path) -> None:
    """Faults 5 and 16: days by the wall clock, one of them with 25 hours."""
    times = pd.date_range("2025-10-25T22:00", "2025-10-26T23:00", freq="1h", tz="UTC", inclusive="left")
    walls = [t.tz_convert(STOCKHOLM).replace(tzinfo=None).isoformat() for t in times]
    path = tmp_path / "local.csv"
    path.write_text("ts_local,load_kwh\n" + "".join(f"{w},{i}\n" for i, w in enumerate(walls)))
    done = bring(ledger, read_table(path, timezone=STOCKHOLM, home_tz=STOCKHOLM))
    start = int(times[0].timestamp())
    assert (done.start, done.end, done.slots) == (start, start + 25 * HOUR_SECONDS, 100)
    hours = np.array(energies(ledger, Channel.LOAD, 100, start)).reshape(25, 4).sum(axis=1)
    np.testing.assert_allclose(hours, np.arange(25), atol=1e-7)


def test_again_changes_nothing(ledger: LedgerFile, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    columns = {"load_kwh": rng.random(30).tolist(), "pv_kwh_cum": np.cumsum(rng.random(30)).tolist()}
    first = bring(ledger, table(tmp_path, columns))
    before = content(ledger.path)
    again = bring(ledger, table(tmp_path, columns))
    assert content(ledger.path) == before
    assert [c.added for c in first.columns] == [30, 30]
    assert [c.added for c in again.columns] == [0, 0]


def test_parts_in_any_order_make_the_whole(tmp_path: Path) -> None:
    """The energy between two files is bound to both: whichever comes last, the slots are the same."""
    rng = np.random.default_rng(2)
    readings = np.cumsum(rng.random(400) * 0.2).round(3).tolist()
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    for folder, pieces in ((whole, [(0, 400)]), (parts, [(250, 400), (0, 100), (104, 250)])):
        folder.mkdir()
        with LedgerFile(folder / "planner_learning.db") as ledger:
            for first, last in pieces:
                step = SLOT_SECONDS
                bring(ledger, table(folder, {"load_kwh_cum": readings[first:last]}, step, T0 + first * step))
            if folder is parts:
                bring(ledger, table(folder, {"load_kwh_cum": readings[100:104]}, step, T0 + 100 * step))
    assert content(parts / "planner_learning.db") == content(whole / "planner_learning.db")


@pytest.mark.parametrize("later_first", [False, True])
def test_the_energy_between_two_files_far_apart_is_kept(
    ledger: LedgerFile, tmp_path: Path, later_first: bool
) -> None:
    hours = 24 * 20
    readings = (0.25 * np.arange(hours)).tolist()
    pieces = [(0, 48), (hours - 48, hours)]
    for first, last in reversed(pieces) if later_first else pieces:
        start = T0 + first * HOUR_SECONDS
        bring(ledger, table(tmp_path, {"load_kwh_cum": readings[first:last]}, HOUR_SECONDS, start))
    got = np.array(energies(ledger, Channel.LOAD, (hours - 1) * 4))
    assert np.isfinite(got).all()
    assert got.sum() == pytest.approx(readings[-1], abs=1e-6)


def test_negative_energies_are_left_out_and_told(ledger: LedgerFile, tmp_path: Path) -> None:
    done = bring(ledger, table(tmp_path, {"load_kwh": [0.1, -0.2, -1e-12, 0.4]}, SLOT_SECONDS))
    np.testing.assert_array_equal(energies(ledger, Channel.LOAD, 4), [0.1, np.nan, 0.0, 0.4])
    assert done.columns[0].negative == 1
    stored = ledger.evidence(ledger.meters()[0].meter_id, T0, T0 + HOUR_SECONDS).intervals
    assert stored.energy_kwh.tolist() == [0.1, 0.0, 0.4]


@pytest.mark.parametrize(
    ("columns", "step", "problem"),
    [
        ({"export_kwh": [-1.0, -2.0, 0.5]}, SLOT_SECONDS, "mostly negative"),
        ({"pv_kwh": [1.0, 2.0, 0.5]}, 24 * HOUR_SECONDS, "24 hours apart"),
        ({"pv_kwh_cum": [1.0, 2.0, 0.5]}, 24 * HOUR_SECONDS, "24 hours apart"),
        ({"gas_m3": [1.0, 2.0]}, HOUR_SECONDS, "No column holds energy"),
        ({"pv_kwh": [float("nan")] * 2, "gas_m3": [1.0, 2.0]}, HOUR_SECONDS, "has a value"),
    ],
)
def test_what_makes_no_sense_stores_nothing(
    ledger: LedgerFile, tmp_path: Path, columns: dict[str, list[float]], step: int, problem: str
) -> None:
    before = content(ledger.path)
    with pytest.raises(DataError, match=problem):
        bring(ledger, table(tmp_path, columns, step))
    assert content(ledger.path) == before


def price(
    ledger: LedgerFile,
    read: Table,
    column: str = "p",
    unit: str = "SEK/kWh",
    fx: float | None = None,
    kind: PriceKind = PriceKind.SPOT,
) -> PriceImport:
    home = settings(ledger.path.parent)
    return import_prices(ledger, home, read, column=column, unit=unit, fx=fx, kind=kind)


def test_market_prices_become_what_the_household_pays(ledger: LedgerFile, tmp_path: Path) -> None:
    done = price(ledger, table(tmp_path, {"se4_eur_mwh": [40.0, 0.0, -10.0]}), "se4_eur_mwh", "EUR/MWh", 10.0)
    slots = ledger.slots(T0, T0 + 3 * HOUR_SECONDS)
    spot = np.repeat([0.4, 0.0, -0.1], 4)
    np.testing.assert_allclose(slots.import_price, (spot + 0.69) * 1.25, atol=1e-12)
    np.testing.assert_allclose(slots.export_price, spot + 0.05, atol=1e-12)
    assert (done.rows, done.added, done.slots) == (3, 3, 12)
    assert (done.lowest, done.median, done.highest) == pytest.approx((-0.1, 0.0, 0.4))


def test_all_in_prices_stay_as_they_are(ledger: LedgerFile, tmp_path: Path) -> None:
    """Fault 8: a zero is a price, and import and export are two."""
    read = table(tmp_path, {"buy": [1.9, 0.0], "sell": [0.0, -0.2]})
    price(ledger, read, "buy", kind=PriceKind.IMPORT)
    price(ledger, read, "sell", kind=PriceKind.EXPORT)
    slots = ledger.slots(T0, T0 + 2 * HOUR_SECONDS)
    assert slots.import_price.tolist() == [1.9] * 4 + [0.0] * 4
    assert slots.export_price.tolist() == [0.0] * 4 + [-0.2] * 4


def test_prices_keep_off_the_energies_and_the_other_way_round(ledger: LedgerFile, tmp_path: Path) -> None:
    energy = table(tmp_path, {"load_kwh": [0.1, 0.2, 0.3, 0.4]}, SLOT_SECONDS)
    bring(ledger, energy)
    price(ledger, table(tmp_path, {"p": [0.5]}))
    bring(ledger, energy)
    assert energies(ledger, Channel.LOAD, 4) == [0.1, 0.2, 0.3, 0.4]
    assert np.isfinite(ledger.slots(T0, T0 + HOUR_SECONDS).import_price).all()


def test_prices_again_change_nothing_and_a_hole_stays_a_hole(ledger: LedgerFile, tmp_path: Path) -> None:
    nan = float("nan")
    read = table(tmp_path, {"p": [0.5, 0.6, nan, 0.7]})
    price(ledger, read)
    before = content(ledger.path)
    assert price(ledger, read).added == 0
    assert content(ledger.path) == before
    known = np.isfinite(ledger.slots(T0, T0 + 4 * HOUR_SECONDS).import_price).reshape(4, 4)
    assert known.all(axis=1).tolist() == [True, True, False, True]


def test_a_corrected_price_takes_the_place_of_the_first(tmp_path: Path) -> None:
    times = iter(range(2_000_000_000, 2_000_001_000))
    with LedgerFile(tmp_path / "planner_learning.db", clock=lambda: next(times)) as ledger:
        price(ledger, table(tmp_path, {"p": [400.0]}))
        price(ledger, table(tmp_path, {"p": [400.0]}), unit="SEK/MWh")
        spot = (ledger.slots(T0, T0 + HOUR_SECONDS).export_price - 0.05).tolist()
    assert spot == pytest.approx([0.4] * 4)


def test_a_year_that_goes_from_hours_to_quarters(ledger: LedgerFile, tmp_path: Path) -> None:
    start = 1_759_183_200  # 2025-09-30T00:00:00+02:00, a day before the market's quarters
    hours = pd.to_datetime(start + HOUR_SECONDS * np.arange(24), unit="s", utc=True)
    quarters = pd.to_datetime(start + 24 * HOUR_SECONDS + SLOT_SECONDS * np.arange(96), unit="s", utc=True)
    frame = pd.DataFrame({"p": np.arange(120) / 100}, index=hours.append(quarters))
    path = tmp_path / "prices.csv"
    frame.to_csv(path, index_label="ts_utc")
    price(ledger, read_table(path, timezone=None, home_tz=STOCKHOLM))
    spot = ledger.slots(start, start + 48 * HOUR_SECONDS).export_price - 0.05
    np.testing.assert_allclose(spot, np.append(np.repeat(np.arange(24), 4), np.arange(24, 120)) / 100)


def test_prices_off_the_clock_are_an_error(ledger: LedgerFile, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="begins or ends within a quarter"):
        price(ledger, table(tmp_path, {"p": [0.5, 0.6]}, start=T0 + 60))


def test_market_prices_without_a_tariff_are_an_error(ledger: LedgerFile, tmp_path: Path) -> None:
    """Fault 15: fees of zero that nobody wrote."""
    home = settings(tmp_path, prices=None, tariff=Tariff())
    read = table(tmp_path, {"p": [0.5]})
    with pytest.raises(ConfigError, match="states no tariff"):
        import_prices(ledger, home, read, column="p", unit="SEK/kWh", fx=None, kind=PriceKind.SPOT)
    import_prices(ledger, home, read, column="p", unit="SEK/kWh", fx=None, kind=PriceKind.IMPORT)


def test_a_wrong_unit_or_column_stores_nothing(ledger: LedgerFile, tmp_path: Path) -> None:
    read = table(tmp_path, {"p": [0.5, 0.6]})
    before = content(ledger.path)
    for column, unit in (("p", "EUR/MWh"), ("p", "SEK"), ("q", "SEK/kWh")):
        with pytest.raises(UsageError):
            price(ledger, read, column, unit)
    assert content(ledger.path) == before


@pytest.mark.slow
def test_a_real_home_and_its_prices(ledger: LedgerFile, real_data: Path) -> None:
    """Five meters of a Dutch home, almost four years, with resets and a counter that jumped."""
    toon = read_table(real_data / "homes" / "nl_toon.cum.parquet", timezone=None, home_tz=STOCKHOLM)
    done = bring(ledger, toon)
    assert {c.channel for c in done.columns} == {Channel.IMPORT, Channel.EXPORT, Channel.PV}
    year = (1_609_455_600, 1_640_991_600)
    got = ledger.slots(*year)
    clean = pd.read_parquet(real_data / "homes" / "nl_toon.h.parquet")
    inside = clean[
        (clean.index >= pd.Timestamp(year[0], unit="s", tz="UTC"))
        & (clean.index < pd.Timestamp(year[1], unit="s", tz="UTC"))
    ]
    for channel, column in (
        (Channel.IMPORT, "import_kwh"),
        (Channel.EXPORT, "export_kwh"),
        (Channel.PV, "pv_kwh"),
    ):
        ours = float(np.nansum(got.energy_kwh[channel]))
        assert ours == pytest.approx(float(inside[column].sum()), rel=2e-3)
    prices = read_table(real_data / "prices" / "se1_se4.h.parquet", timezone=None, home_tz=STOCKHOLM)
    price(ledger, prices, "se4_eur_mwh", "EUR/MWh", 10.5)
    assert np.isfinite(ledger.slots(*year).import_price).all()
