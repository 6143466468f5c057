"""What a person says of the home's devices on the command line, held against what the home has."""

import difflib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from darkstar.domain.devices import Devices
from darkstar.domain.errors import UsageError
from darkstar.planner.devices.wish import CarState, DeviceStates, Drawn


@dataclass(frozen=True)
class Told:
    """Options as they were typed.

    Attributes:
        soc_percent: of the battery, or of all of them.
        battery_soc: `NAME=PERCENT` each.
        car_soc: `NAME=PERCENT` each, or a percentage where there is one car.
        plugged_in, away: names of cars; to_run: names of appliances.
        heated_kwh: what the water heater has had since its last deadline.
    """

    soc_percent: float | None = None
    battery_soc: Sequence[str] = ()
    car_soc: Sequence[str] = ()
    plugged_in: Sequence[str] = ()
    away: Sequence[str] = ()
    to_run: Sequence[str] = ()
    heated_kwh: float | None = None


def device_states(told: Told, devices: Devices, drawn: Drawn | None) -> DeviceStates:
    """What is known of the devices.

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
    if told.heated_kwh is not None and devices.water_heater is None:
        raise UsageError("--heated-kwh is said of a water heater, and darkstar.yaml names none.")
    return DeviceStates(
        drawn=drawn,
        heated_kwh=told.heated_kwh,
        cars={
            name: CarState(
                charge.get(name), True if name in told.plugged_in else False if name in told.away else None
            )
            for name in cars
        },
        to_run=frozenset(told.to_run),
    )


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


def _known(option: str, told: Sequence[str], names: Collection[str]) -> None:
    for name in told:
        if name not in names:
            near = difflib.get_close_matches(name, names, n=1)
            remedy = f"Did you mean {near[0]}?" if near else ""
            if not near:
                remedy = f"Known: {', '.join(names)}." if names else "darkstar.yaml has nothing of the kind."
            raise UsageError(f"{option}: there is no '{name}'.", remedy=remedy)
