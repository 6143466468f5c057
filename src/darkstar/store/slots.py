"""Slots in the file: numbers for everybody in `slot_observations`, where each came from in `slot_provenance`.

Energies and prices share a row and are written apart: each leaves what the other wrote as it is. Writing
covers every slot that is handed over, so a number that the evidence no longer bears out becomes NULL again.
"""

from collections.abc import Mapping
from functools import reduce

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Table, and_, func, or_, select
from sqlalchemy.dialects.sqlite import insert as upsert

from darkstar.domain.channels import Channel
from darkstar.domain.slots import SLOT_SECONDS, slot_range
from darkstar.ledger.resolved import ChannelSlots, ResolvedPrices, ResolvedSlots
from darkstar.store.database import Database, positional
from darkstar.store.schema import slot_observations, slot_prices, slot_provenance
from darkstar.store.slot_table import SlotTable

ENERGIES = tuple(channel.column for channel in Channel)
STATES = ("soc_start_percent", "soc_end_percent")
PRICES = ("import_price_kwh", "export_price_kwh")


def _write_statement(table: Table, columns: tuple[str, ...]) -> str:
    names = ("slot_start", *columns)
    new = upsert(table).values(dict.fromkeys(names))
    return positional(
        new.on_conflict_do_update(
            index_elements=[table.c.slot_start], set_={name: new.excluded[name] for name in columns}
        )
    )


def _provenance_columns() -> tuple[str, ...]:
    return tuple(column.name for column in slot_provenance.columns if column.name != "slot_start")


_WRITE_ENERGIES = _write_statement(slot_observations, (*ENERGIES, *STATES, "quality_flags"))
_WRITE_PRICES = _write_statement(slot_observations, PRICES)
_WRITE_PROVENANCE = _write_statement(slot_provenance, _provenance_columns())
_WRITE_SPOT = _write_statement(slot_prices, ("spot_price_kwh", "source", "received_utc"))


def write_slots(db: Database, resolved: ResolvedSlots) -> None:
    """Store energies, states of charge, flags and provenance; a channel left out is unknown."""
    n = len(resolved.slots)
    channels = [resolved.channels.get(channel) or ChannelSlots.unknown(n) for channel in Channel]
    flags = reduce(np.bitwise_or, (c.flags for c in channels))
    starts = resolved.slots.tolist()
    # SQLite stores NaN as NULL.
    numbers = (
        *(c.energy_kwh.tolist() for c in channels),
        resolved.soc_start_percent.tolist(),
        resolved.soc_end_percent.tolist(),
    )
    origins = (part.tolist() for c in channels for part in (c.source, c.method, c.flags))
    with db.transaction():
        db.write_many(_WRITE_ENERGIES, zip(starts, *numbers, flags.tolist(), strict=True))
        db.write_many(_WRITE_PROVENANCE, zip(starts, *origins, strict=True))


def write_prices(db: Database, resolved: ResolvedPrices) -> None:
    """Store prices, spot prices and their sources."""
    starts = resolved.slots.tolist()
    received: list[int | None] = [None] * len(starts)
    if resolved.received_utc is not None:
        received = [None if np.isnan(at) else int(at) for at in resolved.received_utc.tolist()]
    market = resolved.spot_price.tolist(), resolved.source.tolist(), received
    with db.transaction():
        db.write_many(
            _WRITE_PRICES,
            zip(starts, resolved.import_price.tolist(), resolved.export_price.tolist(), strict=True),
        )
        db.write_many(_WRITE_SPOT, zip(starts, *market, strict=True))


def slot_table(db: Database, start_utc: int, end_utc: int) -> SlotTable:
    """Every slot that begins in [start_utc, end_utc); both must be slot starts."""
    slots = slot_range(start_utc, end_utc)
    names = (*ENERGIES, *STATES, *PRICES, "quality_flags")
    numbers = _columns(db, slot_observations, names, slots)
    flags = numbers["quality_flags"]
    return SlotTable(
        slots=slots,
        energy_kwh={channel: numbers[channel.column] for channel in Channel},
        soc_start_percent=numbers["soc_start_percent"],
        soc_end_percent=numbers["soc_end_percent"],
        import_price=numbers["import_price_kwh"],
        export_price=numbers["export_price_kwh"],
        flags=np.where(np.isnan(flags), 0, flags).astype(np.int64),
    )


