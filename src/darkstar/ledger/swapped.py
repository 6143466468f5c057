"""Do two sensors stand in each other's place? The balance tells.

What comes into a home equals what goes out of it. If it does not, and does once two channels change places, they are
most likely configured the wrong way round.
"""

from collections.abc import Mapping
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from darkstar.domain.channels import BALANCE_SIGN, Channel
from darkstar.domain.slots import HOUR_SECONDS, SLOTS_PER_HOUR
from darkstar.ledger.compare import hourly
from darkstar.ledger.evidence import Source
from darkstar.ledger.resolved import ResolvedSlots
from darkstar.ledger.sun import sin_elevation

Series = NDArray[np.float64]

LEAST_HOURS = 24
OFF_SHARE = 0.15
"""Imbalance, as a share of what flows, from which something is wrong."""
MENDED_SHARE = 0.3
"""Share of the imbalance that may remain once the right two have changed places."""
NIGHT = -0.05
"""Sine of an elevation at which no panel gives anything."""


def swapped(resolved: ResolvedSlots, latitude: float, longitude: float) -> tuple[Channel, Channel] | None:
    """The two channels that seem to stand in each other's place, if any."""
    hours = resolved.slots.reshape(-1, SLOTS_PER_HOUR)[:, 0]
    measured: dict[Channel, Series] = {}
    derived = False
    for channel in BALANCE_SIGN:
        found = resolved.channels[channel]
        if (found.source == Source.BALANCE).any():
            derived = True
        measured[channel] = hourly(found.energy_kwh)
    if derived:
        return _by_night(resolved, hours, latitude, longitude)
    known = np.all([np.isfinite(energy) for energy in measured.values()], axis=0)
    if known.sum() < LEAST_HOURS:
        return None
    flows = {channel: energy[known] for channel, energy in measured.items()}
    present = _imbalance(flows)
    if present < OFF_SHARE:
        return None
    tried = {pair: _imbalance(_exchanged(flows, *pair)) for pair in combinations(flows, 2)}
    pair = min(tried, key=lambda p: tried[p])
    return pair if tried[pair] <= MENDED_SHARE * present else None


def _by_night(
    resolved: ResolvedSlots, hours: NDArray[np.int64], latitude: float, longitude: float
) -> tuple[Channel, Channel] | None:
    """Without a load meter: a home without a battery that feeds the grid in the dark has its grid meters exchanged."""
    charge = resolved.channels[Channel.BATT_DISCHARGE]
    if not (charge.source == Source.ABSENT).all():
        return None
    middle = hours.astype(np.float64) + HOUR_SECONDS / 2
    dark = sin_elevation(middle, latitude, longitude) < NIGHT
    bought, sold = (hourly(resolved.channels[c].energy_kwh)[dark] for c in (Channel.IMPORT, Channel.EXPORT))
    known = np.isfinite(bought) & np.isfinite(sold)
    if known.sum() < LEAST_HOURS:
        return None
    return (Channel.IMPORT, Channel.EXPORT) if sold[known].sum() > 2 * bought[known].sum() else None


def _imbalance(flows: Mapping[Channel, Series]) -> float:
    residual = np.sum([sign * flows[channel] for channel, sign in BALANCE_SIGN.items()], axis=0)
    through = np.sum([flows[channel] for channel in BALANCE_SIGN], axis=0).sum() / 2
    return float(np.abs(residual).sum() / through) if through > 0 else 0.0


def _exchanged(flows: Mapping[Channel, Series], one: Channel, other: Channel) -> dict[Channel, Series]:
    return {**flows, one: flows[other], other: flows[one]}
