"""Backups are whole or not there; a restore looks first, keeps what was there, and replaces in one step."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from darkstar.domain.channels import Channel
from darkstar.domain.errors import StoreError
from darkstar.store import backup as backups
from darkstar.store.backup import back_up, restore, worth_a_backup
from darkstar.store.ledger_file import LedgerFile
from tests.store.examples import START, resolved

NOW = 1_754_006_400.0


@pytest.fixture(autouse=True)
def no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backups, "SHORT_PATIENCE_S", 0.05)


def make(path: Path, load_kwh: float) -> None:
    with LedgerFile(path) as ledger:
        ledger.write_slots(resolved({Channel.LOAD: [load_kwh]}))


def load_in(path: Path) -> float:
    with LedgerFile(path) as ledger:
        return float(ledger.slots(START, START + 900).energy_kwh[Channel.LOAD][0])


def names(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir())


def test_there_and_back(path: Path) -> None:
    folder = path.parent / "backups"
    make(path, 1.0)
    made = back_up(path, folder, "before backfill", NOW)
    assert made == folder / "planner_learning-20250801T000000Z-before-backfill.db"
    assert names(folder) == [made.name]
    make(path, 2.0)
    kept = restore(made, path, NOW + 60)
    assert load_in(path) == 1.0
    assert kept == folder / "planner_learning-20250801T000100Z-before-restore.db"
    assert load_in(kept) == 2.0
    assert restore(kept, path, NOW + 120) is not None
    assert load_in(path) == 2.0
    assert names(path.parent) == ["backups", "planner_learning.db"]


def test_two_backups_in_one_second(path: Path) -> None:
    make(path, 1.0)
    made = [back_up(path, path.parent / "backups", "by-hand", NOW) for _ in range(3)]
    assert len(set(made)) == 3
    assert [p.is_file() for p in made] == [True] * 3


def test_two_backups_at_the_same_time(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two commands meet a ledger of an older schema: the second copies while the first one does."""
    make(path, 1.0)
    copy = backups._copy
    made: list[Path] = []

    def meanwhile(source: sqlite3.Connection, target: Path, *, of: Path) -> None:
        if not made:
            made.append(target)
            made.append(back_up(path, path.parent / "backups", "by-hand", NOW))
        copy(source, target, of=of)

    monkeypatch.setattr(backups, "_copy", meanwhile)
    first = back_up(path, path.parent / "backups", "by-hand", NOW)

    assert sorted(first.parent.iterdir()) == sorted([first, made[1]])
    for one in (first, made[1]):
        assert worth_a_backup(one)


def test_a_backup_while_others_write(path: Path) -> None:
    make(path, 1.0)
    with LedgerFile(path) as writer, writer.transaction():
        writer.write_slots(resolved({Channel.LOAD: [2.0]}))
        made = back_up(path, path.parent / "backups", "by-hand", NOW)
    assert load_in(made) == 1.0
    assert load_in(path) == 2.0


def test_what_lies_in_the_log_is_in_the_backup(path: Path) -> None:
    with LedgerFile(path) as writer:
        writer.write_slots(resolved({Channel.LOAD: [3.0]}))
        assert path.with_name(path.name + "-wal").stat().st_size > 0
        made = back_up(path, path.parent / "backups", "by-hand", NOW)
    assert names(made.parent) == [made.name]
    assert load_in(made) == 3.0


def test_no_ledger_to_back_up(path: Path) -> None:
    with pytest.raises(StoreError, match="There is no ledger"):
        back_up(path, path.parent / "backups", "by-hand", NOW)
    assert names(path.parent) == []


def spoil(path: Path) -> None:
    """Overwrite a table that is not read on opening, so that all seems well."""
    with closing(sqlite3.connect(path)) as other:
        ((page,),) = other.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'meter_readings'"
        ).fetchall()
    content = bytearray(path.read_bytes())
    content[4096 * (page - 1) : 4096 * page] = b"\x55" * 4096
    path.write_bytes(content)


def test_a_damaged_ledger_is_not_backed_up(path: Path) -> None:
    make(path, 1.0)
    spoil(path)
    with pytest.raises(StoreError, match="damaged"):
        back_up(path, path.parent / "backups", "by-hand", NOW)
    assert names(path.parent / "backups") == []


