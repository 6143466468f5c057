"""A year in Trondheim hour by hour: expect 30 days, do the first hour, see what it brought.

At midnight, when prices come out and when a day has exceeded the limit of its tier, the rest of the month is reckoned
backwards under doubt (keeping.py): what every energy stored would cost in the mean, with the tier kept or lost. Every
hour the first move is chosen by its load and those values, with what the forecasts have moved by since. The months to
come are reckoned by the forecasts as they are, by the product's engine (stretch.py).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.published.doubt import UNSEEN, doubt, feared_error
from benchmarks.published.keeping import LEVELS, LOST, OVER, STATES, STEP_KWH, best_move, values
from benchmarks.published.limit import TierLimit, open_tiers
from benchmarks.published.outlook import HORIZON, LoadOutlook, PriceOutlook
from benchmarks.published.stretch import Stretch, terminal, value
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
BREACH = 2.0
"""There, cost of a kWh over the limit [NOK]."""
END = TerminalValue(np.array([8.0, -8.0]), np.array([START_KWH, STORAGE.soc_max_kwh - START_KWH]))
"""Ends the year as full as it began, unless that would breach a limit."""
MARGIN_KW = 0.15
"""Left of a tier's average: what one day may use."""
CARRIED_HOURS = 72
DOUBTED_KW = 0.3
"""A tier is not tried whose limit is so much under the mean load of so many hours."""
SOON = 6
"""The errors of hours are gone from a forecast so many hours ahead."""
TABLE_HOURS = 26


@dataclass(frozen=True)
class Outlook:
    """This hour and the ones to come, to the horizon's or year's end; series of shape (n,)."""

    load_kwh: Series
    price: Series
    month: Series

    @property
    def rest(self) -> int:
        """Hours of this month."""
        return int(np.searchsorted(self.month, self.month[0], side="right"))


@dataclass(frozen=True)
class _Table:
    """What was reckoned at an hour: the load expected, and what each course costs after each of the next hours."""

    hour: int
    load_kwh: Series
    kept: TierLimit
    next_tier: TierLimit
    after: NDArray[np.float64]


