"""A market whose prices are known, and a server that gives them as the real sources do (shapes as recorded)."""

import datetime as dt
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from aiohttp import web
from aiohttp.test_utils import TestServer

from darkstar.domain.market import QUARTERS_SINCE
from darkstar.domain.slots import HOUR_SECONDS, SLOT_SECONDS, day_bounds

TZ = ZoneInfo("Europe/Stockholm")
EUR_IN_SEK = 11.25


def step_at(instant: int) -> int:
    """The market's step at an instant."""
    return SLOT_SECONDS if instant >= QUARTERS_SINCE else HOUR_SECONDS


def ore(start: int) -> float:
    """The price of a start: positive, zero or negative, and another one for each of 97 neighbours."""
    return round((start // SLOT_SECONDS * 37 % 97 - 20) * 1.25, 2)


@dataclass
class Market:
    """What the server gives, and how it behaves.

    Attributes:
        troubles: statuses to answer with first, before anything sensible.
        published_until: days from here on are not there.
        body: given instead of prices, if set.
        asked: paths in the order of arrival.
    """

    troubles: list[int] = field(default_factory=list)
    published_until: int = 4_000_000_000
    body: str | None = None
    asked: list[str] = field(default_factory=list)
    holes: set[int] = field(default_factory=set)

    def starts(self, day: dt.date) -> list[int]:
        """Starts of the intervals of a Swedish day that are published."""
        first, last = day_bounds(day, TZ)
        return [
            s for s in range(first, last, step_at(first)) if s < self.published_until and s not in self.holes
        ]

    def _trouble(self, request: web.Request) -> web.Response | None:
        self.asked.append(request.path)
        if self.troubles:
            return web.Response(status=self.troubles.pop(0), text="<html>trouble</html>")
        if self.body is not None:
            return web.Response(text=self.body, content_type="application/json")
        return None

    async def vattenfall(self, request: web.Request) -> web.Response:
        """`/api/price/spot/pricearea/{start}/{end}/{area}`: naive Swedish times, ore."""
        assert request.match_info["area"] == "SN4"
        if (trouble := self._trouble(request)) is not None:
            return trouble
        first, last = (dt.date.fromisoformat(request.match_info[edge]) for edge in ("first", "last"))
        assert (last - first).days < 30
        days = [first + dt.timedelta(days=i) for i in range((last - first).days + 1)]
        rows = [
            {
                "TimeStamp": dt.datetime.fromtimestamp(s, TZ).replace(tzinfo=None).isoformat(),
                "TimeStampDay": str(day),
                "Value": ore(s),
                "PriceArea": "SN4",
                "Unit": "öre/kWh",
            }
            for day in days
            for s in self.starts(day)
        ]
        return web.json_response(rows)

    async def elprisetjustnu(self, request: web.Request) -> web.Response:
        """`/api/v1/prices/{YYYY}/{MM-DD}_{area}.json`: times with their offset, SEK and EUR."""
        if (trouble := self._trouble(request)) is not None:
            return trouble
        month_day, area = request.match_info["name"].removesuffix(".json").split("_")
        assert area == "SE4"
        starts = self.starts(dt.date.fromisoformat(f"{request.match_info['year']}-{month_day}"))
        if not starts:
            return web.Response(status=404, text="<html>404</html>")
        rows = [
            {
                "SEK_per_kWh": ore(s) / 100,
                "EUR_per_kWh": ore(s) / 100 / EUR_IN_SEK,
                "EXR": EUR_IN_SEK,
                "time_start": dt.datetime.fromtimestamp(s, TZ).isoformat(),
                "time_end": dt.datetime.fromtimestamp(s + step_at(s), TZ).isoformat(),
            }
            for s in starts
        ]
        return web.json_response(rows)


@asynccontextmanager
async def serving(market: Market) -> AsyncIterator[str]:
    """The address of a server that gives the market's prices."""
    app = web.Application()
    app.router.add_get("/api/price/spot/pricearea/{first}/{last}/{area}", market.vattenfall)
    app.router.add_get("/api/v1/prices/{year}/{name}", market.elprisetjustnu)
    async with TestServer(app) as server:
        yield str(server.make_url("/")).rstrip("/")
