"""One connection to the ledger's file: how it opens, how it writes all or nothing, what its failures mean.

**Writers.** The recorder and a backfill may run at the same time. Both only add evidence, and slots are a
function of the evidence, so all that is needed is that a transaction is whole and that one waits for the
other: every transaction takes SQLite's one write lock at its beginning (`BEGIN IMMEDIATE`), and waits for it
for a while. Whoever derives slots reads the evidence within the same transaction, so no slot is ever written
from evidence that was out of date.

**Readers** never wait and never hold up a writer (write-ahead log), and see one moment of the file in a
`snapshot`.

**Power.** A commit returns when the disk has it (`synchronous=FULL`): what was said to be stored survives a
power cut. A killed process leaves whole transactions, and the next one to open the file finds them.
"""

import os
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVarTuple

from sqlalchemy import NullPool, Select, create_engine
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import DBAPIError, StatementError
from sqlalchemy.sql import Executable
from sqlalchemy.sql.elements import ClauseElement
from sqlalchemy.sql.selectable import TypedReturnsRows

from darkstar.domain.errors import StoreError
from darkstar.domain.slots import iso_utc
from darkstar.store import migrate

PATIENCE_S = 30.0
"""How long one writer waits for another."""
LOCKED = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
FULL = sqlite3.SQLITE_FULL
DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
FORBIDDEN = frozenset(
    {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_AUTH}
)
BROKEN = sqlite3.SQLITE_IOERR
SYNCHRONOUS = "FULL"
"""When a commit returns (SQLite's word): not before the disk has it."""
ROOM_TO_OPEN_MB = 0.1
"""Even reading takes a small file beside the ledger; where it does not fit SQLite speaks of a failure of the disk."""
BACKUPS_NAME = "backups"
"""The folder beside the ledger that holds its backups."""

Columns = TypeVarTuple("Columns")
Clock = Callable[[], float]


class DamagedError(StoreError):
    """The file is no sound SQLite file."""


class Database:
    """The file of one home, opened by one thread.

    Attributes:
        path: the file.
        clock: UTC seconds now, for times of receipt.
    """

    def __init__(self, path: Path, *, clock: Clock = time.time, patience_s: float = PATIENCE_S) -> None:
        self.path = path
        self.clock = clock
        self._reading = False
        with failures(self.path):
            path.parent.mkdir(parents=True, exist_ok=True)
            before = _identity(path)
            self._engine = create_engine(
                f"sqlite:///{path}", poolclass=NullPool, connect_args={"timeout": patience_s}
            )
            self._connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        try:
            self._prepare()
            if before not in (None, _identity(path)):
                raise StoreError(
                    f"{path} was replaced while it was being opened.", remedy="Run the command again."
                )
        except BaseException:
            self.close()
            raise

    def _prepare(self) -> None:
        with failures(self.path):
            migrate.check(self._connection, self.path)
            self._connection.exec_driver_sql(f"PRAGMA synchronous = {SYNCHRONOUS}")
            mode = self._connection.exec_driver_sql("PRAGMA journal_mode = WAL").scalar_one()
            self._connection.exec_driver_sql("PRAGMA foreign_keys = ON")
        if mode != "wal":
            raise StoreError(
                f"The file system that holds {self.path} cannot share it between processes.",
                remedy="Put the home's folder on a disk of this machine.",
            )
        if not self._is_current():
            with self.transaction():
                if not self._is_current():
                    migrate.upgrade(self._connection)

    def _is_current(self) -> bool:
        with failures(self.path):
            return (
                not migrate.is_empty(self._connection) and migrate.schema_of(self._connection) == migrate.HEAD
            )

    def close(self) -> None:
        """Let go of the file; an open transaction is undone."""
        self._connection.close()
        self._engine.dispose()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All that is written within is stored or nothing is; within another, a part that can fail alone.

        Raises:
            StoreError: the file is locked, full, damaged or may not be written.
        """
        if self._reading:
            raise RuntimeError("a snapshot only reads; nothing may be written within it")
        begin, commit, undo = (
            ("SAVEPOINT part", ("RELEASE part",), ("ROLLBACK TO part", "RELEASE part"))
            if self._in_transaction()
            else ("BEGIN IMMEDIATE", ("COMMIT",), ("ROLLBACK",))
        )
        self._run(begin)
        try:
            yield
            for statement in commit:
                self._run(statement)
        except BaseException:
            # A full disk makes SQLite undo by itself.
            if self._in_transaction():
                for statement in undo:
                    self._run(statement)
            raise

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """All that is read within is of one moment."""
        if self._in_transaction():
            yield
            return
        self._run("BEGIN")
        self._reading = True
        try:
            yield
        finally:
            self._reading = False
            if self._in_transaction():
                self._run("ROLLBACK")

    def _in_transaction(self) -> bool:
        connection = self._connection.connection.driver_connection
        return isinstance(connection, sqlite3.Connection) and connection.in_transaction

    def write(self, statement: Executable) -> None:
        """Run a statement that changes the file."""
        with failures(self.path):
            self._connection.execute(statement)

    def write_many(self, statement: str, rows: Iterable[tuple[object, ...]]) -> None:
        """Run a statement as `positional` made it for each of many rows, all or none."""
        bulk = list(rows)
        if bulk:
            with self.transaction(), failures(self.path):
                self._connection.exec_driver_sql(statement, bulk)

    def add(self, statement: str, rows: Iterable[tuple[object, ...]], count: Select[int]) -> int:
        """Like `write_many`; returns by how much `count` grew."""
        with self.transaction():
            ((before,),) = self.read(count)
            self.write_many(statement, rows)
            ((after,),) = self.read(count)
        return after - before

    def read(self, statement: TypedReturnsRows[*Columns]) -> Sequence[tuple[*Columns]]:
        """The rows of a query."""
        with failures(self.path):
            return self._connection.execute(statement).all()

    def now_us(self) -> int:
        """The time of receipt of what is stored now."""
        return int(self.clock() * 1_000_000)

    def _run(self, statement: str) -> None:
        with failures(self.path):
            self._connection.exec_driver_sql(statement)


def positional(statement: ClauseElement) -> str:
    """A statement as text with a `?` for every column in the table's order, for rows in bulk.

    SQLAlchemy's own handling of many rows costs more than SQLite's work does.
    """
    return str(statement.compile(dialect=sqlite.dialect(paramstyle="qmark")))


@contextmanager
def failures(path: Path) -> Iterator[None]:
    """Turn SQLite's failures into sentences for people; faults of our own statements pass through."""
    try:
        yield
    except OSError as error:
        raise StoreError(f"{path} cannot be opened: {error.strerror}.") from error
    except (DBAPIError, sqlite3.Error) as error:
        cause = error.orig if isinstance(error, StatementError) else error
        problem = _explain(path, _code_of(cause))
        if problem is None:
            raise
        raise problem from cause


