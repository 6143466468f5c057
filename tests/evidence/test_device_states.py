"""What entities say of devices: units, age, what cannot be, and mistakes in the file."""

import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from darkstar.config.state_sensors import Quantity, StateSensor
from darkstar.domain.errors import ConfigError
from darkstar.evidence.device_states import Fault, last_hot_utc, read_states
from darkstar.evidence.source import Entity
from darkstar.ledger.evidence import MICROSECONDS, Readings, Source

TZ = ZoneInfo("Europe/Stockholm")
NOW = int(dt.datetime(2026, 4, 3, 14, 10, tzinfo=TZ).timestamp())
PLACES = {
    Quantity.TANK_TEMPERATURE: StateSensor(
        "water_heater.temperature_sensor", "tank", Quantity.TANK_TEMPERATURE, "x.x"
    ),
    Quantity.CAR_CHARGE: StateSensor("car.soc_sensor", "car", Quantity.CAR_CHARGE, "x.x"),
    Quantity.PLUGGED_IN: StateSensor("car.plugged_in_sensor", "car", Quantity.PLUGGED_IN, "x.x"),
    Quantity.TARGET: StateSensor("car.target_sensor", "car", Quantity.TARGET, "x.x"),
    Quantity.READY_BY: StateSensor("car.ready_by_sensor", "car", Quantity.READY_BY, "x.x"),
}


def _said(
    quantity: Quantity, state: str, unit: str | None = None, *, hours_ago: float = 0.1
) -> float | dt.time | Fault | None:
    """The value, or the fault in its place."""
    at = round((NOW - hours_ago * 3600) * MICROSECONDS)
    entity = Entity("x.x", state, unit, None, None, at)
    [seen] = read_states([PLACES[quantity]], {"x.x": entity}, NOW, TZ)
    assert (seen.value is None) == (seen.fault is not None)
    return seen.value if seen.fault is None else seen.fault


def test_temperatures_come_in_celsius() -> None:
    tank = Quantity.TANK_TEMPERATURE
    assert _said(tank, "52.5", "°C") == 52.5
    assert _said(tank, "131", "°F") == pytest.approx(55.0)
    assert _said(tank, "325.15", "K") == pytest.approx(52.0)


@pytest.mark.parametrize(
    ("state", "unit", "fault"),
    [
        ("unavailable", "°C", Fault.SILENT),
        ("unknown", None, Fault.SILENT),
        ("nan", "°C", Fault.NO_VALUE),
        ("inf", "°C", Fault.NO_VALUE),
        ("warm", "°C", Fault.NO_VALUE),
        ("", "°C", Fault.NO_VALUE),
        ("-127.0", "°C", Fault.IMPLAUSIBLE),
        ("0", "°C", Fault.IMPLAUSIBLE),
        ("212", "°F", Fault.IMPLAUSIBLE),
    ],
)
def test_what_no_thermometer_can_mean_is_not_used(state: str, unit: str | None, fault: Fault) -> None:
    assert _said(Quantity.TANK_TEMPERATURE, state, unit) is fault


def test_a_charge_is_a_percentage() -> None:
    charge = Quantity.CAR_CHARGE
    assert _said(charge, "45", "%") == 45.0
    assert _said(charge, "45") == 45.0
    assert _said(charge, "0", "%") == 0.0
    assert _said(charge, "0.45") is Fault.IMPLAUSIBLE  # a share, by the look of it
    assert _said(charge, "0.45", "%") == 0.45
    assert _said(charge, "101", "%") is Fault.IMPLAUSIBLE
    assert _said(charge, "-1", "%") is Fault.IMPLAUSIBLE


def test_an_old_number_is_not_used_and_an_old_plug_is() -> None:
    assert _said(Quantity.TANK_TEMPERATURE, "52", "°C", hours_ago=5.9) == 52.0
    assert _said(Quantity.TANK_TEMPERATURE, "52", "°C", hours_ago=6.1) is Fault.OLD
    assert _said(Quantity.CAR_CHARGE, "45", "%", hours_ago=23.9) == 45.0
    assert _said(Quantity.CAR_CHARGE, "45", "%", hours_ago=24.1) is Fault.OLD
    assert _said(Quantity.PLUGGED_IN, "on", hours_ago=1000) is True
    assert _said(Quantity.TARGET, "80", "%", hours_ago=1000) == 80.0
    # A clock that is ahead makes nothing old.
    assert _said(Quantity.TANK_TEMPERATURE, "52", "°C", hours_ago=-7) == 52.0


