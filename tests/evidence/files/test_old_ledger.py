"""An older ledger's file as read: whatever its version, never changed, and refused clearly where it is no such."""

import hashlib
import sqlite3
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from darkstar.domain.channels import Channel
from darkstar.domain.errors import DataError
from darkstar.evidence.files.old_ledger import OldLedger, read_old_ledger
from darkstar.ledger.old_rows.rows import NO_TIME, Clock
from darkstar.store.ledger_file import LedgerFile
from tests.old_home import STOCKHOLM, N, OldHome, closing_file


def read(path: Path) -> OldLedger:
    return read_old_ledger(path, naive_tz=STOCKHOLM, currency="SEK")


def table(path: Path, columns: str, *rows: tuple[object, ...], name: str = "slot_observations") -> Path:
    with closing_file(path) as connection:
        connection.execute(f"CREATE TABLE {name} ({columns})")
        for row in rows:
            connection.execute(f"INSERT INTO {name} VALUES ({', '.join('?' * len(row))})", row)
    return path


def test_every_column_is_read_and_what_is_not_is_said(tmp_path: Path) -> None:
    home = OldHome()
    old = read(home.write(tmp_path / "old.db"))
    assert (old.table, len(old.rows)) == ("slot_observations", N)
    np.testing.assert_array_equal(old.rows.start_utc, home.start)
    np.testing.assert_array_equal(old.rows.end_utc, home.start + 900)
    assert set(old.rows.energy_kwh) == set(Channel)
    np.testing.assert_array_equal(old.rows.energy_kwh[Channel.PV], home.truth["pv"])
    assert old.rows.soc_start_percent[1] == home.rows[1]["soc_start_percent"]
    assert old.rows.soc_end_percent[1] == home.rows[1]["soc_end_percent"]
    assert old.rows.import_price[1] == home.rows[1]["import_price_sek_kwh"]
    assert old.rows.export_price[1] == home.rows[1]["export_price_sek_kwh"]
    assert set(old.left_out) == {"id", "quality_flags"}


def test_times_in_all_their_forms(tmp_path: Path) -> None:
    path = table(
        tmp_path / "old.db",
        "slot_start, load_kwh",
        ("2025-03-30T01:45:00+01:00", 1),
        ("2025-03-30T03:00:00+02:00", 1),
        ("2025-03-30T00:45:00Z", 1),
        ("2025-03-30 03:15:00", 1),
        ("2025-03-30T02:15:00", 1),
        (1_743_297_300, 1),
        (1_743_297_300_000, 1),
        ("1743297300000", 1),
        ("noon", 1),
        (None, 1),
    )
    rows = read(path).rows
    spring = 1_743_295_500  # 2025-03-30T00:45:00Z
    assert rows.start_utc.tolist() == [
        spring,
        spring + 900,
        spring,
        spring + 1800,
        NO_TIME,  # the clocks skip it
        spring + 1800,
        spring + 1800,
        spring + 1800,
        NO_TIME,
        NO_TIME,
    ]
    assert rows.clock.tolist()[:8] == [
        Clock.OFFSET,
        Clock.OFFSET,
        Clock.UTC,
        Clock.NAIVE,
        Clock.NAIVE,
        Clock.EPOCH,
        Clock.EPOCH_FINER,
        Clock.EPOCH_FINER,
    ]
    assert rows.written[0] == "2025-03-30T01:45:00+01:00"


def test_naive_times_are_of_the_zone_that_is_said(tmp_path: Path) -> None:
    path = table(tmp_path / "old.db", "slot_start, load_kwh", ("2025-07-01T12:00:00", 1))
    utc = read_old_ledger(path, naive_tz=ZoneInfo("UTC"), currency="SEK")
    assert utc.rows.start_utc[0] - read(path).rows.start_utc[0] == 7200


def test_numbers_may_be_texts_and_what_is_no_number_is_not_known(tmp_path: Path) -> None:
    path = table(
        tmp_path / "old.db",
        "slot_start, load_kwh, pv_kwh, water_kwh, import_kwh",
        ("2025-07-01T12:00:00Z", "0.25", None, "unavailable", float("inf")),
    )
    energy = read(path).rows.energy_kwh
    assert energy[Channel.LOAD][0] == 0.25
    assert all(np.isnan(energy[c][0]) for c in (Channel.PV, Channel.WATER, Channel.IMPORT))


