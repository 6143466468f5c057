"""A market, its server, and every source of prices before it."""

from collections.abc import AsyncIterator, Callable, Iterator

import pytest
import stamina

from darkstar.evidence.prices import PriceSource
from darkstar.evidence.prices.elprisetjustnu import ElprisetJustNu
from darkstar.evidence.prices.http import TRIES
from darkstar.evidence.prices.vattenfall import Vattenfall
from tests.evidence.prices.market import Market, serving

SOURCES: dict[str, Callable[[str], PriceSource]] = {
    "vattenfall": lambda address: Vattenfall("SE4", address=address),
    "elprisetjustnu": lambda address: ElprisetJustNu("SE4", address=address),
}


@pytest.fixture(autouse=True)
def _no_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=TRIES):
        yield


@pytest.fixture
def market() -> Market:
    return Market()


@pytest.fixture
async def address(market: Market) -> AsyncIterator[str]:
    async with serving(market) as url:
        yield url


@pytest.fixture(params=sorted(SOURCES))
def source(request: pytest.FixtureRequest, address: str) -> PriceSource:
    """Every source, one after another."""
    return SOURCES[request.param](address)
