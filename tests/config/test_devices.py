"""Heater, cars, appliances and several batteries in `darkstar.yaml`."""

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest

from darkstar.config.settings import Settings, load_settings
from darkstar.domain.devices import (
    Appliance,
    ClockWindow,
    Disinfection,
    ElectricCar,
    HeatPump,
    HotWaterTank,
    WaterHeater,
)
from darkstar.domain.errors import ConfigError

HOME = "home: {timezone: Europe/Stockholm, latitude: 59, longitude: 18, currency: SEK, main_fuse_a: 16}\n"
HEATER = (
    "water_heater: {power_kw: 3, daily_kwh: 6, ready_by: 06:00, window: 22:00-06:00, least_run_minutes: 45}\n"
)
TANK = (
    "water_heater: {power_kw: 3, litres: 300, daily_kwh: 6, hours_of_use: [06:00-08:30, 18:00-22:00], "
    "least_temperature_c: 45, most_temperature_c: 75, loss_w: 90, disinfect: {every_days: 7, temperature_c: 65}}\n"
)
CAR = "car: {capacity_kwh: 60, target_percent: 80, ready_by: 07:15, home_from: 17:00, phases: 3, max_current_a: 16}\n"
TWO = (
    "batteries:\n"
    "  - {name: cellar, capacity_kwh: 10, charge_max_kw: 5, discharge_max_kw: 5, wear_per_kwh: 0.1}\n"
    "  - {name: garage, capacity_kwh: 30, soc_min_percent: 20, charge_max_kw: 10, discharge_max_kw: 5, "
    "charge_efficiency: 0.8}\n"
)


def _settings(folder: Path, yaml: str) -> Settings:
    (folder / "darkstar.yaml").write_text(HOME + yaml, encoding="utf-8")
    return load_settings(folder, {})


def _problem(folder: Path, yaml: str) -> str:
    with pytest.raises(ConfigError) as error:
        _settings(folder, yaml)
    return error.value.problem


def test_a_home_without_any(tmp_path: Path) -> None:
    assert not _settings(tmp_path, "").devices


def test_a_heater_a_car_and_an_appliance(tmp_path: Path) -> None:
    washer = "appliances: [{name: washer, power_kw: 1.2, minutes: 90, ready_by: '6:30', every_day: true}]\n"
    devices = _settings(tmp_path, HEATER + CAR + washer).devices
    night = ClockWindow(dt.time(22), dt.time(6))
    assert devices.water_heater == WaterHeater(3, 6, dt.time(6), night, 45)
    assert devices.cars == (ElectricCar("car", 60, 80, dt.time(7, 15), 3, 16, home_from=dt.time(17)),)
    assert devices.appliances == (Appliance("washer", 1.2, 90, dt.time(6, 30), every_day=True),)
    car = devices.cars[0]
    assert (car.max_kw, car.min_kw, car.target_kwh) == pytest.approx((11.04, 4.14, 48))
    assert not car.is_switched


def test_a_tank(tmp_path: Path) -> None:
    use = (ClockWindow(dt.time(6), dt.time(8, 30)), ClockWindow(dt.time(18), dt.time(22)))
    tank = HotWaterTank(3, 300, 6, use, 45, 75, 90, disinfection=Disinfection(7, 65))
    assert _settings(tmp_path, TANK).devices.water_heater == tank
    assert tank.loss_kw_per_k == pytest.approx(0.002)
    assert [window.minutes for window in (*use, ClockWindow(dt.time(22), dt.time(6)))] == [150, 240, 480]
    pump = TANK.replace("[06:00-08:30, 18:00-22:00]", "18:00-22:00").replace(
        "loss_w", "heat_per_kwh: 3, surroundings_c: 15, window: 22:00-06:00, loss_w"
    )
    told = _settings(tmp_path, pump).devices.water_heater
    night = ClockWindow(dt.time(22), dt.time(6))
    assert told == replace(tank, hours_of_use=use[1:], heat_per_kwh=3, surroundings_c=15, window=night)


def test_times_as_yaml_reads_them(tmp_path: Path) -> None:
    """YAML 1.1 takes 17:30 for 1050, to the base of sixty; 08:00 it leaves alone."""
    for written, meant in (("17:30", dt.time(17, 30)), ("08:00", dt.time(8)), ("'0:15'", dt.time(0, 15))):
        heater = HEATER.replace("06:00, window", f"{written}, window")
        told = _settings(tmp_path, heater).devices.water_heater
        assert told is not None
        assert told.ready_by == meant


