"""Repairs that the ledger can work out by itself: what the meters know in total, the balance knows in time.

    an outage of one meter        its total is known, and the other channels say when it flowed
    an outage of several          their totals and the balance leave little freedom; the least unlikely is proposed
    a pair of meters unknown      import and export (or charging and discharging): the other channels say what is left
    a channel that lies           `liar.py`

Every proposal keeps each total between good readings, and lays nothing where the connection carries none. What remains
unknown stays unknown. Certain is what the balance confirms: everything else was measured, and it adds up.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from darkstar.domain.channels import BALANCE_SIGN, Channel
from darkstar.domain.slots import SLOT_SECONDS, Slots
from darkstar.ledger.corrections import Correction
from darkstar.ledger.evidence import MICROSECONDS, Instants, Method, Source
from darkstar.ledger.reconcile import Part, reconcile
from darkstar.ledger.resolved import ChannelSlots

Series = NDArray[np.float64]
Mask = NDArray[np.bool_]

PAIRS = ((Channel.IMPORT, Channel.EXPORT), (Channel.BATT_DISCHARGE, Channel.BATT_CHARGE))
WORTH_KWH = 0.02
"""A proposal that moves no slot by more than this is not worth a person's time."""
CONFIRMED_KWH, CONFIRMED_SHARE = 0.1, 0.05
"""How near the balance's total must come to the meter's for the balance to confirm it."""
SOUND_SHARE = 0.05
"""Usual imbalance, as a share of what flows, up to which a home's balance can prove anything."""
FLOW_ERROR = 0.02
"""Error of a meter as a share of what flows."""
PRIOR_SHARE = {Channel.PV: 0.2, Channel.LOAD: 0.5}
"""Error of an energy known in total only, as a share of its mean: the sun has a course and a home its base load, what
a battery or the grid does may be anything."""
PRIOR_SHARE_OF_OTHERS = 1.5
GRID_KWH = 1e-6


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
        return np.asarray(resolved + erring + GRID_KWH)


def free_blocks(ground: Ground, channel: Channel) -> list[NDArray[np.intp]]:
    """Positions of the slots that share a total and have nothing finer, one array a total.

    A slot in which a total ends is left as it is, and so is a total that reaches the edge of what is looked at.
    """
    found = ground.channels[channel]
    edges = ground.edges_us[channel]
    start_us = ground.slots * MICROSECONDS
    segment = np.searchsorted(edges, start_us, side="right")
    whole = segment == np.searchsorted(edges, start_us + SLOT_SECONDS * MICROSECONDS, side="left")
    free = (
        (found.method == Method.SPREAD) & (found.source != Source.CORRECTION) & np.isfinite(found.energy_kwh)
    )
    cut = set(segment[[0, -1]][free[[0, -1]]].tolist())
    blocks = [np.flatnonzero(free & whole & (segment == s)) for s in np.unique(segment[free]).tolist()]
    return [
        rows
        for rows in blocks
        if len(rows) > 1 and int(segment[rows[0]]) not in cut and found.energy_kwh[rows].sum() > 0
    ]


def outages(ground: Ground) -> list[Proposal]:
    """Energies known in total only, laid in time by the balance of the others."""
    blocks = [(channel, rows) for channel in BALANCE_SIGN for rows in free_blocks(ground, channel)]
    known = np.all([np.isfinite(e) for e in ground.energies().values()], axis=0)
    derived = np.any([ground.channels[c].source == Source.BALANCE for c in BALANCE_SIGN], axis=0)
    usable = [(c, rows) for c, rows in blocks if known[rows].all() and not derived[rows].any()]
    made = [_outage(ground, cluster) for cluster in _clusters(usable)]
    return [proposal for proposal in made if proposal is not None]


def _clusters(
    blocks: Sequence[tuple[Channel, NDArray[np.intp]]],
) -> list[list[tuple[Channel, NDArray[np.intp]]]]:
    """Blocks that overlap in time, directly or through others."""
    clusters: list[list[tuple[Channel, NDArray[np.intp]]]] = []
    until = -1
    for channel, rows in sorted(blocks, key=lambda block: (int(block[1][0]), block[0])):
        if rows[0] > until:
            clusters.append([])
        clusters[-1].append((channel, rows))
        until = max(until, int(rows[-1]))
    return clusters


