"""Corrections: what is held to be true against what a meter said, with a reason.

A correction is evidence like any other and edits nothing: it stands before every other source while it is active, and
taking it back (a withdrawal, evidence too) leaves exactly what was there without it. Where corrections overlap, the one
made last wins. A correction without an energy says that the number is not known: neither the meter nor the balance of
the others is believed there.

A person's repair stands until a person takes it back. One that the ledger made by itself stands as long as it follows
from the rest of the evidence, and below a person's wherever the two meet.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from darkstar.domain.channels import Channel
from darkstar.domain.slots import SLOT_SECONDS, SLOTS_PER_HOUR, Slots
from darkstar.ledger.combining import ChannelEvidence
from darkstar.ledger.evidence import Method, Source
from darkstar.ledger.resolved import ChannelSlots, Flag

Mask = NDArray[np.bool_]
Series = NDArray[np.float64]

SETTLED = Flag.SPREAD | Flag.IMPLAUSIBLE | Flag.CLIPPED
"""What is no longer open of a number once it was corrected."""
ID_LENGTH = 10


@dataclass(frozen=True)
class Correction:
    """One channel's energy over whole slots [start_utc, end_utc), laid evenly; None: it is not known."""

    channel: Channel
    start_utc: int
    end_utc: int
    energy_kwh: float | None

    def __post_init__(self) -> None:
        if self.start_utc % SLOT_SECONDS or self.end_utc % SLOT_SECONDS or self.start_utc >= self.end_utc:
            raise ValueError(f"[{self.start_utc}, {self.end_utc}) is not a range of whole slots")
        if self.energy_kwh is not None and not 0 <= self.energy_kwh < float("inf"):
            raise ValueError(f"{self.energy_kwh} kWh is not an energy")


@dataclass(frozen=True)
class Repair:
    """Corrections that were made together, for one reason.

    Attributes:
        made_us, withdrawn_us: when it was made, and taken back [UTC us]; None while it is active.
        automatic, withdrawn_automatically: whether the ledger did so by itself, asked by nobody.
    """

    corrections: tuple[Correction, ...]
    reason: str
    made_us: int
    withdrawn_us: int | None = None
    automatic: bool = False
    withdrawn_automatically: bool = False

    @property
    def refused(self) -> bool:
        """Whether a person took it back."""
        return self.withdrawn_us is not None and not self.withdrawn_automatically

    @property
    def repair_id(self) -> str:
        """Its name: made of all that it says, so that the same repair has the same name anywhere."""
        rows = sorted((c.channel.value, c.start_utc, c.end_utc, repr(c.energy_kwh)) for c in self.corrections)
        said = (self.made_us, self.reason, rows, *(("automatic",) if self.automatic else ()))
        return sha256(repr(said).encode()).hexdigest()[:ID_LENGTH]

    @property
    def span(self) -> tuple[int, int]:
        """From the first slot that it corrects to the end of the last [UTC s]."""
        return min(c.start_utc for c in self.corrections), max(c.end_utc for c in self.corrections)


@dataclass(frozen=True)
class Overlay:
    """What the active corrections say of one channel's slots.

    Attributes:
        energy_kwh: (n,) NaN where nothing is said or the number is said not to be known.
        denied: (n,) true where the number is said not to be known.
    """

    energy_kwh: Series
    denied: Mask


def precedence(repair: Repair) -> tuple[bool, int, str]:
    """What orders repairs that meet: the greatest is believed. A person's before automatic ones, then the last made."""
    return not repair.automatic, repair.made_us, repair.repair_id


def overlay(repairs: Sequence[Repair], channel: Channel, slots: Slots) -> Overlay:
    """The active corrections of a channel over n consecutive slots: a person's on top, then the one made last."""
    energy, denied = np.full(len(slots), np.nan), np.zeros(len(slots), dtype=np.bool_)
    for repair in sorted(repairs, key=precedence):
        if repair.withdrawn_us is not None:
            continue
        for correction in sorted(repair.corrections, key=lambda c: (c.start_utc, c.end_utc)):
            if correction.channel is not channel:
                continue
            rows = slice(*np.searchsorted(slots, [correction.start_utc, correction.end_utc]).tolist())
            count = (correction.end_utc - correction.start_utc) // SLOT_SECONDS
            known = correction.energy_kwh is not None
            energy[rows] = (correction.energy_kwh or 0.0) / count if known else np.nan
            denied[rows] = not known
    return Overlay(energy, denied)


def put_over(evidence: ChannelEvidence, said: Overlay) -> ChannelEvidence:
    """A channel's evidence with the corrections before all else.

    What an hour's other quarters sum to becomes what the corrected ones leave of it.
    """
    told = np.isfinite(said.energy_kwh)
    if not told.any():
        return evidence
    old = evidence.slots
    opened = np.isnan(old.energy_kwh) & told
    taken = np.where(opened, said.energy_kwh, 0.0).reshape(-1, SLOTS_PER_HOUR).sum(axis=1)
    energy = np.where(told, said.energy_kwh, old.energy_kwh)
    rest = np.where(taken > 0, np.maximum(evidence.rest_kwh - taken, 0.0), evidence.rest_kwh)
    rest[np.isfinite(energy).reshape(-1, SLOTS_PER_HOUR).all(axis=1)] = np.nan
    slots = ChannelSlots(
        energy,
        np.where(told, Source.CORRECTION, old.source).astype(np.int8),
        np.where(told, Method.INTERVALS, old.method).astype(np.int8),
        np.where(told, old.flags & ~int(SETTLED), old.flags).astype(np.int32),
    )
    return ChannelEvidence(slots, rest)


def without_denied(channel: ChannelSlots, denied: Mask) -> ChannelSlots:
    """A channel's slots with those unknown that are said not to be known."""
    if not denied.any():
        return channel
    return ChannelSlots(
        np.where(denied, np.nan, channel.energy_kwh),
        np.where(denied, 0, channel.source).astype(np.int8),
        np.where(denied, 0, channel.method).astype(np.int8),
        channel.flags,
    )
