"""Keeps the prices: from one source after another, each filling the gaps of those before it; the rest stays unknown."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from darkstar.bookkeeping.progress import Progress, silent
from darkstar.bookkeeping.ranges import chunks
from darkstar.config.settings import Settings
from darkstar.domain.errors import DataError, SourceUnreachableError, UsageError
from darkstar.domain.market import known_until
from darkstar.domain.slots import (
    HOUR_SECONDS,
    day_bounds,
    iso_utc,
    local_date,
    slot_ceil,
    slot_floor,
    slot_range,
)
from darkstar.evidence.prices import PriceSource
from darkstar.ledger.prices import gaps, resolve_prices, spans
from darkstar.ledger.resolved import ResolvedPrices
from darkstar.store.ledger_file import LedgerFile

CHUNK = 30 * 24 * HOUR_SECONDS
LONGEST_QUOTE = HOUR_SECONDS


@dataclass(frozen=True)
class PricePlan:
    """What a price backfill will ask for: [start, end) in UTC seconds, and within it the days that lack a price.

    Attributes:
        slots: in the range; known: those with an import and an export price.
        requests: ranges [from, to) in UTC seconds, whole local days.
    """

    start: int
    end: int
    slots: int
    known: int
    requests: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class PriceReport:
    """What a price backfill did.

    Attributes:
        added: new quotes by source; failures: by source, why it could not serve.
        slots: in the range; known: slots with an import price.
        missing: ranges [from, to) in UTC seconds that no source could fill.
    """

    start: int
    end: int
    added: Mapping[str, int]
    failures: Mapping[str, str]
    slots: int
    known: int
    missing: tuple[tuple[int, int], ...]


def plan_prices(ledger: LedgerFile, settings: Settings, start: int, end: int, now: float) -> PricePlan:
    """What is wanted for [start, end), as far as the market has published it by `now`.

    Raises:
        UsageError: the range is empty, or nothing of it is published yet.
    """
    start, end = slot_floor(start), slot_ceil(end)
    if start >= end:
        raise UsageError(
            f"The range {iso_utc(start)} to {iso_utc(end)} is empty.", remedy="--to is exclusive."
        )
    published = known_until(now)
    if start >= published:
        raise UsageError(
            f"Prices are published until {iso_utc(published)}, and the range begins {iso_utc(start)}.",
            remedy="Choose earlier dates; tomorrow's come about 13:00 Central European Time.",
        )
    end = min(end, published)
    resolved = resolve_stored_prices(ledger, settings, start, end)
    unknown = _unknown(resolved)
    requests = tuple(_days_with_gaps(resolved, settings))
    return PricePlan(start, end, len(unknown), int((~unknown).sum()), requests)


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

    A source out of reach is passed over, and so is an answer that makes no sense; it is an error only if nobody could
    serve at all and something is missing.

    Raises:
        UsageError: the range is empty, or nothing of it is published yet.
        SourceUnreachableError: no source served anything, and prices are missing.
    """
    plan = plan_prices(ledger, settings, start, end, now)
    start, end = plan.start, plan.end
    added: dict[str, int] = {}
    failures: dict[str, str] = {}
    for source in sources:
        wanted = _days_with_gaps(resolve_stored_prices(ledger, settings, start, end), settings)
        if not wanted:
            break
        added[source.name], failure = await _fetch(source, ledger, wanted, progress)
        if failure:
            failures[source.name] = failure
    resolved = write_prices(ledger, settings, start, end)
    missing = tuple(gaps(resolved))
    if missing and failures and len(failures) == len(sources) and not any(added.values()):
        raise SourceUnreachableError(
            " ".join(failures.values()),
            remedy="Nothing was lost; run it again later or `darkstar import prices`.",
        )
    known = int(np.isfinite(resolved.import_price).sum())
    return PriceReport(start, end, added, failures, len(resolved.slots), known, missing)


async def _fetch(
    source: PriceSource, ledger: LedgerFile, wanted: Sequence[tuple[int, int]], progress: Progress
) -> tuple[int, str]:
    """How many quotes were new, and why the source could not serve (empty where it could)."""
    added, failure = 0, ""
    for done, (start, end) in enumerate(wanted):
        progress(f"prices from {source.name}", done, len(wanted))
        try:
            added += ledger.add_quotes(await source.fetch(start, end))
        except SourceUnreachableError as error:
            return added, error.problem
        except DataError as error:
            failure = failure or error.problem
    progress(f"prices from {source.name}", len(wanted), len(wanted))
    return added, failure


def resolve_stored_prices(ledger: LedgerFile, settings: Settings, start: int, end: int) -> ResolvedPrices:
    """The prices of [start, end) that the stored quotes give; both must be slot starts."""
    return resolve_prices(
        slot_range(start, end),
        ledger.quotes(start - LONGEST_QUOTE, end),
        settings.tariff,
        preference=settings.price_preference,
        area=settings.prices.area if settings.prices else "",
        currency=settings.home.currency,
    )


def write_prices(ledger: LedgerFile, settings: Settings, start: int, end: int) -> ResolvedPrices:
    """Resolve the prices of [start, end) and store them in the slots."""
    resolved = resolve_stored_prices(ledger, settings, start, end)
    ledger.write_prices(resolved)
    return resolved


def _days_with_gaps(resolved: ResolvedPrices, settings: Settings) -> list[tuple[int, int]]:
    """Runs of whole local days that lack an import or export price, cut into requests of moderate length."""
    tz = settings.home.tz
    days = sorted(
        {
            local_date(gap_start, tz) + dt.timedelta(days=more)
            for gap_start, gap_end in spans(resolved.slots, _unknown(resolved))
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


def _unknown(resolved: ResolvedPrices) -> NDArray[np.bool_]:
    return np.isnan(resolved.import_price) | np.isnan(resolved.export_price)
