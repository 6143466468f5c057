"""Applies the ledger's rules to stored evidence: the only writer of slots."""

from darkstar.bookkeeping.progress import Progress, silent
from darkstar.bookkeeping.ranges import chunks
from darkstar.config.settings import Settings
from darkstar.domain.channels import Channel
from darkstar.domain.home import slot_limits_kwh
from darkstar.domain.slots import HOUR_SECONDS, day_bounds, hour_floor, local_date, slot_range
from darkstar.ledger.combining import MeterGroup
from darkstar.ledger.evidence import MeterEvidence
from darkstar.ledger.quality import label_days
from darkstar.ledger.resolve import MARGIN_SECONDS, Site, resolve
from darkstar.ledger.resolved import ResolvedSlots
from darkstar.ledger.swapped import swapped
from darkstar.store.ledger_file import LedgerFile

CHUNK = 92 * 24 * HOUR_SECONDS
JUDGED = 28 * 24 * HOUR_SECONDS
SOC = "soc"


def site_of(settings: Settings) -> Site:
    """What the rules need to know of the home."""
    return Site(
        limits_kwh=slot_limits_kwh(settings.home, settings.battery, settings.pv_peak_kw),
        absent=settings.absent,
        latitude=settings.home.latitude,
        longitude=settings.home.longitude,
    )


def gather(
    ledger: LedgerFile, settings: Settings, start: int, end: int
) -> tuple[dict[Channel, list[MeterGroup]], list[MeterEvidence]]:
    """The evidence of [start, end) with the margin that the rules need: groups by channel, and the SoC meters.

    Home Assistant's meters count where darkstar.yaml names them; imported ones where the import put them.
    """
    members: dict[tuple[str, str], list[MeterEvidence]] = {}
    for meter in ledger.meters():
        configured = (
            settings.sensors.get(Channel(meter.channel), ()) if meter.channel != SOC else settings.soc
        )
        if meter.origin == "home_assistant" and meter.name not in configured:
            continue
        found = ledger.evidence(meter.meter_id, start - MARGIN_SECONDS, end + MARGIN_SECONDS)
        members.setdefault((meter.channel, meter.origin), []).append(found)
    groups: dict[Channel, list[MeterGroup]] = {}
    soc: list[MeterEvidence] = []
    for (channel, origin), meters in sorted(members.items()):
        if channel == SOC:
            soc += meters
        else:
            groups.setdefault(Channel(channel), []).append(MeterGroup(origin, tuple(meters)))
    return groups, soc


def resolve_range(
    ledger: LedgerFile, settings: Settings, start: int, end: int, progress: Progress = silent
) -> int:
    """Resolve all slots of [start, end) and store them; returns how many.

    Each chunk is one transaction; a killed run leaves old and new slots beside each other, both of them true to the
    evidence at their time, and running again makes all of them new.
    """
    site = site_of(settings)
    pieces = list(chunks(start, end, CHUNK))
    for done, (piece_start, piece_end) in enumerate(pieces):
        progress("resolving", done, len(pieces))
        with ledger.transaction():
            groups, soc = gather(ledger, settings, piece_start, piece_end)
            ledger.write_slots(resolve(slot_range(piece_start, piece_end), groups, soc, site))
    label_range(ledger, settings, start, end)
    progress("resolving", len(pieces), len(pieces))
    return len(slot_range(start, end))


def label_range(ledger: LedgerFile, settings: Settings, start: int, end: int) -> None:
    """Label the local days that [start, end) touches, from all of their slots."""
    tz = settings.home.tz
    for piece_start, piece_end in chunks(start, end, CHUNK):
        first = day_bounds(local_date(piece_start, tz), tz)[0]
        last = day_bounds(local_date(piece_end - 1, tz), tz)[1]
        with ledger.transaction():
            ledger.write_days(label_days(stored_slots(ledger, first, last), tz))


def stored_slots(ledger: LedgerFile, start: int, end: int) -> ResolvedSlots:
    """The slots of [start, end) as they stand in the ledger."""
    with ledger.snapshot():
        table = ledger.slots(start, end)
        channels = ledger.provenance(start, end)
    return ResolvedSlots(table.slots, channels, table.soc_start_percent, table.soc_end_percent)


def swapped_sensors(ledger: LedgerFile, settings: Settings, start: int, end: int) -> list[str]:
    """A warning where two channels seem to have each other's sensors, judged by the last weeks of [start, end)."""
    first = max(hour_floor(start) + HOUR_SECONDS, hour_floor(end) - JUDGED)
    if first >= hour_floor(end):
        return []
    pair = swapped(
        stored_slots(ledger, first, hour_floor(end)), settings.home.latitude, settings.home.longitude
    )
    if pair is None:
        return []
    one, other = pair
    return [
        f"The balance of the home does not add up, and would if `{one}` and `{other}` changed places: are their "
        "sensors swapped in darkstar.yaml?"
    ]
