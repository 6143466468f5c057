"""Holds the ledger against Home Assistant, hour by hour and channel by channel, and names each difference's cause.

Home Assistant is asked anew: what is compared is what it says now, not what we stored of it. A channel whose sensors
have no long-term statistics (a water heater) is held against Home Assistant's own rule applied to its raw history.
A file may stand in Home Assistant's place: then the hours that it knows are compared, and no others.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from darkstar.bookkeeping.against import FileHours
from darkstar.bookkeeping.backfill import HISTORY_DAYS
from darkstar.bookkeeping.household import by_balance, by_habit
from darkstar.bookkeeping.progress import Progress, silent
from darkstar.bookkeeping.ranges import chunks
from darkstar.bookkeeping.witnesses import stretches
from darkstar.config.settings import Settings
from darkstar.domain.channels import Channel
from darkstar.domain.errors import UsageError
from darkstar.domain.slots import DAY_SECONDS, HOUR_SECONDS, hour_floor, iso_utc, local_date
from darkstar.evidence.source import EnergySource
from darkstar.ledger.accounting import change_by_sum, ha_hours
from darkstar.ledger.causes import beside_file
from darkstar.ledger.causes.cause import OPEN, Cause
from darkstar.ledger.causes.household import Suspicion
from darkstar.ledger.causes.patterns import find_patterns
from darkstar.ledger.compare import HourComparison, hourly
from darkstar.ledger.evidence import MICROSECONDS
from darkstar.ledger.explain import DETECTORS, Difference, explain
from darkstar.ledger.resolved import ChannelSlots, DayQuality
from darkstar.store.ledger_file import LedgerFile

Energies = NDArray[np.float64]

TOLERANCE_KWH = 0.1
LOOKBACK = 31 * DAY_SECONDS
"""Home Assistant's `change` is the difference to the row before, which a gap may put days earlier."""
CHUNK = 92 * DAY_SECONDS
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
    """The ledger beside Home Assistant, or beside a file, over [start, end).

    Attributes:
        against: the file's name; empty for Home Assistant.
        home: what the home's own balance tells of its meters, whatever Home Assistant says.
    """

    start: int
    end: int
    tolerance_kwh: float
    channels: Mapping[Channel, ChannelVerdict]
    differences: tuple[Difference, ...]
    days: tuple[DayQuality, ...]
    home: tuple[Suspicion, ...] = ()
    against: str = ""

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
    account = _Account(ledger, settings, tolerance_kwh)
    pieces = list(chunks(first, last, CHUNK))
    for done, (piece_start, piece_end) in enumerate(pieces):
        progress("comparing", done, len(pieces))
        theirs = await their_hours(source, settings, with_sums, piece_start, piece_end, now)
        account.compare(
            theirs,
            piece_start,
            piece_end,
            known_only=[c for c, ids in settings.sensors.items() if not with_sums.issuperset(ids)],
        )
    progress("comparing", len(pieces), len(pieces))
    return account.closed(first, last)


