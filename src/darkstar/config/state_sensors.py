"""Entities of Home Assistant that say how a device is at present: a tank's temperature, a car's charge.

Each is a key of the device's own section. What they say holds for one plan; nothing of it is kept in the ledger.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, BaseModel

STATE_ENTITY = re.compile(r"([a-z0-9_]+)\.[a-z0-9_]+")
SWITCHES = frozenset({"binary_sensor", "input_boolean", "switch"})
"""Entities that are on or off."""


class Quantity(StrEnum):
    """What an entity says."""

    TANK_TEMPERATURE = "temperature_c"
    CAR_CHARGE = "soc_percent"
    PLUGGED_IN = "plugged_in"
    TARGET = "target_percent"
    READY_BY = "ready_by"
    ROOM_TEMPERATURE = "room_temperature_c"
    DRAWN = "kwh_by_hour"


QUANTITIES: Mapping[str, Mapping[str, Quantity]] = {
    "water_heater": {"temperature_sensor": Quantity.TANK_TEMPERATURE},
    "heat_pump": {"energy_sensor": Quantity.DRAWN, "room_sensor": Quantity.ROOM_TEMPERATURE},
    "car": {
        "soc_sensor": Quantity.CAR_CHARGE,
        "plugged_in_sensor": Quantity.PLUGGED_IN,
        "target_sensor": Quantity.TARGET,
        "ready_by_sensor": Quantity.READY_BY,
    },
}
"""The keys of each kind of section."""


@dataclass(frozen=True)
class StateSensor:
    """One entity.

    Attributes:
        place: its key in the file, `car.soc_sensor`.
        device: the device's name.
    """

    place: str
    device: str
    quantity: Quantity
    entity_id: str


def _a_state(name: str) -> str:
    if not STATE_ENTITY.fullmatch(name):
        raise ValueError(f"'{name}' is no entity id of Home Assistant (they look like sensor.car_battery)")
    return name


def _a_value(name: str) -> str:
    if _a_state(name).partition(".")[0] in SWITCHES:
        raise ValueError(f"'{name}' is on or off; name an entity that says a number or a time")
    return name


StateEntity = Annotated[str, AfterValidator(_a_state)]
ValueEntity = Annotated[str, AfterValidator(_a_value)]


def sensors_of(kind: str, place: str, device: str, section: BaseModel) -> list[StateSensor]:
    """The entities that a device's section names.

    Args:
        kind: of section, see `QUANTITIES`; `place`: what the file calls this one.
    """
    return [
        StateSensor(f"{place}.{key}", device, quantity, entity_id)
        for key, quantity in QUANTITIES[kind].items()
        if (entity_id := getattr(section, key)) is not None
    ]


def check_sensors(sensors: Sequence[StateSensor], meters: Mapping[str, str], *, reached: bool) -> None:
    """Refuse entities that nobody can ask, or that stand for two things.

    Args:
        meters: what stands under `sensors:`, channel by entity id.
        reached: the file says where Home Assistant is.

    Raises:
        ValueError: with the place of each.
    """
    if sensors and not reached:
        raise ValueError(f"{sensors[0].place} is there, and home_assistant is missing: nobody to ask for it")
    seen: dict[str, str] = {}
    for sensor in sensors:
        if sensor.entity_id in meters:
            where = f"sensors.{meters[sensor.entity_id]}"
            raise ValueError(f"{sensor.entity_id} is both {where} and {sensor.place}; it can be one of them")
        if sensor.entity_id in seen and sensor.quantity is not Quantity.READY_BY:
            raise ValueError(
                f"{sensor.entity_id} is both {seen[sensor.entity_id]} and {sensor.place}; it can be one of them"
            )
        seen[sensor.entity_id] = sensor.place
