"""Energies of whole intervals in the file, as imported files gave them.

A row's key is its meter, interval and energy; received again, the latest receipt is kept beside it. Where
intervals of one meter overlap (a file imported again with corrections, or with a finer step), the finer one
is read and the other is not; among equals the one received last.
"""

import numpy as np
from sqlalchemy import func, select
from sqlalchemy.dialects.sqlite import insert as upsert

from darkstar.ledger.evidence import Intervals, Source
from darkstar.store.database import Database, positional
from darkstar.store.schema import interval_energies
from darkstar.store.spans import preferred

LONGEST_S = 86_400
"""An interval that could hide a part of the range begins no earlier than this before it."""


def _add_statement() -> str:
    new = upsert(interval_energies)
    old, got = interval_energies.c, new.excluded
    return positional(
        new.on_conflict_do_update(
            index_elements=[old.meter_id, old.start_utc, old.end_utc, old.energy_kwh],
            set_={
                "source": func.min(got.source, old.source),
                "received_us": func.max(got.received_us, old.received_us),
            },
        )
    )


_ADD = _add_statement()


def add_intervals(db: Database, meter_id: int, source: Source, intervals: Intervals) -> int:
    """Store energies, unknown ones left out; returns how many were new."""
    known = np.isfinite(intervals.energy_kwh)
    n = int(known.sum())
    if not n:
        return 0
    starts = intervals.start_utc[known]
    rows = zip(
        [meter_id] * n,
        starts.tolist(),
        intervals.end_utc[known].tolist(),
        intervals.energy_kwh[known].tolist(),
        [source.value] * n,
        [db.now_us()] * n,
        strict=True,
    )
    c = interval_energies.c
    count = select(func.count()).where(
        c.meter_id == meter_id, c.start_utc.between(int(starts.min()), int(starts.max()))
    )
    return db.add(_ADD, rows, count)


def intervals_near(db: Database, meter_id: int, start_utc: int, end_utc: int) -> Intervals:
    """Intervals that touch [start_utc, end_utc), none overlapping another."""
    c = interval_energies.c
    rows = db.read(
        select(c.start_utc, c.end_utc, c.energy_kwh)
        .where(c.meter_id == meter_id, c.start_utc.between(start_utc - 2 * LONGEST_S, end_utc + LONGEST_S))
        .order_by(c.end_utc - c.start_utc, c.received_us.desc(), c.energy_kwh)
    )
    if not rows:
        return Intervals.empty()
    start, end, energy = zip(*rows, strict=True)
    spans = np.column_stack([np.array(start, dtype=np.int64), np.array(end, dtype=np.int64)])
    chosen = preferred(spans, np.arange(len(spans), dtype=np.int64))
    spans, energies = spans[chosen], np.array(energy, dtype=np.float64)[chosen]
    touching = (spans[:, 0] < end_utc) & (spans[:, 1] > start_utc)
    return Intervals(spans[touching, 0], spans[touching, 1], energies[touching])
