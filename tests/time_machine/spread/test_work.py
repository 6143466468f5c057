"""Work: results in order, few tasks under way, the same digits wherever it is done; no worker outlives its replay."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Executor, Future
from dataclasses import fields, replace
from pathlib import Path

import pytest

from darkstar.domain.errors import StoreError
from darkstar.domain.power_tariff import PowerTariff
from darkstar.planner.full.site import MeteredTariff
from darkstar.time_machine import stretches as stretches_module
from darkstar.time_machine.information import Honesty, Knowledge
from darkstar.time_machine.outcome import PolicyOutcome
from darkstar.time_machine.side_by_side import Job, replay_all
from darkstar.time_machine.spread.work import IN_PLACE, Work, processes
from tests.time_machine.cases import scenario

GIVEN = scenario(days=3)
JOBS = [
    Job(GIVEN, "mpc"),
    Job(GIVEN, "setpoint"),
    Job(GIVEN, "mpc", Knowledge(load=True)),
    Job(GIVEN, "oracle"),
    Job(replace(GIVEN, replan_slots=4, courses=8), "mpc", Honesty.HONEST),
    Job(GIVEN, "rule"),
    Job(replace(GIVEN, power_tariffs=(MeteredTariff(PowerTariff(per_kw=60)),)), "mpc"),
]


def same(one: PolicyOutcome, other: PolicyOutcome) -> bool:
    """To the last digit, but for the times."""
    pairs = ((getattr(one.flows, f.name), getattr(other.flows, f.name)) for f in fields(one.flows))
    series = all(a is b if a is None or b is None else a.tobytes() == b.tobytes() for a, b in pairs)
    figures = ("name", "bill", "plans", "switches", "flips", "power_months")
    return series and all(getattr(one, name) == getattr(other, name) for name in figures)


class Late(Executor):
    """Does tasks when their results are asked for, and counts those that wait."""

    def __init__(self) -> None:
        self.waiting = self.most = 0

    def submit(self, fn, /, *args, **kwargs):  # type: ignore[no-untyped-def]
        self.waiting += 1
        self.most = max(self.most, self.waiting)
        late = self

        class Later(Future):  # type: ignore[type-arg]
            def result(self, timeout: float | None = None) -> object:
                late.waiting -= 1
                return fn(*args)

        return Later()


def test_results_come_in_order_and_few_tasks_are_under_way() -> None:
    late, taken = Late(), 0

    def tasks() -> Iterator[int]:
        nonlocal taken
        while taken < 100:
            taken += 1
            yield taken - 1

    results = Work(late, 3).each(str, tasks())
    assert next(results) == "0"
    assert taken < 10
    assert list(results) == [str(number) for number in range(1, 100)]
    assert late.most == 7


def test_in_place_nothing_is_done_ahead() -> None:
    seen: list[int] = []
    results = IN_PLACE.each(lambda number: seen.append(number), range(5))
    next(results)
    assert seen == [0]


@pytest.mark.slow
def test_replays_of_one_pool_come_to_the_same_digits(monkeypatch: pytest.MonkeyPatch) -> None:
    # The workers' own stretches are not cut: they are sent.
    monkeypatch.setattr(stretches_module, "STRETCH_SLOTS", 50)
    told: list[tuple[int, int]] = []
    alone = replay_all(JOBS)
    with processes(2) as work:
        together = replay_all(JOBS, work, lambda *done: told.append(done))
    assert [outcome.name for outcome in together] == [job.policy for job in JOBS]
    assert all(same(one, other) for one, other in zip(together, alone, strict=True))
    assert told == sorted(told)
    assert told[0][0] == 0
    assert told[-1][0] == told[-1][1] == sum(job.effort for job in JOBS) == 288 * (1 + 1 + 1 + 2 + 2)


@pytest.mark.slow
def test_a_failing_replay_ends_all() -> None:
    def listener(done: int, total: int) -> None:
        if done:
            raise ZeroDivisionError

    with processes(2) as work, pytest.raises(ZeroDivisionError):
        replay_all(JOBS, work, listener)


@pytest.mark.slow
def test_a_worker_that_is_ended_is_told() -> None:
    with pytest.raises(StoreError, match="what was planned is kept"), processes(2) as work:
        list(work.each(_end, range(4)))


def _end(_: int) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


ORPHANS = """
import os, sys, time
from darkstar.time_machine.spread.work import processes
from tests.time_machine.spread.test_work import pid_of_worker
if __name__ == "__main__":
    with processes(2) as work:
        print(*set(work.each(pid_of_worker, range(8))), flush=True)
        time.sleep(60)
"""


def pid_of_worker(_: int) -> int:
    time.sleep(0.05)
    return os.getpid()


@pytest.mark.slow
def test_workers_end_with_the_process_that_made_them(tmp_path: Path) -> None:
    script = tmp_path / "orphans.py"
    script.write_text(ORPHANS)
    command = [sys.executable, str(script)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as parent:
        assert parent.stdout is not None
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        parent.kill()
    assert pids
    until = time.monotonic() + 20
    while any(_runs(pid) for pid in pids):
        assert time.monotonic() < until
        time.sleep(0.05)


def _runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"
