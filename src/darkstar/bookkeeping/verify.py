"""Holds the ledger against Home Assistant, hour by hour and channel by channel, and names each difference's cause.

Home Assistant is asked anew: what is compared is what it says now, not what we stored of it. A channel whose sensors
have no long-term statistics (a water heater) is held against Home Assistant's own rule applied to its raw history.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from darkstar.bookkeeping.backfill import HISTORY_DAYS
from darkstar.bookkeeping.progress import Progress, silent
from darkstar.bookkeeping.ranges import chunks
from darkstar.bookkeeping.resolving import site_of
from darkstar.bookkeeping.witnesses import stretches
from darkstar.config.settings import Settings
from darkstar.domain.channels import Channel
from darkstar.domain.errors import UsageError
from darkstar.domain.slots import DAY_SECONDS, HOUR_SECONDS, SLOT_SECONDS, hour_floor, iso_utc, local_date
from darkstar.evidence.source import EnergySource
from darkstar.ledger.accounting import change_by_sum, ha_hours
from darkstar.ledger.causes.cause import OPEN, Cause
from darkstar.ledger.causes.household import Suspicion, suspicions
from darkstar.ledger.causes.patterns import find_patterns
from darkstar.ledger.compare import HourComparison, hourly
from darkstar.ledger.evidence import MICROSECONDS
from darkstar.ledger.explain import Difference, explain
from darkstar.ledger.resolved import ChannelSlots, DayQuality
from darkstar.store.ledger_file import LedgerFile

Energies = NDArray[np.float64]

TOLERANCE_KWH = 0.1
LOOKBACK = 31 * DAY_SECONDS
"""Home Assistant's `change` is the difference to the row before, which a gap may put days earlier."""
CHUNK = 92 * DAY_SECONDS
JUDGED_SLOTS = 28 * DAY_SECONDS // SLOT_SECONDS
"""Slots over which the home's balance is judged at once."""
COMPILED_AFTER = 60
"""Home Assistant makes an hour's statistics some seconds after its end."""


@dataclass(frozen=True)
class ChannelVerdict:
    """One channel over the range: hours compared, and how they came out."""

    hours: int
    within: int
    explained: int
    unexplained: int
    max_abs_difference_kwh: float


@dataclass(frozen=True)
class Verification:
    """The ledger beside Home Assistant over [start, end).

    Attributes:
        home: what the home's own balance tells of its meters, whatever Home Assistant says.
    """

    start: int
    end: int
    tolerance_kwh: float
    channels: Mapping[Channel, ChannelVerdict]
    differences: tuple[Difference, ...]
    days: tuple[DayQuality, ...]
    home: tuple[Suspicion, ...] = ()

    @property
    def hours(self) -> int:
        """Channel hours compared."""
        return sum(verdict.hours for verdict in self.channels.values())

    @property
    def within(self) -> int:
        """Those within the tolerance."""
        return sum(verdict.within for verdict in self.channels.values())

    @property
    def explained(self) -> int:
        """Those beyond it with a named cause."""
        return sum(verdict.explained for verdict in self.channels.values())

    @property
    def unexplained(self) -> int:
        """Those beyond it without one."""
        return sum(verdict.unexplained for verdict in self.channels.values())