@pytest.mark.parametrize(
    "fault", ["spoiled", "cut", "no database", "empty", "foreign", "newer", "missing", "itself"]
)
def test_a_bad_backup_touches_nothing(path: Path, fault: str) -> None:
    make(path, 1.0)
    bad = back_up(path, path.parent / "backups", "by-hand", NOW)
    if fault == "spoiled":
        spoil(bad)
    elif fault == "cut":
        bad.write_bytes(bad.read_bytes()[:20_000])
    elif fault == "no database":
        bad.write_text("half a download" * 500)
    elif fault == "empty":
        bad.write_bytes(b"")
    elif fault == "foreign":
        bad.unlink()
        with closing(sqlite3.connect(bad)) as other:
            other.execute("CREATE TABLE a (b)")
    elif fault == "newer":
        with closing(sqlite3.connect(bad)) as other:
            other.execute("UPDATE alembic_version SET version_num = '9999'")
            other.commit()
    elif fault == "missing":
        bad.unlink()
    else:
        bad = path
    before = path.read_bytes()
    with pytest.raises(StoreError) as caught:
        restore(bad, path, NOW)
    assert str(bad) in caught.value.problem
    assert caught.value.remedy
    assert path.read_bytes() == before
    assert len(names(path.parent / "backups")) == (0 if fault == "missing" else 1)
    assert names(path.parent) == ["backups", "planner_learning.db"]


@pytest.mark.parametrize("writing", [True, False])
def test_no_restore_beneath_a_running_recorder(path: Path, writing: bool) -> None:
    make(path, 1.0)
    made = back_up(path, path.parent / "backups", "by-hand", NOW)
    with LedgerFile(path) as recorder:
        recorder.write_slots(resolved({Channel.LOAD: [2.0]}))
        if writing:
            with recorder.transaction(), pytest.raises(StoreError, match="locked"):
                restore(made, path, NOW)
        else:
            with pytest.raises(StoreError, match="locked"):
                restore(made, path, NOW)
        recorder.write_slots(resolved({Channel.LOAD: [3.0]}))
    assert load_in(path) == 3.0
    assert names(path.parent / "backups") == [made.name]
    restore(made, path, NOW)
    assert load_in(path) == 1.0


@pytest.mark.parametrize("head_too", [True, False])
def test_a_damaged_ledger_is_kept_as_it_is(path: Path, head_too: bool) -> None:
    make(path, 1.0)
    made = back_up(path, path.parent / "backups", "by-hand", NOW)
    make(path, 2.0)
    spoil(path)
    if head_too:
        path.write_bytes(b"\2" * 8192)
    damaged = path.read_bytes()
    kept = restore(made, path, NOW)
    assert kept is not None
    assert "damaged" in kept.name
    # Its log was folded in where that could be done, which is noted in the head of the file.
    head = 0 if head_too else 100
    assert kept.read_bytes()[head:] == damaged[head:]
    assert load_in(path) == 1.0


def test_nobody_gets_in_while_the_file_is_replaced(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(path, 1.0)
    made = back_up(path, path.parent / "backups", "by-hand", NOW)
    keep = backups._keep_whatever_it_is

    def somebody_comes(ledger: sqlite3.Connection | None, kept: Path, now_utc: float) -> Path:
        with pytest.raises(StoreError, match="locked"):
            LedgerFile(path, patience_s=0.01)
        return keep(ledger, kept, now_utc)

    with monkeypatch.context() as patch:
        patch.setattr(backups, "_keep_whatever_it_is", somebody_comes)
        restore(made, path, NOW)
    assert load_in(path) == 1.0


def test_restored_into_an_empty_home(path: Path) -> None:
    make(path, 1.0)
    made = back_up(path, path.parent / "backups", "by-hand", NOW)
    elsewhere = path.parent / "other" / "planner_learning.db"
    assert restore(made, elsewhere, NOW) is None
    assert load_in(elsewhere) == 1.0


def test_a_restore_that_breaks_off_leaves_the_ledger(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(path, 1.0)
    made = back_up(path, path.parent / "backups", "by-hand", NOW)
    make(path, 2.0)

    def no_room(*_: object) -> Path:
        raise StoreError("There is no room.")

    with monkeypatch.context() as patch:
        patch.setattr(backups, "_keep", lambda *_: no_room())
        with pytest.raises(StoreError, match="no room"):
            restore(made, path, NOW)
    assert load_in(path) == 2.0
    assert names(path.parent) == ["backups", "planner_learning.db"]


def test_a_ledger_opened_during_a_restore_is_not_the_one_that_went(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file replaced between looking at its name and opening it would take writes that nobody ever reads."""
    make(path, 1.0)
    make(path.with_name("new.db"), 2.0)
    prepare = "darkstar.store.database.Database._prepare"

    def replace(_: object) -> None:
        shutil.move(path.with_name("new.db"), path)

    with monkeypatch.context() as patch:
        patch.setattr(prepare, replace)
        with pytest.raises(StoreError, match="was replaced while it was being opened"):
            LedgerFile(path)
    assert load_in(path) == 2.0


def test_a_ledger_whose_making_was_killed_needs_no_backup(tmp_path: Path) -> None:
    nothing, begun, made = (tmp_path / name for name in ("nothing.db", "begun.db", "made.db"))
    begun.touch()
    LedgerFile(made).close()

    assert [worth_a_backup(path) for path in (nothing, begun, made)] == [False, False, True]
