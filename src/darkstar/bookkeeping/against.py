"""A file as the other side of a comparison: what it says of each hour of each channel that it has."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from darkstar.bookkeeping.file_columns import ColumnEvidence, read_columns
from darkstar.bookkeeping.resolving import site_of
from darkstar.config.settings import Settings
from darkstar.domain.channels import Channel
from darkstar.domain.slots import HOUR_SECONDS, SLOT_HOURS, hour_floor
from darkstar.evidence.files.tables import Table
from darkstar.ledger.evidence import Intervals, MeterEvidence, Reporting
from darkstar.ledger.file_hours import hours_of_file, smallest_step_kwh

Energies = NDArray[np.float64]


@dataclass(frozen=True)
class FileHours:
    """What a file says of the consecutive hours of [start, end), both the starts of hours [UTC s].

    Attributes:
        kwh: by channel, (n,) NaN where the file does not know the whole hour.
        step_kwh: by channel, the smallest step that its readings show; 0 where it has energies.
        left_out: why the file's other columns are not read, by name.
    """

    name: str
    start: int
    end: int
    kwh: Mapping[Channel, Energies]
    step_kwh: Mapping[Channel, float]
    left_out: Mapping[str, str]

    def over(self, start: int, end: int) -> dict[Channel, Energies]:
        """The hours of [start, end); NaN beyond the file."""
        hours = np.arange(start, end, HOUR_SECONDS)
        place = (hours - self.start) // HOUR_SECONDS
        inside = (place >= 0) & (hours < self.end)
        return {
            channel: np.where(inside, kwh[np.where(inside, place, 0)], np.nan)
            for channel, kwh in self.kwh.items()
        }


def file_hours(table: Table, said: Mapping[str, str], settings: Settings) -> FileHours:
    """The hours of a file; several columns of one channel add up, and all of them must know an hour.

    Args:
        said: column -> channel, where the names do not say it (see `evidence/files/columns.py`).

    Raises:
        UsageError, DataError: the file makes no sense.
    """
    columns, left_out = read_columns(table, said)
    start = hour_floor(min(column.start for column in columns))
    end = -hour_floor(-max(column.end for column in columns))
    hours = np.arange(start, max(end, start + HOUR_SECONDS), HOUR_SECONDS, dtype=np.int64)
    limits_kwh = site_of(settings).limits_kwh
    kwh: dict[Channel, Energies] = {}
    step_kwh: dict[Channel, float] = {}
    for column in columns:
        channel = column.column.channel
        evidence = _evidence(column)
        found = hours_of_file(evidence, hours, limits_kwh[channel] / SLOT_HOURS)
        kwh[channel] = kwh[channel] + found if channel in kwh else found
        step_kwh[channel] = step_kwh.get(channel, 0.0) + smallest_step_kwh(evidence)
    return FileHours(table.path.name, start, start + len(hours) * HOUR_SECONDS, kwh, step_kwh, left_out)


def _evidence(column: ColumnEvidence) -> MeterEvidence:
    parts = list(column.intervals.values())
    if not parts:
        return MeterEvidence(column.column.name, Reporting.PERIODIC, column.readings)
    start = np.concatenate([part.start_utc for part in parts])
    order = np.argsort(start, kind="stable")
    intervals = Intervals(
        start[order],
        np.concatenate([part.end_utc for part in parts])[order],
        np.concatenate([part.energy_kwh for part in parts])[order],
    )
    return MeterEvidence(column.column.name, Reporting.PERIODIC, intervals=intervals)
