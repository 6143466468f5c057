"""Repairs are evidence: added in any order and any number of times, read back the same; old files get their tables."""

import itertools
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from darkstar.domain.channels import Channel
from darkstar.ledger.corrections import Correction, Repair
from darkstar.ledger.evidence import Reporting
from darkstar.store import migrate
from darkstar.store.ledger_file import LedgerFile
from tests.store.examples import START, readings, resolved
from tests.store.test_schema import structure

US = 1_000_000
LAMP = Repair((Correction(Channel.LOAD, START, START + 900, 0.5),), "the meter stood still", 5 * US)
GRID = Repair(
    (
        Correction(Channel.IMPORT, START, START + 1800, None),
        Correction(Channel.EXPORT, START + 900, START + 1800, 0.25),
    ),
    "nobody knows",
    6 * US,
)


def test_a_repair_is_read_back_as_it_was_made(ledger: LedgerFile) -> None:
    ledger.add_repair(GRID)
    (found,) = ledger.repairs(START, START + 900)
    assert set(found.corrections) == set(GRID.corrections)
    assert (found.reason, found.made_us, found.withdrawn_us) == ("nobody knows", 6 * US, None)
    assert found.repair_id == GRID.repair_id


def test_only_what_touches_the_range_is_read_and_that_whole(ledger: LedgerFile) -> None:
    ledger.add_repair(LAMP)
    ledger.add_repair(GRID)
    assert [r.reason for r in ledger.repairs(START + 900, START + 1800)] == ["nobody knows"]
    assert len(ledger.repairs(START + 1700, START + 9000)[0].corrections) == 2
    assert ledger.repairs(START + 1800, START + 9000) == []
    assert ledger.repairs(START - 900, START) == []


def test_order_and_repetition_do_not_matter(tmp_path: Path) -> None:
    steps = (
        lambda ledger: ledger.add_repair(LAMP),
        lambda ledger: ledger.add_repair(GRID),
        lambda ledger: ledger.withdraw_repair(LAMP.repair_id, 9 * US),
        lambda ledger: ledger.withdraw_repair(LAMP.repair_id, 8 * US),
        lambda ledger: ledger.add_repair(GRID),
    )
    seen = set()
    for i, order in enumerate(itertools.permutations(steps)):
        if i % 10:
            continue
        with LedgerFile(tmp_path / f"{i}.db") as ledger:
            for step in order:
                step(ledger)
            seen.add(tuple(ledger.repairs(START, START + 1800)))
    assert len(seen) == 1
    assert [(r.reason, r.withdrawn_us) for r in seen.pop()] == [
        ("the meter stood still", 8 * US),
        ("nobody knows", None),
    ]


def test_who_made_a_repair_and_who_took_it_back_is_kept(ledger: LedgerFile) -> None:
    mine = replace(LAMP, automatic=True)
    assert mine.repair_id != LAMP.repair_id
    for repair in (LAMP, mine):
        ledger.add_repair(repair)
    ledger.withdraw_repair(LAMP.repair_id, 8 * US)
    ledger.withdraw_repair(mine.repair_id, 9 * US, automatic=True)
    by_person, by_itself = sorted(ledger.repairs(START, START + 900), key=lambda r: r.automatic)
    assert (by_person.automatic, by_person.refused) == (False, True)
    assert (by_itself.automatic, by_itself.refused, by_itself.withdrawn_us) == (True, False, 9 * US)
    ledger.withdraw_repair(mine.repair_id, 10 * US)
    assert all(r.refused for r in ledger.repairs(START, START + 900)), "a person's word goes first"


@pytest.mark.parametrize(
    ("start", "end", "energy"),
    [(START + 1, START + 900, 1.0), (START, START, 1.0), (START, START + 900, -0.1)],
)
def test_what_is_no_correction(start: int, end: int, energy: float) -> None:
    with pytest.raises(ValueError):
        Correction(Channel.PV, start, end, energy)


