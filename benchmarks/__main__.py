"""Run the benchmarks that are named, or all: each module of this folder has a `run() -> Result`."""

import importlib
import json
import pkgutil
import sys
from pathlib import Path

from rich.console import Console

import benchmarks

RESULTS = Path(".cache") / "benchmarks"
COLUMNS = 130
"""Of a table that goes to a file."""


def main(names: list[str]) -> None:
    """Print each benchmark's table and write its figures to `.cache/benchmarks/NAME.json`."""
    known = sorted(
        module.name for module in pkgutil.iter_modules(benchmarks.__path__) if not module.name.startswith("_")
    )
    unknown = sorted(set(names) - set(known))
    if unknown:
        sys.exit(f"There is no benchmark {', '.join(unknown)}; there are {', '.join(known)}.")
    RESULTS.mkdir(parents=True, exist_ok=True)
    console = Console(width=None if sys.stdout.isatty() else COLUMNS)
    for name in names or known:
        result = importlib.import_module(f"benchmarks.{name}").run()
        console.print(result.table)
        (RESULTS / f"{name}.json").write_text(json.dumps(result.figures, indent=1) + "\n", encoding="utf-8")


main(sys.argv[1:])
