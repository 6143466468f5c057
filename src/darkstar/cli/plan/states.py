"""What a person says of the home's devices on the command line, held against what the home has."""

import difflib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from darkstar.cli.plan.sensed import NOTHING_SENSED, Sensed
from darkstar.config.state_sensors import Quantity
from darkstar.domain.devices import Devices, HotWaterTank
from darkstar.domain.errors import UsageError
from darkstar.domain.slots import SLOT_SECONDS
from darkstar.planner.devices.wish import CarState, DeviceStates, Drawn, TankState


@dataclass(frozen=True)
class Told:
    """Options as they were typed.

    Attributes:
        soc_percent: of the battery, or of all of them.
        battery_soc: `NAME=PERCENT` each.
        car_soc: `NAME=PERCENT` each, or a percentage where there is one car.
        plugged_in, away: names of cars; to_run: names of appliances.
        heated_kwh: what the water heater has had since its last deadline.
        tank_c: the hot water's temperature; disinfected_utc: when it last was hot enough against legionella.
    """

    soc_percent: float | None = None
    battery_soc: Sequence[str] = ()
    car_soc: Sequence[str] = ()
    plugged_in: Sequence[str] = ()
    away: Sequence[str] = ()
    to_run: Sequence[str] = ()
    heated_kwh: float | None = None
    tank_c: float | None = None
    disinfected_utc: int | None = None


def device_states(
    told: Told, devices: Devices, drawn: Drawn | None, start_utc: int, sensed: Sensed = NOTHING_SENSED
) -> DeviceStates:
    """What is known of the devices as the first slot starts; what is told goes before what is sensed.

    Raises:
        UsageError: a device is not there, a number is none, or two statements contradict each other.
    """
    cars = [car.name for car in devices.cars]
    charge = _percents("--car-soc-percent", told.car_soc, cars)
    _known("--plugged-in", told.plugged_in, cars)
    _known("--away", told.away, cars)
    _known("--run", told.to_run, [appliance.name for appliance in devices.appliances])
    both = sorted(set(told.plugged_in) & set(told.away))
    if both:
        raise UsageError(f"{both[0]} is said to be plugged in and away.", remedy="Say one of the two.")
    _check_heater(told, devices, start_utc)
    return DeviceStates(
        drawn=drawn,
        heated_kwh=told.heated_kwh,
        tank=_tank(told, devices, sensed),
        cars={name: _car(name, charge.get(name), told, sensed) for name in cars},
        to_run=frozenset(told.to_run),
        room_c=None
        if devices.heat_pump is None
        else sensed.number(devices.heat_pump.name, Quantity.ROOM_TEMPERATURE),
    )


def _car(name: str, soc_percent: float | None, told: Told, sensed: Sensed) -> CarState:
    plugged_in = True if name in told.plugged_in else False if name in told.away else sensed.plugged_in(name)
    return CarState(
        sensed.number(name, Quantity.CAR_CHARGE) if soc_percent is None else soc_percent, plugged_in
    )


def _tank(told: Told, devices: Devices, sensed: Sensed) -> TankState:
    if devices.water_heater is None:
        return TankState()
    temperature = told.tank_c
    if temperature is None:
        temperature = sensed.number(devices.water_heater.name, Quantity.TANK_TEMPERATURE)
    return TankState(temperature, sensed.hot_utc if told.disinfected_utc is None else told.disinfected_utc)


def _check_heater(told: Told, devices: Devices, start_utc: int) -> None:
    heater = devices.water_heater
    if told.heated_kwh is not None and heater is None:
        raise UsageError("--heated-kwh is said of a water heater, and darkstar.yaml names none.")
    if told.heated_kwh is not None and isinstance(heater, HotWaterTank):
        raise UsageError(
            "--heated-kwh is said of a water heater that is planned by its day's energy.",
            remedy="This one is planned by its temperature: --tank-temperature 55.",
        )
    for option, said in (("--tank-temperature", told.tank_c), ("--disinfected", told.disinfected_utc)):
        if said is not None and not isinstance(heater, HotWaterTank):
            raise UsageError(
                f"{option} is said of a hot-water tank, and darkstar.yaml names none.",
                remedy="A tank is a water_heater with litres.",
            )
    if told.disinfected_utc is None or not isinstance(heater, HotWaterTank):
        return
    if heater.disinfection is None:
        raise UsageError("--disinfected: the water_heater of darkstar.yaml has no disinfect.")
    if told.disinfected_utc >= start_utc + SLOT_SECONDS:
        raise UsageError("--disinfected lies after the instant that is planned from.")


def battery_charges(told: Told, devices: Devices) -> Mapping[str, float]:
    """What is said of several batteries, by name [percent].

    Raises:
        UsageError: there is no such battery, or a number is none.
    """
    return _percents("--battery-soc-percent", told.battery_soc, [named.name for named in devices.batteries])


def _percents(option: str, texts: Sequence[str], names: Sequence[str]) -> Mapping[str, float]:
    found: dict[str, float] = {}
    for text in texts:
        name, _, number = text.rpartition("=")
        if not name and len(names) == 1:
            name = names[0]
        if not name and len(names) > 1:
            raise UsageError(
                f"{option} {text} does not say of which: there are {', '.join(names)}.",
                remedy=f"Write {option} {names[0]}={text}.",
            )
        _known(option, [name] if name else [text], names)
        found[name] = _percent(option, number)
    return found


def _percent(option: str, number: str) -> float:
    try:
        percent = float(number)
    except ValueError:
        percent = float("nan")
    if not 0 <= percent <= 100:
        raise UsageError(f"{option}: '{number}' is no percentage from 0 to 100.")
    return percent


_NONE_OF = {
    "--car-soc-percent": "names no car",
    "--plugged-in": "names no car",
    "--away": "names no car",
    "--run": "names no appliance",
    "--battery-soc-percent": "does not name several batteries: one battery's charge is --soc-percent",
}


def _known(option: str, told: Sequence[str], names: Collection[str]) -> None:
    for name in told:
        if not names:
            raise UsageError(f"{option}: darkstar.yaml {_NONE_OF[option]}.")
        if name not in names:
            near = difflib.get_close_matches(name, names, n=1)
            remedy = f"Did you mean {near[0]}?" if near else ""
            if not near:
                remedy = f"Known: {', '.join(names)}."
            raise UsageError(f"{option}: there is no '{name}'.", remedy=remedy)
