"""Heater, cars, appliances and several batteries in `darkstar.yaml`."""

import datetime as dt
from pathlib import Path

import pytest

from darkstar.config.settings import Settings, load_settings
from darkstar.domain.devices import Appliance, ClockWindow, ElectricCar, WaterHeater
from darkstar.domain.errors import ConfigError

HOME = "home: {timezone: Europe/Stockholm, latitude: 59, longitude: 18, currency: SEK, main_fuse_a: 16}\n"
HEATER = (
    "water_heater: {power_kw: 3, daily_kwh: 6, ready_by: 06:00, window: 22:00-06:00, least_run_minutes: 45}\n"
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
        (HEATER.replace("daily_kwh: 6", "daily_kwh: 100"), "more than 3 kW draw in a day"),
        (CAR.replace("80", "0.8"), "car.target_percent is in percent: write 80 if you mean 0.8."),
        (CAR.replace("max_current_a: 16", "max_current_a: 5"), "min_current_a must not be above"),
        (CAR.replace("phases: 3, ", ""), "car.phases is missing."),
        (CAR.replace("17:00", "07:15"), "home_from must differ from ready_by"),
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
