"""`darkstar plan`: what a home should do from now on and why; or the cheapest plan for given problems."""

import time
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from darkstar.cli.common import HomeOption, JsonOption, output, print_json
from darkstar.cli.home import open_ledger, open_settings
from darkstar.cli.plan import history as past_plans
from darkstar.cli.plan.as_json import as_json as home_json
from darkstar.cli.plan.asking import sense
from darkstar.cli.plan.home import plan_home
from darkstar.cli.plan.keeping import plan_and_keep
from darkstar.cli.plan.states import Told
from darkstar.cli.plan.tables import rendered
from darkstar.config.settings import Settings
from darkstar.domain.errors import DataError, UsageError
from darkstar.domain.slots import SLOTS_PER_HOUR, parse_instant
from darkstar.planner.devices.engines import FULL_SECONDS
from darkstar.planner.fast.engine import FastEngine
from darkstar.planner.instances import Instance, read_instances
from darkstar.planner.problem import Plan

HORIZON_HOURS = 48.0
NO_PLAN = 1
"""Exit code: done, and there is a safe mode in place of the batteries' plan."""

ProblemOption = Annotated[
    Path | None,
    typer.Option(
        "--problem",
        show_default=False,
        help="Solve these problems instead. JSON: a list of objects with id, slot_hours, load_kwh, pv_kwh, "
        "import_price, export_price, soc_start_kwh, battery, grid and terminal.",
    ),
]
AtOption = Annotated[
    str | None,
    typer.Option(
        "--at",
        metavar="INSTANT",
        show_default=False,
        help="Plan as of this local time or ISO instant, from what was known then; now by default.",
    ),
]
HoursOption = Annotated[float, typer.Option("--hours", min=1, max=168, help="How far to look ahead.")]
ChargeOption = Annotated[
    float | None,
    typer.Option(
        "--soc-percent", min=0, max=100, show_default=False, help="The state of charge, if not the ledger's."
    ),
]
BatteryChargeOption = Annotated[
    list[str] | None,
    typer.Option(
        "--battery-soc-percent",
        metavar="NAME=PERCENT",
        show_default=False,
        help="The charge of one of several.",
    ),
]
CarChargeOption = Annotated[
    list[str] | None,
    typer.Option(
        "--car-soc-percent",
        metavar="[NAME=]PERCENT",
        show_default=False,
        help="A car's charge; the name where there are several.",
    ),
]
PluggedInOption = Annotated[
    list[str] | None,
    typer.Option("--plugged-in", metavar="CAR", show_default=False, help="A car that is plugged in now."),
]
AwayOption = Annotated[
    list[str] | None, typer.Option("--away", metavar="CAR", show_default=False, help="A car that is not.")
]
HeatedOption = Annotated[
    float | None,
    typer.Option(
        "--heated-kwh",
        min=0,
        show_default=False,
        help="What the water heater has had since its last deadline, if not the ledger's.",
    ),
]
TankOption = Annotated[
    float | None,
    typer.Option(
        "--tank-temperature",
        metavar="CELSIUS",
        min=0,
        max=100,
        show_default=False,
        help="The hot water's temperature now.",
    ),
]
DisinfectedOption = Annotated[
    str | None,
    typer.Option(
        "--disinfected",
        metavar="INSTANT",
        show_default=False,
        help="When the hot water was last hot enough against legionella.",
    ),
]
RunOption = Annotated[
    list[str] | None,
    typer.Option("--run", metavar="APPLIANCE", show_default=False, help="An appliance that is to run once."),
]
SecondsOption = Annotated[
    float, typer.Option("--seconds", min=0.1, max=600, help="Time limit of the full engine, where it plans.")
]
FreshOption = Annotated[
    bool,
    typer.Option("--fresh", help="Plan anew, whatever the plan before says; the next one follows this one."),
]
HistoryOption = Annotated[
    bool,
    typer.Option(
        "--history", help="Show the plans that were made: cost, kept or changed and why, flips by day."
    ),
]


