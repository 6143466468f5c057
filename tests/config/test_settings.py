"""darkstar.yaml: what is read from it, and what is said when it is wrong."""

import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from darkstar.config.sections import SensorsSection
from darkstar.config.settings import EpisodeSettings, Settings, find_home, load_settings
from darkstar.domain.channels import Channel
from darkstar.domain.errors import ConfigError
from darkstar.domain.home import Battery, Home
from darkstar.domain.tariff import Tariff
from darkstar.domain.tariffs import Tariffs

FULL = """
home: {name: My home, timezone: Europe/Stockholm, latitude: 59.33, longitude: 18.07, currency: SEK,
       main_fuse_a: 16, phases: 3}
home_assistant: {url: "http://homeassistant.local:8123", token: !env HA_TOKEN}
sensors:
  load: sensor.total_load_consumption
  pv: sensor.total_pv_production
  import: [sensor.import_t1, sensor.import_t2]
  export: sensor.total_grid_export
  batt_charge: sensor.total_battery_charge
  batt_discharge: sensor.total_battery_discharge
  water: sensor.water_heater_consumption
  soc: sensor.battery_soc
battery: {capacity_kwh: 10, soc_min_percent: 10, soc_max_percent: 100, charge_max_kw: 5, discharge_max_kw: 4,
          charge_efficiency: 0.95, discharge_efficiency: 0.94, wear_per_kwh: 0.05}
prices: {source: vattenfall, area: SE4}
tariff: {grid_fee_per_kwh: 0.2456, energy_tax_per_kwh: 0.439, markup_per_kwh: 0, vat_percent: 25,
         export_bonus_per_kwh: 0}
episodes: {url: "mysql+pymysql://user:word@host/lake", system_id: prod}
"""
HOME = "home: {timezone: Europe/Stockholm, latitude: 59.3, longitude: 18.1, currency: SEK, main_fuse_a: 20}\n"
TOKEN = "eyJhbGciOi.very-secret"

Load = Callable[..., Settings]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    def write_and_load(text: str, **environ: str) -> Settings:
        (tmp_path / "darkstar.yaml").write_text(text, encoding="utf-8")
        return load_settings(tmp_path, environ)

    return write_and_load


def test_the_whole_file(load: Load, tmp_path: Path) -> None:
    settings = load(FULL, HA_TOKEN=TOKEN)
    assert settings.folder == tmp_path
    assert settings.home == Home("My home", "Europe/Stockholm", 59.33, 18.07, "SEK", 16, 3)
    assert settings.battery == Battery(10, 10, 100, 5, 4, 0.95, 0.94, 0.05)
    assert settings.tariffs == Tariffs(Tariff(0.2456, 0.439, 0, 25, 0), (), settings.home.tz)
    assert settings.sensors[Channel.IMPORT] == ("sensor.import_t1", "sensor.import_t2")
    assert settings.soc == ("sensor.battery_soc",)
    assert settings.absent == frozenset()
    assert settings.episodes.url is not None
    assert settings.episodes.url.reveal() == "mysql+pymysql://user:word@host/lake"
    assert (settings.episodes.system_id, settings.episodes.ca_file, settings.episodes.tls) == (
        "prod",
        None,
        None,
    )
    assert "word" not in repr(settings)
    assert settings.price_preference == ("file", "vattenfall", "elprisetjustnu")
    assert settings.home_assistant is not None
    assert settings.home_assistant.url == "http://homeassistant.local:8123"
    assert settings.home_assistant.token == TOKEN
    assert settings.sensor_list[:4] == (
        ("load", "sensor.total_load_consumption"),
        ("pv", "sensor.total_pv_production"),
        ("import", "sensor.import_t1"),
        ("import", "sensor.import_t2"),
    )
    assert settings.sensor_list[-1] == ("soc", "sensor.battery_soc")


def test_what_a_day_bears(load: Load) -> None:
    rules = load(HOME).quality
    assert (rules.unknown_hours, rules.spread_hours, rules.price_unsound_hours) == (1.0, 3.0, 0.0)
    assert rules.price_lowest_per_kwh == pytest.approx(-6.25), "the auction's limits, in crowns"
    assert rules.price_highest_per_kwh == pytest.approx(50.0)
    assert load(HOME.replace("SEK", "EUR")).quality.price_highest_per_kwh == 4.0
    assert load(HOME.replace("SEK", "ISK")).quality.price_highest_per_kwh == float("inf")

    stated = load(
        HOME + "quality: {unknown_hours: 0.5, price_highest_per_kwh: 9, price_tolerance_percent: 0.5}"
    )
    assert stated.quality.unknown_hours == 0.5
    assert stated.quality.price_highest_per_kwh == 9
    assert stated.quality.price_lowest_per_kwh == pytest.approx(-6.25)
    assert stated.quality.price_tolerance_percent == 0.5
    about_charge = load(HOME + "quality: {soc_unknown_hours: 25, soc_still_percent: 40}").quality
    assert (about_charge.soc_unknown_hours, about_charge.soc_still_percent) == (25, 40)


