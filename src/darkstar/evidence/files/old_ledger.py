"""An older ledger's SQLite file, read as it stands: nothing in it or beside it is changed, and nothing is believed yet.

Older ledgers kept one row a quarter, mostly in `slot_observations`, with the slot's start as local text with an offset,
sometimes naive, in UTC or as a number. Columns varied from version to version: what they mean is told by their names.
"""

import datetime as dt
import math
import re
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from darkstar.domain.channels import Channel
from darkstar.domain.errors import DataError
from darkstar.domain.slots import Slots
from darkstar.evidence.files.instants import EARLIEST_US, EPOCH_UNITS_US, LATEST_US
from darkstar.evidence.local_times import local_to_utc
from darkstar.ledger.evidence import MICROSECONDS, Texts
from darkstar.ledger.old_rows.rows import EXPORT_PRICE, IMPORT_PRICE, NO_TIME, Clock, OldRows, Series

HEADER = b"SQLite format 3\0"
USUAL_TABLE = "slot_observations"
OURS = frozenset({"slot_provenance", "interval_energies"})
"""Tables that only a ledger of this system has."""
START = re.compile(r"slot_start|slot|start|start_time|time_?stamp|ts", re.IGNORECASE)
END = re.compile(r"slot_end|end|end_time", re.IGNORECASE)
ENERGY: Mapping[Channel, re.Pattern[str]] = {
    channel: re.compile(rf"(?:{names})(?:_energy)?_kwh", re.IGNORECASE)
    for channel, names in {
        Channel.LOAD: "(?:total_|house_|home_)?(?:load|consumption)",
        Channel.PV: "(?:total_)?(?:pv|solar)(?:_production)?",
        Channel.IMPORT: "(?:total_)?(?:grid_)?import",
        Channel.EXPORT: "(?:total_)?(?:grid_)?export",
        Channel.BATT_CHARGE: "(?:total_)?(?:batt(?:ery)?_)charged?",
        Channel.BATT_DISCHARGE: "(?:total_)?(?:batt(?:ery)?_)discharged?",
        Channel.WATER: "water(?:_heat(?:er|ing))?(?:_consumption)?|vvb",
    }.items()
}
SOC_START = re.compile(r"(?:batt(?:ery)?_)?soc(?:_start)?(?:_percent|_pct)?", re.IGNORECASE)
SOC_END = re.compile(r"(?:batt(?:ery)?_)?soc_end(?:_percent|_pct)?", re.IGNORECASE)
PRICE = re.compile(
    r"(?P<side>import|export)_price(?:_(?P<currency>[a-z]{3}))?(?:_(?:per_)?kwh)?", re.IGNORECASE
)
WHERE = "An older ledger has a table slot_observations with slot_start and columns like load_kwh."


@dataclass(frozen=True)
class OldLedger:
    """An older ledger as read.

    Attributes:
        columns: which column each subject (a channel, `soc_start`, `soc_end`, a price) was read from.
        left_out: the other columns, each with why.
    """

    path: Path
    table: str
    rows: OldRows
    columns: Mapping[str, str]
    left_out: Mapping[str, str]


def read_old_ledger(path: Path, *, naive_tz: ZoneInfo, currency: str) -> OldLedger:
    """Read all rows of an older ledger.

    Args:
        naive_tz: the zone of times without an offset. currency: the home's; prices in another are left out.

    Raises:
        DataError: the file is missing, no SQLite file, damaged, a ledger of this system, or has no such table.
    """
    _check_header(path)
    try:
        with _opened(path) as connection:
            table, names = _find_table(path, connection)
            columns, left_out = _columns(names, currency)
            values = _values(connection, table, columns)
    except sqlite3.Error as error:
        raise DataError(
            f"{path} cannot be read: {error}.", remedy="Copy it anew from where the older system kept it."
        ) from None
    start_utc, clock = _instants(values["start"], naive_tz)
    end_utc = _instants(values["end"], naive_tz)[0] if "end" in values else np.full(len(start_utc), NO_TIME)
    n = len(start_utc)
    energy = {c: _numbers(values[c.value]) for c in Channel if c.value in values}

    def numbers(subject: str) -> Series:
        return _numbers(values[subject]) if subject in values else np.full(n, np.nan)

    rows = OldRows(
        number=np.arange(n),
        start_utc=start_utc,
        end_utc=end_utc,
        written=_texts(values["start"]),
        clock=clock,
        energy_kwh=energy,
        soc_start_percent=numbers("soc_start"),
        soc_end_percent=numbers("soc_end"),
        import_price=numbers(IMPORT_PRICE),
        export_price=numbers(EXPORT_PRICE),
    )
    return OldLedger(path, table, rows, columns, left_out)


def _check_header(path: Path) -> None:
    if not path.is_file():
        raise DataError(f"There is no file {path}.")
    try:
        with path.open("rb") as file:
            header = file.read(len(HEADER))
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}.") from None
    if header != HEADER:
        raise DataError(f"{path} is no SQLite file.", remedy=WHERE)


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    """The file as it stands; with a write-ahead log beside it a copy of both, for opening would write to them."""
    log = path.with_name(path.name + "-wal")
    if not log.exists() or not log.stat().st_size:
        with closing(
            sqlite3.connect(f"file:{quote(str(path.absolute()))}?mode=ro&immutable=1", uri=True)
        ) as connection:
            yield connection
        return
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / path.name
        shutil.copyfile(path, copy)
        shutil.copyfile(log, copy.with_name(log.name))
        with closing(sqlite3.connect(copy)) as connection:
            yield connection


