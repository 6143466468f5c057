"""A year in Trondheim hour by hour: plan 30 days with forecasts, do the first hour, see what it brought.

The power tariff becomes a limit on the grid: the highest that keeps the month's average within its tier, given the
days that are past. The battery problem under that limit is solved by the product's engine, one recursion per stretch
with the same limit: the months to come, what is left of this month after today, today. Each hands the next its value
of stored energy.

    tier    the lowest whose limit still carries the load that is expected: a tier is given up when it is out of reach,
            not when another looks cheaper, for staying keeps both open
    reserve the load of the next hours is planned higher than it is expected, by a share of its usual error: the
            battery keeps what a day's surprise would need to stay under the limit
    breach  drawing over the limit costs more than any price, so that it is never bought, only suffered
"""

from dataclasses import dataclass

import numpy as np

from benchmarks.published.outlook import HORIZON, LoadOutlook, PriceOutlook
from benchmarks.published.trondheim import (
    GRID_KW,
    HOURS_OF_DAY,
    KEPT_PER_HOUR,
    PUBLISHED_AT,
    START_KWH,
    STORAGE,
    TARIFF,
    Hours,
    Series,
)
from darkstar.planner.fast.engine import FastEngine
from darkstar.planner.fast.value import StoredValue
from darkstar.planner.problem import GridModel, Problem, TerminalValue

NEXT_TIERS = TARIFF.tiers[1:3]
"""The tiers that are weighed for months to come."""
END = TerminalValue(np.array([8.0, -8.0]), np.array([START_KWH, STORAGE.soc_max_kwh - START_KWH]))
"""Ends the year as full as it began, unless that would breach a limit."""


@dataclass(frozen=True)
class Caution:
    """How much the controller fears.

    Attributes:
        reserve: the higher planned load, in usual errors.
        reserve_hours: so many hours ahead.
        error_kwh, error_share: a usual error is so much and such a share of the load.
        breach_cost: per kWh over the limit [NOK].
        carried_hours, carried_share: a tier's limit has to carry this share of the mean load of so many hours.
    """

    reserve: float = 0.7
    reserve_hours: int = 96
    error_kwh: float = 0.35
    error_share: float = 0.17
    breach_cost: float = 10.0
    carried_hours: int = 72
    carried_share: float = 1.0


