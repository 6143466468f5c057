"""Labels local days by what the ledger holds of them: written anew whenever their energies or their prices change."""

import datetime as dt
from collections.abc import Collection

from darkstar.bookkeeping.survey import SOC
from darkstar.config.settings import FILE_SOURCE, Settings
from darkstar.domain.channels import Channel
from darkstar.domain.slots import DAY_SECONDS, HOUR_SECONDS, day_bounds, local_date, slot_range
from darkstar.ledger.evidence import Reporting
from darkstar.ledger.prices import compare_sources, resolve_prices
from darkstar.ledger.quality import ChargeSensor, KnownPrices, label_days
from darkstar.ledger.resolved import ResolvedSlots
from darkstar.store.ledger_file import LedgerFile

LONGEST_QUOTE = HOUR_SECONDS
DAYS_AT_ONCE = 92


def write_labels(
    ledger: LedgerFile, settings: Settings, start: int, end: int, measured: Collection[Channel]
) -> None:
    """Label the local days that [start, end) touches, as far as the slots have been resolved to their end.

    Args:
        measured: the channels that the home has meters for.
    """
    extent = ledger.resolved_extent()
    if extent is None:
        return
    tz = settings.home.tz
    start, end = max(start, extent[0]), min(end, extent[1])
    if start >= end:
        return
    charge = _charge_sensor(ledger, settings)
    day, after = local_date(start, tz), local_date(end - 1, tz)
    if day_bounds(after, tz)[1] <= extent[1]:
        after += dt.timedelta(days=1)
    while day < after:
        piece_end = min(after, day + dt.timedelta(days=DAYS_AT_ONCE))
        first, last = day_bounds(day, tz)[0], day_bounds(piece_end, tz)[0]
        prices = stored_prices(ledger, settings, first - DAY_SECONDS, last)
        found = stored_slots(ledger, first, last)
        ledger.write_days(label_days(found, measured, tz, settings.quality, prices, charge))
        day = piece_end


def _charge_sensor(ledger: LedgerFile, settings: Settings) -> ChargeSensor | None:
    """The home's sensor of its state of charge: as darkstar.yaml names it, or as an older ledger had it."""
    of_files = (m for m in ledger.meters() if m.channel == SOC and m.reporting is Reporting.PERIODIC)
    if not settings.soc and not any(of_files):
        return None
    return ChargeSensor(settings.battery.capacity_kwh if settings.battery else None)


def stored_slots(ledger: LedgerFile, start: int, end: int) -> ResolvedSlots:
    """The slots of [start, end) as they stand in the ledger."""
    table = ledger.slots(start, end)
    channels = ledger.provenance(start, end)
    return ResolvedSlots(table.slots, channels, table.soc_start_percent, table.soc_end_percent)


def stored_prices(ledger: LedgerFile, settings: Settings, start: int, end: int) -> KnownPrices:
    """The prices of [start, end) that the stored quotes give, and how their sources agree; both slot starts.

    Prices are expected of every day where they can be fetched; a home that imports files has what it imported.
    """
    slots = slot_range(start, end)
    quotes = ledger.quotes(start - LONGEST_QUOTE, end)
    preference, currency = settings.price_preference, settings.home.currency
    area = settings.prices.area if settings.prices else ""
    rules = settings.quality
    compared = compare_sources(
        slots,
        quotes,
        preference=preference,
        area=area,
        currency=currency,
        tolerance_per_kwh=rules.price_tolerance_per_kwh,
        tolerance_percent=rules.price_tolerance_percent,
    )
    resolved = resolve_prices(
        slots, quotes, settings.tariffs, preference=preference, area=area, currency=currency
    )
    return KnownPrices(resolved, compared, expected=set(preference) != {FILE_SOURCE})
