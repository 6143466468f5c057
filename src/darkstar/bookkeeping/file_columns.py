"""A file's columns of energy as evidence: readings of meters, or energies of intervals, judged whole."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from darkstar.domain.errors import DataError
from darkstar.domain.slots import HOUR_SECONDS
from darkstar.evidence.files.columns import EnergyColumn, energy_columns
from darkstar.evidence.files.steps import row_lengths, usual_step
from darkstar.evidence.files.tables import Column, Table
from darkstar.ledger.evidence import MICROSECONDS, Intervals, Readings, Source

UNIT = "kWh"
ROUNDING_KWH = 1e-6
"""A negative energy no larger than this is a zero that was computed."""
LONGEST_STEP = HOUR_SECONDS * 1.05
"""Readings of an hourly logger come some seconds early or late."""
HOURLY_FROM = HOUR_SECONDS * 0.95


@dataclass(frozen=True)
class ColumnEvidence:
    """A column as evidence: readings of a meter, or intervals by the source that they count as."""

    column: EnergyColumn
    readings: Readings
    intervals: Mapping[Source, Intervals]
    start: int
    end: int
    rows: int
    negative: int
    step_s: float


def read_columns(table: Table, said: Mapping[str, str]) -> tuple[list[ColumnEvidence], Mapping[str, str]]:
    """The columns of a file that hold energy and have a value, and why the others are left out, by name.

    Args:
        said: column -> channel, where the names do not say it (see `evidence/files/columns.py`).

    Raises:
        UsageError, DataError: the file makes no sense.
    """
    chosen = energy_columns(table.names, said)
    found = [_as_evidence(column, table.column(column.name)) for column in chosen.columns]
    found = [evidence for evidence in found if evidence.rows]
    if not found:
        raise DataError(f"No column of energy in {table.path.name} has a value.")
    return found, chosen.left_out


def _as_evidence(energy: EnergyColumn, column: Column) -> ColumnEvidence:
    return _as_readings(energy, column) if energy.cumulative else _as_intervals(energy, column)


def _as_readings(energy: EnergyColumn, column: Column) -> ColumnEvidence:
    step = usual_step(column.time_us) / MICROSECONDS
    if step > LONGEST_STEP:
        raise DataError(
            f"The readings of {energy.name} are {step / HOUR_SECONDS:.3g} hours apart.",
            remedy="Steps from seconds to one hour can be imported.",
        )
    source = Source.IMPORT_FINE if step < HOURLY_FROM else Source.IMPORT_HOUR
    n = len(column)
    readings = Readings(
        time_us=column.time_us,
        state=np.array([repr(value) for value in column.value.tolist()], dtype=object),
        unit=np.full(n, UNIT, dtype=object),
        source=np.full(n, source.value, dtype=np.int8),
        held=np.zeros(n, dtype=np.bool_),
    )
    start, end = (int(column.time_us[0]), int(column.time_us[-1])) if n else (0, 0)
    return ColumnEvidence(energy, readings, {}, start // MICROSECONDS, -(-end // MICROSECONDS), n, 0, step)


def _as_intervals(energy: EnergyColumn, column: Column) -> ColumnEvidence:
    if not len(column):
        return ColumnEvidence(energy, Readings.empty(), {}, 0, 0, 0, 0, 0.0)
    starts = column.time_utc
    lengths = row_lengths(starts, energy.name)
    whole = column.value >= -ROUNDING_KWH
    negative = int((~whole).sum())
    if negative * 2 > len(column):
        raise DataError(
            f"{energy.name} is mostly negative, and energies of a channel never are.",
            remedy="Turn the sign round: export and discharge are channels of their own.",
        )
    value = np.maximum(column.value, 0.0)
    by_source = {
        source: Intervals(starts[these], (starts + lengths)[these], value[these])
        for source, these in (
            (Source.IMPORT_FINE, whole & (lengths < HOUR_SECONDS)),
            (Source.IMPORT_HOUR, whole & (lengths >= HOUR_SECONDS)),
        )
        if these.any()
    }
    return ColumnEvidence(
        energy,
        Readings.empty(),
        by_source,
        int(starts[0]),
        int(starts[-1] + lengths[-1]),
        len(column),
        negative,
        usual_step(starts),
    )
