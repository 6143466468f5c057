"""Carries episodes from the ledger to the lake, with connections of its own, while others record more.

The lake may be away, slow, restarted or full: the courier tries again with growing pauses, and whoever records
episodes never waits for it. A batch is confirmed in the ledger after the lake has committed it. Between the two the
courier or the lake may die; the batch is then carried again and takes its own place.
"""

import threading
from collections.abc import Callable
from pathlib import Path

import stamina

from darkstar.domain.errors import StoreError
from darkstar.store.episodes.address import CONNECT_S, REPLY_S, LakeAddress, LakeError
from darkstar.store.episodes.lake import Lake
from darkstar.store.ledger_file import LedgerFile

BATCH = 250
"""Rows of one transaction: about half a megabyte."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.2, 5.0
LOOK_S = 0.5
"""How often an idle courier looks for new episodes."""


def carry(
    ledger: LedgerFile, lake: Lake, *, batch: int = BATCH, told: Callable[[int], None] = lambda _: None
) -> int:
    """Carry all that waits; returns how many episodes the lake confirmed.

    Args:
        told: called after each batch with the number of its episodes.

    Raises:
        LakeError: the lake did not take a batch; what it confirmed before is carried, the rest waits.
    """
    carried = 0
    outbox = ledger.episodes
    while waiting := outbox.waiting(batch):
        try:
            lake.take([row.values for row in waiting])
        except LakeError as error:
            outbox.failed(error.problem)
            raise
        outbox.confirm(waiting)
        carried += len(waiting)
        told(len(waiting))
    return carried


class Courier:
    """A thread that carries; a context manager. At its end it carries what it can, and what it cannot waits on.

    Attributes:
        carried: episodes that the lake has confirmed so far.
        failure: why it failed last; empty while it does not.
    """

    def __init__(self, ledger: Path, address: LakeAddress, *, batch: int = BATCH) -> None:
        self.carried = 0
        self.failure = ""
        self._ledger = ledger
        self._lake = Lake(address)
        self._batch = self._size = batch
        self._leave = threading.Event()
        # A lake that hangs must not keep the process.
        self._thread = threading.Thread(target=self._work, name="episode courier", daemon=True)

    def __enter__(self) -> "Courier":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.finish()

    def finish(self) -> None:
        """Carry what can be carried now, with one more try where the lake is away, and come back."""
        self._leave.set()
        alive = True
        while alive:
            before = self.carried
            self._thread.join(CONNECT_S + REPLY_S + 2 * LONGEST_PAUSE_S)
            alive = self._thread.is_alive() and self.carried > before

    def _work(self) -> None:
        last = False
        while not last:
            last = self._leave.is_set()
            try:
                self._carry()
            except (LakeError, StoreError):
                # Noted, and asked to leave: there will be no other try.
                return
            self._leave.wait(LOOK_S)

    def _carry(self) -> None:
        pauses = stamina.retry_context(
            on=self._again,
            attempts=None,
            timeout=None,
            wait_initial=FIRST_PAUSE_S,
            wait_max=LONGEST_PAUSE_S,
        )
        for attempt in pauses:
            with attempt:
                with LedgerFile(self._ledger) as ledger:
                    carry(ledger, self._lake, batch=self._size, told=self._count)
                self.failure, self._size = "", self._batch

    def _count(self, carried: int) -> None:
        self.carried += carried

    def _again(self, error: Exception) -> bool:
        if not isinstance(error, LakeError | StoreError):
            return False
        self.failure = error.problem
        # What a slow lake cannot take in time it takes in smaller parts.
        self._size = max(1, self._size // 2)
        return not self._leave.is_set()
