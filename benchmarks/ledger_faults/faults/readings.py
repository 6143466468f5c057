"""Readings that are not what the meter shows: false numbers for a while, units, signs, texts, twice, out of order."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from benchmarks.ledger_faults.faults.fault import SECOND, Causes, Fault
from benchmarks.ledger_faults.homes import HOUR_US
from benchmarks.ledger_faults.tape import Tape
from darkstar.ledger.causes.cause import Cause

NOTHING: Causes = frozenset()
SILENT: Causes = frozenset({Cause.OUTAGE, Cause.CATCH_UP})
LATE: Causes = frozenset({Cause.LATE})


def stray_zero(tape: Tape, k: int, random: np.random.Generator) -> Fault | None:
    """One reading shows 0."""
    return _left_out(tape, k, 1, lambda kwh: np.zeros_like(kwh), Cause.DIP)


def zeros(tape: Tape, k: int, random: np.random.Generator) -> Fault | None:
    """Readings show 0 for up to three hours."""
    return _left_out(tape, k, _lasting(tape, k, random, 3.0), np.zeros_like, Cause.DIP)


def glitch(tape: Tape, k: int, random: np.random.Generator) -> Fault | None:
    """One reading shows 500 kWh too much."""
    return _left_out(tape, k, 1, lambda kwh: kwh + 500, Cause.SPIKE)


def glitches(tape: Tape, k: int, random: np.random.Generator) -> Fault | None:
    """Several readings show 30 to 3000 kWh too much."""
    more = float(np.exp(random.uniform(np.log(30), np.log(3000))))
    return _left_out(tape, k, _lasting(tape, k, random, 2.0), lambda kwh: kwh + more, Cause.SPIKE)


def small_dip(tape: Tape, k: int, random: np.random.Generator) -> Fault | None:
    """The meter shows up to 10 % too little for up to an hour, counting on, and comes back."""
    less = random.uniform(0.005, 0.1) * tape.kwh[k]
    return _left_out(tape, k, _lasting(tape, k, random, 1.0), lambda kwh: kwh - less, Cause.DIP)


def large_dip(tape: Tape, k: int, random: np.random.Generator) -> Fault | None:
    """The meter shows 15 to 90 % too little for up to three hours, and comes back."""
    share = random.uniform(0.15, 0.9)
    return _left_out(tape, k, _lasting(tape, k, random, 3.0), lambda kwh: kwh * (1 - share), Cause.DIP)


def twice(tape: Tape, k: int, random: np.random.Generator) -> Fault | None:
    """Twenty readings come twice."""
    rows = np.insert(np.arange(len(tape)), min(k + 20, len(tape)), np.arange(k, min(k + 20, len(tape))))
    return Fault(
        tape.take(rows),
        int(tape.time_us[k]),
        int(tape.time_us[min(k + 20, len(tape) - 1)]),
        LATE,
        harmless=True,
    )


def out_of_order(tape: Tape, k: int, random: np.random.Generator) -> Fault | None:
    """Twenty readings come in any order."""
    rows = np.arange(len(tape))
    random.shuffle(rows[k : k + 20])
    return Fault(
        tape.take(rows),
        int(tape.time_us[k]),
        int(tape.time_us[min(k + 20, len(tape) - 1)]),
        LATE,
        harmless=True,
    )


def unit_said(tape: Tape, k: int, random: np.random.Generator) -> Fault | None:
    """The meter tells Wh for some hours, and says so."""
    rows = _stretch(tape, k, random)
    unit = tape.unit.copy()
    unit[rows] = "Wh"
    shown = replace(tape, kwh=np.where(rows, tape.kwh * 1000, tape.kwh), unit=unit)
    return Fault(shown, int(tape.time_us[k]), int(tape.time_us[rows][-1]), NOTHING, harmless=True)


def unit_unsaid(tape: Tape, k: int, random: np.random.Generator) -> Fault | None:
    """The meter tells Wh for up to two hours and calls them kWh."""
    return _left_out(tape, k, _lasting(tape, k, random, 2.0), lambda kwh: kwh * 1000, Cause.UNIT)


def sign_turned(tape: Tape, k: int, random: np.random.Generator) -> Fault | None:
    """The meter counts below zero for some hours."""
    rows = _stretch(tape, k, random)
    shown = tape.showing(np.where(rows, -tape.kwh, tape.kwh))
    return Fault(
        shown, int(tape.time_us[k]), int(tape.time_us[rows][-1]), frozenset({Cause.SIGN}), harmless=True
    )


def texts(tape: Tape, k: int, random: np.random.Generator) -> Fault | None:
    """Some readings are no numbers, each for seconds."""
    start_us = int(tape.time_us[k])
    for i in range(k, min(k + 20, len(tape) - 1), 4):
        word = str(random.choice(["unavailable", "unknown", "", "None", "error", "nan", "1,234.5"]))
        gap = int(tape.time_us[i + 1] - tape.time_us[i])
        if gap >= 10 * SECOND:
            tape = tape.with_text(int(tape.time_us[i + 1]) - gap // 5, word or " ")
    return Fault(tape, start_us, int(tape.time_us[min(k + 20, len(tape) - 1)]), SILENT, harmless=True)


def _lasting(tape: Tape, k: int, random: np.random.Generator, most_hours: float) -> int:
    """Readings that a fault lasts which takes up to so long: two at the least."""
    until = tape.time_us[k] + int(random.uniform(0.05, 1) * most_hours * HOUR_US)
    return max(2, int(np.searchsorted(tape.time_us, until)) - k)


def _stretch(tape: Tape, k: int, random: np.random.Generator) -> np.ndarray:
    until = tape.time_us[k] + int(random.uniform(1, 8) * HOUR_US)
    return np.asarray((np.arange(len(tape)) >= k) & (tape.time_us < until))


def _left_out(
    tape: Tape, k: int, n: int, show: Callable[[np.ndarray], np.ndarray], cause: Cause
) -> Fault | None:
    if k + n >= len(tape):
        return None
    kwh = tape.kwh.copy()
    kwh[k : k + n] = show(kwh[k : k + n])
    if cause is Cause.DIP and kwh[k] > tape.kwh[k - 1] - 0.02:
        return None
    return Fault(tape.showing(kwh), int(tape.time_us[k - 1]), int(tape.time_us[k + n]), frozenset({cause}))
