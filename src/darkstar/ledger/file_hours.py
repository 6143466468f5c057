"""What a file says of each hour, by itself: nothing estimated, nothing filled in.

Energies of intervals add up. Readings of a meter give what it counted between them, and the reading at the edge of an
hour lies on the line between its neighbours: a file is a meter that is read at every step, so its silence is missing
data. (Home Assistant's rule, the last state at or before each edge, is for states that hold until they change; on a
file that is read some seconds after the hour it would move every number by an hour.) Which readings are believed, the
ledger's own rules say: a dip or a reset in the file is no energy.
"""

import numpy as np
from numpy.typing import NDArray

from darkstar.domain.slots import HOUR_SECONDS, SLOT_SECONDS
from darkstar.ledger.evidence import MICROSECONDS, Intervals, MeterEvidence
from darkstar.ledger.meters import Steps, count
from darkstar.ledger.spans import measure_before, union
from darkstar.ledger.spreading import spread_evenly

Series = NDArray[np.float64]
Hours = NDArray[np.int64]

LONGEST_US = int(HOUR_SECONDS * 1.05) * MICROSECONDS
"""Readings of an hourly logger come some seconds early or late."""
SHORT_US = SLOT_SECONDS * MICROSECONDS
LATE_US = SLOT_SECONDS // 5 * MICROSECONDS
"""By how much a row longer than a quarter may reach over the edge of an hour."""
CERTAIN_KWH = 1e-6


def hours_of_file(evidence: MeterEvidence, hours: Hours, limit_kw: float) -> Series:
    """Energy of each hour as a file's column has it [kWh]; shape (n,), NaN where it does not know the whole hour.

    Args:
        evidence: readings or intervals of a column through which at most `limit_kw` flows. hours: (n,) consecutive.
    """
    edges_us = np.append(hours, hours[-1:] + HOUR_SECONDS) * MICROSECONDS
    readings = count(evidence, limit_kw).steps
    known = np.zeros(len(hours), dtype=np.bool_)
    energy = np.zeros(len(hours))
    for steps in (readings.take(~readings.whole), _of_intervals(evidence.intervals)):
        telling = steps.take(np.isfinite(steps.energy_kwh) & _is_timed(steps, edges_us))
        spans = union(np.column_stack([telling.start_us, telling.end_us]))
        known |= np.diff(measure_before(spans, edges_us)) >= HOUR_SECONDS * MICROSECONDS
        energy += spread_evenly(telling, edges_us)
    return np.where(known, energy, np.nan)


def smallest_step_kwh(evidence: MeterEvidence) -> float:
    """The smallest step between a file's readings [kWh]; 0 where it has energies, or shows next to nothing."""
    shown = np.unique(np.array([float(str(state)) for state in evidence.readings.state]))
    steps = np.diff(shown)
    steps = steps[steps > CERTAIN_KWH]
    return float(steps.min()) if len(steps) >= 2 else 0.0


def _is_timed(steps: Steps, edges_us: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Steps short enough, and clear enough of the hours' edges, to say which hour their energy belongs to.

    No energy is none in each hour, however long it took.
    """
    took = steps.end_us - steps.start_us
    place = np.searchsorted(edges_us, steps.start_us, side="right")
    edge = edges_us[np.minimum(place, len(edges_us) - 1)]
    over = np.where(edge > steps.start_us, steps.end_us - edge, 0)
    clear = (took <= SHORT_US) | (np.minimum(over, took - over) <= LATE_US)
    return np.asarray((steps.energy_kwh == 0) | ((took <= LONGEST_US) & clear))


def _of_intervals(intervals: Intervals) -> Steps:
    n = len(intervals)
    return Steps(
        intervals.start_utc * MICROSECONDS,
        intervals.end_utc * MICROSECONDS,
        intervals.energy_kwh,
        np.zeros(n, dtype=np.int32),
        np.zeros(n, dtype=np.int8),
        np.zeros(n, dtype=np.bool_),
    )
