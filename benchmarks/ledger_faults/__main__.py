"""`python -m benchmarks.ledger_faults [--quick]`: the table alone."""

import sys

from rich.console import Console

from benchmarks.ledger_faults import run

Console(width=180).print(run(quick="--quick" in sys.argv[1:]).table)
