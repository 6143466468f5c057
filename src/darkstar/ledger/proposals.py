"""What a repair would change, and what it is worked out from.

    outages.py   energies known in total only, or of two opposite flows unknown, laid by the balance of the others
    liar.py      the meter that the balance is against

Certain is what the balance confirms: everything else was measured, and it adds up.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from darkstar.domain.channels import BALANCE_SIGN, Channel
from darkstar.domain.slots import SLOT_SECONDS, Slots
from darkstar.ledger.corrections import Correction
from darkstar.ledger.evidence import Instants, Source
from darkstar.ledger.resolved import ChannelSlots

Series = NDArray[np.float64]
Mask = NDArray[np.bool_]

SOUND_SHARE = 0.05
"""Usual imbalance, as a share of what flows, up to which a home's balance can prove anything."""
FLOW_ERROR = 0.02
"""Error of a meter as a share of what flows."""
LEAST_VARIANCE = 1e-6


class Certainty(StrEnum):
    """How sure a proposal is."""

    CERTAIN = "certain"
    LIKELY = "likely"


class Kind(StrEnum):
    """What a proposal does."""

    OUTAGE = "outage_laid_by_balance"
    UNKNOWN_PAIR = "unknown_from_balance"
    LATE = "late_count_moved_back"
    LIAR = "meter_against_balance"


@dataclass(frozen=True)
class Change:
    """Slots of one channel before and after; arrays have shape (m,), NaN where not known."""

    channel: Channel
    slots: Slots
    before_kwh: Series
    after_kwh: Series


@dataclass(frozen=True)
class Proposal:
    """A repair that could be made."""

    kind: Kind
    certainty: Certainty
    reason: str
    changes: tuple[Change, ...]

    @property
    def span(self) -> tuple[int, int]:
        """From its first slot to the end of its last [UTC s]."""
        starts = [int(change.slots[0]) for change in self.changes]
        return min(starts), max(int(change.slots[-1]) + SLOT_SECONDS for change in self.changes)

    @property
    def corrections(self) -> tuple[Correction, ...]:
        """What it says, slot by slot."""
        return tuple(
            Correction(
                change.channel, start, start + SLOT_SECONDS, None if np.isnan(energy) else max(energy, 0.0)
            )
            for change in self.changes
            for start, energy in zip(change.slots.tolist(), change.after_kwh.tolist(), strict=True)
        )


@dataclass(frozen=True)
class Ground:
    """What proposals are made from.

    Attributes:
        slots: (n,) consecutive slots; channels: every channel's numbers over them.
        limits_kwh: most energy of a slot; resolution_kwh: the smallest step that a channel's meters show.
        edges_us: by channel, sorted instants [UTC us] between which totals are known.
        meters: by channel, how many meters add up to it.
        sun: (n,) sine of the sun's elevation at the slots' middles.
    """

    slots: Slots
    channels: Mapping[Channel, ChannelSlots]
    limits_kwh: Mapping[Channel, float]
    resolution_kwh: Mapping[Channel, float]
    edges_us: Mapping[Channel, Instants]
    meters: Mapping[Channel, int]
    sun: Series

    def energies(self) -> dict[Channel, Series]:
        """The channels of the balance, shape (n,) each."""
        return {channel: self.channels[channel].energy_kwh for channel in BALANCE_SIGN}

    def residual(self) -> Series:
        """(n,) sources less uses, NaN where a channel is unknown or is what the balance left of the others."""
        derived = np.any([self.channels[c].source == Source.BALANCE for c in BALANCE_SIGN], axis=0)
        energies = self.energies()
        net = np.sum([sign * energies[c] for c, sign in BALANCE_SIGN.items()], axis=0)
        return np.where(derived, np.nan, net)

    def variance(self) -> Series:
        """(n,) how far the balance may be out for what the meters resolve and err [kWh^2]."""
        resolved = sum(self.resolution_kwh.get(c, 0.0) ** 2 for c in BALANCE_SIGN)
        erring = np.sum([(FLOW_ERROR * np.nan_to_num(e)) ** 2 for e in self.energies().values()], axis=0)
        return np.asarray(resolved + erring + LEAST_VARIANCE)


def is_sound(ground: Ground) -> bool:
    """Whether the home's balance usually adds up well enough to prove anything."""
    residual = ground.residual()
    through = np.sum(list(ground.energies().values()), axis=0) / 2
    known = np.isfinite(residual) & np.isfinite(through)
    if not known.any() or float(through[known].sum()) <= 0:
        return False
    return float(np.abs(np.median(residual[known]))) <= SOUND_SHARE * float(through[known].mean()) and float(
        np.median(np.abs(residual[known]))
    ) <= SOUND_SHARE * float(through[known].mean())


def runs(mask: Mask, bridge: int = 0) -> list[NDArray[np.intp]]:
    """Positions of consecutive true ones, one array a run; holes up to `bridge` do not part them (nor belong)."""
    rows = np.flatnonzero(mask)
    if not len(rows):
        return []
    return np.split(rows, np.flatnonzero(np.diff(rows) > bridge + 1) + 1)
