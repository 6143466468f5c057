"""`darkstar simulate` run as a person or a script runs it."""

from pathlib import Path

import typer
from typer.testing import CliRunner

from darkstar.cli.simulate import command as simulate

app = typer.Typer()
simulate.register(app)
# A Typer application of one command runs it without its name; a second one keeps the name.
app.command("other")(lambda: None)


def simulated(home: Path, *options: str) -> str:
    """What it writes to standard output; what it raises is raised."""
    result = CliRunner().invoke(app, ["simulate", "--home", str(home), "--workers", "1", *options])
    if result.exception is not None:
        raise result.exception
    return result.stdout
