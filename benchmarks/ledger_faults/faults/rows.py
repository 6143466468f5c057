"""The rows are wrong, not the meter: Home Assistant's sums, hours lumped together, times shifted."""

from dataclasses import replace

import numpy as np

from benchmarks.ledger_faults.faults.fault import Causes, Fault
from benchmarks.ledger_faults.homes import HOUR_US
from benchmarks.ledger_faults.tape import Tape
from darkstar.ledger.causes.cause import Cause

LUMPED: Causes = frozenset({Cause.LUMPED, Cause.FROZEN})


def false_reset_sum(tape: Tape, k: int, random: np.random.Generator) -> Fault | None:
    """Home Assistant took a zero within the hour for a reset: its sum is too high by the whole meter."""
    return _sum_off(tape, k, float(tape.kwh[k]))


def edited_sum(tape: Tape, k: int, random: np.random.Generator) -> Fault | None:
    """Somebody changed Home Assistant's sum."""
    return _sum_off(tape, k, float(random.uniform(-50, 50)))


def hour_lumped(tape: Tape, k: int, random: np.random.Generator) -> Fault | None:
    """From some hour on, a file's readings move at the full hour only; at least a day's hours count something.

    To stand still and then come with more than can flow in so short a time is what a frozen meter does each hour.
    """
    full = tape.time_us // HOUR_US * HOUR_US
    at_hour = np.interp(full, tape.time_us, tape.kwh)
    kwh = np.where(np.arange(len(tape)) >= k, np.maximum(at_hour, tape.kwh[k - 1]), tape.kwh)
    hours = np.arange(tape.time_us[k], tape.time_us[-1], HOUR_US)
    counting = int((np.diff(np.interp(hours, tape.time_us, tape.kwh)) > 0.06).sum())
    if np.median(np.diff(tape.time_us)) > HOUR_US / 4 or counting < 26:
        return None
    shown = tape.showing(kwh)
    return Fault(shown, int(tape.time_us[k]), int(tape.time_us[-1]), LUMPED, _end(tape))


def shifted(tape: Tape, k: int, random: np.random.Generator) -> Fault | None:
    """A file's times are an hour late; Home Assistant's hours are beside it."""
    return Fault(
        replace(tape, time_us=tape.time_us + HOUR_US),
        int(tape.time_us[0]),
        int(tape.time_us[-1]),
        frozenset({Cause.SHIFTED}),
        _end(tape) + _begin(tape),
        beside_truth=True,
    )


def _sum_off(tape: Tape, k: int, more_kwh: float) -> Fault | None:
    if abs(more_kwh) < 0.1:
        return None
    more = tape.sum_more_kwh + np.where(np.arange(len(tape)) >= k, more_kwh, 0.0)
    return Fault(
        replace(tape, sum_more_kwh=more),
        int(tape.time_us[k - 1]),
        int(tape.time_us[k]),
        frozenset({Cause.SUM_APART}),
    )


def _begin(tape: Tape) -> float:
    """Energy of the first hours, which a shift moves out of sight."""
    return float(np.interp(tape.time_us[0] + 4 * HOUR_US, tape.time_us, tape.kwh) - tape.kwh[0])


def _end(tape: Tape) -> float:
    """Energy of the last hours."""
    return float(tape.kwh[-1] - np.interp(tape.time_us[-1] - 4 * HOUR_US, tape.time_us, tape.kwh))