def make_file_of_schema_1(path: Path) -> None:
    """A ledger as the first version left it, with a row in each kind of table."""
    script = (migrate.SCRIPTS / "versions" / "schema_0001.py").read_text()
    statements: list[str] = []
    space: dict[str, object] = {}
    exec(
        script.replace("from alembic import op", ""), space
    )  # frozen: what it says lies in the files of its time
    for name in ("_EVIDENCE", "_SLOTS", "_FILE"):
        group = space[name]
        assert isinstance(group, tuple)
        statements += group
    with closing(sqlite3.connect(path)) as old:
        for statement in (*statements, str(space["_LOCAL_TIME"])):
            old.execute(statement)
        old.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")
        old.execute("INSERT INTO alembic_version VALUES ('0001')")
        old.execute(f"PRAGMA application_id = {migrate.APPLICATION_ID}")
        old.execute("INSERT INTO meters VALUES (7, 'home_assistant', 'sensor.sun', 'on_change', 'pv')")
        old.execute(
            "INSERT INTO meter_readings VALUES (7, ?, '1.25', 'kWh', 2, 0, 1), (7, ?, '1.5', 'kWh', 2, 0, 1)",
            (START * US, (START + 60) * US),
        )
        old.execute("INSERT INTO interval_energies VALUES (7, ?, ?, 0.5, 4, 1)", (START, START + 900))
        old.execute("INSERT INTO slot_observations (slot_start, pv_kwh) VALUES (?, 0.5)", (START,))
        old.execute("INSERT INTO data_quality_daily VALUES ('2025-08-01', 'clean', '[]')")
        old.commit()


def rows(path: Path) -> dict[str, list[tuple[object, ...]]]:
    with closing(sqlite3.connect(path)) as file:
        names = [n for (n,) in file.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {n: sorted(file.execute(f"SELECT * FROM {n}").fetchall(), key=repr) for n in names}


def test_a_ledger_of_schema_1_keeps_its_rows_and_can_be_repaired(path: Path, tmp_path: Path) -> None:
    make_file_of_schema_1(path)
    before = rows(path)
    with LedgerFile(path) as ledger:
        ledger.add_repair(LAMP)
        assert [m.name for m in ledger.meters()] == ["sensor.sun"]
        assert len(ledger.evidence(7, START, START + 900).readings) == 2
    after = rows(path)
    assert after.pop("alembic_version") == [(migrate.HEAD,)]
    assert before.pop("alembic_version") == [("0001",)]
    assert len(after.pop("corrections")) == 1
    assert after.pop("correction_withdrawals") == []
    assert {name: after[name] for name in before} == before
    assert not any(kept for name, kept in after.items() if name not in before)
    new = tmp_path / "new.db"
    with LedgerFile(new):
        pass
    assert structure(path) == structure(new)


def test_a_migration_that_fails_leaves_the_old_ledger(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def build_half(connection: object) -> None:
        upgrade(connection)  # type: ignore[arg-type]
        raise ZeroDivisionError

    make_file_of_schema_1(path)
    before, upgrade = rows(path), migrate.upgrade
    with monkeypatch.context() as patch:
        patch.setattr(migrate, "upgrade", build_half)
        with pytest.raises(ZeroDivisionError):
            LedgerFile(path)
    assert rows(path) == before
    with LedgerFile(path) as ledger:
        assert ledger.repairs(START, START + 900) == []
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        assert migrate.schema_of(connection) == migrate.HEAD
    engine.dispose()


def test_slots_stay_as_they_are_until_resolved(ledger: LedgerFile) -> None:
    ledger.meter("home_assistant", "sensor.a", Reporting.ON_CHANGE, "load")
    ledger.add_readings(1, readings((START * US, "1")))
    ledger.write_slots(resolved({Channel.LOAD: [1.0]}))
    ledger.add_repair(LAMP)
    assert ledger.slots(START, START + 900).energy_kwh[Channel.LOAD].tolist() == [1.0]