def plan(
    at: AtOption = None,
    hours: HoursOption = HORIZON_HOURS,
    soc_percent: ChargeOption = None,
    battery_soc_percent: BatteryChargeOption = None,
    car_soc_percent: CarChargeOption = None,
    plugged_in: PluggedInOption = None,
    away: AwayOption = None,
    heated_kwh: HeatedOption = None,
    tank_temperature: TankOption = None,
    disinfected: DisinfectedOption = None,
    run: RunOption = None,
    seconds: SecondsOption = FULL_SECONDS,
    problem: ProblemOption = None,
    fresh: FreshOption = False,
    history: HistoryOption = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Plan batteries, water heater, cars and appliances from now on, with a reason for each block and what it costs.

    Load and sun are forecast from the ledger, prices are those published, then those of late.
    Where no plan can be made, it says what is missing and what is safe meanwhile (exit code 1).
    """
    if problem is not None:
        _solve_problems(problem, as_json=as_json)
        return
    settings = open_settings(home)
    if history:
        _show_history(settings, as_json=as_json)
        return
    at_utc = time.time() if at is None else parse_instant(at, settings.home.tz)
    told = Told(
        soc_percent,
        battery_soc=battery_soc_percent or (),
        car_soc=car_soc_percent or (),
        plugged_in=plugged_in or (),
        away=away or (),
        to_run=run or (),
        heated_kwh=heated_kwh,
        tank_c=tank_temperature,
        disinfected_utc=None if disinfected is None else parse_instant(disinfected, settings.home.tz),
    )
    sensed = sense(settings, told, at_utc, is_now=at is None)
    with open_ledger(settings) as ledger:
        make = partial(
            plan_home,
            ledger,
            settings,
            at_utc,
            slots=round(hours * SLOTS_PER_HOUR),
            told=told,
            sensed=sensed,
            seconds=seconds,
        )
        if at is not None:
            answer = make()
        else:
            answer = plan_and_keep(ledger, settings, at_utc, lambda before: make(before=before, fresh=fresh))
    if as_json:
        print_json(home_json(answer))
    else:
        output.print(rendered(answer, output.width), highlight=False)
    if answer.safe_mode is not None or answer.planned is None:
        raise typer.Exit(NO_PLAN)


def _show_history(settings: Settings, *, as_json: bool) -> None:
    """The plans that were made."""
    with open_ledger(settings) as ledger:
        rows, unreadable = ledger.plans.history()
    if as_json:
        print_json(past_plans.as_json(rows, unreadable, settings))
    else:
        output.print(past_plans.rendered(rows, unreadable, settings, output.width), highlight=False)


def _solve_problems(path: Path, *, as_json: bool) -> None:
    """Solve planning problems exactly: cost, proven gap and time of each."""
    instances = read_instances(_read(path), path)
    engine = FastEngine()
    answers = [(instance, _solve(engine, instance)) for instance in instances]
    if as_json:
        print_json(
            [
                {"id": instance.id, "cost": plan.cost, "gap": plan.gap, "ms": plan.ms, "engine": plan.engine}
                for instance, plan in answers
            ]
        )
    else:
        output.print(_table(answers))


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("plan")(plan)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(
            f"{path} cannot be read: {error.strerror}.", remedy="Name a readable file after --problem."
        ) from None


def _solve(engine: FastEngine, instance: Instance) -> Plan:
    try:
        return engine.solve(instance.problem)
    except UsageError as error:
        raise UsageError(f"Problem {instance.id}: {error.problem}", remedy=error.remedy) from None


def _table(answers: list[tuple[Instance, Plan]]) -> Table:
    table = Table(title="Plans")
    table.add_column("problem")
    for heading in ("slots", "cost", "proven gap", "ms"):
        table.add_column(heading, justify="right")
    table.add_column("engine")
    for instance, plan in answers:
        table.add_row(
            instance.id,
            str(len(plan.charge_kwh)),
            f"{plan.cost:.4f}",
            f"{plan.gap:.1e}",
            f"{plan.ms:.3f}",
            plan.engine,
        )
    return table
