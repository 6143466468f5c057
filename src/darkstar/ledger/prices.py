"""From quotes to the price of every slot: what the household pays and is paid, or "not known".

For each slot and price the first source in order of preference that has it wins. A source has a price where it quotes
it all in, and else where it quotes the market's, to which the tariff is applied. Import and export are never made from
one another, zero and negative prices are prices, and a slot that no quote covers whole stays unknown.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from darkstar.domain.slots import SLOT_SECONDS, Slots
from darkstar.domain.tariff import Prices, Tariff
from darkstar.ledger.quotes import PriceKind, Quotes
from darkstar.ledger.resolved import ResolvedPrices


def resolve_prices(
    slots: Slots,
    quotes: Sequence[Quotes],
    tariff: Tariff,
    *,
    preference: Sequence[str],
    area: str,
    currency: str,
) -> ResolvedPrices:
    """The prices of the slots.

    Args:
        slots: (n,) ascending.
        quotes: of any source; those of another area or currency, or of a source that is not preferred, do not count.
        preference: names of sources, best first.
        area: the home's bidding zone; quotes without an area fit every home.

    Returns:
        Prices with the source of the import price (where that is unknown, of the export price).
    """
    n = len(slots)
    spot, bought, sold = np.full(n, np.nan), np.full(n, np.nan), np.full(n, np.nan)
    bought_from, sold_from = np.full(n, "", dtype=object), np.full(n, "", dtype=object)
    fitting = [q for q in quotes if q.currency == currency and q.area in (area, "")]
    fitting.sort(key=lambda q: q.area != area)
    for name in preference:
        own = [q for q in fitting if q.source == name]
        market = _by_slot(slots, own, PriceKind.SPOT)
        buy = _first_known(_by_slot(slots, own, PriceKind.IMPORT), tariff.import_price(market))
        sell = _first_known(_by_slot(slots, own, PriceKind.EXPORT), tariff.export_price(market))
        bought_from[np.isnan(bought) & np.isfinite(buy)] = name
        sold_from[np.isnan(sold) & np.isfinite(sell)] = name
        spot, bought, sold = _first_known(spot, market), _first_known(bought, buy), _first_known(sold, sell)
    source = np.where(np.isfinite(bought), bought_from, sold_from)
    return ResolvedPrices(slots, spot, bought, sold, source)


def gaps(resolved: ResolvedPrices) -> Iterator[tuple[int, int]]:
    """Runs [from, to) in UTC seconds of slots without an import price."""
    return spans(resolved.slots, np.isnan(resolved.import_price))


def spans(slots: Slots, chosen: NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """Runs [from, to) in UTC seconds of chosen slots that follow one another; both arrays have shape (n,)."""
    starts = slots[chosen]
    if not len(starts):
        return
    breaks = np.flatnonzero(np.diff(starts) != SLOT_SECONDS)
    for first, last in zip(np.append(0, breaks + 1), np.append(breaks, len(starts) - 1), strict=True):
        yield int(starts[first]), int(starts[last]) + SLOT_SECONDS


def _first_known(better: Prices, other: Prices) -> Prices:
    return np.where(np.isnan(better), other, better)


def _by_slot(slots: Slots, quotes: Sequence[Quotes], kind: PriceKind) -> Prices:
    """Price of one kind in each slot, NaN where no quote covers it whole; shape (n,)."""
    prices = np.full(len(slots), np.nan)
    for quote in quotes:
        if quote.kind is kind and len(quote):
            prices = _first_known(prices, _first_known(_covering(slots, quote), _within(slots, quote)))
    return prices


def _covering(slots: Slots, quotes: Quotes) -> Prices:
    """Price of the one quote that covers the whole slot."""
    at = np.searchsorted(quotes.start_utc, slots, side="right") - 1
    covers = (at >= 0) & (quotes.end_utc[at] >= slots + SLOT_SECONDS)
    return np.where(covers, quotes.price_per_kwh[at], np.nan)


def _within(slots: Slots, quotes: Quotes) -> Prices:
    """Mean price, by time, of quotes finer than a slot that together cover all of it."""
    slot_of = quotes.start_utc // SLOT_SECONDS * SLOT_SECONDS
    inside = quotes.end_utc <= slot_of + SLOT_SECONDS
    at = np.searchsorted(slots, slot_of)
    inside &= at < len(slots)
    inside[inside] &= slots[at[inside]] == slot_of[inside]
    seconds = (quotes.end_utc - quotes.start_utc)[inside]
    covered = np.bincount(at[inside], seconds, len(slots))
    weighted = np.bincount(at[inside], seconds * quotes.price_per_kwh[inside], len(slots))
    return np.where(covered == SLOT_SECONDS, weighted / SLOT_SECONDS, np.nan)
