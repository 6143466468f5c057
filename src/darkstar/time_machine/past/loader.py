"""From the ledger's slots to a past that can be replayed.

A home whose load and sun are both known is replayed on them; one that is known only by its grid meter on its net
load (import less export, the battery's own flows taken out). A local day with a slot that lacks an energy or a
price, or that the ledger labels `exclude`, is left out whole and named with its reason: nothing is made up. Nor is
anything learned from what its label calls unsound, energies or prices, in the range or before it. A day whose battery
is masked stays: its load and sun are sound (on the net load they are not, for the battery's flows are in it).
"""

import datetime as dt
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from darkstar.domain.channels import Channel
from darkstar.domain.errors import DataError
from darkstar.domain.home import Battery, Home
from darkstar.domain.market import known_until
from darkstar.domain.power_tariff import PowerTariff
from darkstar.domain.slots import DAY_SECONDS, SLOT_SECONDS, day_bounds, local_date
from darkstar.domain.tariffs import Tariffs
from darkstar.ledger.quality import spoils_battery_flows, spoils_energy, spoils_prices
from darkstar.ledger.resolved import DayQuality, DayStatus
from darkstar.planner.problem import GridModel, Series
from darkstar.store.ledger_file import LedgerFile
from darkstar.store.slot_table import SlotTable
from darkstar.time_machine.metered import tariffs_at
from darkstar.time_machine.past.history import History
from darkstar.time_machine.past.minute_truth import minutes_of
from darkstar.time_machine.past.start_charge import StartCharge, start_charge
from darkstar.time_machine.plant.carrying import storage_model
from darkstar.time_machine.scenario import Scenario, cautious_settlement

WARM_UP_SECONDS = 21 * DAY_SECONDS
"""How much of the past before the range a forecaster may learn from."""


def load_scenario(
    ledger: LedgerFile,
    home: Home,
    absent: Collection[Channel],
    battery: Battery,
    bounds_utc: tuple[int, int],
    *,
    soc_start_percent: float | None,
    settlement_per_kwh: float | None = None,
    power_tariffs: Sequence[PowerTariff] = (),
    tariffs: Tariffs | None = None,
) -> Scenario:
    """What is replayed of a range of the ledger.

    Args:
        absent: channels that the home does not have.
        bounds_utc: first slot and end (exclusive) of the range.
        soc_start_percent: where the battery starts; None takes what the ledger knows (see `read_start`).
        settlement_per_kwh: worth of stored energy at the end; None takes what it would surely sell for.
        power_tariffs: what the months' highest draws cost.
        tariffs: what the prices are made of; None where it is of no account.

    Raises:
        DataError: the home's load is not known in the range.
        UsageError: nothing can be replayed.
    """
    start, end = bounds_utc
    first, reach = start - WARM_UP_SECONDS, max(end, known_until(end - SLOT_SECONDS))
    with ledger.snapshot():
        table = without_energies(ledger.slots(first, reach), end)
        received = ledger.prices_received(first, reach)
        labels = labels_of(ledger, first, reach, home.tz)
        history, replayed = past_of(table, labels, home.tz, (start, end), absent)
        minutes = minutes_of(ledger, table, history, replayed, home, absent)
        first_replayed = int(table.slots[replayed][0]) if replayed.any() else start
        metered = tariffs_at(ledger, power_tariffs, home.tz, first_replayed)
        if soc_start_percent is None:
            soc_start_percent = read_start(ledger, home.tz, first_replayed, battery).percent
    history = replace(history, minutes=minutes, prices_received_utc=received)
    storage = storage_model(battery)
    if settlement_per_kwh is None:
        settlement_per_kwh = cautious_settlement(history.take(replayed), storage)
    return Scenario(
        known=history,
        replayed=replayed,
        tz=home.tz,
        storage=storage,
        grid=GridModel(import_max_kw=home.fuse_kw, export_max_kw=home.fuse_kw),
        soc_start_kwh=battery.capacity_kwh * soc_start_percent / 100,
        settlement_per_kwh=settlement_per_kwh,
        power_tariffs=metered,
        tariffs=tariffs,
    )


def read_start(ledger: LedgerFile, tz: ZoneInfo, at_utc: int, battery: Battery) -> StartCharge:
    """Where the home's battery starts at a slot, by the ledger."""
    end = at_utc + DAY_SECONDS
    return start_charge(ledger.slots(at_utc, end), labels_of(ledger, at_utc, end, tz), tz, at_utc, battery)


def labels_of(ledger: LedgerFile, start_utc: int, end_utc: int, tz: ZoneInfo) -> list[DayQuality]:
    """The labels of the local days that [start, end) touches."""
    return ledger.days(local_date(start_utc, tz), local_date(end_utc - 1, tz) + dt.timedelta(days=1))


def without_energies(table: SlotTable, from_utc: int) -> SlotTable:
    """The table as if nothing had been measured in a slot and those after it."""
    later = table.slots >= from_utc
    energies = {channel: np.where(later, np.nan, energy) for channel, energy in table.energy_kwh.items()}
    return replace(table, energy_kwh=energies)