async def verify(
    source: EnergySource,
    ledger: LedgerFile,
    settings: Settings,
    start: int,
    end: int,
    now: float,
    progress: Progress = silent,
    tolerance_kwh: float = TOLERANCE_KWH,
) -> Verification:
    """Compare the whole hours of [start, end), as far as Home Assistant has finished them.

    Raises:
        UsageError: no finished hour lies in the range.
    """
    first, last = -(-start // HOUR_SECONDS) * HOUR_SECONDS, hour_floor(min(end, now - COMPILED_AFTER))
    if first >= last:
        raise UsageError(
            f"No finished hour lies between {iso_utc(start)} and {iso_utc(end)}.",
            remedy="Choose an earlier range.",
        )
    with_sums = frozenset(await source.statistic_ids())
    compared: dict[Channel, list[HourComparison]] = {}
    differences: list[Difference] = []
    home: dict[tuple[Cause, frozenset[Channel]], Suspicion] = {}
    pieces = list(chunks(first, last, CHUNK))
    for done, (piece_start, piece_end) in enumerate(pieces):
        progress("comparing", done, len(pieces))
        theirs = await their_hours(source, settings, with_sums, piece_start, piece_end, now)
        with ledger.snapshot():
            ours = ledger.provenance(piece_start, piece_end)
            piece = {
                channel: compared_hours(channel, ha_kwh, ours[channel], piece_start, settings, with_sums)
                for channel, ha_kwh in theirs.items()
            }
            for suspicion in judge(ours, settings):
                home.setdefault((suspicion.cause, frozenset(suspicion.channels)), suspicion)
            differences += _differences(ledger, settings, piece, ours, tolerance_kwh)
            for channel, comparison in piece.items():
                compared.setdefault(channel, []).append(comparison)
    progress("comparing", len(pieces), len(pieces))
    tz = settings.home.tz
    return Verification(
        start=first,
        end=last,
        tolerance_kwh=tolerance_kwh,
        channels={c: _verdict(c, parts, differences, tolerance_kwh) for c, parts in compared.items()},
        differences=tuple(sorted(differences, key=lambda d: (d.hour_utc, d.channel))),
        days=tuple(ledger.days(local_date(first, tz), local_date(last + DAY_SECONDS - 1, tz))),
        home=tuple(home.values()),
    )


def judge(slots: Mapping[Channel, ChannelSlots], settings: Settings) -> Iterator[Suspicion]:
    """What the balance tells of the meters, weeks by weeks: a fault of some days is lost in a season."""
    limits_kwh = site_of(settings).limits_kwh
    n = len(next(iter(slots.values())).energy_kwh)
    for first in range(0, n, JUDGED_SLOTS):
        part = slice(first, min(first + JUDGED_SLOTS, n))
        yield from suspicions({channel: found.part(part) for channel, found in slots.items()}, limits_kwh)


async def their_hours(
    source: EnergySource,
    settings: Settings,
    with_sums: frozenset[str],
    start: int,
    end: int,
    now: float,
) -> dict[Channel, Energies]:
    """What Home Assistant says of each channel's hours; NaN where it says nothing."""
    ids = [entity_id for members in settings.sensors.values() for entity_id in members]
    hours = np.arange(start, end, HOUR_SECONDS, dtype=np.int64)
    rows = await source.statistics([i for i in ids if i in with_sums], start - LOOKBACK, end, "hour")
    change = {i: change_by_sum(found, hours) for i, found in rows.items()}
    without = [i for i in ids if i not in with_sums]
    kept_since = max(start, int(now) - HISTORY_DAYS * DAY_SECONDS)
    if without and kept_since < end:
        found = await source.history(without, (kept_since - HOUR_SECONDS) * MICROSECONDS, end * MICROSECONDS)
        change |= {i: ha_hours(readings, hours) for i, readings in found.items()}
    nothing = np.full(len(hours), np.nan)
    return {
        channel: _total([change.get(i, nothing) for i in members])
        for channel, members in settings.sensors.items()
    }


def _total(changes: Sequence[Energies]) -> Energies:
    """Sum of the sensors that have a number; NaN where none has."""
    stacked = np.stack(changes)
    return np.where(np.isnan(stacked).all(axis=0), np.nan, np.nansum(stacked, axis=0))


def compared_hours(
    channel: Channel,
    ha_kwh: Energies,
    slots: ChannelSlots,
    start: int,
    settings: Settings,
    with_sums: frozenset[str],
) -> HourComparison:
    """A channel's hours beside Home Assistant's; without statistics, only those that its history reaches."""
    ledger_kwh = hourly(slots.energy_kwh)
    if not with_sums.issuperset(settings.sensors[channel]):
        ledger_kwh = np.where(np.isnan(ha_kwh), np.nan, ledger_kwh)
    hours = start + HOUR_SECONDS * np.arange(len(ha_kwh), dtype=np.int64)
    return HourComparison(channel, hours, ha_kwh, ledger_kwh)


def _differences(
    ledger: LedgerFile,
    settings: Settings,
    compared: Mapping[Channel, HourComparison],
    slots: Mapping[Channel, ChannelSlots],
    tolerance_kwh: float,
) -> list[Difference]:
    """A cause for every hour beyond the tolerance."""
    beyond = {channel: ~comparison.within(tolerance_kwh) for channel, comparison in compared.items()}
    if not any(asked.any() for asked in beyond.values()):
        return []
    patterns = find_patterns(compared, tolerance_kwh)
    return [
        difference
        for channel, asked in beyond.items()
        if asked.any()
        for stretch in stretches(
            ledger, settings, compared[channel], slots[channel], patterns[channel], asked, tolerance_kwh
        )
        for difference in explain(stretch)
    ]


def _verdict(
    channel: Channel, parts: Sequence[HourComparison], differences: Sequence[Difference], tolerance_kwh: float
) -> ChannelVerdict:
    known = np.concatenate([~(np.isnan(part.ha_kwh) & np.isnan(part.ledger_kwh)) for part in parts])
    within = np.concatenate([part.within(tolerance_kwh) for part in parts]) & known
    apart = np.abs(np.concatenate([part.difference_kwh for part in parts]))
    causes = [difference.cause for difference in differences if difference.channel is channel]
    unexplained = sum(cause in OPEN for cause in causes)
    return ChannelVerdict(
        hours=int(known.sum()),
        within=int(within.sum()),
        explained=len(causes) - unexplained,
        unexplained=unexplained,
        max_abs_difference_kwh=float(np.nanmax(apart)) if np.isfinite(apart).any() else 0.0,
    )
