"""Applies the ledger's rules to stored evidence: the only writer of slots."""

from collections.abc import Sequence

import numpy as np

from darkstar.bookkeeping.labels import stored_slots, write_labels
from darkstar.bookkeeping.progress import Progress, silent
from darkstar.bookkeeping.ranges import chunks
from darkstar.config.settings import Settings
from darkstar.domain.channels import Channel
from darkstar.domain.home import slot_limits_kwh
from darkstar.domain.slots import HOUR_SECONDS, hour_floor, slot_range
from darkstar.ledger.combining import MeterGroup
from darkstar.ledger.evidence import MICROSECONDS, MeterEvidence
from darkstar.ledger.numbers import parse
from darkstar.ledger.resolve import MARGIN_SECONDS, Site, resolve
from darkstar.ledger.swapped import swapped
from darkstar.store.ledger_file import LedgerFile
from darkstar.store.meters import MeterRow

CHUNK = 92 * 24 * HOUR_SECONDS
JUDGED = 28 * 24 * HOUR_SECONDS
LONGEST_STANDSTILL = 64 * 24 * HOUR_SECONDS
HOME_ASSISTANT = "home_assistant"
SOC = "soc"


def site_of(settings: Settings) -> Site:
    """What the rules need to know of the home."""
    return Site(
        limits_kwh=slot_limits_kwh(settings.home, settings.battery, settings.pv_peak_kw),
        absent=settings.absent,
        latitude=settings.home.latitude,
        longitude=settings.home.longitude,
    )


def counted_meters(ledger: LedgerFile, settings: Settings) -> list[MeterRow]:
    """The meters that count: Home Assistant's as darkstar.yaml names them, imported ones as the import put them."""
    configured = {(channel.value, name) for channel, names in settings.sensors.items() for name in names}
    configured |= {(SOC, name) for name in settings.soc}
    return [m for m in ledger.meters() if m.origin != HOME_ASSISTANT or (m.channel, m.name) in configured]


def gather(
    ledger: LedgerFile, meters: Sequence[MeterRow], start: int, end: int
) -> tuple[dict[Channel, list[MeterGroup]], list[MeterEvidence]]:
    """The evidence of [start, end) with the margin that the rules need: groups by channel, and the SoC meters."""
    members: dict[tuple[str, str], list[MeterEvidence]] = {}
    for meter in meters:
        found = _evidence(ledger, meter.meter_id, start, end)
        members.setdefault((meter.channel, meter.origin), []).append(found)
    groups: dict[Channel, list[MeterGroup]] = {}
    soc: list[MeterEvidence] = []
    for (channel, origin), found_of_origin in sorted(members.items(), key=lambda item: item[0]):
        if channel == SOC:
            soc += found_of_origin
        else:
            groups.setdefault(Channel(channel), []).append(MeterGroup(origin, tuple(found_of_origin)))
    return groups, soc


def _evidence(ledger: LedgerFile, meter_id: int, start: int, end: int) -> MeterEvidence:
    """With the margin, and beyond it while the meter stands still: what ends that belongs to all of its time."""
    first, last = start - MARGIN_SECONDS, end + MARGIN_SECONDS
    found = ledger.evidence(meter_id, first, last)
    while last - first < LONGEST_STANDSTILL:
        ahead, back = _stands_still(found, start, end)
        first, last = (first - (last - first) if back else first), (last + (last - first) if ahead else last)
        before, found = found, ledger.evidence(meter_id, first, last) if ahead or back else found
        if len(found.readings) + len(found.hourly) == len(before.readings) + len(before.hourly):
            break
    return found


def _stands_still(evidence: MeterEvidence, start: int, end: int) -> tuple[bool, bool]:
    """Whether a meter shows the same from before the end to its last number, and from its first to after the start."""
    numbers, rows = parse(evidence.readings), evidence.hourly
    ahead = back = False
    for time_utc, shown in (
        (numbers.time_us // MICROSECONDS, numbers.value_kwh),
        (rows.start_utc + HOUR_SECONDS, rows.state_kwh),
    ):
        changes = np.flatnonzero(np.diff(shown)) + 1
        if len(shown):
            # Where no number stands at the end or later, there is none beyond the evidence either.
            ahead |= int(time_utc[changes[-1] if len(changes) else 0]) < end <= int(time_utc[-1])
        back |= len(changes) > 0 and changes[0] > 1 and int(time_utc[changes[0]]) > start
    return ahead, back


def touched(ledger: LedgerFile, start: int, end: int) -> tuple[int, int]:
    """The slots that new evidence of [start, end) may change: those, and the ones kept already that the rules reach."""
    kept = ledger.slot_extent()
    if kept is None:
        return start, end
    return min(start, max(start - MARGIN_SECONDS, kept[0])), max(end, min(end + MARGIN_SECONDS, kept[1]))


def resolve_range(
    ledger: LedgerFile, settings: Settings, start: int, end: int, progress: Progress = silent
) -> int:
    """Resolve all slots of [start, end) and store them, with the labels of their days; returns how many slots.

    Each chunk is one transaction; a killed run leaves old and new slots beside each other, both of them true to the
    evidence at their time, and running again makes all of them new.
    """
    site = site_of(settings)
    pieces = list(chunks(start, end, CHUNK))
    for done, (piece_start, piece_end) in enumerate(pieces):
        progress("resolving", done, len(pieces))
        with ledger.transaction():
            meters = counted_meters(ledger, settings)
            groups, soc = gather(ledger, meters, piece_start, piece_end)
            repairs = ledger.repairs(piece_start - MARGIN_SECONDS, piece_end + MARGIN_SECONDS)
            resolved = resolve(slot_range(piece_start, piece_end), groups, soc, site, repairs)
            ledger.write_slots(resolved)
            write_labels(ledger, settings, piece_start, piece_end, groups.keys())
    progress("resolving", len(pieces), len(pieces))
    return len(slot_range(start, end))


def swapped_sensors(ledger: LedgerFile, settings: Settings, start: int, end: int) -> list[str]:
    """A warning where two channels seem to have each other's sensors, judged by the last weeks of [start, end)."""
    first = max(hour_floor(start) + HOUR_SECONDS, hour_floor(end) - JUDGED)
    if first >= hour_floor(end):
        return []
    with ledger.snapshot():
        judged = stored_slots(ledger, first, hour_floor(end))
    pair = swapped(judged, settings.home.latitude, settings.home.longitude)
    if pair is None:
        return []
    one, other = pair
    return [
        f"The balance of the home does not add up, and would if `{one}` and `{other}` changed places: are their "
        "sensors swapped in darkstar.yaml?"
    ]
