"""What a benchmark hands back."""

from collections.abc import Mapping
from dataclasses import dataclass

from rich.table import Table


@dataclass(frozen=True)
class Result:
    """A table for people and the same figures for machines."""

    table: Table
    figures: Mapping[str, float]
