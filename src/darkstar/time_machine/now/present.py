"""The present: what a plan from now on can know, read off the ledger. The same for an instant of the past, honestly.

As of an instant, the ledger's energies end at the slot in progress, and its prices at the last published delivery
slot; what comes later is forecast from what was known. The plan begins with the slot in progress.
"""

import datetime as dt
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from darkstar.aurora.naive import NaiveForecaster
from darkstar.aurora.price_outlook import PriceOutlook
from darkstar.domain.channels import Channel
from darkstar.domain.errors import DataError
from darkstar.domain.home import Battery, Home
from darkstar.domain.market import known_from, known_until
from darkstar.domain.slots import (
    DAY_SECONDS,
    SLOT_HOURS,
    SLOT_SECONDS,
    Slots,
    local_date,
    slot_floor,
    slot_range,
)
from darkstar.domain.tariffs import Tariffs
from darkstar.ledger.quality import spoils_charge
from darkstar.ledger.resolved import DayQuality
from darkstar.planner.caution import Known
from darkstar.planner.devices.household import NO_STORAGE
from darkstar.planner.devices.wish import Drawn
from darkstar.planner.problem import GridModel, Series, TerminalValue
from darkstar.store.ledger_file import LedgerFile
from darkstar.store.slot_table import SlotTable
from darkstar.time_machine.past.history import History
from darkstar.time_machine.past.loader import (
    WARM_UP_SECONDS,
    labels_of,
    masked_days,
    past_of,
    without_energies,
)
from darkstar.time_machine.plant.carrying import storage_model
from darkstar.time_machine.scenario import cautious_settlement

CHARGE_MAY_BE_OLD_SLOTS = 2
"""A state of charge that was measured so long before the plan's first slot still counts."""
DRAWN_SECONDS = 2 * DAY_SECONDS
"""How much of its past says what a water heater has had and whether it runs."""

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Present:
    """What is known at an instant.

    Attributes:
        slots: starts of the slots that are wanted, from the one in progress on [UTC s], shape (n,).
        known: the planner's input.
        published_until_utc: end of the published prices, as far as they have no hole.
        ledger_end_utc: end of what the ledger has before that; None where it has nothing.
        charge_is_stuck: the ledger has a state of charge, but its sensor stood still that day.
        drawn: what the water heater's meter says of the last days; None without one, or where it was not asked for.
        masked: days whose energies or prices were not looked at, for what their labels say.
    """

    slots: Slots
    known: Known
    published_until_utc: int
    ledger_end_utc: int | None
    charge_is_stuck: bool
    drawn: Drawn | None = None
    masked: tuple[tuple[dt.date, str], ...] = ()


def read_present(
    ledger: LedgerFile,
    home: Home,
    absent: Collection[Channel],
    battery: Battery | None,
    at_utc: float,
    *,
    slots: int,
    soc_percent: float | None = None,
    heater_apart: bool = False,
    tariffs: Tariffs | None = None,
) -> Present:
    """What the ledger knows as of an instant.

    Args:
        absent: channels that the home does not have.
        battery: None for a home without one: it then holds nothing, and that is known.
        slots: how far to plan.
        soc_percent: the state of charge, if the ledger's is not to be taken.
        heater_apart: the water heater is planned: as far as it has a meter, the load's forecast is without it.
        tariffs: what the prices are made of; None where it is of no account.
    """
    start = slot_floor(at_utc)
    ahead = slot_range(start, start + slots * SLOT_SECONDS)
    end = max(known_until(at_utc), start + SLOT_SECONDS)
    with ledger.snapshot():
        table = without_energies(ledger.slots(start - WARM_UP_SECONDS, end), start)
        known_utc = known_from(table.slots, ledger.prices_received(start - WARM_UP_SECONDS, end))
        extent = ledger.slot_extent()
        labels = labels_of(ledger, start - WARM_UP_SECONDS, end, home.tz)
    now = int(np.searchsorted(table.slots, start))
    table = _published_only(table, known_utc > at_utc)
    stuck = False
    if battery is None:
        soc_percent = 0.0
    elif soc_percent is None:
        soc_percent = _charge(table, now)
        stuck = soc_percent is not None and _stuck(labels, home.tz, start)
    history = _history(table, labels, home.tz, absent)
    masked = () if history is None else masked_days(history, labels)
    drawn = _drawn(table, now) if heater_apart else None
    if history is not None and drawn is not None:
        history = _without(history, table.energy_kwh[Channel.WATER])
    energies = None if history is None else _energies(history, home.tz, now, ahead)
    published = _published(table, labels, history)
    prices = _prices(published, table.slots, PriceOutlook(home.tz, tariffs), ahead)
    storage = NO_STORAGE if battery is None else storage_model(battery)
    capacity_kwh = 0.0 if battery is None else battery.capacity_kwh
    known = Known(
        slots=slots,
        slot_hours=SLOT_HOURS,
        load_kwh=None if energies is None else energies[0],
        pv_kwh=None if energies is None else energies[1],
        import_price=None if prices is None else prices[0],
        export_price=None if prices is None else prices[1],
        soc_kwh=None if soc_percent is None or stuck else capacity_kwh * soc_percent / 100,
        capacity_kwh=capacity_kwh,
        storage=storage,
        grid=GridModel(import_max_kw=home.fuse_kw, export_max_kw=home.fuse_kw),
        terminal=TerminalValue(np.zeros(0), np.zeros(0)),
    )
    if prices is not None:
        expected = History(ahead[: len(prices[0])], prices[0], prices[0], *prices)
        worth = cautious_settlement(expected, storage)
        room = max(storage.soc_max_kwh - storage.soc_min_kwh, 0.0)
        known = replace(known, terminal=TerminalValue(np.array([worth]), np.array([room])))
    published_until = _published_until(published, table.slots, now)
    return Present(ahead, known, published_until, _ledger_end(table, now, extent), stuck, drawn, masked)


