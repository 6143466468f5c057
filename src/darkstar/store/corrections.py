"""Repairs in the file: their corrections, and the words that took some of them back.

Both are only added. A repair's id is made of what it says, so adding it again changes nothing; of several
withdrawals of one repair the first is kept, and a person's word goes before the ledger's own.
"""

from collections import defaultdict

from sqlalchemy import func, select
from sqlalchemy.dialects.sqlite import insert as upsert

from darkstar.domain.channels import Channel
from darkstar.ledger.corrections import Correction, Repair
from darkstar.store.database import Database, positional
from darkstar.store.schema import correction_withdrawals, corrections

_ADD = positional(upsert(corrections).on_conflict_do_nothing())


def add_repair(db: Database, repair: Repair) -> None:
    """Store a repair, and that it was taken back where it was."""
    rows = [
        (
            repair.repair_id,
            c.channel.value,
            c.start_utc,
            c.end_utc,
            c.energy_kwh,
            repair.reason,
            repair.made_us,
            int(repair.automatic),
        )
        for c in repair.corrections
    ]
    with db.transaction():
        db.write_many(_ADD, rows)
        if repair.withdrawn_us is not None:
            withdraw(db, repair.repair_id, repair.withdrawn_us, automatic=repair.withdrawn_automatically)


def withdraw(db: Database, repair_id: str, made_us: int, *, automatic: bool) -> None:
    """Store that a repair is taken back, by a person or by the ledger itself."""
    new = upsert(correction_withdrawals).values(
        repair_id=repair_id, made_us=made_us, automatic=int(automatic)
    )
    said = {
        name: func.min(new.excluded[name], correction_withdrawals.c[name])
        for name in ("made_us", "automatic")
    }
    with db.transaction():
        db.write(new.on_conflict_do_update(index_elements=["repair_id"], set_=said))


def repairs_between(db: Database, start_utc: int, end_utc: int) -> list[Repair]:
    """The repairs that touch [start_utc, end_utc), whole, in the order in which they were made."""
    c, w = corrections.c, correction_withdrawals.c
    touching = select(c.repair_id).where(c.start_utc < end_utc, c.end_utc > start_utc)
    withdrawn = {
        repair_id: (made_us, bool(automatic))
        for repair_id, made_us, automatic in db.read(select(w.repair_id, w.made_us, w.automatic))
    }
    parts: dict[tuple[int, str, str, bool], list[Correction]] = defaultdict(list)
    for made_us, repair_id, reason, automatic, channel, start, end, energy in db.read(
        select(c.made_us, c.repair_id, c.reason, c.automatic, c.channel, c.start_utc, c.end_utc, c.energy_kwh)
        .where(c.repair_id.in_(touching))
        .order_by(c.made_us, c.repair_id, c.channel, c.start_utc)
    ):
        key = (made_us, repair_id, reason, bool(automatic))
        parts[key].append(Correction(Channel(channel), start, end, energy))
    return [
        Repair(tuple(rows), reason, made_us, when, automatic, by_itself)
        for (made_us, repair_id, reason, automatic), rows in parts.items()
        for when, by_itself in [withdrawn.get(repair_id, (None, False))]
    ]
