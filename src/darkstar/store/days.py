"""The labels of local days in the file."""

import datetime as dt
import json
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.dialects.sqlite import insert as upsert

from darkstar.ledger.resolved import DayQuality, DayStatus
from darkstar.store.database import Database, positional
from darkstar.store.schema import data_quality_daily


def _write_statement() -> str:
    new = upsert(data_quality_daily)
    got = new.excluded
    return positional(
        new.on_conflict_do_update(
            index_elements=[data_quality_daily.c.day], set_={"status": got.status, "reasons": got.reasons}
        )
    )


_WRITE = _write_statement()


def write_days(db: Database, days: Sequence[DayQuality]) -> None:
    """Store labels in place of earlier ones of the same days."""
    db.write_many(
        _WRITE,
        ((d.day.isoformat(), d.status.value, json.dumps(d.reasons, ensure_ascii=False)) for d in days),
    )


def days_between(db: Database, first: dt.date, last_exclusive: dt.date) -> list[DayQuality]:
    """Labels of [first, last_exclusive) in order; days without one are left out."""
    c = data_quality_daily.c
    rows = db.read(
        select(c.day, c.status, c.reasons)
        .where(c.day >= first.isoformat(), c.day < last_exclusive.isoformat())
        .order_by(c.day)
    )
    return [
        DayQuality(dt.date.fromisoformat(day), DayStatus(status), tuple(json.loads(reasons)))
        for day, status, reasons in rows
    ]
