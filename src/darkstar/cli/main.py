"""The `darkstar` command: puts the groups together and turns errors into exit codes."""

import errno
import importlib
import logging
import sys

import typer
from rich.logging import RichHandler
from typer.core import TyperCommand, TyperGroup

from darkstar.cli.common import errors
from darkstar.domain.errors import DarkstarError, StoreError

MODULES = {
    "demo": "demo",
    "backfill": "backfill",
    "record": "record",
    "import": "imports",
    "verify": "verify",
    "repair": "repair",
    "explain": "explain",
    "plan": "plan.command",
    "calibrate": "calibrate",
    "simulate": "simulate.command",
    "episodes": "episodes",
    "backup": "backup",
    "restore": "backup",
}
"""The file of each command. Only what is called is imported: a year of weather is no reason to wait for a backup."""


class Commands(TyperGroup):
    """All commands by name, each imported when it is asked for."""

    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]  # Typer's own Context
        """The names in the order of the help."""
        return list(MODULES)

    def get_command(  # type: ignore[override]  # Typer's own Context
        self, ctx: typer.Context, cmd_name: str
    ) -> TyperCommand | TyperGroup | None:
        """The command of a name; None where there is none."""
        if cmd_name not in MODULES:
            return None
        group = typer.Typer()
        importlib.import_module(f"darkstar.cli.{MODULES[cmd_name]}").register(group)
        command = typer.main.get_group(group).commands[cmd_name]
        assert isinstance(command, TyperCommand | TyperGroup)
        return command


app = typer.Typer(
    name="darkstar", cls=Commands, no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False
)


@app.callback()
def darkstar() -> None:
    """A home's battery, sun and water heater at the lowest bill, with every number proven."""


def main() -> None:
    """Run the command line.

    Exit codes: 0 done, 1 done but what was asked for does not hold, 2 wrong use or config, 3 a source out of reach.
    """
    logging.basicConfig(level=logging.WARNING, format="%(message)s", handlers=[RichHandler(console=errors)])
    # Whoever asks again says so in its own words.
    logging.getLogger("stamina").setLevel(logging.ERROR)
    try:
        app()
    except DarkstarError as error:
        errors.print("[bold red]Error:[/]", end=" ")
        errors.print(error.problem, highlight=False, markup=False)
        if error.remedy:
            errors.print(error.remedy, highlight=False, markup=False)
        sys.exit(error.exit_code)
    except OSError as error:
        # A full disk, a folder that only others may write: nothing is torn, and a trace of calls helps nobody.
        if error.filename is None and error.errno != errno.ENOSPC:
            raise
        where = f"{error.filename}: " if error.filename is not None else ""
        errors.print("[bold red]Error:[/]", end=" ")
        errors.print(f"{where}{error.strerror}.", highlight=False, markup=False, soft_wrap=True)
        errors.print("Make room, or let it be read and written, and run the command again.")
        sys.exit(StoreError.exit_code)
