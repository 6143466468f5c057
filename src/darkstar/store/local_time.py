"""What SQLite needs to show local times to people who open the file with another tool (the view `slots_local`)."""

import datetime as dt
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
from sqlalchemy import delete, insert, select

from darkstar.domain.slots import DAY_SECONDS, SLOT_SECONDS, slot_range, utc_offsets
from darkstar.store.database import Database, positional
from darkstar.store.schema import local_offsets

FIRST = int(dt.datetime(2000, 1, 1, tzinfo=dt.UTC).timestamp())
LAST = int(dt.datetime(2050, 1, 1, tzinfo=dt.UTC).timestamp())


@lru_cache
def offsets_of(tz: ZoneInfo) -> tuple[tuple[int, int], ...]:
    """(from when [UTC s], seconds ahead of UTC) for every change of the clocks from FIRST to LAST."""
    midnights = np.arange(FIRST, LAST, DAY_SECONDS, dtype=np.int64)
    at_midnight = utc_offsets(midnights, tz)
    changes = [(FIRST, int(at_midnight[0]))]
    for day in midnights[:-1][at_midnight[1:] != at_midnight[:-1]].tolist():
        slots = slot_range(day, day + DAY_SECONDS + SLOT_SECONDS)
        offsets = utc_offsets(slots, tz)
        after = np.flatnonzero(offsets[1:] != offsets[:-1]) + 1
        changes.extend(zip(slots[after].tolist(), offsets[after].tolist(), strict=True))
    return tuple(changes)


def keep_local_time(db: Database, tz: ZoneInfo) -> None:
    """Make `slots_local` show the time of this zone."""
    c = local_offsets.c
    wanted = offsets_of(tz)
    present = select(c.from_utc, c.offset_s).order_by(c.from_utc)
    if tuple(tuple(row) for row in db.read(present)) == wanted:
        return
    with db.transaction():
        db.write(delete(local_offsets))
        db.write_many(positional(insert(local_offsets)), wanted)
