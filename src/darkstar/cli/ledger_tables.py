"""The ledger's results as tables for people."""

import datetime as dt
import re
from collections import Counter
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from rich.markup import escape
from rich.table import Table

from darkstar.bookkeeping.backfill import BackfillPlan
from darkstar.bookkeeping.verify import Verification
from darkstar.domain.slots import iso_local
from darkstar.ledger.resolved import DayQuality, DayStatus

SHOWN = 40
"""Differences, and rows of days, listed on a terminal; all of them are in `--json`."""
WIDE = 110
"""Columns of a terminal from which a sentence fits beside numbers."""
HOME_ASSISTANT = "Home Assistant"
NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?![\w.])")


def plan_table(plan: BackfillPlan, tz: ZoneInfo) -> Table:
    """What a backfill will fetch, by sensor."""
    table = Table(title=f"Backfill from {_local(plan.start, tz)} to {_local(plan.end, tz)}")
    for heading in ("channel", "sensor", "hourly and 5-minute statistics", "raw history", "remarks"):
        table.add_column(heading, overflow="fold")
    for task in plan.tasks:
        table.add_row(
            task.sensor.channel,
            task.sensor.entity_id,
            f"from {_local(task.hourly[0], tz)}" if task.hourly else "-",
            f"from {_local(task.history[0], tz)}" if task.history else "-",
            "; ".join(task.sensor.remarks),
        )
    return table


def verification_table(found: Verification) -> Table:
    """Channels beside Home Assistant, or beside the file."""
    other = found.against or HOME_ASSISTANT
    table = Table(title=f"The ledger beside {escape(other)}, hours within {found.tolerance_kwh:g} kWh")
    table.add_column("channel")
    for heading in ("hours", "within", "explained", "unexplained", "largest difference"):
        table.add_column(heading, justify="right")
    for channel, verdict in found.channels.items():
        table.add_row(
            channel.value,
            str(verdict.hours),
            str(verdict.within),
            str(verdict.explained),
            f"[bold red]{verdict.unexplained}[/]" if verdict.unexplained else "0",
            f"{verdict.max_abs_difference_kwh:.3f} kWh",
        )
    return table


def difference_table(found: Verification, tz: ZoneInfo, width: int) -> Table:
    """The hours that differ, the largest first; what happened in each where the terminal is wide enough for it."""
    shown = sorted(found.differences, key=lambda d: -abs(d.difference_kwh))[:SHOWN]
    more = f" (the largest {SHOWN} of {len(found.differences)})" if len(found.differences) > SHOWN else ""
    wide = width >= WIDE
    where = "--json" if found.against else "darkstar explain HOUR"
    table = Table(
        title=escape(f"Differences [kWh]{more}"),
        caption=None if wide else f"What happened in each: {where}, or a wider window.",
    )
    table.add_column("hour", no_wrap=True)
    table.add_column("channel", no_wrap=True)
    table.add_column("file" if found.against else HOME_ASSISTANT, justify="right")
    table.add_column("ledger", justify="right")
    table.add_column("cause", overflow="fold")
    if wide:
        table.add_column("detail", overflow="fold")
    for difference in shown:
        row = [
            _local(difference.hour_utc, tz),
            difference.channel.value,
            _kwh(difference.ha_kwh),
            _kwh(difference.ledger_kwh),
            difference.cause.value,
        ]
        table.add_row(*row, *([escape(difference.detail)] if wide else []))
    return table


def home_table(found: Verification) -> Table:
    """What the home's balance tells of its meters."""
    table = Table(title="The home's own balance")
    for heading in ("cause", "what it tells", "what helps"):
        table.add_column(heading, overflow="fold")
    for suspicion in found.home:
        table.add_row(suspicion.cause.value, suspicion.detail, suspicion.remedy)
    return table


def day_summary(found: Verification) -> str:
    """How many days have which label, in a line."""
    counts = Counter(day.status for day in found.days)
    told = ", ".join(f"{counts[status]} {status.value}" for status in DayStatus if counts[status])
    return f"Labels of days: {told or 'none, for none is over yet'}"


def day_table(found: Verification) -> Table:
    """The days that are not clean, with why; neighbours with the same kind of reasons share a row."""
    runs = [run for run in _runs_of_days(found.days) if run[0].status is not DayStatus.CLEAN]
    more = f" (the last {SHOWN} of {len(runs)} rows)" if len(runs) > SHOWN else ""
    table = Table(title=f"Days that are not clean{more}")
    table.add_column("days", no_wrap=True)
    table.add_column("label", no_wrap=True)
    table.add_column("reasons", overflow="fold")
    for run in runs[-SHOWN:]:
        first, last = run[0].day, run[-1].day
        same_month = (first.year, first.month) == (last.year, last.month)
        until = f" to {last:%d}" if same_month else f" to {last}"
        reasons = [_ranged(texts) for texts in zip(*(day.reasons for day in run), strict=True)]
        table.add_row(
            f"{first}{until if len(run) > 1 else ''}", run[0].status.value, escape("\n".join(reasons))
        )
    return table


def _runs_of_days(days: Sequence[DayQuality]) -> list[list[DayQuality]]:
    runs: list[list[DayQuality]] = []
    for day in days:
        before = runs[-1][-1] if runs else None
        if before and day.day - before.day == dt.timedelta(days=1) and _kind(day) == _kind(before):
            runs[-1].append(day)
        else:
            runs.append([day])
    return runs


def _kind(day: DayQuality) -> tuple[DayStatus, tuple[str, ...]]:
    """The label and its reasons without their numbers."""
    return day.status, tuple(NUMBER.sub("", reason) for reason in day.reasons)


def _ranged(texts: Sequence[str]) -> str:
    """Sentences that differ in their numbers alone as one, each number from its least to its greatest."""
    numbers = list(zip(*(NUMBER.findall(text) for text in texts), strict=True))
    spans = iter([(min(found, key=float), max(found, key=float)) for found in numbers])

    def span(_: re.Match[str]) -> str:
        least, most = next(spans)
        return least if least == most else f"{least} to {most}"

    return NUMBER.sub(span, texts[0])


def _kwh(energy: float | None) -> str:
    return "-" if energy is None else f"{energy:.3f}"


def _local(instant: int, tz: ZoneInfo) -> str:
    return iso_local(instant, tz)[:16].replace("T", " ")
