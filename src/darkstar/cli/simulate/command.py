"""`darkstar simulate`: what the past would have cost under each policy."""

import typer
from rich.console import Console

from darkstar.aurora.courses import FEW
from darkstar.cli.common import FromOption, HomeOption, JsonOption, ToOption, output, print_json
from darkstar.cli.home import open_settings
from darkstar.cli.progress import shown_progress
from darkstar.cli.simulate.answer import Answer
from darkstar.cli.simulate.as_json import answer_json
from darkstar.cli.simulate.home import Wanted, replay_home
from darkstar.cli.simulate.homes import HomesFolder, homes_json, homes_table, replay_homes
from darkstar.cli.simulate.options import (
    ChargePower,
    Courses,
    DischargePower,
    Episodes,
    Heater,
    Information,
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
    Worth,
    replan_slots_of,
    timer_of,
)
from darkstar.cli.simulate.plant import Plants
from darkstar.cli.simulate.report import parse_day
from darkstar.cli.simulate.tables import rendered
from darkstar.cli.simulate.what_if import variants_of
from darkstar.cli.simulate.work import ClusterAddress, Fresh, InClear, Workers, kept_at, say, workforce
from darkstar.domain.errors import UsageError
from darkstar.domain.slots import SLOT_MINUTES
from darkstar.time_machine.information import Honesty
from darkstar.time_machine.report.days import left_out

TOLD_RUNS = 12
"""So many runs of days that are left out are told; more would scroll the table away."""

WHOLE_WIDTH = 1000


def simulate(
    start: FromOption = None,
    end: ToOption = None,
    policy: PolicyOption = None,
    honesty: Information = Honesty.HONEST,
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
    heater: Heater = None,
    seed: Seed = 0,
    episodes: Episodes = False,
    workers: Workers = None,
    cluster: ClusterAddress = None,
    cluster_in_clear: InClear = False,
    fresh: Fresh = False,
    homes: HomesFolder = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Replay a range of the ledger under one or more policies and compare their bills."""
    if regret and honesty is not Honesty.HONEST:
        raise UsageError("Regret is about what was not known.", remedy="Leave out --information.")
    day = parse_day(report_day)
    wanted = Wanted(
        start=start,
        end=end,
        policy=policy,
        honesty=honesty,
        battery_kwh=battery_kwh,
        charge_kw=charge_kw,
        discharge_kw=discharge_kw,
        wear_per_kwh=wear_per_kwh,
        soc_start_percent=soc_start_percent,
        settlement_per_kwh=settlement_per_kwh,
        timer=timer_of(timer_hours, timer_target_percent),
        plan_threshold=plan_threshold,
        replan_slots=replan_slots_of(replan_minutes),
        courses=scenarios,
        plant=plant,
        variants=variants_of(what_if),
        regret=regret,
        reports=report or report_to is not None or day is not None,
        report_to=report_to,
        report_day=day,
        heater=heater,
        seed=seed,
        episodes=episodes,
    )
    team = workforce(workers, cluster, in_clear=cluster_in_clear)
    if homes is not None:
        with shown_progress() as progress, team as work:
            found = replay_homes(homes, wanted, work, progress, fresh=fresh)
        if as_json:
            print_json(homes_json(found))
        else:
            # As wide as it is: a figure whose last digits are cut looks like another.
            Console(width=WHOLE_WIDTH).print(homes_table(found), highlight=False)
        return
    settings = open_settings(home)
    with shown_progress() as progress, team as work, kept_at(settings, work, fresh=fresh) as kept:
        answer = replay_home(settings, wanted, kept, progress)
    _say_what_is_left_out(answer)
    if as_json:
        print_json(answer_json(answer))
    else:
        output.print(rendered(answer), highlight=False)


def _say_what_is_left_out(answer: Answer) -> None:
    runs = left_out(answer.comparison.history.omitted)
    for days, reason in runs[:TOLD_RUNS]:
        say(f"Left out: {days}: {reason}.")
    if len(runs) > TOLD_RUNS:
        say(f"And {len(runs) - TOLD_RUNS} more: --json and --report name every day.")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("simulate")(simulate)