def test_a_window_beyond_midnight() -> None:
    night, day = ClockWindow(dt.time(22), dt.time(6)), ClockWindow(dt.time(6), dt.time(22))
    for hour in range(24):
        assert night.holds(dt.time(hour)) is (hour >= 22 or hour < 6)
        assert day.holds(dt.time(hour)) is not night.holds(dt.time(hour))


def test_several_batteries_are_one_to_who_knows_one(tmp_path: Path) -> None:
    settings = _settings(tmp_path, TWO)
    both = settings.battery
    assert both is not None
    assert [named.name for named in settings.devices.batteries] == ["cellar", "garage"]
    assert (both.capacity_kwh, both.charge_max_kw, both.discharge_max_kw) == (40, 15, 10)
    assert both.soc_min_kwh == pytest.approx(6)
    assert both.charge_efficiency == pytest.approx((5 * 0.95 + 10 * 0.8) / 15)
    assert both.wear_per_kwh == pytest.approx(0.025)
    assert not settings.absent


@pytest.mark.parametrize(
    ("yaml", "told"),
    [
        (HEATER.replace("power_kw", "power"), "water_heater.power: did you mean power_kw?"),
        (HEATER.replace("daily_kwh: 6, ", ""), "water_heater.daily_kwh is missing."),
        (HEATER.replace("ready_by: 06:00", "ready_by: 25:00"), "water_heater.ready_by must be a time of day"),
        (HEATER.replace("22:00-06:00", "22-6"), "water_heater.window must be two times of day"),
        (HEATER.replace("22:00-06:00", "06:00-06:00"), "water_heater.window must be two times of day"),
        (HEATER.replace("daily_kwh: 6", "daily_kwh: 100"), "more than 3 kW come to in a day"),
        (
            HEATER.replace("ready_by: 06:00, ", ""),
            "water_heater: ready_by is missing: by when the day's energy is due",
        ),
        (HEATER.replace("window", "loss_w: 60, window"), "water_heater: loss_w without litres"),
        (TANK.replace("loss_w: 90, ", ""), "water_heater: with litres it also needs loss_w."),
        (TANK.replace("litres", "liters"), "water_heater.liters: did you mean litres?"),
        (
            TANK.replace("every_days", "each_days"),
            "water_heater.disinfect.each_days: did you mean every_days?",
        ),
        (
            TANK.replace("litres", "ready_by: 06:00, litres"),
            "ready_by and litres: a tank is planned by its",
        ),
        (TANK.replace("c: 45", "c: 80"), "least_temperature_c must be below most_temperature_c"),
        (TANK.replace("c: 65", "c: 80"), "disinfect.temperature_c must not be above most_temperature_c"),
        (TANK.replace("c: 65", "c: 650"), "water_heater.disinfect.temperature_c must be at most 100"),
        (TANK.replace("22:00]", "18:00]"), "water_heater.hours_of_use.1 must be two times of day"),
        (TANK.replace("[06:00-08:30, 18:00-22:00]", "[]"), "hours_of_use"),
        (CAR.replace("80", "0.8"), "car.target_percent is in percent: write 80 if you mean 0.8."),
        (CAR.replace("max_current_a: 16", "max_current_a: 5"), "min_current_a must not be above"),
        (CAR.replace("phases: 3, ", ""), "car.phases is missing."),
        (CAR.replace("17:00", "07:15"), "home_from must differ from ready_by"),
        (
            'appliances: [{name: mill, power_kw: 1, minutes: 30, ready_by: "17:00", window: "18:00-18:15"}]\n',
            "mill runs for 30 minutes, longer than its window",
        ),
        (CAR + CAR.replace("car: {", "cars: [{").replace("}", "}]"), "car and cars are both there"),
        (
            CAR.replace("car: {", "cars: [{").replace("phases", "fases").replace("}", "}]"),
            "did you mean phases?",
        ),
        (TWO.replace("garage", "sun"), "batteries: sun is a name that plans use themselves"),
        (TWO.replace("garage", "cellar"), "batteries: cellar stands there twice"),
        (
            "battery: {capacity_kwh: 1, charge_max_kw: 1, discharge_max_kw: 1}\n" + TWO,
            "write all into batteries",
        ),
        (
            "appliances: [{name: car, power_kw: 1, minutes: 60, ready_by: 6:00}]\n" + CAR,
            "car stands there twice",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_place(tmp_path: Path, yaml: str, told: str) -> None:
    assert told in _problem(tmp_path, yaml)


def test_phases(tmp_path: Path) -> None:
    sections = HEATER.replace("window", "phase: 2, window") + CAR.replace("phases: 3", "phases: 1, phase: 3")
    yaml = HOME.replace("16}", "16, load_shares: [0.5, 0.3, 0.2], pv_phase: 1, battery_phase: 2}") + sections
    (tmp_path / "darkstar.yaml").write_text(yaml, encoding="utf-8")
    settings = load_settings(tmp_path, {})
    home, devices = settings.home, settings.devices
    assert (home.load_shares, home.pv_phase, home.battery_phase) == ((0.5, 0.3, 0.2), 1, 2)
    assert devices.water_heater is not None
    assert (devices.water_heater.phase, devices.cars[0].phase) == (2, 3)


@pytest.mark.parametrize(
    ("home", "sections", "told"),
    [
        ("16, load_shares: [0.5, 0.5]}", "", "home: load_shares must be 3, one for each of the phases"),
        ("16, load_shares: [50, 30, 20]}", "", "home: load_shares must add up to 1, not 100"),
        ("16, load_share: [0.5, 0.3, 0.2]}", "", "home.load_share: did you mean load_shares?"),
        ("16, pv_phase: 4}", "", "home.pv_phase must be at most 3, not 4"),
        ("16, phases: 1, battery_phase: 2}", "", "home.battery_phase is 2, and the home has 1 (home.phases)"),
        ("16, phases: 1}", CAR, "phases of car is 3, and the home has 1"),
        (
            "16, phases: 2}",
            HEATER.replace("window", "phase: 3, window"),
            "water_heater.phase is 3, and the home has 2",
        ),
        ("16}", CAR.replace("phases: 3", "phases: 3, phase: 1"), "phase is for a car that charges on one"),
        ("16}", CAR.replace("phases: 3", "phases: 1, fase: 1"), "car.fase: did you mean phase"),
    ],
)
def test_phases_that_are_not_there(tmp_path: Path, home: str, sections: str, told: str) -> None:
    (tmp_path / "darkstar.yaml").write_text(HOME.replace("16}", home) + sections, encoding="utf-8")
    with pytest.raises(ConfigError) as error:
        load_settings(tmp_path, {})
    assert told in error.value.problem


ASKED = "home_assistant: {url: 'http://ha.local:8123', token: t}\n"


def test_sensors_of_devices_are_kept_beside_them(tmp_path: Path) -> None:
    tank = TANK.replace("}}", "}, temperature_sensor: sensor.tank}")
    car = CAR.replace(
        "}", ", soc_sensor: sensor.soc, plugged_in_sensor: binary_sensor.plug, ready_by_sensor: time.go}"
    )
    settings = _settings(tmp_path, ASKED + tank + car)
    assert [(each.place, each.device, each.entity_id) for each in settings.state_sensors] == [
        ("water_heater.temperature_sensor", "water heater", "sensor.tank"),
        ("car.soc_sensor", "car", "sensor.soc"),
        ("car.plugged_in_sensor", "car", "binary_sensor.plug"),
        ("car.ready_by_sensor", "car", "time.go"),
    ]
    assert settings.devices == _settings(tmp_path, TANK + CAR).devices
    cars = f"cars: [{CAR[5:-2]}, name: red, target_sensor: number.red}}]\n"
    assert _settings(tmp_path, ASKED + cars).state_sensors[0].place == "cars.0.target_sensor"


@pytest.mark.parametrize(
    ("yaml", "problem"),
    [
        (
            HEATER.replace("}", ", temperature_sensor: sensor.tank}"),
            "water_heater: temperature_sensor without litres",
        ),
        (
            CAR.replace("}", ", soc_sensor: sensor.soc}"),
            "car.soc_sensor is there, and home_assistant is missing",
        ),
        (
            ASKED + CAR.replace("}", ", soc_sensor: binary_sensor.soc}"),
            "car.soc_sensor: 'binary_sensor.soc' is on or off",
        ),
        (
            ASKED + CAR.replace("}", ", soc_sensor: soc}"),
            "car.soc_sensor: 'soc' is no entity id of Home Assistant",
        ),
        (
            ASKED + CAR.replace("}", ", soc_sensor: sensor.a, plugged_in_sensor: sensor.a}"),
            "sensor.a is both car.soc_sensor and car.plugged_in_sensor",
        ),
        (
            ASKED + "sensors: {soc: sensor.a}\n" + CAR.replace("}", ", soc_sensor: sensor.a}"),
            "sensor.a is both sensors.soc and car.soc_sensor",
        ),
        (ASKED + CAR.replace("}", ", soc_senor: sensor.a}"), "car.soc_senor: did you mean soc_sensor?"),
    ],
)
def test_sensors_that_cannot_be_asked_are_refused(tmp_path: Path, yaml: str, problem: str) -> None:
    assert problem in _problem(tmp_path, yaml)


PUMP = (
    "heat_pump: {boost_kw: 2, daily_kwh: 24, most_warmer_c: 1, heat_kwh_per_c: 12, heat_per_kwh: 3, "
    "time_constant_hours: 50}\n"
)


def test_a_heat_pump(tmp_path: Path) -> None:
    settings = _settings(tmp_path, PUMP)
    pump = settings.devices.heat_pump
    assert pump == HeatPump(2, (1.0,) * 24, 1, 12, 3, 50)
    assert pump is not None
    assert pump.store_kwh == pytest.approx(4)
    assert settings.devices.draw
    by_hour = ", ".join(str(hour) for hour in range(24))
    more = f"kwh_by_hour: [{by_hour}], window: 22:00-14:00, least_run_minutes: 30, phase: 2, energy_sensor: sensor.hp"
    rooms = "room_sensor: sensor.living, room_temperature_c: 21"
    settings = _settings(tmp_path, ASKED + PUMP.replace("daily_kwh: 24", f"{more}, {rooms}"))
    assert settings.devices.heat_pump == replace(
        pump,
        kwh_by_hour=tuple(float(hour) for hour in range(24)),
        window=ClockWindow(dt.time(22), dt.time(14)),
        least_run_minutes=30,
        room_temperature_c=21,
        phase=2,
    )
    assert [(each.place, each.entity_id) for each in settings.state_sensors] == [
        ("heat_pump.energy_sensor", "sensor.hp"),
        ("heat_pump.room_sensor", "sensor.living"),
    ]


@pytest.mark.parametrize(
    ("was", "now", "problem"),
    [
        ("daily_kwh: 24, ", "", "heat_pump: kwh_by_hour is missing"),
        ("daily_kwh: 24", "daily_kwh: 24, kwh_by_hour: [1]", "heat_pump: daily_kwh and kwh_by_hour both say"),
        ("daily_kwh: 24", "kwh_by_hour: [1, 2]", "heat_pump: kwh_by_hour must be 24 numbers"),
        ("most_warmer_c: 1", "most_warmer_c: 20", "heat_pump.most_warmer_c must be at most 5"),
        (
            "boost_kw: 2",
            "boost_kw: 2, room_temperature_c: 21",
            "heat_pump: room_temperature_c without room_sensor",
        ),
        (
            "boost_kw: 2",
            "boost_kw: 2, room_sensor: sensor.a",
            "heat_pump: room_sensor without room_temperature_c",
        ),
        (
            "boost_kw: 2",
            "boost_kw: 2, least_run_minutes: 90, window: 02:00-03:00",
            "heat_pump: least_run_minutes is 90, longer than its window",
        ),
        (
            "boost_kw: 2",
            "boost_kw: 2, least_run_minutes: 240",
            "heat_pump: least_run_minutes of 240 at boost_kw stores more than most_warmer_c allows (4 kWh)",
        ),
        (
            "boost_kw: 2",
            "boost_kw: 2, energy_sensor: sensor.a",
            "heat_pump.energy_sensor is there, and home_assistant",
        ),
        ("boost_kw: 2", "boost_kw: 2, most_warm: 1", "heat_pump.most_warm: did you mean most_warmer_c?"),
    ],
)
def test_a_heat_pump_that_contradicts_itself_is_refused(
    tmp_path: Path, was: str, now: str, problem: str
) -> None:
    assert problem in _problem(tmp_path, PUMP.replace(was, now))


def test_a_device_on_a_phase_that_the_home_lacks_is_refused(tmp_path: Path) -> None:
    one = HOME.replace("main_fuse_a: 16", "main_fuse_a: 16, phases: 1")
    (tmp_path / "darkstar.yaml").write_text(
        one + PUMP.replace("boost_kw: 2", "boost_kw: 2, phase: 2"), encoding="utf-8"
    )
    with pytest.raises(ConfigError, match=r"heat_pump\.phase is 2, and the home has 1"):
        load_settings(tmp_path, {})


@pytest.mark.parametrize(
    ("yaml", "problem"),
    [
        (
            HEATER.replace("22:00-06:00", "05:00-06:00"),
            "water_heater: daily_kwh is more than 3 kW come to in its window",
        ),
        (
            HEATER.replace("least_run_minutes: 45", "least_run_minutes: 600"),
            "water_heater: least_run_minutes is 600, longer than its window",
        ),
        (
            TANK.replace("loss_w: 90", "loss_w: 90, surroundings_c: 80"),
            "water_heater: surroundings_c must be below",
        ),
    ],
)
def test_a_heater_that_contradicts_itself_is_refused(tmp_path: Path, yaml: str, problem: str) -> None:
    assert problem in _problem(tmp_path, yaml)
