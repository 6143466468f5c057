"""Power tariffs for a plan from now on: with what the month has drawn, and with what it will come to anyway."""

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np

from darkstar.domain.channels import Channel
from darkstar.domain.errors import DataError
from darkstar.domain.home import Home
from darkstar.domain.power_tariff import PowerTariff
from darkstar.domain.slots import Slots
from darkstar.planner.full.site import MeteredTariff
from darkstar.planner.problem import Problem, StorageModel
from darkstar.store.ledger_file import LedgerFile
from darkstar.time_machine.metered import tariffs_at
from darkstar.time_machine.past.levels import PAST_SECONDS, WeeksBefore, expecting
from darkstar.time_machine.past.loader import labels_of, past_of
from darkstar.time_machine.scenario import cautious_settlement


def tariffs_ahead(
    ledger: LedgerFile,
    home: Home,
    absent: Collection[Channel],
    tariffs: Sequence[PowerTariff],
    rest: Problem,
    storages: Sequence[StorageModel],
    ahead: Slots,
) -> tuple[MeteredTariff, ...]:
    """The tariffs for slots ahead, rising; reads nothing where there are none.

    Args:
        absent: channels that the home does not have.
        rest: what is planned without the batteries; of it the grid counts.
        storages: of the home's batteries.
    """
    start = int(ahead[0])
    metered = tariffs_at(ledger, tariffs, home.tz, start)
    if not metered or not storages:
        return metered
    first = start - PAST_SECONDS
    with ledger.snapshot():
        table = ledger.slots(first, start)
        labels = labels_of(ledger, first, start, home.tz)
    try:
        known, _ = past_of(table, labels, home.tz, (first, start), absent)
    except DataError:
        return metered
    storage = _as_one(storages)
    priced = known.take(np.isfinite(known.export_price))
    worth = cautious_settlement(priced, storage)
    come_to = WeeksBefore(known, home.tz, tariffs, storage, rest.grid, worth).averages(start)
    return tuple(expecting(one, kw, ahead, home.tz) for one, kw in zip(metered, come_to, strict=True))


def _as_one(storages: Sequence[StorageModel]) -> StorageModel:
    """Batteries as one: their sizes and powers add up, the first one's losses and wear stand for all."""
    return replace(
        storages[0],
        soc_min_kwh=sum(one.soc_min_kwh for one in storages),
        soc_max_kwh=sum(one.soc_max_kwh for one in storages),
        charge_max_kw=sum(one.charge_max_kw for one in storages),
        discharge_max_kw=sum(one.discharge_max_kw for one in storages),
    )