def test_a_small_file(load: Load) -> None:
    settings = load(HOME + "sensors: {import: sensor.grid, export: None}")
    assert settings.home.name == "Home"
    assert settings.home.phases == 3
    assert settings.battery is None
    assert settings.prices is None
    assert settings.price_preference == ("file",)
    assert settings.sensors == {Channel.IMPORT: ("sensor.grid",)}
    # No sun is said nothing of: it stays unknown, it is not zero.
    assert settings.absent == {Channel.EXPORT, Channel.BATT_CHARGE, Channel.BATT_DISCHARGE}


def test_a_battery_without_meters_is_unknown_and_not_absent(load: Load) -> None:
    settings = load(HOME + "battery: {capacity_kwh: 10, charge_max_kw: 5, discharge_max_kw: 5}")
    assert settings.absent == frozenset()


def test_a_battery_known_by_its_meter_alone_is_not_absent(load: Load) -> None:
    assert load(HOME + "sensors: {batt_charge: sensor.charge}").absent == frozenset()


def test_every_channel_and_the_state_of_charge_can_have_sensors() -> None:
    keys = {field.alias or name for name, field in SensorsSection.model_fields.items()}
    assert keys == {channel.value for channel in Channel} | {"soc"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("sensors: {improt: sensor.grid}", "sensors.improt: did you mean import?"),
        ("sensor: {import: sensor.grid}", "sensor: did you mean sensors?"),
        ("battery_capacity: 10", "battery_capacity: did you mean battery?"),
        ("sensors: {capacity_kwh: 3}", "sensors.capacity_kwh: this key belongs to battery."),
        ("sensors: {xyz: 3}", "sensors.xyz is not known; known are load, pv, import"),
        ("sensors: {load: 5}", "sensors.load: '5' is no entity id"),
        ("sensors: {load: Total load}", "sensors.load: 'Total load' is no entity id"),
        ("sensors: {load: }", "sensors.load is empty: name a sensor, or write none"),
        ("sensors: {load: sensor.a, pv: [sensor.b, sensor.a]}", "sensor.a is both load and pv"),
        ("sensors: {import: [sensor.a, sensor.a]}", "sensor.a is twice in import"),
        ("sensors: sensor.a", "sensors must be a section with keys of its own"),
        ("battery: {capacity_kwh: 10}", "battery.charge_max_kw is missing."),
        (
            "battery: {capacity_kwh: 10 kWh, charge_max_kw: 5, discharge_max_kw: 5}",
            "battery.capacity_kwh must be a number, not '10 kWh'.",
        ),
        (
            "battery: {capacity_kwh: yes, charge_max_kw: 5, discharge_max_kw: 5}",
            "battery.capacity_kwh must be a number.",
        ),
        (
            "battery: {capacity_kwh: 10, charge_max_kw: 5, discharge_max_kw: 5, charge_efficiency: 95}",
            "battery.charge_efficiency must be at most 1, not 95.",
        ),
        (
            "battery: {capacity_kwh: 10, charge_max_kw: 5, discharge_max_kw: 5, soc_min_percent: 0.1}",
            "battery.soc_min_percent is in percent: write 10 if you mean 0.1.",
        ),
        (
            "battery: {capacity_kwh: .inf, charge_max_kw: 5, discharge_max_kw: 5}",
            "battery.capacity_kwh must be a finite number",
        ),
        (
            "battery: {capacity_kwh: 10, charge_max_kw: 5, discharge_max_kw: 5, soc_min_percent: 60, "
            "soc_max_percent: 50}",
            "soc_min_percent must be below soc_max_percent",
        ),
        (
            "prices: {source: vatenfall, area: SE4}",
            "must be 'vattenfall', 'elprisetjustnu' or 'file', not 'vatenfall'",
        ),
        ("prices: {source: vattenfall, area: SE5}", "area must be SE1, SE2, SE3 or SE4 for vattenfall"),
        (
            "home_assistant: {url: homeassistant.local, token: x}",
            "home_assistant.url must be an address like http",
        ),
        ("home_assistant: {url: 'http://ha:8123'}", "home_assistant.token is missing."),
        ("quality: {unknown_hour: 1}", "quality.unknown_hour: did you mean unknown_hours?"),
        ("quality: {spread_hours: 30}", "quality.spread_hours must be at most 25, not 30."),
        (
            "quality: {price_lowest_per_kwh: 2, price_highest_per_kwh: 1}",
            "price_lowest_per_kwh must be below price_highest_per_kwh",
        ),
        ("a: 1\nb: 2", "a is not known"),
    ],
)
def test_mistakes_are_named_with_their_place(load: Load, text: str, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(HOME + text)
    assert says in caught.value.problem
    assert "darkstar.yaml" in caught.value.problem
    assert "pydantic" not in str(caught.value)


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        (
            "timezone",
            "Europe/Stokholm",
            "home.timezone: 'Europe/Stokholm' is no time zone: did you mean Europe/Stockholm?",
        ),
        ("latitude", "593.3", "home.latitude must be at most 90, not 593.3."),
        ("currency", "kr", "home.currency: 'kr' is no currency code: write three capital letters"),
        ("main_fuse_a", "0", "home.main_fuse_a must be at least 6, not 0."),
    ],
)
def test_the_home_is_checked(load: Load, key: str, value: str, says: str) -> None:
    home = {
        "timezone": "Europe/Stockholm",
        "latitude": "59.3",
        "longitude": "18.1",
        "currency": "SEK",
        "main_fuse_a": "20",
    } | {key: value}
    with pytest.raises(ConfigError, match=r"darkstar\.yaml") as caught:
        load("home: {" + ", ".join(f"{k}: {v}" for k, v in home.items()) + "}")
    assert says in caught.value.problem


