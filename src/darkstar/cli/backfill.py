"""`darkstar backfill`: the hybrid backfill of energy, and prices."""

import asyncio
import time
from typing import Annotated

import typer

from darkstar.bookkeeping.backfill import BackfillPlan, BackfillReport, plan_backfill, run_backfill
from darkstar.bookkeeping.progress import Progress
from darkstar.bookkeeping.ranges import checked_range
from darkstar.bookkeeping.resolving import swapped_sensors
from darkstar.bookkeeping.survey import survey
from darkstar.cli import backfill_prices
from darkstar.cli.common import FromOption, HomeOption, JsonOption, ToOption, errors, output, print_json
from darkstar.cli.home import back_up_first, home_assistant, open_ledger, open_settings
from darkstar.cli.ledger_json import plan_json, report_json
from darkstar.cli.ledger_tables import plan_table
from darkstar.cli.progress import shown_progress
from darkstar.config.settings import Settings
from darkstar.domain.errors import ConfigError
from darkstar.domain.slots import DAY_SECONDS, parse_instant
from darkstar.evidence.source import EnergySource

UNSURE = 1
"""Exit code: done, and what was found needs a person."""

app = typer.Typer(no_args_is_help=True, help="Fill the ledger from what others remember.")


def register(parent: typer.Typer) -> None:
    """Add the group to the command."""
    parent.add_typer(app, name="backfill")


app.command("prices")(backfill_prices.prices_command)


@app.command("energy")
def energy_command(
    start: FromOption = None,
    end: ToOption = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be fetched; change nothing.")
    ] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Fill the ledger from Home Assistant: long-term statistics for older days, raw history for the last ten.

    Without --from it begins where Home Assistant's statistics begin. It can be stopped at any moment and run again.
    """
    settings = open_settings(home)
    if not settings.sensor_list:
        raise ConfigError(
            f"{settings.folder} names no sensors.", remedy="List them under `sensors:` in darkstar.yaml."
        )
    asyncio.run(_backfill(settings, start, end, dry_run=dry_run, as_json=as_json))


async def _backfill(
    settings: Settings, start: str | None, end: str | None, *, dry_run: bool, as_json: bool
) -> None:
    async with home_assistant(settings) as source:
        plan = await _plan(source, settings, start, end)
        if dry_run and as_json:
            print_json(plan_json(plan))
        elif not as_json:
            output.print(plan_table(plan, settings.home.tz))
        if dry_run:
            return
        backup = back_up_first(settings, "backfill energy")
        with shown_progress() as progress:
            report, warnings = await _run(source, settings, plan, progress)
    for warning in warnings:
        errors.print(f"[bold yellow]Warning:[/] {warning}", highlight=False)
    if as_json:
        print_json(report_json(report, warnings, str(backup) if backup else None))
    else:
        output.print(f"{sum(report.rows_added.values())} new rows of evidence, {report.slots} slots resolved")


async def _plan(source: EnergySource, settings: Settings, start: str | None, end: str | None) -> BackfillPlan:
    now, tz = time.time(), settings.home.tz
    if start is not None:
        first = parse_instant(start, tz)
    else:
        oldest = await source.oldest_statistic([entity_id for _, entity_id in settings.sensor_list])
        first = int(now) - 10 * DAY_SECONDS if oldest is None else oldest
    last = parse_instant(end, tz) if end is not None else int(now)
    sensors = await survey(source, settings.sensor_list)
    return plan_backfill(sensors, *checked_range(first, last, now), now)


async def _run(
    source: EnergySource, settings: Settings, plan: BackfillPlan, progress: Progress
) -> tuple[BackfillReport, list[str]]:
    with open_ledger(settings) as ledger, ledger.run("backfill energy", f"{plan.start} to {plan.end}"):
        report = await run_backfill(source, ledger, settings, plan, progress)
        return report, swapped_sensors(ledger, settings, plan.start, plan.end)
