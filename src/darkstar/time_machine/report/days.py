"""The days of a report: the calendar, the best and the worst of them, and what was lost on each.

A day is judged by what one policy saved against another; where only one was replayed, by what it cost.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np

from darkstar.domain.slots import iso_local
from darkstar.planner.why.english import ENGLISH
from darkstar.time_machine.actual import ACTUAL
from darkstar.time_machine.calendar import DayCosts, calendar
from darkstar.time_machine.outcome import MPC, NONE, RULE, Comparison, Series
from darkstar.time_machine.past.left_out import Coverage
from darkstar.time_machine.regret import Regret
from darkstar.time_machine.report.charts import policy_name
from darkstar.time_machine.report.day_replay import DayReplay
from darkstar.time_machine.report.figures import number

SHOWN_DAYS = 5
NO_DAYS: Mapping[dt.date, str] = {}
FULL_COLOUR_PERCENT = 95
"""Days beyond this share of all have the fullest colour, so that one odd day does not pale the rest."""
MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]


@dataclass(frozen=True)
class Judged:
    """The days and what they are judged by.

    Attributes:
        policy: whose days they are; baseline: whom it saves against, None where costs are told.
        worth: saved on each day, or the negative cost, shape (d,).
    """

    policy: str
    baseline: str | None
    days: tuple[dt.date, ...]
    costs: Mapping[str, DayCosts]
    worth: Series

    @property
    def best_first(self) -> list[int]:
        """Numbers of the days, the best first."""
        order: list[int] = np.argsort(-self.worth, kind="stable").tolist()
        return order


@dataclass(frozen=True)
class Cell:
    """A day in the calendar.

    Attributes:
        kind: `up`, `down`, `out` (left out) or `none` (not in the range).
        share: of the fullest colour, 0 to 1.
        told: what there is to say of it.
        masked: the battery's own numbers of that day are not believed.
    """

    number: int
    kind: str
    share: float = 0.0
    told: str = ""
    masked: bool = False


@dataclass(frozen=True)
class Month:
    """A month of the calendar; `before` days of its first week belong to the month before."""

    name: str
    before: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class DayRow:
    """A day in a table, in words."""

    day: str
    costs: tuple[str, ...]
    saved: str
    lost: str


def judged(comparison: Comparison, tz: ZoneInfo) -> Judged:
    """The days of the policy that matters most, against the one that it should beat."""
    costs = calendar(comparison, tz)
    policy = (
        MPC if MPC in costs else next((name for name in reversed(costs) if name != NONE), next(iter(costs)))
    )
    baseline = next((name for name in (RULE, ACTUAL, NONE) if name in costs and name != policy), None)
    found = costs[policy]
    worth = -found.cost if baseline is None else costs[baseline].cost - found.cost
    return Judged(policy, baseline, found.days, costs, worth)


def months_of(
    found: Judged,
    omitted: Sequence[tuple[dt.date, str]],
    currency: str,
    masked: Mapping[dt.date, str] = NO_DAYS,
) -> list[Month]:
    """The calendar from the first day to the last.

    Args:
        masked: replayed days on which the battery's own numbers are not believed, with the reason.
    """
    if not found.days and not omitted:
        return []
    full = float(np.percentile(np.abs(found.worth), FULL_COLOUR_PERCENT)) if len(found.worth) else 0.0
    reasons = dict(omitted)
    at = {day: row for row, day in enumerate(found.days)}
    edges = sorted([*found.days, *reasons])
    month, last = edges[0].replace(day=1), edges[-1]
    months = []
    while month <= last:
        following = (month + dt.timedelta(days=31)).replace(day=1)
        days = [month + dt.timedelta(days=i) for i in range((following - month).days)]
        cells = tuple(
            _cell(day, found, at.get(day), reasons.get(day), masked.get(day), full, currency) for day in days
        )
        months.append(Month(f"{MONTHS[month.month - 1]} {month.year}", month.weekday(), cells))
        month = following
    return months


def _cell(
    day: dt.date,
    found: Judged,
    row: int | None,
    reason: str | None,
    masked: str | None,
    full: float,
    currency: str,
) -> Cell:
    if row is not None:
        worth = float(found.worth[row])
        share = min(abs(worth) / full, 1.0) if full > 0 else 0.0
        told = _told(day, found, row, currency)
        if masked is not None:
            told += f"; battery masked: {masked}"
        return Cell(day.day, "up" if worth >= 0 else "down", round(share, 2), told, masked is not None)
    if reason is not None:
        return Cell(day.day, "out", 0.0, f"{day}: left out, {reason}")
    return Cell(day.day, "none")


def _told(day: dt.date, found: Judged, row: int, currency: str) -> str:
    cost = float(found.costs[found.policy].cost[row])
    told = f"{day}: {policy_name(found.policy)} {number(cost, 2)} {currency}"
    if found.baseline is None:
        return told
    base = float(found.costs[found.baseline].cost[row])
    return f"{told}, {policy_name(found.baseline)} {number(base, 2)}, saved {number(base - cost, 2)}"


def best_and_worst(found: Judged, regret: Regret | None) -> tuple[list[DayRow], list[DayRow]]:
    """Some of the days on which most was saved, and some on which least was; no day in both."""
    order = found.best_first
    shown = min(SHOWN_DAYS, (len(order) + 1) // 2)
    best, worst = order[:shown], order[::-1][: min(SHOWN_DAYS, len(order) - shown)]
    return [_row(found, row, regret) for row in best], [_row(found, row, regret) for row in worst]


def columns(found: Judged) -> tuple[str, ...]:
    """The policies whose costs stand in a day's row."""
    return tuple(name for name in (found.baseline, found.policy) if name is not None)


