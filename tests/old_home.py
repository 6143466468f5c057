"""An older system's ledger with two weeks of a sunny home, sound row by row; tests put its faults in."""

import datetime as dt
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from darkstar.domain.slots import SLOT_SECONDS, quarters_of_day

STOCKHOLM = ZoneInfo("Europe/Stockholm")
T0 = 1_746_914_400  # 2025-05-11T00:00:00+02:00
DAYS = 14
N = DAYS * 96
Row = dict[str, object]
COLUMNS = [
    "slot_start",
    "slot_end",
    "import_kwh",
    "export_kwh",
    "pv_kwh",
    "load_kwh",
    "water_kwh",
    "batt_charge_kwh",
    "batt_discharge_kwh",
    "soc_start_percent",
    "soc_end_percent",
    "import_price_sek_kwh",
    "export_price_sek_kwh",
    "quality_flags",
]


def local(instant: int) -> str:
    """As the older system wrote a time: local, with its offset."""
    return dt.datetime.fromtimestamp(instant, STOCKHOLM).isoformat()


@dataclass
class OldHome:
    """The truth of the home, and the rows that the older system wrote of it (one a quarter, by slot)."""

    start: np.ndarray = field(default_factory=lambda: T0 + SLOT_SECONDS * np.arange(N, dtype=np.int64))
    rows: list[Row] = field(default_factory=list)

    def __post_init__(self) -> None:
        random = np.random.default_rng(7)
        quarter = quarters_of_day(self.start, STOCKHOLM)
        pv = 1.2 * np.maximum(np.cos((quarter + 0.5 - 52) / 29 * np.pi / 2), 0.0) ** 1.5
        pv[(quarter < 24) | (quarter > 80)] = 0.0
        pv *= random.uniform(0.4, 1.0, N)
        load = 0.06 + random.uniform(0.0, 0.1, N) + 0.4 * (random.uniform(size=N) < 0.1)
        water = np.where((quarter >= 8) & (quarter < 12), 0.5, 0.0)
        load += water
        net = load - pv
        charge = np.minimum(np.maximum(-net, 0), 0.25)
        discharge = np.where(net > 0, np.minimum(net, 0.05), 0.0)
        bought, sold = np.maximum(net - discharge, 0), np.maximum(-net - charge, 0)
        spot = 0.4 + 0.4 * np.sin(quarter / 96 * 4 * np.pi) + 0.01 * random.uniform(size=N)
        soc = 50 + 30 * np.sin(np.arange(N + 1) / 96 * 2 * np.pi)
        self.truth = {
            "import": bought,
            "export": sold,
            "pv": pv,
            "load": load,
            "water": water,
            "batt_charge": charge,
            "batt_discharge": discharge,
        }
        for i, instant in enumerate(self.start.tolist()):
            row: Row = {"slot_start": local(instant), "slot_end": local(instant + SLOT_SECONDS)}
            row |= {f"{name}_kwh": float(energy[i]) for name, energy in self.truth.items()}
            row |= {"soc_start_percent": float(soc[i]), "soc_end_percent": float(soc[i + 1])}
            row |= {
                "import_price_sek_kwh": float((spot[i] + 0.7) * 1.25),
                "export_price_sek_kwh": float(spot[i]),
                "quality_flags": "[]",
            }
            self.rows.append(row)

    def change(self, which: Callable[[int, int], bool], **values: object) -> None:
        """Put values into the columns of rows chosen by day and quarter of the day."""
        for i, row in enumerate(self.rows):
            if which(i // 96, i % 96):
                row.update(values)

    def write(self, path: Path, table: str = "slot_observations") -> Path:
        """The rows as an SQLite file; columns of rows that lack one are NULL."""
        with closing_file(path) as connection:
            connection.execute(f"CREATE TABLE {table} (id INTEGER PRIMARY KEY, {', '.join(COLUMNS)})")
            marks = ", ".join("?" * len(COLUMNS))
            connection.executemany(
                f"INSERT INTO {table} ({', '.join(COLUMNS)}) VALUES ({marks})",
                [tuple(row.get(column) for column in COLUMNS) for row in self.rows],
            )
        return path


@contextmanager
def closing_file(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection whose changes are stored at the end."""
    connection = sqlite3.connect(path)
    try:
        yield connection
        connection.commit()
    finally:
        connection.close()
