"""Six meters of a home through some summer days, as proposals look at them."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from darkstar.domain.channels import Channel
from darkstar.domain.slots import SLOT_SECONDS, slot_range
from darkstar.ledger.evidence import MICROSECONDS, Method, Source
from darkstar.ledger.proposals import Ground
from darkstar.ledger.resolved import ChannelSlots, Flag
from darkstar.ledger.sun import sin_elevation
from tests.ledger.cases import MIDNIGHT

Series = NDArray[np.float64]

DAYS = 8
SLOTS = slot_range(MIDNIGHT, MIDNIGHT + DAYS * 96 * SLOT_SECONDS)
SUN = sin_elevation(SLOTS + SLOT_SECONDS / 2, 59.33, 18.07)
METERED = (Channel.LOAD, Channel.PV, Channel.IMPORT, Channel.EXPORT)


def truth() -> dict[Channel, Series]:
    """Summer days of a home without a battery."""
    random = np.random.default_rng(7)
    hour = (SLOTS - MIDNIGHT) / 3600 % 24
    pv = np.maximum(SUN, 0) * (0.6 + 0.4 * random.random(len(SLOTS)))
    load = 0.15 + 0.1 * random.random(len(SLOTS)) + np.where((hour > 16) & (hour < 20), 0.3, 0.0)
    nothing = np.zeros(len(SLOTS))
    return {
        Channel.LOAD: load,
        Channel.PV: pv,
        Channel.IMPORT: np.maximum(load - pv, 0),
        Channel.EXPORT: np.maximum(pv - load, 0),
        Channel.BATT_CHARGE: nothing,
        Channel.BATT_DISCHARGE: nothing,
    }


def ground(energies: Mapping[Channel, Series], resolution: float = 0.001) -> Ground:
    n = len(SLOTS)
    return Ground(
        SLOTS,
        {
            c: ChannelSlots(
                np.round(e, 3) if np.isfinite(e).all() else e,
                np.where(np.isnan(e), 0, Source.LIVE).astype(np.int8),
                np.where(np.isnan(e), 0, Method.READINGS).astype(np.int8),
                np.zeros(n, np.int32),
            )
            for c, e in energies.items()
        },
        dict.fromkeys(Channel, 3.0),
        dict.fromkeys(METERED, resolution),
        {c: np.zeros(0, np.int64) for c in Channel},
        dict.fromkeys(METERED, 1),
        SUN,
    )


def hours(day: int, first: int, last: int) -> slice:
    return slice(day * 96 + first * 4, day * 96 + last * 4)


def with_outage(
    energies: Mapping[Channel, Series],
    channel: Channel,
    edges_s: Sequence[float],
    flags: int = int(Flag.SPREAD),
) -> Ground:
    """As `ground`, the channel's energies between each two instants [s after midnight] known in total only."""
    plain = ground(energies)
    found = plain.channels[channel]
    edges = np.array([MIDNIGHT + s for s in edges_s])
    for first, last in pairwise(edges.tolist()):
        inside = (first <= SLOTS) & (last >= SLOTS + SLOT_SECONDS)
        found.energy_kwh[inside] = found.energy_kwh[inside].mean()
        touching = (first < SLOTS + SLOT_SECONDS) & (last > SLOTS)
        found.method[touching] = Method.SPREAD
        found.flags[touching] |= flags
    plain.edges_us[channel] = (edges * MICROSECONDS).astype(np.int64)  # type: ignore[index]
    return plain
