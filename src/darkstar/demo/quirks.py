"""What befalls meters: each function does one thing to a meter's readings. Instants in UTC seconds."""

from dataclasses import replace

import numpy as np

from darkstar.demo.meters import MeterReadings, State
from darkstar.ledger.evidence import MICROSECONDS


def reset(readings: MeterReadings, at: int) -> MeterReadings:
    """The meter lost its memory: it shows 0 at that instant and counts on."""
    at_us = at * MICROSECONDS
    before = readings.value[readings.time_us < at_us]
    lost = float(before[-1]) if len(before) else 0.0
    later = readings.time_us >= at_us
    value = np.where(later, np.round(readings.value - lost, 6), readings.value)
    return replace(readings, value=value).with_reading(at_us - 1, 0.0)


def unavailable(readings: MeterReadings, start: int, end: int) -> MeterReadings:
    """The device was out of reach in [start, end); it counted on and is read again at its end."""
    after = readings.time_us >= end * MICROSECONDS
    first = int(np.argmax(after)) if after.any() else len(readings) - 1
    seen = float(readings.value[first])
    return (
        _without(readings, start, end)
        .with_reading(start * MICROSECONDS, np.nan, State.UNAVAILABLE)
        .with_reading(min(end * MICROSECONDS, int(readings.time_us[first])), seen)
    )


def dip(readings: MeterReadings, start: int, end: int, share: float) -> MeterReadings:
    """The meter showed too little, by a share, in [start, end) and came back."""
    inside = (readings.time_us >= start * MICROSECONDS) & (readings.time_us < end * MICROSECONDS)
    return replace(
        readings, value=np.where(inside, np.round(readings.value * (1 - share), 2), readings.value)
    )


def stray(
    readings: MeterReadings, at: int, value: float | None = None, *, more: float = 0.0
) -> MeterReadings:
    """One wrong reading between two right ones: a value (a false zero), or so much more than there is."""
    at_us = at * MICROSECONDS
    before = int(np.searchsorted(readings.time_us, at_us, side="right")) - 1
    right = float(readings.value[before])
    wrong = right + more if value is None else value
    return readings.with_reading(at_us, wrong).with_reading(at_us + 20 * MICROSECONDS, right)


def restart(readings: MeterReadings, at: int) -> MeterReadings:
    """Home Assistant restarted: unavailable, then unknown, then the old value restored, then a fresh one."""
    before = int(np.searchsorted(readings.time_us, at * MICROSECONDS, side="right")) - 1
    restored = float(readings.value[before])
    return (
        _without(readings, at, at + 150)
        .with_reading(at * MICROSECONDS, np.nan, State.UNAVAILABLE)
        .with_reading((at + 45) * MICROSECONDS, np.nan, State.UNKNOWN)
        .with_reading((at + 60) * MICROSECONDS, restored)
    )


def _without(readings: MeterReadings, start: int, end: int) -> MeterReadings:
    return readings.take((readings.time_us < start * MICROSECONDS) | (readings.time_us >= end * MICROSECONDS))