def _published_only(table: SlotTable, unpublished: NDArray[np.bool_]) -> SlotTable:
    """The table without prices that are not known yet."""
    buy, sell = (np.where(unpublished, np.nan, price) for price in (table.import_price, table.export_price))
    return replace(table, import_price=buy, export_price=sell)


def _charge(table: SlotTable, now: int) -> float | None:
    """The newest state of charge, if it is new enough."""
    instants = range(now, max(now - 1 - CHARGE_MAY_BE_OLD_SLOTS, 0), -1)
    told = (
        percent
        for row in instants
        for percent in (table.soc_start_percent[row], table.soc_end_percent[row - 1])
    )
    return next((float(percent) for percent in told if np.isfinite(percent)), None)


def _stuck(labels: Sequence[DayQuality], tz: ZoneInfo, at_utc: int) -> bool:
    day = local_date(at_utc, tz)
    return any(label.day == day and spoils_charge(label) for label in labels)


def _history(
    table: SlotTable, labels: Sequence[DayQuality], tz: ZoneInfo, absent: Collection[Channel]
) -> History | None:
    try:
        history, _ = past_of(table, labels, tz, (int(table.slots[0]), int(table.slots[-1]) + 1), absent)
    except DataError:
        return None
    return history


def _drawn(table: SlotTable, now: int) -> Drawn | None:
    """What the water heater drew, where its meter said anything of the last days."""
    past = slice(max(0, now - DRAWN_SECONDS // SLOT_SECONDS), now)
    kwh = table.energy_kwh[Channel.WATER][past]
    return Drawn(table.slots[past], kwh) if np.isfinite(kwh).any() else None


def _without(history: History, water_kwh: Series) -> History:
    """The history without the water heater, whose meter lies behind the load's; unknown where it is."""
    if not history.net_only:
        return replace(history, load_kwh=np.maximum(history.load_kwh - water_kwh, 0.0))
    net = history.load_kwh - history.pv_kwh - water_kwh
    return replace(history, load_kwh=np.maximum(net, 0.0), pv_kwh=np.maximum(-net, 0.0))


def _energies(history: History, tz: ZoneInfo, now: int, ahead: Slots) -> tuple[Series, Series] | None:
    forecaster = NaiveForecaster(tz)
    forecaster.observe(history.slots[:now], history.load_kwh[:now], history.pv_kwh[:now])
    forecast = _longest(forecaster.forecast, ahead)
    return None if forecast is None else (forecast.load_kwh, forecast.pv_kwh)


def _published(
    table: SlotTable, labels: Sequence[DayQuality], history: History | None
) -> tuple[Series, Series]:
    """Import and export prices; those that their day's label calls unsound are left out where that is known."""
    if history is None:
        return table.import_price, table.export_price
    return history.import_price, history.export_price


def _prices(
    published: tuple[Series, Series], slots: Slots, outlook: PriceOutlook, ahead: Slots
) -> tuple[Series, Series] | None:
    outlook.publish(slots, *published)
    return _longest(outlook.prices, ahead)


def _published_until(published: tuple[Series, Series], slots: Slots, now: int) -> int:
    unknown = np.flatnonzero(np.isnan(published[0][now:]) | np.isnan(published[1][now:]))
    first = int(unknown[0]) if len(unknown) else len(slots) - now
    return int(slots[0]) + (now + first) * SLOT_SECONDS


def _ledger_end(table: SlotTable, now: int, extent: tuple[int, int] | None) -> int | None:
    seen = np.isfinite(table.soc_end_percent[:now])
    for energy in table.energy_kwh.values():
        seen |= np.isfinite(energy[:now])
    rows = np.flatnonzero(seen)
    if len(rows):
        return int(table.slots[rows[-1]]) + SLOT_SECONDS
    return extent[1] if extent is not None and extent[1] <= int(table.slots[0]) else None


def _longest(ask: Callable[[Slots], Answer | None], slots: Slots) -> Answer | None:
    """The answer for as many of the first slots as there is one for."""
    whole = ask(slots)
    if whole is not None:
        return whole
    fine, beyond = 0, len(slots)
    while beyond - fine > 1:
        middle = (fine + beyond) // 2
        fine, beyond = (fine, middle) if ask(slots[:middle]) is None else (middle, beyond)
    return ask(slots[:fine]) if fine else None