def test_all_mistakes_are_told_at_once(load: Load) -> None:
    with pytest.raises(ConfigError) as caught:
        load("home: {timezone: Europe/Stockholm, longitude: 400, currency: SEK, main_fuse_a: 16}")
    assert "home.latitude is missing." in caught.value.problem
    assert "home.longitude must be at most 180, not 400." in caught.value.problem


class TestFault15CostsAreNeverSilentlyZero:
    def test_prices_need_a_tariff(self, load: Load) -> None:
        with pytest.raises(ConfigError, match="tariff is missing"):
            load(HOME + "prices: {source: vattenfall, area: SE4}")

    @pytest.mark.parametrize("left_out", ["grid_fee_per_kwh", "energy_tax_per_kwh", "vat_percent"])
    def test_fees_and_taxes_are_stated(self, load: Load, left_out: str) -> None:
        stated = {"grid_fee_per_kwh": 0.2, "energy_tax_per_kwh": 0.4, "vat_percent": 25}
        del stated[left_out]
        tariff = ", ".join(f"{key}: {value}" for key, value in stated.items())
        with pytest.raises(ConfigError, match=rf"tariff\.{left_out} is missing"):
            load(HOME + f"prices: {{source: file}}\ntariff: {{{tariff}}}")

    def test_a_stated_zero_is_taken(self, load: Load) -> None:
        zero = "tariff: {grid_fee_per_kwh: 0, energy_tax_per_kwh: 0, vat_percent: 0}"
        assert load(HOME + zero).tariffs.first == Tariff()

    def test_tax_as_a_share_is_questioned(self, load: Load) -> None:
        with pytest.raises(ConfigError, match=r"vat_percent is in percent: write 25 if you mean 0\.25"):
            load(HOME + "tariff: {grid_fee_per_kwh: 0, energy_tax_per_kwh: 0, vat_percent: 0.25}")


