"""Asks Home Assistant how the home's devices are as a plan is made, as far as nobody says so."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol
from zoneinfo import ZoneInfo

from darkstar.cli.home import home_assistant
from darkstar.cli.plan.sensed import NOTHING_SENSED, Sensed
from darkstar.cli.plan.states import Told
from darkstar.config.settings import Settings
from darkstar.config.state_sensors import Quantity, StateSensor
from darkstar.domain.devices import Devices, Disinfection, HotWaterTank
from darkstar.domain.errors import ConfigError, SourceUnreachableError
from darkstar.domain.slots import DAY_SECONDS, HOUR_SECONDS
from darkstar.evidence.device_states import Fault, Seen, last_hot_utc, read_states, usual_day
from darkstar.evidence.entities import not_there
from darkstar.evidence.source import Entity, Period
from darkstar.ledger.evidence import MICROSECONDS, Readings, Statistics
from darkstar.planner.caution import Notice
from darkstar.planner.why.texts import Text

PATIENCE_SECONDS = 10.0
"""A plan is wanted now: a Home Assistant that restarts is not waited for longer."""
PAST_SECONDS = 7 * DAY_SECONDS
"""How much of its past says what a heat pump draws."""
_FAULTS = {
    Fault.SILENT: Text.SENSOR_SILENT,
    Fault.NO_VALUE: Text.SENSOR_NO_VALUE,
    Fault.IMPLAUSIBLE: Text.SENSOR_IMPLAUSIBLE,
    Fault.OLD: Text.SENSOR_OLD,
    Fault.PAST: Text.SENSOR_PAST,
    Fault.FAR: Text.SENSOR_FAR,
}


class StateSource(Protocol):
    """The part of an `EnergySource` that is asked."""

    async def entities(self) -> Mapping[str, Entity]:
        """Every entity by its id."""
        ...

    async def history(self, ids: Sequence[str], start_us: int, end_us: int) -> Mapping[str, Readings]:
        """Past states in [start_us, end_us)."""
        ...

    async def statistics(
        self, ids: Sequence[str], start_utc: int, end_utc: int, period: Period
    ) -> Mapping[str, Statistics]:
        """Sums of energies by periods."""
        ...


def sense(settings: Settings, told: Told, now_utc: float, *, is_now: bool) -> Sensed:
    """Ask the home's Home Assistant; where it is away, that is told and nothing is known.

    Args:
        is_now: the plan begins now; of another instant nothing is asked.

    Raises:
        ConfigError: an entity does not exist or measures something else; address or token are missing.
        DataError: Home Assistant answers what cannot be read.
    """
    wanted = _wanted(settings, told)
    if not wanted:
        return NOTHING_SENSED
    if not is_now:
        return Sensed(notices=(Notice(Text.SENSORS_NOT_ASKED),))

    async def ask() -> Sensed:
        async with home_assistant(settings, PATIENCE_SECONDS) as source:
            return await sensed_by(source, settings, told, now_utc)

    try:
        return asyncio.run(ask())
    except SourceUnreachableError as error:
        return Sensed(notices=(Notice(Text.SENSORS_AWAY, words={"why": error.problem}),))


async def sensed_by(source: StateSource, settings: Settings, told: Told, now_utc: float) -> Sensed:
    """What a source says of the entities that nobody's word replaces.

    Raises:
        ConfigError: as `read_states`.
    """
    wanted = _wanted(settings, told)
    meters = [sensor for sensor in wanted if sensor.quantity is Quantity.DRAWN]
    entities = await source.entities()
    seen = read_states(
        [sensor for sensor in wanted if sensor not in meters], entities, now_utc, settings.home.tz
    )
    notices = [_notice(one, one.fault, now_utc) for one in seen if one.fault is not None]
    by_hour: tuple[float, ...] = ()
    for meter in meters:
        by_hour = await _usual_day(source, meter, entities, now_utc, settings.home.tz)
        if not by_hour:
            words = {"entity": meter.entity_id, "place": meter.place}
            notices.append(Notice(Text.HEAT_PUMP_PROFILE, words=words))
    return Sensed(seen, by_hour, await _hot(source, settings, told, wanted, now_utc), tuple(notices))


async def _usual_day(
    source: StateSource, meter: StateSensor, entities: Iterable[str], now_utc: float, tz: ZoneInfo
) -> tuple[float, ...]:
    """What a meter counts in each hour of a day by its statistics; empty where they do not say."""
    known = tuple(entities)
    if meter.entity_id not in known:
        raise ConfigError(
            f"{meter.place}: {not_there(meter.entity_id, known)}",
            remedy="Correct the devices' sections in darkstar.yaml.",
        )
    hour = int(now_utc) // HOUR_SECONDS * HOUR_SECONDS
    rows = await source.statistics([meter.entity_id], hour - PAST_SECONDS, hour, "hour")
    return (usual_day(rows[meter.entity_id], tz) or ()) if meter.entity_id in rows else ()


async def _hot(
    source: StateSource, settings: Settings, told: Told, wanted: Sequence[StateSensor], now_utc: float
) -> int | None:
    """When the tank last was hot enough against legionella, as far back as its rule reaches."""
    rule = _rule(settings.devices)
    thermometer = next((one for one in wanted if one.quantity is Quantity.TANK_TEMPERATURE), None)
    if rule is None or thermometer is None or told.disinfected_utc is not None:
        return None
    start = int(now_utc - rule.every_days * DAY_SECONDS)
    name = thermometer.entity_id
    past = await source.history([name], start * MICROSECONDS, int(now_utc) * MICROSECONDS)
    return last_hot_utc(past[name], rule.temperature_c) if name in past else None


def _wanted(settings: Settings, told: Told) -> Sequence[StateSensor]:
    """The entities that say what nobody said."""
    charged = {text.rpartition("=")[0] or "" for text in told.car_soc}
    only = "" if len(settings.devices.cars) == 1 else None

    def is_said(sensor: StateSensor) -> bool:
        if sensor.quantity is Quantity.CAR_CHARGE:
            return sensor.device in charged or (only is not None and only in charged)
        if sensor.quantity is Quantity.PLUGGED_IN:
            return sensor.device in told.plugged_in or sensor.device in told.away
        if sensor.quantity is Quantity.TANK_TEMPERATURE:
            return told.tank_c is not None and (
                told.disinfected_utc is not None or _rule(settings.devices) is None
            )
        return False

    return [sensor for sensor in settings.state_sensors if not is_said(sensor)]


def _rule(devices: Devices) -> Disinfection | None:
    heater = devices.water_heater
    return heater.disinfection if isinstance(heater, HotWaterTank) else None


def _notice(seen: Seen, fault: Fault, now_utc: float) -> Notice:
    sensor = seen.sensor
    words = {"entity": sensor.entity_id, "place": sensor.place, "state": seen.state}
    hours = (now_utc - seen.reported_utc) / HOUR_SECONDS
    return Notice(_FAULTS[fault], {"hours": (hours, 0)} if fault is Fault.OLD else {}, words=words)
