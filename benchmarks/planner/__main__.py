"""python -m benchmarks.planner [--quick]: the benchmark alone, in full or with a few cases of each kind."""

import sys

from rich.console import Console

from benchmarks.planner.table import result

Console().print(result(quick="--quick" in sys.argv[1:]).table)
