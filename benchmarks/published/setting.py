"""Where the data is, and what a row of the table says."""

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Figure:
    """A cost as published, `None` where nobody published it, and ours."""

    case: str
    what: str
    published: float | None
    ours: float


def data_folder() -> Path | None:
    """The folder with the homes' data, None where it is absent."""
    folder = Path(os.environ.get("DARKSTAR_DATA") or Path(__file__).parents[3] / "shared" / "data")
    return folder if folder.is_dir() else None
