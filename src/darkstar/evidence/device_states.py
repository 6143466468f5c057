"""How devices are at present, as Home Assistant's entities say it; nothing that they say is trusted.

An entity that does not exist or measures something else is a mistake in the file. One that says nothing at the moment,
or what cannot be, is told (`Fault`), and the plan goes on without it.
"""

import datetime as dt
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from zoneinfo import ZoneInfo

import numpy as np

from darkstar.config.state_sensors import Quantity, StateSensor
from darkstar.domain.devices import HOURS_OF_DAY
from darkstar.domain.errors import ConfigError
from darkstar.domain.slots import DAY_SECONDS, HOUR_SECONDS
from darkstar.evidence.entities import NOT_KNOWN, not_there
from darkstar.evidence.source import Entity
from darkstar.ledger.evidence import MICROSECONDS, Readings, Statistics

CELSIUS: Mapping[str, Callable[[float], float]] = {
    "°C": lambda value: value,
    "°F": lambda value: (value - 32) / 1.8,
    "K": lambda value: value - 273.15,
}
PLAUSIBLE: Mapping[Quantity, tuple[float, float]] = {
    Quantity.TANK_TEMPERATURE: (1.0, 99.0),
    Quantity.CAR_CHARGE: (0.0, 100.0),
    Quantity.TARGET: (1.0, 100.0),
    Quantity.ROOM_TEMPERATURE: (1.0, 49.0),
}
OLDEST_S: Mapping[Quantity, int] = {
    Quantity.TANK_TEMPERATURE: 6 * HOUR_SECONDS,
    Quantity.ROOM_TEMPERATURE: 6 * HOUR_SECONDS,
    Quantity.CAR_CHARGE: DAY_SECONDS,
}
"""How long such a number holds after it was last reported; what is set, and whether a plug is in, holds until it is
changed."""
YES = frozenset(
    {"on", "true", "yes", "connected", "plugged_in", "plugged", "charging", "ready_to_charge", "completed"}
)
NO = frozenset(
    {"off", "false", "no", "disconnected", "not_connected", "unplugged", "not_plugged", "not_home", "away"}
)
TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)(:[0-5]\d(\.\d+)?)?")

Value = float | bool | dt.time


class Fault(StrEnum):
    """Why what an entity says is of no use."""

    SILENT = "unavailable"
    NO_VALUE = "no_value"
    IMPLAUSIBLE = "implausible"
    OLD = "old"
    PAST = "past"
    FAR = "far"


@dataclass(frozen=True)
class Seen:
    """What an entity says.

    Attributes:
        value: [C], [percent], whether, or a local time of day; None where it is of no use.
        state: as Home Assistant has it, with its unit.
        reported_utc: when it was last reported [UTC s].
    """

    sensor: StateSensor
    value: Value | None
    state: str
    reported_utc: int
    fault: Fault | None = None


def read_states(
    sensors: Sequence[StateSensor], entities: Mapping[str, Entity], now_utc: float, tz: ZoneInfo
) -> tuple[Seen, ...]:
    """What the entities say, one for each sensor.

    Raises:
        ConfigError: an entity does not exist or measures something else; all of them are named.
    """
    seen: list[Seen] = []
    wrong: list[str] = []
    for sensor in sensors:
        entity = entities.get(sensor.entity_id)
        problem = not_there(sensor.entity_id, entities) if entity is None else _wrong_unit(sensor, entity)
        if problem is not None:
            wrong.append(f"{sensor.place}: {problem}")
        elif entity is not None:
            seen.append(_read(sensor, entity, now_utc, tz))
    if wrong:
        raise ConfigError(" ".join(wrong), remedy="Correct the devices' sections in darkstar.yaml.")
    return tuple(seen)


def last_hot_utc(readings: Readings, least_c: float) -> int | None:
    """When a thermometer last showed so much, of its past states [UTC s]; None where it never did."""
    for number in range(len(readings) - 1, -1, -1):
        text, convert = str(readings.state[number]), CELSIUS.get(str(readings.unit[number]))
        try:
            value = math.nan if convert is None else convert(float(text))
        except ValueError:
            continue
        if least_c <= value <= PLAUSIBLE[Quantity.TANK_TEMPERATURE][1]:
            return int(readings.time_us[number]) // MICROSECONDS
    return None


