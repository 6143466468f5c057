"""The battery's state of charge at the edges of slots."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from darkstar.domain.slots import HOUR_SECONDS, Slots
from darkstar.ledger.evidence import MICROSECONDS, MeterEvidence, Readings, Reporting
from darkstar.ledger.spans import measure_before, subtract

FOREVER = np.iinfo(np.int64).max
PERIODIC_REACH_US = HOUR_SECONDS * MICROSECONDS
"""Between readings of a file further apart than this, the state of charge is not known."""


def state_of_charge(meters: Sequence[MeterEvidence], edges_utc: Slots) -> NDArray[np.float64]:
    """Percent at each instant, shape (n,); the first meter that knows it is asked, NaN where none does.

    A state that a watched sensor showed holds until its next one. Nothing stands in for an unknown state of charge.
    """
    percent = np.full(len(edges_utc), np.nan)
    for meter in meters:
        percent = np.where(np.isnan(percent), _of_one(meter, edges_utc * MICROSECONDS), percent)
    return percent


def _of_one(meter: MeterEvidence, edges_us: NDArray[np.int64]) -> NDArray[np.float64]:
    time_us, percent = _samples(meter.readings)
    good = np.isfinite(percent)
    if not good.any():
        return np.full(len(edges_us), np.nan)
    if meter.reporting is Reporting.PERIODIC:
        return _between(time_us[good], percent[good], edges_us)
    last = np.searchsorted(time_us, edges_us, side="right") - 1
    held = np.where(last >= 0, percent[np.maximum(last, 0)], np.nan)
    changed = np.where(last >= 0, time_us[np.maximum(last, 0)], edges_us)
    mute = np.flatnonzero(~good)
    holes = np.column_stack([time_us[mute], np.append(time_us, FOREVER)[mute + 1]])
    watched = subtract(meter.watched_us, holes)
    seen = measure_before(watched, edges_us) - measure_before(watched, changed) >= edges_us - changed
    return np.where(seen, held, np.nan)


def _samples(readings: Readings) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    percent = np.full(len(readings), np.nan)
    for i, state in enumerate(readings.state):
        try:
            percent[i] = float(str(state))
        except ValueError:
            continue
    percent[~((percent >= 0) & (percent <= 100))] = np.nan
    last_of_instant = np.append(readings.time_us[1:] != readings.time_us[:-1], True)[: len(readings)]
    return readings.time_us[last_of_instant], percent[last_of_instant]


def _between(
    time_us: NDArray[np.int64], percent: NDArray[np.float64], edges_us: NDArray[np.int64]
) -> NDArray[np.float64]:
    origin = int(edges_us[0])
    line = np.interp(
        (edges_us - origin).astype(np.float64),
        (time_us - origin).astype(np.float64),
        percent,
        left=np.nan,
        right=np.nan,
    )
    after = np.minimum(np.searchsorted(time_us, edges_us, side="left"), len(time_us) - 1)
    gap = time_us[after] - time_us[np.maximum(after - 1, 0)]
    exact = time_us[after] == edges_us
    return np.where((gap <= PERIODIC_REACH_US) | exact, line, np.nan)
