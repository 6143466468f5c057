"""`darkstar plan`: what a home's battery should do from now on and why; or the cheapest plan for given problems."""

import time
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from darkstar.cli.common import HomeOption, JsonOption, output, print_json
from darkstar.cli.home import open_ledger, open_settings
from darkstar.cli.plan_home import plan_home
from darkstar.cli.plan_json import as_json as home_json
from darkstar.cli.plan_tables import rendered
from darkstar.domain.errors import DataError, UsageError
from darkstar.domain.slots import SLOTS_PER_HOUR, parse_instant
from darkstar.planner.fast.engine import FastEngine
from darkstar.planner.instances import Instance, read_instances
from darkstar.planner.problem import Plan

HORIZON_HOURS = 48.0
NO_PLAN = 1
"""Exit code: done, and there is a safe mode in place of a plan."""

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


def plan(
    at: AtOption = None,
    hours: HoursOption = HORIZON_HOURS,
    soc_percent: ChargeOption = None,
    problem: ProblemOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Plan the battery from now on, with a reason for each block of time and what each way would cost.

    Load and sun are forecast from the ledger, prices are those published, then those of late. Where no plan can be
    made, it says what is missing and what is safe meanwhile (exit code 1).
    """
    if problem is not None:
        _solve_problems(problem, as_json=as_json)
        return
    settings = open_settings(home)
    at_utc = time.time() if at is None else parse_instant(at, settings.home.tz)
    with open_ledger(settings) as ledger:
        answer = plan_home(
            ledger, settings, at_utc, slots=round(hours * SLOTS_PER_HOUR), soc_percent=soc_percent
        )
    if as_json:
        print_json(home_json(answer))
    else:
        output.print(rendered(answer, output.width), highlight=False)
    if answer.planned is None:
        raise typer.Exit(NO_PLAN)


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
