"""Gathers what the ledger knows around the hours that want a cause, and no more than that."""

import numpy as np
from numpy.typing import NDArray

from darkstar.bookkeeping.resolving import HOME_ASSISTANT, counted_meters, site_of
from darkstar.config.settings import Settings
from darkstar.domain.channels import Channel
from darkstar.domain.slots import HOUR_SECONDS, SLOT_HOURS, SLOTS_PER_HOUR
from darkstar.ledger.causes.case import Patterns, Stretch, Witness
from darkstar.ledger.compare import HourComparison
from darkstar.ledger.resolve import MARGIN_SECONDS
from darkstar.ledger.resolved import ChannelSlots
from darkstar.store.ledger_file import LedgerFile

AROUND_HOURS = 6
"""Hours to each side of those asked about that belong to their stretch."""


def stretches(
    ledger: LedgerFile,
    settings: Settings,
    compared: HourComparison,
    slots: ChannelSlots,
    patterns: Patterns,
    asked: NDArray[np.bool_],
    tolerance_kwh: float,
) -> list[Stretch]:
    """One stretch for each run of hours asked about that lie near one another, with the channel's evidence around it.

    Args:
        compared: (n,) consecutive hours of a channel. slots: (4 n,) the same hours' slots.
    """
    return [
        Stretch(
            compared.channel,
            compared.hours[hours],
            compared.ha_kwh[hours],
            compared.ledger_kwh[hours],
            asked[hours],
            slots.part(slice(hours.start * SLOTS_PER_HOUR, hours.stop * SLOTS_PER_HOUR)),
            witnesses(ledger, settings, compared.channel, compared.hours[hours]),
            patterns.part(hours),
            tolerance_kwh,
            tuple(
                ledger.repairs(
                    int(compared.hours[hours.start]), int(compared.hours[hours.stop - 1]) + HOUR_SECONDS
                )
            ),
        )
        for hours in _runs(asked)
    ]


def witnesses(
    ledger: LedgerFile, settings: Settings, channel: Channel, hours: NDArray[np.int64]
) -> tuple[Witness, ...]:
    """The evidence of the meters that count for a channel, over consecutive hours and the rules' margin around."""
    limit_kw = site_of(settings).limits_kwh[channel] / SLOT_HOURS
    start, end = int(hours[0]) - MARGIN_SECONDS, int(hours[-1]) + HOUR_SECONDS + MARGIN_SECONDS
    return tuple(
        Witness(
            ledger.evidence(meter.meter_id, start, end), hours, limit_kw, ours=meter.origin == HOME_ASSISTANT
        )
        for meter in counted_meters(ledger, settings)
        if meter.channel == channel.value
    )


def _runs(asked: NDArray[np.bool_]) -> list[slice]:
    """Slices around the hours asked about; those less than two margins apart share one."""
    wanted = np.flatnonzero(asked)
    breaks = np.flatnonzero(np.diff(wanted) > 2 * AROUND_HOURS)
    firsts, lasts = wanted[np.append(0, breaks + 1)], wanted[np.append(breaks, len(wanted) - 1)]
    return [
        slice(max(first - AROUND_HOURS, 0), min(last + AROUND_HOURS + 1, len(asked)))
        for first, last in zip(firsts.tolist(), lasts.tolist(), strict=True)
    ]
