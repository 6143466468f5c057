"""What is wrong with the sensors that darkstar.yaml names, said before anything is fetched."""

from collections.abc import Mapping, Sequence

import pytest

from darkstar.bookkeeping.survey import Sensor, survey
from darkstar.domain.errors import ConfigError
from darkstar.evidence.source import Entity, Period
from darkstar.ledger.evidence import Readings, Statistics


class Known:
    """A source that only knows what sensors there are."""

    def __init__(self, units: Mapping[str, str | None], sums: Sequence[str] = (), state: str = "1.0") -> None:
        self._entities = {e: Entity(e, state, unit, None, None, 0) for e, unit in units.items()}
        self._sums = dict.fromkeys(sums, "kWh")

    async def entities(self) -> Mapping[str, Entity]:
        return self._entities

    async def statistic_ids(self) -> Mapping[str, str]:
        return self._sums

    async def statistics(
        self, ids: Sequence[str], start_utc: int, end_utc: int, period: Period
    ) -> Mapping[str, Statistics]:
        raise AssertionError("nothing is fetched")

    async def history(self, ids: Sequence[str], start_us: int, end_us: int) -> Mapping[str, Readings]:
        raise AssertionError("nothing is fetched")

    async def oldest_statistic(self, ids: Sequence[str]) -> int | None:
        raise AssertionError("nothing is fetched")


async def test_a_sound_sensor_has_no_remarks() -> None:
    source = Known({"sensor.load": "kWh", "sensor.soc": "%"}, ["sensor.load"])

    found = await survey(source, [("load", "sensor.load"), ("soc", "sensor.soc")])

    assert found == (
        Sensor("load", "sensor.load", "kWh", True, ()),
        Sensor("soc", "sensor.soc", "%", False, ()),
    )


@pytest.mark.parametrize("unit", ["Wh", "MWh"])
async def test_other_units_of_energy_are_converted_and_that_is_said(unit: str) -> None:
    (found,) = await survey(Known({"sensor.load": unit}, ["sensor.load"]), [("load", "sensor.load")])

    assert found.remarks == (f"in {unit}, converted to kWh",)


@pytest.mark.parametrize("state", ["unavailable", "unknown"])
async def test_a_sensor_that_is_away_at_present_is_told(state: str) -> None:
    (found,) = await survey(Known({"sensor.x": "kWh"}, ["sensor.x"], state), [("load", "sensor.x")])

    assert found.remarks == (f"{state} at present",)


async def test_a_sensor_without_statistics_is_known_from_history_only() -> None:
    (found,) = await survey(Known({"sensor.water": "kWh"}), [("water", "sensor.water")])

    assert not found.statistics
    assert found.remarks == ("no long-term statistics: known from history only",)


async def test_a_sensor_of_which_only_statistics_are_left_is_used() -> None:
    (found,) = await survey(Known({}, ["sensor.old"]), [("load", "sensor.old")])

    assert found == Sensor(
        "load", "sensor.old", None, True, ("no longer exists; only its statistics are left",)
    )


@pytest.mark.parametrize(
    ("channel", "entity_id", "says"),
    [
        (
            "load",
            "sensor.total_lod",
            r"load: sensor.total_lod does not exist .*did you mean sensor.total_load\?",
        ),
        ("load", "light.kitchen", r"load: light.kitchen does not exist in Home Assistant\.(?! \(did)"),
        ("pv", "sensor.pv_power", r"pv: sensor.pv_power measures power \(W\), not energy.*integral helper"),
        ("import", "sensor.gas", r"import: sensor.gas is in m³, not in Wh, kWh or MWh"),
        ("import", "sensor.bare", r"import: sensor.bare has no unit"),
        ("soc", "sensor.total_load", r"soc: sensor.total_load is in kWh; a state of charge in % is needed"),
    ],
    ids=["typo", "nothing near", "power", "gas", "no unit", "energy for soc"],
)
async def test_sensors_that_cannot_be_used_are_refused(channel: str, entity_id: str, says: str) -> None:
    source = Known(
        {"sensor.total_load": "kWh", "sensor.pv_power": "W", "sensor.gas": "m³", "sensor.bare": None},
        ["sensor.total_load"],
    )

    with pytest.raises(ConfigError, match=says) as refused:
        await survey(source, [(channel, entity_id)])

    assert refused.value.remedy == "Correct `sensors:` in darkstar.yaml."


async def test_all_wrong_sensors_are_named_at_once() -> None:
    with pytest.raises(ConfigError) as refused:
        await survey(Known({"sensor.p": "kW"}), [("load", "sensor.p"), ("pv", "sensor.nothing_of_the_kind")])

    assert "sensor.p measures power" in refused.value.problem
    assert "sensor.nothing_of_the_kind does not exist" in refused.value.problem
