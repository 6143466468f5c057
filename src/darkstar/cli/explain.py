"""`darkstar explain`: the story of one hour or slot, down to its evidence."""

import asyncio
import datetime as dt
import math
import time
from collections.abc import Iterator
from typing import Annotated
from zoneinfo import ZoneInfo

import numpy as np
import typer

from darkstar.bookkeeping.explain import HourStory, explain_channels
from darkstar.cli.common import HomeOption, JsonOption, errors, output, print_json
from darkstar.cli.home import home_assistant, open_ledger, open_settings
from darkstar.cli.story import clock, evidence_tables, quarters_table, story_json
from darkstar.config.settings import Settings
from darkstar.domain.channels import Channel
from darkstar.domain.errors import SourceUnreachableError, UsageError
from darkstar.domain.slots import HOUR_SECONDS, hour_floor, iso_local, parse_instant, slot_floor
from darkstar.store.ledger_file import LedgerFile


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
    at_utc = _instant(at, settings.home.tz)
    stories, extent = asyncio.run(_explain(settings, at_utc, tuple(channel or ())))
    slot = None if at_utc % HOUR_SECONDS == 0 else slot_floor(at_utc)
    if as_json:
        print_json({"channels": [story_json(story, slot) for story in stories]})
        return
    told = [story for story in stories if not _unknown(story)]
    _tell_beyond(at_utc, extent, settings.home.tz)
    for story in told:
        _tell(story, slot, settings)
    silent = [story.channel.value for story in stories if story not in told]
    if silent:
        output.print(
            f"\n[bold]{', '.join(silent)}[/], {_hour(hour_floor(at_utc), settings.home.tz)}", highlight=False
        )
        output.print("No evidence of this hour is stored.", highlight=False)


def register(parent: typer.Typer) -> None:
    """Add the command."""
    parent.command("explain")(explain_command)


def _instant(at: str, tz: ZoneInfo) -> int:
    try:
        dt.date.fromisoformat(at)
    except ValueError:
        return parse_instant(at, tz)
    raise UsageError(f"'{at}' is a day, not an hour.", remedy=f"Write an hour or slot, as {at}T14:15.")


async def _explain(
    settings: Settings, at_utc: int, channels: tuple[Channel, ...]
) -> tuple[list[HourStory], tuple[int, int] | None]:
    """The stories, and from when to when the ledger reaches."""
    with open_ledger(settings) as ledger:
        return await _stories(settings, ledger, at_utc, channels), ledger.slot_extent()


async def _stories(
    settings: Settings, ledger: LedgerFile, at_utc: int, channels: tuple[Channel, ...]
) -> list[HourStory]:
    if settings.home_assistant is not None:
        try:
            async with home_assistant(settings) as source:
                return await explain_channels(source, ledger, settings, at_utc, time.time(), channels)
        except SourceUnreachableError as error:
            errors.print(f"{error.problem} What was stored of it stands in.", highlight=False, markup=False)
    return await explain_channels(None, ledger, settings, at_utc, time.time(), channels)


def _unknown(story: HourStory) -> bool:
    """Whether neither side knows anything, and nothing is stored that could tell why."""
    return (
        math.isnan(story.ha_kwh)
        and bool(np.isnan(story.slots.energy_kwh).all())
        and not story.rows
        and story.finding is None
    )


def _tell_beyond(at_utc: int, extent: tuple[int, int] | None, tz: ZoneInfo) -> None:
    """Say where the ledger begins or ends, for an hour that lies beyond."""
    hour = hour_floor(at_utc)
    if extent is None:
        output.print("The ledger is empty. `darkstar backfill energy` fills it.", highlight=False)
    elif hour + HOUR_SECONDS <= extent[0]:
        output.print(
            f"The ledger begins {clock(extent[0], tz)}; this hour lies before it. `darkstar backfill energy --from "
            f"{iso_local(hour, tz)[:10]}` asks Home Assistant for it.",
            highlight=False,
        )
    elif hour >= extent[1]:
        output.print(
            f"The ledger ends {clock(extent[1], tz)}; this hour lies after it. `darkstar backfill energy` or `darkstar "
            "record` brings it on.",
            highlight=False,
        )


def _hour(hour_utc: int, tz: ZoneInfo) -> str:
    """`the hour of 2025-10-26 02:00 (the first of two, +02:00)`."""
    place = {clock(hour_utc + HOUR_SECONDS, tz): "first", clock(hour_utc - HOUR_SECONDS, tz): "second"}
    which = place.get(clock(hour_utc, tz))
    offset = iso_local(hour_utc, tz)[-6:]
    return f"the hour of {clock(hour_utc, tz)}" + (f" (the {which} of two, {offset})" if which else "")


def _tell(story: HourStory, slot: int | None, settings: Settings) -> None:
    tz = settings.home.tz
    output.print(f"\n[bold]{story.channel.value}[/], {_hour(story.hour_utc, tz)}", highlight=False)
    for line in _both(story):
        output.print(line, highlight=False)
    if story.finding is not None:
        output.print(f"Cause: [bold]{story.finding.cause.value}[/]", highlight=False)
        output.print(story.finding.detail, highlight=False, markup=False)
        output.print(f"What helps: {story.finding.remedy}", highlight=False, markup=False)
    if not np.isnan(story.slots.energy_kwh).all():
        output.print(quarters_table(story, slot, tz))
    for table in evidence_tables(story, tz):
        output.print(table)
    if not story.rows:
        output.print("No evidence of this hour is stored.")


def _both(story: HourStory) -> Iterator[str]:
    """Both numbers, a line each."""
    known = np.isfinite(story.slots.energy_kwh)
    part = f", for it knows {known.sum()} of the four quarters" if known.any() and not known.all() else ""
    agree = ": they agree" if story.compared and story.within and known.all() else ""
    ours = f"{_kwh(story.ledger_kwh)}{part}{agree}"
    if not story.compared:
        yield f"Home Assistant has no meter of it; the ledger has {ours}"
        return
    when = "" if story.asked_now else " (as stored; it was not asked now)"
    rule = ""
    if not math.isnan(story.by_rule_kwh):
        rule = f"; its rule makes {_kwh(story.by_rule_kwh)} of the stored samples"
    yield f"Home Assistant has {_kwh(story.ha_kwh)}{when}{rule}"
    yield f"The ledger has {ours}"


def _kwh(energy: float) -> str:
    return "no number" if math.isnan(energy) else f"{energy:.3f} kWh"
