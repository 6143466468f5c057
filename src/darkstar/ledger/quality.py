"""What each local day's slots are good for, by what is known of them and how.

A day has as many slots as the clocks give it (92, 96, 100): none is held against it for that.
"""

import datetime as dt
from collections.abc import Collection, Mapping
from zoneinfo import ZoneInfo

import numpy as np

from darkstar.domain.channels import Channel
from darkstar.domain.slots import SLOT_HOURS, SLOT_SECONDS, day_bounds, local_date
from darkstar.ledger.resolved import ChannelSlots, DayQuality, DayStatus, Flag, ResolvedSlots

UNKNOWN_HOURS = 1.0
"""Longest time without a number that a day can bear."""
SPREAD_HOURS = 3.0
"""Longest time known in total only."""
CORE = (Channel.LOAD, Channel.PV, Channel.IMPORT, Channel.EXPORT)
BATTERY = (Channel.BATT_CHARGE, Channel.BATT_DISCHARGE)


def label_days(resolved: ResolvedSlots, measured: Collection[Channel], tz: ZoneInfo) -> list[DayQuality]:
    """Labels of the local days that lie wholly within the slots, by the channels that the home has meters for."""
    slots = resolved.slots
    channels = {channel: resolved.channels[channel] for channel in measured}
    labels: list[DayQuality] = []
    day = local_date(int(slots[0]), tz)
    while True:
        start, end = day_bounds(day, tz)
        if end > int(slots[-1]) + SLOT_SECONDS:
            return labels
        if start >= slots[0]:
            rows = slice(*np.searchsorted(slots, [start, end]).tolist())
            labels.append(_label(day, channels, rows))
        day += dt.timedelta(days=1)


def _label(day: dt.date, channels: Mapping[Channel, ChannelSlots], rows: slice) -> DayQuality:
    core = [reason for c in CORE if c in channels for reason in _complaints(c, channels[c], rows)]
    battery = [reason for c in BATTERY if c in channels for reason in _complaints(c, channels[c], rows)]
    if core:
        return DayQuality(day, DayStatus.EXCLUDE, tuple(core + battery))
    return DayQuality(day, DayStatus.MASK_BATTERY if battery else DayStatus.CLEAN, tuple(battery))


def _complaints(channel: Channel, found: ChannelSlots, rows: slice) -> list[str]:
    unknown = float(np.isnan(found.energy_kwh[rows]).sum()) * SLOT_HOURS
    spread = float(((found.flags[rows] & Flag.SPREAD) != 0).sum()) * SLOT_HOURS
    complaints = []
    if unknown > UNKNOWN_HOURS:
        complaints.append(f"{channel.value} is unknown for {unknown:g} h")
    if spread > SPREAD_HOURS:
        complaints.append(f"{channel.value} is known in total only for {spread:g} h")
    return complaints
