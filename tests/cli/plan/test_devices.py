"""`darkstar plan` for a home with heater, car, appliance, several batteries: what it does, and what it assumes."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from darkstar.config.settings import LEDGER_NAME
from darkstar.domain.errors import UsageError
from darkstar.domain.slots import DAY_SECONDS, HOUR_SECONDS
from darkstar.store.ledger_file import LedgerFile
from tests.cli.plan.test_home import AT, BATTERY, HOME, SENSORS, _run
from tests.time_machine.cases import START, past
from tests.time_machine.now.test_present import write

HEATER = (
    "water_heater: {power_kw: 2, daily_kwh: 4, ready_by: 06:00, window: 22:00-06:00, least_run_minutes: 30}\n"
)
TANK = (
    "water_heater: {power_kw: 3, litres: 200, daily_kwh: 4, hours_of_use: 18:00-22:00, least_temperature_c: 45, "
    "most_temperature_c: 75, loss_w: 90, disinfect: {every_days: 7, temperature_c: 65}}\n"
)
RULE = ", disinfect: {every_days: 7, temperature_c: 65}"
CAR = (
    "car: {capacity_kwh: 50, target_percent: 80, ready_by: 07:00, home_from: 17:00, phases: 1, "
    "min_current_a: 6, max_current_a: 16}\n"
)
SWITCHED = CAR.replace("min_current_a: 6", "min_current_a: 16")
WASHER = "appliances: [{name: washer, power_kw: 1, minutes: 60, ready_by: 20:00}]\n"
TWO = (
    "batteries:\n"
    "  - {name: cellar, capacity_kwh: 3, charge_max_kw: 2, discharge_max_kw: 2}\n"
    "  - {name: garage, capacity_kwh: 2, charge_max_kw: 1, discharge_max_kw: 1}\n"
)


def _home(folder: Path, *sections: str, water: bool = True) -> Path:
    """Ten days, 25 A a phase; the heater drew half a kWh in each slot of an hour from 2 in the morning UTC."""
    wide = HOME.replace("main_fuse_a: 16", "main_fuse_a: 25")
    (folder / "darkstar.yaml").write_text(wide + SENSORS + "".join(sections), encoding="utf-8")
    history = past(10)
    hour = (history.slots - START) % DAY_SECONDS // HOUR_SECONDS
    drawn = np.where(hour == 3, 0.5, 0.0) if water else None
    with LedgerFile(folder / LEDGER_NAME) as ledger:
        write(ledger, history, np.full(len(history), 40.0), water=drawn)
    return folder


def _json(home: Path, *options: str) -> Any:
    result = _run(home, "--at", AT, "--json", *options)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_heater_and_car_are_planned_with_the_battery(tmp_path: Path) -> None:
    """Heater and car of one power: the exact recursion."""
    answer = _json(_home(tmp_path, BATTERY, HEATER, SWITCHED), "--car-soc-percent", "60")
    assert (answer["engine"], answer["gap"], answer["finished"]) == ("recursion", 0.0, True)
    heater, car = answer["devices"]
    assert (heater["kind"], car["kind"]) == ("water_heater", "car")
    # 4 kWh by 06:00 on both days; 10 kWh into the car take 13 slots of 0.92 kWh at 90 %.
    assert heater["kwh"] == pytest.approx(8.0)
    assert car["kwh"] == pytest.approx(13 * 0.92)
    assert not heater["missing"]
    assert sum(block["kwh"] for block in heater["blocks"]) == pytest.approx(8.0)
    for block in heater["blocks"]:
        assert block["from"][11:16] >= "22:00" or block["to"][11:16] <= "06:00"
        assert block["due"][11:16] == "06:00"
        assert block["why"].startswith("Heats ")
    assert "80 % by Wed 07:00" in car["blocks"][0]["why"]
    slots = answer["slots"]
    series = {name: np.array(slots[name]) for name in slots}
    drawn = np.array(heater["energy_kwh"]) + np.array(car["energy_kwh"])
    used = series["load_kwh"] + drawn + series["charge_kwh"] + series["export_kwh"] + series["curtail_kwh"]
    got = series["pv_kwh"] + series["import_kwh"] + series["discharge_kwh"]
    assert used == pytest.approx(got, abs=1e-6)
    ways = answer["ways"]
    assert list(ways) == ["at_once", "none", "rule", "plan"]
    assert ways["plan"]["cost"] == pytest.approx(answer["cost"], abs=1e-6)
    assert ways["plan"]["cost"] <= min(way["cost"] for way in ways.values()) + 1e-6
    assert answer["saved"] == pytest.approx(ways["at_once"]["cost"] - ways["plan"]["cost"])
    assert answer["gain"] == pytest.approx(ways["none"]["cost"] - ways["plan"]["cost"])
    assert sum(block["gain"] for block in answer["blocks"]) == pytest.approx(answer["gain"])
    modes = answer["batteries"][0]["modes"]
    assert len(modes) == 96
    assert modes[0]["from"] == answer["from"]
    assert {mode["mode"] for mode in modes} <= {"charge", "discharge", "hold", "self_consumption"}


def test_a_car_whose_power_can_be_chosen_takes_the_full_engine(tmp_path: Path) -> None:
    answer = _json(_home(tmp_path, BATTERY, HEATER, CAR), "--car-soc-percent", "60", "--hours", "24")
    assert answer["engine"] == "full"
    assert answer["gap"] <= 0.005
    car = answer["devices"][1]
    assert car["kwh"] == pytest.approx(10 / 0.9)
    assert car["stored_kwh"][68] == pytest.approx(40.0)


@pytest.mark.slow
def test_a_tank_is_planned_by_its_temperature(tmp_path: Path) -> None:
    home = _home(tmp_path, BATTERY, TANK)
    answer = _json(home, "--tank-temperature", "50", "--disinfected", "2021-03-04", "--hours", "36")
    assert not any("hot water" in notice for notice in answer["notices"])
    assert answer["engine"] == "full"
    [tank] = answer["devices"]
    assert tank["kind"] == "tank"
    assert not tank["missing"]
    course = np.array(tank["temperature_c"])
    assert course[0] == 50
    assert course.min() >= 45 - 1e-6
    # Due on 11 March at 00:00, 34 hours after 14:00 on the 9th.
    assert course[: 34 * 4 + 1].max() >= 65 - 1e-6
    due = [block["due"] for block in tank["blocks"] if block["due"]]
    assert due == ["2021-03-11T00:00:00+01:00"]
    first = tank["blocks"][0]
    assert first["temperature_c"][0] <= first["temperature_c"][1]
    ways = answer["ways"]
    assert ways["plan"]["cost"] == pytest.approx(answer["cost"], abs=1e-6)
    # The heater's meter is taken out of the load: at 2 o'clock UTC it is as low as around it.
    load = np.array(answer["slots"]["load_kwh"])
    assert load[52:56] == pytest.approx(load[48:52], abs=0.3)
    told = " ".join(_json(home, "--hours", "24")["notices"])
    assert "The hot water's temperature is not known: planned as if 45 °C" in told
    assert "When the hot water last had 65 °C against legionella is not known" in told


@pytest.mark.slow
def test_a_phase_that_holds_the_plan_back_is_told(tmp_path: Path) -> None:
    """A fuse of 10 A carries 2.3 kW: neither the car's 3.68 kW nor more than that of the battery on phase 1."""
    car = CAR.replace("phases: 1", "phases: 1, phase: 1")
    home = _home(tmp_path, BATTERY, car)
    config = home / "darkstar.yaml"
    yaml = config.read_text(encoding="utf-8")
    answer = _json(home, "--car-soc-percent", "60", "--hours", "24")
    assert answer["phases"]["max_kw"] == pytest.approx(5.75)
    config.write_text(yaml.replace("main_fuse_a: 25", "main_fuse_a: 10, battery_phase: 1"), encoding="utf-8")
    answer = _json(home, "--car-soc-percent", "60", "--hours", "24")
    net = np.array(answer["phases"]["net_kwh"])
    assert net.shape == (3, 96)
    assert net.max() == pytest.approx(2.3 / 4)
    told = " ".join(answer["notices"])
    assert "Phase 1 holds this plan back: planned by the sum of the phases it would carry up to" in told
    assert "its fuse has 10 A." in told
    assert "Keeping the phases' fuses costs" in told
    assert answer["one_more"] == {}
    assert any("held by the fuse of phase 1" in block["why"] for block in answer["devices"][0]["blocks"])
    modes = answer["batteries"][0]["modes"]
    # At night there is no sun that a battery on phase 1 could take besides.
    assert all(mode["charge_kw"] <= 2.3 for mode in modes[36:60])
    config.write_text(yaml.replace("phases: 1, phase: 1", "phases: 3"), encoding="utf-8")
    assert _json(home, "--car-soc-percent", "60", "--hours", "24")["phases"] is None


