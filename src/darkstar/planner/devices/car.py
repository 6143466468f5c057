"""A car: its charge at each departure, at any power between two bounds or at one."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

import numpy as np

from darkstar.domain.devices import ClockWindow, ElectricCar
from darkstar.domain.slots import SLOT_HOURS, Slots
from darkstar.planner.caution import Notice
from darkstar.planner.devices.periods import Period, may_run, periods
from darkstar.planner.devices.wish import (
    SHORTFALL_PER_KWH,
    CarState,
    DeviceKind,
    Wish,
    dues,
    need_name,
    units,
)
from darkstar.planner.full.site import Car, CarTarget
from darkstar.planner.loads.model import Level, Mask, Need, OnOffLoad
from darkstar.planner.why.texts import Text

LEAST_RUN_SLOTS = 2
"""A charger that knows one power is not switched for less: contactors wear, and cars go to sleep."""


def car_wish(
    car: ElectricCar, state: CarState, slots: Slots, tz: ZoneInfo, notices: list[Notice]
) -> Wish | None:
    """What the car wants, None where it cannot be planned; `notices` gets what had to be assumed."""
    stored_kwh = _stored_kwh(car, state, notices)
    if stored_kwh is None:
        return None
    spans = periods(slots, tz, car.ready_by)
    available = _connected(car, state, spans, slots, tz)
    if car.daily_kwh is None:
        # Nobody knows with how much it comes back.
        available[spans[0].last :] = False
        spans = spans[:1]
    if car.is_switched:
        return _switched_car(car, stored_kwh, spans, available, slots, tz)
    driven = np.zeros(len(slots))
    targets = []
    for span in spans:
        after = int(_at_home(car, span.beyond(slots), tz).sum())
        wanted = min(car.target_kwh, car.capacity_kwh)
        wanted -= 0.0 if span.ends_within(slots) else after * car.max_kw * SLOT_HOURS * car.charge_efficiency
        if wanted > 0:
            targets.append(CarTarget(span.last, wanted, SHORTFALL_PER_KWH))
        if span.last < len(slots) and car.daily_kwh:
            driven[span.last] = car.daily_kwh
            available[span.last] = False
    plan = Car(
        car.name,
        min_kw=car.min_kw,
        max_kw=car.max_kw,
        connected=available,
        stored_kwh=stored_kwh,
        stored_max_kwh=max(car.target_kwh, stored_kwh),
        targets=tuple(targets),
        efficiency=car.charge_efficiency,
        driven_kwh=driven if driven.any() else None,
        # What it needs on the road is the road's affair: it costs no more than missing it at the departure.
        elsewhere_cost=SHORTFALL_PER_KWH,
    )
    return Wish(
        car.name, DeviceKind.CAR, plan, dues(spans), 0.0, available, target_percent=car.target_percent
    )


def _stored_kwh(car: ElectricCar, state: CarState, notices: list[Notice]) -> float | None:
    if state.soc_percent is not None:
        return car.capacity_kwh * state.soc_percent / 100
    words = {"car": car.name}
    if car.daily_kwh is None:
        notices.append(Notice(Text.CAR_LEFT_OUT, words=words))
        return None
    stored = max(0.0, car.target_kwh - car.daily_kwh)
    percent = {"percent": (100 * stored / car.capacity_kwh, 0)}
    notices.append(Notice(Text.CAR_ASSUMED, percent, words=words))
    return stored


def _connected(
    car: ElectricCar, state: CarState, spans: Sequence[Period], slots: Slots, tz: ZoneInfo
) -> Mask:
    available = _at_home(car, slots, tz)
    if state.plugged_in is None:
        return available
    if state.plugged_in:
        available[: spans[0].last] = True
        return available
    # Away now: back when the clock says that it comes home, not before its next departure where it says nothing.
    returns = np.flatnonzero(available[1:] & ~available[:-1]) + 1
    back = int(returns[0]) if len(returns) else spans[0].last
    available[:back] = False
    return available


def _at_home(car: ElectricCar, slots: Slots, tz: ZoneInfo) -> Mask:
    window = None if car.home_from is None else ClockWindow(car.home_from, car.ready_by)
    return may_run(slots, tz, window)


def _switched_car(
    car: ElectricCar,
    stored_kwh: float,
    spans: Sequence[Period],
    available: Mask,
    slots: Slots,
    tz: ZoneInfo,
) -> Wish:
    unit_kwh = car.max_kw * SLOT_HOURS
    needs = []
    for number, span in enumerate(spans):
        wanted = units(max(0.0, car.target_kwh - stored_kwh), unit_kwh * car.charge_efficiency)
        after = int(_at_home(car, span.beyond(slots), tz).sum())
        needs.append(
            Need(
                need_name(number),
                span.first,
                span.last,
                max(0, wanted - after),
                shortfall_cost=SHORTFALL_PER_KWH * unit_kwh,
                most_units=max(wanted, LEAST_RUN_SLOTS) if wanted else 0,
            )
        )
        stored_kwh = max(0.0, max(stored_kwh, car.target_kwh) - (car.daily_kwh or 0.0))
    load = OnOffLoad(
        car.name,
        levels=(Level(car.max_kw),),
        needs=tuple(needs),
        min_on_slots=LEAST_RUN_SLOTS,
        available=available,
    )
    return Wish(
        car.name, DeviceKind.CAR, load, dues(spans), unit_kwh, available, target_percent=car.target_percent
    )
