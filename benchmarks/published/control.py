"""A year in Trondheim hour by hour: plan 30 days with forecasts, do the first hour, see what it brought.

The power tariff becomes a limit on the grid: the highest that keeps the month's average within its tier, given the
days that are past. The battery problem under that limit is solved by the product's engine, one recursion per stretch:
the months to come, what is left of this month after today, today, this hour. Each hands the next its value of stored
energy.

    tier    the lowest whose limit carries the load that is expected and costs, by the forecasts as they are, less
            than it saves against the next; weighed anew each midnight and with each day's prices
    reserve the load of the next days is planned higher than it is expected, at first steeply, then by less: the
            battery keeps what a sudden hour and a cold week would need to stay under the limit
    margin  the limit stays a little under what the tier allows: one surprise then does not cost the month
    breach  drawing over the limit costs more than any price, most in this hour and today: a breach that is only
            feared is not preferred to one that happens
"""

from dataclasses import dataclass

import numpy as np

from benchmarks.published.limit import TierLimit, open_tiers
from benchmarks.published.outlook import HORIZON, LoadOutlook, PriceOutlook
from benchmarks.published.stretch import Stretch, first_move, terminal, value
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
from darkstar.planner.problem import TerminalValue

NEXT_TIERS = TARIFF.tiers[1:3]
"""The tiers that are weighed for months to come."""
END = TerminalValue(np.array([8.0, -8.0]), np.array([START_KWH, STORAGE.soc_max_kwh - START_KWH]))
"""Ends the year as full as it began, unless that would breach a limit."""


@dataclass(frozen=True)
class Caution:
    """How much the controller fears.

    Attributes:
        sudden, lasting: the load of the next n hours together is planned higher than it is expected by so many
            usual errors times the root of n, and times n.
        reserve_hours: so many hours ahead, and as high after them as without.
        error_kwh, error_share: an hour's usual error is so much and such a share of its load.
        margin_kw: what is planned to be left of a tier's average.
        now, today, later: cost of a kWh over the limit in this hour, in the rest of today, later [NOK].
        carried_hours: a tier's limit has to carry the mean load of so many hours.
        worth_share: keeping a tier may cost so much of the difference to the next one's fee.
    """

    sudden: float = 2.0
    lasting: float = 0.3
    reserve_hours: int = 96
    error_kwh: float = 0.35
    error_share: float = 0.17
    margin_kw: float = 0.15
    now: float = 20.0
    today: float = 5.0
    later: float = 2.0
    carried_hours: int = 72
    worth_share: float = 0.75


@dataclass(frozen=True)
class _Outlook:
    """This hour and the ones to come, to the horizon's or year's end; series of shape (n,)."""

    expected_kwh: Series
    planned_kwh: Series
    price: Series
    month: Series


