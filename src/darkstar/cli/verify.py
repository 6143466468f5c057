"""`darkstar verify`: the ledger held against Home Assistant."""

import asyncio
import time
from typing import Annotated

import typer

from darkstar.bookkeeping.verify import TOLERANCE_KWH, Verification, verify
from darkstar.cli.common import FromOption, HomeOption, JsonOption, ToOption, output, print_json
from darkstar.cli.home import home_assistant, open_ledger, open_settings
from darkstar.cli.ledger_json import verification_json
from darkstar.cli.ledger_tables import difference_table, home_table, verification_table
from darkstar.cli.progress import shown_progress
from darkstar.config.settings import Settings
from darkstar.domain.errors import UsageError
from darkstar.domain.slots import parse_instant

UNEXPLAINED = 1
"""Exit code: an hour differs, and nothing tells why."""


def verify_command(
    start: FromOption = None,
    end: ToOption = None,
    tolerance: Annotated[
        float, typer.Option("--tolerance", help="Difference of an hour that needs no cause [kWh].", min=0.0)
    ] = TOLERANCE_KWH,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Compare every hour of every channel with what Home Assistant says now, and name the cause of each difference.

    Without --from and --to it takes all that the ledger holds. Exit code 1 when an hour differs without a cause.
    """
    settings = open_settings(home)
    found = asyncio.run(_verify(settings, start, end, tolerance))
    if as_json:
        print_json(verification_json(found))
    else:
        output.print(verification_table(found))
        if found.differences:
            output.print(difference_table(found, settings.home.tz))
        if found.home:
            output.print(home_table(found))
    if found.unexplained:
        raise typer.Exit(UNEXPLAINED)


def register(parent: typer.Typer) -> None:
    """Add the command."""
    parent.command("verify")(verify_command)


async def _verify(settings: Settings, start: str | None, end: str | None, tolerance: float) -> Verification:
    tz = settings.home.tz
    with open_ledger(settings) as ledger:
        extent = ledger.slot_extent()
        if extent is None:
            raise UsageError("The ledger is empty.", remedy="Run `darkstar backfill energy` first.")
        first = parse_instant(start, tz) if start else extent[0]
        last = parse_instant(end, tz) if end else extent[1]
        async with home_assistant(settings) as source:
            with shown_progress() as progress:
                return await verify(source, ledger, settings, first, last, time.time(), progress, tolerance)
