"""What the world told us, as values: the input of every rule in this room.

Evidence is kept as received. A **meter** is one stream of readings: a Home Assistant entity, a column of a file. A
channel is made of one or more meters that add up. Nothing here is cleaned; `meters.py` and `statistics.py` do that.
"""

from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

import numpy as np
from numpy.typing import NDArray

MICROSECONDS = 1_000_000

Instants = NDArray[np.int64]
"""UTC microseconds."""
Texts = NDArray[np.object_]
Numbers = NDArray[np.float64]


class Source(IntEnum):
    """Where a slot's number comes from, best first: per channel and slot the lowest that is there wins."""

    CORRECTION = 1
    LIVE = 2
    HA_HISTORY = 3
    IMPORT_FINE = 4
    HA_5MIN = 5
    HA_HOUR = 6
    IMPORT_HOUR = 7
    BALANCE = 8
    ABSENT = 9
    """The home has no such thing: known to be zero."""


class Method(IntEnum):
    """How a slot's energy was found within what its source says."""

    READINGS = 1
    INTERVALS = 2
    SPLIT_READINGS = 3
    SPLIT_FIVE_MINUTE = 4
    SPLIT_BALANCE = 5
    SPLIT_SUN = 6
    SPLIT_PROFILE = 7
    """By the course of the hours around."""
    SPLIT_EVEN = 8
    SPREAD = 9
    """Known in total but not in time."""
    BALANCE = 10
    ABSENT = 11


class Reporting(StrEnum):
    """What silence means."""

    ON_CHANGE = "on_change"
    """A value holds until the next one (Home Assistant's states); silence is no outage."""
    PERIODIC = "periodic"
    """A reading is due at every step (a file); silence is missing data."""


@dataclass(frozen=True)
class Readings:
    """Readings of one meter in time order.

    Attributes:
        time_us: (n,) instants; equal ones may occur with different states.
        state: (n,) the text as received: a number, `unavailable`, `unknown`, anything.
        unit: (n,) `Wh`, `kWh`, `MWh`, `%` or whatever was said.
        source: (n,) `Source` numbers: LIVE, HA_HISTORY, IMPORT_FINE or IMPORT_HOUR.
        held: (n,) true where the state was asked for at that instant, not reported: it is older than its time.
    """

    time_us: Instants
    state: Texts
    unit: Texts
    source: NDArray[np.int8]
    held: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.time_us)

    @staticmethod
    def empty() -> "Readings":
        """No reading at all."""
        none = np.zeros(0)
        return Readings(
            none.astype(np.int64),
            none.astype(object),
            none.astype(object),
            none.astype(np.int8),
            none.astype(np.bool_),
        )


@dataclass(frozen=True)
class Statistics:
    """HA's statistics of one meter for periods of one length, in time order.

    Attributes:
        period_s: 3600 or 300.
        start_utc: (n,) start of each period [UTC s].
        state_kwh: (n,) the meter at the period's end as HA kept it, NaN where HA gave none.
        sum_kwh: (n,) HA's running sum at the period's end. HA's `change` is its difference; the first row has none.
    """

    period_s: int
    start_utc: NDArray[np.int64]
    state_kwh: Numbers
    sum_kwh: Numbers

    def __len__(self) -> int:
        return len(self.start_utc)

    @staticmethod
    def empty(period_s: int) -> "Statistics":
        """No statistics at all."""
        return Statistics(period_s, np.zeros(0, np.int64), np.zeros(0), np.zeros(0))


@dataclass(frozen=True)
class Intervals:
    """Energies of whole intervals, as files give them, in time order and not overlapping.

    Attributes:
        start_utc, end_utc: (n,) [UTC s]; energy_kwh: (n,).
    """

    start_utc: NDArray[np.int64]
    end_utc: NDArray[np.int64]
    energy_kwh: Numbers

    def __len__(self) -> int:
        return len(self.start_utc)

    @staticmethod
    def empty() -> "Intervals":
        """No interval at all."""
        return Intervals(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))


@dataclass(frozen=True)
class MeterEvidence:
    """Everything that is known of one meter.

    Attributes:
        name: the entity or `file:column`.
        watched_us: (k, 2) disjoint [from, to) in which every change of the meter is among the readings.
    """

    name: str
    reporting: Reporting
    readings: Readings = field(default_factory=Readings.empty)
    watched_us: Instants = field(default_factory=lambda: np.zeros((0, 2), np.int64))
    five_minute: Statistics = field(default_factory=lambda: Statistics.empty(300))
    hourly: Statistics = field(default_factory=lambda: Statistics.empty(3600))
    intervals: Intervals = field(default_factory=Intervals.empty)
