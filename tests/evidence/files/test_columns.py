"""Which channel a column means."""

import pytest

from darkstar.domain.channels import Channel
from darkstar.domain.errors import DataError, UsageError
from darkstar.evidence.files.columns import EnergyColumn, energy_columns, parse_map

TOON = [
    "import_t1_kwh_cum",
    "import_t2_kwh_cum",
    "export_t1_kwh_cum",
    "export_t2_kwh_cum",
    "pv_kwh_cum",
    "gas_m3_cum",
]


def test_two_tariffs_of_a_meter_are_understood_by_name() -> None:
    got = energy_columns(TOON, {})
    assert [(c.name, c.channel, c.cumulative) for c in got.columns] == [
        ("import_t1_kwh_cum", Channel.IMPORT, True),
        ("import_t2_kwh_cum", Channel.IMPORT, True),
        ("export_t1_kwh_cum", Channel.EXPORT, True),
        ("export_t2_kwh_cum", Channel.EXPORT, True),
        ("pv_kwh_cum", Channel.PV, True),
    ]
    assert set(got.left_out) == {"gas_m3_cum"}


@pytest.mark.parametrize("channel", list(Channel))
def test_every_channel_has_its_two_names(channel: Channel) -> None:
    energies, readings = f"{channel}_kwh", f"{channel}_kwh_cum"
    assert energy_columns([energies], {}).columns == (EnergyColumn(energies, channel, False),)
    assert energy_columns([readings], {}).columns == (EnergyColumn(readings, channel, True),)


@pytest.mark.parametrize(
    "name",
    [
        "import_price_sek_kwh",
        "export_price_sek_kwh",
        "pv_forecast_kwh",
        "pv_forecast_1_kwh",
        "load_w",
        "load",
        "heat_pump_kwh",
        "Import_kwh",
        "batt_kwh",
    ],
)
def test_what_is_no_energy_of_a_channel_is_left_out(name: str) -> None:
    """Fault 3: a column taken for another one by its name, or dropped without a word."""
    got = energy_columns([name, "water_kwh"], {})
    assert [c.name for c in got.columns] == ["water_kwh"]
    assert list(got.left_out) == [name]


@pytest.mark.parametrize("name", ["load_w", "load_kW", "pv_power_w", "load_wh", "load_Wh_cum", "load_mwh"])
def test_power_and_other_units_are_told_and_never_taken_for_kwh(name: str) -> None:
    left_out = energy_columns([name, "water_kwh"], {}).left_out
    assert "kWh" in left_out[name]
    with pytest.raises(UsageError, match="kWh"):
        energy_columns([name], {name: "load_kwh"})


def test_nothing_counts_twice() -> None:
    both = energy_columns(["import_kwh", "import_kwh_cum"], {})
    assert [c.name for c in both.columns] == ["import_kwh_cum"]
    assert both.left_out == {"import_kwh": "import_kwh_cum says the same"}
    total = energy_columns(["pv_1_kwh", "pv_2_kwh", "pv_kwh"], {})
    assert [c.name for c in total.columns] == ["pv_kwh"]
    assert set(total.left_out) == {"pv_1_kwh", "pv_2_kwh"}


def test_what_a_person_says_goes_before_names() -> None:
    names = ["import_kwh", "grid day_kwh", "grid night_kwh", "total"]
    got = energy_columns(
        names, {"grid day_kwh": "import", "grid night_kwh": "import", "total": "load_kwh_cum"}
    )
    assert [(c.name, c.channel, c.cumulative) for c in got.columns] == [
        ("grid day_kwh", Channel.IMPORT, False),
        ("grid night_kwh", Channel.IMPORT, False),
        ("total", Channel.LOAD, True),
    ]
    assert got.left_out == {"import_kwh": "--map says what makes up import"}


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ({"pv_kw": "pv"}, "column 'pv_kw', which the file lacks. Did you mean pv_kwh"),
        ({"pv_kwh": "imprt"}, "no channel 'imprt'. Did you mean import"),
        ({"pv_kwh": "gas"}, "no channel 'gas'"),
        ({"load_w": "load_kwh"}, "it holds power by its name"),
        ({"total": "load"}, "--map total=load_kwh or --map total=load_kwh_cum"),
    ],
)
def test_a_wrong_map_is_an_error(said: dict[str, str], problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        energy_columns(["pv_kwh", "total", "load_w"], said)


def test_a_file_without_energy_is_an_error() -> None:
    with pytest.raises(DataError, match=r"there are gas_m3\..*--map COLUMN=CHANNEL"):
        energy_columns(["gas_m3"], {})


def test_maps_as_given_on_the_command_line() -> None:
    assert parse_map(["a=pv", "b = c=load"]) == {"a": "pv", "b = c": "load"}
    for text in ("a", "=pv", "a="):
        with pytest.raises(UsageError, match="COLUMN=CHANNEL"):
            parse_map([text])
