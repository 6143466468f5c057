"""A meter that stood still and then came with much at once: had it been frozen, or did it leap?

A frozen meter comes with what went through it meanwhile, and that is of the size of what goes through it at other
times. A meter that leaps has no reason to have stood still before, unless it always does at that time of day: the
sun's at night, a tariff's outside its hours. So two things are asked of the day and a half to each side: the most that
the meter counted in any time so long, and whether it stood still in the same hours of the days around.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from darkstar.domain.slots import DAY_SECONDS, HOUR_SECONDS
from darkstar.ledger.evidence import MICROSECONDS, Instants

Series = NDArray[np.float64]

DAY_US, HOUR_US = DAY_SECONDS * MICROSECONDS, HOUR_SECONDS * MICROSECONDS
AROUND_US = 3 * DAY_US // 2
"""Well within the margin of evidence that the rules look at."""
SUSTAINED_SHARE = 0.7
"""Of the power of its strongest hour: what a meter may count all the while, though it stood still the day before."""
DAYS_BESIDE = (-1, 1)
IDLE_SHARE = 0.1
"""Of the most that a meter counts in so long a time: what it may count where it is said to stand still."""
UNLIKE_WHERE_IDLE, UNLIKE = 1.5, 8.0
"""So many times the most that it counts elsewhere is a leap: where it stands still every day, and where it does not.
A car that is charged once in three days draws up to seven times what the home else draws in a night."""


@dataclass(frozen=True)
class _Habits:
    """What a meter does else.

    Attributes:
        end_us: (m,) ends of its steps, rising. counted: (m + 1,) energy up to each, without what is not known in time.
        vague_us: (k, 2) time in which that is.
    """

    end_us: Instants
    counted: Series
    vague_us: Instants

    def most(self, start_us: int, stop_us: int, length_us: int) -> float:
        """Most that was counted in a time so long within [start, stop]; -1 where that is too short."""
        if stop_us - start_us < length_us:
            return -1.0
        first, last = np.searchsorted(self.end_us, (start_us, stop_us), side="right")
        until = np.append(self.end_us[first:last], stop_us)
        until = until[until >= start_us + length_us]
        return float((self._upto(until) - self._upto(until - length_us)).max(initial=0.0))

    def energy(self, start_us: int, stop_us: int) -> float:
        """What was counted in (start, stop]; -1 where that is not wholly known."""
        if start_us < self.end_us[0] or stop_us > self.end_us[-1]:
            return -1.0
        if ((self.vague_us[:, 0] < stop_us) & (self.vague_us[:, 1] > start_us)).any():
            return -1.0
        low, high = self._upto(np.array([start_us, stop_us]))
        return float(high - low)

    def _upto(self, at_us: Instants) -> Series:
        return np.asarray(self.counted[np.searchsorted(self.end_us, at_us, side="right")])


def leaps(
    start_us: Instants, end_us: Instants, energy_kwh: Series, still: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Which of the steps after a standstill are no energy that was counted meanwhile.

    Args:
        start_us, end_us: (m,) of a meter's steps, ends rising; a standstill's from when the meter showed the same.
        energy_kwh: (m,), NaN where it is not known. still: (m,) the steps in question.
    """
    found = np.zeros(len(end_us), dtype=np.bool_)
    if not still.any():
        return found
    lost = still | ~np.isfinite(energy_kwh)
    vague = lost | ((energy_kwh > 0) & (end_us - start_us > HOUR_US))
    habits = _Habits(
        end_us,
        np.append(0.0, np.cumsum(np.where(lost, 0.0, energy_kwh))),
        np.column_stack([start_us, end_us])[vague],
    )
    for row in np.flatnonzero(still).tolist():
        found[row] = _leapt(habits, int(start_us[row]), int(end_us[row]), float(energy_kwh[row]))
    return found


def _leapt(habits: _Habits, since_us: int, until_us: int, lump_kwh: float) -> bool:
    length = min(until_us - since_us, DAY_US)
    first, last = int(habits.end_us[0]), int(habits.end_us[-1])
    most = max(
        habits.most(max(since_us - AROUND_US, first), since_us, length),
        habits.most(until_us, min(until_us + AROUND_US, last), length),
    )
    if most < 0:
        return False
    beside = [habits.energy(since_us + day * DAY_US, until_us + day * DAY_US) for day in DAYS_BESIDE]
    idle = length < DAY_US and any(0 <= kwh <= IDLE_SHARE * most for kwh in beside)
    days = (until_us - since_us) / length
    if not idle:
        return lump_kwh > days * most * UNLIKE
    strongest = max(
        habits.most(max(since_us - AROUND_US, first), since_us, HOUR_US),
        habits.most(until_us, min(until_us + AROUND_US, last), HOUR_US),
    )
    return lump_kwh > max(UNLIKE_WHERE_IDLE * most, SUSTAINED_SHARE * strongest * length / HOUR_US)
