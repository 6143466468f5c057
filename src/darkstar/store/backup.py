"""Copies of the ledger that can be trusted, and the way back from one.

A backup is taken with SQLite's own online copy, so it is of one moment while others go on writing. It is checked and on
the disk before it gets its name: a file in `backups/` is whole.

A restore replaces the ledger in one step, after everything that can be wrong with the backup has been looked at, with
the present file kept, and only while nobody else has the ledger open: a recorder would go on writing to a file that no
longer has a name.
"""

import datetime as dt
import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from sqlalchemy import NullPool, create_engine

from darkstar.domain.errors import StoreError
from darkstar.store import migrate
from darkstar.store.database import BACKUPS_NAME, DamagedError, failures, remedy_for_damage

SHORT_PATIENCE_S = 2.0
"""How long a restore waits for others to let go of the ledger."""


def worth_a_backup(path: Path) -> bool:
    """Whether there is a ledger with anything in it; one whose making was killed is as good as none."""
    if not path.is_file():
        return False
    engine = create_engine("sqlite://", creator=lambda: _read_only(path), poolclass=NullPool)
    with failures(path), engine.connect() as connection:
        return not migrate.is_empty(connection)


def is_outdated(path: Path) -> bool:
    """Whether there is a ledger of an older schema, which the next to open it brings to this version's."""
    if not worth_a_backup(path):
        return False
    engine = create_engine("sqlite://", creator=lambda: _read_only(path), poolclass=NullPool)
    with failures(path), engine.connect() as connection:
        return migrate.is_ledger(connection) and migrate.schema_of(connection) < migrate.HEAD


def back_up(path: Path, folder: Path, reason: str, now_utc: float) -> Path:
    """Copy the ledger into a folder; returns the copy, named by time [UTC] and reason.

    Raises:
        StoreError: there is no ledger, it is damaged, or there is no room for the copy.
    """
    if not path.is_file():
        raise StoreError(
            f"There is no ledger at {path}.", remedy="It is made by the first `darkstar backfill`."
        )
    _check_is_ledger(path)
    with failures(path), closing(sqlite3.connect(path)) as ledger:
        return _keep(ledger, path, folder, reason, now_utc)


def restore(backup: Path, path: Path, now_utc: float) -> Path | None:
    """Put a backup in the ledger's place; returns where the file that was there is kept, None if there was none.

    Raises:
        StoreError: the backup is damaged, not a ledger or of a newer Darkstar, or another process has the ledger open;
            the ledger is as it was.
    """
    if not backup.is_file():
        raise StoreError(f"There is no backup {backup}.", remedy=f"Look into {path.parent / BACKUPS_NAME}.")
    if path.is_file() and backup.samefile(path):
        raise StoreError(
            f"{backup} is the ledger itself.", remedy=f"Name a file of the folder {BACKUPS_NAME}."
        )
    _check_is_ledger(backup)
    fresh = path.with_name(f".{path.name}.restored")
    try:
        with failures(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            fresh.unlink(missing_ok=True)
        with failures(backup), closing(_read_only(backup)) as source:
            _copy(source, fresh, of=backup)
        if not path.exists():
            _rename(fresh, path)
            return None
        with _alone(path) as ledger:
            kept = _keep_whatever_it_is(ledger, path, now_utc)
            _rename(fresh, path)
        return kept
    finally:
        fresh.unlink(missing_ok=True)


def _keep_whatever_it_is(ledger: sqlite3.Connection | None, path: Path, now_utc: float) -> Path:
    folder = path.parent / BACKUPS_NAME
    if ledger is not None:
        with suppress(DamagedError):
            return _keep(ledger, path, folder, "before-restore", now_utc)
    return _set_aside(path, folder, now_utc)


def _keep(ledger: sqlite3.Connection, path: Path, folder: Path, reason: str, now_utc: float) -> Path:
    with failures(folder):
        folder.mkdir(parents=True, exist_ok=True)
        target, part = _claim(path, folder, reason, now_utc)
    try:
        with failures(path):
            _copy(ledger, part, of=path)
            _rename(part, target)
    finally:
        part.unlink(missing_ok=True)
    return target


def _claim(path: Path, folder: Path, reason: str, now_utc: float) -> tuple[Path, Path]:
    """The name of a copy and that of the part it grows in, that nobody else takes: others may copy at once."""
    for target in _names(path, folder, reason, now_utc):
        part = target.with_name(f".{target.name}.part")
        try:
            part.touch(exist_ok=False)
        except FileExistsError:
            continue
        # Who has the part alone makes the copy, so this holds until then.
        if not target.exists():
            return target, part
        part.unlink()
    raise StoreError(f"{folder} has no name left for a backup.", remedy="Move old backups away.")


def _names(path: Path, folder: Path, reason: str, now_utc: float) -> Iterator[Path]:
    when = dt.datetime.fromtimestamp(now_utc, dt.UTC)
    slug = re.sub(r"[^a-z0-9]+", "-", reason.casefold()).strip("-")
    base = f"{path.stem}-{when:%Y%m%dT%H%M%SZ}-{slug}"
    for name in (base, *(f"{base}-{i}" for i in range(2, 1000))):
        yield folder / f"{name}{path.suffix}"


def _copy(source: sqlite3.Connection, target: Path, *, of: Path) -> None:
    """Copy a file to one that stands alone (no write-ahead log beside it), checked and on the disk.

    Args:
        target: empty, or not there.
    """
    with closing(sqlite3.connect(target)) as copy:
        source.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")
        ((verdict,),) = copy.execute("PRAGMA integrity_check(1)").fetchall()
    if verdict != "ok":
        raise DamagedError(f"{of} is damaged: {verdict}.", remedy=remedy_for_damage(of))
    _sync(target)


def _check_is_ledger(path: Path) -> None:
    engine = create_engine("sqlite://", creator=lambda: _read_only(path), poolclass=NullPool)
    with failures(path), engine.connect() as connection:
        if migrate.is_empty(connection):
            raise StoreError(f"{path} is empty.", remedy=remedy_for_damage(path))
        migrate.check(connection, path)


def _read_only(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)


@contextmanager
def _alone(path: Path) -> Iterator[sqlite3.Connection | None]:
    """Holds the ledger so that nobody else can open it; None where it is too damaged to be held.

    Raises:
        StoreError: somebody else has it open.
    """
    with closing(sqlite3.connect(path, timeout=SHORT_PATIENCE_S, isolation_level=None)) as connection:
        try:
            with failures(path):
                # SQLite keeps this lock until the connection closes, and grants it to the only one there is.
                connection.execute("PRAGMA locking_mode = EXCLUSIVE")
                connection.execute("PRAGMA journal_mode = DELETE")
                connection.execute("BEGIN EXCLUSIVE")
                connection.execute("COMMIT")
        except DamagedError:
            yield None
        else:
            yield connection


def _set_aside(path: Path, folder: Path, now_utc: float) -> Path:
    """Keep a damaged ledger as it is, with the log that belongs to it."""
    with failures(folder):
        folder.mkdir(parents=True, exist_ok=True)
        names = _names(path, folder, "damaged", now_utc)
        target = next(name for name in names if not name.exists())
        for ending in ("-wal", "-shm", ""):
            part = path.with_name(path.name + ending)
            if part.exists():
                part.replace(target.with_name(target.name + ending))
    return target


def _rename(source: Path, target: Path) -> None:
    source.replace(target)
    _sync(target.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
