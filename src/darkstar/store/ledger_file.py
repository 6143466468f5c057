"""The ledger of one home as the other rooms see it: what can be kept in it and read from it."""

import datetime as dt
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from darkstar.domain.channels import Channel
from darkstar.ledger.corrections import Repair
from darkstar.ledger.evidence import (
    Instants,
    Intervals,
    MeterEvidence,
    Readings,
    Reporting,
    Source,
    Statistics,
)
from darkstar.ledger.quotes import Quotes
from darkstar.ledger.resolved import ChannelSlots, DayQuality, ResolvedPrices, ResolvedSlots
from darkstar.store import (
    corrections,
    days,
    intervals,
    local_time,
    meters,
    quotes,
    readings,
    runs,
    slots,
    statistics,
)
from darkstar.store.database import PATIENCE_S, Clock, Database
from darkstar.store.episodes.outbox import Outbox
from darkstar.store.meters import MeterRow
from darkstar.store.plans import Plans
from darkstar.store.slot_table import SlotTable


class LedgerFile:
    """The SQLite file of one home; made where there is none, brought to this version's schema where it is older.

    Evidence is only ever added: adding it again, in any order, changes nothing. Every method that writes
    stores all of what it was given or nothing. Any method raises StoreError when the file is locked, full,
    damaged or not ours.

    Args:
        clock: UTC seconds now, for times of receipt.
        patience_s: how long to wait for another process that writes.
    """

    def __init__(self, path: Path, clock: Clock = time.time, patience_s: float = PATIENCE_S) -> None:
        self.path = path
        self._db = Database(path, clock=clock, patience_s=patience_s)

    def __enter__(self) -> "LedgerFile":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def transaction(self) -> AbstractContextManager[None]:
        """All that is written within is stored, or nothing is; others wait with their writing."""
        return self._db.transaction()

    def snapshot(self) -> AbstractContextManager[None]:
        """All that is read within is of one moment; nothing may be written."""
        return self._db.snapshot()

    def run(self, command: str, detail: str) -> AbstractContextManager[None]:
        """Note in the file's journal that a command is at work, and how it ends."""
        return runs.journal(self._db, command, detail)

    def keep_local_time(self, tz: ZoneInfo) -> None:
        """Make the view `slots_local` show the time of this zone."""
        local_time.keep_local_time(self._db, tz)

    def meter(self, origin: str, name: str, reporting: Reporting, channel: str) -> int:
        """The id of a meter, registered where it is new; `channel` is a channel's value or `soc`."""
        return meters.register(self._db, origin, name, reporting, channel)

    def meters(self) -> list[MeterRow]:
        """All meters, by origin and name."""
        return meters.registered(self._db)

    def extent(self, meter_id: int) -> tuple[int, int] | None:
        """From when to when [UTC s] anything is known of a meter; None where nothing is."""
        return meters.extent(self._db, meter_id)

    def add_readings(self, meter_id: int, new: Readings) -> int:
        """Store readings; returns how many were new."""
        return readings.add_readings(self._db, meter_id, new)

    def add_watched(self, meter_id: int, source: Source, from_us: int, to_us: int) -> None:
        """Say that every change of a meter in [from_us, to_us) [UTC us] is among its readings."""
        readings.add_watched(self._db, meter_id, source, from_us, to_us)

    def watched(self, meter_id: int) -> Instants:
        """Disjoint [from, to) [UTC us] in which a meter was watched; shape (k, 2)."""
        return readings.watched_time(self._db, meter_id)

    def recorded_since(self) -> int | None:
        """The first instant [UTC us] at which a recorder watched any meter; None where none ever did."""
        return readings.recorded_since(self._db)

    def add_statistics(self, meter_id: int, new: Statistics) -> int:
        """Store statistics; returns how many were new, or came with other numbers."""
        return statistics.add_statistics(self._db, meter_id, new)

    def add_intervals(self, meter_id: int, source: Source, new: Intervals) -> int:
        """Store energies of whole intervals, unknown ones left out; returns how many were new."""
        return intervals.add_intervals(self._db, meter_id, source, new)

    def evidence(self, meter_id: int, start_utc: int, end_utc: int) -> MeterEvidence:
        """All that is known of a meter in [start_utc, end_utc), and on each side what lies nearest beyond."""
        return meters.evidence(self._db, meter_id, start_utc, end_utc)

    def add_repair(self, repair: Repair) -> None:
        """Store a repair's corrections; they count from the next resolve on."""
        corrections.add_repair(self._db, repair)

    def withdraw_repair(self, repair_id: str, made_us: int, *, automatic: bool = False) -> None:
        """Store that a repair is taken back [UTC us]; it no longer counts from the next resolve on."""
        corrections.withdraw(self._db, repair_id, made_us, automatic=automatic)

    @property
    def episodes(self) -> Outbox:
        """The episodes of this home and their way to the lake; written in the transaction that is open."""
        return Outbox(self._db)

    @property
    def plans(self) -> Plans:
        """The plans that were made for this home."""
        return Plans(self._db)

    def now_us(self) -> int:
        """The ledger's clock [UTC us]."""
        return self._db.now_us()

    def repairs(self, start_utc: int, end_utc: int) -> list[Repair]:
        """The repairs that touch [start_utc, end_utc), active or taken back, in the order of their making."""
        return corrections.repairs_between(self._db, start_utc, end_utc)

    def add_quotes(self, new: Quotes) -> int:
        """Store price quotes, unknown prices left out; returns how many were new."""
        return quotes.add_quotes(self._db, new)

    def quotes(self, start_utc: int, end_utc: int) -> list[Quotes]:
        """Quotes that touch [start_utc, end_utc), one `Quotes` for each source, area, currency and kind."""
        return quotes.quotes_near(self._db, start_utc, end_utc)

    def write_slots(self, resolved: ResolvedSlots) -> None:
        """Store energies, states of charge and their provenance; prices stay as they are."""
        slots.write_slots(self._db, resolved)

    def write_prices(self, resolved: ResolvedPrices) -> None:
        """Store prices; energies stay as they are."""
        slots.write_prices(self._db, resolved)

    def slots(self, start_utc: int, end_utc: int) -> SlotTable:
        """Every slot that begins in [start_utc, end_utc), known or not; both must be slot starts."""
        return slots.slot_table(self._db, start_utc, end_utc)

    def spot_prices(self, start_utc: int, end_utc: int) -> NDArray[np.float64]:
        """The market's price of every slot that begins in [start_utc, end_utc), per kWh, NaN where unknown."""
        return slots.spot_prices(self._db, start_utc, end_utc)

    def prices_received(self, start_utc: int, end_utc: int) -> NDArray[np.float64]:
        """When the price of every slot that begins in [start_utc, end_utc) came in [UTC s], if before its delivery."""
        return slots.prices_received(self._db, start_utc, end_utc)

    def provenance(self, start_utc: int, end_utc: int) -> Mapping[Channel, ChannelSlots]:
        """Every channel's energies in [start_utc, end_utc) with where each came from."""
        return slots.provenance(self._db, start_utc, end_utc)

    def slot_extent(self) -> tuple[int, int] | None:
        """Start of the first slot that has a row and end of the last; None where there is none."""
        return slots.slot_extent(self._db)

    def energy_extent(self) -> tuple[int, int] | None:
        """Start of the first slot with any energy and end of the last; None where no energy is known."""
        return slots.energy_extent(self._db)

    def price_extent(self) -> tuple[int, int] | None:
        """The same of the slots with a price of import and one of export."""
        return slots.price_extent(self._db)

    def resolved_extent(self) -> tuple[int, int] | None:
        """The same of the slots whose energies were resolved: prices reach into the future, energies do not."""
        return slots.resolved_extent(self._db)

    def write_days(self, labels: Sequence[DayQuality]) -> None:
        """Store the labels of local days in place of earlier ones."""
        days.write_days(self._db, labels)

    def days(self, first: dt.date, last_exclusive: dt.date) -> list[DayQuality]:
        """Labels of local days in [first, last_exclusive) in order; days without one are left out."""
        return days.days_between(self._db, first, last_exclusive)
