"""The story of one hour: both numbers, where ours came from, the evidence around it, and why they differ."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from darkstar.bookkeeping.resolving import counted_meters
from darkstar.bookkeeping.verify import TOLERANCE_KWH, beside, their_hours
from darkstar.bookkeeping.witnesses import witnesses
from darkstar.config.settings import Settings
from darkstar.domain.channels import Channel
from darkstar.domain.errors import UsageError
from darkstar.domain.slots import DAY_SECONDS, HOUR_SECONDS, SLOTS_PER_HOUR, hour_floor, iso_local
from darkstar.evidence.source import EnergySource
from darkstar.ledger.causes.case import Case, Stretch, Witness, total
from darkstar.ledger.causes.cause import Finding
from darkstar.ledger.causes.patterns import find_patterns
from darkstar.ledger.causes.proof import EvidenceRow, evidence_rows
from darkstar.ledger.compare import HourComparison, hourly
from darkstar.ledger.evidence import MICROSECONDS
from darkstar.ledger.explain import explain_hour, remarks
from darkstar.ledger.resolved import ChannelSlots
from darkstar.store.ledger_file import LedgerFile

Energies = NDArray[np.float64]

AROUND = 4 * DAY_SECONDS
"""To each side of the hour: enough for a pattern to be told from chance."""


@dataclass(frozen=True)
class HourStory:
    """One channel in one hour.

    Attributes:
        compared: false where Home Assistant has no meter of the channel, and so no say.
        ha_kwh: Home Assistant's number, NaN where it has none; asked_now: false where it is the one stored earlier.
        by_rule_kwh: what its rule makes of the stored samples, NaN where they are not all stored.
        slots: the four quarters. finding: None where the sides agree and nothing befell the meters.
        rows: the evidence in and around the hour, in time order.
    """

    channel: Channel
    hour_utc: int
    compared: bool
    ha_kwh: float
    asked_now: bool
    ledger_kwh: float
    by_rule_kwh: float
    within: bool
    slots: ChannelSlots
    finding: Finding | None
    rows: tuple[EvidenceRow, ...]


async def explain_channels(
    source: EnergySource | None,
    ledger: LedgerFile,
    settings: Settings,
    at_utc: int,
    now: float,
    channels: tuple[Channel, ...] = (),
    tolerance_kwh: float = TOLERANCE_KWH,
) -> list[HourStory]:
    """The story of the hour that holds an instant, for some channels or for all that have meters.

    Args:
        source: Home Assistant; None where it cannot be asked, then what was stored of it stands in.

    Raises:
        UsageError: the hour is not over, or a channel has no meter.
    """
    hour = hour_floor(at_utc)
    if hour + HOUR_SECONDS > now:
        raise _not_over(hour, now, settings)
    start = hour - AROUND
    end = max(min(hour + AROUND, hour_floor(now)), hour + HOUR_SECONDS)
    hours = np.arange(start, end, HOUR_SECONDS, dtype=np.int64)
    with_sums = frozenset(await source.statistic_ids()) if source else frozenset[str]()
    theirs = await their_hours(source, settings, with_sums, start, end, now) if source else {}
    with ledger.snapshot():
        measured = {meter.channel for meter in counted_meters(ledger, settings)}
        for channel in channels:
            if channel.value not in measured:
                raise UsageError(f"No meter of {channel.value} is known.", remedy="Choose another --channel.")
        heard = {c: witnesses(ledger, settings, c, hours) for c in Channel if c.value in measured}
        ours = ledger.provenance(start, end)
        repairs = tuple(ledger.repairs(hour, hour + HOUR_SECONDS))
    compared = {
        channel: beside(
            channel,
            theirs[channel],
            ours[channel],
            start,
            known_only=not with_sums.issuperset(settings.sensors[channel]),
        )
        if channel in theirs
        else HourComparison(channel, hours, _stored(found), hourly(ours[channel].energy_kwh))
        for channel, found in heard.items()
    }
    patterns = find_patterns(compared, tolerance_kwh)
    i = (hour - start) // HOUR_SECONDS
    return [
        _story(
            Case(
                Stretch(
                    channel,
                    hours,
                    compared[channel].ha_kwh,
                    compared[channel].ledger_kwh,
                    np.arange(len(hours)) == i,
                    ours[channel],
                    heard[channel],
                    patterns[channel],
                    tolerance_kwh,
                    repairs,
                ),
                i,
            ),
            asked_now=channel in theirs,
            within=bool(compared[channel].within(tolerance_kwh)[i]),
        )
        for channel in channels or tuple(heard)
    ]


def _not_over(hour: int, now: float, settings: Settings) -> UsageError:
    tz = settings.home.tz
    when, today = (iso_local(at, tz)[:16].replace("T", " ") for at in (hour, now))
    if hour > now:
        return UsageError(
            f"The hour of {when} has not come yet: it is {today}.", remedy="Choose an earlier hour."
        )
    over = iso_local(hour + HOUR_SECONDS, tz)[11:16]
    return UsageError(f"The hour of {when} is not over yet.", remedy=f"Ask again after {over}.")


def _stored(found: tuple[Witness, ...]) -> Energies:
    """What was stored of Home Assistant's numbers, and its rule applied to the samples where nothing else was."""
    theirs = [w for w in found if w.ours]
    n = len(found[0].stored_kwh)
    return total([np.where(np.isnan(w.stored_kwh), w.by_rule_kwh, w.stored_kwh) for w in theirs], n)


def _story(case: Case, *, asked_now: bool, within: bool) -> HourStory:
    compared = any(witness.ours for witness in case.stretch.witnesses)
    finding = explain_hour(case) if compared and not within else remarks(case)
    span = (case.start_us, case.end_us)
    if finding and finding.span_us:
        span = (min(span[0], finding.span_us[0]), max(span[1], finding.span_us[1]))
    near = (span[0] - AROUND * MICROSECONDS, span[1] + AROUND * MICROSECONDS)
    rows = [
        row
        for witness in case.stretch.witnesses
        for row in evidence_rows(witness, *span)
        if near[0] <= row.time_us <= near[1]
    ]
    quarters = slice(case.i * SLOTS_PER_HOUR, (case.i + 1) * SLOTS_PER_HOUR)
    return HourStory(
        channel=case.stretch.channel,
        hour_utc=int(case.stretch.hours[case.i]),
        compared=compared,
        ha_kwh=case.ha_kwh,
        asked_now=asked_now,
        ledger_kwh=case.ledger_kwh,
        by_rule_kwh=case.by_rule_kwh,
        within=within,
        slots=case.stretch.slots.part(quarters),
        finding=finding,
        rows=tuple(sorted(rows, key=lambda row: row.time_us)),
    )
