"""Brings an older ledger into the home's own: what its judge believes becomes evidence like any other.

The meters are kept under an origin of their own: an older ledger is another measurement of a channel, not a part of it,
and must not be added to what other files say. What a person should know of each row that was not taken as it stood is
in the report.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from darkstar.bookkeeping.prices import write_prices
from darkstar.bookkeeping.progress import Progress, silent
from darkstar.bookkeeping.resolving import SOC
from darkstar.bookkeeping.upkeep import renew
from darkstar.config.settings import Settings
from darkstar.domain.errors import DataError
from darkstar.domain.home import slot_limits_kwh
from darkstar.domain.slots import HOUR_SECONDS, slot_ceil, slot_floor
from darkstar.evidence.files.old_ledger import OldLedger
from darkstar.evidence.prices import FILE
from darkstar.ledger.evidence import MICROSECONDS, Intervals, Readings, Reporting, Source
from darkstar.ledger.old_rows.judge import Charge, Judged, judge
from darkstar.ledger.old_rows.prices import OldPrices
from darkstar.ledger.old_rows.rows import Finding, Series, Tally
from darkstar.ledger.quotes import PriceKind, Quotes
from darkstar.ledger.resolve import MARGIN_SECONDS
from darkstar.store.ledger_file import LedgerFile

ORIGIN = "old_ledger"
PERCENT = "%"


@dataclass(frozen=True)
class OldImport:
    """What an import of an older ledger did, or would do.

    Attributes:
        start, end: [start, end) [UTC s] of what was believed.
        rows: in the file. tallies: by channel, `soc` and price; they add up to the file's known values.
        findings: what was mended and refused, by reason. added: rows of evidence that were new to the ledger.
        slots: how many were resolved; 0 where nothing was stored.
    """

    table: str
    start: int
    end: int
    rows: int
    columns: Mapping[str, str]
    left_out: Mapping[str, str]
    tallies: Mapping[str, Tally]
    findings: tuple[Finding, ...]
    added: int
    slots: int


def judge_old_ledger(old: OldLedger, settings: Settings) -> Judged:
    """What the home's place, zone and connection leave of an older ledger's rows.

    Raises:
        DataError: nothing of it can be believed.
    """
    home = settings.home
    judged = judge(
        old.rows,
        tz=home.tz,
        latitude=home.latitude,
        longitude=home.longitude,
        limits_kwh=slot_limits_kwh(home, settings.battery, settings.pv_peak_kw),
    )
    if not judged.energies and not len(judged.charge.time_utc) and not _quotes(judged.prices, settings):
        why = "; ".join(finding.reason.sentence for finding in judged.findings) or "it has no rows"
        raise DataError(f"Nothing of {old.path} can be used: {why}.")
    return judged


def preview_old_ledger(old: OldLedger, settings: Settings) -> OldImport:
    """What an import would take, mend and refuse; nothing is stored. Raises DataError as the import does."""
    return _report(old, judge_old_ledger(old, settings), settings, added=0, slots=0)


def import_old_ledger(
    ledger: LedgerFile, settings: Settings, old: OldLedger, progress: Progress = silent
) -> OldImport:
    """Store what can be believed of an older ledger, and resolve the slots that it bears on.

    Raises:
        DataError: nothing of it can be believed; nothing was stored.
    """
    judged = judge_old_ledger(old, settings)
    start, end = _extent(judged, settings)
    with ledger.run("import ledger", old.path.name):
        with ledger.transaction():
            added = sum(
                _store_energy(ledger, channel.value, intervals)
                for channel, intervals in judged.energies.items()
            )
            added += _store_charge(ledger, judged.charge)
            added += sum(ledger.add_quotes(quotes) for quotes in _quotes(judged.prices, settings))
        first, last = _bears_on(ledger, start, end)
        slots = renew(ledger, settings, first, last, progress)
        write_prices(ledger, settings, slot_floor(start), slot_ceil(end))
    return _report(old, judged, settings, added=added, slots=slots)


def _report(old: OldLedger, judged: Judged, settings: Settings, *, added: int, slots: int) -> OldImport:
    start, end = _extent(judged, settings)
    return OldImport(
        table=old.table,
        start=start,
        end=end,
        rows=len(old.rows),
        columns=old.columns,
        left_out=old.left_out,
        tallies=judged.tallies,
        findings=judged.findings,
        added=added,
        slots=slots,
    )


def _extent(judged: Judged, settings: Settings) -> tuple[int, int]:
    """From the first to the last instant of which anything is believed [UTC s]."""
    spans = [(i.start_utc[0], i.end_utc[-1]) for i in judged.energies.values()]
    spans += [(q.start_utc[0], q.end_utc[-1]) for q in _quotes(judged.prices, settings)]
    times = judged.charge.time_utc
    if len(times):
        spans.append((times[0], times[-1]))
    return min(int(first) for first, _ in spans), max(int(last) for _, last in spans)


def _store_energy(ledger: LedgerFile, channel: str, intervals: Intervals) -> int:
    meter_id = ledger.meter(ORIGIN, f"old:{channel}", Reporting.PERIODIC, channel)
    hourly = intervals.end_utc - intervals.start_utc >= HOUR_SECONDS
    added = 0
    for source, these in ((Source.IMPORT_FINE, ~hourly), (Source.IMPORT_HOUR, hourly)):
        part = Intervals(intervals.start_utc[these], intervals.end_utc[these], intervals.energy_kwh[these])
        added += ledger.add_intervals(meter_id, source, part)
    return added


def _store_charge(ledger: LedgerFile, charge: Charge) -> int:
    n = len(charge.time_utc)
    if not n:
        return 0
    meter_id = ledger.meter(ORIGIN, f"old:{SOC}", Reporting.PERIODIC, SOC)
    readings = Readings(
        time_us=charge.time_utc * MICROSECONDS,
        state=np.array([repr(value) for value in charge.percent.tolist()], dtype=object),
        unit=np.full(n, PERCENT, dtype=object),
        source=np.full(n, Source.IMPORT_FINE.value, dtype=np.int8),
        held=np.zeros(n, dtype=np.bool_),
    )
    return ledger.add_readings(meter_id, readings)


def _quotes(prices: OldPrices, settings: Settings) -> list[Quotes]:
    """The sound prices as all-in quotes of a file; older ledgers kept what the household pays and is paid."""

    def of(kind: PriceKind, price: Series) -> Quotes:
        known = np.isfinite(price)
        return Quotes(
            FILE,
            "",
            settings.home.currency,
            kind,
            prices.start_utc[known],
            prices.end_utc[known],
            price[known],
        )

    both = (of(PriceKind.IMPORT, prices.import_price), of(PriceKind.EXPORT, prices.export_price))
    return [quotes for quotes in both if len(quotes)]


def _bears_on(ledger: LedgerFile, start: int, end: int) -> tuple[int, int]:
    """Whole slots on which evidence of [start, end) bears: a margin further, as far as there are slots."""
    first, last = start, end
    kept = ledger.slot_extent()
    if kept is not None:
        first = min(first, max(first - MARGIN_SECONDS, kept[0]))
        last = max(last, min(last + MARGIN_SECONDS, kept[1]))
    return slot_floor(first), slot_ceil(last)
