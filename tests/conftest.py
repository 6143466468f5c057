"""What tests of several rooms share."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import settings

# A busy machine is no fault of the code, and a commit's proof must not depend on the day's luck.
settings.register_profile("darkstar", deadline=None, derandomize=os.environ.get("CI") == "true")
settings.load_profile("darkstar")


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder with real homes, prices and weather; tests that need it are skipped where it is absent."""
    beside = Path(__file__).parents[2] / "shared" / "data"
    folder = Path(os.environ.get("DARKSTAR_DATA") or beside)
    if not folder.is_dir():
        pytest.skip(f"no real data in {folder} (set DARKSTAR_DATA)")
    return folder


@pytest.fixture(scope="session", autouse=True)
def durable(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Ledgers of tests await no disk, and the migrations build one of them: the others repeat its statements.

    Gives how durable the ledgers of users are.
    """
    # Imported here, as the process that only hands out the tests opens no ledger.
    from sqlalchemy import Connection

    from darkstar.store import database, migrate

    first = tmp_path_factory.mktemp("first") / "ledger.db"
    database.Database(first).close()
    with closing(sqlite3.connect(first)) as made:
        statements = [line for line in made.iterdump() if line not in ("BEGIN TRANSACTION;", "COMMIT;")]
    upgrade, head, users = migrate.upgrade, migrate.HEAD, database.SYNCHRONOUS

    def repeat(connection: Connection) -> None:
        if head != migrate.HEAD or not migrate.is_empty(connection):
            upgrade(connection)
            return
        for statement in statements:
            connection.exec_driver_sql(statement)
        connection.exec_driver_sql(f"PRAGMA application_id = {migrate.APPLICATION_ID}")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(migrate, "upgrade", repeat)
        patch.setattr(database, "SYNCHRONOUS", "OFF")
        yield users