def _outage(ground: Ground, cluster: Sequence[tuple[Channel, NDArray[np.intp]]]) -> Proposal | None:
    first, last = min(int(rows[0]) for _, rows in cluster), max(int(rows[-1]) for _, rows in cluster) + 1
    energies = {c: e[first:last].copy() for c, e in ground.energies().items()}
    before = {c: e.copy() for c, e in energies.items()}
    local = [(c, rows - first) for c, rows in cluster]
    totals = [float(energies[c][rows].sum()) for c, rows in local]
    fixed = {c: e.copy() for c, e in energies.items()}
    for c, rows in local:
        fixed[c][rows] = 0.0
    net = np.sum([sign * fixed[c] for c, sign in BALANCE_SIGN.items()], axis=0)
    variance = ground.variance()[first:last]
    prior = _priors(energies, local)
    parts = [
        Part(
            BALANCE_SIGN[c],
            rows,
            total,
            prior[c][rows],
            np.full(len(rows), (PRIOR_SHARE.get(c, PRIOR_SHARE_OF_OTHERS) * total / len(rows)) ** 2),
            ground.limits_kwh[c],
        )
        for (c, rows), total in zip(local, totals, strict=True)
    ]
    if any(p.total_kwh is not None and p.total_kwh > p.most_kwh * len(p.rows) for p in parts):
        return None
    for (c, rows), laid in zip(local, reconcile(net, variance, parts), strict=True):
        energies[c][rows] = laid
    changes = tuple(
        Change(c, ground.slots[rows], before[c][rows - first], energies[c][rows - first])
        for c, rows in cluster
    )
    if max(float(np.abs(change.after_kwh - change.before_kwh).max()) for change in changes) <= WORTH_KWH:
        return None
    confirmed = len({c for c, _ in cluster}) == 1 and all(
        ground.meters[c] == 1 and _confirms(p, net[p.rows], total)
        for (c, _), p, total in zip(local, parts, totals, strict=True)
    )
    certain = confirmed and is_sound(ground)
    return Proposal(
        Kind.OUTAGE,
        Certainty.CERTAIN if certain else Certainty.LIKELY,
        _outage_reason(changes, confirmed),
        changes,
    )


def _priors(
    energies: Mapping[Channel, Series], free: Sequence[tuple[Channel, NDArray[np.intp]]]
) -> dict[Channel, Series]:
    """What the free ones would be without least squares: opposite flows by the sign of what the others leave."""
    prior = {c: e.copy() for c, e in energies.items()}
    mask = {c: np.zeros(len(e), dtype=np.bool_) for c, e in energies.items()}
    for c, rows in free:
        mask[c][rows] = True
    for source, use in PAIRS:
        both = mask[source] & mask[use]
        others = np.sum([s * energies[c] for c, s in BALANCE_SIGN.items() if c not in (source, use)], axis=0)
        prior[source] = np.where(both, np.maximum(-others, 0.0), prior[source])
        prior[use] = np.where(both, np.maximum(others, 0.0), prior[use])
    return prior


def _confirms(part: Part, net: Series, total_kwh: float) -> bool:
    """Whether the other channels come to the total by themselves, without going below zero on the way."""
    by_balance = -part.sign * net
    apart = abs(float(by_balance.sum()) - total_kwh)
    below = -float(np.minimum(by_balance, 0.0).sum())
    allowed = max(CONFIRMED_KWH, CONFIRMED_SHARE * total_kwh)
    return apart <= allowed and below <= allowed


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


def _outage_reason(changes: Sequence[Change], confirmed: bool) -> str:
    names = " and ".join(dict.fromkeys(change.channel.value for change in changes))
    total = " and ".join(f"{float(change.before_kwh.sum()):.3f} kWh" for change in changes)
    proof = (
        "The other channels were measured and come to the same total."
        if confirmed
        else "The totals are the meters'; when it flowed is the likeliest that the other channels allow."
    )
    return f"{names} could not be read; {total} in all is known. {proof}"


def unknown_pairs(ground: Ground) -> list[Proposal]:
    """Slots in which both of a pair of opposite flows are unknown and all others are measured: what is left between."""
    energies = ground.energies()
    proposals = []
    for source, use in PAIRS:
        others = [c for c in BALANCE_SIGN if c not in (source, use)]
        open_slots = np.isnan(energies[source]) & np.isnan(energies[use])
        told = np.all(
            [np.isfinite(energies[c]) & (ground.channels[c].source != Source.BALANCE) for c in others], axis=0
        )
        if not (ground.meters.get(source, 0) and ground.meters.get(use, 0)):
            continue
        left = np.sum([BALANCE_SIGN[c] * energies[c] for c in others], axis=0)
        fits = (np.maximum(-left, 0) <= ground.limits_kwh[source]) & (
            np.maximum(left, 0) <= ground.limits_kwh[use]
        )
        for rows in runs(open_slots & told & fits):
            slots, nothing = ground.slots[rows], np.full(len(rows), np.nan)
            changes = (
                Change(source, slots, nothing, np.maximum(-left[rows], 0.0)),
                Change(use, slots, nothing, np.maximum(left[rows], 0.0)),
            )
            reason = (
                f"{source.value} and {use.value} are not known; the other channels leave "
                f"{float(changes[0].after_kwh.sum()):.3f} kWh in and {float(changes[1].after_kwh.sum()):.3f} kWh "
                "out, if no quarter of an hour had both."
            )
            proposals.append(Proposal(Kind.UNKNOWN_PAIR, Certainty.LIKELY, reason, changes))
    return proposals


def runs(mask: Mask, bridge: int = 0) -> list[NDArray[np.intp]]:
    """Positions of consecutive true ones, one array a run; holes up to `bridge` do not part them (nor belong)."""
    rows = np.flatnonzero(mask)
    if not len(rows):
        return []
    return np.split(rows, np.flatnonzero(np.diff(rows) > bridge + 1) + 1)
