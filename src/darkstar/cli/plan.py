"""`darkstar plan`: the cheapest plan for given problems."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from darkstar.cli.common import JsonOption, output, print_json
from darkstar.domain.errors import DataError, UsageError
from darkstar.planner.fast.engine import FastEngine
from darkstar.planner.instances import Instance, read_instances
from darkstar.planner.problem import Plan

ProblemOption = Annotated[
    Path,
    typer.Option(
        "--problem",
        show_default=False,
        help="JSON: a list of objects with id, slot_hours, load_kwh, pv_kwh, import_price, export_price, "
        "soc_start_kwh, battery, grid and terminal.",
    ),
]


def plan(problem: ProblemOption, as_json: JsonOption = False) -> None:
    """Solve planning problems exactly: cost, proven gap and time of each."""
    instances = read_instances(_read(problem), problem)
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
