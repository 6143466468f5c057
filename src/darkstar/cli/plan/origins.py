"""Where each number about the present comes from that a plan begins with."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from zoneinfo import ZoneInfo

import numpy as np

from darkstar.cli.plan.sensed import Sensed
from darkstar.cli.plan.states import Told, battery_charges
from darkstar.config.settings import Settings
from darkstar.config.state_sensors import Quantity
from darkstar.domain.devices import Devices, ElectricCar, HeatPump, HotWaterTank, WaterHeater
from darkstar.domain.slots import iso_local
from darkstar.evidence.device_states import Seen, Value
from darkstar.planner.devices.periods import periods
from darkstar.planner.devices.wish import CarState, DeviceStates
from darkstar.time_machine.now.present import Present


class Origin(StrEnum):
    """Who says so: the command line, a sensor, the ledger, darkstar.yaml; or it is assumed, or not known at all."""

    OPTION = "option"
    HOME_ASSISTANT = "home_assistant"
    LEDGER = "ledger"
    FILE = "file"
    ASSUMED = "assumed"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class KnownState:
    """One number about the present.

    Attributes:
        quantity: its name with its unit.
        value: None where nothing is known; of a plug, where the clock in darkstar.yaml says it.
        seen: what the entity said, where it comes from one.
    """

    device: str
    quantity: str
    value: Value | str | None
    origin: Origin
    seen: Seen | None = None


def origins(
    settings: Settings, devices: Devices, told: Told, sensed: Sensed, present: Present, states: DeviceStates
) -> tuple[KnownState, ...]:
    """All numbers, in the file's order of devices.

    Args:
        devices: with the wishes that their entities say.
        states: what the plan was made with.
    """
    found = list(_batteries(settings, told, present))
    heater = devices.water_heater
    if isinstance(heater, HotWaterTank):
        found += _tank(heater, told, sensed, states, settings.home.tz)
    elif heater is not None:
        found.append(_heater(heater, told, present, settings.home.tz))
    if devices.heat_pump is not None:
        found += _heat_pump(devices.heat_pump, sensed)
    for car in devices.cars:
        found += _car(car, told, sensed, states.cars.get(car.name, CarState()))
    return tuple(found)


def _batteries(settings: Settings, told: Told, present: Present) -> Iterator[KnownState]:
    if settings.battery is None:
        return
    known = present.known
    percent = (
        100 * known.soc_kwh / known.capacity_kwh if known.soc_kwh is not None and known.capacity_kwh else None
    )
    origin = Origin.UNKNOWN if percent is None else Origin.LEDGER
    if told.soc_percent is not None:
        origin = Origin.OPTION
    each = battery_charges(told, settings.devices)
    for name in [named.name for named in settings.devices.batteries] or ["battery"]:
        if name in each:
            yield KnownState(name, "soc_percent", each[name], Origin.OPTION)
        else:
            yield KnownState(name, "soc_percent", percent, origin)


def _heater(heater: WaterHeater, told: Told, present: Present, tz: ZoneInfo) -> KnownState:
    if told.heated_kwh is not None:
        return KnownState(heater.name, "heated_kwh", told.heated_kwh, Origin.OPTION)
    if present.drawn is None:
        return KnownState(heater.name, "heated_kwh", 0.0, Origin.ASSUMED)
    since = periods(present.slots, tz, heater.ready_by)[0].start_utc
    had = float(np.nansum(present.drawn.kwh[present.drawn.slots >= since]))
    return KnownState(heater.name, "heated_kwh", had, Origin.LEDGER)


def _tank(
    tank: HotWaterTank, told: Told, sensed: Sensed, states: DeviceStates, tz: ZoneInfo
) -> Iterator[KnownState]:
    seen = sensed.of(tank.name, Quantity.TANK_TEMPERATURE)
    known = states.tank.temperature_c
    origin = _origin(told.tank_c is not None, seen, Origin.ASSUMED)
    yield KnownState(
        tank.name, "temperature_c", tank.least_c if known is None else known, origin, _if_from(seen, origin)
    )
    if tank.disinfection is not None:
        at = states.tank.disinfected_utc
        origin = Origin.ASSUMED if at is None else Origin.HOME_ASSISTANT
        if told.disinfected_utc is not None:
            origin = Origin.OPTION
        yield KnownState(tank.name, "disinfected", None if at is None else iso_local(at, tz), origin)


def _heat_pump(pump: HeatPump, sensed: Sensed) -> Iterator[KnownState]:
    origin = Origin.HOME_ASSISTANT if sensed.kwh_by_hour else Origin.FILE
    yield KnownState(pump.name, "daily_kwh", sum(pump.kwh_by_hour), origin)
    if pump.room_temperature_c is not None:
        seen = sensed.of(pump.name, Quantity.ROOM_TEMPERATURE)
        value = pump.room_temperature_c if seen is None else seen.value
        yield KnownState(pump.name, "room_temperature_c", value, _origin(False, seen, Origin.ASSUMED), seen)


def _car(car: ElectricCar, told: Told, sensed: Sensed, state: CarState) -> Iterator[KnownState]:
    charge = sensed.of(car.name, Quantity.CAR_CHARGE)
    otherwise = Origin.UNKNOWN if car.daily_kwh is None else Origin.ASSUMED
    # An entity is not asked for a charge that somebody says.
    origin = _origin(charge is None and state.soc_percent is not None, charge, otherwise)
    assumed = None
    if car.daily_kwh is not None:
        assumed = 100 * max(0.0, car.target_kwh - car.daily_kwh) / car.capacity_kwh
    value = assumed if state.soc_percent is None else state.soc_percent
    yield KnownState(car.name, "soc_percent", value, origin, _if_from(charge, origin))
    plug = sensed.of(car.name, Quantity.PLUGGED_IN)
    origin = _origin(car.name in told.plugged_in or car.name in told.away, plug, Origin.FILE)
    yield KnownState(car.name, "plugged_in", state.plugged_in, origin, _if_from(plug, origin))
    for quantity, held in ((Quantity.TARGET, car.target_percent), (Quantity.READY_BY, car.ready_by)):
        seen = sensed.of(car.name, quantity)
        yield KnownState(car.name, quantity.value, held, _origin(False, seen, Origin.FILE), seen)


def _origin(is_typed: bool, seen: Seen | None, otherwise: Origin) -> Origin:
    if is_typed:
        return Origin.OPTION
    return otherwise if seen is None else Origin.HOME_ASSISTANT


def _if_from(seen: Seen | None, origin: Origin) -> Seen | None:
    return seen if origin is Origin.HOME_ASSISTANT else None
