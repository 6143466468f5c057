"""Where a home's own meters stop adding up: what comes in is what goes out, hour by hour.

The residual of an hour is what comes in less what goes out. Meters resolve so much, an inverter uses so much itself,
and meters are read at different moments: an hour may be off by `tolerance`, a share of what flows and what this home is
off by in most hours. What goes beyond it is added up (Page's cumulative sum, Biometrika 41, 1954): a fault of some
watts is found after days, one of kilowatts after an hour or two, and its begin is known. Quarters are too short for
meters that are read at different moments.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from darkstar.domain.channels import BALANCE_SIGN, Channel
from darkstar.ledger.compare import hourly
from darkstar.ledger.evidence import Source
from darkstar.ledger.resolved import ChannelSlots, Flag

Series = NDArray[np.float64]
Flows = Mapping[Channel, Series]
Rows = NDArray[np.intp]

LEAST_HOURS = 24
FLOW_SHARE = 0.08
"""Share of what flows by which an hour may be off: conversion, and minutes between the meters' readings."""
USUAL_TIMES = 4.0
LEAST_KWH, MOST_KWH = 0.01, 0.08
"""Beside that share: so many times what most hours are off, but within these bounds."""
ALARM_KWH = 1.5
"""Excess, added up, from which something is wrong."""
LEAST_OFF_HOURS = 3
UNPROVEN = (Source.BALANCE, Source.CORRECTION)
UNMETERED = (Source.BALANCE, Source.ABSENT)


@dataclass(frozen=True)
class Balance:
    """A home's flows over consecutive hours, all of the balance or none known in each; arrays have shape (h,).

    Attributes:
        metered: the channels that some meter measures, and that can be at fault.
    """

    flows: Flows
    metered: tuple[Channel, ...] = tuple(BALANCE_SIGN)

    @cached_property
    def residual(self) -> Series:
        """What comes in less what goes out; NaN where not known."""
        return residual(self.flows)

    @cached_property
    def through(self) -> Series:
        """What flows through the home."""
        return np.asarray(np.sum([np.abs(energy) for energy in self.flows.values()], axis=0) / 2)

    @cached_property
    def tolerance(self) -> Series:
        """What an hour may be off by."""
        usual = USUAL_TIMES * float(np.nanmedian(np.abs(self.residual)))
        return np.asarray(FLOW_SHARE * self.through + np.clip(usual, LEAST_KWH, MOST_KWH))

    @cached_property
    def known(self) -> NDArray[np.bool_]:
        """Hours of which all flows are known."""
        return np.asarray(np.isfinite(self.residual))

    @cached_property
    def off(self) -> Rows:
        """The hours from the first to the last between which the home does not add up; none where it does.

        Within them may lie hours that do: at night nothing comes of a sun's meter that counts twice.
        """
        beyond = np.where(self.known, np.abs(self.residual) - self.tolerance, 0.0)
        total = np.cumsum(beyond)
        excess = total - np.minimum(np.minimum.accumulate(total), 0.0)
        alarmed = np.flatnonzero(excess >= ALARM_KWH)
        if not len(alarmed):
            return np.zeros(0, dtype=np.intp)
        quiet = np.flatnonzero(excess[: alarmed[0]] <= 0)
        first = int(quiet[-1]) + 1 if len(quiet) else 0
        last = int(alarmed[-1])
        while beyond[last] <= 0:
            last -= 1
        rows = np.arange(first, last + 1)
        return rows[self.known[rows]] if int((beyond[rows] > 0).sum()) >= LEAST_OFF_HOURS else rows[:0]

    def excess(self, rows: Rows, flows: Flows | None = None) -> float:
        """By how much the hours are beyond the tolerance, with other flows if given; hours not known stay as off."""
        shown = np.abs(self.residual[rows])
        apart = shown if flows is None else np.abs(residual(flows)[rows])
        apart = np.where(np.isnan(apart), shown, apart)
        return float(np.maximum(apart - self.tolerance[rows], 0.0).sum())


def residual(flows: Flows) -> Series:
    """What comes in less what goes out, shape (h,)."""
    return np.asarray(np.sum([sign * flows[channel] for channel, sign in BALANCE_SIGN.items()], axis=0))


def balance(slots: Mapping[Channel, ChannelSlots]) -> Balance | None:
    """The balance over whole hours of slots, as measured; None where it proves nothing."""
    flows = {channel: hourly(_measured(slots[channel])) for channel in BALANCE_SIGN}
    known = np.all([np.isfinite(energy) for energy in flows.values()], axis=0)
    if known.sum() < LEAST_HOURS:
        return None
    return Balance(
        {channel: np.where(known, energy, np.nan) for channel, energy in flows.items()},
        tuple(channel for channel in BALANCE_SIGN if is_metered(slots[channel])),
    )


def is_metered(found: ChannelSlots) -> bool:
    """Whether any meter or file ever told of a channel."""
    return not np.isin(found.source[found.source > 0], UNMETERED).all()


def _measured(found: ChannelSlots) -> Series:
    vague = (found.flags & Flag.SPREAD != 0) | np.isin(found.source, UNPROVEN)
    return np.where(vague, np.nan, found.energy_kwh)
