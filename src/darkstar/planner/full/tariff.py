"""Power tariffs in the programme.

The sum of a month's k highest means is the least of  k*level + sum of what exceeds the level,  over all levels: a
linear programme, exact because a fee never falls with the power. On different days, one column holds what a whole
day exceeds by. Means of the past are constants. Tiers are steps, each with a binary column and taken in order:

    average <= up_to[0] + sum_j (up_to[j] - up_to[j-1]) * step[j],   step[j+1] <= step[j]
"""

from dataclasses import dataclass

import numpy as np

from darkstar.domain.power_tariff import (
    EPOCH,
    MonthSoFar,
    Peak,
    Periods,
    PowerTariff,
    average_kw,
    highest,
    periods,
)
from darkstar.planner.full.connection import Bus
from darkstar.planner.full.programme import Indices, Programme
from darkstar.planner.full.site import MeteredTariff, Site

BEYOND_KW = 1000.0
"""More than any home draws beyond the last tier."""


@dataclass(frozen=True)
class _Month:
    """What a month's rows need: its periods that count, and the past's highest means."""

    counted: Indices
    past: tuple[Peak, ...]


def add_power_tariffs(programme: Programme, site: Site, bus: Bus) -> tuple[Indices, ...]:
    """All tariffs, month by month; the fee that the past alone comes to is taken off as a constant.

    Answers the steps' columns of each month that has tiers, the lowest first.
    """
    found = [step for metered in site.power_tariffs for step in _add_tariff(programme, site, bus, metered)]
    return tuple(step for step in found if len(step))


def _add_tariff(programme: Programme, site: Site, bus: Bus, metered: MeteredTariff) -> list[Indices]:
    tariff, so_far = metered.tariff, metered.so_far
    found = periods(tariff, site.slots, site.tz)
    idle, steps = np.zeros(len(site)), []
    past_alone = highest(tariff, found, idle, so_far)
    for month, past in highest(tariff, found, idle, MonthSoFar(so_far.peaks)).items():
        inside = np.flatnonzero((found.month == month) & (found.share > 0))
        if len(inside):
            average = _add_average(programme, tariff, found, _Month(inside, past), bus, so_far.running_kwh)
            set_kw = max(tariff.least_kw, average_kw(tariff, past))
            steps.append(_add_fee(programme, tariff, average, set_kw))
            programme.constant -= tariff.fee(average_kw(tariff, past_alone[month]))
    return steps


def _add_average(
    programme: Programme, tariff: PowerTariff, found: Periods, month: _Month, bus: Bus, running_kwh: float
) -> Indices:
    """The column of the month's average."""
    days = [
        found.day[month.counted],
        np.array([(peak.day - EPOCH).days for peak in month.past], dtype=np.int64),
    ]
    if tariff.different_days:
        keys, group = np.unique(np.concatenate(days), return_inverse=True)
        group = group.reshape(-1)
        groups = len(keys)
    else:
        groups = len(month.counted) + len(month.past)
        group = np.arange(groups)
    average = programme.columns(1)
    level = programme.columns(1)
    excess = programme.columns(groups)
    total = programme.rows(1, low=0.0)
    programme.put(total, average, tariff.peaks)
    programme.put(total, level, -tariff.peaks)
    programme.put(total, excess, -1.0)
    m = len(month.counted)
    factor = found.share[month.counted] / found.hours
    running = np.where(month.counted == 0, running_kwh, 0.0) * factor
    above = programme.rows(m, high=-running)
    slots = np.flatnonzero(np.isin(found.of_slot, month.counted))
    row = np.searchsorted(month.counted, found.of_slot[slots])
    for columns in (bus.imports, bus.breach):
        programme.put(above[row], columns[slots], factor[row])
    programme.put(above, np.broadcast_to(level, m), -1.0)
    programme.put(above, excess[group[:m]], -1.0)
    if month.past:
        kw = np.array([peak.kw for peak in month.past])
        past = programme.rows(len(kw), high=-kw)
        programme.put(past, np.broadcast_to(level, len(kw)), -1.0)
        programme.put(past, excess[group[m:]], -1.0)
    return average


def _add_fee(programme: Programme, tariff: PowerTariff, average: Indices, set_kw: float) -> Indices:
    """The steps' columns, those below what is charged anyway taken; none where the fee is per kW."""
    if not tariff.tiers:
        charged = programme.columns(1, cost=tariff.per_kw, low=tariff.least_kw)
        row = programme.rows(1, low=0.0)
        programme.put(row, charged, 1.0)
        programme.put(row, average, -1.0)
        return np.zeros(0, dtype=np.int64)
    up_to = np.array([tier.up_to_kw for tier in tariff.tiers])
    fee = np.array([tier.fee for tier in tariff.tiers])
    steps = len(up_to) - 1
    programme.constant += float(fee[0])
    low = (up_to[:-1] < set_kw).astype(np.float64)
    step = programme.columns(steps, cost=np.diff(fee), low=low, high=1.0, integer=True)
    beyond = programme.columns(1)
    row = programme.rows(1, high=up_to[0])
    programme.put(row, average, 1.0)
    programme.put(row, step, -np.diff(up_to))
    programme.put(row, beyond, -1.0)
    order = programme.rows(max(0, steps - 1), low=0.0)
    programme.put(order, step[:-1], 1.0)
    programme.put(order, step[1:], -1.0)
    # Above the last tier its fee holds: what lies beyond needs the last step.
    most = programme.rows(1, high=0.0)
    programme.put(most, beyond, 1.0)
    if steps:
        programme.put(most, step[-1:], -BEYOND_KW)
    else:
        programme.put(most, average, -1.0)
    return step
