"""Where replays are made: in this process, in several of this machine, or on a cluster; the same digits everywhere.

    replays (threads here: they wait)  ->  tasks of all of them  ->  one pool of workers  ->  results in order

A task is a function of a module and one argument, both small and sendable. What a task has come to may be kept
(`checkpoints`), so that nobody makes it twice.
"""

import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing.connection import wait
from threading import Thread
from typing import ParamSpec, TypeVar

from darkstar.domain.errors import StoreError
from darkstar.time_machine.spread.checkpoints import Checkpoints

T = TypeVar("T")
R = TypeVar("R")
P = ParamSpec("P")


class InPlace(Executor):
    """Does each task at once, in the thread that asks for it."""

    def submit(self, fn: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> "Future[R]":
        """The result, wrapped as if it had been waited for."""
        return _done(fn(*args, **kwargs))


@dataclass(frozen=True)
class Work:
    """Who does the tasks, and where their results are kept.

    Attributes:
        workers: how many tasks are done at once.
        here: whether workers reach this machine's files.
    """

    executor: Executor
    workers: int
    here: bool = True
    kept: Checkpoints | None = None

    def keeping(self, checkpoints: Checkpoints | None) -> "Work":
        """The same workers, with results kept there."""
        return replace(self, kept=checkpoints)

    def each(
        self, function: Callable[[T], R], tasks: Iterable[T], still: Callable[[T], bool] = lambda _: True
    ) -> Iterator[R]:
        """As `map`: results in the order of the tasks, of which few more than there are workers are under way.

        Args:
            still: whether what a kept result tells of is still so; asked only where one is kept.
        """
        under_way: deque[Callable[[], R]] = deque()
        ahead = 2 * self.workers if self.workers > 1 else 0
        for task in tasks:
            under_way.append(self._begin(function, task, still))
            if len(under_way) > ahead:
                yield under_way.popleft()()
        while under_way:
            yield under_way.popleft()()

    def one(self, function: Callable[[T], R], task: T) -> R:
        """The result of a single task."""
        return self._begin(function, task)()

    def _begin(
        self, function: Callable[[T], R], task: T, still: Callable[[T], bool] = lambda _: True
    ) -> Callable[[], R]:
        """Answers what waits for the result."""
        if self.kept is None:
            return self.executor.submit(function, task).result
        checkpoint = self.kept.of(function, task)
        found = checkpoint.read()
        if found is not None and still(task):
            return _done(found).result
        future = self.executor.submit(function, task)
        return lambda: checkpoint.write(future.result())


IN_PLACE = Work(InPlace(), 1)


@contextmanager
def processes(number: int) -> Iterator[Work]:
    """So many processes of this machine; for one this process itself.

    Raises:
        StoreError: from within, a process was ended from outside.
    """
    if number <= 1:
        yield IN_PLACE
        return
    # Fresh processes: a forked one would inherit locks of threads that it does not have.
    context = multiprocessing.get_context("spawn")
    executor = ProcessPoolExecutor(number, mp_context=context, initializer=_end_with_parent)
    try:
        yield Work(executor, number)
    except BrokenProcessPool as error:
        raise StoreError(
            "A process of this replay was ended from outside; perhaps the machine ran out of memory.",
            remedy="Run the command again, perhaps with fewer --workers: what was planned is kept.",
        ) from error
    finally:
        executor.shutdown(cancel_futures=True)


def _end_with_parent() -> None:
    """A pool's process would wait for tasks for ever when the one that made it is killed."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return
    sentinel = parent.sentinel

    def watch() -> None:
        wait([sentinel])
        os._exit(1)

    Thread(target=watch, daemon=True).start()


def _done(result: R) -> "Future[R]":
    future: Future[R] = Future()
    future.set_result(result)
    return future
