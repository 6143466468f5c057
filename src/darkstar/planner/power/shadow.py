"""What a kW more in each hour of a month is worth under power tariffs, all known: a linear programme, with its prices.

    fee of the month >= slope * (level + sum of what days exceed it / peaks) + constant   for each line under the fee
    level + what its day exceeds it >= share * mean import                                for each metered period

The mean of the highest is the highest of all means weighed with at most 1 in all and 1 / peaks a day. So whatever
weights: their price on each hour's import comes to no more than the fee, and the cheapest plan at these prices costs no
more than any plan with the fee. The programme's shadow prices are the best weights.

Of a fee per kW the lines are the fee itself. Tiers have their lower convex hull, which lies far below the steps between
its corners: there the bound is true, and weak.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from zoneinfo import ZoneInfo

import highspy
import numpy as np
from numpy.typing import NDArray

from darkstar.domain.power_tariff import EPOCH, ROUNDING_KW, MonthSoFar, PowerTariff, month_of, periods
from darkstar.domain.slots import Slots
from darkstar.planner.full.site import MeteredTariff
from darkstar.planner.highs import answer, solver_of
from darkstar.planner.model import BREACH, COLUMNS_PER_SLOT, IMPORT, STORED, numbers_of, shape_of
from darkstar.planner.problem import Problem, Series
from darkstar.planner.quiet_highs import change, set_options

TOLERANCE = 1e-7
"""Of rows and prices: prices that are off by this are weights all the same."""


@dataclass(frozen=True)
class Shadow:
    """What the programme of a month says.

    Attributes:
        rise: price on top of each slot's import, per kWh, shape (n,); any plan's import at this price, and `constant`,
            come to no more than the plan's fees.
        limit_kw: what each slot draws in the programme, and its part of what its period keeps below its day's level,
            shape (n,); infinite where draws do not count.
    """

    rise: Series
    constant: float
    limit_kw: Series


def shadow_of(
    problem: Problem,
    slots: Slots,
    tz: ZoneInfo,
    metered: Sequence[MeteredTariff],
    soc_end_kwh: float | None = None,
) -> Shadow:
    """The programme of a month, or of a few together; slots rise, and there is at least one tariff.

    Args:
        metered: with what the first month had drawn before.
        soc_end_kwh: so much is left at least; None where the terminal value alone says.
    """
    shape, numbers = shape_of(problem), numbers_of(problem)
    if soc_end_kwh is not None:
        last = COLUMNS_PER_SLOT * (len(problem) - 1) + STORED
        numbers.column_low[last] = max(soc_end_kwh - TOLERANCE, problem.storage.soc_min_kwh)
    solver = solver_of(shape)
    set_options(
        solver,
        {
            "solver": "simplex",
            "primal_feasibility_tolerance": TOLERANCE,
            "dual_feasibility_tolerance": TOLERANCE,
        },
    )
    change(solver, numbers)
    fees = [
        _Fee(one if rows.start == 0 else MeteredTariff(one.tariff), problem, slots, tz, rows)
        for rows in rows_by_month(slots, tz)
        for one in metered
    ]
    for fee in fees:
        fee.add(solver)
    _, columns = answer(solver)
    duals = np.array(solver.getSolution().row_dual)
    table = columns[: COLUMNS_PER_SLOT * len(problem)].reshape(len(problem), COLUMNS_PER_SLOT)
    drawn_kwh = np.maximum(table[:, IMPORT] + table[:, BREACH], 0.0)
    rise, constant, limit_kw = np.zeros(len(problem)), 0.0, np.full(len(problem), np.inf)
    for fee in fees:
        of_slots, of_fee = fee.price(duals)
        rise[fee.rows] += of_slots
        constant += of_fee
        limit_kw[fee.rows] = np.minimum(
            limit_kw[fee.rows], fee.limit_kw(columns, drawn_kwh[fee.rows], problem.slot_hours)
        )
    return Shadow(rise, constant, limit_kw)


def rows_by_month(slots: Slots, tz: ZoneInfo) -> list[slice]:
    """Which slots, rising, belong to each local month."""
    found = periods(PowerTariff(), slots, tz)
    edges = np.flatnonzero(np.diff(found.month[found.of_slot])) + 1
    return [slice(first, end) for first, end in pairwise([0, *edges.tolist(), len(slots)])]


def lines_under(tariff: PowerTariff, month: int, most_kw: float) -> list[tuple[float, float]]:
    """Slopes and constants of lines under the month's fee by its average, the highest of them nowhere above it.

    Args:
        most_kw: the average does not come to more.
    """
    if not tariff.charges(month):
        return [(0.0, 0.0)]
    if not tariff.tiers:
        return [(tariff.per_kw, 0.0), (0.0, tariff.per_kw * tariff.least_kw)]
    ends = [tier.up_to_kw + ROUNDING_KW for tier in tariff.tiers[:-1] if tier.up_to_kw < most_kw]
    corners = [(kw, tariff.fee(kw - ROUNDING_KW)) for kw in ends]
    corners = [(0.0, tariff.fee(0.0)), *corners, (most_kw + ROUNDING_KW, tariff.fee(most_kw))]
    lines, at = [], 0
    while at < len(corners) - 1:
        kw, fee = corners[at]
        slopes = [(later_fee - fee) / (later_kw - kw) for later_kw, later_fee in corners[at + 1 :]]
        slope = min(slopes)
        lines.append((slope, fee - slope * kw))
        at += 1 + max(number for number, one in enumerate(slopes) if one == slope)
    return lines


class _Fee:
    """One tariff's columns and rows in one month, behind those of the programme; `rows` are the month's slots."""

    def __init__(
        self, metered: MeteredTariff, problem: Problem, slots: Slots, tz: ZoneInfo, rows: slice
    ) -> None:
        tariff, so_far = metered.tariff, metered.so_far
        self.rows = rows
        self._peaks, self._found = tariff.peaks, periods(tariff, slots[rows], tz)
        found = self._found
        self._counts = np.flatnonzero(found.share > 0)
        month = int(found.month[-1])
        past = [peak for peak in so_far.peaks if month_of(peak.day) == month]
        owners = found.day if tariff.different_days else np.arange(len(found.day))
        past_owners = [
            (peak.day - EPOCH).days if tariff.different_days else -1 - number
            for number, peak in enumerate(past)
        ]
        self._past_kw = np.array([peak.kw for peak in past])
        self._running_kw = np.zeros(len(found.day))
        self._running_kw[0] = so_far.running_kwh / found.hours * found.share[0]
        _, owner = np.unique(np.concatenate([owners[self._counts], past_owners]), return_inverse=True)
        self._owner: NDArray[np.int64] = owner.reshape(-1).astype(np.int64)
        self._lines = lines_under(tariff, month, self._most_kw(tariff, problem, so_far))
        self._column = self._row = 0

    def _most_kw(self, tariff: PowerTariff, problem: Problem, so_far: MonthSoFar) -> float:
        """More than a month's average comes to."""
        most = problem.load_kwh[self.rows] + problem.storage.charge_max_kw * problem.slot_hours
        counted = self._found.counted_kw(most, so_far)
        return float(max([*counted, *self._past_kw, tariff.least_kw, TOLERANCE]))

    def add(self, solver: highspy.Highs) -> None:
        """The fee, the level and what each day (or period) exceeds it; then the rows."""
        self._column, self._row = solver.getNumCol(), solver.getNumRow()
        owners = int(self._owner.max(initial=-1)) + 1
        count = 2 + owners
        cost = np.zeros(count)
        cost[0] = 1.0
        low = np.zeros(count)
        low[0] = -np.inf
        nothing = np.zeros(0, np.int32)
        solver.addCols(
            count, cost, low, np.full(count, np.inf), 0, np.zeros(count, np.int32), nothing, np.zeros(0)
        )
        start, index, value = [0], list[int](), list[float]()
        exceeding = list(range(self._column + 2, self._column + count))
        for slope, _ in self._lines:
            index += [self._column, self._column + 1, *exceeding]
            value += [1.0, -slope, *[-slope / self._peaks] * owners]
            start.append(len(index))
        of_slot = self._found.of_slot
        first = np.searchsorted(of_slot, np.arange(len(self._found.day) + 1))
        for place, owner in enumerate(self._owner.tolist()):
            index += [self._column + 1, self._column + 2 + owner]
            value += [1.0, 1.0]
            if place < len(self._counts):
                period = int(self._counts[place])
                inside = range(int(first[period]), int(first[period + 1]))
                index += [
                    COLUMNS_PER_SLOT * (self.rows.start + slot) + way
                    for slot in inside
                    for way in (IMPORT, BREACH)
                ]
                value += [-float(self._found.share[period]) / self._found.hours] * (2 * len(inside))
            start.append(len(index))
        constants = [constant for _, constant in self._lines]
        least = np.concatenate([constants, self._running_kw[self._counts], self._past_kw])
        solver.addRows(
            len(least),
            least,
            np.full(len(least), np.inf),
            len(index),
            np.array(start[:-1], np.int32),
            np.array(index, np.int32),
            np.array(value),
        )

    def price(self, duals: Series) -> tuple[Series, float]:
        """Each slot's price on top, shape (n,), and the constant: weights that are none are made some."""
        of_lines, of_peaks = np.split(
            np.maximum(duals[self._row :][: len(self._lines) + len(self._owner)], 0.0), [len(self._lines)]
        )
        of_lines = of_lines / of_lines.sum() if of_lines.sum() > 0 else np.ones(len(of_lines)) / len(of_lines)
        slopes, constants = np.array(self._lines).T
        slope = float(of_lines @ slopes)
        by_owner = np.bincount(self._owner, of_peaks).astype(np.float64)
        most = np.divide(slope / self._peaks, by_owner, out=np.ones_like(by_owner), where=by_owner > 0)
        weights = of_peaks * np.minimum(most, 1.0)[self._owner]
        weights *= min(1.0, slope / weights.sum()) if weights.sum() > 0 else 1.0
        in_range, in_past = weights[: len(self._counts)], weights[len(self._counts) :]
        constant = of_lines @ constants + in_past @ self._past_kw + in_range @ self._running_kw[self._counts]
        rise = np.zeros(len(self._found.day))
        rise[self._counts] = in_range * self._found.share[self._counts] / self._found.hours
        return rise[self._found.of_slot], float(constant)

    def limit_kw(self, columns: Series, drawn_kwh: Series, hours: float) -> Series:
        """See `Shadow`."""
        found, level = self._found, columns[self._column + 1]
        owner = self._owner[: len(self._counts)]
        held = np.full(len(found.day), np.inf)
        drawn = np.bincount(found.of_slot, drawn_kwh, len(found.day)) / found.hours
        running = self._running_kw[self._counts]
        spare = level + columns[self._column + 2 :][owner] - running
        held[self._counts] = np.maximum(spare / found.share[self._counts] - drawn[self._counts], 0.0)
        return np.asarray(drawn_kwh / hours + held[found.of_slot])
