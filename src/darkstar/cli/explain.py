"""`darkstar explain`: the story of one hour or slot, down to its evidence."""

import asyncio
import math
import time
from typing import Annotated

import typer

from darkstar.bookkeeping.explain import HourStory, explain_channels
from darkstar.cli.common import HomeOption, JsonOption, errors, output, print_json
from darkstar.cli.home import home_assistant, open_ledger, open_settings
from darkstar.cli.story import evidence_tables, quarters_table, story_json
from darkstar.config.settings import Settings
from darkstar.domain.channels import Channel
from darkstar.domain.errors import SourceUnreachableError, UsageError
from darkstar.domain.slots import HOUR_SECONDS, iso_local, parse_instant, slot_floor

DATE_LENGTH = len("2025-03-30")


def explain_command(
    at: Annotated[
        str, typer.Argument(metavar="HOUR|SLOT", help="Local time or ISO instant, such as 2025-03-30T14:15.")
    ],
    channel: Annotated[
        list[Channel] | None,
        typer.Option("--channel", help="Only this channel; repeatable.", show_default=False),
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show Home Assistant's number and ours, where ours came from, the evidence around it, and why they differ.

    A time inside an hour points at its slot. Where Home Assistant cannot be asked, what was stored of it stands in.
    """
    settings = open_settings(home)
    if len(at) <= DATE_LENGTH:
        raise UsageError(
            f"'{at}' is a day, not an hour.", remedy="Write an hour or slot, as 2025-03-30T14:15."
        )
    at_utc = parse_instant(at, settings.home.tz)
    stories = asyncio.run(_explain(settings, at_utc, tuple(channel or ())))
    slot = None if at_utc % HOUR_SECONDS == 0 else slot_floor(at_utc)
    if as_json:
        print_json({"channels": [story_json(story, slot) for story in stories]})
        return
    for story in stories:
        _tell(story, slot, settings)


def register(parent: typer.Typer) -> None:
    """Add the command."""
    parent.command("explain")(explain_command)


async def _explain(settings: Settings, at_utc: int, channels: tuple[Channel, ...]) -> list[HourStory]:
    with open_ledger(settings) as ledger:
        if settings.home_assistant is not None:
            try:
                async with home_assistant(settings) as source:
                    return await explain_channels(source, ledger, settings, at_utc, time.time(), channels)
            except SourceUnreachableError as error:
                errors.print(
                    f"{error.problem} What was stored of it stands in.", highlight=False, markup=False
                )
        return await explain_channels(None, ledger, settings, at_utc, time.time(), channels)


def _tell(story: HourStory, slot: int | None, settings: Settings) -> None:
    tz = settings.home.tz
    when = iso_local(story.hour_utc, tz)[:16].replace("T", " ")
    output.print(f"\n[bold]{story.channel.value}[/], the hour of {when}", highlight=False)
    output.print(_both(story), highlight=False)
    if not math.isnan(story.by_rule_kwh):
        output.print(f"Its rule makes {_kwh(story.by_rule_kwh)} of the stored samples", highlight=False)
    if story.finding is not None:
        output.print(f"Cause: [bold]{story.finding.cause.value}[/]", highlight=False)
        output.print(story.finding.detail, highlight=False, markup=False)
        output.print(f"What helps: {story.finding.remedy}", highlight=False, markup=False)
    output.print(quarters_table(story, slot, tz))
    for table in evidence_tables(story, tz):
        output.print(table)
    if not story.rows:
        output.print("No evidence of this hour is stored.")


def _both(story: HourStory) -> str:
    ours = f"the ledger {_kwh(story.ledger_kwh)}"
    if not story.compared:
        return f"Home Assistant has no meter of it; {ours}"
    asked = "says" if story.asked_now else "said when this was stored:"
    agree = " (they agree)" if story.within else ""
    return f"Home Assistant {asked} {_kwh(story.ha_kwh)}; {ours}{agree}"


def _kwh(energy: float) -> str:
    return "nothing" if math.isnan(energy) else f"{energy:.3f} kWh"
