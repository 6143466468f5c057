"""A worker's side of the conversation: one JSON object a line, cases in, answers out. Standard library only, for the
peers' environment has nothing of ours.

    asked     {"case": {...}, "repeats": 3}
    answered  {"ms": [...], "cpu_ms": [...], "peak_mb": 87.1, "charge_kwh": [[...]], "discharge_kwh": [[...]],
               "loads_kwh": [[...]], "bound": 1.23 or null, "note": "", ...}, or {"error": "..."}

A case is what `cases.Case.spoken` says. Charge and discharge are one list a battery, loads one list a load, in kWh
a slot at the AC side. The times are those of the solving calls alone, model building included; processor time counts
child processes.
"""

import json
import os
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

KB_PER_MB = 1024
Solution = TypeVar("Solution")


def answer_all(prepare: Callable[[dict], tuple[Callable[[], Solution], Callable[[Solution], dict]]]) -> None:
    """Answer what is asked on standard input, until it ends.

    Args:
        prepare: makes a case ready, and hands back the call that is timed, and what reads an answer from what the
            call returned; only the call itself is timed.
    """
    told = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what solvers print is no answer
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            solve, read = prepare(asked["case"])
            solution, measured = _timed(solve, int(asked["repeats"]))
            answer = {**read(solution), **measured, "peak_mb": _peak_mb()}
        except Exception as error:  # noqa: BLE001 - whatever a peer fails with is its answer
            answer = {"error": f"{type(error).__name__}: {error}"[:300]}
        told.write(json.dumps(answer) + "\n")
        told.flush()


def _timed(solve: Callable[[], Solution], repeats: int) -> tuple[Solution, dict]:
    """The last repeat's solution, and all times."""
    ms, cpu_ms = [], []
    for _ in range(repeats):
        cpu_began, began = _cpu_seconds(), time.perf_counter()
        solution = solve()
        ms.append((time.perf_counter() - began) * 1000)
        cpu_ms.append((_cpu_seconds() - cpu_began) * 1000)
    return solution, {"ms": ms, "cpu_ms": cpu_ms}


def _cpu_seconds() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def _peak_mb() -> float:
    """Peak memory of this process. The kernel's own mark where it can be read: `ru_maxrss` still holds what the
    parent had when it forked."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
        own = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
    except (OSError, StopIteration):
        own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return max(own, children) / KB_PER_MB
