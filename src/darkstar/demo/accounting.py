"""Home Assistant's long-term statistics of the demo's meters, by Home Assistant's own rule.

    fall below 0.9 x the value before    a reset: the new value is added whole
    smaller fall                         taken as real: negative energy
    state of a period                    the last value before its end
    row                                  only where a number was there at some time of the period

This stands apart from the ledger's own copy of the rule on purpose: the demo must not agree with itself by mistake.
"""

import numpy as np
from numpy.typing import NDArray

from darkstar.demo.meters import MeterReadings, State
from darkstar.ledger.evidence import MICROSECONDS, Statistics

RESET_BELOW = 0.9


def running_sum(value: NDArray[np.float64]) -> NDArray[np.float64]:
    """Home Assistant's `sum` after each value of a `total_increasing` meter, from 0 at the first; shape (n,)."""
    if not len(value):
        return np.zeros(0)
    before, after = value[:-1], value[1:]
    added = np.where(after < RESET_BELOW * before, after, after - before)
    return np.concatenate([[0.0], np.cumsum(added)])


def statistics(
    readings: MeterReadings, period_s: int, start_utc: int, end_utc: int, kwh_per_unit: float
) -> Statistics:
    """Rows of the whole periods in [start_utc, end_utc)."""
    starts = np.arange(-(-start_utc // period_s), end_utc // period_s, dtype=np.int64) * period_s
    good = readings.state == State.NUMBER
    time_us, value = readings.time_us[good], readings.value[good]
    last = np.searchsorted(time_us, (starts + period_s) * MICROSECONDS, side="left") - 1
    held = np.searchsorted(readings.time_us, starts * MICROSECONDS, side="right") - 1
    reported = (last >= 0) & (time_us[np.maximum(last, 0)] >= starts * MICROSECONDS)
    there = reported | ((held >= 0) & good[np.maximum(held, 0)])
    return Statistics(
        period_s,
        starts[there],
        value[last[there]] * kwh_per_unit,
        running_sum(value)[last[there]] * kwh_per_unit,
    )
