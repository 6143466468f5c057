"""`darkstar simulate`: what the past would have cost under each policy."""

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Annotated

import typer

from darkstar.cli.common import FromOption, HomeOption, JsonOption, ToOption, errors, output, print_json
from darkstar.cli.home import open_ledger, open_settings
from darkstar.cli.lake import lake_address
from darkstar.cli.progress import shown_progress
from darkstar.cli.simulate_json import comparison_json
from darkstar.cli.simulate_options import (
    ChargePower,
    DischargePower,
    PolicyOption,
    Seed,
    Size,
    Start,
    Threshold,
    TimerHours,
    TimerTarget,
    Wear,
    Workers,
    Worth,
    battery_of,
    range_of,
    timer_of,
)
from darkstar.cli.simulate_tables import comparison_table, kept_episodes
from darkstar.config.settings import LEDGER_NAME, Settings
from darkstar.store.episodes.courier import Courier
from darkstar.store.ledger_file import LedgerFile
from darkstar.time_machine.episodes import EpisodeBook
from darkstar.time_machine.information import Honesty
from darkstar.time_machine.loader import load_scenario
from darkstar.time_machine.outcome import Comparison
from darkstar.time_machine.replay import POLICIES, compare
from darkstar.time_machine.scenario import Scenario


def simulate(
    start: FromOption = None,
    end: ToOption = None,
    policy: PolicyOption = None,
    honesty: Annotated[
        Honesty,
        typer.Option("--information", help="What policies know: published prices and forecasts, or all."),
    ] = Honesty.HONEST,
    battery_kwh: Size = None,
    charge_kw: ChargePower = None,
    discharge_kw: DischargePower = None,
    wear_per_kwh: Wear = None,
    soc_start_percent: Start = None,
    settlement_per_kwh: Worth = None,
    timer_hours: TimerHours = None,
    timer_target_percent: TimerTarget = None,
    plan_threshold: Threshold = 0.0,
    seed: Seed = 0,
    workers: Workers = None,
    episodes: Annotated[
        bool,
        typer.Option("--episodes", help="Keep every decision, with what was known, planned and came of it."),
    ] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Replay a range of the ledger under one or more policies and compare their bills."""
    settings = open_settings(home)
    names = [name.strip() for entry in policy or POLICIES for name in entry.split(",")]
    battery = battery_of(
        settings.battery,
        battery_kwh,
        charge_kw=charge_kw,
        discharge_kw=discharge_kw,
        wear_per_kwh=wear_per_kwh,
    )
    imagined = battery_kwh is not None or not settings.soc
    if soc_start_percent is None and imagined:
        # Nothing measures this battery: it is a new one, and a new one starts with what it must hold.
        soc_start_percent = battery.soc_min_percent
    with open_ledger(settings) as ledger:
        bounds = range_of(ledger, settings, start, end)
        scenario = load_scenario(
            ledger,
            settings.home,
            settings.absent,
            battery,
            bounds,
            soc_start_percent=soc_start_percent,
            settlement_per_kwh=settlement_per_kwh,
            power_tariffs=settings.power_tariffs,
        )
    scenario = replace(
        scenario, timer=timer_of(timer_hours, timer_target_percent), plan_threshold=plan_threshold
    )
    processes = workers or min(len(names), os.cpu_count() or 1)
    with shown_progress() as progress:
        finished: list[str] = []

        def done(name: str) -> None:
            finished.append(name)
            progress("policies", len(finished), len(names))

        progress("policies", 0, len(names))
        replayed = partial(compare, scenario, names, bounds, honesty=honesty, workers=processes, done=done)
        kept: Mapping[str, int] | None = None
        if episodes:
            comparison, kept = _with_episodes(replayed, settings, scenario, honesty)
        else:
            comparison = replayed()
    for day, reason in comparison.history.omitted:
        errors.print(f"{day} is left out: {reason}.", highlight=False)
    if as_json:
        found = {**comparison_json(comparison), "information": honesty.value, "seed": seed}
        print_json(found if kept is None else {**found, "episodes": kept})
        return
    output.print(comparison_table(comparison, settings))
    if kept is not None:
        output.print(kept_episodes(kept), highlight=False)


def _with_episodes(
    replayed: Callable[..., Comparison], settings: Settings, scenario: Scenario, honesty: Honesty
) -> tuple[Comparison, Mapping[str, int]]:
    """Replay with every decision recorded, while a courier carries what is recorded to the lake."""
    ledger = settings.folder / LEDGER_NAME
    book = EpisodeBook(ledger, settings.home, scenario, honesty)
    with Courier(ledger, lake_address(settings)) as courier:
        comparison = replayed(witness_of=book)
        with errors.status("sending episodes"):
            courier.finish()
    with LedgerFile(ledger) as opened:
        waiting = opened.episodes.state().waiting
    if courier.failure:
        errors.print(courier.failure, markup=False, highlight=False)
    recorded = len(comparison.outcomes) * len(comparison.history)
    return comparison, {"recorded": recorded, "delivered": courier.carried, "waiting": waiting}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("simulate")(simulate)
