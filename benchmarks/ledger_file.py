"""A year of slots written into a ledger and read from it, beside the same numbers in a bare SQLite table.

The ledger keeps each channel's provenance and flags in a second table, so it writes about three times the numbers.
"""

import sqlite3
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from statistics import median

import numpy as np
from rich.table import Table

from benchmarks._result import Result
from darkstar.domain.channels import Channel
from darkstar.domain.slots import DAY_SECONDS, slot_range
from darkstar.ledger.evidence import Method, Source
from darkstar.ledger.resolved import ChannelSlots, ResolvedSlots
from darkstar.store.ledger_file import LedgerFile

START = 1_735_689_600
DAYS = 365
RUNS = 5


def run() -> Result:
    """Medians of a few runs, turn by turn."""
    year = _year()
    seconds: dict[str, list[float]] = {}
    for _ in range(RUNS):
        with tempfile.TemporaryDirectory() as folder:
            for step, do in {**_bare(Path(folder), year), **_ledger(Path(folder), year)}.items():
                began = time.perf_counter()
                do()
                seconds.setdefault(step, []).append(time.perf_counter() - began)
    medians = {step: median(times) for step, times in seconds.items()}
    table = Table("step", "s", "of the bare table's", title=f"A year of slots ({len(year.slots)})")
    figures: dict[str, float] = {}
    for step, took in medians.items():
        ratio = took / medians["bare: read" if "read" in step else "bare: write"]
        table.add_row(step, f"{took:.3f}", f"{ratio:.2f}")
        figures |= {f"{step} s": took, f"{step} ratio": ratio}
    return Result(table, figures)


def _year() -> ResolvedSlots:
    slots = slot_range(START, START + DAYS * DAY_SECONDS)
    count = len(slots)
    random = np.random.default_rng(1)

    def channel() -> ChannelSlots:
        source, method = (np.full(count, int(kind), np.int8) for kind in (Source.LIVE, Method.READINGS))
        return ChannelSlots(random.random(count), source, method, np.zeros(count, np.int32))

    soc = random.uniform(0.0, 100.0, (2, count))
    return ResolvedSlots(slots, {name: channel() for name in Channel}, soc[0], soc[1])


def _bare(folder: Path, year: ResolvedSlots) -> Mapping[str, Callable[[], None]]:
    path = folder / "bare.db"
    names = [channel.column for channel in year.channels]

    def write() -> None:
        with closing(sqlite3.connect(path)) as bare, bare:
            bare.execute("PRAGMA journal_mode = WAL")
            bare.execute(f"CREATE TABLE slots (slot_start INTEGER PRIMARY KEY, {', '.join(names)})")
            columns = (channel.energy_kwh.tolist() for channel in year.channels.values())
            marks = ", ".join("?" * (len(names) + 1))
            rows = zip(year.slots.tolist(), *columns, strict=True)
            bare.executemany(f"INSERT INTO slots VALUES ({marks})", rows)

    def read() -> None:
        with closing(sqlite3.connect(path)) as bare:
            np.array(bare.execute("SELECT * FROM slots ORDER BY slot_start").fetchall(), dtype=np.float64)

    return {"bare: write": write, "bare: read": read}


def _ledger(folder: Path, year: ResolvedSlots) -> Mapping[str, Callable[[], None]]:
    path, end = folder / "ledger.db", START + DAYS * DAY_SECONDS
    LedgerFile(path).close()

    def write() -> None:
        with LedgerFile(path) as ledger:
            ledger.write_slots(year)

    def read() -> None:
        with LedgerFile(path) as ledger:
            ledger.slots(START, end)

    return {"ledger: write": write, "ledger: write the same again": write, "ledger: read": read}
