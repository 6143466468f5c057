"""`darkstar demo`: a whole home without Home Assistant, in a folder of its own."""

import os
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from darkstar.cli.common import JsonOption, output, print_json
from darkstar.cli.ledger_json import report_json, verification_json
from darkstar.cli.ledger_tables import verification_table
from darkstar.cli.progress import shown_progress
from darkstar.cli.simulate.as_json import comparison_json
from darkstar.demo.home import DAYS
from darkstar.demo.run import DemoResult, run_demo
from darkstar.domain.home import Home
from darkstar.domain.slots import iso_local
from darkstar.time_machine.outcome import Comparison
from darkstar.time_machine.replay import POLICIES
from darkstar.time_machine.report.charts import policy_name
from darkstar.time_machine.report.figures import number
from darkstar.time_machine.report.verdict import verdict, whole_days

UNEXPLAINED = 1
"""Exit code: done, and an hour of the ledger differs from Home Assistant's without a named cause."""

# $DARKSTAR_HOME names a real home, so the demo does not look at it.
FolderOption = Annotated[Path, typer.Option("--home", help="The demo's folder; made where there is none.")]


def demo_command(
    folder: FolderOption = Path("demo-home"),
    seed: Annotated[int, typer.Option(help="Another seed is another home.", min=0)] = 1,
    days: Annotated[int, typer.Option(help="How many days of its past there are.")] = DAYS,
    as_json: JsonOption = False,
) -> None:
    """Make a home that does not exist, keep its books, prove them, and replay its last month."""
    began = time.perf_counter()
    workers = min(os.cpu_count() or 1, len(POLICIES))
    with shown_progress() as progress:
        result = run_demo(folder.expanduser(), seed=seed, days=days, workers=workers, progress=progress)
    seconds = time.perf_counter() - began
    if as_json:
        print_json(_json(result, seconds))
    else:
        _tell(result, seconds)
    if result.verification.unexplained:
        raise typer.Exit(UNEXPLAINED)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("demo")(demo_command)


def _tell(result: DemoResult, seconds: float) -> None:
    settings, plan = result.settings, result.backfill.plan
    span = " to ".join(
        iso_local(edge, settings.home.tz)[:16].replace("T", " ") for edge in (plan.start, plan.end)
    )
    output.print(
        f"A home that does not exist (seed {result.seed}), {span}, in {settings.folder}", highlight=False
    )
    output.print(f"{number(result.backfill.slots)} quarters of an hour in its ledger", highlight=False)
    output.print(verification_table(result.verification))
    output.print(_policies_table(result.comparison, settings.home))
    output.print(verdict(result.comparison, settings.home), highlight=False)
    output.print(f"Done in {seconds:.0f} s. The report:", highlight=False)
    # A path that is cut or coloured cannot be copied.
    output.print(str(result.report.resolve()), soft_wrap=True, highlight=False, markup=False)


def _policies_table(comparison: Comparison, home: Home) -> Table:
    table = Table(title=f"Its last month replayed, {whole_days(comparison, home.tz)} days of it")
    table.add_column("policy", no_wrap=True)
    headings = (
        f"cost\n{home.currency}",
        "import\nkWh",
        "export\nkWh",
        "peak\nkW",
        "gap\nclosed",
        "of\noptimal",
    )
    for heading in headings:
        table.add_column(heading, justify="right", no_wrap=True)
    for name, outcome in comparison.outcomes.items():
        shares = (shared[name] for shared in (comparison.gap_closed, comparison.share_of_optimal))
        table.add_row(
            policy_name(name),
            number(outcome.cost, 2),
            number(outcome.import_kwh),
            number(outcome.export_kwh),
            number(outcome.peak_import_kw, 1),
            *("" if share is None else f"{number(100 * share)} %" for share in shares),
        )
    return table


def _json(result: DemoResult, seconds: float) -> dict[str, object]:
    return {
        "home": str(result.settings.folder.resolve()),
        "report": str(result.report.resolve()),
        "seed": result.seed,
        "backfill": report_json(result.backfill, [], None),
        "verify": verification_json(result.verification),
        "simulate": comparison_json(result.comparison),
        "seconds": round(seconds, 2),
    }
