"""The range that `darkstar simulate` is asked for, and what of it there is to replay."""

import time
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from darkstar.bookkeeping.ranges import checked_range
from darkstar.config.settings import Settings
from darkstar.domain.errors import UsageError
from darkstar.domain.slots import iso_local, parse_instant
from darkstar.store.ledger_file import LedgerFile

Bounds = tuple[int, int]


@dataclass(frozen=True)
class Span:
    """A range [UTC s], ends exclusive.

    Attributes:
        asked: what was asked for, as far as it has happened; what there is, where nothing was said.
        bounds: the part of it between the first and the last slot with energies and prices.
        energies, prices: from when to when the ledger has any.
    """

    asked: Bounds
    bounds: Bounds
    energies: Bounds
    prices: Bounds

    def sentence(self, tz: ZoneInfo) -> str:
        """What a person should know; empty where all that was asked for lies within the data."""
        if self.asked == self.bounds:
            return ""
        return f"Replayed is {told(self.bounds, tz)}. {_there_is(self.energies, self.prices, tz)}"


def span_of(ledger: LedgerFile, settings: Settings, start: str | None, end: str | None) -> Span:
    """The range that is asked for, or all that there is.

    Raises:
        UsageError: there is nothing to replay, or the range is none.
    """
    tz = settings.home.tz
    energies, prices = ledger.energy_extent(), ledger.price_extent()
    if energies is None:
        raise UsageError(
            "The ledger has no energies yet.",
            remedy="Run `darkstar backfill energy` or `darkstar import energy`.",
        )
    if prices is None:
        raise UsageError(
            "The ledger has no prices yet, so nothing has a cost.",
            remedy="Run `darkstar backfill prices` or `darkstar import prices`; `tariff:` in darkstar.yaml says what "
            "they are made of.",
        )
    there = max(energies[0], prices[0]), min(energies[1], prices[1])
    first, last = (
        parse_instant(text, tz) if text else edge for text, edge in zip((start, end), there, strict=True)
    )
    if there[0] < there[1] or (start and end):
        asked = checked_range(first, last, time.time())
        span = Span(asked, (max(asked[0], there[0]), min(asked[1], there[1])), energies, prices)
        if span.bounds[0] < span.bounds[1]:
            return span
    raise UsageError(
        f"Nothing to replay. {_there_is(energies, prices, tz)}",
        remedy="Choose dates that have both, or fill the ledger: `darkstar backfill`, `darkstar import`.",
    )


def _there_is(energies: Bounds, prices: Bounds, tz: ZoneInfo) -> str:
    return f"The ledger has energies of {told(energies, tz)} and prices of {told(prices, tz)}."


def told(bounds: Bounds, tz: ZoneInfo) -> str:
    """On the home's clock."""
    return " to ".join(iso_local(edge, tz)[:16].replace("T", " ") for edge in bounds)
