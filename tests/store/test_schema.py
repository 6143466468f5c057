"""The migrations make exactly the tables that the statements are written for."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from darkstar.domain.channels import Channel
from darkstar.store import migrate
from darkstar.store.database import Database
from darkstar.store.episodes.rows import COLUMNS
from darkstar.store.ledger_file import LedgerFile
from darkstar.store.migrate import APPLICATION_ID, HEAD, SCRIPTS
from darkstar.store.schema import metadata
from tests.store.episodes_examples import episode
from tests.store.examples import START


def structure(path: Path) -> dict[str, object]:
    """All that SQLite knows of the tables' columns, keys and indices."""
    found: dict[str, object] = {}
    with closing(sqlite3.connect(path)) as connection:
        tables = connection.execute("SELECT name, wr FROM pragma_table_list WHERE type = 'table'").fetchall()
        for table, without_rowid in tables:
            if table.startswith("sqlite_") or table == "alembic_version":
                continue
            found[table] = (
                without_rowid,
                connection.execute(f"PRAGMA table_xinfo({table})").fetchall(),
                connection.execute(f"PRAGMA foreign_key_list({table})").fetchall(),
                sorted(
                    (unique, connection.execute(f"PRAGMA index_xinfo({index})").fetchall())
                    for _, index, unique, *_ in connection.execute(f"PRAGMA index_list({table})").fetchall()
                ),
            )
        for name, sql in connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql > ''"
        ):
            found[name] = "".join(sql.split())
    return found


def test_migrations_yield_the_schema(ledger: LedgerFile, path: Path, tmp_path: Path) -> None:
    wanted = tmp_path / "wanted.db"
    engine = create_engine(f"sqlite:///{wanted}")
    metadata.create_all(engine)
    engine.dispose()
    made = structure(path)
    assert made == structure(wanted)
    assert {"meter_readings", "slot_observations", "meter_statistics_key"} <= set(made)


def test_a_new_file_says_whose_it_is(ledger: LedgerFile, path: Path) -> None:
    with closing(sqlite3.connect(path)) as other:
        assert other.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
        assert other.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert other.execute("SELECT version_num FROM alembic_version").fetchall() == [(HEAD,)]


def test_head_is_the_last_script() -> None:
    scripts = sorted(p.stem for p in (SCRIPTS / "versions").glob("schema_*.py"))
    assert scripts[-1] == f"schema_{HEAD}"


@pytest.mark.parametrize("schema", ["0001", "0002", "0003", "0004", "0005", "0006"])
def test_a_ledger_of_an_older_schema_is_brought_to_this_one(
    schema: str, tmp_path: Path, path: Path, ledger: LedgerFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is as the scripts up to that schema make it; its rows stay, episodes can be put into it."""
    old = tmp_path / "old.db"
    with monkeypatch.context() as past:
        past.setattr(migrate, "HEAD", schema)
        Database(old).close()
    with closing(sqlite3.connect(old)) as file:
        assert file.execute("SELECT version_num FROM alembic_version").fetchall() == [(schema,)]
        file.execute("INSERT INTO meters VALUES (7, 'home_assistant', 'sensor.sun', 'on_change', 'pv')")
        file.execute("INSERT INTO slot_observations (slot_start, pv_kwh) VALUES (?, 0.5)", (START,))
        if schema > "0001":
            file.execute(
                "INSERT INTO corrections (repair_id, channel, start_utc, end_utc, reason, made_us) "
                "VALUES ('r', 'pv', ?, ?, 'why', 1)",
                (START, START + 900),
            )
        file.commit()
    with LedgerFile(old) as opened:
        assert [meter.name for meter in opened.meters()] == ["sensor.sun"]
        assert opened.slots(START, START + 900).energy_kwh[Channel.PV].tolist() == [0.5]
        assert len(opened.repairs(START, START + 900)) == (schema > "0001")
        opened.episodes.put([episode(0)])
        assert opened.episodes.state().waiting == 1
    assert structure(old) == structure(path)


def test_what_waits_in_a_ledger_of_schema_4_is_carried(
    tmp_path: Path, path: Path, ledger: LedgerFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = tmp_path / "old.db"
    with monkeypatch.context() as past:
        past.setattr(migrate, "HEAD", "0004")
        Database(old).close()
    ledger.episodes.put([episode(n) for n in range(3)])
    (first, _, third) = ledger.episodes.waiting(3)
    names = [*COLUMNS, "created_us", "episode_id", "digest", "delivered_us"]
    with closing(sqlite3.connect(old)) as file:
        for row, delivered_us in ((first, None), (third, 5)):
            values = [*row.values, row.episode_id, row.digest, delivered_us]
            marks = ", ".join("?" * len(names))
            file.execute(f"INSERT INTO training_episodes ({', '.join(names)}) VALUES ({marks})", values)
        file.commit()
    with LedgerFile(old) as opened:
        assert opened.episodes.waiting(3) == [first]
        assert opened.episodes.state().kept == 2
