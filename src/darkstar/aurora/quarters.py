"""Quarters of the local day, and which of them a slot is."""

from dataclasses import dataclass
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from darkstar.domain.slots import (
    DAY_SECONDS,
    SLOT_SECONDS,
    Slots,
    quarters_of_day,
    slot_range,
)

Counts = NDArray[np.int64]

BLOCK_SECONDS = 32 * DAY_SECONDS


@dataclass(frozen=True)
class QuarterClock:
    """Which quarter of the local day a slot is; asks the time zone once for each block of days."""

    tz: ZoneInfo

    def quarters(self, slots: Slots) -> Counts:
        """0 to 95 for each slot, shape (n,); two slots share one where the clock goes back."""
        if not len(slots):
            return np.zeros(0, dtype=np.int64)
        first, last = int(slots[0]) // BLOCK_SECONDS, int(slots[-1]) // BLOCK_SECONDS
        blocks = [_block(number, self.tz) for number in range(first, last + 1)]
        quarters = blocks[0] if len(blocks) == 1 else np.concatenate(blocks)
        found: Counts = quarters[(slots - first * BLOCK_SECONDS) // SLOT_SECONDS]
        return found


@lru_cache(maxsize=2**7)
def _block(number: int, tz: ZoneInfo) -> Counts:
    start = number * BLOCK_SECONDS
    quarters = quarters_of_day(slot_range(start, start + BLOCK_SECONDS), tz)
    quarters.flags.writeable = False
    return quarters
