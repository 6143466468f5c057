"""What a ledger's own slots tell of the home's meters over a range, whatever Home Assistant says of them."""

from collections.abc import Iterator

from darkstar.bookkeeping.labels import stored_slots
from darkstar.bookkeeping.resolving import site_of
from darkstar.config.settings import Settings
from darkstar.domain.slots import DAY_SECONDS, HOUR_SECONDS, hour_floor, slot_range
from darkstar.ledger.causes.household import Suspicion, standing_still, suspicions
from darkstar.ledger.contradictions import Surroundings, surroundings
from darkstar.ledger.habits import course
from darkstar.ledger.resolved import ResolvedSlots
from darkstar.store.ledger_file import LedgerFile

JUDGED = 28 * DAY_SECONDS
"""The home's balance is judged over so long at once: a fault of some days is lost in a season."""
HABIT = 400 * DAY_SECONDS
"""A meter's habit is learned from so long before."""


def by_balance(ledger: LedgerFile, settings: Settings, start: int, end: int) -> Iterator[Suspicion]:
    """What the channels tell of one another over the whole hours of [start, end)."""
    limits_kwh = site_of(settings).limits_kwh
    for first in range(start, end, JUDGED):
        stored = stored_slots(ledger, first, min(first + JUDGED, end))
        yield from suspicions(stored.channels, limits_kwh, known_around(settings, stored))


def by_habit(ledger: LedgerFile, settings: Settings, start: int, end: int) -> list[Suspicion]:
    """Which channels stood still against their habit at some time of [start, end), by the ledger's past."""
    extent = ledger.resolved_extent()
    if extent is None:
        return []
    first = max(start - HABIT, hour_floor(extent[0]) + HOUR_SECONDS)
    last = min(end, hour_floor(extent[1]))
    if first >= last:
        return []
    slots, channels, home = slot_range(first, last), ledger.provenance(first, last), settings.home
    found = standing_still(
        {c: course(slots, channels[c], c, home.tz, home.latitude, home.longitude) for c in settings.sensors}
    )
    return [s for s in found if s.hours is not None and first + s.hours[1] * HOUR_SECONDS > start]


def known_around(settings: Settings, stored: ResolvedSlots) -> Surroundings:
    """The sun and the battery's store beside a ledger's slots."""
    home, battery = settings.home, settings.battery
    return surroundings(
        stored.slots,
        home.latitude,
        home.longitude,
        stored.soc_start_percent,
        stored.soc_end_percent,
        battery.capacity_kwh if battery else None,
    )
