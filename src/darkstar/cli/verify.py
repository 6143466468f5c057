"""`darkstar verify`: the ledger held against Home Assistant, or against a file."""

import asyncio
import time
from pathlib import Path
from typing import Annotated

import typer

from darkstar.bookkeeping.against import FileHours, file_hours
from darkstar.bookkeeping.verify import TOLERANCE_KWH, Verification, verify, verify_against
from darkstar.cli.common import FromOption, HomeOption, JsonOption, ToOption, output, print_json
from darkstar.cli.home import home_assistant, open_ledger, open_settings
from darkstar.cli.ledger_json import verification_json
from darkstar.cli.ledger_tables import (
    day_summary,
    day_table,
    difference_table,
    home_table,
    verification_table,
)
from darkstar.cli.progress import shown_progress
from darkstar.config.settings import Settings
from darkstar.domain.errors import UsageError
from darkstar.domain.slots import parse_instant
from darkstar.evidence.files.columns import parse_map
from darkstar.evidence.files.instants import parse_zone
from darkstar.evidence.files.tables import read_table
from darkstar.ledger.resolved import DayStatus
from darkstar.store.ledger_file import LedgerFile

UNEXPLAINED = 1
"""Exit code: an hour differs, and nothing tells why."""


def verify_command(
    start: FromOption = None,
    end: ToOption = None,
    tolerance: Annotated[
        float, typer.Option("--tolerance", help="Difference of an hour that needs no cause [kWh].", min=0.0)
    ] = TOLERANCE_KWH,
    against: Annotated[
        Path | None,
        typer.Option(
            "--against",
            metavar="FILE",
            help="CSV or Parquet, as `import energy` reads it, instead of Home Assistant.",
            show_default=False,
        ),
    ] = None,
    said: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="COLUMN=CHANNEL", help="What a column of the file is; repeatable."),
    ] = None,
    timezone: Annotated[
        str | None,
        typer.Option("--timezone", help="Zone of the file's times without an offset.", show_default=False),
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Compare every hour of every channel with what Home Assistant says now, and name the cause of each difference.

    Without --from and --to it takes all that the ledger holds (and the file, with --against). Exit code 1 when an hour
    differs without a cause.
    """
    if against is None and (said or timezone is not None):
        raise UsageError("--map and --timezone tell how to read a file.", remedy="Give it: --against FILE.")
    settings = open_settings(home)
    file = _read(against, said or [], timezone, settings) if against is not None else None
    with open_ledger(settings) as ledger:
        bounds = _bounds(ledger, settings, start, end, file)
        found = _verified(ledger, settings, bounds, tolerance, file)
    if as_json:
        print_json(verification_json(found))
    else:
        _tell(found, settings, file)
    if found.unexplained:
        raise typer.Exit(UNEXPLAINED)


def register(parent: typer.Typer) -> None:
    """Add the command."""
    parent.command("verify")(verify_command)


def _read(path: Path, said: list[str], timezone: str | None, settings: Settings) -> FileHours:
    mapping = parse_map(said)
    zone = parse_zone(timezone) if timezone is not None else None
    return file_hours(read_table(path, timezone=zone, home_tz=settings.home.tz), mapping, settings)


def _bounds(
    ledger: LedgerFile, settings: Settings, start: str | None, end: str | None, file: FileHours | None
) -> tuple[int, int]:
    """What was asked for; else all that the ledger holds, and the file."""
    extent = ledger.slot_extent()
    if extent is None:
        raise UsageError(
            "The ledger is empty.", remedy="Run `darkstar backfill energy` or `darkstar import energy` first."
        )
    if file is not None:
        extent = max(extent[0], file.start), min(extent[1], file.end)
    tz = settings.home.tz
    return (parse_instant(start, tz) if start else extent[0], parse_instant(end, tz) if end else extent[1])


def _verified(
    ledger: LedgerFile,
    settings: Settings,
    bounds: tuple[int, int],
    tolerance: float,
    file: FileHours | None,
) -> Verification:
    if file is not None:
        with shown_progress() as progress:
            return verify_against(file, ledger, settings, *bounds, time.time(), progress, tolerance)

    async def ask() -> Verification:
        async with home_assistant(settings) as source:
            with shown_progress() as progress:
                return await verify(source, ledger, settings, *bounds, time.time(), progress, tolerance)

    return asyncio.run(ask())


def _tell(found: Verification, settings: Settings, file: FileHours | None) -> None:
    for name, reason in (file.left_out if file else {}).items():
        output.print(f"{name}: left out, {reason}", markup=False, highlight=False, soft_wrap=True)
    output.print(verification_table(found))
    if found.differences:
        output.print(difference_table(found, settings.home.tz, output.width))
    if found.home:
        output.print(home_table(found))
    output.print(day_summary(found), highlight=False)
    if any(day.reasons or day.status is not DayStatus.CLEAN for day in found.days):
        output.print(day_table(found))
