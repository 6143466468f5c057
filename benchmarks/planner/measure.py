"""Who plans what, case by case in turns, so that a busy minute of the machine hits all alike."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from benchmarks.planner.cases import (
    BATTERY,
    BOTH,
    CAR,
    DAY,
    HEATER,
    KINDS,
    NEGATIVE,
    TARIFF,
    THREE,
    WEEK,
    Case,
    cases_of,
)
from benchmarks.planner.peers.environment import Environment, peers_environment
from benchmarks.planner.value import valued
from benchmarks.planner.worker import ROOT, Worker

CACHE = Path(".cache")
PATIENCE_S = 60.0
COMPILING_S = 600.0
ALONE = frozenset({BATTERY, NEGATIVE, DAY, WEEK})
BRIEF = frozenset({BATTERY, NEGATIVE, DAY})
"""Kinds that EMHASS proves to the end within its time."""
LOADED = frozenset({HEATER, CAR, BOTH})
ALL = frozenset(KINDS)


@dataclass(frozen=True)
class Entrant:
    """An engine that plans cases of some kinds.

    Attributes:
        command: what starts its worker, after the Python.
        peer: whether it lives in the peers' environment.
        repeats: plans of a case that are timed; one where an engine needs milliseconds anyway.
        compiled: whether it is made of kernels that the first process on a machine compiles.
    """

    name: str
    command: tuple[str, ...]
    kinds: frozenset[str] = ALL
    peer: bool = False
    repeats: int = 1
    compiled: bool = False


def _ours(name: str) -> tuple[str, ...]:
    return ("-m", "benchmarks.planner.ours", name)


JUDGE = Entrant("HiGHS by scipy", ("-m", "benchmarks.planner.peers.with_scipy"))
GLANCE = Entrant("ours: value, first move", _ours("glance"), ALONE, repeats=30, compiled=True)
EMHASS = Entrant("EMHASS, gap 1 %", ("-m", "benchmarks.planner.peers.with_emhass", "0.01"), peer=True)
CBC = Entrant("CBC by PuLP", ("-m", "benchmarks.planner.peers.with_pulp"), peer=True)
ENTRANTS = (
    JUDGE,
    GLANCE,
    Entrant("ours: whole plan", _ours("plan"), ALONE, repeats=30, compiled=True),
    Entrant("ours: loads", _ours("loads"), LOADED, repeats=5, compiled=True),
    Entrant("ours: slot peaks", _ours("capacity"), frozenset({TARIFF}), repeats=5, compiled=True),
    Entrant("ours: full engine", _ours("full"), repeats=3),
    Entrant("ours: on HiGHS, hot", _ours("hot"), ALONE),
    Entrant("ours: on HiGHS, cold", _ours("highs"), ALONE, repeats=3),
    CBC,
    EMHASS,
    Entrant("EMHASS, exact", ("-m", "benchmarks.planner.peers.with_emhass", "0"), BRIEF, peer=True),
)
COUNTS = {
    BATTERY: 12,
    NEGATIVE: 6,
    HEATER: 4,
    CAR: 4,
    BOTH: 3,
    TARIFF: 3,
    THREE: 3,
    DAY: 4,
    WEEK: 2,
}


@dataclass(frozen=True)
class Asked:
    """What an entrant made of a case.

    Attributes:
        ms, cpu_ms: of all repeats; empty where it has no plan.
        cost: by our functions of money; None where it has no plan.
        bound: what it proved that no plan undercuts, where it proved anything.
        cold_ms: time of its first plan, where the timed one builds on it.
        trouble: why there is no plan, or what is wrong with it.
        note: what it said itself.
    """

    entrant: str
    kind: str
    case: str
    ms: tuple[float, ...] = ()
    cpu_ms: tuple[float, ...] = ()
    peak_mb: float = 0.0
    cost: float | None = None
    bound: float | None = None
    cold_ms: float | None = None
    trouble: str = ""
    note: str = ""
    soc_end_kwh: tuple[float, ...] = ()


@dataclass(frozen=True)
class Run:
    """All answers, and who could not take part and why."""

    asked: tuple[Asked, ...]
    absent: dict[str, str]


def measured(*, quick: bool) -> Run:
    """Each case by each entrant in turn; quick: one case of each kind, and no exact EMHASS."""
    environment = peers_environment(ROOT / CACHE)
    entrants, absent = taking_part(environment, quick=quick)
    cases = [case for kind in KINDS for case in cases_of(kind, 1 if quick else COUNTS[kind])]
    pythons = {False: sys.executable, True: str(environment.python)}
    for one in entrants:
        # A process that compiles is larger and slower than those after it.
        if one.compiled:
            with Worker([pythons[one.peer], *one.command], COMPILING_S) as worker:
                _warm(worker, one, cases)
    with ExitStack() as stack:
        workers = {}
        for one in entrants:
            worker = stack.enter_context(Worker([pythons[one.peer], *one.command], PATIENCE_S))
            wrong = _warm(worker, one, cases)
            if wrong:
                absent[one.name] = wrong
            else:
                workers[one] = worker
        return Run(tuple(_in_turns(workers, cases)), absent)


def taking_part(environment: Environment, *, quick: bool) -> tuple[list[Entrant], dict[str, str]]:
    """Who takes part, and who cannot and why."""
    asked = ENTRANTS[: -1 if quick else None]
    absent = {one.name: environment.absent for one in asked if one.peer and environment.python is None}
    return [one for one in asked if one.name not in absent], absent


def _warm(worker: Worker, entrant: Entrant, cases: list[Case]) -> str:
    """Let it load what it needs; why it cannot ("" if it can)."""
    answer = worker.ask(next(case for case in cases if case.kind in entrant.kinds), 1)
    return str(answer["error"]) if "lost" in answer else ""


def _in_turns(workers: dict[Entrant, Worker], cases: list[Case]) -> Iterator[Asked]:
    for case in cases:
        ends: tuple[float, ...] | None = None
        for entrant, worker in workers.items():
            if case.kind not in entrant.kinds:
                continue
            found = _asked(entrant, worker, case, ends)
            if entrant == JUDGE and found.soc_end_kwh:
                ends = found.soc_end_kwh
            yield found


def _asked(entrant: Entrant, worker: Worker, case: Case, ends: tuple[float, ...] | None) -> Asked:
    answer = worker.ask(case, entrant.repeats, ends)
    if "error" in answer:
        return Asked(entrant.name, case.kind, case.name, trouble=answer["error"])
    cost, left, wrong = answer.get("cost"), (), ""
    if "charge_kwh" in answer:
        plan = valued(case, answer["charge_kwh"], answer["discharge_kwh"], answer["loads_kwh"])
        cost, left, wrong = plan.cost, plan.soc_end_kwh, plan.wrong
    return Asked(
        entrant.name,
        case.kind,
        case.name,
        ms=tuple(answer["ms"]),
        cpu_ms=tuple(answer["cpu_ms"]),
        peak_mb=answer["peak_mb"],
        cost=cost,
        bound=answer.get("bound"),
        cold_ms=answer.get("cold_ms"),
        trouble=wrong,
        note=answer.get("note") or "",
        soc_end_kwh=left,
    )
