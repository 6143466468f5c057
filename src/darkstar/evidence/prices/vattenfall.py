"""Vattenfall's spot prices: naive Swedish times, ore a kWh without VAT, about a month a request."""

import datetime as dt
from collections.abc import Iterator
from zoneinfo import ZoneInfo

import numpy as np
from pydantic import BaseModel, Field, FiniteFloat, TypeAdapter
from yarl import URL

from darkstar.domain.slots import DAY_SECONDS, local_date
from darkstar.evidence.local_times import local_to_utc
from darkstar.evidence.prices.days import quotes_in_range
from darkstar.evidence.prices.http import broken, get, open_session, parse
from darkstar.ledger.evidence import MICROSECONDS
from darkstar.ledger.quotes import Quotes

NAME = "Vattenfall"
ADDRESS = "https://www.vattenfall.se"
TZ = ZoneInfo("Europe/Stockholm")
DAYS_A_REQUEST = 30
ORE = 100


class _Row(BaseModel, strict=True):
    time: str = Field(alias="TimeStamp")
    value: FiniteFloat | None = Field(alias="Value")


_ROWS = TypeAdapter(list[_Row])


class Vattenfall:
    """The prices of one Swedish bidding zone in SEK.

    Attributes:
        area: SE1 to SE4.
    """

    name = "vattenfall"

    def __init__(self, area: str, *, address: str = ADDRESS) -> None:
        self.area = area
        self._base = URL(address)

    async def fetch(self, start_utc: int, end_utc: int) -> Quotes:
        """Spot quotes that begin in [start_utc, end_utc); what Vattenfall lacks is left out.

        Raises:
            SourceUnreachableError: it does not answer. DataError: the answer is none that it gives.
        """
        rows: list[tuple[int, float]] = []
        async with open_session() as http:
            for first, last in _requests(start_utc, end_utc):
                url = self._base / f"api/price/spot/pricearea/{first}/{last}/{self.area.replace('SE', 'SN')}"
                body = await get(http, url, NAME)
                if body is not None:
                    rows += _prices(parse(body, _ROWS, url, NAME), url)
        return quotes_in_range(self.name, self.area, "SEK", rows, start_utc, end_utc)


def _requests(start_utc: int, end_utc: int) -> Iterator[tuple[dt.date, dt.date]]:
    """First and last day of each request."""
    first, last = local_date(start_utc, TZ), local_date(end_utc - 1, TZ)
    while first <= last:
        until = min(last, first + dt.timedelta(days=DAYS_A_REQUEST - 1))
        yield first, until
        first = until + dt.timedelta(days=1)


def _prices(rows: list[_Row], url: URL) -> list[tuple[int, float]]:
    """Start [UTC s] and SEK a kWh of each row; a day that names an hour which the clocks skip is left out whole."""
    walls = np.array([_wall_us(row.time, url) for row in rows], dtype=np.int64)
    instants, exists = local_to_utc(walls, TZ)
    days = walls // (DAY_SECONDS * MICROSECONDS)
    sound = ~np.isin(days, days[~exists])
    return [
        (instant // MICROSECONDS, row.value / ORE)
        for instant, row, keep in zip(instants.tolist(), rows, sound.tolist(), strict=True)
        if keep and row.value is not None
    ]


def _wall_us(text: str, url: URL) -> int:
    try:
        wall = dt.datetime.fromisoformat(text)
    except ValueError:
        raise broken(url, NAME, f"'{text}' is no time") from None
    if wall.tzinfo is not None:
        raise broken(url, NAME, f"'{text}' is not Swedish local time")
    return int(wall.replace(tzinfo=dt.UTC).timestamp()) * MICROSECONDS
