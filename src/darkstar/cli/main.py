"""The `darkstar` command: puts the groups together and turns errors into exit codes."""

import logging
import sys

import typer
from rich.logging import RichHandler

from darkstar.cli import backfill, backup, demo, imports, plan, record, simulate, verify
from darkstar.cli.common import errors
from darkstar.domain.errors import DarkstarError

app = typer.Typer(
    name="darkstar",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="A home's battery, sun and water heater at the lowest bill, with every number proven.",
)
for group in (demo, backfill, record, imports, verify, plan, simulate, backup):
    group.register(app)


def main() -> None:
    """Run the command line.

    Exit codes: 0 done, 1 done but what was asked for does not hold, 2 wrong use or config, 3 a source out of reach.
    """
    logging.basicConfig(level=logging.WARNING, format="%(message)s", handlers=[RichHandler(console=errors)])
    try:
        app()
    except DarkstarError as error:
        errors.print(f"[bold red]Error:[/] {error.problem}", highlight=False)
        if error.remedy:
            errors.print(error.remedy, highlight=False)
        sys.exit(error.exit_code)
