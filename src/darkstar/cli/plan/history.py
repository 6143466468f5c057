"""`darkstar plan --history`: the plans that were made, what became of each, and how often they changed their mind."""

import datetime as dt
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text as Line

from darkstar.cli.plan.device_tables import INDENT, WIDE
from darkstar.config.settings import Settings
from darkstar.domain.slots import iso_local, local_date
from darkstar.planner.standing.verdict import Outcome
from darkstar.planner.why.english import ENGLISH
from darkstar.store.plans import PlanRow
from darkstar.time_machine.now.remembering import SECOND_US

SHOWN = 24
"""How many of the last plans a terminal is shown."""
DAYS_SHOWN = 14


@dataclass(frozen=True)
class Day:
    """The plans that were made on a local day.

    Attributes:
        flips: of the plans that were handed on; `new_flips`: had each been planned anew.
    """

    date: dt.date
    plans: int
    kept: int
    changed: int
    flips: int
    new_flips: int


def days_of(rows: Sequence[PlanRow], settings: Settings) -> list[Day]:
    """The days on which plans were made, rising."""
    by_day: dict[dt.date, list[PlanRow]] = {}
    for row in rows:
        by_day.setdefault(local_date(row.made_us // SECOND_US, settings.home.tz), []).append(row)
    return [
        Day(
            date,
            len(made),
            sum(row.outcome is Outcome.KEPT for row in made),
            sum(row.outcome is Outcome.CHANGED for row in made),
            sum(row.flips or 0 for row in made),
            sum(row.new_flips or 0 for row in made),
        )
        for date, made in sorted(by_day.items())
    ]


def as_json(rows: Sequence[PlanRow], unreadable: int, settings: Settings) -> Mapping[str, Any]:
    """All that is kept, as scripts may rely on it."""
    tz = settings.home.tz
    return {
        "currency": settings.home.currency,
        "plans": [
            {
                "made": iso_local(row.made_us // SECOND_US, tz),
                "from": iso_local(row.start_utc, tz),
                "slots": row.slots,
                "prices_published_to": iso_local(row.prices_until_utc, tz),
                "cost": row.cost,
                "outcome": row.outcome.value,
                "why": row.why,
                "gain": row.gain,
                "threshold": row.threshold,
                "flips": row.flips,
                "new_flips": row.new_flips,
                "engine": row.engine,
                "version": row.version,
                "settings": row.settings_digest,
                "input": row.input_digest,
            }
            for row in rows
        ],
        "days": [
            {
                "date": str(day.date),
                "plans": day.plans,
                "kept": day.kept,
                "changed": day.changed,
                "flips": day.flips,
                "new_flips": day.new_flips,
            }
            for day in days_of(rows, settings)
        ],
        "unreadable": unreadable,
    }


def rendered(rows: Sequence[PlanRow], unreadable: int, settings: Settings, width: int) -> RenderableType:
    """The last plans and the last days, for a terminal of so many columns."""
    parts: list[RenderableType] = []
    if unreadable:
        parts.append(f"! {unreadable} of the plans that were kept cannot be read and are left out.")
    if not rows:
        return Group(*parts, "No plan was kept yet: `darkstar plan` keeps each that it makes.")
    days = days_of(rows, settings)[-DAYS_SHOWN:]
    return Group(*parts, _plans(rows[-SHOWN:], settings, width), "", _days(days))


def _plans(rows: Sequence[PlanRow], settings: Settings, width: int) -> RenderableType:
    """A line for each; on a narrow terminal the reasons stand below them."""
    if width >= WIDE:
        return _figures(rows, settings, with_why=True)
    parts: list[RenderableType] = [_figures(rows, settings, with_why=False)]
    told = [f"{_made(row, settings)}: {row.why}" for row in rows if row.why]
    if told:
        parts.append("")
    parts += [Line(textwrap.fill(one, width, subsequent_indent=INDENT)) for one in told]
    return Group(*parts)


def _figures(rows: Sequence[PlanRow], settings: Settings, *, with_why: bool) -> Table:
    table = _table()
    table.add_column("made", no_wrap=True)
    table.add_column(f"cost, {settings.home.currency}", justify="right", no_wrap=True)
    table.add_column("was", no_wrap=True)
    table.add_column("a new one gains", justify="right", no_wrap=True)
    table.add_column("flips", justify="right", no_wrap=True)
    if with_why:
        table.add_column("why")
    for row in rows:
        table.add_row(
            _made(row, settings),
            ENGLISH.figure(row.cost, 2),
            row.outcome.value,
            "" if row.gain is None else ENGLISH.figure(row.gain, 2),
            "" if row.flips is None else str(row.flips),
            *([Line(row.why)] if with_why else []),
        )
    return table


def _made(row: PlanRow, settings: Settings) -> str:
    local = dt.datetime.fromtimestamp(row.made_us // SECOND_US, settings.home.tz)
    return f"{ENGLISH.weekdays[local.weekday()]} {local:%Y-%m-%d %H:%M}"


def _days(days: Sequence[Day]) -> Table:
    table = _table()
    table.add_column("day", no_wrap=True)
    for heading in ("plans", "kept", "changed", "flips", "flips if always planned anew"):
        table.add_column(heading, justify="right")
    for day in days:
        figures = (day.plans, day.kept, day.changed, day.flips, day.new_flips)
        table.add_row(str(day.date), *map(str, figures))
    return table


def _table() -> Table:
    return Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