def verify_against(
    file: FileHours,
    ledger: LedgerFile,
    settings: Settings,
    start: int,
    end: int,
    now: float,
    progress: Progress = silent,
    tolerance_kwh: float = TOLERANCE_KWH,
) -> Verification:
    """Compare the whole hours of [start, end) that a file knows.

    Raises:
        UsageError: it knows no finished hour of the range.
    """
    first, last = -(-start // HOUR_SECONDS) * HOUR_SECONDS, hour_floor(min(end, now))
    if first >= last or not any(np.isfinite(kwh).any() for kwh in file.over(first, last).values()):
        raise UsageError(
            f"{file.name} knows no whole hour between {iso_utc(start)} and {iso_utc(end)}.",
            remedy=f"It reaches from {iso_utc(file.start)} to {iso_utc(file.end)}: choose dates within.",
        )
    account = _Account(ledger, settings, tolerance_kwh, file)
    pieces = list(chunks(first, last, CHUNK))
    for done, (piece_start, piece_end) in enumerate(pieces):
        progress("comparing", done, len(pieces))
        account.compare(file.over(piece_start, piece_end), piece_start, piece_end, known_only=file.kwh.keys())
    progress("comparing", len(pieces), len(pieces))
    return account.closed(first, last)


class _Account:
    """A comparison while it is being made, piece by piece."""

    def __init__(
        self, ledger: LedgerFile, settings: Settings, tolerance_kwh: float, file: FileHours | None = None
    ) -> None:
        self._ledger = ledger
        self._settings = settings
        self._tolerance_kwh = tolerance_kwh
        self._file = file
        self._compared: dict[Channel, list[HourComparison]] = {}
        self._differences: list[Difference] = []
        self._ours: list[Mapping[Channel, ChannelSlots]] = []
        self._home: dict[tuple[Cause, frozenset[Channel]], Suspicion] = {}

    def compare(
        self, theirs: Mapping[Channel, Energies], start: int, end: int, known_only: Collection[Channel]
    ) -> None:
        """Add the hours of [start, end).

        Args:
            theirs: by channel, the other side's energies. known_only: channels of which only the hours that the other
                side knows are compared; of the rest an hour without a number is a difference.
        """
        with self._ledger.snapshot():
            ours = self._ledger.provenance(start, end)
            piece = {
                channel: beside(channel, kwh, ours[channel], start, known_only=channel in known_only)
                for channel, kwh in theirs.items()
            }
            for suspicion in by_balance(self._ledger, self._settings, ours, start):
                self._home.setdefault((suspicion.cause, frozenset(suspicion.channels)), suspicion)
            self._differences += self._explained(piece, ours)
        self._ours.append(ours)
        for channel, comparison in piece.items():
            self._compared.setdefault(channel, []).append(comparison)

    def _explained(
        self, compared: Mapping[Channel, HourComparison], slots: Mapping[Channel, ChannelSlots]
    ) -> Iterator[Difference]:
        """A cause for every hour beyond the tolerance."""
        tolerance_kwh, file = self._tolerance_kwh, self._file
        beyond = {channel: ~comparison.within(tolerance_kwh) for channel, comparison in compared.items()}
        if not any(asked.any() for asked in beyond.values()):
            return
        patterns = find_patterns(compared, tolerance_kwh)
        for channel, asked in beyond.items():
            if not asked.any():
                continue
            asking = DETECTORS if file is None else beside_file.detectors(file.step_kwh[channel])
            for stretch in stretches(
                self._ledger,
                self._settings,
                compared[channel],
                slots[channel],
                patterns[channel],
                asked,
                tolerance_kwh,
            ):
                yield from explain(stretch, asking)

    def closed(self, start: int, end: int) -> Verification:
        """What came of all pieces of [start, end)."""
        tz = self._settings.home.tz
        return Verification(
            start=start,
            end=end,
            tolerance_kwh=self._tolerance_kwh,
            channels={
                channel: _verdict(channel, parts, self._differences, self._tolerance_kwh)
                for channel, parts in self._compared.items()
            },
            differences=tuple(sorted(self._differences, key=lambda d: (d.hour_utc, d.channel))),
            days=tuple(self._ledger.days(local_date(start, tz), local_date(end + DAY_SECONDS - 1, tz))),
            home=(*self._home.values(), *by_habit(self._ledger, self._settings, self._ours, start)),
            against=self._file.name if self._file else "",
        )


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


def beside(
    channel: Channel, their_kwh: Energies, slots: ChannelSlots, start: int, *, known_only: bool
) -> HourComparison:
    """A channel's hours beside the other side's; with `known_only` those alone that the other side knows."""
    ledger_kwh = hourly(slots.energy_kwh)
    if known_only:
        ledger_kwh = np.where(np.isnan(their_kwh), np.nan, ledger_kwh)
    hours = start + HOUR_SECONDS * np.arange(len(their_kwh), dtype=np.int64)
    return HourComparison(channel, hours, their_kwh, ledger_kwh)


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
