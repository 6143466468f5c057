"""What the commands share: the home's folder, ranges, output for people and for machines."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

errors = Console(stderr=True)
"""Progress, tables' notes and errors: never mixed with `--json` on standard output."""
output = Console()

HomeOption = Annotated[
    Path | None,
    typer.Option("--home", envvar="DARKSTAR_HOME", help="The home's folder.", show_default=False),
]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")]
FromOption = Annotated[
    str | None, typer.Option("--from", help="First local date or ISO instant.", show_default=False)
]
ToOption = Annotated[
    str | None, typer.Option("--to", help="Local date or ISO instant after the last.", show_default=False)
]


def print_json(value: Mapping[str, Any] | list[Mapping[str, Any]]) -> None:
    """Write one JSON value to standard output."""
    json.dump(value, sys.stdout, allow_nan=False)
    sys.stdout.write("\n")
