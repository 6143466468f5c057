"""The least that a year in Trondheim can cost, everything known: the published mixed-integer programme.

Columns: charge, discharge and energy stored by hour; the day's peak and its excess over the month's level by day; the
level by month; a switch for each tier of each month. The sum of a month's three highest peaks is the least value of
3 * level + sum of excesses, which has to fit into the tier that is paid for.
"""

from dataclasses import dataclass

import highspy
import numpy as np
from numpy.typing import NDArray

from benchmarks.published.trondheim import (
    GRID_KW,
    HOURS_OF_DAY,
    KEPT_PER_HOUR,
    START_KWH,
    STORAGE,
    TARIFF,
    Hours,
    Series,
)

GAP = 1e-6


class _Rows:
    """Rows of a programme, added in blocks of the same number of entries."""

    def __init__(self) -> None:
        self.low: list[Series] = []
        self.high: list[Series] = []
        self.start: list[NDArray[np.int64]] = []
        self.column: list[NDArray[np.int64]] = []
        self.value: list[Series] = []

    def add(
        self, columns: NDArray[np.int64], values: Series, low: Series | float, high: Series | float
    ) -> None:
        """`columns` and `values` shape (rows, entries); bounds shape (rows,) or one for all."""
        count, entries = columns.shape
        self.column.append(columns.ravel())
        self.value.append(np.broadcast_to(values, columns.shape).ravel())
        self.start.append(np.full(count, entries))
        self.low.append(np.broadcast_to(np.asarray(low, dtype=np.float64), count))
        self.high.append(np.broadcast_to(np.asarray(high, dtype=np.float64), count))


@dataclass(frozen=True)
class _Columns:
    """Where each kind of column begins, by number of hours and the month of each day."""

    hours: int
    month_of_day: NDArray[np.int64]

    @property
    def days(self) -> int:
        return len(self.month_of_day)

    @property
    def months(self) -> int:
        return int(self.month_of_day[-1]) + 1

    @property
    def peak(self) -> int:
        return 3 * self.hours

    @property
    def excess(self) -> int:
        return self.peak + self.days

    @property
    def level(self) -> int:
        return self.excess + self.days

    @property
    def tier(self) -> int:
        return self.level + self.months

    @property
    def count(self) -> int:
        return self.tier + self.months * len(TARIFF.tiers)


def foresight(hours: Hours, begin: int, end: int) -> Series:
    """The imports of the cheapest course from hour `begin` to before `end`, whole days, shape (n,) [kWh].

    Raises:
        RuntimeError: the solver found no proven answer.
    """
    load = hours.load_kwh[begin:end]
    price = hours.spot[begin:end] + hours.fee[begin:end]
    month = hours.month[begin:end:HOURS_OF_DAY]
    columns = _Columns(len(load), month - month[0])
    solver = highspy.Highs()
    for option, value in {"output_flag": False, "threads": 1, "random_seed": 0, "mip_rel_gap": GAP}.items():
        solver.setOptionValue(option, value)
    solver.passModel(_programme(columns, load, price))
    solver.run()
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        raise RuntimeError(f"HiGHS ended with {solver.modelStatusToString(solver.getModelStatus())}")
    answer = np.array(solver.getSolution().col_value)
    return np.asarray(load + answer[: len(load)] - answer[len(load) : 2 * len(load)])


def _programme(columns: _Columns, load: Series, price: Series) -> highspy.HighsLp:
    n, months = columns.hours, columns.months
    rows = _Rows()
    hour, day = np.arange(n), np.arange(columns.days)
    net = np.stack([hour, n + hour], axis=1)
    into, out = STORAGE.charge_efficiency, 1 / STORAGE.discharge_efficiency
    rows.add(
        np.array([[2 * n, 0, n]]),
        np.array([1.0, -into, out]),
        KEPT_PER_HOUR * START_KWH,
        KEPT_PER_HOUR * START_KWH,
    )
    later = hour[1:]
    stored = np.stack([2 * n + later, later, n + later, 2 * n + later - 1], axis=1)
    rows.add(stored, np.array([1.0, -into, out, -KEPT_PER_HOUR]), 0.0, 0.0)
    rows.add(net, np.array([1.0, -1.0]), -load, GRID_KW - load)
    peak = np.column_stack([net, columns.peak + hour // HOURS_OF_DAY])
    rows.add(peak, np.array([1.0, -1.0, -1.0]), -np.inf, -load)
    over = np.stack([columns.peak + day, columns.excess + day, columns.level + columns.month_of_day], axis=1)
    rows.add(over, np.array([1.0, -1.0, -1.0]), -np.inf, 0.0)
    bounds = np.array([tier.up_to_kw for tier in TARIFF.tiers])
    fees = np.array([tier.fee for tier in TARIFF.tiers])
    for month in range(months):
        excesses = columns.excess + np.flatnonzero(columns.month_of_day == month)
        tiers = columns.tier + month * len(bounds) + np.arange(len(bounds))
        fits = np.concatenate([excesses, [columns.level + month], tiers])
        values = np.concatenate([np.ones(len(excesses)), [TARIFF.peaks], -TARIFF.peaks * bounds])
        rows.add(fits[None], values, -np.inf, 0.0)
        rows.add(tiers[None], np.ones(len(bounds)), 1.0, 1.0)
    high = np.full(columns.count, np.inf)
    high[:n], high[n : 2 * n] = STORAGE.charge_max_kw, STORAGE.discharge_max_kw
    high[2 * n : 3 * n], high[columns.tier :] = STORAGE.soc_max_kwh, 1.0
    low = np.zeros(columns.count)
    low[3 * n - 1] = high[3 * n - 1] = START_KWH
    cost = np.zeros(columns.count)
    cost[:n], cost[n : 2 * n], cost[columns.tier :] = price, -price, np.tile(fees, months)
    return _pack(rows, cost, low, high, columns.tier)


def _pack(rows: _Rows, cost: Series, low: Series, high: Series, first_switch: int) -> highspy.HighsLp:
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = len(cost), sum(map(len, rows.low))
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = cost, low, high
    lp.row_lower_, lp.row_upper_ = np.concatenate(rows.low), np.concatenate(rows.high)
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_ = np.concatenate([[0], np.cumsum(np.concatenate(rows.start))]).astype(np.int32)
    lp.a_matrix_.index_ = np.concatenate(rows.column).astype(np.int32)
    lp.a_matrix_.value_ = np.concatenate(rows.value)
    whole, real = highspy.HighsVarType.kInteger, highspy.HighsVarType.kContinuous
    lp.integrality_ = [real] * first_switch + [whole] * (len(cost) - first_switch)
    return lp
