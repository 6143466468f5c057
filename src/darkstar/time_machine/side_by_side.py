"""Many replays at once: of several scenarios, in several processes; the figures do not depend on how many."""

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context

from darkstar.time_machine.information import Honesty, Knowledge
from darkstar.time_machine.outcome import MPC, PolicyOutcome
from darkstar.time_machine.replay import replay
from darkstar.time_machine.scenario import Scenario

Done = Callable[[int, int], None]
"""Told how many replays are through, of how many."""


@dataclass(frozen=True)
class Job:
    """One replay."""

    scenario: Scenario
    policy: str
    honesty: Honesty | Knowledge = Honesty.HONEST


def _run(job: Job) -> PolicyOutcome:
    return replay(job.scenario, job.policy, job.honesty)


def replay_all(jobs: Sequence[Job], workers: int, done: Done = lambda *_: None) -> list[PolicyOutcome]:
    """The outcomes in the order of the jobs."""
    through = 0
    done(through, len(jobs))
    if workers <= 1:
        outcomes = []
        for job in jobs:
            outcomes.append(_run(job))
            done(len(outcomes), len(jobs))
        return outcomes
    found: dict[int, PolicyOutcome] = {}
    order = sorted(range(len(jobs)), key=lambda at: jobs[at].policy != MPC)
    # Fresh processes: a forked one would inherit locks of threads that it does not have.
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        futures = {pool.submit(_run, jobs[at]): at for at in order}
        for future in as_completed(futures):
            found[futures[future]] = future.result()
            done(len(found), len(jobs))
    return [found[at] for at in range(len(jobs))]
