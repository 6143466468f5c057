"""What befalls meters: each family does its fault to a tape at a place, and says what there is to find.

A family returns None where the place does not suit it (an outage in which nothing was counted leaves nothing to find).
What a fault makes unknowable is said with it: the energy between the last reading of an old meter and the first of a
new one is known to nobody, and is not held against anybody.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from benchmarks.ledger_faults.homes import CONNECTION_KW, HOUR_US, Way
from benchmarks.ledger_faults.tape import Tape
from darkstar.ledger.causes.cause import Cause
from darkstar.ledger.evidence import MICROSECONDS

SECOND = MICROSECONDS
Causes = frozenset[Cause]
NOTHING: Causes = frozenset()
SILENT: Causes = frozenset({Cause.OUTAGE, Cause.CATCH_UP})
LUMPED: Causes = frozenset({Cause.LUMPED, Cause.FROZEN})
LATE: Causes = frozenset({Cause.LATE})
RESET: Causes = frozenset({Cause.RESET})
EVERYWHERE = frozenset(Way)
RECORDED = frozenset({Way.STATES, Way.FILE})
STATES = frozenset({Way.STATES})
FILE = frozenset({Way.FILE})
STATISTICS = frozenset({Way.STATISTICS})


@dataclass(frozen=True)
class Fault:
    """A fault that was done.

    Attributes:
        tape: what the meter showed with it.
        from_us, to_us: where it may be found.
        causes: any of these names it rightly.
        unknowable_kwh: energy that nobody can know for it.
        harmless: it does no harm, and is found by that; naming it is allowed, not asked.
        beside_truth: Home Assistant has the true hours by another way.
    """

    tape: Tape
    from_us: int
    to_us: int
    causes: Causes
    unknowable_kwh: float = 0.0
    harmless: bool = False
    beside_truth: bool = False


Family = Callable[[Tape, int, np.random.Generator], Fault | None]
"""What a family does to a tape at reading k >= 1."""


@dataclass(frozen=True)
class Named:
    """A family with the ways in which it can come."""

    ways: frozenset[Way]
    befall: Family


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


def outage(tape: Tape, k: int, random: np.random.Generator) -> Fault | None:
    """Six hours without a reading, then all of the energy at once."""
    return _silent(tape, k, 6 * HOUR_US)


def outage_unknown(tape: Tape, k: int, random: np.random.Generator) -> Fault | None:
    """Six hours `unavailable`, then all of the energy at once."""
    return _silent(tape, k, 6 * HOUR_US, "unavailable")


def short_outage(tape: Tape, k: int, random: np.random.Generator) -> Fault | None:
    """Two to thirty minutes `unavailable`: no harm is done that shows by the slot."""
    fault = _silent(tape, k, int(random.uniform(2, 30) * 60 * SECOND), "unavailable")
    return fault and replace(fault, harmless=True)


def restart(tape: Tape, k: int, random: np.random.Generator) -> Fault | None:
    """Home Assistant is away for hours, shows `unknown`, then the old value, then the meter: a lump."""
    fault = _silent(tape, k, int(random.uniform(1.5, 6) * HOUR_US), "unavailable")
    if fault is None:
        return None
    back = int(fault.tape.time_us[np.searchsorted(fault.tape.time_us, fault.to_us)])
    old = float(fault.tape.kwh[np.searchsorted(fault.tape.time_us, fault.from_us)])
    shown = fault.tape.with_text(back - 3 * SECOND, "unknown").with_reading(back - 2 * SECOND, old)
    return replace(fault, tape=shown)


def frozen(tape: Tape, k: int, random: np.random.Generator) -> Fault | None:
    """The meter shows the same for six hours, then all of the energy at once: more than can flow in one step."""
    last = int(np.searchsorted(tape.time_us, tape.time_us[k] + 6 * HOUR_US))
    if last >= len(tape):
        return None
    kwh = tape.kwh.copy()
    kwh[k:last] = kwh[k - 1]
    lump = kwh[last] - kwh[k - 1]
    if lump <= CONNECTION_KW * ((tape.time_us[last] - tape.time_us[last - 1]) / HOUR_US + 0.25):
        return None
    causes = frozenset({Cause.FROZEN, Cause.CATCH_UP})
    return Fault(tape.showing(kwh), int(tape.time_us[k - 1]), int(tape.time_us[last]), causes)


def frozen_for_ever(tape: Tape, k: int, random: np.random.Generator) -> Fault | None:
    """The meter shows the same from some day on."""
    lost = float(tape.kwh[-1] - tape.kwh[k - 1])
    kwh = np.minimum(tape.kwh, tape.kwh[k - 1])
    return Fault(
        tape.showing(kwh),
        int(tape.time_us[k - 1]),
        int(tape.time_us[-1]),
        frozenset({Cause.FROZEN, Cause.BALANCE}),
        lost,
    )


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


def missing_hours(tape: Tape, k: int, random: np.random.Generator) -> Fault | None:
    """Two to twelve hours have no row."""
    return _silent(tape, k, int(random.integers(2, 13)) * HOUR_US)


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


FAMILIES: Mapping[str, Named] = {
    "stray zero": Named(EVERYWHERE, stray_zero),
    "run of zeros": Named(EVERYWHERE, zeros),
    "glitch of +500": Named(EVERYWHERE, glitch),
    "glitch, several readings": Named(EVERYWHERE, glitches),
    "small dip that returns": Named(EVERYWHERE, small_dip),
    "large dip that returns": Named(EVERYWHERE, large_dip),
    "small step back": Named(EVERYWHERE, step_back),
    "back to a saved value": Named(EVERYWHERE, saved_value),
    "reset to 0": Named(EVERYWHERE, reset),
    "reset seen at 0": Named(STATES, reset_seen_at_zero),
    "reset mid-climb": Named(EVERYWHERE, reset_mid_climb),
    "daily reset": Named(EVERYWHERE, daily_reset),
    "meter replaced, lower": Named(EVERYWHERE, replaced_down),
    "meter replaced, higher": Named(EVERYWHERE, replaced_up),
    "jump that stays": Named(EVERYWHERE, jump),
    "6 h outage, silent": Named(FILE, outage),
    "6 h outage, unavailable": Named(STATES, outage_unknown),
    "short outage": Named(STATES, short_outage),
    "restart, old value, lump": Named(STATES, restart),
    "frozen, then lump": Named(RECORDED, frozen),
    "frozen for ever": Named(EVERYWHERE, frozen_for_ever),
    "readings twice": Named(RECORDED, twice),
    "readings out of order": Named(RECORDED, out_of_order),
    "Wh for a while, said": Named(RECORDED, unit_said),
    "Wh for a while, unsaid": Named(EVERYWHERE, unit_unsaid),
    "sign turned for a while": Named(RECORDED, sign_turned),
    "text states": Named(STATES, texts),
    "hours without statistics": Named(STATISTICS, missing_hours),
    "sum took a zero for a reset": Named(STATISTICS, false_reset_sum),
    "sum edited": Named(STATISTICS, edited_sum),
    "hour-lumped readings": Named(FILE, hour_lumped),
    "shifted by an hour": Named(FILE, shifted),
}


def _step(tape: Tape, k: int) -> float:
    return float(tape.kwh[k] - tape.kwh[k - 1])


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


def _from(tape: Tape, k: int, shown: np.ndarray, causes: Causes, unknowable_kwh: float = 0.0) -> Fault:
    kwh = np.where(np.arange(len(tape)) >= k, shown, tape.kwh)
    return Fault(
        tape.showing(kwh), int(tape.time_us[k - 1]), int(tape.time_us[k]), causes, max(unknowable_kwh, 0.0)
    )


def _silent(tape: Tape, k: int, length_us: int, text: str = "") -> Fault | None:
    gone = (np.arange(len(tape)) >= k) & (tape.time_us < tape.time_us[k] + length_us)
    back = k + int(gone.sum())
    if back >= len(tape) or tape.kwh[back] - tape.kwh[k - 1] < 0.01:
        return None
    start, end = int(tape.time_us[k - 1]), int(tape.time_us[back])
    shown = tape.take(~gone)
    if text:
        shown = shown.with_text(start + SECOND, text)
    return Fault(shown, start, end, SILENT)


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
