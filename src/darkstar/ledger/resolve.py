"""From evidence to slots: the pure function that the whole ledger hangs on.

    each meter            `trust.py`, `meters.py`, `statistics.py`   which readings to believe, energies between them
    over the slots        `laying.py`                                by the slot, or by the hour
    meters to channels    `combining.py`                             what adds up, which source wins
    what was corrected    `corrections.py`                           stands before all else
    hours to quarters     `splitting.py`                             coherently, and what the balance leaves

The same evidence gives the same slots, whatever range is asked for: evidence is looked at `MARGIN_SECONDS` to each
side of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from darkstar.domain.channels import Channel
from darkstar.domain.slots import (
    DAY_SECONDS,
    HOUR_SECONDS,
    SLOT_HOURS,
    SLOT_SECONDS,
    Slots,
    hour_floor,
    slot_range,
)
from darkstar.ledger.charge import state_of_charge
from darkstar.ledger.combining import ChannelEvidence, MeterGroup, combine
from darkstar.ledger.corrections import Repair, overlay, put_over, without_denied
from darkstar.ledger.evidence import MeterEvidence, Method, Source
from darkstar.ledger.resolved import ChannelSlots, ResolvedSlots
from darkstar.ledger.splitting import settle
from darkstar.ledger.sun import sin_elevation

Series = NDArray[np.float64]

MARGIN_SECONDS = 2 * DAY_SECONDS


@dataclass(frozen=True)
class Site:
    """What the rules need to know of the home.

    Attributes:
        limits_kwh: most energy that a channel carries in a slot.
        absent: channels that the home does not have: known to be zero.
        latitude, longitude: degrees, north and east positive.
    """

    limits_kwh: Mapping[Channel, float]
    absent: frozenset[Channel]
    latitude: float
    longitude: float


def resolve(
    slots: Slots,
    groups: Mapping[Channel, Sequence[MeterGroup]],
    soc: Sequence[MeterEvidence],
    site: Site,
    repairs: Sequence[Repair] = (),
) -> ResolvedSlots:
    """The slots that the evidence gives.

    Args:
        slots: (n,) consecutive slots.
        groups: by channel, the meters and files that measure it, with evidence `MARGIN_SECONDS` beyond the slots.
        soc: meters of the state of charge, the best first.
        repairs: those of the slots and of `MARGIN_SECONDS` beyond; what was withdrawn does not count.
    """
    window = _window(slots)

    def sun(of: Slots) -> Series:
        middles = of.astype(np.float64) + SLOT_SECONDS / 2
        return np.maximum(sin_elevation(middles, site.latitude, site.longitude), 0.0)

    evidence = {
        channel: _absent(len(window))
        if channel in site.absent
        else combine(
            groups.get(channel, ()),
            window,
            site.limits_kwh[channel] / SLOT_HOURS,
            sun if channel is Channel.PV else _evenly,
        )
        for channel in Channel
    }
    said = {channel: overlay(repairs, channel, window) for channel in Channel}
    evidence = {channel: put_over(found, said[channel]) for channel, found in evidence.items()}
    inside = slice(int(slots[0] - window[0]) // SLOT_SECONDS, int(slots[-1] - window[0]) // SLOT_SECONDS + 1)
    channels = {
        channel: _cut(without_denied(found, said[channel].denied), inside)
        for channel, found in settle(evidence, sun(window), site.limits_kwh).items()
    }
    edges = np.append(slots, slots[-1:] + SLOT_SECONDS)
    percent = state_of_charge(soc, edges)
    return ResolvedSlots(slots, channels, percent[:-1], percent[1:])


def _window(slots: Slots) -> Slots:
    """Whole hours around the slots, with the margin."""
    start = hour_floor(int(slots[0]) - MARGIN_SECONDS)
    end = hour_floor(int(slots[-1]) + MARGIN_SECONDS) + HOUR_SECONDS
    return slot_range(start, end)


def _evenly(slots: Slots) -> Series:
    return np.zeros(len(slots))


def _absent(n: int) -> ChannelEvidence:
    zero = ChannelSlots(
        np.zeros(n),
        np.full(n, Source.ABSENT, dtype=np.int8),
        np.full(n, Method.ABSENT, dtype=np.int8),
        np.zeros(n, dtype=np.int32),
    )
    return ChannelEvidence(zero, np.full(n * SLOT_SECONDS // HOUR_SECONDS, np.nan))


def _cut(channel: ChannelSlots, inside: slice) -> ChannelSlots:
    return ChannelSlots(
        channel.energy_kwh[inside], channel.source[inside], channel.method[inside], channel.flags[inside]
    )
