"""A meter that stood still and then came with much at once: had it been frozen, or did it leap?

A frozen meter comes with what went through it meanwhile, and that is of the size of what goes through it at other
times. A meter that leaps has no reason to have stood still before, unless it always does at that time of day: the
sun's at night, a tariff's outside its hours. So two things are asked of the day and a half to each side: the most that
the meter counted in any time so long, and whether it stood still in the same hours of the days around.
"""

import numpy as np
from numpy.typing import NDArray

from darkstar.domain.slots import DAY_SECONDS
from darkstar.ledger.evidence import MICROSECONDS, Instants

Series = NDArray[np.float64]

DAY_US = DAY_SECONDS * MICROSECONDS
AROUND_US = 3 * DAY_US // 2
"""Well within the margin of evidence that the rules look at."""
DAYS_BESIDE = (-1, 1)
IDLE_SHARE = 0.1
"""Of the most that a meter counts in so long a time: what it may count where it is said to stand still."""
UNLIKE_WHERE_IDLE, UNLIKE = 1.5, 8.0
"""So many times the most that it counts elsewhere is a leap: where it stands still every day, and where it does not.
A car that is charged once in three days draws up to seven times what the home else draws in a night."""


def leaps(
    end_us: Instants, energy_kwh: Series, since_us: Instants, still: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Which of the steps after a standstill are no energy that was counted meanwhile.

    Args:
        end_us: (m,) ends of a meter's steps, rising. energy_kwh: (m,), NaN where it is not known.
        since_us: (m,) since when the meter showed the same. still: (m,) the steps in question.
    """
    found = np.zeros(len(end_us), dtype=np.bool_)
    counted = np.append(0.0, np.cumsum(np.where(still | ~np.isfinite(energy_kwh), 0.0, energy_kwh)))
    for row in np.flatnonzero(still).tolist():
        found[row] = _leapt(end_us, counted, int(since_us[row]), int(end_us[row]), float(energy_kwh[row]))
    return found


def _leapt(end_us: Instants, counted: Series, since_us: int, until_us: int, lump_kwh: float) -> bool:
    length = min(until_us - since_us, DAY_US)
    most = max(
        _most(end_us, counted, max(since_us - AROUND_US, int(end_us[0])), since_us, length),
        _most(end_us, counted, until_us, min(until_us + AROUND_US, int(end_us[-1])), length),
    )
    if most < 0:
        return False
    idle = any(
        0 <= _energy(end_us, counted, since_us + day * DAY_US, until_us + day * DAY_US) <= IDLE_SHARE * most
        for day in DAYS_BESIDE
    )
    most *= (until_us - since_us) / length
    return lump_kwh > most * (UNLIKE_WHERE_IDLE if idle and length < DAY_US else UNLIKE)


def _most(end_us: Instants, counted: Series, start_us: int, stop_us: int, length_us: int) -> float:
    """Most that was counted in a time so long within [start, stop]; -1 where that is too short."""
    if stop_us - start_us < length_us:
        return -1.0
    first, last = np.searchsorted(end_us, (start_us, stop_us), side="right")
    until = np.append(end_us[first:last], stop_us)
    until = until[until >= start_us + length_us]
    upto = counted[np.searchsorted(end_us, until, side="right")]
    before = counted[np.searchsorted(end_us, until - length_us, side="right")]
    return float((upto - before).max(initial=0.0))


def _energy(end_us: Instants, counted: Series, start_us: int, stop_us: int) -> float:
    """What was counted in (start, stop]; -1 where that is not wholly known."""
    if start_us < end_us[0] or stop_us > end_us[-1]:
        return -1.0
    low, high = np.searchsorted(end_us, (start_us, stop_us), side="right")
    return float(counted[high] - counted[low])
