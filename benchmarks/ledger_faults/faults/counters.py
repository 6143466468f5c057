"""The meter's own count moves: it begins again, goes back, leaps, or is another meter from here on."""

from dataclasses import replace

import numpy as np

from benchmarks.ledger_faults.faults.fault import SECOND, Causes, Fault
from benchmarks.ledger_faults.homes import HOUR_US
from benchmarks.ledger_faults.tape import Tape
from darkstar.ledger.causes.cause import Cause

RESET: Causes = frozenset({Cause.RESET})


def step_back(tape: Tape, k: int, random: np.random.Generator) -> Fault | None:
    """The meter goes back by less than a kWh and counts on from there.

    Where the readings around tell as well of one that was a little high (it had risen by as much as it falls) or of
    some that were a little low (it soon rises by as much as it fell), those stories are right too.
    """
    step = _step(tape, k)
    back = step + random.uniform(0.02, 0.8)
    if k < 2 or back - step <= 0.2 * _step(tape, k - 1):
        return None
    causes, unknowable, fall = {Cause.STEP_BACK}, step, back - step
    soon = int(np.searchsorted(tape.time_us, tape.time_us[k - 1] + 2 * HOUR_US, side="right"))
    if _step(tape, k - 1) >= fall:
        causes, unknowable = causes | {Cause.SPIKE}, back
    if np.diff(tape.kwh[k : soon + 1]).max(initial=0.0) >= fall:
        causes, unknowable = causes | {Cause.DIP}, back
    return _from(tape, k, tape.kwh - back, frozenset(causes), unknowable)


def saved_value(tape: Tape, k: int, random: np.random.Generator) -> Fault | None:
    """The meter falls back to what it saved some days ago: 0.3 to 1.5 % less, and counts on."""
    step = _step(tape, k)
    back = step + random.uniform(0.003, 0.015) * tape.kwh[k]
    return _from(tape, k, tape.kwh - back, frozenset({Cause.STEP_BACK, Cause.REPLACED}), step)


def reset(tape: Tape, k: int, random: np.random.Generator) -> Fault | None:
    """The meter begins again from 0 just after a reading."""
    return _from(tape, k, tape.kwh - tape.kwh[k - 1], RESET)


def reset_seen_at_zero(tape: Tape, k: int, random: np.random.Generator) -> Fault | None:
    """The meter begins again from 0 and is read while it shows 0, with a reading without a number before."""
    at = int(tape.time_us[k - 1])
    gap = int(tape.time_us[k]) - at
    if gap < 10 * SECOND:
        return None
    fault = reset(tape, k, random)
    assert fault is not None
    zero = fault.tape.with_reading(at + 2 * gap // 3, 0.0)
    return replace(fault, tape=zero.with_text(at + gap // 3, "unavailable"))


def reset_mid_climb(tape: Tape, k: int, random: np.random.Generator) -> Fault | None:
    """The meter begins again from 0 some time between two readings."""
    lost = float(random.uniform(0.2, 0.8)) * _step(tape, k)
    return _from(tape, k, tape.kwh - tape.kwh[k - 1] - lost, RESET, lost)


def daily_reset(tape: Tape, k: int, random: np.random.Generator) -> Fault | None:
    """The meter begins again from 0 each day, at the hour of the first reading, and showed something each day."""
    day = (tape.time_us - tape.time_us[k]) // (24 * HOUR_US)
    starts = np.flatnonzero(np.append(True, np.diff(day) != 0))
    base = tape.kwh[np.maximum(starts - 1, 0)][np.searchsorted(starts, np.arange(len(tape)), "right") - 1]
    shown = tape.kwh - base
    falls = np.diff(shown)[starts[1:] - 1]
    if not len(falls) or (falls >= -0.05).any():
        return None
    return replace(_from(tape, k, shown, RESET), to_us=int(tape.time_us[-1]))


def replaced_down(tape: Tape, k: int, random: np.random.Generator) -> Fault | None:
    """Another meter that shows less, though not about zero."""
    less = random.uniform(0.1, 0.8) * tape.kwh[k]
    return _from(tape, k, tape.kwh - less, frozenset({Cause.REPLACED}), _step(tape, k))


def replaced_up(tape: Tape, k: int, random: np.random.Generator) -> Fault | None:
    """Another meter that shows 200 to 5000 kWh more; the same to the eye as a jump that stays."""
    more = random.uniform(200, 5000)
    return _from(tape, k, tape.kwh + more, frozenset({Cause.REPLACED, Cause.IMPLAUSIBLE}), _step(tape, k))


def jump(tape: Tape, k: int, random: np.random.Generator) -> Fault | None:
    """A jump of 30 to 200 kWh that stays."""
    more = random.uniform(30, 200)
    return _from(tape, k, tape.kwh + more, frozenset({Cause.IMPLAUSIBLE}), _step(tape, k))


def _step(tape: Tape, k: int) -> float:
    return float(tape.kwh[k] - tape.kwh[k - 1])


def _from(tape: Tape, k: int, shown: np.ndarray, causes: Causes, unknowable_kwh: float = 0.0) -> Fault:
    kwh = np.where(np.arange(len(tape)) >= k, shown, tape.kwh)
    return Fault(
        tape.showing(kwh), int(tape.time_us[k - 1]), int(tape.time_us[k]), causes, max(unknowable_kwh, 0.0)
    )
