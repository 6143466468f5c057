"""Nothing is heard, or always the same: outages, restarts, frozen meters, hours without a row."""

from dataclasses import replace

import numpy as np

from benchmarks.ledger_faults.faults.fault import SECOND, Causes, Fault
from benchmarks.ledger_faults.homes import CONNECTION_KW, HOUR_US
from benchmarks.ledger_faults.tape import Tape
from darkstar.ledger.causes.cause import Cause

SILENT: Causes = frozenset({Cause.OUTAGE, Cause.CATCH_UP})


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


def missing_hours(tape: Tape, k: int, random: np.random.Generator) -> Fault | None:
    """Two to twelve hours have no row."""
    return _silent(tape, k, int(random.integers(2, 13)) * HOUR_US)


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
