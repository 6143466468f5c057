"""The meters in the file, and all the evidence of one of them that a range of slots needs.

Evidence is added set-like. Each kind has a key that holds what was received, and a rule for what is kept
beside the key when it is received again; each rule picks a least or a greatest, so neither repetition nor
order matters. See `readings.py`, `statistics.py` and `intervals.py`.
"""

import math
from dataclasses import dataclass

from sqlalchemy import and_, func, insert, select, union_all, update

from darkstar.ledger.evidence import MICROSECONDS, MeterEvidence, Reporting
from darkstar.store.database import Database
from darkstar.store.intervals import intervals_near
from darkstar.store.readings import readings_near, watched_time
from darkstar.store.schema import interval_energies, meter_readings, meter_statistics, meters
from darkstar.store.statistics import statistics_near


@dataclass(frozen=True)
class MeterRow:
    """A meter as registered: `channel` is a channel's value or `soc`."""

    meter_id: int
    origin: str
    name: str
    reporting: Reporting
    channel: str


def register(db: Database, origin: str, name: str, reporting: Reporting, channel: str) -> int:
    """The id of a meter, made where it is new, brought up to date where it now counts for another channel."""
    this = and_(meters.c.origin == origin, meters.c.name == name)
    query = select(meters.c.meter_id, meters.c.reporting, meters.c.channel).where(this)
    found = db.read(query)
    if found and found[0][1:] == (reporting.value, channel):
        return int(found[0][0])
    with db.transaction():
        if db.read(query):
            db.write(update(meters).where(this).values(reporting=reporting.value, channel=channel))
        else:
            values = {"origin": origin, "name": name, "reporting": reporting.value, "channel": channel}
            db.write(insert(meters).values(values))
        return int(db.read(query)[0][0])


def registered(db: Database) -> list[MeterRow]:
    """All meters, by origin and name."""
    columns = (meters.c.meter_id, meters.c.origin, meters.c.name, meters.c.reporting, meters.c.channel)
    return [
        MeterRow(meter_id, origin, name, Reporting(reporting), channel)
        for meter_id, origin, name, reporting, channel in db.read(
            select(*columns).order_by(meters.c.origin, meters.c.name)
        )
    ]


def evidence(db: Database, meter_id: int, start_utc: int, end_utc: int) -> MeterEvidence:
    """All that is known of a meter in [start_utc, end_utc), and on each side what lies nearest beyond.

    Beyond the range the readings go as far as the nearest one that holds a number, and each kind of
    statistics one row further. Intervals are those that touch the range, watched time is whole.
    """
    with db.snapshot():
        name, reporting = db.read(
            select(meters.c.name, meters.c.reporting).where(meters.c.meter_id == meter_id)
        )[0]
        return MeterEvidence(
            name=name,
            reporting=Reporting(reporting),
            readings=readings_near(db, meter_id, start_utc * MICROSECONDS, end_utc * MICROSECONDS),
            watched_us=watched_time(db, meter_id),
            five_minute=statistics_near(db, meter_id, 300, start_utc, end_utc),
            hourly=statistics_near(db, meter_id, 3600, start_utc, end_utc),
            intervals=intervals_near(db, meter_id, start_utc, end_utc),
        )


def extent(db: Database, meter_id: int) -> tuple[int, int] | None:
    """From when to when [UTC s] anything is known of a meter; None where nothing is."""
    r, s, i = meter_readings.c, meter_statistics.c, interval_energies.c
    edges = union_all(
        select(func.min(r.time_us), func.max(r.time_us)).where(r.meter_id == meter_id),
        select(func.min(s.start_utc) * MICROSECONDS, func.max(s.start_utc + s.period_s) * MICROSECONDS).where(
            s.meter_id == meter_id
        ),
        select(func.min(i.start_utc) * MICROSECONDS, func.max(i.end_utc) * MICROSECONDS).where(
            i.meter_id == meter_id
        ),
    )
    found = [(first, last) for first, last in db.read(edges) if first is not None]
    if not found:
        return None
    return (
        min(first for first, _ in found) // MICROSECONDS,
        math.ceil(max(last for _, last in found) / MICROSECONDS),
    )
