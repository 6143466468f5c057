"""From Home Assistant's statistics to energies: each row is a reading at its period's end, and a sum beside it.

The state tells what the meter showed, the sum what Home Assistant made of it. They disagree where the meter was reset
(the sum is right: it holds what came before and after), and where Home Assistant took a bad reading for a reset (the
state is right). So the states are judged like any other readings (`trust.py`), and the sum is asked only where the
states cannot tell.
"""

import numpy as np
from numpy.typing import NDArray

from darkstar.domain.slots import HOUR_SECONDS
from darkstar.ledger.evidence import MICROSECONDS, Source, Statistics
from darkstar.ledger.meters import Steps, without_frozen
from darkstar.ledger.resolved import Flag
from darkstar.ledger.standstill import leaps
from darkstar.ledger.trust import LATE_SECONDS, trust

SOURCE = {300: Source.HA_5MIN, 3600: Source.HA_HOUR}
AGREE_KWH = 1e-3


def statistic_steps(statistics: Statistics, limit_kw: float) -> Steps:
    """Energies from each row to the next of a meter through which at most `limit_kw` flows.

    The first row yields none. A step over missing rows is `whole`: its energy belongs to all the time between; so is
    more than the connection carries in a period, which belongs to all the time that the meter stood still. Rows
    without a state are told by their sums.
    """
    known = np.isfinite(statistics.state_kwh) | np.isfinite(statistics.sum_kwh)
    if known.sum() < 2:
        return Steps.empty()
    end = (statistics.start_utc[known] + statistics.period_s).astype(np.int64)
    state, total = statistics.state_kwh[known], statistics.sum_kwh[known]
    shown = np.abs(state) if np.isfinite(state).all() else total - np.nanmin(total)
    usable = np.isfinite(shown)
    end, shown, total = end[usable], shown[usable], total[usable]
    believed = trust(end.astype(np.float64), shown, limit_kw)
    index = believed.index
    rise, by_sum = np.diff(shown[index]), np.diff(total[index])
    flags = believed.flags[1:].copy()
    seconds = np.diff(end[index])
    carried = limit_kw * (seconds + LATE_SECONDS) / HOUR_SECONDS
    sum_tells = np.isfinite(by_sum) & (by_sum >= 0) & (by_sum <= carried)
    energy = np.maximum(rise, 0.0)
    reset = (flags & Flag.RESET) != 0
    energy[reset] = np.where(sum_tells, np.maximum(by_sum, shown[index][1:]), shown[index][1:])[reset]
    lost = (flags & (Flag.IMPLAUSIBLE | Flag.REPLACED)) != 0
    energy[lost] = np.where(sum_tells & (by_sum > AGREE_KWH), by_sum, np.nan)[lost]
    flags[lost & np.isfinite(energy)] &= ~int(Flag.IMPLAUSIBLE)
    judged = np.isfinite(energy) & np.isfinite(by_sum) & np.isfinite(state).all()
    flags[judged & ~reset & ~lost & (np.abs(by_sum - rise) > AGREE_KWH)] |= Flag.SUM_APART
    since = end[index][_last_news(shown[index])]
    still = (energy > carried) & (flags == 0) & (seconds == statistics.period_s)
    begin = np.where(still, since, end[index][:-1])
    leapt = leaps(begin * MICROSECONDS, end[index][1:] * MICROSECONDS, energy, still)
    flags[leapt] |= Flag.IMPLAUSIBLE
    energy[leapt] = np.nan
    lump = energy > carried
    start = np.where(lump, since, end[index][:-1])
    whole = (seconds > statistics.period_s) | lump
    flags[whole & (energy > 0)] |= Flag.SPREAD
    steps = Steps(
        start_us=start * MICROSECONDS,
        end_us=end[index][1:] * MICROSECONDS,
        energy_kwh=energy,
        flags=flags,
        source=np.full(len(energy), SOURCE[statistics.period_s], dtype=np.int8),
        whole=whole,
    )
    return without_frozen(steps, lump)


def _last_news(shown: NDArray[np.float64]) -> NDArray[np.intp]:
    """For each step between rows, the row at which the meter first showed what it shows as the step begins."""
    new = np.append(True, np.diff(shown) != 0)
    return np.asarray(np.maximum.accumulate(np.where(new, np.arange(len(shown)), 0))[:-1])
