"""Home Assistant's own accounting, applied to samples: what its statistics say, right or wrong.

Its rule for `total_increasing` (homeassistant/components/sensor/recorder.py): a value below 0.9 times the previous one
is a reset, and the new value is added whole; any other difference is added as it is, a small fall too; a value below
zero is refused. A state counts in the period in which it was recorded; one recorded exactly at a period's end counts in
the next. An hour has a row if the meter showed a number at any time in it; the row after a gap carries the gap's
energy.

Applied to the samples that Home Assistant had, the rule gives its number, and so proves where a difference to the
ledger comes from. Applied to a meter without statistics, it gives the number that Home Assistant would have.
"""

import numpy as np
from numpy.typing import NDArray

from darkstar.domain.slots import HOUR_SECONDS
from darkstar.ledger.evidence import MICROSECONDS, Readings, Statistics
from darkstar.ledger.numbers import parse_signed

RESET_SHARE = 0.9

Hours = NDArray[np.int64]
Series = NDArray[np.float64]


def ha_hours(readings: Readings, hours: Hours, *, edge_counts_before: bool = False) -> Series:
    """Home Assistant's `change` of each hour [kWh]; shape (n,), NaN where it would have no row.

    Args:
        readings: the meter's states, beginning before the first hour for that hour to have a number.
        hours: (n,) consecutive starts of hours.
        edge_counts_before: count a state recorded exactly at an hour's end in that hour, as the ledger does.
    """
    time_us, value, mute_us = parse_signed(readings)
    if len(value) < 2:
        return np.full(len(hours), np.nan)
    total = np.append(0.0, _summed(value))
    edges = np.append(hours, hours[-1:] + HOUR_SECONDS) * MICROSECONDS
    seen = np.searchsorted(time_us, edges, side="right" if edge_counts_before else "left")
    at_edges = total[seen]
    reported = seen[1:] > seen[:-1]
    mute_at_start = _inside(edges[:-1], mute_us)
    held = (seen[:-1] > 0) & ~mute_at_start
    first_hour = seen[:-1] == 0
    row = (reported | held) & ~first_hour
    change = np.full(len(hours), np.nan)
    base = at_edges[0]
    for i in np.flatnonzero(row | reported).tolist():
        if row[i]:
            change[i] = at_edges[i + 1] - base
        base = at_edges[i + 1]
    return change


def _summed(value: Series) -> Series:
    """Home Assistant's sum after each state; a state below zero counts for nothing, unless it is the first."""
    counts = (value >= 0) | (np.arange(len(value)) == 0)
    before, now = value[counts][:-1], value[counts][1:]
    added = np.append(0.0, np.where(now < RESET_SHARE * before, now, now - before))
    return np.asarray(np.cumsum(added)[np.cumsum(counts) - 1])


def _inside(at_us: NDArray[np.int64], spans: NDArray[np.int64]) -> NDArray[np.bool_]:
    if not len(spans):
        return np.zeros(len(at_us), dtype=np.bool_)
    place = np.searchsorted(spans[:, 0], at_us, side="right") - 1
    return np.asarray((place >= 0) & (at_us < spans[np.maximum(place, 0), 1]))


def change_by_sum(statistics: Statistics, hours: Hours) -> Series:
    """Home Assistant's `change` of each hour from its rows' sums; shape (n,), NaN where it has no row.

    The first row has none: what Home Assistant answers for it is its whole sum.
    """
    change = np.full(len(hours), np.nan)
    place = (statistics.start_utc[1:] - int(hours[0])) // HOUR_SECONDS
    inside = (place >= 0) & (place < len(hours))
    change[place[inside]] = np.diff(statistics.sum_kwh)[inside]
    return change