def _find_table(path: Path, connection: sqlite3.Connection) -> tuple[str, list[str]]:
    """The table of slots and its columns: the usual one, else the only one that looks like it."""
    names = [
        row[0]
        for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
    ]
    if set(names) >= OURS:
        raise DataError(
            f"{path} is a ledger of this system already.", remedy="Use `darkstar restore` for a backup of it."
        )
    found = {}
    for name in names:
        columns = [row[1] for row in connection.execute(f"PRAGMA table_info({_quoted(name)})")]
        starts = any(START.fullmatch(column) for column in columns)
        if starts and any(p.fullmatch(column) for p in ENERGY.values() for column in columns):
            found[name] = columns
    if USUAL_TABLE in found:
        return USUAL_TABLE, found[USUAL_TABLE]
    if len(found) == 1:
        return next(iter(found.items()))
    tables = ", ".join(found or names) or "none"
    raise DataError(
        f"{path} is no older ledger: no table of it holds slots (its tables: {tables})."
        if not found
        else f"{path} has several tables that could hold the slots: {tables}.",
        remedy=WHERE,
    )


def _columns(names: Sequence[str], currency: str) -> tuple[dict[str, str], dict[str, str]]:
    """Column by subject, and why each other column is left out."""
    columns: dict[str, str] = {}
    left_out: dict[str, str] = {}
    for name in names:
        subject, why = _meaning(name, currency)
        if why:
            left_out[name] = why
        elif subject in columns:
            left_out[name] = f"{columns[subject]} says the same"
        else:
            columns[subject] = name
    return columns, left_out


def _meaning(name: str, currency: str) -> tuple[str, str]:
    """What a column holds, and else why it is left out."""
    if START.fullmatch(name):
        return "start", ""
    if END.fullmatch(name):
        return "end", ""
    for channel, pattern in ENERGY.items():
        if pattern.fullmatch(name):
            return channel.value, ""
    if SOC_END.fullmatch(name):
        return "soc_end", ""
    if SOC_START.fullmatch(name):
        return "soc_start", ""
    price = PRICE.fullmatch(name)
    if price is None:
        return "", "its name says neither a channel, a state of charge nor a price"
    said = (price["currency"] or currency).upper()
    if said != currency:
        return "", f"its prices are in {said}, and the home's currency is {currency}"
    return IMPORT_PRICE if price["side"].lower() == "import" else EXPORT_PRICE, ""


Cell = str | int | float | bytes | None


def _values(connection: sqlite3.Connection, table: str, columns: Mapping[str, str]) -> dict[str, list[Cell]]:
    names = ", ".join(_quoted(name) for name in columns.values())
    query = f"SELECT {names} FROM {_quoted(table)}"  # noqa: S608 (every name is quoted)
    rows: list[tuple[Cell, ...]] = connection.execute(query).fetchall()
    return {subject: [row[i] for row in rows] for i, subject in enumerate(columns)}


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _numbers(cells: Sequence[Cell]) -> Series:
    """Numbers as floats, everything else NaN; shape (n,)."""
    return np.array([_number(cell) for cell in cells], dtype=np.float64)


def _number(cell: Cell) -> float:
    if cell is None or isinstance(cell, bytes):
        return math.nan
    try:
        number = float(cell)
    except ValueError:
        return math.nan
    return number if math.isfinite(number) else math.nan


def _texts(cells: Sequence[Cell]) -> Texts:
    texts = np.empty(len(cells), dtype=object)
    texts[:] = [str(cell) for cell in cells]
    return texts


def _instants(cells: Sequence[Cell], naive_tz: ZoneInfo) -> tuple[Slots, NDArray[np.int8]]:
    """UTC seconds (NO_TIME where a cell is no whole second of our time), and how each was written."""
    start = np.full(len(cells), NO_TIME, dtype=np.int64)
    clock = np.zeros(len(cells), dtype=np.int8)
    walls: dict[int, int] = {}
    for i, cell in enumerate(cells):
        number = _number(cell)
        if math.isfinite(number):
            start[i], clock[i] = _epoch(number)
            continue
        try:
            when = dt.datetime.fromisoformat(str(cell).strip())
        except ValueError:
            continue
        offset = when.utcoffset()
        if offset is None:
            walls[i] = round(when.replace(tzinfo=dt.UTC).timestamp() * MICROSECONDS)
            clock[i] = Clock.NAIVE
        else:
            start[i] = int(when.timestamp())
            clock[i] = Clock.OFFSET if offset else Clock.UTC
    if walls:
        at = np.array(list(walls), dtype=np.intp)
        instants, exists = local_to_utc(np.array(list(walls.values()), dtype=np.int64), naive_tz)
        start[at] = np.where(exists, instants // MICROSECONDS, NO_TIME)
    return start, clock


def _epoch(number: float) -> tuple[int, int]:
    """UTC seconds of an epoch number in whatever unit makes it a time of our century, and its clock."""
    for unit, factor in EPOCH_UNITS_US.items():
        if EARLIEST_US <= number * factor <= LATEST_US:
            seconds = round(number * factor) // MICROSECONDS
            return seconds, Clock.EPOCH if unit == "s" else Clock.EPOCH_FINER
    return NO_TIME, 0
