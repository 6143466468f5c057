"""The journal of what worked on the file: one row a command, with how it ended."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import version

from sqlalchemy import func, insert, select, update

from darkstar.domain.errors import StoreError
from darkstar.store.database import Database
from darkstar.store.schema import runs


@contextmanager
def journal(db: Database, command: str, detail: str) -> Iterator[None]:
    """Keep a row while a command is at work; its outcome is `done` or what went wrong.

    A process that was killed leaves its row without an end.
    """
    values = {
        "command": command,
        "detail": detail,
        "version": version("darkstar"),
        "process_id": os.getpid(),
        "started_us": db.now_us(),
    }
    with db.transaction():
        db.write(insert(runs).values(values))
        run_id = db.read(select(func.max(runs.c.run_id)))[0][0]
    try:
        yield
    except BaseException as error:
        # Where the file itself is what failed, that error is the one to be told.
        with suppress(StoreError):
            _finish(db, run_id, f"{type(error).__name__}: {error}")
        raise
    _finish(db, run_id, "done")


def _finish(db: Database, run_id: int, outcome: str) -> None:
    with db.transaction():
        db.write(update(runs).where(runs.c.run_id == run_id).values(finished_us=db.now_us(), outcome=outcome))
