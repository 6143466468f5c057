"""Home Assistant's statistics in the file.

A row's key is its meter, period and both numbers; received again, the latest receipt is kept beside it. A
period that came with other numbers at another time (Home Assistant lets people adjust them) has a row for
each; the one received last is read.
"""

import numpy as np
from sqlalchemy import func, select
from sqlalchemy.dialects.sqlite import insert as upsert

from darkstar.ledger.evidence import Statistics
from darkstar.store.database import Database, positional
from darkstar.store.schema import meter_statistics, statistics_key


def _add_statement() -> str:
    new = upsert(meter_statistics)
    received = func.max(new.excluded.received_us, meter_statistics.c.received_us)
    return positional(
        new.on_conflict_do_update(index_elements=list(statistics_key), set_={"received_us": received})
    )


_ADD = _add_statement()


def add_statistics(db: Database, meter_id: int, statistics: Statistics) -> int:
    """Store statistics; returns how many were new, or came with other numbers."""
    n = len(statistics)
    if not n:
        return 0
    rows = zip(
        [meter_id] * n,
        [statistics.period_s] * n,
        statistics.start_utc.tolist(),
        statistics.state_kwh.tolist(),
        statistics.sum_kwh.tolist(),
        [db.now_us()] * n,
        strict=True,
    )
    first, last = int(statistics.start_utc.min()), int(statistics.start_utc.max())
    c = meter_statistics.c
    count = select(func.count()).where(
        c.meter_id == meter_id, c.period_s == statistics.period_s, c.start_utc.between(first, last)
    )
    return db.add(_ADD, rows, count)


def statistics_near(db: Database, meter_id: int, period_s: int, start_utc: int, end_utc: int) -> Statistics:
    """Statistics of periods that begin in [start_utc, end_utc), and one further on each side."""
    c = meter_statistics.c
    kind = (c.meter_id == meter_id, c.period_s == period_s)
    before = select(func.max(c.start_utc)).where(*kind, c.start_utc < start_utc).scalar_subquery()
    after = select(func.min(c.start_utc)).where(*kind, c.start_utc >= end_utc).scalar_subquery()
    rows = db.read(
        select(c.start_utc, c.state_kwh, c.sum_kwh)
        .where(
            *kind, c.start_utc.between(func.coalesce(before, start_utc), func.coalesce(after, end_utc - 1))
        )
        .order_by(c.start_utc, c.received_us, c.sum_kwh, c.state_kwh)
    )
    if not rows:
        return Statistics.empty(period_s)
    start, state, total = zip(*rows, strict=True)
    starts = np.array(start, dtype=np.int64)
    latest = np.append(starts[1:] != starts[:-1], True)
    return Statistics(
        period_s,
        starts[latest],
        np.array(state, dtype=np.float64)[latest],
        np.array(total, dtype=np.float64)[latest],
    )
