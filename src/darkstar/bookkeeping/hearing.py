"""Which meters tell nothing of the slots that close: gone silent, or showing what is yet to be confirmed."""

import math
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np

from darkstar.bookkeeping.resolving import counted_meters
from darkstar.bookkeeping.witnesses import witnesses
from darkstar.config.settings import Settings
from darkstar.domain.channels import Channel
from darkstar.domain.slots import HOUR_SECONDS, SLOT_SECONDS, hour_floor
from darkstar.ledger.causes.cause import Cause, Finding, found
from darkstar.ledger.evidence import MICROSECONDS, Source
from darkstar.ledger.proposals import runs
from darkstar.ledger.resolved import ChannelSlots
from darkstar.store.ledger_file import LedgerFile

DOWNWARDS = 6
"""So many falling readings in a row are no dip."""
LONG_SLOTS = 2
"""What is silent for less is not worth a line: Home Assistant restarts."""


class News(NamedTuple):
    """What is to be told of a channel: since when [UTC s], and what."""

    channel: Channel
    since_utc: int
    finding: Finding


class _Silence(NamedTuple):
    """Since when a channel's own meter tells nothing; why, as far as it was told."""

    since_utc: int
    told: Cause | None = None


class Hearing:
    """Remembers which channels are not heard, so that each silence is told once."""

    def __init__(self, ledger: LedgerFile, settings: Settings) -> None:
        self._ledger = ledger
        self._settings = settings
        self._silent: dict[Channel, _Silence] = {}
        self.waiting_since = math.inf
        """Since when [UTC s] what a meter shows is in doubt; infinite where none is."""

    def listen(self, first: int, end: int, slots: Mapping[Channel, ChannelSlots]) -> Iterator[News]:
        """Look at the slots of [first, end), the last of which are new."""
        self.waiting_since = math.inf
        metered = {meter.channel for meter in counted_meters(self._ledger, self._settings)}
        for channel, its in slots.items():
            unheard = np.isnan(its.energy_kwh) | (its.source == Source.BALANCE)
            if channel.value not in metered or not unheard[-1]:
                self._silent.pop(channel, None)
                continue
            begin = int(runs(unheard)[-1][0])
            if channel not in self._silent and begin == 0:
                continue
            silent = self._silent.setdefault(channel, _Silence(first + begin * SLOT_SECONDS))
            if silent.told is Cause.OUTAGE:
                continue
            news = self._doubt(channel, end)
            if news is not None:
                self.waiting_since = min(self.waiting_since, news.since_utc)
            elif end - silent.since_utc >= LONG_SLOTS * SLOT_SECONDS:
                gone = "Its meter cannot be read; until it is back only the others tell of it."
                news = News(channel, silent.since_utc, Finding(Cause.OUTAGE, gone))
            if news is not None and news.finding.cause is not silent.told:
                self._silent[channel] = silent._replace(told=news.finding.cause)
                yield news

    def _doubt(self, channel: Channel, end: int) -> News | None:
        hours = np.arange(hour_floor(end) - HOUR_SECONDS, end, HOUR_SECONDS, dtype=np.int64)
        for witness in witnesses(self._ledger, self._settings, channel, hours):
            since_us = witness.doubtful_since_us
            if since_us is None:
                continue
            time_us, value, _ = witness.numbers
            shown = np.abs(value[time_us >= since_us])
            falls = len(shown) >= DOWNWARDS and bool((np.diff(shown) < 0).all())
            cause, how = (Cause.SIGN, "counts downwards and") if falls else (Cause.PENDING, "")
            detail = " ".join(f"{witness.name} {how} showed {shown[-1]:.10g} kWh last.".split())
            return News(channel, since_us // MICROSECONDS, found(cause, detail))
        return None
