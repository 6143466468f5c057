"""Which meter the balance shows to be wrong, where all were read and the home does not add up.

Hour by hour, for quarters are often split from their hours. An hour is off where its residual stands out from what the
home's meters usually leave, far beyond what they resolve. For a run of such hours each channel is asked: could all of
the difference be yours? It could not where the mended number is below zero, more than the connection carries, sun at
night, or more export than sun and battery gave. Of those that could, the one is named whose own number is the odd one
out among its other hours and whose mended number is not; where two are about as odd, nobody is named.

A meter that stood still and caught up later has counted right, and late: its total is kept. Where the total itself is
against the balance, only a person can say whom to believe.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from darkstar.domain.channels import BALANCE_SIGN, Channel
from darkstar.domain.slots import SLOTS_PER_HOUR
from darkstar.ledger.compare import hourly
from darkstar.ledger.evidence import Source
from darkstar.ledger.proposals import Certainty, Change, Ground, Kind, Proposal, is_sound, runs
from darkstar.ledger.reconcile import fit
from darkstar.ledger.resolved import Flag

Series = NDArray[np.float64]
Rows = NDArray[np.intp]

LEAST_HOURS = 48
"""So many hours must add up before any can stand out."""
OUTSTANDING = 8.0
"""Times the usual imbalance (its median absolute deviation) from which an hour is off."""
LEAST_KWH = 0.3
RESOLVED = 3.0
"""Times the last digits of all meters that no residual below can mean anything."""
LONGEST_HOURS = 72
"""A difference that lasts longer is no fault of a moment: a channel missing, or mapped twice."""
LEAST_OF_A_LIE = 3
"""Hours; in less, a meter that counted at all may have counted late, and nobody knows what was when."""
BRIDGED_HOURS = 2
NIGHT = -0.05
ODD = 2.0
"""By how much odder the liar's own numbers must be than its mended ones, and than the next one's, an hour."""
TWILIGHT_KWH = 0.05


@dataclass(frozen=True)
class _Hours:
    """The balance by the hour; arrays have shape (h,), NaN where not known.

    Attributes:
        energy: by channel; residual: sources less uses, less what is usual; allowed: beyond it an hour is off.
    """

    energy: Mapping[Channel, Series]
    residual: Series
    allowed: Series


def liars(ground: Ground) -> list[Proposal]:
    """Proposals for runs of hours in which one channel's meter is against all others."""
    hours = _hours(ground)
    if hours is None or not is_sound(ground):
        return []
    off = np.abs(hours.residual) > hours.allowed
    found = []
    for rows in runs(np.asarray(off), bridge=BRIDGED_HOURS):
        stretch = np.arange(rows[0], rows[-1] + 1)
        if len(stretch) > LONGEST_HOURS or np.isnan(hours.residual[stretch]).any():
            continue
        channel = _liar(ground, hours, stretch)
        proposal = None if channel is None else _mended(ground, hours, stretch, channel)
        if proposal is not None:
            found.append(proposal)
    return found


def _hours(ground: Ground) -> _Hours | None:
    blurred = np.any(
        [
            (ground.channels[c].flags & Flag.SPREAD != 0) | (ground.channels[c].source == Source.CORRECTION)
            for c in BALANCE_SIGN
        ],
        axis=0,
    )
    residual = hourly(np.where(blurred, np.nan, ground.residual()))
    known = np.isfinite(residual)
    if known.sum() < LEAST_HOURS:
        return None
    usual = float(np.median(residual[known]))
    deviation = 1.4826 * float(np.median(np.abs(residual[known] - usual)))
    energy = {c: hourly(e) for c, e in ground.energies().items()}
    resolved = RESOLVED * sum(ground.resolution_kwh.get(c, 0.0) for c in BALANCE_SIGN)
    through = np.sum(list(energy.values()), axis=0) / 2
    allowed = np.maximum(max(LEAST_KWH, OUTSTANDING * deviation, resolved), 0.1 * through)
    return _Hours(energy, residual - usual, allowed)


def _liar(ground: Ground, hours: _Hours, rows: Rows) -> Channel | None:
    """The one channel that all of the difference may be laid upon, if there is one."""
    oddness = {}
    for channel, sign in BALANCE_SIGN.items():
        if not ground.meters.get(channel, 0):
            continue
        said = hours.energy[channel][rows]
        mended = said - sign * hours.residual[rows]
        if _possible(ground, hours, channel, rows, mended):
            usual = np.delete(hours.energy[channel], rows)
            oddness[channel] = float(np.mean(_odd(said, usual) - _odd(mended, usual)))
    ranked = sorted(oddness, key=lambda c: -oddness[c])
    if not ranked:
        return None
    if len(ranked) > 1 and oddness[ranked[0]] < ODD + max(oddness[ranked[1]], 0.0):
        return None
    return ranked[0]


def _possible(ground: Ground, hours: _Hours, channel: Channel, rows: Rows, mended: Series) -> bool:
    slack = hours.allowed[rows]
    most = ground.limits_kwh[channel] * SLOTS_PER_HOUR
    if (mended < -slack).any() or (mended > most + slack).any():
        return False
    highest_sun = ground.sun.reshape(-1, SLOTS_PER_HOUR)[rows].max(axis=1)
    if (
        channel is Channel.PV
        and (mended[highest_sun < NIGHT] > TWILIGHT_KWH + slack[highest_sun < NIGHT]).any()
    ):
        return False
    flows = {c: e[rows] for c, e in hours.energy.items()} | {channel: mended}
    behind = flows[Channel.PV] + flows[Channel.BATT_DISCHARGE]
    return not (flows[Channel.EXPORT] > behind + slack).any()


def _odd(energy: Series, usual: Series) -> Series:
    """How far energies lie outside of a channel's usual hours, in widths of these."""
    usual = usual[np.isfinite(usual)]
    if not len(usual):
        return np.zeros(len(energy))
    low, high = np.quantile(usual, [0.02, 0.98])
    width = max(float(high - low) / 8, 0.05)
    return np.asarray(np.maximum(np.maximum(low - energy, energy - high), 0.0) / width)


def _mended(ground: Ground, hours: _Hours, rows: Rows, channel: Channel) -> Proposal | None:
    slots = (rows[:, None] * SLOTS_PER_HOUR + np.arange(SLOTS_PER_HOUR)).ravel()
    sign = BALANCE_SIGN[channel]
    before = ground.channels[channel].energy_kwh[slots]
    wanted = before - sign * ground.residual()[slots]
    total, by_balance = float(before.sum()), float(np.maximum(wanted, 0.0).sum())
    most = ground.limits_kwh[channel]
    late = abs(float(hours.residual[rows].sum())) <= float(hours.allowed[rows].max())
    if late and total <= most * len(slots):
        after = fit(wanted, ground.variance()[slots], most, total)
        reason = (
            f"{channel.value} counted {total:.3f} kWh here, but at other times than the other channels say: its meter "
            "stood still and caught up. Its total is kept."
        )
        kind, certainty = Kind.LATE, Certainty.CERTAIN
    elif len(rows) < LEAST_OF_A_LIE and total > 0:
        return None
    else:
        after = np.clip(wanted, 0.0, most)
        reason = (
            f"The home does not add up here, and only {channel.value} can be the cause: its meters say "
            f"{total:.3f} kWh, the others {by_balance:.3f} kWh."
        )
        kind, certainty = Kind.LIAR, Certainty.LIKELY
    return Proposal(kind, certainty, reason, (Change(channel, ground.slots[slots], before, after),))
