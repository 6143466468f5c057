"""A hot-water tank: warm enough when water is drawn, hot enough against legionella in time."""

from collections.abc import Sequence
from dataclasses import replace
from zoneinfo import ZoneInfo

import numpy as np

from darkstar.domain.devices import ClockWindow, HotWaterTank
from darkstar.domain.slots import SLOT_SECONDS, SLOTS_PER_HOUR, Slots
from darkstar.planner.caution import Notice
from darkstar.planner.devices.periods import local_minutes, may_run
from darkstar.planner.devices.wish import DeviceKind, Due, TankState, Wish
from darkstar.planner.full.site import Legionella, Tank
from darkstar.planner.full.tank import unheated, windows
from darkstar.planner.problem import Series
from darkstar.planner.why.texts import Text

SLOTS_PER_DAY = 24 * SLOTS_PER_HOUR


def tank_wish(
    tank: HotWaterTank,
    state: TankState,
    import_price: Series,
    slots: Slots,
    tz: ZoneInfo,
    notices: list[Notice],
) -> Wish:
    """What the tank wants; `notices` gets what had to be assumed.

    Args:
        import_price: shape (n,). Heat left at the end is worth what it takes to make it in the last day's cheapest
            slot, never less than nothing: no plan heats just for that.
    """
    temperature = state.temperature_c
    if temperature is None:
        temperature = tank.least_c
        notices.append(Notice(Text.TANK_UNKNOWN, {"degrees": (temperature, 0)}))
    available = may_run(slots, tz, tank.window)
    worth = max(0.0, float(import_price[-SLOTS_PER_DAY:].min())) / tank.heat_per_kwh
    plan = Tank(
        tank.name,
        litres=tank.litres,
        heater_kw=tank.power_kw,
        temperature_c=temperature,
        draw_kwh=tank.daily_kwh * _shares(tank.hours_of_use, slots, tz),
        comfort_c=tank.least_c,
        max_c=tank.most_c,
        ambient_c=tank.surroundings_c,
        loss_kw_per_k=tank.loss_kw_per_k,
        heat_per_kwh=np.full(len(slots), tank.heat_per_kwh),
        available=available,
        legionella=_legionella(tank, state, int(slots[0]), notices),
        value_per_kwh=worth,
    )
    return Wish(tank.name, DeviceKind.TANK, plan, _disinfections(plan, slots), 0.0, available)


def temperatures(tank: Tank, heater_kwh: Series, slot_hours: float) -> Series:
    """The water's temperature as the heater draws this, shape (n,); result of shape (n + 1,), from now on [C]."""
    heat = heater_kwh if tank.heat_per_kwh is None else heater_kwh * tank.heat_per_kwh
    after = unheated(replace(tank, draw_kwh=tank.draw_kwh - heat), slot_hours)
    return np.concatenate([[tank.temperature_c], after])


def left_worth(tank: Tank, heater_kwh: Series, slot_hours: float) -> float:
    """What the heat is worth that is left at the end, above the least temperature."""
    last = float(temperatures(tank, heater_kwh, slot_hours)[-1])
    return tank.value_per_kwh * tank.heat_kwh_per_k * (last - tank.comfort_c)


def thermostat(tank: Tank, slot_hours: float) -> Series:
    """What the heater draws where a thermostat keeps the water halfway between least and most, shape (n,) [kWh].

    Where it is to be disinfected, that comes first.
    """
    n = len(tank.draw_kwh)
    available = np.ones(n, dtype=np.bool_) if tank.available is None else tank.available
    heat = np.ones(n) if tank.heat_per_kwh is None else tank.heat_per_kwh
    usual = (tank.comfort_c + tank.max_c) / 2
    goal = tank.legionella.temperature_c if tank.legionella and windows(tank.legionella, n) else usual
    energy, now = np.zeros(n), tank.temperature_c
    for slot in range(n):
        here = replace(tank, temperature_c=now, draw_kwh=tank.draw_kwh[slot : slot + 1])
        now = float(unheated(here, slot_hours)[0])
        if available[slot] and now < goal:
            wanted = (goal - now) * tank.heat_kwh_per_k / float(heat[slot])
            energy[slot] = min(tank.heater_kw * slot_hours, wanted)
            now += energy[slot] * float(heat[slot]) / tank.heat_kwh_per_k
        if now >= goal - LEAST_KELVIN:
            goal = usual
    return energy


LEAST_KELVIN = 0.05
"""A smaller difference of temperatures is none."""


def _shares(windows: Sequence[ClockWindow], slots: Slots, tz: ZoneInfo) -> Series:
    """Each slot's share of what is drawn in a day, shape (n,)."""
    return sum((local_minutes(slots, tz, window) for window in windows), np.zeros(len(slots))) / sum(
        window.minutes for window in windows
    )


def _legionella(
    tank: HotWaterTank, state: TankState, start_utc: int, notices: list[Notice]
) -> Legionella | None:
    rule = tank.disinfection
    if rule is None:
        return None
    every = max(1, int(rule.every_days * SLOTS_PER_DAY))
    if state.disinfected_utc is None:
        notices.append(Notice(Text.DISINFECTED_UNKNOWN, {"degrees": (rule.temperature_c, 0)}))
        since = every
    else:
        since = max(0, (start_utc - state.disinfected_utc) // SLOT_SECONDS)
    return Legionella(rule.temperature_c, every, since)


def _disinfections(tank: Tank, slots: Slots) -> tuple[Due, ...]:
    """By when it is to be disinfected, where that falls into the plan."""
    spans = windows(tank.legionella, len(slots)) if tank.legionella else []
    return tuple(Due(first, last, int(slots[0]) + last * SLOT_SECONDS) for first, last in spans[:1])
