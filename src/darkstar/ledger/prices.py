"""From quotes to the price of every slot: what the household pays and is paid, or "not known".

For each slot and price the first source in order of preference that has it wins. A source has a price where it quotes
it all in, and else where it quotes the market's, to which the tariff of the slot's day is applied. Import and export
are never made from one another, zero and negative prices are prices, and a slot that no quote covers whole stays
unknown.

A quote for an hour stands for its four quarters: that was the market until October 2025, and is all that some sources
have of it since. Where two sources have the market's price they are compared; a difference marks the slot and changes
nothing in it, for nobody can tell by a price which of two is wrong.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from darkstar.domain.market import QUARTERS_SINCE
from darkstar.domain.slots import HOUR_SECONDS, SLOT_SECONDS, SLOTS_PER_HOUR, Slots
from darkstar.domain.tariff import Prices
from darkstar.domain.tariffs import Tariffs
from darkstar.ledger.quotes import PriceKind, Quotes
from darkstar.ledger.resolved import ResolvedPrices


@dataclass(frozen=True)
class SourceComparison:
    """The market's price by several sources, slot by slot; all arrays have shape (n,).

    Attributes:
        market: each source's price, NaN where it has none.
        apart_per_kwh: the largest difference between two sources, NaN where fewer than two have a price.
        between: the names of those two, empty where fewer than two have a price.
        disputed: whether the difference lies beyond the tolerance.
        coarse: by source, where its price is one for longer than the slot.
    """

    slots: Slots
    market: Mapping[str, Prices]
    apart_per_kwh: Prices
    between: NDArray[np.object_]
    disputed: NDArray[np.bool_]
    coarse: Mapping[str, NDArray[np.bool_]]

    @property
    def compared(self) -> NDArray[np.bool_]:
        """Where two sources or more have a price; shape (n,)."""
        return np.isfinite(self.apart_per_kwh)

    def unchecked(self, name: str) -> NDArray[np.bool_]:
        """Where a source could give the second price: some other one has a price, and it has none; shape (n,)."""
        others = [np.isfinite(prices) for source, prices in self.market.items() if source != name]
        known = np.any(others, axis=0) if others else np.zeros(len(self.slots), dtype=np.bool_)
        own = self.market.get(name)
        return np.asarray(known & ~self.compared & (own is None or np.isnan(own)))


def resolve_prices(
    slots: Slots,
    quotes: Sequence[Quotes],
    tariffs: Tariffs,
    *,
    preference: Sequence[str],
    area: str,
    currency: str,
) -> ResolvedPrices:
    """The prices of the slots.

    Args:
        slots: (n,) ascending.
        quotes: of any source; those of another area or currency, or of a source that is not preferred, do not count.
        tariffs: each slot is priced by the one of its day.
        preference: names of sources, best first.
        area: the home's bidding zone; quotes without an area fit every home.

    Returns:
        Prices with the source of the import price (where that is unknown, of the export price).
    """
    n = len(slots)
    spot, bought, sold = np.full(n, np.nan), np.full(n, np.nan), np.full(n, np.nan)
    received = np.full(n, np.nan)
    bought_from, sold_from = np.full(n, "", dtype=object), np.full(n, "", dtype=object)
    fitting = _fitting(quotes, area, currency)
    for name in preference:
        own = [q for q in fitting if q.source == name]
        market = _by_slot(slots, own, PriceKind.SPOT)
        buy = _first_known(_by_slot(slots, own, PriceKind.IMPORT), tariffs.import_price(slots, market))
        sell = _first_known(_by_slot(slots, own, PriceKind.EXPORT), tariffs.export_price(slots, market))
        bought_now, sold_now = np.isnan(bought) & np.isfinite(buy), np.isnan(sold) & np.isfinite(sell)
        bought_from[bought_now], sold_from[sold_now] = name, name
        received = np.where(bought_now | sold_now, np.fmax(received, _received(slots, own)), received)
        spot, bought, sold = _first_known(spot, market), _first_known(bought, buy), _first_known(sold, sell)
    source = np.where(np.isfinite(bought), bought_from, sold_from)
    return ResolvedPrices(slots, spot, bought, sold, source, received)


def compare_sources(
    slots: Slots,
    quotes: Sequence[Quotes],
    *,
    preference: Sequence[str],
    area: str,
    currency: str,
    tolerance_per_kwh: float,
    tolerance_percent: float,
) -> SourceComparison:
    """Each source's market prices beside the others'.

    Where one source has quarters and the other the hour alone, the quarters' mean is held against the hour. All-in
    prices are not compared: what comes on top of the market's price is the household's contract.

    Args:
        slots: (n,) ascending. tolerance_per_kwh, tolerance_percent (of the larger price): added up.
    """
    n = len(slots)
    apart, disputed, between = np.full(n, np.nan), np.zeros(n, dtype=np.bool_), np.full(n, "", dtype=object)
    fitting = _fitting(quotes, area, currency)
    spot = [q for q in fitting if q.kind is PriceKind.SPOT and len(q)]
    own = {name: [q for q in spot if q.source == name] for name in preference}
    market = {name: _by_slot(slots, found, PriceKind.SPOT) for name, found in own.items() if found}
    coarse = {name: _longer_than_a_slot(slots, own[name]) for name in market}
    for one, other in itertools.combinations(market, 2):
        mixed = coarse[one] != coarse[other]
        a, b = (np.where(mixed, _hour_means(slots, market[name]), market[name]) for name in (one, other))
        differ = np.abs(a - b)
        allowed = tolerance_per_kwh + tolerance_percent / 100 * np.maximum(np.abs(a), np.abs(b))
        disputed |= differ > allowed
        farther = np.isfinite(differ) & ~(differ <= apart)
        apart[farther], between[farther] = differ[farther], f"{one} and {other}"
    return SourceComparison(slots, market, apart, between, disputed, coarse)


def by_the_hour(resolved: ResolvedPrices, compared: SourceComparison) -> NDArray[np.bool_]:
    """Slots that the market trades by the quarter and whose source had no more than the hour's mean; shape (n,)."""
    found = np.zeros(len(resolved.slots), dtype=np.bool_)
    for name, coarse in compared.coarse.items():
        found |= coarse & (resolved.source == name)
    return found & (resolved.slots >= QUARTERS_SINCE) & np.isfinite(resolved.spot_price)


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


