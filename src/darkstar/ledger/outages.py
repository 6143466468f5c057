"""Repairs of outages: what the meters know in total, the balance of the home knows in time.

    an outage of one meter        its total is known, and the other channels say when it flowed
    an outage of several          their totals and the balance leave little freedom; the least unlikely is proposed
    a pair of meters unknown      import and export (or charging and discharging): the other channels say what is left

Every proposal keeps each total between good readings (no less than it where the meter began again from zero), and lays
nothing where the connection carries none. What remains unknown stays unknown.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from darkstar.domain.channels import BALANCE_SIGN, Channel
from darkstar.domain.slots import SLOT_SECONDS
from darkstar.ledger.evidence import MICROSECONDS, Method, Source
from darkstar.ledger.proposals import Certainty, Change, Ground, Kind, Proposal, is_sound, runs
from darkstar.ledger.reconcile import Part, reconcile
from darkstar.ledger.resolved import Flag

Series = NDArray[np.float64]
Rows = NDArray[np.intp]

PAIRS = ((Channel.IMPORT, Channel.EXPORT), (Channel.BATT_DISCHARGE, Channel.BATT_CHARGE))
WORTH_KWH = 0.02
"""A proposal that moves no slot by more than this is not worth a person's time."""
CONFIRMED_KWH, CONFIRMED_SHARE = 0.1, 0.05
"""How near the balance's total must come to the meter's for the balance to confirm it."""
DOUBTFUL = int(Flag.RESET | Flag.DIP | Flag.SUM_APART)
PRIOR_SHARE = {Channel.PV: 0.2, Channel.LOAD: 0.5}
"""Error of an energy known in total only, as a share of its mean: the sun has a course and a home its base load, what
a battery or the grid does may be anything."""
PRIOR_SHARE_OF_OTHERS = 1.5


def free_blocks(ground: Ground, channel: Channel) -> list[Rows]:
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
    blocks: Sequence[tuple[Channel, Rows]],
) -> list[list[tuple[Channel, Rows]]]:
    """Blocks that overlap in time, directly or through others."""
    clusters: list[list[tuple[Channel, Rows]]] = []
    until = -1
    for channel, rows in sorted(blocks, key=lambda block: (int(block[1][0]), block[0])):
        if rows[0] > until:
            clusters.append([])
        clusters[-1].append((channel, rows))
        until = max(until, int(rows[-1]))
    return clusters


def _outage(ground: Ground, cluster: Sequence[tuple[Channel, Rows]]) -> Proposal | None:
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
    at_least = [_began_again(ground, c, rows) and len(cluster) == 1 for c, rows in cluster]
    told = [
        None if least and _by_balance(c, net[rows]).clip(0.0).sum() > total else total
        for (c, rows), total, least in zip(local, totals, at_least, strict=True)
    ]
    parts = [
        Part(
            BALANCE_SIGN[c],
            rows,
            total,
            prior[c][rows],
            np.full(len(rows), _prior_error(ground, c, total, len(rows)) ** 2),
            ground.limits_kwh[c],
        )
        for (c, rows), total in zip(local, told, strict=True)
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
    confirmed = not any(at_least) and all(
        ground.meters[c] == 1 and _confirms(_by_balance(c, net[rows]), total)
        for (c, rows), total in zip(local, totals, strict=True)
    )
    certain = confirmed and is_sound(ground)
    return Proposal(
        Kind.OUTAGE,
        Certainty.CERTAIN if certain else Certainty.LIKELY,
        _outage_reason(changes, confirmed=confirmed, at_least=None in told),
        changes,
    )


def _prior_error(ground: Ground, channel: Channel, total_kwh: float | None, slots: int) -> float:
    """How far a slot may be from what its total alone would make of it [kWh]."""
    if total_kwh is None:
        return ground.limits_kwh[channel]
    return PRIOR_SHARE.get(channel, PRIOR_SHARE_OF_OTHERS) * total_kwh / slots


def _priors(
    energies: Mapping[Channel, Series], free: Sequence[tuple[Channel, Rows]]
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


def _confirms(by_balance: Series, total_kwh: float) -> bool:
    """Whether the other channels come to the total by themselves, without going below zero on the way."""
    apart = abs(float(by_balance.sum()) - total_kwh)
    below = -float(np.minimum(by_balance, 0.0).sum())
    allowed = max(CONFIRMED_KWH, CONFIRMED_SHARE * total_kwh)
    return apart <= allowed and below <= allowed


def _by_balance(channel: Channel, net: Series) -> Series:
    """What the other channels leave for one, below zero where they leave less than nothing."""
    return np.asarray(-BALANCE_SIGN[channel] * net)


def _began_again(ground: Ground, channel: Channel, rows: Rows) -> bool:
    """Whether the meter may have begun again on the way: what it shows then is the least that it counted.

    A meter that begins anew each midnight, unseen, may look as if it had gone on, or had dipped.
    """
    return bool((ground.channels[channel].flags[rows] & DOUBTFUL).any())


def _outage_reason(changes: Sequence[Change], *, confirmed: bool, at_least: bool) -> str:
    names = " and ".join(dict.fromkeys(change.channel.value for change in changes))
    total = " and ".join(f"{float(change.before_kwh.sum()):.3f} kWh" for change in changes)
    if at_least:
        return (
            f"{names} could not be read and may have begun again from zero; it counted at least {total}. The other "
            f"channels come to {float(changes[0].after_kwh.sum()):.3f} kWh."
        )
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
