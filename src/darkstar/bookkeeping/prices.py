"""Keeps the prices: from one source after another, each filling the gaps of those before it; the rest stays unknown.

A check asks a second source also where the first has prices. Where the two differ the slot is marked, by the label of
its day, and keeps the price of the better source: nothing is repaired because it looks odd, a zero least of all.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from darkstar.bookkeeping.labels import stored_prices, write_labels
from darkstar.bookkeeping.progress import Progress, silent
from darkstar.bookkeeping.ranges import chunks
from darkstar.bookkeeping.resolving import counted_meters
from darkstar.config.settings import FILE_SOURCE, SOC, Settings
from darkstar.domain.channels import Channel
from darkstar.domain.errors import DataError, SourceUnreachableError, UsageError
from darkstar.domain.market import known_until
from darkstar.domain.slots import (
    DAY_SECONDS,
    HOUR_SECONDS,
    Slots,
    day_bounds,
    iso_utc,
    local_date,
    slot_ceil,
    slot_floor,
)
from darkstar.evidence.prices import PriceSource
from darkstar.ledger.prices import SourceComparison, by_the_hour, gaps, spans
from darkstar.ledger.quality import KnownPrices
from darkstar.ledger.resolved import ResolvedPrices
from darkstar.store.ledger_file import LedgerFile

CHUNK = 30 * 24 * HOUR_SECONDS


@dataclass(frozen=True)
class PricePlan:
    """What a price backfill will ask for: [start, end) in UTC seconds, and within it the days that lack a price.

    Attributes:
        slots: in the range; known: those with an import and an export price.
        requests: ranges [from, to) in UTC seconds, whole local days.
        checks: by source, the days that a check would ask it for besides.
    """

    start: int
    end: int
    slots: int
    known: int
    requests: tuple[tuple[int, int], ...]
    checks: Mapping[str, tuple[tuple[int, int], ...]]


@dataclass(frozen=True)
class Dispute:
    """A run [start, end) in UTC seconds of slots of which two sources have different market prices.

    Attributes:
        between: the two that differ most. apart_per_kwh: by how much, at most.
    """

    start: int
    end: int
    between: str
    apart_per_kwh: float


@dataclass(frozen=True)
class PriceReport:
    """What a price backfill did.

    Attributes:
        added: new quotes by source; failures: by source, why it could not serve.
        slots: in the range; known: slots with an import price.
        missing: ranges [from, to) in UTC seconds that no source could fill.
        by_the_hour: slots traded by the quarter whose source had the hour's mean alone.
        compared: slots of which two sources or more have the market's price; disputes: where they differ.
    """

    start: int
    end: int
    added: Mapping[str, int]
    failures: Mapping[str, str]
    slots: int
    known: int
    missing: tuple[tuple[int, int], ...]
    by_the_hour: int
    compared: int
    disputes: tuple[Dispute, ...]


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
    found = stored_prices(ledger, settings, start, end)
    resolved, compared = found.resolved, found.compared
    unknown = _unknown(resolved)
    requests = tuple(_days_with_gaps(resolved, settings))
    checks = {
        name: tuple(_requests(compared.slots, compared.unchecked(name), settings))
        for name in settings.price_preference
        if name != FILE_SOURCE
    }
    return PricePlan(start, end, len(unknown), int((~unknown).sum()), requests, checks)


async def backfill_prices(
    sources: Sequence[PriceSource],
    ledger: LedgerFile,
    settings: Settings,
    start: int,
    end: int,
    now: float,
    progress: Progress = silent,
    *,
    check: bool = False,
) -> PriceReport:
    """Fill the prices of [start, end): from the first source, and what it leaves open from the next.

    With `check`, a further source is asked for every day of which fewer than two have the market's price.

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
        wanted = _days_with_gaps(stored_prices(ledger, settings, start, end).resolved, settings)
        if not wanted:
            break
        added[source.name], failure = await _fetch(source, ledger, wanted, progress)
        if failure:
            failures[source.name] = failure
    for source in sources if check else ():
        compared = stored_prices(ledger, settings, start, end).compared
        wanted = _requests(compared.slots, compared.unchecked(source.name), settings)
        if wanted and source.name not in failures:
            more, failure = await _fetch(source, ledger, wanted, progress)
            added[source.name] = added.get(source.name, 0) + more
            if failure:
                failures[source.name] = failure
    found = _write(ledger, settings, start, end)
    resolved, compared = found.resolved, found.compared
    missing = tuple(gaps(resolved))
    if missing and failures and len(failures) == len(sources) and not any(added.values()):
        raise SourceUnreachableError(
            " ".join(failures.values()),
            remedy="Nothing was lost; run it again later or `darkstar import prices`.",
        )
    known = int(np.isfinite(resolved.import_price).sum())
    return PriceReport(
        start=start,
        end=end,
        added=added,
        failures=failures,
        slots=len(resolved.slots),
        known=known,
        missing=missing,
        by_the_hour=int(by_the_hour(resolved, compared).sum()),
        compared=int(compared.compared.sum()),
        disputes=_disputes(compared),
    )


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


def write_prices(ledger: LedgerFile, settings: Settings, start: int, end: int) -> ResolvedPrices:
    """Resolve the prices of [start, end) and store them in the slots, with the labels of their days."""
    return _write(ledger, settings, start, end).resolved


def _write(ledger: LedgerFile, settings: Settings, start: int, end: int) -> KnownPrices:
    measured = {Channel(m.channel) for m in counted_meters(ledger, settings) if m.channel != SOC}
    with ledger.transaction():
        found = stored_prices(ledger, settings, start, end)
        ledger.write_prices(found.resolved)
        # The next day is judged by this one too: it may repeat it.
        write_labels(ledger, settings, start, end + DAY_SECONDS, measured)
    return found


def _disputes(compared: SourceComparison) -> tuple[Dispute, ...]:
    found: list[Dispute] = []
    for start, end in spans(compared.slots, compared.disputed):
        rows = slice(*np.searchsorted(compared.slots, [start, end]).tolist())
        apart = compared.apart_per_kwh[rows]
        most = int(np.argmax(apart))
        found.append(Dispute(start, end, str(compared.between[rows][most]), float(apart[most])))
    return tuple(found)


def _days_with_gaps(resolved: ResolvedPrices, settings: Settings) -> list[tuple[int, int]]:
    """Whole local days that lack an import or export price, as requests."""
    return _requests(resolved.slots, _unknown(resolved), settings)


def _requests(slots: Slots, wanted: NDArray[np.bool_], settings: Settings) -> list[tuple[int, int]]:
    """Runs of whole local days with a wanted slot, cut into requests of moderate length."""
    tz = settings.home.tz
    days = sorted(
        {
            local_date(gap_start, tz) + dt.timedelta(days=more)
            for gap_start, gap_end in spans(slots, wanted)
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
