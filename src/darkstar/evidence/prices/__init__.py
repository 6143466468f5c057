"""Where electricity prices come from: one file a source, all behind `PriceSource`.

Sources give what they have and leave out what they lack; nothing is guessed, stretched or filled here. Zero and
negative prices are prices. What a source's rows mean in time is `days.py`'s matter, how it is asked `http.py`'s.
"""

from typing import Protocol

from darkstar.config.settings import PriceSettings
from darkstar.domain.errors import ConfigError
from darkstar.evidence.prices.elprisetjustnu import ElprisetJustNu
from darkstar.evidence.prices.vattenfall import Vattenfall
from darkstar.ledger.quotes import Quotes

FILE = "file"
"""Prices that were imported: nothing to fetch."""
SWEDISH_AREAS = ("SE1", "SE2", "SE3", "SE4")
FETCHED = (Vattenfall.name, ElprisetJustNu.name)


class PriceSource(Protocol):
    """A source of day-ahead prices for one bidding zone."""

    @property
    def name(self) -> str:
        """As in `prices: source:`."""
        ...

    async def fetch(self, start_utc: int, end_utc: int) -> Quotes:
        """Spot quotes that begin in [start_utc, end_utc), in the home's currency; what it lacks is left out.

        Raises:
            SourceUnreachableError: it does not answer. DataError: the answer is none that it gives.
        """
        ...


def price_sources(settings: PriceSettings, currency: str) -> list[PriceSource]:
    """The sources to ask in turn: the chosen one, then those fallbacks that serve the home's currency.

    Raises:
        ConfigError: a source is not known or does not serve the area, or the chosen one not the currency.
    """
    fallbacks = [name for name in settings.fallbacks if _serves(name, currency)]
    names = dict.fromkeys((settings.source, *fallbacks))
    return [_source(name, settings.area, currency) for name in names if name != FILE]


def _serves(name: str, currency: str) -> bool:
    return currency == "SEK" or (name == ElprisetJustNu.name and currency == "EUR")


def _source(name: str, area: str, currency: str) -> PriceSource:
    if name not in FETCHED:
        raise ConfigError(
            f"There is no price source '{name}'.", remedy=f"Choose one of {', '.join(FETCHED)} or {FILE}."
        )
    if area not in SWEDISH_AREAS:
        raise ConfigError(
            f"{name} knows no area '{area}'.",
            remedy=f"Write `prices: area:` as one of {', '.join(SWEDISH_AREAS)}, or import prices from a file.",
        )
    if not _serves(name, currency):
        raise ConfigError(
            f"{name} gives no prices in {currency}, in which the home counts.",
            remedy="Import prices from a file with --fx, or correct `home: currency:`.",
        )
    if name == Vattenfall.name:
        return Vattenfall(area)
    return ElprisetJustNu(area, "SEK" if currency == "SEK" else "EUR")
