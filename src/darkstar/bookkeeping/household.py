"""What a ledger's own slots tell of the home's meters over a range, whatever Home Assistant says of them."""

from collections.abc import Iterator, Mapping, Sequence

from darkstar.bookkeeping.resolving import site_of
from darkstar.config.settings import Settings
from darkstar.domain.channels import Channel
from darkstar.domain.slots import DAY_SECONDS, HOUR_SECONDS, SLOT_SECONDS, Slots, hour_floor, slot_range
from darkstar.ledger.causes.household import Suspicion, standing_still, suspicions
from darkstar.ledger.contradictions import Surroundings, surroundings
from darkstar.ledger.habits import course
from darkstar.ledger.resolved import ChannelSlots, joined
from darkstar.store.ledger_file import LedgerFile

JUDGED = 28 * DAY_SECONDS
"""The home's balance is judged over so long at once: a fault of some days is lost in a season."""
HABIT = 400 * DAY_SECONDS
"""A meter's habit is learned from so long before."""


def by_balance(
    ledger: LedgerFile, settings: Settings, channels: Mapping[Channel, ChannelSlots], start: int
) -> Iterator[Suspicion]:
    """What the channels tell of one another over whole hours.

    Args:
        channels: by channel, the slots as they stand in the ledger from `start` on.
    """
    limits_kwh = site_of(settings).limits_kwh
    n = len(next(iter(channels.values())).energy_kwh)
    for row in range(0, n, JUDGED // SLOT_SECONDS):
        rows = slice(row, min(row + JUDGED // SLOT_SECONDS, n))
        slots = slot_range(start + rows.start * SLOT_SECONDS, start + rows.stop * SLOT_SECONDS)
        part = {channel: found.part(rows) for channel, found in channels.items()}
        yield from suspicions(part, limits_kwh, known_around(ledger, settings, slots))


def by_habit(
    ledger: LedgerFile, settings: Settings, parts: Sequence[Mapping[Channel, ChannelSlots]], start: int
) -> list[Suspicion]:
    """Which channels stood still against their habit at some time from `start` on, by the ledger's past.

    Args:
        parts: the slots from `start` on as they stand in the ledger, one part after the other.
    """
    extent = ledger.resolved_extent()
    if extent is None or not parts:
        return []
    n = sum(len(next(iter(part.values())).energy_kwh) for part in parts)
    first = min(max(start - HABIT, hour_floor(extent[0]) + HOUR_SECONDS), start)
    known = max(0, hour_floor(extent[1]) - first) // SLOT_SECONDS
    slots = slot_range(first, start + n * SLOT_SECONDS)[:known]
    before, home = ledger.provenance(first, start), settings.home
    channels = {
        c: joined([before[c], *(part[c] for part in parts)]).part(slice(0, known)) for c in settings.sensors
    }
    found = standing_still(
        {c: course(slots, its, c, home.tz, home.latitude, home.longitude) for c, its in channels.items()}
    )
    return [s for s in found if s.hours is not None and first + s.hours[1] * HOUR_SECONDS > start]


def known_around(ledger: LedgerFile, settings: Settings, slots: Slots) -> Surroundings:
    """The sun and the battery's store beside whole hours of slots."""
    home, battery = settings.home, settings.battery
    if battery is None or not settings.soc:
        return surroundings(slots, home.latitude, home.longitude)
    table = ledger.slots(int(slots[0]), int(slots[-1]) + SLOT_SECONDS)
    return surroundings(
        slots,
        home.latitude,
        home.longitude,
        table.soc_start_percent,
        table.soc_end_percent,
        battery.capacity_kwh,
    )
