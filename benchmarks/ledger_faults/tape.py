"""A tape: what one meter showed, as numbers that faults can be done to, and the evidence that it becomes."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from darkstar.domain.slots import HOUR_SECONDS
from darkstar.ledger.accounting import RESET_SHARE
from darkstar.ledger.evidence import (
    MICROSECONDS,
    Instants,
    MeterEvidence,
    Readings,
    Reporting,
    Source,
    Statistics,
)

Series = NDArray[np.float64]
DECIMALS = 9


@dataclass(frozen=True)
class Tape:
    """Readings in the order in which they arrived.

    Attributes:
        time_us: (n,); kwh: (n,) what was shown, in the unit beside it.
        text: (n,) what was shown instead of a number, empty for a number; unit: (n,).
        sum_more_kwh: (n,) what Home Assistant's sum is too high by.
    """

    time_us: Instants
    kwh: Series
    text: NDArray[np.object_]
    unit: NDArray[np.object_]
    sum_more_kwh: Series

    def __len__(self) -> int:
        return len(self.time_us)

    @staticmethod
    def of(time_us: Instants, kwh: Series) -> "Tape":
        """A meter that shows numbers in kWh."""
        n = len(time_us)
        return Tape(time_us, kwh.copy(), np.full(n, "", object), np.full(n, "kWh", object), np.zeros(n))

    def take(self, rows: NDArray[np.intp] | NDArray[np.bool_]) -> "Tape":
        """Some rows, in the order given."""
        return Tape(
            self.time_us[rows], self.kwh[rows], self.text[rows], self.unit[rows], self.sum_more_kwh[rows]
        )

    def showing(self, kwh: Series) -> "Tape":
        """The same with other numbers."""
        return replace(self, kwh=kwh)

    def with_text(self, time_us: int, text: str) -> "Tape":
        """One reading more that is no number."""
        before = int(np.searchsorted(self.time_us, time_us, side="right")) - 1
        return self.with_reading(time_us, float(self.kwh[before]), text)

    def with_reading(self, time_us: int, kwh: float, text: str = "") -> "Tape":
        """One reading more, after all that are not later."""
        at = int(np.searchsorted(self.time_us, time_us, side="right"))
        unit, more = (column[max(at - 1, 0)] for column in (self.unit, self.sum_more_kwh))
        return Tape(
            np.insert(self.time_us, at, time_us),
            np.insert(self.kwh, at, kwh),
            np.insert(self.text, at, text),
            np.insert(self.unit, at, unit),
            np.insert(self.sum_more_kwh, at, more),
        )

    def changes_only(self) -> "Tape":
        """Without the readings that repeat the one before: Home Assistant keeps no others."""
        same = (self.kwh[1:] == self.kwh[:-1]) & (self.text[1:] == self.text[:-1])
        return self.take(np.append(True, ~same))

    def readings(self, source: Source) -> Readings:
        """As received, in the order of arrival."""
        n = len(self)
        states = [
            text or repr(round(kwh, DECIMALS))
            for kwh, text in zip(self.kwh.tolist(), self.text.tolist(), strict=True)
        ]
        return Readings(
            self.time_us,
            np.array(states, dtype=object),
            self.unit,
            np.full(n, source, dtype=np.int8),
            np.zeros(n, dtype=np.bool_),
        )

    def states(self, watched_until_us: int) -> MeterEvidence:
        """As Home Assistant's history."""
        watched = np.array([[self.time_us.min(), watched_until_us]], dtype=np.int64)
        return MeterEvidence("sensor.meter", Reporting.ON_CHANGE, self.readings(Source.HA_HISTORY), watched)

    def file(self, source: Source) -> MeterEvidence:
        """As a column of a file."""
        return MeterEvidence("file:column", Reporting.PERIODIC, self.readings(source))

    def statistics(self) -> MeterEvidence:
        """As Home Assistant's hourly statistics: each reading the state at an hour's end, the sum by its own rule."""
        before, now = self.kwh[:-1], self.kwh[1:]
        added = np.where(now < RESET_SHARE * before, now, now - before)
        total = np.append(0.0, np.cumsum(added)) + self.sum_more_kwh
        hours = self.time_us // MICROSECONDS - HOUR_SECONDS
        return MeterEvidence(
            "sensor.meter",
            Reporting.ON_CHANGE,
            hourly=Statistics(HOUR_SECONDS, hours, np.round(self.kwh, DECIMALS), np.round(total, DECIMALS)),
        )