def _code_of(cause: BaseException | None) -> int:
    """SQLite's code of a failure; what can only come of a damaged file has that of damage."""
    # Neither text that is no UTF-8, which Python finds, nor a table that is lost although the schema's version was
    # looked at when the file was opened, has a code of its own.
    if str(cause).startswith(("Could not decode to UTF-8", "no such table")):
        return sqlite3.SQLITE_CORRUPT
    return getattr(cause, "sqlite_errorcode", 0) & 0xFF


def _explain(path: Path, code: int) -> StoreError | None:
    if code in LOCKED:
        return StoreError(
            f"{path} is locked: another process is writing to it{_who_writes(path)}.",
            remedy="Wait until it is done, or stop it, and run this again; nothing of this step was stored.",
        )
    if code == FULL or (code == BROKEN and _free_mb(path) < ROOM_TO_OPEN_MB):
        return StoreError(
            f"There is no room to write to {path} ({_free_mb(path):.1f} MB are free on its disk).",
            remedy="Make room and run this again; nothing of this step was stored, and nothing is half done.",
        )
    if code in DAMAGED:
        return DamagedError(f"{path} is damaged or is not a ledger.", remedy=remedy_for_damage(path))
    if code in FORBIDDEN:
        return StoreError(
            f"{path} cannot be opened for writing.",
            remedy="Check who owns it and its folder, and their rights.",
        )
    if code == BROKEN:
        return StoreError(
            f"The disk failed while {path} was read or written.", remedy=remedy_for_damage(path)
        )
    return None


def _free_mb(path: Path) -> float:
    return shutil.disk_usage(path.parent).free / 1e6


def remedy_for_damage(path: Path) -> str:
    """What to do about a ledger or a backup that cannot be read."""
    if path.parent.name == BACKUPS_NAME:
        return f"Choose another backup in {path.parent}."
    backups = sorted((path.parent / BACKUPS_NAME).glob(f"{path.stem}-*{path.suffix}"))
    if not backups:
        return (
            f"There is no backup in {path.parent / BACKUPS_NAME}: move it away and run `darkstar backfill`."
        )
    return f"Restore the newest backup: darkstar restore {backups[-1]}"


def _who_writes(path: Path) -> str:
    """The commands that say they are at work, as far as a reader may ask."""
    try:
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=0)
        try:
            rows = connection.execute(
                "SELECT command, process_id, started_us FROM runs WHERE finished_us IS NULL "
                "ORDER BY started_us DESC"
            ).fetchall()
        finally:
            connection.close()
    except sqlite3.Error:
        return ""
    named = [
        f"darkstar {command}, process {process}, since {iso_utc(since // 1_000_000)}"
        for command, process, since in rows
        if process != os.getpid() and _is_alive(process)
    ]
    return f" (at work: {'; '.join(named)})" if named else ""


def _is_alive(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino
