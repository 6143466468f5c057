"""The client against a real Home Assistant: what it reads is what is there, and each way of failing has its name."""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from darkstar.domain.slots import parse_instant
from darkstar.evidence.home_assistant import (
    AnswerError,
    AwayError,
    HomeAssistant,
    NotHomeAssistantError,
    RefusedError,
    StateChange,
)
from darkstar.evidence.home_assistant.values import HomeInfo
from darkstar.ledger.evidence import MICROSECONDS, Readings
from darkstar.store.ledger_file import LedgerFile
from tests.end_to_end.commands import write_home
from tests.end_to_end.home_assistant.configuration import ONLINE, Meter
from tests.end_to_end.home_assistant.peer import Peer
from tests.end_to_end.live_home import (
    BUSY,
    CAR,
    DAY,
    HOUR,
    IMPORT,
    NEW,
    POWER,
    SOLAR,
    STATISTIC_DAYS,
    TANK,
    WATER,
    start_live_home,
)
from tests.time_machine.cases import past
from tests.time_machine.now.test_present import write

VERSIONS = [
    pytest.param("main_python", marks=pytest.mark.xdist_group("home_assistant")),
    pytest.param("newest_python", marks=pytest.mark.xdist_group("home_assistant_newest")),
]


@pytest.fixture(scope="module", params=VERSIONS)
def home(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Peer]:
    """The live home, up."""
    peer = start_live_home(tmp_path_factory.mktemp("live"), request.getfixturevalue(request.param))
    yield peer
    peer.stop()


def source_of(home: Peer, **options: float) -> HomeAssistant:
    """A client of it."""
    return HomeAssistant(home.url, home.token, **options)


def recorded(home: Peer, meter: Meter, start_us: int, end_us: int) -> list[tuple[int, str]]:
    """What its database holds of a meter in [start, end)."""
    rows = home.query(
        "SELECT last_updated_ts, state FROM states JOIN states_meta USING (metadata_id)"
        " WHERE states_meta.entity_id=? ORDER BY last_updated_ts",
        meter.entity_id,
    )
    exact = [(round(when * MICROSECONDS), state) for when, state in rows]
    return [(when, state) for when, state in exact if start_us <= when < end_us]


def told(readings: Readings) -> list[tuple[int, str]]:
    """What was reported, without what held at the start."""
    kept = ~readings.held
    return list(zip(readings.time_us[kept].tolist(), readings.state[kept].tolist(), strict=True))


async def _exhaust(changes: AsyncGenerator[StateChange, None]) -> None:
    async for _ in changes:
        pass


async def test_it_says_who_it_is(home: Peer) -> None:
    async with source_of(home) as source:
        info = await source.info()
        assert isinstance(info, HomeInfo)
        assert (info.version, info.state, info.currency) == (home.version, "RUNNING", "SEK")
        assert info.time_zone == "Europe/Stockholm"
        assert (await source.wait_running(1.0)) == info
        await source.ping()


async def test_entities_and_their_statistics(home: Peer) -> None:
    async with source_of(home) as source:
        entities = await source.entities()
        kept = await source.statistic_ids()
    assert (entities[SOLAR.entity_id].unit, entities[SOLAR.entity_id].state_class) == (
        "Wh",
        "total_increasing",
    )
    assert (entities[WATER.entity_id].unit, entities[WATER.entity_id].state_class) == ("kWh", None)
    assert entities[POWER.entity_id].device_class == "power"
    assert abs(entities[NEW.entity_id].updated_us / MICROSECONDS - time.time()) < DAY
    assert (kept[IMPORT.entity_id], kept[SOLAR.entity_id]) == ("kWh", "Wh")
    assert not {WATER.entity_id, POWER.entity_id} & set(kept)


async def test_hours_come_in_kwh_once_each_and_in_order(home: Peer) -> None:
    now = int(time.time())
    ids = [IMPORT.entity_id, SOLAR.entity_id, WATER.entity_id, "sensor.no_such"]
    async with source_of(home) as source:
        found = await source.statistics(ids, now - 2 * STATISTIC_DAYS * DAY, now, "hour")
    assert set(found) == {IMPORT.entity_id, SOLAR.entity_id}
    imported, solar = found[IMPORT.entity_id], found[SOLAR.entity_id]
    seeded = (STATISTIC_DAYS - 2) * 24
    assert (np.diff(imported.start_utc) == HOUR).all()
    assert (imported.sum_kwh[:seeded] == np.arange(seeded) + 1.0).all()
    assert imported.state_kwh[0] == 1001.0
    assert (np.diff(solar.start_utc) > 0).all()
    assert solar.sum_kwh[0] == 1.0
    assert (np.diff(solar.start_utc[: seeded // 2]) == 2 * HOUR).sum() == seeded // 2 // 23


async def test_hours_of_a_range_are_those_that_begin_in_it(home: Peer) -> None:
    start = (int(time.time()) // HOUR - 24 * 50) * HOUR
    async with source_of(home) as source:
        found = await source.statistics([IMPORT.entity_id], start, start + 3 * HOUR, "hour")
    assert found[IMPORT.entity_id].start_utc.tolist() == [start, start + HOUR, start + 2 * HOUR]


async def test_power_is_no_energy(home: Peer) -> None:
    async with source_of(home) as source:
        with pytest.raises(AnswerError, match=r"grid_power are in W, not energy.*kWh"):
            await source.statistics([POWER.entity_id], 0, int(time.time()), "hour")


async def test_more_than_four_mebibytes_arrive_whole(home: Peer) -> None:
    end = int(time.time()) * MICROSECONDS
    start = end - 2 * DAY * MICROSECONDS
    async with source_of(home) as source:
        found = await source.history([meter.entity_id for meter in BUSY], start, end)
    for meter in BUSY:
        assert len(found[meter.entity_id]) > DAY * 0.9
        assert told(found[meter.entity_id]) == recorded(home, meter, start, end)


async def test_history_is_exact_at_its_edges(home: Peer) -> None:
    rows = recorded(home, IMPORT, 0, 2**62)
    (before, held), (at, state), (end, _) = rows[-40], rows[-39], rows[-20]
    async with source_of(home) as source:
        found = (await source.history([IMPORT.entity_id], at, end))[IMPORT.entity_id]
        assert told(found) == rows[-39:-20]
        assert not found.held.any()
        between = (await source.history([IMPORT.entity_id], before + 1, end))[IMPORT.entity_id]
        assert told(between) == rows[-39:-20]
        assert (between.held[0], between.time_us[0], between.state[0]) == (True, before + 1, held)
        silent = (await source.history([IMPORT.entity_id], before + 1, at))[IMPORT.entity_id]
        assert (silent.state.tolist(), silent.held.tolist()) == ([held], [True])
        assert await source.history(["sensor.no_such"], at, end) == {}
    assert set(found.unit) == {"kWh"}
    assert state in found.state


async def test_a_range_over_midnight_repeats_nothing(home: Peer) -> None:
    end = int(time.time()) * MICROSECONDS
    start = end - 3 * DAY * MICROSECONDS
    async with source_of(home) as source:
        found = (await source.history([SOLAR.entity_id], start, end))[SOLAR.entity_id]
    assert told(found) == recorded(home, SOLAR, start, end)
    assert set(found.unit) == {"Wh"}


async def test_changes_come_as_they_happen(home: Peer) -> None:
    async with source_of(home) as source, aclosing(source.changes([NEW.entity_id])) as changes:
        first = await anext(changes)
        assert first.snapshot
        await asyncio.to_thread(home.set, NEW, 6.125)
        moved = await asyncio.wait_for(anext(changes), 5)
        assert (moved.state, moved.unit, moved.snapshot) == ("6.125", "kWh", False)
        await asyncio.to_thread(home.set_online, False)
        assert (await asyncio.wait_for(anext(changes), 5)).state == "unavailable"
        await asyncio.to_thread(home.set_online, True)
        assert (await asyncio.wait_for(anext(changes), 5)).state == "6.125"
    home.wait_recorded()
    assert recorded(home, NEW, moved.updated_us, moved.updated_us + 1) == [(moved.updated_us, "6.125")]


async def test_a_wrong_token_is_refused_and_not_repeated(home: Peer) -> None:
    wrong = home.token[:-4] + "AAAA"
    async with HomeAssistant(home.url, wrong) as source:
        began = time.monotonic()
        with pytest.raises(RefusedError, match="refuses the access token") as caught:
            await source.entities()
    assert time.monotonic() - began < 3
    assert wrong not in str(caught.value)
    assert "long-lived access token" in caught.value.remedy


async def test_a_wrong_path_is_not_home_assistant(home: Peer) -> None:
    async with HomeAssistant(f"{home.url}/nowhere", home.token) as source:
        with pytest.raises(NotHomeAssistantError, match="404"):
            await source.info()


async def test_a_wrong_port_fails_soon(home: Peer, unused_tcp_port: int) -> None:
    async with HomeAssistant(f"http://127.0.0.1:{unused_tcp_port}", home.token) as source:
        began = time.monotonic()
        with pytest.raises(AwayError, match="not reachable"):
            await source.info()
    assert time.monotonic() - began < 10


async def test_a_restart_in_the_middle_of_a_long_fetch_loses_nothing(
    home: Peer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "darkstar")
    end = (int(time.time()) - 300) * MICROSECONDS
    start = end - 3 * DAY * MICROSECONDS
    ids = [meter.entity_id for meter in (IMPORT, SOLAR, *BUSY)]
    async with source_of(home) as source:
        await source.ping()
        fetching = asyncio.create_task(source.history(ids, start, end))
        await asyncio.sleep(0.05)
        await asyncio.to_thread(home.restart)
        found = await fetching
    assert "Asking again" in caplog.text
    for meter in (IMPORT, SOLAR, *BUSY):
        assert told(found[meter.entity_id]) == recorded(home, meter, start, end)


async def test_a_home_that_starts_is_waited_for(home: Peer) -> None:
    home.stop()
    home.come_up_with({NEW: 7.5})
    async with source_of(home) as source:
        with pytest.raises(AwayError):
            await source.ping()
        home.start(wait=False)
        assert (await source.wait_running(60.0)).state == "RUNNING"
        assert (await source.entities())[NEW.entity_id].state == "7.5"


async def test_a_home_that_is_killed_ends_the_watch(home: Peer) -> None:
    async with source_of(home) as source, aclosing(source.changes([NEW.entity_id])) as changes:
        assert isinstance(await anext(changes), StateChange)
        home.kill()
        with pytest.raises(AwayError):
            await asyncio.wait_for(_exhaust(changes), 5)
        home.start()
        await source.ping()


def test_a_plan_reads_how_the_devices_are(home: Peer, tmp_path: Path) -> None:
    """Tank, car and heat pump by their entities, and when the tank was hot; then without them, and a wrong name."""
    tank = {
        "power_kw": 3,
        "litres": 200,
        "daily_kwh": 4,
        "hours_of_use": ["18:00-22:00"],
        "least_temperature_c": 40,
        "most_temperature_c": 75,
        "loss_w": 90,
        "disinfect": {"every_days": 7, "temperature_c": 65},
        "temperature_sensor": TANK.entity_id,
    }
    car = {
        "capacity_kwh": 50,
        "target_percent": 80,
        "ready_by": "07:00",
        "phases": 1,
        "max_current_a": 16,
        "daily_kwh": 10,
        "soc_sensor": CAR.entity_id,
        "plugged_in_sensor": ONLINE,
    }
    pump = {
        "boost_kw": 2,
        "daily_kwh": 500,
        "most_warmer_c": 1,
        "heat_kwh_per_c": 10,
        "heat_per_kwh": 3,
        "time_constant_hours": 50,
        "energy_sensor": IMPORT.entity_id,
    }
    sections = {"water_heater": tank, "car": car, "heat_pump": pump}
    folder = write_home(tmp_path, home, {"load": ["sensor.load"], "pv": ["sensor.pv"]}, sections)
    history = past(10, start=int(time.time()) // DAY * DAY - 8 * DAY)
    with LedgerFile(folder.ledger) as ledger:
        write(ledger, history, np.full(len(history), np.nan))
    planned = folder.run("plan", "--json", "--hours", "12", "--seconds", "20")
    assert planned.code == 0, planned.errors
    states = {f"{each['device']}.{each['quantity']}": each for each in planned.json["states"]}
    warm, charge = states["water heater.temperature_c"], states["car.soc_percent"]
    assert (warm["from"], warm["entity"]) == ("home_assistant", TANK.entity_id)
    assert warm["value"] == pytest.approx(50.0)
    assert (charge["from"], charge["value"]) == ("home_assistant", 45.0)
    assert (states["car.plugged_in"]["from"], states["car.plugged_in"]["value"]) == ("home_assistant", True)
    hot = states["water heater.disinfected"]
    assert hot["from"] == "home_assistant"
    assert abs(parse_instant(hot["value"], ZoneInfo("UTC")) - (time.time() - 36 * HOUR)) < HOUR
    # A kWh an hour until two days ago, an eighth of it since, and 48 kWh in the hour between the two.
    drawn = states["heat pump.daily_kwh"]
    assert drawn["from"] == "home_assistant"
    assert 20 < drawn["value"] < 28
    heated = planned.json["devices"][0]
    assert heated["temperature_c"][0] == pytest.approx(50.0)

    typed = folder.run("plan", "--json", "--hours", "3", "--seconds", "20", "--car-soc-percent", "70")
    states = {f"{each['device']}.{each['quantity']}": each for each in typed.json["states"]}
    assert (states["car.soc_percent"]["from"], states["car.soc_percent"]["value"]) == ("option", 70.0)

    home.set_online(False)
    try:
        gone = folder.run("plan", "--json", "--hours", "3", "--seconds", "20")
    finally:
        home.set_online(True)
    assert gone.code == 0, gone.errors
    told = " ".join(gone.json["notices"])
    assert f"{CAR.entity_id} (car.soc_sensor) is unavailable in Home Assistant: not used." in told
    assert "The hot water's temperature is not known: planned as if 40 °C" in told

    wrong = write_home(
        tmp_path, home, {}, {"water_heater": tank | {"temperature_sensor": "sensor.tank_temperatur"}}
    )
    refused = wrong.run("plan")
    assert refused.code == 2
    assert (
        "sensor.tank_temperatur does not exist in Home Assistant (did you mean sensor.tank_temperature?)"
        in (" ".join(refused.errors.split()))
    )