def usual_day(statistics: Statistics, tz: ZoneInfo) -> tuple[float, ...] | None:
    """Mean energy of each local hour of the day by hourly sums, 24 of them [kWh]; None where one is never known."""
    follows = np.diff(statistics.start_utc) == HOUR_SECONDS
    energy = np.diff(statistics.sum_kwh)
    known = follows & np.isfinite(energy) & (energy >= 0)
    each: dict[int, list[float]] = {hour: [] for hour in range(HOURS_OF_DAY)}
    for start, kwh in zip(statistics.start_utc[1:][known].tolist(), energy[known].tolist(), strict=True):
        each[dt.datetime.fromtimestamp(start, tz).hour].append(kwh)
    if not all(each.values()):
        return None
    return tuple(sum(found) / len(found) for found in each.values())


def _wrong_unit(sensor: StateSensor, entity: Entity) -> str | None:
    """What an entity measures instead; while it is unavailable its unit may be missing."""
    unit, name = entity.unit, entity.entity_id
    if entity.state in NOT_KNOWN:
        return None
    if sensor.quantity in (Quantity.TANK_TEMPERATURE, Quantity.ROOM_TEMPERATURE):
        if unit in CELSIUS:
            return None
        return (
            f"{name} is in {unit}, not in °C or °F." if unit else f"{name} has no unit; °C or °F is needed."
        )
    if sensor.quantity in (Quantity.CAR_CHARGE, Quantity.TARGET) and unit not in (None, "%"):
        return f"{name} is in {unit}; a state of charge in % is needed."
    return None


def _read(sensor: StateSensor, entity: Entity, now_utc: float, tz: ZoneInfo) -> Seen:
    state = entity.state if entity.unit is None else f"{entity.state} {entity.unit}"
    reported = entity.updated_us // MICROSECONDS
    if entity.state in NOT_KNOWN:
        return Seen(sensor, None, entity.state, reported, Fault.SILENT)
    value = _value(sensor.quantity, entity, now_utc, tz)
    if not isinstance(value, Fault) and now_utc - reported > OLDEST_S.get(sensor.quantity, math.inf):
        value = Fault.OLD
    if isinstance(value, Fault):
        return Seen(sensor, None, state, reported, value)
    return Seen(sensor, value, state, reported)


def _value(quantity: Quantity, entity: Entity, now_utc: float, tz: ZoneInfo) -> Value | Fault:
    if quantity is Quantity.PLUGGED_IN:
        said = entity.state.strip().casefold().replace(" ", "_").replace("-", "_")
        return True if said in YES else False if said in NO else Fault.NO_VALUE
    if quantity is Quantity.READY_BY:
        return _time(entity.state.strip(), now_utc, tz)
    try:
        number = float(entity.state)
    except ValueError:
        return Fault.NO_VALUE
    if not math.isfinite(number):
        return Fault.NO_VALUE
    low, high = PLAUSIBLE[quantity]
    number = CELSIUS.get(entity.unit or "", CELSIUS["°C"])(number)
    share = entity.unit is None and 0 < number <= 1
    return Fault.IMPLAUSIBLE if share or not low <= number <= high else number


def _time(text: str, now_utc: float, tz: ZoneInfo) -> dt.time | Fault:
    """A time of day; of an instant, that of the day ahead."""
    if TIME.fullmatch(text):
        hour, minute = text.split(":")[:2]
        return dt.time(int(hour), int(minute))
    try:
        instant = dt.datetime.fromisoformat(text)
    except ValueError:
        return Fault.NO_VALUE
    if len(text) <= len("2026-04-03"):
        return Fault.NO_VALUE
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=tz)
    # Only near instants have a local time for certain: 9999-12-31 has none east of Greenwich.
    ahead = instant.timestamp() - now_utc
    if ahead <= 0:
        return Fault.PAST
    if ahead > DAY_SECONDS:
        return Fault.FAR
    local = instant.astimezone(tz)
    return dt.time(local.hour, local.minute)
