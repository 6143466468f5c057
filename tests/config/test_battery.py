"""What a data sheet says of the battery, in `darkstar.yaml`."""

from pathlib import Path

import pytest

from darkstar.config.settings import Settings, load_settings
from darkstar.domain.data_sheet import Ageing, DataSheet
from darkstar.domain.errors import ConfigError

HOME = "home: {timezone: Europe/Stockholm, latitude: 59, longitude: 18, currency: SEK, main_fuse_a: 16}\n"


def _settings(folder: Path, sheet: str, more: str = "") -> Settings:
    battery = f"battery: {{capacity_kwh: 10, charge_max_kw: 5, discharge_max_kw: 4, {more} data_sheet: {{{sheet}}}}}\n"
    (folder / "darkstar.yaml").write_text(HOME + battery, encoding="utf-8")
    return load_settings(folder, {})


def test_a_battery_without_one_is_ideal(tmp_path: Path) -> None:
    (tmp_path / "darkstar.yaml").write_text(
        HOME + "battery: {capacity_kwh: 10, charge_max_kw: 5, discharge_max_kw: 4}\n", encoding="utf-8"
    )
    assert load_settings(tmp_path, {}).data_sheet is None
    assert _settings(tmp_path, "").data_sheet == DataSheet()


def test_watts_and_percents_become_kw_and_shares(tmp_path: Path) -> None:
    settings = _settings(
        tmp_path,
        "standby_w: 12, standby_battery_w: 5, least_power_w: 100, running_loss_w: 40, health_percent: 96, "
        "charge_power_by_percent: [[80, 100], [100, 20]], discharge_power_by_percent: [[5, 40], [20, 100]], "
        "ageing: {end_of_life_percent: 70, cycles: 6000}",
    )
    assert settings.data_sheet == DataSheet(
        standby_kw=0.012,
        standby_battery_kw=0.005,
        least_kw=0.1,
        running_loss_kw=0.04,
        charge_taper=((80, 1.0), (100, 0.2)),
        discharge_taper=((5, 0.4), (20, 1.0)),
        health=0.96,
        ageing=Ageing(0.7, 6000),
    )


def test_efficiencies_by_power_become_shares(tmp_path: Path) -> None:
    sheet = _settings(tmp_path, "charge_efficiency_by_kw: [[0.5, 90], [5, 95]]").data_sheet
    assert sheet is not None
    assert sheet.charge_curve == ((0.5, 0.9), (5, 0.95))


def test_ageing_by_use_and_by_time_meet_at_the_end_of_life() -> None:
    assert Ageing(0.7, cycles=6000).fade_per_cycle == pytest.approx(0.3 / 6000)
    assert Ageing(0.7, years=10).fade_per_year == pytest.approx(0.03)
    both = Ageing(0.7, cycles=6000, years=10)
    assert both.fade_per_cycle * 6000 + both.fade_per_year * 10 == pytest.approx(0.3)


def test_throughput_is_cycles_of_the_capacity(tmp_path: Path) -> None:
    sheet = _settings(tmp_path, "ageing: {end_of_life_percent: 60, throughput_kwh: 40000}").data_sheet
    assert sheet is not None
    assert sheet.ageing is not None
    assert sheet.ageing.cycles == 4000


def test_a_priced_ageing_is_the_wear_that_plans_reckon_with(tmp_path: Path) -> None:
    """A cycle of 10 kWh takes 10 x 0.3 / 6000 = 0.0005 kWh; at 4000 a kWh that is 2.00."""
    ageing = "ageing: {end_of_life_percent: 70, cycles: 6000, replacement_per_kwh: 4000}"
    battery = _settings(tmp_path, ageing).battery
    assert battery is not None
    # 10 / 0.95 kWh go in, 10 x 0.95 come out.
    assert battery.wear_per_kwh * (10 / 0.95 + 10 * 0.95) == pytest.approx(2.0)
    stated = _settings(
        tmp_path, "ageing: {end_of_life_percent: 70, cycles: 6000}", "wear_per_kwh: 0.2,"
    ).battery
    assert stated is not None
    assert stated.wear_per_kwh == 0.2


@pytest.mark.parametrize(
    ("sheet", "says"),
    [
        ("standby_w: 0.012", "write 12 if you mean 0.012 kW"),
        ("standby_w: -1", "at least 0"),
        ("health_percent: 0.9", "write 90 if you mean 0.9"),
        ("health_percent: 0", "more than 0"),
        ("running_loss_w: 4000", "not below the battery's power of 4 kW"),
        ("least_power_w: 5000", "not below the battery's power of 4 kW"),
        ("running_loss_w: 40, charge_efficiency_by_kw: [[1, 95]]", "one or the other"),
        ("charge_efficiency_by_kw: [[1, 0.95], [5, 0.9]]", "write 95, not 0.95"),
        ("charge_efficiency_by_kw: [[0, 95]]", "above 0"),
        ("charge_efficiency_by_kw: [[1, 0], [2, 90]]", "above 0"),
        ("discharge_efficiency_by_kw: [[1, 95], [5, 94]]", "powers above discharge_max_kw, 4 kW"),
        ("charge_power_by_percent: [[80, 1], [100, 0.2]]", "in percent"),
        ("charge_power_by_percent: [[80, 100], [80, 20]]", "must rise"),
        ("charge_power_by_percent: [[80, 100], [101, 20]]", "between 0 and 100"),
        ("charge_power_by_percent: [[80, 120]]", "between 0 and 100"),
        ("charge_power_by_percent: 80", "list of pairs"),
        ("charge_power_by_percent: [[80]]", "list of pairs"),
        ("charge_power_by_percent: []", "list of pairs"),
        ("charge_power_by_percent: [[80, much]]", "must be numbers"),
        ("ageing: {cycles: 6000}", "end_of_life_percent is missing"),
        ("ageing: {end_of_life_percent: 0.7, cycles: 6000}", "write 70"),
        ("ageing: {end_of_life_percent: 70}", "cycles, throughput_kwh or years"),
        ("ageing: {end_of_life_percent: 70, cycles: 6000, throughput_kwh: 60000}", "say the same"),
        ("health_percent: 65, ageing: {end_of_life_percent: 70, years: 10}", "worn out"),
        ("standby_power: 12", "did you mean standby_w"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_place(tmp_path: Path, sheet: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says) as error:
        _settings(tmp_path, sheet)
    assert "battery" in error.value.problem


def test_wear_is_said_once(tmp_path: Path) -> None:
    ageing = "ageing: {end_of_life_percent: 70, cycles: 6000, replacement_per_kwh: 4000}"
    with pytest.raises(ConfigError, match="write one of them"):
        _settings(tmp_path, ageing, "wear_per_kwh: 0.1,")


def test_the_example_of_the_guide(tmp_path: Path) -> None:
    guide = (Path(__file__).parents[2] / "docs" / "USER_GUIDE.md").read_text(encoding="utf-8")
    example = next(part for part in guide.split("```") if "data_sheet:" in part).removeprefix("yaml\n")
    (tmp_path / "darkstar.yaml").write_text(HOME + example, encoding="utf-8")
    settings = load_settings(tmp_path, {})
    assert settings.battery is not None
    assert settings.battery.wear_per_kwh == pytest.approx(0.05, abs=0.0005)
    assert settings.data_sheet is not None
    assert settings.data_sheet.ageing is not None
    assert settings.data_sheet.ageing.fade_per_year * 10 * 4000 == pytest.approx(400)