class Controller:
    """Decides hour after hour; keeps what the month has drawn so far."""

    def __init__(self, hours: Hours, fitted: int, end: int, caution: Caution) -> None:
        self._hours, self._end, self._caution = hours, end, caution
        self._load = LoadOutlook(hours.load_kwh[:fitted], hours.weekday)
        self._price = PriceOutlook(hours.spot[:fitted], hours.weekday)
        self._engine = FastEngine()
        self._peaks: list[float] = []
        self._today = 0.0
        self._later: tuple[tuple[int, bool], TerminalValue] | None = None

    def decide(self, hour: int, soc_kwh: float) -> float:
        """What the battery takes from (negative: gives to) the home in this hour [kWh], its load being known."""
        load, expected, price, month = self._outlook(hour)
        left = np.searchsorted(self._hours.month, month[0], side="right") - hour
        days_after = (int(left) - 1) // HOURS_OF_DAY
        needed = self._caution.carried_share * expected
        limit = self._limit(days_after, needed)
        today = min(HOURS_OF_DAY - hour % HOURS_OF_DAY, len(load))
        here = int(np.searchsorted(month, month[0], side="right"))
        worth = self._months_to_come(hour, load, price, month)
        if here > today:
            worth = terminal(self._value(load[today:here], price[today:here], limit, worth))
        first = self._problem(load[:today], price[:today], max(limit, self._today), soc_kwh, worth)
        move = self._engine.first_move(first)
        return move.charge_kwh - move.discharge_kwh

    def metered(self, hour: int, import_kwh: float) -> None:
        """Take note of what the hour drew."""
        self._today = max(self._today, import_kwh)
        if (hour + 1) % HOURS_OF_DAY == 0:
            self._peaks.append(self._today)
            self._today = 0.0
            if self._hours.month[hour + 1] != self._hours.month[hour]:
                self._peaks = []

    def _outlook(self, hour: int) -> tuple[Series, float, Series, Series]:
        """This hour and the ones to come, to the horizon's or year's end.

        Returns:
            Planned load, mean of the load that the limit has to carry, energy price, month.
        """
        n = min(HORIZON - hour % HOURS_OF_DAY, self._end - hour)
        load = np.empty(n)
        load[0] = self._hours.load_kwh[hour]
        load[1:] = self._load.forecast(self._hours.load_kwh[: hour + 1])[: n - 1]
        expected = float(load[: self._caution.carried_hours].mean())
        near = load[1 : self._caution.reserve_hours]
        near += self._caution.reserve * (self._caution.error_kwh + self._caution.error_share * near)
        published = (hour // HOURS_OF_DAY + 1 + (hour % HOURS_OF_DAY >= PUBLISHED_AT)) * HOURS_OF_DAY
        known = self._hours.spot[:published]
        spot = np.concatenate([known[hour:], self._price.forecast(known)])[:n]
        return load, expected, spot + self._hours.fee[hour : hour + n], self._hours.month[hour : hour + n]

    def _limit(self, days_after: int, needed_kw: float) -> float:
        """The limit of the lowest tier that carries what is needed."""
        for tier in TARIFF.tiers:
            limit = highest_limit([*self._peaks, self._today], days_after, tier.up_to_kw)
            if limit is not None and limit >= needed_kw:
                return limit
        return TARIFF.tiers[-1].up_to_kw

    def _months_to_come(self, hour: int, load: Series, price: Series, month: Series) -> TerminalValue:
        """What is stored at the end of this month is worth, found anew each midnight and with each day's prices."""
        key = hour // HOURS_OF_DAY, hour % HOURS_OF_DAY >= PUBLISHED_AT
        if self._later is None or self._later[0] != key:
            worth = END
            if hour + len(load) < self._end:
                each = float(price[-HOURS_OF_DAY:].mean()) * STORAGE.discharge_efficiency
                worth = TerminalValue(np.array([each]), np.array([STORAGE.soc_max_kwh]))
            end = len(load)
            for one in np.unique(month)[:0:-1]:
                begin = int(np.searchsorted(month, one))
                share = (end - begin) / HORIZON
                values = [
                    (self._value(load[begin:end], price[begin:end], tier.up_to_kw, worth), tier.fee * share)
                    for tier in NEXT_TIERS
                ]
                worth = terminal(min(values, key=lambda v: v[0].cost_at(START_KWH) + v[1])[0])
                end = begin
            self._later = key, worth
        return self._later[1]

    def _value(self, load: Series, price: Series, limit_kw: float, worth: TerminalValue) -> StoredValue:
        return self._engine.value(self._problem(load, price, limit_kw, START_KWH, worth))

    def _problem(
        self, load: Series, price: Series, limit_kw: float, soc_kwh: float, worth: TerminalValue
    ) -> Problem:
        nothing = np.zeros(len(load))
        grid = GridModel(limit_kw, 0.0, self._caution.breach_cost)
        return Problem(1.0, load, nothing, price, nothing, soc_kwh, STORAGE, grid, worth)


def terminal(value: StoredValue) -> TerminalValue:
    """A value function as what energy is worth at the end of the stretch before."""
    kwh = np.diff(value.soc_kwh)
    wide = kwh > 1e-9
    # Slopes of pieces that are all but empty are rounding; a worth that falls is what the engine asks for.
    worth = np.minimum.accumulate(-np.diff(value.cost)[wide] / kwh[wide])
    return TerminalValue(worth, kwh[wide])


def highest_limit(peaks: list[float], days_after: int, tier_kw: float) -> float | None:
    """The highest limit for the days after these daily peaks that keeps the month within a tier, None where none does.

    Args:
        peaks: the month's daily peaks until now [kW].
        days_after: how many days the limit is for.
        tier_kw: what the mean of the month's highest peaks may be.
    """
    past = sorted(peaks, reverse=True)[: TARIFF.peaks]
    allowed = TARIFF.peaks * tier_kw + 1e-6
    best: float | None = None
    for counted in range(min(len(past), TARIFF.peaks) + 1):
        new = min(TARIFF.peaks - counted, days_after)
        limit = (allowed - sum(past[:counted])) / new if new else (past[-1] if past else tier_kw)
        among = sorted([*past, *[limit] * min(days_after, TARIFF.peaks)], reverse=True)
        if limit > 0 and sum(among[: TARIFF.peaks]) <= allowed + 1e-6:
            best = limit if best is None else max(best, limit)
    return best


def controlled(hours: Hours, fitted: int, begin: int, end: int, caution: Caution) -> tuple[Series, float]:
    """Imports from hour `begin` to before `end`, shape (n,) [kWh], and the energy left; fitted before `fitted`."""
    controller = Controller(hours, fitted, end, caution)
    soc_kwh, imports = START_KWH, np.empty(end - begin)
    for hour in range(begin, end):
        move = min(controller.decide(hour, soc_kwh), GRID_KW - float(hours.load_kwh[hour]))
        stored = move * STORAGE.charge_efficiency if move > 0 else move / STORAGE.discharge_efficiency
        soc_kwh = min(max(KEPT_PER_HOUR * soc_kwh + stored, 0.0), STORAGE.soc_max_kwh)
        imports[hour - begin] = hours.load_kwh[hour] + move
        controller.metered(hour, float(imports[hour - begin]))
    return imports, soc_kwh
