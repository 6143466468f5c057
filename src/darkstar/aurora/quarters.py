"""Profiles by the clock: the last few values of each quarter of the day, and how slots find theirs."""

import math
from collections import deque
from operator import mul
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from darkstar.domain.slots import (
    DAY_SECONDS,
    QUARTERS_OF_DAY,
    SLOT_SECONDS,
    Slots,
    quarters_of_day,
    slot_range,
)

BLOCK_SECONDS = 32 * DAY_SECONDS


class QuarterClock:
    """Which quarter of the local day a slot is; asks the time zone once for each block of days."""

    def __init__(self, tz: ZoneInfo) -> None:
        self._tz = tz
        self._blocks: dict[int, NDArray[np.int64]] = {}

    def quarters(self, slots: Slots) -> NDArray[np.int64]:
        """0 to 95 for each slot, shape (n,); two slots share one where the clock goes back."""
        if not len(slots):
            return np.zeros(0, dtype=np.int64)
        first, last = int(slots[0]) // BLOCK_SECONDS, int(slots[-1]) // BLOCK_SECONDS
        blocks = [self._block(number) for number in range(first, last + 1)]
        quarters = blocks[0] if len(blocks) == 1 else np.concatenate(blocks)
        found: NDArray[np.int64] = quarters[(slots - first * BLOCK_SECONDS) // SLOT_SECONDS]
        return found

    def _block(self, number: int) -> NDArray[np.int64]:
        if number not in self._blocks:
            start = number * BLOCK_SECONDS
            self._blocks[number] = quarters_of_day(slot_range(start, start + BLOCK_SECONDS), self._tz)
        return self._blocks[number]


class RecentByQuarter:
    """The last few known values of each quarter of the day.

    What is unknown leaves no trace: a quarter keeps its older values until newer ones are known.

    Attributes:
        mean: of the values held, shape (96,); NaN for a quarter that was never known.
    """

    def __init__(self, days: int, fades_a_day: float = 1.0) -> None:
        """Of so many values, each of which counts `fades_a_day` times as much as the one after it."""
        self._values: list[deque[float]] = [deque(maxlen=days) for _ in range(QUARTERS_OF_DAY)]
        self._weights = [fades_a_day**back for back in range(days)]
        self.mean = np.full(QUARTERS_OF_DAY, np.nan)

    def add(self, quarter: int, value: float) -> None:
        """One more value of a quarter, which takes the place of the oldest; NaN is passed over."""
        if math.isnan(value):
            return
        held = self._values[quarter]
        held.appendleft(value)
        weights = self._weights[: len(held)]
        self.mean[quarter] = math.fsum(map(mul, held, weights)) / math.fsum(weights)
