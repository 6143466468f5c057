"""The evidence of a stretch of time as rows for a person: readings, Home Assistant's rows, files' intervals."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from darkstar.ledger.causes.case import Witness
from darkstar.ledger.evidence import MICROSECONDS, Source, Statistics
from darkstar.ledger.resolved import Flag

LEFT_OUT = Flag.DIP | Flag.SPIKE
NEIGHBOURS = 2
"""Rows that stay to each side of a remarkable one when a table is thinned."""


class Kind(StrEnum):
    """What a row of evidence is."""

    READING = "reading"
    HOUR = "hour"
    FIVE_MINUTES = "5 minutes"
    INTERVAL = "interval"


@dataclass(frozen=True)
class EvidenceRow:
    """One thing that the ledger was told.

    Attributes:
        time_us: when it was shown; of statistics and intervals, their end [UTC us].
        shown: the text as received, or the numbers.
        source: who told it. note: what is remarkable about it, empty for most.
    """

    time_us: int
    meter: str
    kind: Kind
    shown: str
    source: str
    note: str = ""


def evidence_rows(witness: Witness, start_us: int, end_us: int) -> list[EvidenceRow]:
    """What is known of a meter in [start, end], and the nearest reading on each side, in time order."""
    readings = list(_readings(witness, start_us, end_us))
    rows = [
        *readings,
        *_statistics(witness, witness.evidence.hourly, Kind.HOUR, start_us, end_us),
        *_intervals(witness, start_us, end_us),
    ]
    if not witness.sampled.any() and not any(start_us <= row.time_us <= end_us for row in readings):
        rows += _statistics(witness, witness.evidence.five_minute, Kind.FIVE_MINUTES, start_us, end_us)
    return sorted(rows, key=lambda row: row.time_us)


def thinned(rows: Sequence[EvidenceRow], edges_us: Sequence[int], most: int) -> list[EvidenceRow | None]:
    """About so many rows: the remarkable ones and those around the edges stay; None stands for what is left out."""
    if len(rows) <= most:
        return list(rows)
    times = np.array([row.time_us for row in rows], dtype=np.int64)
    places = [i for i, row in enumerate(rows) if row.note][:most]
    places += [0, len(rows) - 1, *(int(np.searchsorted(times, edge)) for edge in edges_us)]
    keep = sorted(
        {
            i
            for place in places
            for i in range(place - NEIGHBOURS, place + NEIGHBOURS + 1)
            if 0 <= i < len(rows)
        }
    )
    shown: list[EvidenceRow | None] = []
    for before, i in zip([-1, *keep], keep, strict=False):
        if i > before + 1:
            shown.append(None)
        shown.append(rows[i])
    return shown


def _readings(witness: Witness, start_us: int, end_us: int) -> Iterable[EvidenceRow]:
    readings = witness.evidence.readings
    first = max(int(np.searchsorted(readings.time_us, start_us)) - 1, 0)
    last = int(np.searchsorted(readings.time_us, end_us, side="right")) + 1
    bad = [
        (incident.start_us, incident.end_us) for incident in witness.incidents if incident.flags & LEFT_OUT
    ]
    before = float("nan")
    for i in range(first, min(last, len(readings))):
        at, state = int(readings.time_us[i]), str(readings.state[i])
        value = _number(state)
        notes = []
        if np.isnan(value):
            notes.append("no number")
        if value < before:
            notes.append("falls")
        if any(start < at < end for start, end in bad) and _off(witness, at, bad):
            notes.append("left out")
        if readings.held[i]:
            notes.append("held since earlier")
        before = before if np.isnan(value) else value
        yield EvidenceRow(
            at,
            witness.name,
            Kind.READING,
            f"{state} {readings.unit[i]}".strip(),
            _source(int(readings.source[i])),
            ", ".join(notes),
        )


def _off(witness: Witness, at_us: int, bad: Sequence[tuple[int, int]]) -> bool:
    """Whether a reading inside an incident lies outside of what the meter showed at its two ends."""
    time_us, value, _ = witness.numbers
    shown = np.abs(value)
    for start, end in bad:
        if start < at_us < end:
            low, at, high = (int(np.searchsorted(time_us, when)) for when in (start, at_us, end))
            if max(low, at, high) < len(shown) and not shown[low] <= shown[at] <= shown[high]:
                return True
    return False


def _statistics(
    witness: Witness, rows: Statistics, kind: Kind, start_us: int, end_us: int
) -> Iterable[EvidenceRow]:
    ends = (rows.start_utc + rows.period_s) * MICROSECONDS
    for i in np.flatnonzero((ends >= start_us) & (ends <= end_us)).tolist():
        change = rows.sum_kwh[i] - rows.sum_kwh[i - 1] if i else np.nan
        apart = change - (rows.state_kwh[i] - rows.state_kwh[i - 1]) if i else 0.0
        notes = []
        if i and rows.start_utc[i] - rows.start_utc[i - 1] > rows.period_s:
            notes.append("rows missing before")
        if change < 0:
            notes.append("negative")
        if abs(apart) > 1e-3:  # a watt-hour: less is the rounding of Home Assistant's floats
            notes.append("sum moved apart from state")
        told = f"{rows.state_kwh[i]:.10g} kWh, sum {rows.sum_kwh[i]:.10g}"
        told += "" if np.isnan(change) else f" ({change:+.3f})"
        yield EvidenceRow(int(ends[i]), witness.name, kind, told, "home assistant", ", ".join(notes))


def _intervals(witness: Witness, start_us: int, end_us: int) -> Iterable[EvidenceRow]:
    intervals = witness.evidence.intervals
    ends, starts = intervals.end_utc * MICROSECONDS, intervals.start_utc * MICROSECONDS
    for i in np.flatnonzero((ends > start_us) & (starts < end_us)).tolist():
        minutes = (intervals.end_utc[i] - intervals.start_utc[i]) / 60
        told = f"{intervals.energy_kwh[i]:.3f} kWh in {minutes:g} min"
        yield EvidenceRow(int(ends[i]), witness.name, Kind.INTERVAL, told, "import")


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")


def _source(number: int) -> str:
    return Source(number).name.lower().replace("_", " ")
