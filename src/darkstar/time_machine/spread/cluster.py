"""Replays on a Dask cluster: the same tasks, done wherever its workers are. Dask is imported only for whoever asks.

A worker does whatever code it is sent, and a replay sends what a home uses; so nothing goes over a network in clear
unless that is asked for. Certificates are those of Dask's own configuration.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Executor, Future
from contextlib import contextmanager
from ipaddress import ip_address
from typing import ParamSpec, TypeVar
from urllib.parse import urlsplit

from darkstar.domain.errors import SourceUnreachableError, UsageError
from darkstar.time_machine.spread.digest import code_digest
from darkstar.time_machine.spread.work import Work

R = TypeVar("R")
P = ParamSpec("P")

PATIENCE_S = 30.0
"""How long to wait for the scheduler, and for its first worker."""
_ENCRYPTED = ("tls", "wss")
_IN_CLEAR = ("tcp", "ws")
_LARGE_TASKS = {"distributed.admin.large-graph-warning-threshold": "1 GiB"}
"""A year by the minute is large, and no reason to warn."""


@contextmanager
def cluster(address: str, *, in_clear: bool = False, patience_s: float = PATIENCE_S) -> Iterator[Work]:
    """The workers of the cluster whose scheduler has this address, such as tls://10.0.0.5:8786.

    Args:
        in_clear: whether a network may see what is sent.

    Raises:
        UsageError: Dask is not installed, the address is none or goes over a network in clear, or, from within, the
            cluster runs other code.
        SourceUnreachableError: the cluster does not answer or has no workers, or, from within, is lost.
    """
    address = checked_address(address, in_clear=in_clear)
    try:
        import dask
        from distributed import Client, KilledWorker
        from distributed.comm.core import CommClosedError
        from distributed.security import Security
    except ImportError:
        raise UsageError(
            "Dask is not installed here.",
            remedy='Install Darkstar with its extra: pip install "darkstar[cluster]".',
        ) from None
    encrypted = urlsplit(address).scheme in _ENCRYPTED
    if encrypted and Security().get_connection_args("client").get("ssl_context") is None:
        raise UsageError(
            f"{address} wants certificates, and Dask's configuration here names none.",
            remedy="Set DASK_DISTRIBUTED__COMM__TLS__CA_FILE, ..__CLIENT__CERT and ..__CLIENT__KEY.",
        )
    with dask.config.set(_LARGE_TASKS):
        try:
            client = Client(address, timeout=patience_s, set_as_default=False)
        except (OSError, ValueError) as error:
            raise SourceUnreachableError(
                f"The cluster at {address} does not answer: {str(error).rstrip('.')}.",
                remedy="Check that its scheduler runs there (dask scheduler) and lets this machine in; without "
                "--cluster the processes of this machine do the work.",
            ) from error
        with client:
            try:
                client.wait_for_workers(1, timeout=patience_s)
            except TimeoutError as error:
                raise SourceUnreachableError(
                    f"The cluster at {address} has no workers.", remedy=f"Start some: dask worker {address}."
                ) from error
            try:
                threads = sum(client.nthreads().values())
                yield Work(_Sending(client.get_executor(pure=False)), threads, here=False)
            except (CancelledError, KilledWorker, CommClosedError) as error:
                raise SourceUnreachableError(
                    f"The cluster at {address} was lost: {type(error).__name__} {error}.",
                    remedy="Run the command again: what was planned is kept.",
                ) from error


def checked_address(address: str, *, in_clear: bool) -> str:
    """The scheduler's address with its scheme.

    Raises:
        UsageError: it is none, or goes over a network in clear without being allowed to.
    """
    full = address if "://" in address else f"tcp://{address}"
    parts = urlsplit(full)
    try:
        named = parts.hostname and parts.port
    except ValueError:
        named = None
    if not named or parts.scheme not in _ENCRYPTED + _IN_CLEAR:
        raise UsageError(f"'{address}' is no address of a cluster.", remedy="Write it as tls://HOST:PORT.")
    if parts.scheme in _IN_CLEAR and not in_clear and not _is_here(parts.hostname or ""):
        raise UsageError(
            f"{full} would be sent over the network in clear, for all to read and to answer.",
            remedy="Use tls://, or add --cluster-in-clear where you trust the whole network.",
        )
    return full


def _is_here(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


class _Sending(Executor):
    """Sends each task with the name of our code: another code would come to other digits."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor

    def submit(self, fn: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> "Future[R]":
        return self._executor.submit(_with_code, code_digest(), fn, *args, **kwargs)


def _with_code(name: str, function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
    if code_digest() != name:
        raise UsageError(
            "The cluster's workers run another version of Darkstar, of Python or of the libraries.",
            remedy="Install the same on all machines.",
        )
    return function(*args, **kwargs)
