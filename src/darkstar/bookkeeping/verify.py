"""Holds the ledger against Home Assistant, hour by hour and channel by channel, and names each difference's cause.

Home Assistant is asked anew: what is compared is what it says now, not what we stored of it. A channel whose sensors
have no long-term statistics (a water heater) is held against Home Assistant's own rule applied to its raw history.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from darkstar.bookkeeping.progress import Progress, silent
from darkstar.bookkeeping.resolving import gather, label_range, site_of
from darkstar.config.settings import Settings
from darkstar.domain.channels import Channel
from darkstar.domain.slots import HOUR_SECONDS, SLOTS_PER_HOUR, iso_utc
from darkstar.evidence.source import EnergySource
from darkstar.ledger.accounting import ha_hours
from darkstar.ledger.compare import HourComparison, compare
from darkstar.ledger.evidence import MICROSECONDS, Statistics
from darkstar.ledger.explain import Cause, Difference, explain_hours
from darkstar.ledger.quality import DayQuality
from darkstar.store.ledger_file import LedgerFile

Hours = NDArray[np.int64]
Energies = NDArray[np.float64]

TOLERANCE_KWH = 0.1
LOOKBACK = 7 * 24 * HOUR_SECONDS
"""Home Assistant's `change` is the difference to the row before, which a gap may put days earlier."""
HISTORY_WINDOW = 11 * 24 * HOUR_SECONDS


@dataclass(frozen=True)
class ChannelVerdict:
    """One channel over the range: hours compared, and how they came out."""

    hours: int
    within: int
    explained: int
    unexplained: int
    max_abs_difference_kwh: float


@dataclass(frozen=True)
class Verification:
    """The ledger beside Home Assistant over [start, end)."""

    start: int
    end: int
    tolerance_kwh: float
    channels: Mapping[Channel, ChannelVerdict]
    differences: tuple[Difference, ...]
    days: tuple[DayQuality, ...]

    @property
    def hours(self) -> int:
        """Channel hours compared."""
        return sum(verdict.hours for verdict in self.channels.values())

    @property
    def within(self) -> int:
        """Those within the tolerance."""
        return sum(verdict.within for verdict in self.channels.values())

    @property
    def explained(self) -> int:
        """Those beyond it with a named cause."""
        return sum(verdict.explained for verdict in self.channels.values())

    @property
    def unexplained(self) -> int:
        """Those beyond it without one."""
        return sum(verdict.unexplained for verdict in self.channels.values())