class Controller:
    """Decides hour after hour; keeps what the month has drawn so far."""

    def __init__(self, hours: Hours, fitted: int, end: int, caution: Caution) -> None:
        self._hours, self._end, self._caution = hours, end, caution
        self._load = LoadOutlook(hours.load_kwh[:fitted], hours.weekday)
        self._price = PriceOutlook(hours.spot[:fitted], hours.weekday)
        self._engine = FastEngine()
        self._peaks: list[float] = []
        self._today = 0.0
        self._weighed: tuple[int, bool] | None = None
        self._later = END
        self._given_up = 0.0

    def decide(self, hour: int, soc_kwh: float) -> float:
        """What the battery takes from (negative: gives to) the home in this hour [kWh], its load being known."""
        seen = self._outlook(hour)
        days_after = (
            int(np.searchsorted(self._hours.month, seen.month[0], side="right") - hour - 1) // HOURS_OF_DAY
        )
        needed = float(seen.expected_kwh[: self._caution.carried_hours].mean())
        tiers = open_tiers([*self._peaks, self._today], days_after, needed, self._caution.margin_kw)
        day = hour // HOURS_OF_DAY, hour % HOURS_OF_DAY >= PUBLISHED_AT
        if day != self._weighed:
            self._weighed, self._later = day, self._months_to_come(hour, seen)
            self._given_up = self._fee_given_up(hour, soc_kwh, seen, tiers)
        kept = next((tier for tier in tiers if tier.fee > self._given_up), tiers[-1])
        move, _ = first_move(
            self._engine, self._month(hour, seen, seen.planned_kwh, kept), soc_kwh, self._later
        )
        return move.charge_kwh - move.discharge_kwh

    def metered(self, hour: int, import_kwh: float) -> None:
        """Take note of what the hour drew."""
        self._today = max(self._today, import_kwh)
        if (hour + 1) % HOURS_OF_DAY == 0:
            self._peaks.append(self._today)
            self._today = 0.0
            if self._hours.month[hour + 1] != self._hours.month[hour]:
                self._peaks = []

    def _outlook(self, hour: int) -> _Outlook:
        n = min(HORIZON - hour % HOURS_OF_DAY, self._end - hour)
        expected = np.empty(n)
        expected[0] = self._hours.load_kwh[hour]
        expected[1:] = self._load.forecast(self._hours.load_kwh[: hour + 1])[: n - 1]
        planned = expected.copy()
        near = planned[1 : self._caution.reserve_hours + 1]
        ahead = np.arange(len(near) + 1)
        errors = np.diff(self._caution.sudden * np.sqrt(ahead) + self._caution.lasting * ahead)
        near += errors * (self._caution.error_kwh + self._caution.error_share * near)
        published = (hour // HOURS_OF_DAY + 1 + (hour % HOURS_OF_DAY >= PUBLISHED_AT)) * HOURS_OF_DAY
        known = self._hours.spot[:published]
        spot = np.concatenate([known[hour:], self._price.forecast(known)])[:n]
        within = slice(hour, hour + n)
        return _Outlook(expected, planned, spot + self._hours.fee[within], self._hours.month[within])

    def _month(self, hour: int, seen: _Outlook, load: Series, tier: TierLimit) -> list[Stretch]:
        """This hour, the rest of today, the rest of the month, of which the horizon may see but a part."""
        here = int(np.searchsorted(seen.month, seen.month[0], side="right"))
        today = min(HOURS_OF_DAY - hour % HOURS_OF_DAY, here)
        now_kw = max(tier.limit_kw, self._today)
        caution, price = self._caution, seen.price
        return [
            Stretch(load[:1], price[:1], now_kw, caution.now),
            Stretch(load[1:today], price[1:today], now_kw, caution.today),
            Stretch(load[today:here], price[today:here], tier.limit_kw, caution.later),
        ]

    def _fee_given_up(self, hour: int, soc_kwh: float, seen: _Outlook, tiers: list[TierLimit]) -> float:
        """The fee of the lowest tier if keeping it costs more than it is worth, else 0."""
        if len(tiers) < 2:
            return 0.0
        costs = [
            first_move(self._engine, self._month(hour, seen, seen.expected_kwh, tier), soc_kwh, self._later)[
                1
            ]
            for tier in tiers[:2]
        ]
        saved = tiers[1].fee - tiers[0].fee
        return tiers[0].fee if costs[0] - costs[1] > self._caution.worth_share * saved else 0.0

    def _months_to_come(self, hour: int, seen: _Outlook) -> TerminalValue:
        """What is stored at the end of this month is worth."""
        load, price, month = seen.planned_kwh, seen.price, seen.month
        worth, end = END, len(load)
        if hour + end < self._end:
            each = float(price[-HOURS_OF_DAY:].mean()) * STORAGE.discharge_efficiency
            worth = TerminalValue(np.array([each]), np.array([STORAGE.soc_max_kwh]))
        for one in np.unique(month)[:0:-1]:
            begin = int(np.searchsorted(month, one))
            share = (end - begin) / HORIZON
            values = []
            for tier in NEXT_TIERS:
                stretch = Stretch(load[begin:end], price[begin:end], tier.up_to_kw, self._caution.later)
                values.append((value(self._engine, stretch, worth), tier.fee * share))
            worth = terminal(min(values, key=lambda v: v[0].cost_at(START_KWH) + v[1])[0])
            end = begin
        return worth


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