class Controller:
    """Decides hour after hour; keeps what the month has drawn so far."""

    def __init__(self, hours: Hours, fitted: int, end: int) -> None:
        self._hours, self._end = hours, end
        self._load = LoadOutlook(hours.load_kwh[:fitted], hours.weekday)
        self._price = PriceOutlook(hours.spot[:fitted], hours.weekday)
        self._doubt = doubt(self._load, hours.load_kwh[:fitted])
        self._engine = FastEngine()
        self._peaks: list[float] = []
        self._today = 0.0
        self._expected: float | None = None
        self._exceeded = True
        self._table: _Table | None = None

    def decide(self, hour: int, soc_kwh: float) -> float:
        """What the battery takes from (negative: gives to) the home in this hour [kWh], its load being known."""
        seen = self.outlook(hour)
        table = self._table
        if table is None or self._exceeded or hour % HOURS_OF_DAY in (0, PUBLISHED_AT):
            table = self._table = self._reckoned(hour, seen)
        self._expected, self._exceeded = float(seen.load_kwh[1]) if len(seen.load_kwh) > 1 else None, False
        kept, load = table.kept, float(seen.load_kwh[0])
        limit, spare, above = (
            max(kw, self._today) for kw in (kept.limit_kw, kept.spare_kw, table.next_tier.limit_kw)
        )
        return float(
            best_move(self._after(hour, seen, table), load, seen.price[0], soc_kwh, limit, spare, above)
        )

    def metered(self, hour: int, import_kwh: float) -> None:
        """Take note of what the hour drew."""
        if self._table and import_kwh > max(self._today, self._table.kept.limit_kw):
            self._exceeded = True
        self._today = max(self._today, import_kwh)
        if (hour + 1) % HOURS_OF_DAY == 0:
            self._peaks.append(self._today)
            self._today = 0.0
            if self._hours.month[hour + 1] != self._hours.month[hour]:
                self._peaks = []

    def outlook(self, hour: int) -> Outlook:
        """What is known and expected in an hour whose load is known."""
        n = min(HORIZON - hour % HOURS_OF_DAY, self._end - hour)
        load = np.empty(n)
        load[0] = self._hours.load_kwh[hour]
        load[1:] = self._load.forecast(self._hours.load_kwh[: hour + 1])[: n - 1]
        published = (hour // HOURS_OF_DAY + 1 + (hour % HOURS_OF_DAY >= PUBLISHED_AT)) * HOURS_OF_DAY
        known = self._hours.spot[:published]
        spot = np.concatenate([known[hour:], self._price.forecast(known)])[:n]
        within = slice(hour, hour + n)
        return Outlook(load, spot + self._hours.fee[within], self._hours.month[within])

    def _reckoned(self, hour: int, seen: Outlook) -> _Table:
        rest = seen.rest
        kept, above = self._tiers(hour, seen)
        load = seen.load_kwh[:rest].copy()
        load[0] = load[0] if self._expected is None else self._expected
        limit = np.full(rest, kept.limit_kw)
        limit[: HOURS_OF_DAY - hour % HOURS_OF_DAY] = max(kept.limit_kw, self._today)
        worth = self._months_to_come(hour, seen)
        levels = np.arange(LEVELS) * STEP_KWH
        steps = (
            np.concatenate([[0.0], worth.energy_kwh]),
            np.concatenate([[0.0], worth.value * worth.energy_kwh]),
        )
        lasting, sudden = self._doubt.lasting, self._doubt.sudden
        end = np.empty((STATES, len(lasting.levels), len(sudden.levels), LEVELS))
        end[:] = -np.interp(levels, np.cumsum(steps[0]), np.cumsum(steps[1]))
        end[LOST] += above.fee - kept.fee
        after = values(
            load,
            feared_error(load),
            seen.price[:rest],
            limit,
            kept.spare_kw,
            above.limit_kw,
            (lasting.levels, lasting.chances),
            (sudden.levels, sudden.chances),
            end,
            min(rest, TABLE_HOURS),
        )
        return _Table(hour, load, kept, above, after)

    def _tiers(self, hour: int, seen: Outlook) -> tuple[TierLimit, TierLimit]:
        """The tier to keep, and the one after it."""
        # The horizon may see but a part of the month.
        month_end = int(np.searchsorted(self._hours.month, seen.month[0], side="right"))
        needed = float(seen.load_kwh[:CARRIED_HOURS].mean()) - DOUBTED_KW
        open_ = open_tiers(
            self._peaks, self._today, (month_end - hour - 1) // HOURS_OF_DAY, needed, MARGIN_KW
        )
        return open_[0], open_[1] if len(open_) > 1 else TierLimit(open_[0].fee + OVER, GRID_KW, GRID_KW)

    def _after(self, hour: int, seen: Outlook, table: _Table) -> NDArray[np.float64]:
        """What each course costs after this hour by what its load and the forecasts tell of errors."""
        at = hour - table.hour
        error = feared_error(table.load_kwh)
        ahead = np.arange(at + SOON, min(len(table.load_kwh), at + SOON + HOURS_OF_DAY))
        moved = (seen.load_kwh[ahead - at] - table.load_kwh[ahead]) / error[ahead]
        days = float(moved.mean()) if len(moved) else 0.0
        hours = (float(seen.load_kwh[0]) - table.load_kwh[at]) / error[at] - days
        lasting = sum(self._doubt.lasting.weights(days + off) for off in (-UNSEEN, UNSEEN)) / 2.0
        return np.einsum("d,h,sdhl->sl", lasting, self._doubt.sudden.weights(hours), table.after[at])

    def _months_to_come(self, hour: int, seen: Outlook) -> TerminalValue:
        """What is stored at the end of this month is worth."""
        load, price, month = seen.load_kwh, seen.price, seen.month
        worth, end = END, len(load)
        if hour + end < self._end:
            each = float(price[-HOURS_OF_DAY:].mean()) * STORAGE.discharge_efficiency
            worth = TerminalValue(np.array([each]), np.array([STORAGE.soc_max_kwh]))
        for one in np.unique(month)[:0:-1]:
            begin = int(np.searchsorted(month, one))
            share = (end - begin) / HORIZON
            values_ = []
            for tier in NEXT_TIERS:
                stretch = Stretch(load[begin:end], price[begin:end], tier.up_to_kw, BREACH)
                values_.append((value(self._engine, stretch, worth), tier.fee * share))
            worth = terminal(min(values_, key=lambda v: v[0].cost_at(START_KWH) + v[1])[0])
            end = begin
        return worth


def controlled(hours: Hours, fitted: int, begin: int, end: int) -> tuple[Series, float]:
    """Imports from hour `begin` to before `end`, shape (n,) [kWh], and the energy left; fitted before `fitted`."""
    return carried_out(Controller(hours, fitted, end), hours, begin, end)


def carried_out(controller: Controller, hours: Hours, begin: int, end: int) -> tuple[Series, float]:
    """As `controlled`, by a controller that has not decided yet."""
    soc_kwh, imports = START_KWH, np.empty(end - begin)
    for hour in range(begin, end):
        move = min(controller.decide(hour, soc_kwh), GRID_KW - float(hours.load_kwh[hour]))
        stored = move * STORAGE.charge_efficiency if move > 0 else move / STORAGE.discharge_efficiency
        soc_kwh = min(max(KEPT_PER_HOUR * soc_kwh + stored, 0.0), STORAGE.soc_max_kwh)
        imports[hour - begin] = hours.load_kwh[hour] + move
        controller.metered(hour, float(imports[hour - begin]))
    return imports, soc_kwh
