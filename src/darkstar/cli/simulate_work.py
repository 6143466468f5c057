"""Who does the work of a replay, and what is kept of one that is cut off."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from darkstar.cli.common import errors
from darkstar.config.settings import Settings
from darkstar.time_machine.checkpoints import Checkpoints
from darkstar.time_machine.work import Work, processes

CHECKPOINTS = "checkpoints"


@contextmanager
def workforce(settings: Settings, workers: int | None) -> Iterator[Work]:
    """The workers, with what they come to kept in the home's folder until the replay is through."""
    kept = Checkpoints(settings.folder / CHECKPOINTS, say)
    with processes(workers or os.cpu_count() or 1) as work:
        yield work.keeping(kept)
    kept.clear()


def say(text: str) -> None:
    """A note on standard error."""
    errors.print(text, markup=False, highlight=False, soft_wrap=True)
