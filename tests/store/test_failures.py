"""A ledger that is locked, full, damaged, foreign or newer: said clearly, and nothing half done."""

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Connection

from darkstar.domain.channels import Channel
from darkstar.domain.errors import StoreError
from darkstar.ledger.evidence import Reporting
from darkstar.store import database, migrate
from darkstar.store.ledger_file import LedgerFile
from tests.store.examples import START, readings, resolved

CHECKOUT = Path(__file__).parents[2]


def python(code: str, *arguments: object) -> "subprocess.Popen[str]":
    """Another process that has the ledger's path as its first argument."""
    return subprocess.Popen(
        [sys.executable, "-c", code, *(str(argument) for argument in arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=CHECKOUT,
    )


def hold_write_lock(path: Path) -> sqlite3.Connection:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    return other


def test_locked_by_another_writer(path: Path) -> None:
    with LedgerFile(path) as ledger:
        ledger.write_slots(resolved({Channel.LOAD: [1.0]}))
    with closing(hold_write_lock(path)), LedgerFile(path, patience_s=0.05) as ledger:
        with pytest.raises(StoreError, match="is locked: another process is writing") as caught:
            ledger.write_slots(resolved({Channel.LOAD: [2.0]}))
        assert caught.value.exit_code == 3
        assert "Wait until it is done" in caught.value.remedy
        assert ledger.slots(START, START + 900).energy_kwh[Channel.LOAD].tolist() == [1.0]


def test_the_one_that_writes_is_named_unless_it_is_dead(path: Path) -> None:
    with LedgerFile(path):
        pass
    with python("import time; time.sleep(60)") as living, closing(sqlite3.connect(path)) as other:
        gone = python("")
        gone.communicate()
        for command, process_id in (("record", living.pid), ("backfill", gone.pid)):
            other.execute(
                "INSERT INTO runs (command, detail, version, process_id, started_us) VALUES (?, '', '', ?, ?)",
                (command, process_id, START * 1_000_000),
            )
        other.commit()
        lock = hold_write_lock(path)
        with LedgerFile(path, patience_s=0.01) as ledger, pytest.raises(StoreError) as caught:
            ledger.write_slots(resolved({Channel.LOAD: [2.0]}))
        lock.close()
        living.kill()
    assert (
        f"at work: darkstar record, process {living.pid}, since 2025-08-01T00:00:00Z" in caught.value.problem
    )
    assert "backfill" not in caught.value.problem


def test_two_writers_wait_for_each_other(path: Path) -> None:
    with LedgerFile(path) as ledger:
        meters = [ledger.meter("home_assistant", f"sensor.{i}", Reporting.ON_CHANGE, "pv") for i in range(2)]

    def write(meter: int) -> None:
        with LedgerFile(path) as own:
            for i in range(40):
                with own.transaction():
                    own.add_readings(meter, readings((START * 1_000_000 + i, str(i))))

    threads = [threading.Thread(target=write, args=(meter,)) for meter in meters]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with LedgerFile(path) as ledger:
        assert [len(ledger.evidence(meter, START, START + 900).readings) for meter in meters] == [40, 40]


def test_a_reader_neither_waits_nor_sees_half(path: Path) -> None:
    with LedgerFile(path) as writer, LedgerFile(path, patience_s=0.01) as reader:
        writer.write_slots(resolved({Channel.LOAD: [1.0, 1.0]}))
        with writer.transaction():
            writer.write_slots(resolved({Channel.LOAD: [2.0]}))
            with reader.snapshot():
                assert reader.slots(START, START + 1800).energy_kwh[Channel.LOAD].tolist() == [1.0, 1.0]
        assert reader.slots(START, START + 1800).energy_kwh[Channel.LOAD].tolist() == [2.0, 1.0]


FILL_THE_DISK = """
import resource, signal, sys
from pathlib import Path
from darkstar.domain.channels import Channel
from darkstar.domain.errors import StoreError
from darkstar.store.ledger_file import LedgerFile
from tests.store.examples import resolved
path = Path(sys.argv[1])
with LedgerFile(path) as ledger:
    ledger.write_slots(resolved({Channel.LOAD: [1.0]}))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 50_000,) * 2)
with LedgerFile(path) as ledger:
    try:
        ledger.write_slots(resolved({Channel.LOAD: [2.0] * 20_000}))
    except StoreError as error:
        print(error)
    print(ledger.slot_extent())
"""


@pytest.mark.slow
def test_a_file_that_may_not_grow(path: Path) -> None:
    out, err = python(FILL_THE_DISK, path).communicate()
    assert "The disk failed while" in out, err
    with LedgerFile(path) as ledger:
        assert ledger.slot_extent() == (START, START + 900)
        ledger.write_slots(resolved({Channel.LOAD: [2.0] * 3}))
        assert ledger.slot_extent() == (START, START + 2700)


def write_two_parts(ledger: LedgerFile) -> None:
    with ledger.transaction():
        ledger.write_slots(resolved({Channel.LOAD: [2.0]}))
        ledger.write_slots(resolved({Channel.LOAD: [2.0] * 50_000}))


def test_a_full_disk(path: Path) -> None:
    with LedgerFile(path) as ledger:
        ledger.write_slots(resolved({Channel.LOAD: [1.0]}))
        # SQLite gives the same answer as to a full disk.
        ledger._db._run("PRAGMA max_page_count = 60")
        with pytest.raises(StoreError, match="There is no room to write to") as caught:
            write_two_parts(ledger)
        assert "nothing is half done" in caught.value.remedy
        assert ledger.slots(START, START + 900).energy_kwh[Channel.LOAD].tolist() == [1.0]
        assert ledger.slot_extent() == (START, START + 900)
        ledger._db._run("PRAGMA max_page_count = 100000")
        ledger.write_slots(resolved({Channel.LOAD: [2.0]}))


@pytest.mark.parametrize(
    "content",
    [b"no database at all, but long enough to be read as one" * 20, b"SQLite format 3\0" + b"\7" * 5000],
)
def test_a_file_that_is_no_ledger(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(StoreError, match="damaged or is not a ledger"):
        LedgerFile(path)
    assert path.read_bytes() == content


def test_a_damaged_ledger_names_the_newest_backup(path: Path) -> None:
    folder = path.parent / "backups"
    folder.mkdir()
    for name in (
        "planner_learning-20250801T000000Z-by-hand.db",
        "planner_learning-20250901T000000Z-by-hand.db",
    ):
        (folder / name).touch()
    path.write_bytes(b"\1" * 5000)
    with pytest.raises(StoreError) as caught:
        LedgerFile(path)
    assert caught.value.remedy.endswith("planner_learning-20250901T000000Z-by-hand.db")


def test_the_database_of_another_program(path: Path) -> None:
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE slot_observations (slot_start TEXT)")
    before = path.read_bytes()
    with pytest.raises(StoreError, match="not a ledger of Darkstar"):
        LedgerFile(path)
    assert path.read_bytes() == before


def test_a_ledger_of_a_newer_version(path: Path) -> None:
    with LedgerFile(path):
        pass
    with closing(sqlite3.connect(path)) as other:
        other.execute("UPDATE alembic_version SET version_num = '9999'")
        other.commit()
    with pytest.raises(StoreError, match="written by a newer Darkstar") as caught:
        LedgerFile(path)
    assert "Update Darkstar" in caught.value.remedy


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(StoreError, match="cannot be opened"):
        LedgerFile(tmp_path / "planner_learning.db")


def test_a_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "home").touch()
    with pytest.raises(StoreError, match="cannot be opened"):
        LedgerFile(tmp_path / "home" / "planner_learning.db")


def test_a_migration_that_fails_leaves_an_empty_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def build_half(connection: Connection) -> None:
        upgrade(connection)
        raise ZeroDivisionError

    upgrade = migrate.upgrade
    with monkeypatch.context() as patch:
        patch.setattr(migrate, "upgrade", build_half)
        with pytest.raises(ZeroDivisionError):
            LedgerFile(path)
    with closing(sqlite3.connect(path)) as other:
        assert other.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
    with LedgerFile(path) as ledger:
        assert ledger.meters() == []


def test_a_commit_returns_when_the_disk_has_it(
    durable: str, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "SYNCHRONOUS", durable)
    with LedgerFile(path) as ledger:
        assert ledger._db._connection.exec_driver_sql("PRAGMA synchronous").scalar_one() == 2


WRITE_UNTIL_KILLED = """
import sys
from pathlib import Path
from darkstar.ledger.evidence import Reporting
from darkstar.store.ledger_file import LedgerFile
from tests.store.examples import START, readings
with LedgerFile(Path(sys.argv[1])) as ledger:
    a, b = (ledger.meter("home_assistant", f"sensor.{name}", Reporting.ON_CHANGE, "pv") for name in "ab")
    for i in range(10**9):
        rows = [(START * 1_000_000 + 10 * i + k, str(k)) for k in range(10)]
        with ledger.transaction():
            ledger.add_readings(a, readings(*rows))
            ledger.add_readings(b, readings(*rows))
        print(i, flush=True)
"""


@pytest.mark.slow
def test_a_killed_writer_leaves_whole_transactions(path: Path) -> None:
    with python(WRITE_UNTIL_KILLED, path) as writer:
        assert writer.stdout is not None
        for _ in range(20):
            writer.stdout.readline()
        time.sleep(0.02)
        writer.send_signal(signal.SIGKILL)
        told = 20 + len(writer.stdout.readlines())
    with LedgerFile(path) as ledger:
        counts = [len(ledger.evidence(m.meter_id, START, START + 3600).readings) for m in ledger.meters()]
    assert counts[0] == counts[1]
    assert counts[0] % 10 == 0
    # What was said to be stored is there; the last one may have been stored without having been said.
    assert told <= counts[0] // 10 <= told + 1


def test_the_journal_tells_how_commands_ended(ledger: LedgerFile, path: Path) -> None:
    with ledger.run("backfill", "energy"):
        pass
    with pytest.raises(StoreError), ledger.run("record", ""):
        raise StoreError("gone")
    with closing(sqlite3.connect(path)) as other:
        rows = other.execute("SELECT command, detail, process_id, outcome FROM runs").fetchall()
        assert other.execute("SELECT count(*) FROM runs WHERE finished_us >= started_us").fetchone() == (2,)
    assert rows == [
        ("backfill", "energy", os.getpid(), "done"),
        ("record", "", os.getpid(), "StoreError: gone"),
    ]


@pytest.mark.parametrize(
    ("free_mb", "words"), [(0.0, "There is no room to write"), (9.0, "The disk failed while")]
)
def test_a_full_disk_is_no_broken_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free_mb: float, words: str
) -> None:
    """On a full disk the file that even reading takes does not fit, and SQLite calls that a failure of the disk."""
    monkeypatch.setattr(database, "_free_mb", lambda _: free_mb)
    failed = sqlite3.OperationalError("disk I/O error")
    failed.sqlite_errorcode = sqlite3.SQLITE_IOERR
    with pytest.raises(StoreError, match=words), database.failures(tmp_path / "ledger.db"):
        raise failed