def test_columns_of_other_versions(tmp_path: Path) -> None:
    path = table(
        tmp_path / "old.db",
        '"timestamp", consumption_kwh, solar_kwh, grid_import_kwh, battery_charge_kwh, water_heating_kwh, soc_percent, '
        "import_price, export_price_eur_kwh, load_forecast_kwh, pv_kwh",
        ("2025-07-01T12:00:00Z", 1, 2, 3, 4, 5, 60, 1.5, 0.1, 9, 2),
        name="observations",
    )
    old = read(path)
    assert old.table == "observations"
    assert {c.value: e[0] for c, e in old.rows.energy_kwh.items()} == {
        "load": 1.0,
        "pv": 2.0,
        "import": 3.0,
        "batt_charge": 4.0,
        "water": 5.0,
    }
    assert (old.rows.soc_start_percent[0], old.rows.import_price[0]) == (60.0, 1.5)
    assert np.isnan(old.rows.export_price[0])
    assert old.rows.end_utc[0] == NO_TIME
    assert old.left_out == {
        "export_price_eur_kwh": "its prices are in EUR, and the home's currency is SEK",
        "load_forecast_kwh": "its name says neither a channel, a state of charge nor a price",
        "pv_kwh": "solar_kwh says the same",
    }


def test_the_file_and_its_folder_are_not_changed(tmp_path: Path) -> None:
    path = OldHome().write(tmp_path / "old.db")
    path.chmod(0o444)
    before = (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns)
    read(path)
    assert (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns) == before
    assert [p.name for p in tmp_path.iterdir()] == ["old.db"]


def test_what_is_still_in_the_write_ahead_log_is_read_too(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    writer = sqlite3.connect(path)
    try:
        writer.execute("PRAGMA journal_mode=WAL")
        writer.execute("CREATE TABLE slot_observations (slot_start, load_kwh)")
        writer.execute("INSERT INTO slot_observations VALUES ('2025-07-01T12:00:00Z', 1)")
        writer.commit()
        names = sorted(p.name for p in tmp_path.iterdir())
        log = (tmp_path / "old.db-wal").read_bytes()
        assert len(read(path).rows) == 1
        assert sorted(p.name for p in tmp_path.iterdir()) == names
        assert (tmp_path / "old.db-wal").read_bytes() == log
    finally:
        writer.close()


def test_files_that_are_no_older_ledger_say_so(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="There is no file"):
        read(tmp_path / "none.db")
    (tmp_path / "text.db").write_text("slot_start,load_kwh\n")
    with pytest.raises(DataError, match="is no SQLite file"):
        read(tmp_path / "text.db")
    with pytest.raises(DataError, match=r"no table of it holds slots \(its tables: states\)"):
        read(table(tmp_path / "ha.db", "state_id, state", name="states"))
    with pytest.raises(DataError, match="no table of it holds slots"):
        read(table(tmp_path / "prices.db", "slot_start, import_price_sek_kwh"))
    torn = OldHome().write(tmp_path / "torn.db")
    torn.write_bytes(torn.read_bytes()[:20_000])
    with pytest.raises(DataError, match=r"torn.db cannot be read"):
        read(torn)


def test_of_several_tables_nobody_can_tell(tmp_path: Path) -> None:
    path = table(tmp_path / "old.db", "slot_start, load_kwh", name="one")
    table(path, "slot_start, load_kwh", name="two")
    with pytest.raises(DataError, match="several tables that could hold the slots: one, two"):
        read(path)
    table(path, "slot_start, load_kwh", ("2025-07-01T12:00:00Z", 1))
    assert len(read(path).rows) == 1


def test_a_ledger_of_this_system_is_not_an_older_one(tmp_path: Path) -> None:
    with LedgerFile(tmp_path / "planner_learning.db"):
        pass
    with pytest.raises(DataError, match=r"is a ledger of this system already.*restore"):
        read(tmp_path / "planner_learning.db")