@pytest.mark.slow
def test_what_is_not_known_is_assumed_aloud_or_left_out(tmp_path: Path) -> None:
    home = _home(tmp_path, BATTERY, HEATER, CAR, water=False)
    answer = _json(home)
    told = " ".join(answer["notices"])
    assert "What the water heater has drawn since 06:00 is not known: planned as if nothing." in told
    assert "The charge of the car is not known, so it is not in the plan: let it charge" in told
    assert "Past use of the water heater is in the forecast of the load as well" in told
    assert [device["kind"] for device in answer["devices"]] == ["water_heater"]
    told = " ".join(_json(home, "--heated-kwh", "1", "--car-soc-percent", "60")["notices"])
    assert "--heated-kwh" not in told
    assert "--car-soc-percent" not in told


def test_what_had_to_give_is_named(tmp_path: Path) -> None:
    """From empty to 40 kWh by 07:00 at 3.68 kW from 17:00 on: 46.4 go in... but not where it comes home at 23:00."""
    late = SWITCHED.replace("17:00", "23:00")
    result = _run(_home(tmp_path, BATTERY, late), "--at", AT, "--car-soc-percent", "0")
    assert result.exit_code == 0
    text = " ".join(result.stdout.split())
    assert "The car gets 15.6 kWh less than it should have by Wed 07:00." in text


def test_without_the_batterys_charge_the_devices_are_planned_and_the_battery_is_left_to_itself(
    tmp_path: Path,
) -> None:
    home = _home(tmp_path, BATTERY, HEATER)
    with LedgerFile(home / LEDGER_NAME) as ledger:
        history = past(10)
        write(ledger, history, np.full(len(history), np.nan), water=np.zeros(len(history)))
    result = _run(home, "--at", AT)
    assert result.exit_code == 1
    text = " ".join(result.stdout.split())
    assert "Safe mode: self-consumption" in text
    assert "The devices are planned without the battery." in text
    assert "Heats 4.0 kWh" in text


def test_a_home_without_a_battery(tmp_path: Path) -> None:
    home = _home(tmp_path, HEATER)
    answer = _json(home)
    assert (answer["blocks"], answer["batteries"], answer["soc_percent"]) == ([], [], None)
    assert list(answer["ways"]) == ["at_once", "plan"]
    assert not any(answer["slots"]["charge_kwh"])
    blind = _run(home)
    assert blind.exit_code == 1
    assert "let them run by their own controls" in " ".join(blind.stdout.split())


@pytest.mark.slow
def test_several_batteries(tmp_path: Path) -> None:
    home = _home(tmp_path, TWO)
    answer = _json(home, "--hours", "24")
    assert [battery["name"] for battery in answer["batteries"]] == ["cellar", "garage"]
    assert [battery["soc_percent"] for battery in answer["batteries"]] == pytest.approx([40, 40])
    assert "each is taken to hold 40 %" in " ".join(answer["notices"])
    assert {block["battery"] for block in answer["blocks"]} == {"cellar", "garage"}
    assert answer["ways"]["plan"]["cost"] == pytest.approx(answer["cost"], abs=1e-6)
    assert answer["ways"]["rule"]["cost"] < answer["ways"]["none"]["cost"]
    both = np.sum([battery["charge_kwh"] for battery in answer["batteries"]], axis=0)
    assert answer["slots"]["charge_kwh"] == pytest.approx(both.tolist())
    told = _json(
        home, "--hours", "24", "--battery-soc-percent", "cellar=10", "--battery-soc-percent", "garage=90"
    )
    assert [battery["soc_percent"] for battery in told["batteries"]] == pytest.approx([10, 90])
    shown = _run(home, "--at", AT, "--hours", "24").stdout
    assert "Battery cellar: 40 %" in shown
    assert "Battery garage: 40 %" in shown


@pytest.mark.slow
def test_an_appliance_runs_when_it_is_asked_for(tmp_path: Path) -> None:
    home = _home(tmp_path, BATTERY, WASHER)
    assert _json(home)["devices"] == []
    [washer] = _json(home, "--run", "washer")["devices"]
    assert washer["kwh"] == pytest.approx(1.0)
    [block] = washer["blocks"]
    assert block["to"] <= "2021-03-09T20:00:00+01:00"


def test_a_programme_that_fits_nowhere_is_not_left_out_silently(tmp_path: Path) -> None:
    home = _home(tmp_path, BATTERY, WASHER)
    answer = _json(home, "--run", "washer", "--hours", "2")
    assert answer["devices"] == []
    [told] = answer["notices"]
    assert told.startswith("The washer is to run")
    assert _json(home)["notices"] == []


