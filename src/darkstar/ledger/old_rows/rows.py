"""An older ledger's rows as they were read, and the book of what was decided of each of their values."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from darkstar.domain.channels import Channel
from darkstar.domain.slots import Slots
from darkstar.ledger.evidence import Texts
from darkstar.ledger.old_rows.reasons import Reason, Verdict

Series = NDArray[np.float64]
Mask = NDArray[np.bool_]
Index = NDArray[np.intp]

NO_TIME = -1
"""Stands for a start or end that could not be read."""
SOC = "soc"
IMPORT_PRICE = "import_price"
EXPORT_PRICE = "export_price"
EXAMPLES = 3


class Clock(IntEnum):
    """How a row's start was written."""

    UTC = 1
    OFFSET = 2
    NAIVE = 3
    """Without an offset: read as local time."""
    EPOCH = 4
    """Seconds since 1970."""
    EPOCH_FINER = 5
    """Milliseconds or finer since 1970."""


@dataclass(frozen=True)
class OldRows:
    """Rows of an older ledger; all arrays have shape (n,), NaN where not known.

    Attributes:
        number: which row of the file each is.
        start_utc, end_utc: [UTC s], NO_TIME where not to be read.
        written: the start as the file has it. clock: `Clock` numbers.
        import_price, export_price: all in, per kWh in the home's currency.
    """

    number: Index
    start_utc: Slots
    end_utc: Slots
    written: Texts
    clock: NDArray[np.int8]
    energy_kwh: Mapping[Channel, Series]
    soc_start_percent: Series
    soc_end_percent: Series
    import_price: Series
    export_price: Series

    def __len__(self) -> int:
        return len(self.number)

    def take(self, rows: Index | Mask) -> "OldRows":
        """Those of some rows, in the order that these are given."""
        return OldRows(
            self.number[rows],
            self.start_utc[rows],
            self.end_utc[rows],
            self.written[rows],
            self.clock[rows],
            {channel: energy[rows] for channel, energy in self.energy_kwh.items()},
            self.soc_start_percent[rows],
            self.soc_end_percent[rows],
            self.import_price[rows],
            self.export_price[rows],
        )

    def moved(self, seconds: Slots) -> "OldRows":
        """The same rows at other times."""
        known_end = self.end_utc != NO_TIME
        return replace(
            self,
            start_utc=self.start_utc + seconds,
            end_utc=np.where(known_end, self.end_utc + seconds, self.end_utc),
        )

    def series(self, subject: str) -> Series:
        """A channel's energies, the state of charge (known where one of both is) or a price."""
        if subject == SOC:
            first = self.soc_start_percent
            return np.where(np.isnan(first), self.soc_end_percent, first)
        if subject == IMPORT_PRICE:
            return self.import_price
        if subject == EXPORT_PRICE:
            return self.export_price
        return self.energy_kwh[Channel(subject)]

    @property
    def subjects(self) -> tuple[str, ...]:
        """Channels, `soc` and prices of which anything is known."""
        everything = (*(c.value for c in Channel if c in self.energy_kwh), SOC, IMPORT_PRICE, EXPORT_PRICE)
        return tuple(s for s in everything if np.isfinite(self.series(s)).any())


@dataclass(frozen=True)
class Flows:
    """Energies of rows after their times are settled, in time order and not overlapping.

    Attributes:
        start_utc, end_utc: (m,). number: (m, 4) the file's rows that each was made of, -1 where of fewer.
        energy_kwh: by channel (m,), NaN where not known.
    """

    start_utc: Slots
    end_utc: Slots
    number: Index
    energy_kwh: Mapping[Channel, Series]

    def __len__(self) -> int:
        return len(self.start_utc)

    @property
    def seconds(self) -> Slots:
        """Length of each; shape (m,)."""
        return self.end_utc - self.start_utc


@dataclass(frozen=True)
class Tally:
    """How many values were taken as they are, mended and refused."""

    taken: int
    mended: int
    refused: int


@dataclass(frozen=True)
class Example:
    """A row's start as written, and one value of it."""

    written: str
    subject: str
    value: float


@dataclass(frozen=True)
class Finding:
    """All values that were mended or refused for one reason: how many by subject, and the first of them."""

    reason: Reason
    counts: Mapping[str, int]
    examples: tuple[Example, ...]

    @property
    def count(self) -> int:
        """Values in all."""
        return sum(self.counts.values())


class Book:
    """What was decided of each value of a file's rows, as it grows."""

    def __init__(self, rows: OldRows) -> None:
        """Every known value is taken until somebody says otherwise; the rows are those of the whole file."""
        self._rows = rows
        self._known = {subject: np.isfinite(rows.series(subject)) for subject in rows.subjects}
        self._verdict = {subject: np.zeros(len(rows), dtype=np.int8) for subject in rows.subjects}
        self._by_reason: dict[Reason, dict[str, Mask]] = {}

    def note(self, reason: Reason, subject: str, numbers: Index) -> None:
        """Values of one subject in these rows (-1: none); what is not known or was refused earlier does not count."""
        if subject not in self._known:
            return
        numbers = numbers[numbers >= 0]
        verdict = self._verdict[subject]
        open_ones = numbers[self._known[subject][numbers] & (verdict[numbers] != Verdict.REFUSED)]
        if len(open_ones):
            verdict[open_ones] = np.maximum(verdict[open_ones], reason.verdict)
            noted = self._by_reason.setdefault(reason, {})
            noted.setdefault(subject, np.zeros(len(verdict), dtype=np.bool_))[open_ones] = True

    def note_rows(self, reason: Reason, numbers: Index) -> None:
        """All values of these rows."""
        for subject in self._known:
            self.note(reason, subject, numbers)

    def note_energies(self, reason: Reason, numbers: Index) -> None:
        """All energies of these rows."""
        for channel in Channel:
            self.note(reason, channel.value, numbers)

    def tallies(self) -> dict[str, Tally]:
        """By subject; the three numbers of each add up to the known values of the file."""
        return {
            subject: Tally(*(int(((self._verdict[subject] == v) & known).sum()) for v in Verdict))
            for subject, known in self._known.items()
        }

    def findings(self) -> tuple[Finding, ...]:
        """What was mended, then what was refused, in the order of the reasons' definition."""
        return tuple(self._finding(reason) for reason in Reason if reason in self._by_reason)

    def _finding(self, reason: Reason) -> Finding:
        noted = self._by_reason[reason]
        counts = {subject: int(mask.sum()) for subject, mask in noted.items()}
        subject, mask = next(iter(noted.items()))
        numbers = np.flatnonzero(mask)[:EXAMPLES].tolist()
        values = self._rows.series(subject)
        examples = tuple(Example(str(self._rows.written[i]), subject, float(values[i])) for i in numbers)
        return Finding(reason, counts, examples)