def test_plugs_say_it_in_many_words() -> None:
    plug = Quantity.PLUGGED_IN
    assert [_said(plug, said) for said in ("on", "Connected", "charging", "Plugged in")] == [True] * 4
    assert [_said(plug, said) for said in ("off", "Not connected", "disconnected", "not_home")] == [False] * 4
    assert _said(plug, "error") is Fault.NO_VALUE
    assert _said(plug, "unavailable") is Fault.SILENT


def test_departures_are_times_of_day_or_instants_of_the_day_ahead() -> None:
    leaves = Quantity.READY_BY
    assert _said(leaves, "06:45:00") == dt.time(6, 45)
    assert _said(leaves, "6:45") == dt.time(6, 45)
    assert _said(leaves, "2026-04-04 06:45:00") == dt.time(6, 45)
    assert _said(leaves, "2026-04-04T04:45:00+00:00") == dt.time(6, 45)
    assert _said(leaves, "2026-04-03 14:10:00") is Fault.PAST
    assert _said(leaves, "2026-04-04 14:11:00") is Fault.FAR
    # What stands for "never" in many an integration.
    assert _said(leaves, "9999-12-31T23:59:59+00:00") is Fault.FAR
    assert _said(leaves, "9999-12-31 23:59:59") is Fault.FAR
    assert _said(leaves, "0001-01-01T00:00:00+14:00") is Fault.PAST
    assert _said(leaves, "2026-04-04") is Fault.NO_VALUE
    assert _said(leaves, "soon") is Fault.NO_VALUE


def test_a_wrong_name_and_a_wrong_unit_are_mistakes_and_all_are_named() -> None:
    entities = {
        "sensor.tank_top": Entity("sensor.tank_top", "50", "°C", None, None, NOW * MICROSECONDS),
        "sensor.car_range": Entity("sensor.car_range", "230", "km", None, None, NOW * MICROSECONDS),
        "sensor.bare": Entity("sensor.bare", "50", None, None, None, NOW * MICROSECONDS),
    }
    sensors = [
        StateSensor("water_heater.temperature_sensor", "tank", Quantity.TANK_TEMPERATURE, "sensor.tank_tpo"),
        StateSensor("car.soc_sensor", "car", Quantity.CAR_CHARGE, "sensor.car_range"),
        StateSensor("other", "tank", Quantity.TANK_TEMPERATURE, "sensor.bare"),
    ]
    with pytest.raises(ConfigError) as error:
        read_states(sensors, entities, NOW, TZ)
    told = error.value.problem
    assert "water_heater.temperature_sensor: sensor.tank_tpo does not exist in Home Assistant" in told
    assert "(did you mean sensor.tank_top?)" in told
    assert "car.soc_sensor: sensor.car_range is in km; a state of charge in % is needed." in told
    assert "other: sensor.bare has no unit; °C or °F is needed." in told


def test_an_entity_without_a_unit_while_it_is_away_is_no_mistake() -> None:
    assert _said(Quantity.TANK_TEMPERATURE, "unavailable") is Fault.SILENT


def _readings(*states: str, unit: str = "°C") -> Readings:
    n = len(states)
    return Readings(
        np.arange(NOW, NOW + n, dtype=np.int64) * MICROSECONDS,
        np.array(states, dtype=object),
        np.full(n, unit, dtype=object),
        np.full(n, Source.HA_HISTORY, dtype=np.int8),
        np.zeros(n, dtype=np.bool_),
    )


def test_the_last_time_that_it_was_hot() -> None:
    assert last_hot_utc(_readings("50", "66", "65.5", "unavailable", "64", "nan", "inf"), 65.0) == NOW + 2
    assert last_hot_utc(_readings("151", "148", unit="°F"), 65.0) == NOW
    assert last_hot_utc(_readings("50", "64", "127"), 65.0) is None
    assert last_hot_utc(Readings.empty(), 65.0) is None
