"""The spot prices of elprisetjustnu.se: one file a Swedish day, times with their offset, SEK and EUR without VAT."""

import asyncio
import datetime as dt
from typing import Literal
from zoneinfo import ZoneInfo

import aiohttp
from pydantic import BaseModel, Field, FiniteFloat, TypeAdapter
from yarl import URL

from darkstar.domain.errors import DarkstarError
from darkstar.domain.slots import local_date
from darkstar.evidence.prices.days import quotes_in_range
from darkstar.evidence.prices.http import broken, get, open_session, parse
from darkstar.ledger.quotes import Quotes

NAME = "elprisetjustnu"
ADDRESS = "https://www.elprisetjustnu.se"
TZ = ZoneInfo("Europe/Stockholm")
AT_ONCE = 4
"""Requests under way at the same time: a year is many small files, and the site is run for nothing."""


class _Row(BaseModel, strict=True):
    sek: FiniteFloat | None = Field(alias="SEK_per_kWh")
    eur: FiniteFloat | None = Field(alias="EUR_per_kWh")
    time_start: str


_ROWS = TypeAdapter(list[_Row])


class ElprisetJustNu:
    """The prices of one Swedish bidding zone.

    Attributes:
        area: SE1 to SE4. currency: which of the two that it gives.
    """

    name = NAME

    def __init__(self, area: str, currency: Literal["SEK", "EUR"] = "SEK", *, address: str = ADDRESS) -> None:
        self.area = area
        self.currency = currency
        self._base = URL(address)

    async def fetch(self, start_utc: int, end_utc: int) -> Quotes:
        """Spot quotes that begin in [start_utc, end_utc); what the site lacks is left out.

        Raises:
            SourceUnreachableError: it does not answer. DataError: the answer is none that it gives.
        """
        first, last = local_date(start_utc, TZ), local_date(end_utc - 1, TZ)
        days = [first + dt.timedelta(days=i) for i in range((last - first).days + 1)]
        gate = asyncio.Semaphore(AT_ONCE)
        try:
            async with open_session() as http, asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._day(http, day, gate)) for day in days]
        except* DarkstarError as failures:
            # One failure says it all; the group has called off the other requests.
            raise failures.exceptions[0] from None
        rows = [row for task in tasks for row in task.result()]
        return quotes_in_range(self.name, self.area, self.currency, rows, start_utc, end_utc)

    async def _day(
        self, http: aiohttp.ClientSession, day: dt.date, gate: asyncio.Semaphore
    ) -> list[tuple[int, float]]:
        url = self._base / f"api/v1/prices/{day:%Y}/{day:%m-%d}_{self.area}.json"
        async with gate:
            body = await get(http, url, NAME)
        if body is None:
            return []
        prices = [
            (_instant(row.time_start, url), row.sek if self.currency == "SEK" else row.eur)
            for row in parse(body, _ROWS, url, NAME)
        ]
        return [(start, price) for start, price in prices if price is not None]


def _instant(text: str, url: URL) -> int:
    try:
        when = dt.datetime.fromisoformat(text)
    except ValueError:
        raise broken(url, NAME, f"'{text}' is no time") from None
    if when.tzinfo is None:
        raise broken(url, NAME, f"'{text}' has no offset from UTC")
    return int(when.timestamp())
