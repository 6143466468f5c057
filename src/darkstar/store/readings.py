"""Readings of meters in the file, and the time in which a meter was watched.

A reading's key is its meter, instant and state. Received again, the best source is kept, among equals the
first receipt, with the unit that it gave (Home Assistant gives old states in today's unit, so the earlier
receipt is nearer the truth), and `held` only while nobody has seen the state reported at that instant.
Watched time is a union.
"""

import numpy as np
from sqlalchemy import and_, case, delete, func, insert, or_, select, tuple_
from sqlalchemy.dialects.sqlite import insert as upsert

from darkstar.ledger.evidence import Instants, Readings, Source
from darkstar.store.database import Database, positional
from darkstar.store.schema import meter_readings, watched
from darkstar.store.spans import merged

NUMERIC = "[-+.0-9]*"
"""How the text of a number begins; `unavailable` and its like do not."""


def _add_statement() -> str:
    new = upsert(meter_readings)
    old, got = meter_readings.c, new.excluded
    better = tuple_(got.source, got.received_us, got.unit) < tuple_(old.source, old.received_us, old.unit)
    return positional(
        new.on_conflict_do_update(
            index_elements=[old.meter_id, old.time_us, old.state],
            set_={
                "unit": case((better, got.unit), else_=old.unit),
                "source": case((better, got.source), else_=old.source),
                "received_us": case((better, got.received_us), else_=old.received_us),
                "held": func.min(got.held, old.held),
            },
            where=or_(better, got.held < old.held),
        )
    )


_ADD = _add_statement()


def add_readings(db: Database, meter_id: int, readings: Readings) -> int:
    """Store readings; returns how many were new."""
    n = len(readings)
    if not n:
        return 0
    rows = zip(
        [meter_id] * n,
        readings.time_us.tolist(),
        readings.state.tolist(),
        readings.unit.tolist(),
        readings.source.tolist(),
        readings.held.tolist(),
        [db.now_us()] * n,
        strict=True,
    )
    first, last = int(readings.time_us.min()), int(readings.time_us.max())
    c = meter_readings.c
    count = select(func.count()).where(c.meter_id == meter_id, c.time_us.between(first, last))
    return db.add(_ADD, rows, count)


def readings_near(db: Database, meter_id: int, start_us: int, end_us: int) -> Readings:
    """Readings in [start_us, end_us), and on each side on to the nearest one that holds a number."""
    c = meter_readings.c
    number = and_(c.meter_id == meter_id, c.state.op("GLOB")(NUMERIC))
    before = select(c.time_us).where(number, c.time_us < start_us).order_by(c.time_us.desc()).limit(1)
    after = select(c.time_us).where(number, c.time_us >= end_us).order_by(c.time_us).limit(1)
    first = func.coalesce(before.scalar_subquery(), start_us)
    last = func.coalesce(after.scalar_subquery(), end_us - 1)
    rows = db.read(
        select(c.time_us, c.state, c.unit, c.source, c.held)
        .where(c.meter_id == meter_id, c.time_us.between(first, last))
        .order_by(c.time_us, c.state)
    )
    if not rows:
        return Readings.empty()
    time_us, state, unit, source, held = zip(*rows, strict=True)
    return Readings(
        time_us=np.array(time_us, dtype=np.int64),
        state=np.array(state, dtype=object),
        unit=np.array(unit, dtype=object),
        source=np.array(source, dtype=np.int8),
        held=np.array(held, dtype=np.bool_),
    )


def add_watched(db: Database, meter_id: int, source: Source, from_us: int, to_us: int) -> None:
    """Say that every change of a meter in [from_us, to_us) is among its readings."""
    if to_us <= from_us:
        return
    c = watched.c
    touching = and_(c.meter_id == meter_id, c.source == source.value, c.from_us <= to_us, c.to_us >= from_us)
    with db.transaction():
        spans = db.read(select(c.from_us, c.to_us).where(touching))
        if any(first <= from_us and to_us <= last for first, last in spans):
            return
        if spans:
            db.write(delete(watched).where(touching))
            from_us = min(from_us, *(first for first, _ in spans))
            to_us = max(to_us, *(last for _, last in spans))
        values = {"meter_id": meter_id, "source": source.value, "from_us": from_us, "to_us": to_us}
        db.write(insert(watched).values(values))


def watched_time(db: Database, meter_id: int) -> Instants:
    """Disjoint [from, to) [us] in time order, of all sources together; shape (k, 2)."""
    rows = db.read(select(watched.c.from_us, watched.c.to_us).where(watched.c.meter_id == meter_id))
    return merged(np.array(rows, dtype=np.int64).reshape(-1, 2))


def recorded_since(db: Database) -> int | None:
    """The first instant [us] at which any meter was watched live; None where none ever was."""
    first = func.min(watched.c.from_us)
    ((since,),) = db.read(select(first).where(watched.c.source == Source.LIVE.value))
    return None if since is None else int(since)
