"""Many replays at once: policies beside each other, homes as they are and as they might be; one pool works for all.

    planned by the stretch    `mpc`: each stretch is a task, carried out here in order
    leg by leg                `setpoint`, and `mpc` under power tariffs: stretches that begin where the last one ended
    whole                     the oracle's search under power tariffs
    here                      what plans nothing or once: done before it could be sent

Figures depend neither on how many workers there are, nor on where they are, nor on what was kept of a replay cut off.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, CancelledError, ThreadPoolExecutor, wait
from dataclasses import dataclass
from threading import Lock

from darkstar.aurora.courses import FEW
from darkstar.domain.errors import UsageError
from darkstar.time_machine.information import Honesty, Knowledge
from darkstar.time_machine.looking_on import Passage, passages
from darkstar.time_machine.outcome import (
    MPC,
    MPC_HEATER,
    ORACLE,
    ORACLE_HEATER,
    SETPOINT,
    Comparison,
    PolicyOutcome,
)
from darkstar.time_machine.replay import check_policy, make, outcome
from darkstar.time_machine.run import Made
from darkstar.time_machine.scenario import Scenario
from darkstar.time_machine.spread.work import IN_PLACE, Work
from darkstar.time_machine.stretches import Answer, Task
from darkstar.time_machine.witness import Onlooker, OnlookerOf

Done = Callable[[int, int], None]
"""Told how much is planned, of how much: in slots, each counted by what its plan costs (`Job.effort`)."""

_EFFORT = {MPC: 1, SETPOINT: 1, MPC_HEATER: 7, ORACLE_HEATER: 1}
_UNDER_TARIFFS = {MPC: 2, SETPOINT: 2, ORACLE: 2}
"""What planning a slot costs, beside one of `mpc`."""
_IN_ORDER = (MPC, SETPOINT)
"""Planned in parts, each of which is told of."""
_LOOKING_ON = 10
"""The same of a slot that somebody looks on at: its plan is made again, and written down."""


@dataclass(frozen=True)
class Job:
    """One replay."""

    scenario: Scenario
    policy: str
    honesty: Honesty | Knowledge = Honesty.HONEST

    @property
    def in_parts(self) -> bool:
        """Whether it is planned part by part."""
        return self.policy in _IN_ORDER

    @property
    def one_by_one(self) -> bool:
        """Whether it cannot be divided, and takes long."""
        return self.effort > 0 and not (self.policy == MPC and not self.scenario.power_tariffs)

    @property
    def effort(self) -> int:
        """Slots that are planned, counted by what a plan costs; 0 where none is made slot by slot."""
        effort = (_UNDER_TARIFFS if self.scenario.power_tariffs else _EFFORT).get(self.policy, 0)
        courses = max(1, self.scenario.courses // FEW) if self.policy == MPC else 1
        return len(self.scenario.history) * effort * courses


def compare(
    scenario: Scenario,
    names: Sequence[str],
    bounds_utc: tuple[int, int],
    *,
    honesty: Honesty = Honesty.HONEST,
    work: Work = IN_PLACE,
    done: Done = lambda *_: None,
    onlooker_of: OnlookerOf | None = None,
) -> Comparison:
    """Several policies on one scenario.

    Args:
        bounds_utc: the range that was asked for, end exclusive.
        onlooker_of: who looks on at each policy's replay, in whatever process of this machine.

    Raises:
        UsageError: a policy is unknown or named twice.
    """
    for name in names:
        check_policy(name)
    if len(set(names)) != len(names) or not names:
        raise UsageError("Name each policy once, and at least one.")
    began = time.perf_counter()
    outcomes = replay_all([Job(scenario, name, honesty) for name in names], work, done, onlooker_of)
    seconds = time.perf_counter() - began
    return Comparison(
        start_utc=bounds_utc[0],
        end_utc=bounds_utc[1],
        history=scenario.history,
        outcomes=dict(zip(names, outcomes, strict=True)),
        settlement_per_kwh=scenario.settlement_per_kwh,
        slots_per_s=len(names) * len(scenario.history) / seconds,
    )


def replay_all(
    jobs: Sequence[Job],
    work: Work = IN_PLACE,
    done: Done = lambda *_: None,
    onlooker_of: OnlookerOf | None = None,
) -> list[PolicyOutcome]:
    """The outcomes in the order of the jobs."""
    effort = sum(job.effort for job in jobs)
    if onlooker_of is not None:
        effort += _LOOKING_ON * sum(len(job.scenario.history) for job in jobs)
    all_of_them = _Replays(work, _Told(done, effort), onlooker_of)
    if work.workers <= 1:
        return [all_of_them.run(job) for job in jobs]
    # What cannot be divided goes first: the rest fills what it leaves idle.
    order = sorted(range(len(jobs)), key=lambda at: (not jobs[at].one_by_one, -jobs[at].effort))
    with ThreadPoolExecutor(work.workers + 1) as threads:
        futures = {at: threads.submit(all_of_them.run, jobs[at]) for at in order}
        try:
            finished, _ = wait(futures.values(), return_when=FIRST_EXCEPTION)
            for future in finished:
                future.result()
            return [futures[at].result() for at in range(len(jobs))]
        finally:
            all_of_them.stop()
            threads.shutdown(wait=False, cancel_futures=True)


class _Told:
    """Adds up what is planned; may be told by many threads."""

    def __init__(self, done: Done, total: int) -> None:
        self.stopped = False
        self._done, self._total, self._so_far, self._lock = done, total, 0, Lock()
        done(0, total)

    def add(self, effort: int) -> None:
        if self.stopped:
            raise CancelledError
        with self._lock:
            self._so_far += effort
            self._done(self._so_far, self._total)


@dataclass(frozen=True)
class _Looking:
    """A passage of a replay that is looked on at."""

    onlooker: Onlooker
    passage: Passage

    def still_told(self) -> bool:
        return self.onlooker.has(self.passage.scenario.history.slots)


@dataclass(frozen=True)
class _Seen:
    """How many slots whoever looked on was told of."""

    slots: int


class _Replays:
    """Runs replays with the same workers; each in a thread of its own."""

    def __init__(self, work: Work, told: _Told, onlooker_of: OnlookerOf | None) -> None:
        self._work, self._told, self._onlooker_of = work, told, onlooker_of

    def stop(self) -> None:
        """Plan no further stretch."""
        self._told.stopped = True

    def run(self, job: Job) -> PolicyOutcome:
        if job.effort and not job.in_parts:
            made = self._work.one(_make, job)
            self._told.add(job.effort)
        else:
            made = make(job.scenario, job.policy, job.honesty, self._plan_each(job))
        if self._onlooker_of is not None:
            self._look_on(job, made, self._onlooker_of(job.policy))
        return outcome(job.scenario, job.policy, made)

    def _look_on(self, job: Job, made: Made, onlooker: Onlooker) -> None:
        """Whoever looks on writes files of this machine."""
        work = self._work if self._work.here else IN_PLACE.keeping(self._work.kept)
        cut = passages(job.scenario, job.policy, job.honesty, made)
        tasks = (_Looking(onlooker, passage) for passage in cut)
        for seen in work.each(_look_on, tasks, _Looking.still_told):
            self._told.add(_LOOKING_ON * seen.slots)

    def _plan_each(self, job: Job) -> "_PlanEach":
        return _PlanEach(self._work, self._told, job.effort // len(job.scenario.history))


@dataclass(frozen=True)
class _PlanEach:
    """Plans parts with the workers, and tells of each."""

    work: Work
    told: _Told
    effort: int

    def __call__(self, function: Callable[[Task], Answer], tasks: Iterable[Task], /) -> Iterator[Answer]:
        for found in self.work.each(function, tasks):
            self.told.add(self.effort * len(found.table))
            yield found


def _make(job: Job) -> Made:
    return make(job.scenario, job.policy, job.honesty)


def _look_on(looking: _Looking) -> _Seen:
    passage = looking.passage
    with looking.onlooker.looking(passage.scenario, passage.first) as witness:
        passage.tell(witness)
    return _Seen(len(passage.scenario.history))
