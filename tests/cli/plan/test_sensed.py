"""`darkstar plan` asks Home Assistant how the devices are: what it takes, what it does not, and who said what."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from rich.console import Console

from darkstar.cli.plan.as_json import as_json
from darkstar.cli.plan.asking import sense, sensed_by
from darkstar.cli.plan.home import plan_home
from darkstar.cli.plan.sensed import Sensed
from darkstar.cli.plan.states import Told
from darkstar.cli.plan.tables import rendered
from darkstar.config.settings import LEDGER_NAME, Settings, load_settings
from darkstar.config.state_sensors import Quantity
from darkstar.domain.errors import ConfigError
from darkstar.domain.slots import DAY_SECONDS, HOUR_SECONDS
from darkstar.evidence.device_states import usual_day
from darkstar.evidence.source import Entity, Period
from darkstar.ledger.evidence import MICROSECONDS, Readings, Source, Statistics
from darkstar.planner.why.texts import Text
from darkstar.store.ledger_file import LedgerFile
from tests.cli.plan.test_devices import CAR, HEATER, SWITCHED, TANK
from tests.cli.plan.test_home import AT, BATTERY, HOME, SENSORS, _run
from tests.time_machine.cases import START, past
from tests.time_machine.now.test_present import write

NOW = START + 8 * DAY_SECONDS + 14 * HOUR_SECONDS
ASKED = "home_assistant: {url: 'http://127.0.0.1:1', token: t}\n"
KEYS = ", soc_sensor: sensor.soc_car, plugged_in_sensor: binary_sensor.plug, target_sensor: number.target, "
SENSED_CAR = SWITCHED.replace("}", KEYS + "ready_by_sensor: input_datetime.go}")
SENSED_TANK = TANK.replace("}}", "}, temperature_sensor: sensor.tank}")
WORDS = {
    "sensor.soc_car": ("60", "%"),
    "binary_sensor.plug": ("on", None),
    "number.target": ("70", "%"),
    "input_datetime.go": ("06:00:00", None),
    "sensor.tank": ("122", "°F"),
    "sensor.hp": ("5000", "kWh"),
    "sensor.room": ("21.5", "°C"),
}


PUMP = (
    "heat_pump: {boost_kw: 2, daily_kwh: 12, most_warmer_c: 1, heat_kwh_per_c: 12, heat_per_kwh: 3, "
    "time_constant_hours: 50, energy_sensor: sensor.hp, room_sensor: sensor.room, room_temperature_c: 21}\n"
)


class House:
    """A Home Assistant; the tank was hot two days ago, the heat pump has drawn a kWh in each of the last hours."""

    def __init__(
        self,
        words: Mapping[str, tuple[str, str | None]] = WORDS,
        hours_ago: float = 0.0,
        hours_known: int = 100,
    ) -> None:
        self._hours_known = hours_known
        at = round((NOW - hours_ago * HOUR_SECONDS) * MICROSECONDS)
        self._entities = {name: Entity(name, *said, None, None, at) for name, said in words.items()}
        self.asked: list[tuple[Sequence[str], int, int]] = []

    async def entities(self) -> Mapping[str, Entity]:
        return self._entities

    async def history(self, ids: Sequence[str], start_us: int, end_us: int) -> Mapping[str, Readings]:
        self.asked.append((ids, start_us, end_us))
        times = np.array([NOW - 2 * DAY_SECONDS, NOW - DAY_SECONDS], dtype=np.int64) * MICROSECONDS
        text, unit = np.array(["150", "120"], dtype=object), np.array(["°F", "°F"], dtype=object)
        return {
            ids[0]: Readings(times, text, unit, np.full(2, Source.HA_HISTORY, np.int8), np.zeros(2, bool))
        }

    async def statistics(
        self, ids: Sequence[str], start_utc: int, end_utc: int, period: Period
    ) -> Mapping[str, Statistics]:
        assert period == "hour"
        assert (start_utc, end_utc) == (NOW - 7 * DAY_SECONDS, NOW)
        starts = np.arange(end_utc - self._hours_known * HOUR_SECONDS, end_utc, HOUR_SECONDS, dtype=np.int64)
        sums = np.arange(len(starts), dtype=np.float64)
        return {ids[0]: Statistics(HOUR_SECONDS, starts, sums, sums)} if len(starts) else {}


def _home(folder: Path, *sections: str) -> Settings:
    wide = HOME.replace("main_fuse_a: 16", "main_fuse_a: 25")
    (folder / "darkstar.yaml").write_text(wide + SENSORS + ASKED + "".join(sections), encoding="utf-8")
    return load_settings(folder, {})


def _sensed(settings: Settings, house: House, told: Told | None = None) -> Sensed:
    return asyncio.run(sensed_by(house, settings, told or Told(), NOW))


def _json(settings: Settings, sensed: Sensed, told: Told | None = None, hours: int = 24) -> Any:
    history = past(10)
    with LedgerFile(settings.folder / LEDGER_NAME) as ledger:
        write(ledger, history, np.full(len(history), 40.0))
        answer = plan_home(ledger, settings, NOW, slots=hours * 4, told=told or Told(), sensed=sensed)
    console = Console(width=100)
    with console.capture() as shown:
        console.print(rendered(answer, 100))
    # What machines read has to be JSON, dates and all.
    return {**json.loads(json.dumps(as_json(answer))), "shown": shown.get()}


def _origins(answer: Any) -> dict[str, tuple[Any, str]]:
    return {
        f"{each['device']}.{each['quantity']}": (each["value"], each["from"]) for each in answer["states"]
    }


@pytest.mark.slow
def test_the_car_is_planned_as_its_entities_say(tmp_path: Path) -> None:
    settings = _home(tmp_path, BATTERY, SENSED_CAR)
    answer = _json(settings, _sensed(settings, House()))
    [car] = answer["devices"]
    # From 60 to 70 % of 50 kWh at 90 %: 5.6 kWh in slots of 0.92.
    assert car["kwh"] == pytest.approx(7 * 0.92)
    assert {block["due"] for block in car["blocks"]} == {"2021-03-10T06:00:00+01:00"}
    assert _origins(answer) == {
        "battery.soc_percent": (pytest.approx(40), "ledger"),
        "car.soc_percent": (60.0, "home_assistant"),
        "car.plugged_in": (True, "home_assistant"),
        "car.target_percent": (70.0, "home_assistant"),
        "car.ready_by": ("06:00", "home_assistant"),
    }
    charge = answer["states"][1]
    assert (charge["entity"], charge["at"]) == ("sensor.soc_car", "2021-03-09T14:00:00+01:00")
    assert "entity" not in answer["states"][0]
    assert "Car 60 %. Car plugged in. Car to 70 %. Car leaves at 06:00." in " ".join(answer["shown"].split())


@pytest.mark.slow
def test_the_tank_is_planned_as_its_thermometer_says(tmp_path: Path) -> None:
    settings = _home(tmp_path, SENSED_TANK)
    house = House()
    sensed = _sensed(settings, house)
    assert sensed.number("water heater", Quantity.TANK_TEMPERATURE) == pytest.approx(50.0)
    # The rule is once in seven days: so far back its past is asked for.
    assert house.asked == [(["sensor.tank"], (NOW - 7 * DAY_SECONDS) * MICROSECONDS, NOW * MICROSECONDS)]
    assert sensed.hot_utc == NOW - 2 * DAY_SECONDS
    answer = _json(settings, sensed)
    [tank] = answer["devices"]
    assert tank["temperature_c"][0] == pytest.approx(50.0)
    assert max(tank["temperature_c"]) < 65
    assert _origins(answer) == {
        "water heater.temperature_c": (pytest.approx(50.0), "home_assistant"),
        "water heater.disinfected": ("2021-03-07T14:00:00+01:00", "home_assistant"),
    }
    assert not any("hot water" in notice for notice in answer["notices"])


def test_what_is_typed_goes_first_and_is_not_asked_for(tmp_path: Path) -> None:
    settings = _home(tmp_path, SENSED_CAR, SENSED_TANK)
    told = Told(car_soc=("30",), away=("car",), tank_c=60.0, disinfected_utc=NOW - HOUR_SECONDS)
    house = House(
        {name: said for name, said in WORDS.items() if name in ("number.target", "input_datetime.go")}
    )
    sensed = _sensed(settings, house, told)
    assert [seen.sensor.entity_id for seen in sensed.seen] == ["number.target", "input_datetime.go"]
    assert not house.asked
    found = _origins(_json(settings, sensed, told, hours=3))
    assert found["car.soc_percent"] == (30.0, "option")
    assert found["car.plugged_in"] == (False, "option")
    assert found["water heater.temperature_c"] == (60.0, "option")
    assert found["water heater.disinfected"] == ("2021-03-09T13:00:00+01:00", "option")
    # Said beside a sensor that was read: what is said holds.
    found = _origins(_json(settings, _sensed(settings, House()), told, hours=3))
    assert found["water heater.temperature_c"] == (60.0, "option")


def test_what_cannot_be_used_is_told_and_the_plan_goes_on(tmp_path: Path) -> None:
    settings = _home(tmp_path, SENSED_CAR.replace("phases: 1", "phases: 1, daily_kwh: 10"), SENSED_TANK)
    words = {
        "sensor.soc_car": ("45", "%"),
        "binary_sensor.plug": ("unavailable", None),
        "number.target": ("500", "%"),
        "input_datetime.go": ("2021-03-09 08:00:00", None),
        "sensor.tank": ("-127", "°C"),
    }
    sensed = _sensed(settings, House(words, hours_ago=30))
    answer = _json(settings, sensed, hours=3)
    told = " ".join(answer["notices"])
    assert "sensor.soc_car (car.soc_sensor) says 45 %, but last said so 30 h ago: not used." in told
    assert "The charge of the car is not known: planned as if 60 %" in told
    assert "binary_sensor.plug (car.plugged_in_sensor) is unavailable in Home Assistant: not used." in told
    assert "number.target (car.target_sensor) says 500 %, which cannot be: not used." in told
    assert (
        "input_datetime.go (car.ready_by_sensor) says 2021-03-09 08:00:00, which is past: not used." in told
    )
    assert "sensor.tank (water_heater.temperature_sensor) says -127 °C, which cannot be: not used." in told
    assert "The hot water's temperature is not known: planned as if 45 °C" in told
    found = _origins(answer)
    assert found["car.soc_percent"] == (pytest.approx(60), "assumed")
    assert found["car.plugged_in"] == (None, "file")
    assert found["car.target_percent"] == (80.0, "file")
    assert found["car.ready_by"] == ("07:00", "file")
    assert found["water heater.temperature_c"] == (45.0, "assumed")


def test_a_wrong_name_ends_it_with_the_right_one(tmp_path: Path) -> None:
    settings = _home(tmp_path, CAR.replace("}", ", soc_sensor: sensor.soc_cra}"))
    with pytest.raises(
        ConfigError, match=r"car.soc_sensor: sensor.soc_cra does not exist .* sensor.soc_car\?"
    ):
        _sensed(settings, House())


def test_a_home_assistant_that_is_away_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("darkstar.evidence.home_assistant.client.FIRST_CONTACT_SECONDS", 0.0)
    settings = _home(tmp_path, BATTERY, SENSED_CAR)
    [notice] = sense(settings, Told(), NOW, is_now=True).notices
    assert "127.0.0.1:1" in notice.words["why"]
    typed = Told(car_soc=("50",), plugged_in=("car",))
    without = _home(tmp_path, BATTERY, SWITCHED.replace("}", ", soc_sensor: sensor.soc_car}"))
    assert sense(without, typed, NOW, is_now=True) == Sensed()


@pytest.mark.slow
def test_as_of_another_instant_nothing_is_asked(tmp_path: Path) -> None:
    _home(tmp_path, BATTERY, SENSED_CAR)
    history = past(10)
    with LedgerFile(tmp_path / LEDGER_NAME) as ledger:
        write(ledger, history, np.full(len(history), 40.0))
    result = _run(tmp_path, "--at", AT, "--json", "--hours", "3", "--car-soc-percent", "50")
    assert result.exit_code == 0, result.output
    answer = json.loads(result.stdout)
    assert "The devices' sensors are read for a plan from now on only, not with --at." in answer["notices"]
    assert _origins(answer)["car.soc_percent"] == (50.0, "option")


def test_a_heater_says_what_it_had_from(tmp_path: Path) -> None:
    settings = _home(tmp_path, HEATER)
    assert _origins(_json(settings, Sensed(), hours=3))["water heater.heated_kwh"] == (0.0, "assumed")
    found = _origins(_json(settings, Sensed(), Told(heated_kwh=2.0), hours=3))
    assert found["water heater.heated_kwh"] == (2.0, "option")


@pytest.mark.slow
def test_a_heat_pump_is_boosted_by_what_its_meter_and_the_rooms_say(tmp_path: Path) -> None:
    settings = _home(tmp_path, BATTERY, PUMP)
    answer = _json(settings, _sensed(settings, House()))
    found = _origins(answer)
    assert found["heat pump.daily_kwh"] == (pytest.approx(24.0), "home_assistant")
    assert found["heat pump.room_temperature_c"] == (21.5, "home_assistant")
    [pump] = answer["devices"]
    assert pump["kind"] == "heat_pump"
    # Half a degree more than wanted: 2 of the 4 kWh that one degree spares.
    assert pump["saved_kwh"][0] == pytest.approx(2.0)
    drawn = np.array(pump["energy_kwh"])
    load = np.array(answer["slots"]["load_kwh"])
    assert (drawn >= -np.minimum(load, 0.25) - 1e-9).all()
    assert pump["blocks"]
    for block in pump["blocks"]:
        assert block["why"].startswith("Boosts with ")
        assert block["spared"]["gain"] > 0
        assert block["spared"]["price"] > block["price"]
        assert block["spared"]["from"] >= block["from"]
    ways = answer["ways"]
    assert ways["plan"]["cost"] == pytest.approx(answer["cost"], abs=1e-6)
    assert ways["plan"]["cost"] < ways["at_once"]["cost"]
    series = {name: np.array(values) for name, values in answer["slots"].items()}
    used = series["load_kwh"] + drawn + series["charge_kwh"] + series["export_kwh"] + series["curtail_kwh"]
    got = series["pv_kwh"] + series["import_kwh"] + series["discharge_kwh"]
    assert used == pytest.approx(got, abs=1e-6)
    assert not any("Past use of the heat pump" in notice for notice in answer["notices"])
    assert "Heat pump Tue" in " ".join(answer["shown"].split())


@pytest.mark.parametrize("hours_known", [0, 20])
def test_a_heat_pump_without_statistics_follows_the_file(tmp_path: Path, hours_known: int) -> None:
    settings = _home(tmp_path, BATTERY, PUMP)
    sensed = _sensed(settings, House(hours_known=hours_known))
    assert sensed.kwh_by_hour == ()
    assert [notice.text for notice in sensed.notices] == [Text.HEAT_PUMP_PROFILE]
    assert sensed.on(settings.devices) == settings.devices


def test_a_wrong_meter_ends_it_with_the_right_one(tmp_path: Path) -> None:
    settings = _home(tmp_path, PUMP.replace("sensor.hp", "sensor.hpp"))
    with pytest.raises(
        ConfigError, match=r"heat_pump.energy_sensor: sensor.hpp does not exist .* sensor.hp\?"
    ):
        _sensed(settings, House())


def test_hours_that_a_meter_does_not_know_are_left_out() -> None:
    """Two days and an hour; the sum falls once, and an hour is missing."""
    starts = NOW + HOUR_SECONDS * np.delete(np.arange(49), 30)
    sums = np.arange(49, dtype=np.float64) * 2
    sums[10:] -= 100
    rows = Statistics(HOUR_SECONDS, starts.astype(np.int64), np.delete(sums, 30), np.delete(sums, 30))
    assert usual_day(rows, ZoneInfo("Europe/Stockholm")) == (2.0,) * 24
    assert usual_day(Statistics.empty(HOUR_SECONDS), ZoneInfo("Europe/Stockholm")) is None
