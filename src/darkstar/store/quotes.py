"""Price quotes in the file.

A row's key is its feed (source, area, currency, kind), interval and price; received again, the latest receipt
is kept beside the first. Of quotes of one feed that overlap (a source that corrected itself, or went from hours to
quarters) the finer one is read, among equals the one received last.
"""

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Select, func, select
from sqlalchemy.dialects.sqlite import insert as upsert

from darkstar.domain.slots import DAY_SECONDS
from darkstar.ledger.evidence import MICROSECONDS
from darkstar.ledger.quotes import PriceKind, Quotes
from darkstar.store.database import Database, positional
from darkstar.store.schema import price_feeds, price_quotes
from darkstar.store.spans import preferred

REACH_S = 2 * DAY_SECONDS
"""A quote that could hide one of the range begins no earlier than this before it."""


def _add_statement() -> str:
    new = upsert(price_quotes)
    old, got = price_quotes.c, new.excluded
    return positional(
        new.on_conflict_do_update(
            index_elements=[old.feed_id, old.start_utc, old.end_utc, old.price_per_kwh],
            set_={"received_us": func.max(got.received_us, old.received_us)},
        )
    )


_ADD = _add_statement()


def add_quotes(db: Database, quotes: Quotes) -> int:
    """Store quotes, unknown prices left out; returns how many were new."""
    known = np.isfinite(quotes.price_per_kwh)
    n = int(known.sum())
    if not n:
        return 0
    starts = quotes.start_utc[known]
    with db.transaction():
        feed_id = _feed(db, quotes)
        rows = zip(
            [feed_id] * n,
            starts.tolist(),
            quotes.end_utc[known].tolist(),
            quotes.price_per_kwh[known].tolist(),
            [db.now_us()] * n,
            [db.now_us()] * n,
            strict=True,
        )
        c = price_quotes.c
        count = select(func.count()).where(
            c.feed_id == feed_id, c.start_utc.between(int(starts.min()), int(starts.max()))
        )
        return db.add(_ADD, rows, count)


def _feed(db: Database, quotes: Quotes) -> int:
    c = price_feeds.c
    values = {
        "source": quotes.source,
        "area": quotes.area,
        "currency": quotes.currency,
        "kind": quotes.kind.value,
    }
    db.write(upsert(price_feeds).values(values).on_conflict_do_nothing())
    query: Select[int] = select(c.feed_id).where(
        c.source == quotes.source,
        c.area == quotes.area,
        c.currency == quotes.currency,
        c.kind == quotes.kind.value,
    )
    return int(db.read(query)[0][0])


def quotes_near(db: Database, start_utc: int, end_utc: int) -> list[Quotes]:
    """Quotes that touch [start_utc, end_utc), one `Quotes` a feed, by source, area, currency and kind."""
    c = price_feeds.c
    found: list[Quotes] = []
    with db.snapshot():
        feeds = db.read(
            select(c.feed_id, c.source, c.area, c.currency, c.kind).order_by(
                c.source, c.area, c.currency, c.kind
            )
        )
        for feed_id, source, area, currency, kind in feeds:
            spans, prices, received = _of_feed(db, feed_id, start_utc, end_utc)
            if len(spans):
                edges = spans[:, 0], spans[:, 1]
                found.append(Quotes(source, area, currency, PriceKind(kind), *edges, prices, received))
    return found


def _of_feed(
    db: Database, feed_id: int, start_utc: int, end_utc: int
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    c = price_quotes.c
    rows = db.read(
        select(c.start_utc, c.end_utc, c.price_per_kwh, c.first_received_us)
        .where(c.feed_id == feed_id, c.start_utc.between(start_utc - REACH_S, end_utc + REACH_S))
        .order_by(c.end_utc - c.start_utc, c.received_us.desc(), c.price_per_kwh)
    )
    if not rows:
        return np.zeros((0, 2), np.int64), np.zeros(0), np.zeros(0)
    start, end, price, first = zip(*rows, strict=True)
    spans = np.column_stack([np.array(start, dtype=np.int64), np.array(end, dtype=np.int64)])
    chosen = preferred(spans, np.arange(len(spans), dtype=np.int64))
    spans, prices = spans[chosen], np.array(price, dtype=np.float64)[chosen]
    received = np.ceil(np.array(first, dtype=np.float64)[chosen] / MICROSECONDS)
    touching = (spans[:, 0] < end_utc) & (spans[:, 1] > start_utc)
    return spans[touching], prices[touching], received[touching]
