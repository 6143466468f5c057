"""`darkstar episodes`: how many there are and how many wait, sending, exporting, forgetting."""

import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from darkstar.cli.common import FromOption, HomeOption, JsonOption, ToOption, errors, output, print_json
from darkstar.cli.home import open_ledger, open_settings
from darkstar.cli.lake import lake_address
from darkstar.cli.progress import shown_progress
from darkstar.config.settings import Settings
from darkstar.domain.errors import UsageError
from darkstar.domain.slots import DAY_SECONDS, iso_local, iso_utc, parse_instant
from darkstar.store.episodes.address import LakeAddress, LakeError
from darkstar.store.episodes.courier import carry
from darkstar.store.episodes.export import write_parquet
from darkstar.store.episodes.lake import Lake
from darkstar.store.episodes.outbox import Counts, DeliveryState

SystemOption = Annotated[
    str | None, typer.Option("--system", help="prod, simulation, shadow, ...", show_default=False)
]

app = typer.Typer(help="The lake of episodes: what it holds, what waits for it, export and cleaning.")


def register(parent: typer.Typer) -> None:
    """Add the group."""
    parent.add_typer(app, name="episodes")


@app.command()
def status(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """What the lake holds by system and day, what waits for it and why.

    Exit code 3 when the lake cannot be reached; what waits is shown all the same.
    """
    settings = open_settings(home)
    lake = Lake(lake_address(settings))
    with open_ledger(settings) as ledger:
        state, waiting = ledger.episodes.state(), ledger.episodes.waiting_by_day()
    try:
        held, away = lake.counts(), None
    except LakeError as error:
        held, away = {}, error
    if as_json:
        print_json(_status_json(lake.address, state, held, waiting, away))
    else:
        _tell(settings, lake.address, state, None if away else held, waiting)
    if away is not None:
        raise away


@app.command()
def deliver(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Send what waits to the lake, once; `simulate --episodes` does so by itself."""
    settings = open_settings(home)
    with open_ledger(settings) as ledger, shown_progress() as progress:
        waiting, done = ledger.episodes.state().waiting, 0

        def told(carried: int) -> None:
            nonlocal done
            done += carried
            progress("episodes", done, max(waiting, done))

        carried = carry(ledger, Lake(lake_address(settings)), told=told)
    if as_json:
        print_json({"delivered": carried, "waiting": 0})
    else:
        output.print(f"{carried} episodes sent; none waits.", highlight=False)


@app.command()
def export(
    file: Annotated[Path, typer.Argument(help="The Parquet file to write.", show_default=False)],
    system: SystemOption = None,
    start: FromOption = None,
    end: ToOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write the lake's episodes to a Parquet file, beside each what the ledger's slot says today."""
    settings = open_settings(home)
    tz = settings.home.tz
    bounds = [parse_instant(text, tz) if text else None for text in (start, end)]
    with open_ledger(settings) as ledger:
        episodes = Lake(lake_address(settings)).episodes(
            system_id=system, start_utc=bounds[0], end_utc=bounds[1]
        )
        written = write_parquet(file, episodes, ledger, settings.home.name)
        waiting = ledger.episodes.state().waiting
    if as_json:
        print_json({"file": str(file), "episodes": written, "waiting": waiting})
        return
    output.print(f"{written} episodes written to {file}.", markup=False, highlight=False, soft_wrap=True)
    if waiting:
        errors.print(
            f"{waiting} more wait for the lake: darkstar episodes deliver.", markup=False, highlight=False
        )


@app.command()
def prune(
    system: SystemOption = None,
    before: Annotated[
        str | None,
        typer.Option(
            "--before", help="Slots before this local date or ISO instant alone.", show_default=False
        ),
    ] = None,
    older_than: Annotated[
        float | None,
        typer.Option(
            "--older-than", min=0, metavar="DAYS", help="Slots this long ago alone.", show_default=False
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Forget episodes, in the lake and in the ledger, sent or not; asks before it does."""
    settings = open_settings(home)
    limit = _limit(settings, before, older_than)
    if system is None and limit is None:
        raise UsageError(
            "Say which episodes to forget.", remedy="Give --system, --before or --older-than, or several."
        )
    lake = Lake(lake_address(settings))
    with open_ledger(settings) as ledger:
        in_lake, here = lake.count(system, limit), ledger.episodes.prune(system, limit, dry=True)
        if (in_lake or here) and not yes:
            _ask(f"Forget {in_lake} episodes in {lake.address.place} and {here} in the ledger?")
        # The ledger first: what it has forgotten cannot be sent anew.
        forgotten = {"ledger": ledger.episodes.prune(system, limit), "lake": lake.prune(system, limit)}
    if as_json:
        print_json(forgotten)
    else:
        output.print(
            f"Forgotten: {forgotten['lake']} in the lake, {forgotten['ledger']} in the ledger.",
            highlight=False,
        )


def _limit(settings: Settings, before: str | None, older_than: float | None) -> int | None:
    limits = [parse_instant(before, settings.home.tz)] if before else []
    if older_than is not None:
        limits.append(int(time.time() - older_than * DAY_SECONDS))
    return min(limits, default=None)


def _ask(question: str) -> None:
    if not sys.stdin.isatty():
        raise UsageError(f"{question} Nobody is here to say.", remedy="Give --yes.")
    if not typer.confirm(question):
        raise typer.Abort


def _status_json(
    address: LakeAddress, state: DeliveryState, held: Counts, waiting: Counts, away: LakeError | None
) -> Mapping[str, Any]:
    return {
        "lake": address.place,
        "reachable": away is None,
        "error": None if away is None else away.problem,
        "episodes": sum(held.values()),
        "systems": _by_system(held),
        "ledger_episodes": state.kept,
        "backlog": {
            "episodes": state.waiting,
            "bytes": state.waiting_bytes,
            "oldest": _instant(state.oldest_us),
            "systems": _by_system(waiting),
        },
        "last_delivery": _instant(state.delivered_us),
        "last_failure": None
        if state.failure is None
        else {"at": _instant(state.failed_us), "message": state.failure},
    }


def _by_system(counts: Counts) -> Mapping[str, Mapping[str, int]]:
    systems: dict[str, dict[str, int]] = {}
    for (system, day), n in sorted(counts.items()):
        systems.setdefault(system, {})[day] = n
    return systems


def _instant(time_us: int | None) -> str | None:
    return None if time_us is None else iso_utc(time_us // 1_000_000)


def _tell(
    settings: Settings, address: LakeAddress, state: DeliveryState, held: Counts | None, waiting: Counts
) -> None:
    """The same for people; `held` is None where the lake is away."""
    table = Table(title=f"Episodes of {settings.home.name}", caption=address.place)
    table.add_column("system", no_wrap=True)
    table.add_column("first day", no_wrap=True)
    table.add_column("last day", no_wrap=True)
    for heading in ("days", "in the lake", "waiting"):
        table.add_column(heading, justify="right", no_wrap=True)
    lake_days, waiting_days = _by_system(held or {}), _by_system(waiting)
    for system in sorted({*lake_days, *waiting_days}):
        in_lake, here = lake_days.get(system, {}), waiting_days.get(system, {})
        days = sorted({*in_lake, *here})
        there = "?" if held is None else str(sum(in_lake.values()))
        table.add_row(system, days[0], days[-1], str(len(days)), there, str(sum(here.values())))
    output.print(table)
    if state.waiting:
        since = iso_local((state.oldest_us or 0) // 1_000_000, settings.home.tz)[:16]
        output.print(
            f"{state.waiting} episodes ({state.waiting_bytes / 1e6:.1f} MB) wait since {since}.",
            highlight=False,
        )
    if state.failure:
        when = iso_local((state.failed_us or 0) // 1_000_000, settings.home.tz)[:16]
        output.print(f"Last failure, {when}: {state.failure}", markup=False, highlight=False)
