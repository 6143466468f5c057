"""A Dask cluster: the same digits as in this process, in clear only here, and told when it is not there."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from textwrap import dedent, indent

import pytest
from distributed import LocalCluster

from darkstar.domain.errors import UsageError
from darkstar.domain.slots import Slots
from darkstar.time_machine import stretches as stretches_module
from darkstar.time_machine.information import Knowledge
from darkstar.time_machine.scenario import Scenario
from darkstar.time_machine.side_by_side import Job, replay_all
from darkstar.time_machine.spread import cluster as module
from darkstar.time_machine.spread.checkpoints import Checkpoints
from darkstar.time_machine.spread.cluster import checked_address, cluster
from darkstar.time_machine.witness import Witness
from tests.time_machine.cases import scenario
from tests.time_machine.spread.test_work import same

GIVEN = scenario(days=3)
JOBS = [
    Job(GIVEN, "mpc"),
    Job(replace(GIVEN, courses=8), "mpc", Knowledge(prices=True)),
    Job(GIVEN, "setpoint"),
    Job(GIVEN, "oracle"),
]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        processes=True,
        host="127.0.0.1",
        scheduler_port=0,
        dashboard_address="127.0.0.1:0",
    ) as local:
        yield local.scheduler_address


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stretches_module, "STRETCH_SLOTS", 50)


@pytest.mark.slow
def test_a_cluster_comes_to_the_same_digits(address: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("kept")
    kept = Checkpoints(folder, print)
    alone = replay_all(JOBS)
    with cluster(address.removeprefix("tcp://")) as work:
        assert (work.workers, work.here) == (2, False)
        there = replay_all(JOBS, work.keeping(Checkpoints(folder, print)))
        again = replay_all(JOBS, work.keeping(kept))
    for found in (there, again):
        assert all(same(one, other) for one, other in zip(found, alone, strict=True))
    assert kept.found == 3 * 6


@pytest.mark.slow
def test_another_code_is_refused(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "code_digest", lambda: "another")
    with cluster(address) as work, pytest.raises(UsageError, match="another version of Darkstar"):
        replay_all(JOBS, work)


@pytest.mark.slow
def test_who_looks_on_stays_here(address: str) -> None:
    seen: list[int] = []

    class Book:
        def __call__(self, policy: str) -> "Book":
            return self

        @contextmanager
        def looking(self, _scenario: Scenario, _first: int = 0) -> Iterator[Witness]:
            yield lambda moment: seen.append(moment.number)

        def has(self, _slots: Slots) -> bool:
            return False

    with cluster(address) as work:
        found = replay_all(JOBS[:1], work, onlooker_of=Book())
    assert seen == list(range(288))
    assert same(found[0], replay_all(JOBS[:1])[0])


@pytest.mark.slow
def test_a_cluster_that_is_lost_is_told() -> None:
    told = _by_itself(
        """
        from distributed import LocalCluster
        with LocalCluster(
            n_workers=1, threads_per_worker=1, host="127.0.0.1", scheduler_port=0, dashboard_address="127.0.0.1:0"
        ) as local:
            with cluster(local.scheduler_address, patience_s=5) as work:
                for number, _ in enumerate(work.each(str, range(1000))):
                    if number == 10:
                        local.close()
        """
    )
    assert "SourceUnreachableError" in told
    assert "was lost" in told
    assert "what was planned is kept" in told


@pytest.mark.slow
def test_nobody_there_is_told() -> None:
    told = _by_itself(
        """
        with cluster("tcp://127.0.0.1:9", patience_s=0.5):
            pass
        """
    )
    assert "SourceUnreachableError" in told
    assert "does not answer" in told


def test_encryption_wants_certificates() -> None:
    with pytest.raises(UsageError, match="wants certificates"), cluster("tls://127.0.0.1:9"):
        pass


def _by_itself(code: str) -> str:
    """What a process of its own says: what Dask leaves behind when it is refused is none of ours."""
    start = "from darkstar.time_machine.spread.cluster import cluster\nif __name__ == '__main__':\n"
    body = start + indent(dedent(code), "    ")
    return subprocess.run(
        [sys.executable, "-c", body], capture_output=True, text=True, check=False, timeout=120
    ).stderr


@pytest.mark.parametrize(
    "address",
    ["tls://10.0.0.5:8786", "tcp://127.0.0.1:8786", "localhost:8786", "tcp://[::1]:1", "wss://a.b:1"],
)
def test_what_nobody_else_reads_is_allowed(address: str) -> None:
    assert checked_address(address, in_clear=False).endswith(address)


@pytest.mark.parametrize(
    "address", ["tcp://10.0.0.5:8786", "10.0.0.5:8786", "ws://a.b:1", "tcp://localhost.evil:1"]
)
def test_what_goes_over_a_network_in_clear_is_refused(address: str) -> None:
    with pytest.raises(UsageError, match="in clear"):
        checked_address(address, in_clear=False)
    assert checked_address(address, in_clear=True).endswith(address)


@pytest.mark.parametrize(
    "address", ["", "tcp://", "host", "host:port", "http://a:1", "tls://a:99999", "ucx://a:1"]
)
def test_no_address(address: str) -> None:
    with pytest.raises(UsageError, match="no address"):
        checked_address(address, in_clear=True)
