"""What the rules yield: slots with where each number came from, their prices, and what a day is good for."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntFlag, StrEnum

import numpy as np
from numpy.typing import NDArray

from darkstar.domain.channels import Channel
from darkstar.domain.slots import Slots

Series = NDArray[np.float64]


class Flag(IntFlag):
    """What a person should know of a slot's number; they add up."""

    SPREAD = 1
    """Known in total but not in time: the energy of an outage, laid out over it."""
    DIP = 2
    """The meter showed too little for a while and came back; nothing was counted."""
    SPIKE = 4
    """The meter showed too much for a while and came back; nothing was counted."""
    RESET = 8
    """The meter began again from zero; it goes on from there."""
    REPLACED = 16
    """The meter stands for another one from here on; its first reading counts for nothing."""
    STEP_BACK = 32
    """The meter went back a little and stayed there (a correction by its maker); nothing was counted."""
    IMPLAUSIBLE = 64
    """A jump that the home's connection cannot carry; left out."""
    SUM_APART = 512
    """Home Assistant's sum moved by something else than the meter: it took a bad reading for a reset, or was edited."""
    CLIPPED = 256
    """The balance of the other channels came out below zero and was set to zero."""


@dataclass(frozen=True)
class ChannelSlots:
    """One channel over a range; all arrays have shape (n,).

    Attributes:
        energy_kwh: NaN where unknown, never negative.
        source: `Source` numbers, 0 where unknown; method: `Method` numbers, 0 where unknown.
        flags: sums of `Flag`s.
    """

    energy_kwh: Series
    source: NDArray[np.int8]
    method: NDArray[np.int8]
    flags: NDArray[np.int32]

    def part(self, slots: slice) -> "ChannelSlots":
        """Those of some of the slots."""
        return ChannelSlots(self.energy_kwh[slots], self.source[slots], self.method[slots], self.flags[slots])

    @staticmethod
    def unknown(n: int) -> "ChannelSlots":
        """Nothing known of n slots."""
        return ChannelSlots(
            np.full(n, np.nan), np.zeros(n, np.int8), np.zeros(n, np.int8), np.zeros(n, np.int32)
        )


def joined(parts: Sequence[ChannelSlots]) -> ChannelSlots:
    """Parts that follow on each other, as one."""
    return ChannelSlots(
        np.concatenate([part.energy_kwh for part in parts]),
        np.concatenate([part.source for part in parts]),
        np.concatenate([part.method for part in parts]),
        np.concatenate([part.flags for part in parts]),
    )


@dataclass(frozen=True)
class ResolvedSlots:
    """All channels over a range of slots; the states of charge have shape (n,) [percent], NaN where unknown."""

    slots: Slots
    channels: Mapping[Channel, ChannelSlots]
    soc_start_percent: Series
    soc_end_percent: Series


@dataclass(frozen=True)
class ResolvedPrices:
    """Prices over a range of slots, shape (n,) per kWh in the home's currency, NaN where unknown.

    Attributes:
        spot_price: the market's; NaN where the source gave an all-in price only.
        source: (n,) the name of the source that each came from, empty where unknown.
        received_utc: (n,) when each was first received [UTC s], where that was before its delivery began; NaN where it
            was later (backfilled, imported) or is not known. None where it is known of none.
    """

    slots: Slots
    spot_price: Series
    import_price: Series
    export_price: Series
    source: NDArray[np.object_]
    received_utc: Series | None = None


class DayStatus(StrEnum):
    """What a day's slots are good for."""

    CLEAN = "clean"
    MASK_BATTERY = "mask_battery"
    """Load, sun and grid are sound; what the battery did is not."""
    EXCLUDE = "exclude"


@dataclass(frozen=True)
class DayQuality:
    """The label of one local day, with its reasons in words (none for a clean one)."""

    day: dt.date
    status: DayStatus
    reasons: tuple[str, ...]