def provenance(db: Database, start_utc: int, end_utc: int) -> Mapping[Channel, ChannelSlots]:
    """Every channel's energies in [start_utc, end_utc) with where each came from."""
    slots = slot_range(start_utc, end_utc)
    with db.snapshot():
        energies = _columns(db, slot_observations, ENERGIES, slots)
        origins = _columns(db, slot_provenance, _provenance_columns(), slots)
    whole = {name: np.where(np.isnan(values), 0, values) for name, values in origins.items()}
    return {
        channel: ChannelSlots(
            energy_kwh=energies[channel.column],
            source=whole[f"{channel.value}_source"].astype(np.int8),
            method=whole[f"{channel.value}_method"].astype(np.int8),
            flags=whole[f"{channel.value}_flags"].astype(np.int32),
        )
        for channel in Channel
    }


def spot_prices(db: Database, start_utc: int, end_utc: int) -> NDArray[np.float64]:
    """The market's price of every slot that begins in [start_utc, end_utc), NaN where unknown."""
    return _columns(db, slot_prices, ("spot_price_kwh",), slot_range(start_utc, end_utc))["spot_price_kwh"]


def prices_received(db: Database, start_utc: int, end_utc: int) -> NDArray[np.float64]:
    """See `ResolvedPrices.received_utc`."""
    return _columns(db, slot_prices, ("received_utc",), slot_range(start_utc, end_utc))["received_utc"]


def slot_extent(db: Database) -> tuple[int, int] | None:
    """Start of the first slot that has a row and end of the last; None where there is none."""
    return _extent(db, slot_observations)


def resolved_extent(db: Database) -> tuple[int, int] | None:
    """The same of the slots whose energies were resolved, whether they came out known or not."""
    return _extent(db, slot_provenance)


def energy_extent(db: Database) -> tuple[int, int] | None:
    """Start of the first slot with any energy and end of the last; None where no energy is known."""
    return _known_extent(db, ENERGIES)


def price_extent(db: Database) -> tuple[int, int] | None:
    """The same of the slots with a price of import and one of export."""
    return _known_extent(db, PRICES, every=True)


def _known_extent(db: Database, names: tuple[str, ...], *, every: bool = False) -> tuple[int, int] | None:
    """Of the slots that have a number in any of these columns, or in every one."""
    columns = slot_observations.c
    known = (and_ if every else or_)(*(columns[name].is_not(None) for name in names))
    starts = select(columns.slot_start).where(known)
    edges = (columns.slot_start.asc(), columns.slot_start.desc())
    found = [db.read(starts.order_by(edge).limit(1)) for edge in edges]
    return (found[0][0][0], found[1][0][0] + SLOT_SECONDS) if found[0] else None


def _extent(db: Database, table: Table) -> tuple[int, int] | None:
    c = table.c.slot_start
    # Of both at once SQLite reads the whole table.
    first_and_last = (select(edge(c)).scalar_subquery() for edge in (func.min, func.max))
    ((first, last),) = db.read(select(*first_and_last))
    return None if first is None else (first, last + SLOT_SECONDS)


def _columns(
    db: Database, table: Table, names: tuple[str, ...], slots: NDArray[np.int64]
) -> dict[str, NDArray[np.float64]]:
    """Columns of a table laid on the slots, NaN where it has NULL or no row."""
    numbers = np.full((len(names), len(slots)), np.nan)
    if len(slots):
        start = table.c.slot_start
        rows = db.read(
            select(start, *(table.c[name] for name in names)).where(
                start.between(int(slots[0]), int(slots[-1]))
            )
        )
        if rows:
            found = np.array([tuple(row) for row in rows], dtype=np.float64).T
            numbers[:, np.searchsorted(slots, found[0].astype(np.int64))] = found[1:]
    return dict(zip(names, numbers, strict=True))