def past_of(
    table: SlotTable,
    labels: Sequence[DayQuality],
    tz: ZoneInfo,
    bounds_utc: tuple[int, int],
    absent: Collection[Channel],
) -> tuple[History, NDArray[np.bool_]]:
    """The slots as a past without its battery, and which of them are replayed, shape (len(table),).

    Args:
        bounds_utc: first slot and end (exclusive) of the range that is replayed as far as it can be.

    Raises:
        DataError: the home's load is not known in the range.
    """
    in_range = (table.slots >= bounds_utc[0]) & (table.slots < bounds_utc[1])
    load_kwh, pv_kwh, net_only = _home_energy(table, in_range, absent)
    history = History(table.slots, load_kwh, pv_kwh, table.import_price, table.export_price, net_only)
    history = _sound(history, labels, tz)
    by_day = {label.day: label for label in labels}
    replayed, omitted = in_range.copy(), []
    for day, rows in _days(table.slots, in_range, tz):
        reason = _why_not(history, rows, by_day.get(day))
        if reason:
            replayed[rows] = False
            omitted.append((day, reason))
    return replace(history, omitted=tuple(omitted)), replayed


def _home_energy(
    table: SlotTable, in_range: NDArray[np.bool_], absent: Collection[Channel]
) -> tuple[Series, Series, bool]:
    """Load, sun, and whether they are known by their difference alone."""

    def of(channel: Channel) -> Series:
        energy = table.energy_kwh[channel]
        return np.zeros(len(table)) if channel in absent and np.isnan(energy).all() else energy

    load_kwh, pv_kwh = of(Channel.LOAD), of(Channel.PV)
    if (np.isfinite(load_kwh) & np.isfinite(pv_kwh))[in_range].any():
        return load_kwh, pv_kwh, False
    charge, discharge = (
        np.zeros(len(table)) if np.isnan(table.energy_kwh[channel]).all() else table.energy_kwh[channel]
        for channel in (Channel.BATT_CHARGE, Channel.BATT_DISCHARGE)
    )
    net = of(Channel.IMPORT) - of(Channel.EXPORT) + discharge - charge
    if np.isnan(net[in_range]).all():
        raise DataError(
            "The ledger knows neither the home's load and sun nor its import and export in this range.",
            remedy="Run `darkstar backfill energy` or `darkstar import energy`, or choose other dates.",
        )
    return np.maximum(net, 0.0), np.maximum(-net, 0.0), True


def _days(
    slots: NDArray[np.int64], in_range: NDArray[np.bool_], tz: ZoneInfo
) -> Iterator[tuple[dt.date, NDArray[np.int64]]]:
    """The local days of the range with the rows of their slots."""
    rows = np.flatnonzero(in_range)
    dates = [local_date(slot, tz) for slot in slots[rows].tolist()]
    edges = [i for i in range(len(dates)) if i == 0 or dates[i] != dates[i - 1]]
    for first, last in zip(edges, [*edges[1:], len(dates)], strict=True):
        yield dates[first], rows[first:last]


def _sound(history: History, labels: Sequence[DayQuality], tz: ZoneInfo) -> History:
    """The history without what its days' labels call unsound."""
    load_kwh, pv_kwh = history.load_kwh.copy(), history.pv_kwh.copy()
    import_price, export_price = history.import_price.copy(), history.export_price.copy()
    for label in labels:
        rows = slice(*np.searchsorted(history.slots, day_bounds(label.day, tz)).tolist())
        if spoils_energy(label) or _spoils_net_load(history, label):
            load_kwh[rows] = pv_kwh[rows] = np.nan
        if spoils_prices(label):
            import_price[rows] = export_price[rows] = np.nan
    return replace(
        history, load_kwh=load_kwh, pv_kwh=pv_kwh, import_price=import_price, export_price=export_price
    )


def masked_days(history: History, labels: Sequence[DayQuality]) -> tuple[tuple[dt.date, str], ...]:
    """The days of which energies or prices are not believed, with what their labels say."""
    return tuple(
        (label.day, _reason(label))
        for label in labels
        if spoils_energy(label) or _spoils_net_load(history, label) or spoils_prices(label)
    )


def _reason(label: DayQuality) -> str:
    return "; ".join(label.reasons) or f"labelled {label.status}"


def _spoils_net_load(history: History, label: DayQuality) -> bool:
    return history.net_only and spoils_battery_flows(label)


def _why_not(history: History, rows: NDArray[np.int64], label: DayQuality | None) -> str:
    if label is not None and (label.status is DayStatus.EXCLUDE or _spoils_net_load(history, label)):
        return _reason(label)
    named = {
        "net load" if history.net_only else "load": history.load_kwh,
        "sun": history.pv_kwh,
        "import price": history.import_price,
        "export price": history.export_price,
    }
    unknown = {name: int(np.isnan(series[rows]).sum()) for name, series in named.items()}
    return "; ".join(f"{name} unknown in {n} of {len(rows)} slots" for name, n in unknown.items() if n)
