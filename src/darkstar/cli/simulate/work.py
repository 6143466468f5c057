"""Who does the work of a replay, and what is kept of one that is cut off."""

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Annotated

import typer

from darkstar.cli.common import errors
from darkstar.config.settings import Settings
from darkstar.domain.errors import UsageError
from darkstar.time_machine.spread.checkpoints import Checkpoints
from darkstar.time_machine.spread.cluster import cluster
from darkstar.time_machine.spread.work import Work, processes

CHECKPOINTS = "checkpoints"
"""The folder of what is planned, in the home's own."""

Workers = Annotated[
    int | None, typer.Option("--workers", min=1, help="Processes; the figures do not depend on it.")
]
ClusterAddress = Annotated[
    str | None,
    typer.Option(
        "--cluster",
        help="Plan on the Dask cluster with this scheduler instead, such as tls://10.0.0.5:8786; the figures stay.",
        show_default=False,
    ),
]
InClear = Annotated[
    bool, typer.Option("--cluster-in-clear", help="Reach the cluster over a network without encryption.")
]
Fresh = Annotated[
    bool, typer.Option("--fresh", help="Plan all anew, whatever is kept of a replay that was cut off.")
]


def workforce(
    workers: int | None, cluster_address: str | None, *, in_clear: bool
) -> AbstractContextManager[Work]:
    """The workers: processes of this machine, or those of a cluster."""
    if cluster_address is None:
        return processes(workers or os.cpu_count() or 1)
    if workers is not None:
        raise UsageError("A cluster has its own workers.", remedy="Leave out --workers or --cluster.")
    return cluster(cluster_address, in_clear=in_clear)


@contextmanager
def kept_at(settings: Settings, work: Work, *, fresh: bool) -> Iterator[Work]:
    """The workers, with what they come to kept in the home's folder until the replay is through."""
    checkpoints = Checkpoints(settings.folder / CHECKPOINTS, say, fresh=fresh)
    try:
        yield work.keeping(checkpoints)
    except KeyboardInterrupt:
        say("Cut off. What is planned is kept: the same command goes on from there.")
        raise
    checkpoints.clear()


def say(text: str) -> None:
    """A note on standard error, whole: what is cut or coloured cannot be copied."""
    errors.print(text, markup=False, highlight=False, soft_wrap=True)
