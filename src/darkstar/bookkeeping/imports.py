"""Brings a file's energy or prices into the ledger: as evidence like any other, so that it can be repeated at will.

A file is read and judged whole before anything is stored; what it says is stored in one transaction; then the slots
that it bears on are resolved anew.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from darkstar.bookkeeping.file_columns import ColumnEvidence, read_columns
from darkstar.bookkeeping.prices import write_prices
from darkstar.bookkeeping.progress import Progress, silent
from darkstar.bookkeeping.resolving import touched
from darkstar.bookkeeping.upkeep import renew
from darkstar.config.settings import Settings
from darkstar.domain.channels import Channel
from darkstar.domain.errors import ConfigError, DataError
from darkstar.domain.slots import iso_utc, slot_ceil, slot_floor
from darkstar.evidence.files.tables import Table
from darkstar.evidence.files.units import factor_to_home, parse_unit
from darkstar.evidence.prices import FILE
from darkstar.evidence.prices.days import broken_steps, interval_ends
from darkstar.ledger.evidence import MICROSECONDS, Reporting
from darkstar.ledger.quotes import PriceKind, Quotes
from darkstar.store.ledger_file import LedgerFile

ORIGIN = "import"


@dataclass(frozen=True)
class ImportedColumn:
    """What was taken from one column.

    Attributes:
        rows: known values; negative: energies below zero, which were left out.
        added: rows that were new to the ledger; step_s: their usual distance [s].
    """

    name: str
    channel: Channel
    cumulative: bool
    rows: int
    negative: int
    step_s: float
    added: int


@dataclass(frozen=True)
class EnergyImport:
    """What an import of energy did: [start, end) [UTC s] of the file, slots resolved, why columns were left out."""

    start: int
    end: int
    columns: tuple[ImportedColumn, ...]
    left_out: Mapping[str, str]
    slots: int


@dataclass(frozen=True)
class PriceImport:
    """What an import of prices did; prices are per kWh in the home's currency."""

    start: int
    end: int
    kind: PriceKind
    rows: int
    added: int
    lowest: float
    median: float
    highest: float
    slots: int


def import_energy(
    ledger: LedgerFile,
    settings: Settings,
    table: Table,
    said: Mapping[str, str],
    progress: Progress = silent,
) -> EnergyImport:
    """Store a file's energies and meter readings, and resolve the slots that they bear on.

    Args:
        said: column -> channel, where the names do not say it (see `evidence/files/columns.py`).

    Raises:
        UsageError, DataError: the file makes no sense; nothing was stored.
    """
    found, left_out = read_columns(table, said)
    with ledger.run("import energy", table.path.name):
        with ledger.transaction():
            stored = [_store(ledger, evidence, progress, i, len(found)) for i, evidence in enumerate(found)]
        start, end = min(e.start for e in found), max(e.end for e in found)
        meters = [meter_id for meter_id, _ in stored]
        first, last = _bears_on(ledger, meters, start, end)
        slots = renew(ledger, settings, first, last, progress)
    columns = tuple(
        ImportedColumn(
            e.column.name, e.column.channel, e.column.cumulative, e.rows, e.negative, e.step_s, added
        )
        for e, (_, added) in zip(found, stored, strict=True)
    )
    return EnergyImport(start, end, columns, left_out, slots)


def _store(
    ledger: LedgerFile, evidence: ColumnEvidence, progress: Progress, done: int, total: int
) -> tuple[int, int]:
    """The meter's id and how many rows were new."""
    progress("storing", done, total)
    column = evidence.column
    meter_id = ledger.meter(ORIGIN, column.name, Reporting.PERIODIC, column.channel.value)
    added = ledger.add_readings(meter_id, evidence.readings) if len(evidence.readings) else 0
    for source, intervals in evidence.intervals.items():
        added += ledger.add_intervals(meter_id, source, intervals)
    progress("storing", done + 1, total)
    return meter_id, added


def _bears_on(ledger: LedgerFile, meters: Sequence[int], start: int, end: int) -> tuple[int, int]:
    """Whole slots on which evidence of [start, end) bears.

    The nearest readings on each side are bound to the new ones by the energy between them, and the rules look a margin
    further: so it reaches to those readings and the margin beyond, as far as there are slots.
    """
    first, last = start, end
    for meter_id in meters:
        for edge in (start, end):
            near = ledger.evidence(meter_id, edge, edge + 1).readings.time_us
            if len(near):
                first = min(first, int(near.min()) // MICROSECONDS)
                last = max(last, -(-int(near.max()) // MICROSECONDS))
    return touched(ledger, slot_floor(first), slot_ceil(last))


def import_prices(
    ledger: LedgerFile,
    settings: Settings,
    table: Table,
    *,
    column: str,
    unit: str,
    fx: float | None,
    kind: PriceKind,
) -> PriceImport:
    """Store a file's prices, and resolve the prices of the slots that they cover.

    Args:
        unit: as `EUR/MWh`. fx: units of the home's currency for one of the file's, None where they are the same.
        kind: the market's price, or what the household pays or is paid all in.

    Raises:
        UsageError, DataError: the file, the unit or the rate makes no sense; nothing was stored.
        ConfigError: market prices, and nobody said what comes on top.
    """
    if kind is PriceKind.SPOT and settings.prices is None and not settings.tariffs.are_stated:
        raise ConfigError(
            "darkstar.yaml states no tariff, and a market price alone is not what the household pays.",
            remedy="Write `prices: {source: file}` and `tariff:` there, or say --all-in if fees and taxes are in.",
        )
    currency = settings.home.currency
    factor = factor_to_home(parse_unit(unit, currency), currency, fx)
    prices = table.column(column)
    if not len(prices):
        raise DataError(f"Column {column} of {table.path.name} has no value.")
    starts = prices.time_utc
    quotes = Quotes(FILE, "", currency, kind, starts, interval_ends(starts), prices.value * factor)
    odd = broken_steps(quotes)
    if odd:
        raise DataError(
            f"The price of {column} at {iso_utc(odd[0])} begins or ends within a quarter of an hour.",
            remedy="Prices come in steps that fit into quarters of an hour, on the clock.",
        )
    start, end = slot_floor(int(starts[0])), slot_ceil(int(quotes.end_utc[-1]))
    with ledger.run("import prices", table.path.name):
        added = ledger.add_quotes(quotes)
        resolved = write_prices(ledger, settings, start, end)
    value = quotes.price_per_kwh
    return PriceImport(
        start=start,
        end=end,
        kind=kind,
        rows=len(quotes),
        added=added,
        lowest=float(value.min()),
        median=float(np.median(value)),
        highest=float(value.max()),
        slots=len(resolved.slots),
    )
