"""A device as one plan sees it, and what is known of it as the plan begins."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from darkstar.domain.slots import SLOTS_PER_HOUR, Slots
from darkstar.planner.devices.periods import Period
from darkstar.planner.full.site import THREE_PHASES, Boost, Car, Tank
from darkstar.planner.loads.model import Mask, OnOffLoad
from darkstar.planner.problem import Series

SHORTFALL_PER_KWH = 20.0
"""Cost of a kWh that a device misses: above any price, below that of breaking the fuse."""
MINUTES_PER_SLOT = 60 / SLOTS_PER_HOUR
ROUNDING = 1e-9


class DeviceKind(StrEnum):
    """What a device is."""

    WATER_HEATER = "water_heater"
    TANK = "tank"
    CAR = "car"
    APPLIANCE = "appliance"
    HEAT_PUMP = "heat_pump"


@dataclass(frozen=True)
class CarState:
    """What is known of a car: its charge, and whether it is plugged in; None where that is not known."""

    soc_percent: float | None = None
    plugged_in: bool | None = None


@dataclass(frozen=True)
class TankState:
    """What is known of a tank: its temperature, and when it was last disinfected; None where that is not known."""

    temperature_c: float | None = None
    disinfected_utc: int | None = None


@dataclass(frozen=True)
class Drawn:
    """What the water heater drew before the plan's first slot; shape (m,), ends there, NaN where unknown."""

    slots: Slots
    kwh: Series


@dataclass(frozen=True)
class DeviceStates:
    """What is known of all devices at the start of the first slot.

    Attributes:
        drawn: by the water heater's meter; None without one.
        heated_kwh: what the water heater has had since its last deadline, where a person says so.
        tank: of a water heater that is planned by its temperature.
        cars: by name.
        to_run: appliances that are to run their programme once.
        room_c: temperature of the rooms that the heat pump warms; None where that is not known.
    """

    drawn: Drawn | None = None
    heated_kwh: float | None = None
    tank: TankState = TankState()
    cars: Mapping[str, CarState] = field(default_factory=dict)
    to_run: frozenset[str] = frozenset()
    room_c: float | None = None


@dataclass(frozen=True)
class Due:
    """What a device should have by a slot.

    Attributes:
        first, last: slots [first, last) of the plan in which it may be had.
        deadline_utc: when it is due; beyond the plan where what is due falls after its end.
    """

    first: int
    last: int
    deadline_utc: int


@dataclass(frozen=True)
class Wish:
    """One device in one plan, and what is due when: an on/off load, a car whose power can be chosen, a tank, a boost.

    Attributes:
        unit_kwh: energy (AC) that one unit of the load's needs stands for.
        available: slots in which it may draw, shape (n,).
        target_percent: charge that a car should have at each deadline.
        phases: those that it hangs on, counted from 1.
        warmer_per_kwh: how much warmer the house is for a kWh that a boost has saved up [C].
    """

    name: str
    kind: DeviceKind
    plan: OnOffLoad | Car | Tank | Boost
    dues: tuple[Due, ...]
    unit_kwh: float
    available: Mask
    target_percent: float | None = None
    phases: tuple[int, ...] = THREE_PHASES
    warmer_per_kwh: float = 0.0


def units(kwh: float, unit_kwh: float) -> int:
    """Units that come to this energy at least."""
    return math.ceil(kwh / unit_kwh - ROUNDING)


def slots_of(minutes: float) -> int:
    """Slots that hold so many minutes."""
    return math.ceil(minutes / MINUTES_PER_SLOT - ROUNDING)


def need_name(number: int) -> str:
    """Needs are told apart by the number of their due."""
    return str(number)


def dues(spans: Sequence[Period]) -> tuple[Due, ...]:
    """What these periods end with."""
    return tuple(Due(span.first, span.last, span.end_utc) for span in spans)