def _row(found: Judged, row: int, regret: Regret | None) -> DayRow:
    costs = tuple(number(float(found.costs[name].cost[row]), 2) for name in columns(found))
    saved = "" if found.baseline is None else number(float(found.worth[row]), 2)
    lost = "" if regret is None else number(float(regret.day_totals[row]), 2)
    day = found.days[row]
    return DayRow(f"{day} {ENGLISH.weekdays[day.weekday()]}", costs, saved, lost)


def left_out(omitted: Sequence[tuple[dt.date, str]]) -> list[tuple[str, str]]:
    """The days that were left out, neighbours with one reason together."""
    rows = []
    runs: list[list[tuple[dt.date, str]]] = []
    for day, reason in sorted(omitted):
        if runs and runs[-1][-1] == (day - dt.timedelta(days=1), reason):
            runs[-1].append((day, reason))
        else:
            runs.append([(day, reason)])
    for run in runs:
        first, last = run[0][0], run[-1][0]
        rows.append((str(first) if first == last else f"{first} to {last}", run[0][1]))
    return rows


def reason_rows(found: Coverage | None) -> list[tuple[str, str, str]]:
    """What was wrong with the days that were left out: the reason, how many days, how many slots."""
    if found is None:
        return []
    rows = found.left_out.reasons.items()
    return [(reason, number(left.days), number(left.slots)) for reason, left in rows]


@dataclass(frozen=True)
class QuarterRow:
    """A quarter of a day in words."""

    time: str
    price: str
    load: str
    sun: str
    battery: str
    grid: str
    stored: str
    cost: str
    does: str
    why: str


def quarter_rows(day: DayReplay, tz: ZoneInfo) -> list[QuarterRow]:
    """A day, quarter by quarter; where the clocks go back, times come twice, as the clock shows them."""
    return [
        QuarterRow(
            iso_local(quarter.slot, tz)[11:16],
            f"{number(quarter.import_price, 2)} / {number(quarter.export_price, 2)}",
            number(quarter.load_kw, 2),
            number(quarter.pv_kw, 2),
            number(quarter.battery_kw, 2),
            number(quarter.grid_kw, 2),
            number(quarter.soc_kwh, 2),
            number(quarter.cost, 3),
            quarter.does,
            quarter.why,
        )
        for quarter in day.quarters
    ]