def _fitting(quotes: Sequence[Quotes], area: str, currency: str) -> list[Quotes]:
    """Those that fit the home, the ones for its own area first."""
    fitting = [q for q in quotes if q.currency == currency and q.area in (area, "")]
    return sorted(fitting, key=lambda q: q.area != area)


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


def _received(slots: Slots, quotes: Sequence[Quotes]) -> Prices:
    """When the last quote that touches each slot was first received, of those that came before their delivery."""
    found = np.full(len(slots), np.nan)
    for quote in quotes:
        if quote.received_utc is None:
            continue
        ahead = quote.received_utc < quote.start_utc
        starts, ends, received = quote.start_utc[ahead], quote.end_utc[ahead], quote.received_utc[ahead]
        starts = starts // SLOT_SECONDS * SLOT_SECONDS
        for begins in range(0, int((ends - starts).max(initial=0)), SLOT_SECONDS):
            at = np.searchsorted(slots, starts + begins)
            touched = (at < len(slots)) & (starts + begins < ends)
            touched[touched] &= slots[at[touched]] == (starts + begins)[touched]
            np.fmax.at(found, at[touched], received[touched])
    return found


def _longer_than_a_slot(slots: Slots, quotes: Sequence[Quotes]) -> NDArray[np.bool_]:
    """Whether a slot's price is one for a longer time; shape (n,)."""
    longer = np.zeros(len(slots), dtype=np.bool_)
    for quote in quotes:
        at = np.maximum(np.searchsorted(quote.start_utc, slots, side="right") - 1, 0)
        covers = (quote.start_utc[at] <= slots) & (quote.end_utc[at] >= slots + SLOT_SECONDS)
        longer |= covers & (quote.end_utc[at] - quote.start_utc[at] > SLOT_SECONDS)
    return longer


def _hour_means(slots: Slots, prices: Prices) -> Prices:
    """The mean of each slot's hour, NaN where a slot of it is unknown; shape (n,)."""
    _, hour = np.unique(slots // HOUR_SECONDS, return_inverse=True)
    whole = np.bincount(hour) == SLOTS_PER_HOUR
    means = np.bincount(hour, prices) / SLOTS_PER_HOUR
    return np.where(whole, means, np.nan)[hour]