def test_a_power_fee_that_stays_is_told_without_a_figure(tmp_path: Path) -> None:
    """A fee below 50 kW is the same whatever is drawn."""
    fee = (
        "tariff: {grid_fee_per_kwh: 0, energy_tax_per_kwh: 0, vat_percent: 0, "
        "power: {tiers: [{up_to_kw: 50, fee: 100}], peaks: 1, period: hour}}\n"
    )
    answer = _json(_home(tmp_path, BATTERY, fee), "--hours", "4")
    assert answer["power_cost"] == pytest.approx(0.0)
    [told] = answer["notices"]
    assert told == "This plan does not raise the month's power fee over what the month comes to anyway."


@pytest.mark.parametrize(
    ("option", "value", "told"),
    [
        ("--car-soc-percent", "45", "names no car"),
        ("--away", "car", "names no car"),
        ("--run", "washer", "names no appliance"),
        ("--battery-soc-percent", "40", "--soc-percent"),
    ],
)
def test_what_the_home_has_none_of_is_said(tmp_path: Path, option: str, value: str, told: str) -> None:
    result = _run(_home(tmp_path, BATTERY), "--at", AT, option, value)
    assert told in str(result.exception)


@pytest.mark.slow
def test_a_power_tariff_is_told_and_paid(tmp_path: Path) -> None:
    fee = (
        "tariff: {grid_fee_per_kwh: 0, energy_tax_per_kwh: 0, vat_percent: 0, "
        "power: {per_kw: 50, peaks: 1, period: hour, different_days: true}}\n"
    )
    home = _home(tmp_path, BATTERY, HEATER, fee)
    answer = _json(home, "--hours", "24")
    assert answer["engine"] == "full"
    assert answer["power_cost"] > 0
    assert "the month's power fee" in " ".join(answer["notices"])
    assert answer["batteries"][0]["modes"][0]["import_kw"] > 0


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--car-soc-percent", "bus=40"), "there is no 'bus'"),
        (("--car-soc-percent", "half"), "'half' is no percentage"),
        (("--away", "cat"), "there is no 'cat'"),
        (("--run", "washer"), "names no appliance"),
        (("--plugged-in", "car", "--away", "car"), "plugged in and away"),
        (("--heated-kwh", "2"), "darkstar.yaml names none"),
        (("--battery-soc-percent", "cellar=3"), "does not name several batteries"),
    ],
)
def test_what_does_not_fit_the_home_is_refused(tmp_path: Path, options: tuple[str, ...], told: str) -> None:
    refused = _run(_home(tmp_path, BATTERY, CAR), "--at", AT, *options)
    assert isinstance(refused.exception, UsageError)
    assert told in refused.exception.problem


@pytest.mark.parametrize(
    ("section", "options", "told"),
    [
        (HEATER, ("--tank-temperature", "50"), "said of a hot-water tank, and darkstar.yaml names none"),
        (HEATER, ("--disinfected", "2021-03-01"), "said of a hot-water tank, and darkstar.yaml names none"),
        (TANK, ("--heated-kwh", "2"), "a water heater that is planned by its day's energy"),
        (TANK, ("--disinfected", "2021-03-10"), "after the instant that is planned from"),
        (
            TANK.replace(RULE, ""),
            ("--disinfected", "2021-03-01"),
            "no disinfect",
        ),
    ],
)
def test_what_does_not_fit_the_heater_is_refused(
    tmp_path: Path, section: str, options: tuple[str, ...], told: str
) -> None:
    refused = _run(_home(tmp_path, BATTERY, section), "--at", AT, *options)
    assert isinstance(refused.exception, UsageError)
    assert told in refused.exception.problem


@pytest.mark.slow
def test_nothing_later_is_looked_at(tmp_path: Path) -> None:
    """What the heater draws after the instant changes nothing of a plan as of it."""
    home = _home(tmp_path, BATTERY, HEATER)
    before = _json(home)
    history = past(10)
    later = history.slots >= START + 8 * DAY_SECONDS + 14 * HOUR_SECONDS
    with LedgerFile(home / LEDGER_NAME) as ledger:
        hour = (history.slots - START) % DAY_SECONDS // HOUR_SECONDS
        water = np.where(later, 0.4, np.where(hour == 3, 0.5, 0.0))
        write(ledger, history, np.where(later, 90.0, 40.0), water=water)
    after = _json(home, "--soc-percent", "40")
    assert after.pop("states") != before.pop("states")  # who says how full the battery is
    assert after == before
