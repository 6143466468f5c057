"""Keeps the prices: fetches from one source after another, fills gaps from the next, leaves unknown what nobody knows."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from darkstar.bookkeeping.progress import Progress, silent
from darkstar.bookkeeping.ranges import chunks
from darkstar.config.settings import Settings
from darkstar.domain.errors import SourceUnreachableError
from darkstar.domain.market import known_until
from darkstar.domain.slots import HOUR_SECONDS, SLOT_SECONDS, Slots, day_bounds, local_date, slot_range
from darkstar.evidence.prices import PriceSource
from darkstar.ledger.prices import ResolvedPrices, gaps, resolve_prices
from darkstar.store.ledger_file import LedgerFile

CHUNK = 30 * 24 * HOUR_SECONDS
LONGEST_QUOTE = HOUR_SECONDS


@dataclass(frozen=True)
class PriceReport:
    """What a price backfill did.

    Attributes:
        added: new quotes by source; failures: by source, why it could not serve.
        slots: in the range; known: slots with a spot or an all-in price.
        missing: ranges [from, to) in UTC seconds that no source could fill.
    """

    start: int
    end: int
    added: Mapping[str, int]
    failures: Mapping[str, str]
    slots: int
    known: int
    missing: tuple[tuple[int, int], ...]


async def backfill_prices(
    sources: Sequence[PriceSource],
    ledger: LedgerFile,
    settings: Settings,
    start: int,
    end: int,
    now: float,
    progress: Progress = silent,
) -> PriceReport:
    """Fill the prices of [start, end): from the first source, and what it leaves open from the next.

    A source out of reach is passed over; it is an error only if nobody could serve and something is missing.

    Raises:
        SourceUnreachableError: no source could be reached, and prices are missing.
    """
    end = min(end, known_until(now))
    added: dict[str, int] = {}
    failures: dict[str, str] = {}
    for source in sources:
        wanted = _days_with_gaps(resolve_stored_prices(ledger, settings, start, end), settings)
        if not wanted:
            break
        added[source.name] = 0
        try:
            for done, (piece_start, piece_end) in enumerate(wanted):
                progress(f"prices from {source.name}", done, len(wanted))
                quotes = await source.fetch(piece_start, piece_end)
                added[source.name] += ledger.add_quotes(quotes)
        except SourceUnreachableError as error:
            failures[source.name] = str(error)
    resolved = write_prices(ledger, settings, start, end)
    missing = tuple(gaps(resolved))
    if missing and failures and len(failures) == len(sources):
        raise SourceUnreachableError(
            " ".join(failures.values()),
            remedy="Nothing was lost; run it again later or `darkstar import prices`.",
        )
    known = int(np.isfinite(resolved.import_price).sum())
    return PriceReport(start, end, added, failures, len(resolved.slots), known, missing)


def resolve_stored_prices(ledger: LedgerFile, settings: Settings, start: int, end: int) -> ResolvedPrices:
    """The prices of [start, end) that the stored quotes give."""
    return _resolve(ledger, settings, slot_range(start, end))


def write_prices(ledger: LedgerFile, settings: Settings, start: int, end: int) -> ResolvedPrices:
    """Resolve the prices of [start, end) and store them in the slots."""
    resolved = resolve_stored_prices(ledger, settings, start, end)
    ledger.write_prices(resolved)
    return resolved


def _resolve(ledger: LedgerFile, settings: Settings, slots: Slots) -> ResolvedPrices:
    first, last = int(slots[0]), int(slots[-1]) + SLOT_SECONDS
    return resolve_prices(
        slots,
        ledger.quotes(first - LONGEST_QUOTE, last),
        settings.tariff,
        preference=settings.price_preference,
        area=settings.prices.area if settings.prices else "",
        currency=settings.home.currency,
    )


def _days_with_gaps(resolved: ResolvedPrices, settings: Settings) -> list[tuple[int, int]]:
    """Runs of whole local days that lack a price, cut into requests of moderate length."""
    tz = settings.home.tz
    days = sorted(
        {
            local_date(gap_start, tz) + dt.timedelta(days=more)
            for gap_start, gap_end in gaps(resolved)
            for more in range((local_date(gap_end - 1, tz) - local_date(gap_start, tz)).days + 1)
        }
    )
    runs: list[tuple[int, int]] = []
    for day in days:
        first, after = day_bounds(day, tz)
        if runs and runs[-1][1] == first:
            runs[-1] = (runs[-1][0], after)
        else:
            runs.append((first, after))
    return [piece for run in runs for piece in chunks(*run, CHUNK)]