class TestSecrets:
    def test_neither_repr_nor_log_shows_the_token(self, load: Load, caplog: pytest.LogCaptureFixture) -> None:
        settings = load(FULL, HA_TOKEN=TOKEN)
        logging.getLogger("test").warning("%s %r %s", settings, settings, replace(settings, soc=()))
        assert TOKEN not in caplog.text
        assert "homeassistant.local" in caplog.text

    @pytest.mark.parametrize(
        "wrong",
        [
            "home_assistant: {url: 'http://ha', token: SECRET, tokn: SECRET}",
            "home_assistant: {url: 'http://user:SECRET@ha', token: SECRET}",
            "home_assistant: {url: 'http://ha', token: [SECRET]}",
            "home_assistant: {url: 'http://ha', token: SECRET, ca_file: [1]}",
            "home_assistant: {url: 'http://ha', token: 'SECRET}",
            "home_assistant: {url: 'http://ha', token: SECRET: SECRET}",
        ],
    )
    def test_no_error_shows_the_token(self, load: Load, wrong: str) -> None:
        with pytest.raises(ConfigError) as caught:
            load(HOME + wrong.replace("SECRET", TOKEN))
        assert TOKEN not in str(caught.value)
        assert caught.value.__cause__ is None
        assert caught.value.__suppress_context__

    def test_a_token_that_looks_like_a_number_is_not_shown(self, load: Load) -> None:
        with pytest.raises(ConfigError, match="token must be text") as caught:
            load(HOME + "home_assistant: {url: 'http://ha', token: 987654321}")
        assert "987654321" not in str(caught.value)

    def test_the_token_is_missed_only_when_it_is_needed(self, load: Load) -> None:
        settings = load(FULL)
        assert settings.home_assistant is not None
        with pytest.raises(ConfigError, match="HA_TOKEN is not set"):
            _ = settings.home_assistant.token

    def test_another_variable_is_missed_at_once(self, load: Load) -> None:
        with pytest.raises(ConfigError, match="PLACE is not set"):
            load(FULL.replace("59.33", "!env PLACE"))

    def test_variables_may_stand_anywhere(self, load: Load) -> None:
        assert load(FULL.replace("59.33", "!env PLACE"), PLACE="57.7").home.latitude == 57.7

    def test_secrets_beside_the_file(self, load: Load, tmp_path: Path) -> None:
        secrets = tmp_path / "secrets.yaml"
        secrets.write_text(f"HA_TOKEN: {TOKEN}\n")
        secrets.chmod(0o600)
        settings = load(FULL)
        assert settings.home_assistant is not None
        assert settings.home_assistant.token == TOKEN
        fresh = load(FULL, HA_TOKEN="of the environment").home_assistant
        assert fresh is not None
        assert fresh.token == "of the environment"

    @pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
    def test_secrets_that_others_may_read_are_refused(self, load: Load, tmp_path: Path, mode: int) -> None:
        secrets = tmp_path / "secrets.yaml"
        secrets.write_text(f"HA_TOKEN: {TOKEN}\n")
        secrets.chmod(mode)
        with pytest.raises(ConfigError) as caught:
            load(FULL)
        assert caught.value.remedy == f"Run: chmod 600 {secrets}"
        assert TOKEN not in str(caught.value)


class TestFiles:
    def test_no_file(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match=r"There is no darkstar\.yaml in") as caught:
            load_settings(tmp_path, {})
        assert "--home" in caught.value.remedy

    @pytest.mark.parametrize(
        ("text", "says"),
        [
            ("", "holds no sections"),
            ("- a\n- b", "holds no sections"),
            ("home: {a: 1\nb", "line"),
            ("home:\n  name: a\n  name: b", "line 3: 'name' stands there twice"),
            ("home:\n\tname: a", "line 2"),
            ("home: !secret a", "line 1"),
            ("home: !env", "line 1: !env needs the name of a variable"),
        ],
    )
    def test_what_is_no_settings_file(self, load: Load, text: str, says: str) -> None:
        with pytest.raises(ConfigError) as caught:
            load(text)
        assert says in caught.value.problem

    def test_another_encoding(self, load: Load, tmp_path: Path) -> None:
        (tmp_path / "darkstar.yaml").write_bytes("home: {name: Västerås}".encode("latin-1"))
        with pytest.raises(ConfigError, match="UTF-8"):
            load_settings(tmp_path, {})


def test_where_the_home_is(tmp_path: Path) -> None:
    asked, named = tmp_path / "asked", tmp_path / "named"
    environ = {"DARKSTAR_HOME": str(named)}
    (tmp_path / "darkstar.yaml").touch()
    assert find_home(asked, environ, tmp_path) == asked
    assert find_home(None, environ, tmp_path) == named
    assert find_home(None, {}, tmp_path) == tmp_path
    assert find_home(None, {}, asked).name == "darkstar"


def test_the_ledger_mends_what_is_certain_unless_the_file_says_otherwise(load: Load) -> None:
    assert load(HOME).repairs_itself
    assert not load(HOME + "repair: {automatic: false}").repairs_itself
    with pytest.raises(ConfigError, match=r"repair\.automatic"):
        load(HOME + "repair: {automatic: 0}")


def test_where_episodes_are_kept(load: Load, tmp_path: Path) -> None:
    assert load(HOME).episodes == EpisodeSettings()
    found = load(
        HOME + "episodes: {url: !env LAKE, system_id: shadow, ca_file: ca.pem, tls: false}", LAKE="u"
    ).episodes
    assert found.url is not None
    assert found.url.reveal() == "u"
    assert (found.system_id, found.ca_file, found.tls) == ("shadow", tmp_path / "ca.pem", False)
    with pytest.raises(ConfigError, match="system_id"):
        load(HOME + "episodes: {system_id: My Home}")
