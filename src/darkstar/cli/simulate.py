"""`darkstar simulate`: what the past would have cost under each policy."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Annotated

import typer

from darkstar.aurora.courses import FEW
from darkstar.bookkeeping.progress import Progress
from darkstar.cli.common import FromOption, HomeOption, JsonOption, ToOption, errors, output, print_json
from darkstar.cli.home import open_ledger, open_settings
from darkstar.cli.lake import lake_address
from darkstar.cli.progress import shown_progress
from darkstar.cli.simulate_answer import Answer
from darkstar.cli.simulate_json import answer_json
from darkstar.cli.simulate_options import (
    ChargePower,
    Courses,
    DischargePower,
    Plants,
    PolicyOption,
    Regrets,
    ReplanMinutes,
    ReportDay,
    ReportFolder,
    Reports,
    Seed,
    Size,
    Start,
    Threshold,
    TimerHours,
    TimerTarget,
    Wear,
    WhatIfs,
    Workers,
    Worth,
    battery_of,
    plant_of,
    policies_of,
    range_of,
    replan_slots_of,
    timer_of,
)
from darkstar.cli.simulate_report import REPORTS, parse_day, write_reports
from darkstar.cli.simulate_tables import rendered
from darkstar.cli.simulate_what_if import changes_of, variants_of
from darkstar.cli.simulate_work import workforce
from darkstar.config.settings import LEDGER_NAME, Settings
from darkstar.domain.errors import UsageError
from darkstar.domain.home import Battery
from darkstar.domain.slots import SLOT_MINUTES
from darkstar.store.episodes.courier import Courier
from darkstar.store.ledger_file import LedgerFile
from darkstar.time_machine.actual import ACTUAL, add_actual, read_measured, stand_beside
from darkstar.time_machine.episodes import EpisodeBook
from darkstar.time_machine.information import Honesty
from darkstar.time_machine.loader import load_scenario
from darkstar.time_machine.outcome import MPC, ORACLE, Comparison
from darkstar.time_machine.regret import regret as regret_of
from darkstar.time_machine.scenario import Scenario
from darkstar.time_machine.side_by_side import compare
from darkstar.time_machine.what_if import read_past, try_out
from darkstar.time_machine.work import Work

NO_BATTERY = Battery(1.0)
"""Stands in where there is none, and is left alone."""


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
    replan_minutes: ReplanMinutes = SLOT_MINUTES,
    scenarios: Courses = FEW,
    plant: Plants = None,
    what_if: WhatIfs = None,
    regret: Regrets = False,
    report: Reports = False,
    report_to: ReportFolder = None,
    report_day: ReportDay = None,
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
    if regret and honesty is not Honesty.HONEST:
        raise UsageError("Regret is about what was not known.", remedy="Leave out --information.")
    day = parse_day(report_day)
    settings = open_settings(home)
    variants = variants_of(what_if)
    battery = battery_of(
        settings.battery,
        battery_kwh,
        charge_kw=charge_kw,
        discharge_kw=discharge_kw,
        wear_per_kwh=wear_per_kwh,
        required=not variants,
    )
    names = policies_of(policy, regret=regret, battery=battery is not None)
    own = battery is not None and (battery_kwh, charge_kw, discharge_kw) == (None, None, None)
    held = battery or NO_BATTERY
    if soc_start_percent is None and (battery_kwh is not None or not settings.soc):
        # Nothing measures this battery: it is a new one, and a new one starts with what it must hold.
        soc_start_percent = held.soc_min_percent
    with open_ledger(settings) as ledger:
        bounds = range_of(ledger, settings, start, end)
        scenario = load_scenario(
            ledger,
            settings.home,
            settings.absent,
            held,
            bounds,
            soc_start_percent=soc_start_percent,
            settlement_per_kwh=settlement_per_kwh,
            power_tariffs=settings.power_tariffs,
            tariffs=settings.tariffs,
        )
        scenario = replace(
            scenario,
            timer=timer_of(timer_hours, timer_target_percent),
            plan_threshold=plan_threshold,
            replan_slots=replan_slots_of(replan_minutes),
            courses=scenarios,
        )
        scenario = scenario.on(plant_of(plant, settings, own=own))
        measured = read_measured(ledger, scenario, settings.absent, held.capacity_kwh) if own else None
        beside = stand_beside(measured, scenario, asked=ACTUAL in names)
        scenario = beside.scenario
        changes = changes_of(variants, settings, battery, ledger, scenario)
        past = read_past(ledger, scenario) if changes else None
        table = ledger.slots(*bounds)
    with shown_progress() as progress, workforce(settings, workers) as work:
        replayed = partial(_replayed, scenario, names, bounds, honesty, work, progress)
        kept: Mapping[str, int] | None = None
        if episodes:
            comparison, kept = _with_episodes(replayed, settings, scenario, honesty)
        else:
            comparison = replayed()
        lost = tried = None
        if regret:
            mpc, oracle = (comparison.outcomes[name] for name in (MPC, ORACLE))
            listener = partial(progress, "regret")
            lost = regret_of(scenario, mpc, oracle, work=work, done=listener)
        if past is not None:
            listener = partial(progress, "what if")
            tried = try_out(scenario, battery, changes, past, work=work, seed=seed, done=listener)
    comparison = add_actual(comparison, beside, names)
    answer = Answer(
        settings.home,
        comparison,
        honesty,
        seed,
        beside if own else None,
        lost,
        tried,
        kept,
        not scenario.plant.ideal,
    )
    for omitted, reason in comparison.history.omitted:
        errors.print(f"{omitted} is left out: {reason}.", markup=False, highlight=False)
    if report or report_to is not None or day is not None:
        folder = report_to or settings.folder / REPORTS
        for path in write_reports(answer, scenario, table, folder, time.time(), day):
            # A path that is cut or coloured cannot be copied.
            errors.print(str(path.resolve()), soft_wrap=True, highlight=False, markup=False)
    if as_json:
        print_json(answer_json(answer))
    else:
        output.print(rendered(answer), highlight=False)


def _replayed(
    scenario: Scenario,
    names: Sequence[str],
    bounds: tuple[int, int],
    honesty: Honesty,
    work: Work,
    progress: Progress,
    **watched: EpisodeBook,
) -> Comparison:
    """The policies beside each other, `actual` left out."""
    replayable = [name for name in names if name != ACTUAL]
    done = partial(progress, "policies")
    return compare(scenario, replayable, bounds, honesty=honesty, work=work, done=done, **watched)


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
