"""The ledger's results as tables for people."""

from zoneinfo import ZoneInfo

from rich.table import Table

from darkstar.bookkeeping.backfill import BackfillPlan
from darkstar.bookkeeping.verify import Verification
from darkstar.domain.slots import iso_local

SHOWN = 40
"""Differences listed on a terminal; all of them are in `--json`."""


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
    """Channels beside Home Assistant."""
    table = Table(title=f"The ledger beside Home Assistant, hours within {found.tolerance_kwh:g} kWh")
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


def difference_table(found: Verification, tz: ZoneInfo) -> Table:
    """The hours that differ, the largest first."""
    shown = sorted(found.differences, key=lambda d: -abs(d.difference_kwh))[:SHOWN]
    more = f" (the largest {SHOWN} of {len(found.differences)})" if len(found.differences) > SHOWN else ""
    table = Table(title=f"Differences{more}")
    for heading in ("hour", "channel", "Home Assistant", "ledger", "cause", "detail"):
        table.add_column(heading, overflow="fold")
    for difference in shown:
        table.add_row(
            _local(difference.hour_utc, tz),
            difference.channel.value,
            _kwh(difference.ha_kwh),
            _kwh(difference.ledger_kwh),
            difference.cause.value,
            difference.detail,
        )
    return table


def home_table(found: Verification) -> Table:
    """What the home's balance tells of its meters."""
    table = Table(title="The home's own balance")
    for heading in ("cause", "what it tells", "what helps"):
        table.add_column(heading, overflow="fold")
    for suspicion in found.home:
        table.add_row(suspicion.cause.value, suspicion.detail, suspicion.remedy)
    return table


def _kwh(energy: float | None) -> str:
    return "-" if energy is None else f"{energy:.3f}"


def _local(instant: int, tz: ZoneInfo) -> str:
    return iso_local(instant, tz)[:16].replace("T", " ")
