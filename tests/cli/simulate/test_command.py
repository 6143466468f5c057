"""`darkstar simulate`: a ledger in, bills out."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from darkstar.cli.simulate import command as simulate
from darkstar.cli.simulate.options import battery_of
from darkstar.config.settings import LEDGER_NAME
from darkstar.domain.channels import Channel
from darkstar.domain.errors import ConfigError, UsageError
from darkstar.domain.home import Battery
from darkstar.domain.slots import DAY_SECONDS
from darkstar.ledger.resolved import ChannelSlots, ResolvedPrices, ResolvedSlots
from darkstar.store.episodes.address import file_address
from darkstar.store.episodes.lake import Lake
from darkstar.store.ledger_file import LedgerFile
from tests.cli.simulate.made_homes import make_home
from tests.cli.simulate.running import app, simulated
from tests.time_machine.cases import START, past

HOME = "home: {timezone: Europe/Stockholm, latitude: 59.3, longitude: 18.1, currency: SEK, main_fuse_a: 16}\n"
BATTERY = "battery: {capacity_kwh: 5, charge_max_kw: 3, discharge_max_kw: 3}\n"
SOC_SENSOR = "sensors: {soc: sensor.soc, load: sensor.load}\n"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Ten days from 2021-03-01 (local), the second last with a hole."""
    (tmp_path / "darkstar.yaml").write_text(HOME + BATTERY, encoding="utf-8")
    history = past(10)
    n = len(history)
    load = history.load_kwh.copy()
    load[8 * 96 + 5] = np.nan
    with LedgerFile(tmp_path / LEDGER_NAME) as ledger:
        ledger.write_slots(
            ResolvedSlots(
                history.slots,
                {
                    channel: ChannelSlots(
                        energy, np.full(n, 2, np.int8), np.full(n, 1, np.int8), np.zeros(n, np.int32)
                    )
                    for channel, energy in ((Channel.LOAD, load), (Channel.PV, history.pv_kwh))
                },
                np.full(n, np.nan),
                np.full(n, np.nan),
            )
        )
        source = np.full(n, "file", dtype=object)
        ledger.write_prices(
            ResolvedPrices(
                history.slots, history.export_price, history.import_price, history.export_price, source
            )
        )
    return tmp_path


def _json(home: Path, *options: str) -> dict[str, object]:
    answer: dict[str, object] = json.loads(simulated(home, "--json", *options))
    answer.pop("slots_per_s")
    for figures in answer["policies"].values():  # type: ignore[attr-defined]
        del figures["plan_ms_p50"], figures["plan_ms_p95"]
    return answer


def test_contract(home: Path) -> None:
    answer = json.loads(simulated(home, "--from", "2021-03-08", "--to", "2021-03-11", "--json"))
    assert {"from", "to", "slots", "policies", "gap_closed", "share_of_optimal", "slots_per_s"} <= set(answer)
    assert answer["from"] == "2021-03-07T23:00:00Z"
    assert answer["to"] == "2021-03-10T23:00:00Z"
    assert answer["slots"] == 192
    assert [day["date"] for day in answer["omitted"]] == ["2021-03-09"]
    left = answer["left_out"]
    assert (left["days"], left["slots"]) == (1, 96)
    assert list(left["reasons"].values()) == [{"days": 1, "slots": 96}]
    assert left["labels"] == {"unlabelled": 1}
    assert answer["replayed"] == {"days": 2, "slots": 192, "battery_masked": []}
    policies = answer["policies"]
    assert list(policies) == ["none", "rule", "timer", "cheapest", "setpoint", "mpc", "oracle"]
    promised = "cost energy_cost fees export_revenue wear import_kwh export_kwh charge_kwh discharge_kwh "
    promised += "peak_import_kw soc_start_kwh soc_end_kwh plans plan_ms_p50 plan_ms_p95 "
    promised += "flips_per_day switches_per_day"
    for figures in policies.values():
        assert set(promised.split()) <= set(figures)
        parts = figures["energy_cost"] + figures["fees"] - figures["export_revenue"] + figures["wear"]
        assert figures["cost"] == pytest.approx(parts - figures["settlement"])
        assert figures["soc_start_kwh"] == 0.0
    assert policies["mpc"]["plans"] == 192
    assert policies["none"]["plan_ms_p50"] is None
    assert policies["oracle"]["cost"] <= policies["mpc"]["cost"]
    assert answer["gap_closed"]["oracle"] == 1.0
    assert answer["share_of_optimal"]["none"] == 0.0


@pytest.mark.slow
def test_plans_as_often_and_with_as_many_courses_as_asked_for(home: Path) -> None:
    options = "--from", "2021-03-08", "--to", "2021-03-09", "--policy", "mpc,setpoint"
    hourly = _json(home, *options, "--replan-minutes", "60")["policies"]
    assert {figures["plans"] for figures in hourly.values()} == {24}  # type: ignore[attr-defined]
    many = _json(home, *options, "--scenarios", "10")["policies"]
    assert many["mpc"]["cost"] != _json(home, *options)["policies"]["mpc"]["cost"]  # type: ignore[index]
    with pytest.raises(UsageError, match="cuts a slot in two"):
        simulated(home, *options, "--replan-minutes", "20")


def test_twice_the_same(home: Path) -> None:
    options = "--from", "2021-03-08", "--to", "2021-03-09", "--policy", "mpc,rule", "--seed", "7"
    once = _json(home, *options)
    assert once == _json(home, *options)
    assert list(once["policies"]) == ["mpc", "rule"]  # type: ignore[call-overload]
    assert once["gap_closed"] == {"mpc": None, "rule": None}


def test_table_for_people(home: Path) -> None:
    shown = simulated(
        home, "--from", "2021-03-08", "--to", "2021-03-09", "--policy", "none", "--policy", "rule"
    )
    assert "rule" in shown
    assert "SEK" in shown


def test_another_battery_and_start(home: Path) -> None:
    options = "--from", "2021-03-08", "--to", "2021-03-09", "--policy", "rule"
    answer = _json(home, *options, "--battery-kwh", "20", "--soc-start-percent", "30")
    assert answer["policies"]["rule"]["soc_start_kwh"] == 6.0  # type: ignore[index]


@pytest.mark.slow
def test_timer_and_threshold_of_ones_own(home: Path) -> None:
    options = "--from", "2021-03-08", "--to", "2021-03-09"
    usual = _json(home, *options, "--policy", "timer,setpoint")["policies"]
    timed = _json(home, *options, "--policy", "timer", "--timer-hours", "20,21")["policies"]
    fuller = _json(home, *options, "--policy", "timer", "--timer-target-percent", "90")["policies"]
    kept = _json(home, *options, "--policy", "setpoint", "--plan-threshold", "1000")["policies"]
    assert len({answer["timer"]["cost"] for answer in (usual, timed, fuller)}) == 3  # type: ignore[index]
    assert kept["setpoint"]["flips_per_day"] < usual["setpoint"]["flips_per_day"]  # type: ignore[index]


DAY = "--from", "2021-03-08", "--to", "2021-03-09", "--policy", "rule"


def test_a_start_that_nobody_measured_is_the_least_and_told(home: Path) -> None:
    # Fault 12: the home measures its state of charge, and the ledger does not know it.
    battery = "battery: {capacity_kwh: 5, charge_max_kw: 3, discharge_max_kw: 3, soc_min_percent: 20}\n"
    (home / "darkstar.yaml").write_text(HOME + battery + SOC_SENSOR, encoding="utf-8")
    answer = _json(home, *DAY)
    assert answer["start"] == {
        "soc_percent": 20.0,
        "origin": "least",
        "at": "2021-03-07T23:00:00Z",
        "measured_percent": None,
    }
    assert answer["policies"]["rule"]["soc_start_kwh"] == 1.0  # type: ignore[index]
    assert "starts at 20 %, the least that it holds" in " ".join(simulated(home, *DAY).split())
    told = _json(home, *DAY, "--soc-start-percent", "60")
    assert told["start"]["origin"] == "told"  # type: ignore[index]


def test_a_new_battery_starts_with_what_it_must_hold(home: Path) -> None:
    answer = _json(home, *DAY)
    assert answer["start"]["origin"] == "new"  # type: ignore[index]
    assert "starts at" not in simulated(home, *DAY)


def test_a_range_that_begins_before_there_is_data_is_replayed_from_there(home: Path) -> None:
    options = "--from", "2021-01-01", "--to", "2021-03-03", "--policy", "rule"
    answer = _json(home, *options)
    assert answer["asked"] == {"from": "2020-12-31T23:00:00Z", "to": "2021-03-02T23:00:00Z"}
    assert answer["from"] == "2021-02-28T23:00:00Z"
    assert answer["omitted"] == []
    assert answer["replayed"] == {"days": 2, "slots": 192, "battery_masked": []}
    said = " ".join(simulated(home, *options).split())
    assert "Replayed is 2021-03-01 00:00 to 2021-03-03 00:00. The ledger has energies of 2021-03-01" in said
    within = _json(home, *DAY)
    assert within["asked"] == {"from": within["from"], "to": within["to"]}
    with pytest.raises(UsageError, match=r"Nothing to replay.*energies of 2021-03-01 00:00 to 2021-03-11"):
        simulated(home, "--from", "2020-01-01", "--to", "2020-02-01")


def test_a_ledger_without_prices_says_so(home: Path) -> None:
    with closing(sqlite3.connect(home / LEDGER_NAME)) as file:
        file.execute("UPDATE slot_observations SET import_price_kwh = NULL")
        file.commit()
    with pytest.raises(UsageError, match="no prices yet"):
        simulated(home)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--from", "2021-03-09", "--to", "2021-03-10"), "No day of the range"),
        (("--from", "2021-03-09", "--to", "2021-03-09"), "is empty"),
        (("--from", "2999-01-01", "--to", "2999-01-02"), "has not happened"),
        (("--policy", "mcp"), "no policy 'mcp'"),
        *((("--timer-hours", hours), "no hours of the day") for hours in ("24", "two", "", "1,,2", "-1")),
    ],
)
def test_what_makes_no_sense_is_told(home: Path, options: tuple[str, ...], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        simulated(home, *options)


def test_unknown_policy_is_answered_with_all_there_are(home: Path) -> None:
    with pytest.raises(UsageError) as told:
        simulated(home, "--policy", "mcp")
    names = "none, rule, timer, cheapest, setpoint, mpc, oracle, mpc_heater, oracle_heater, actual"
    assert told.value.remedy == f"Choose from {names}."


def test_replay_that_is_cut_off_says_how_it_goes_on(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def cut_off(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(simulate, "replay_home", cut_off)
    result = CliRunner().invoke(app, ["simulate", "--home", str(home)])
    assert result.exit_code == 130
    assert "the same command goes on from there" in result.stderr + capsys.readouterr().err


def test_empty_ledger_is_told(tmp_path: Path) -> None:
    (tmp_path / "darkstar.yaml").write_text(HOME + BATTERY, encoding="utf-8")
    with pytest.raises(UsageError, match="no energies yet"):
        simulated(tmp_path)


def test_home_without_battery_needs_one_to_try(home: Path) -> None:
    (home / "darkstar.yaml").write_text(HOME, encoding="utf-8")
    with pytest.raises(ConfigError, match="--battery-kwh"):
        simulated(home)


def test_a_heater_is_not_planned_where_no_battery_is(home: Path) -> None:
    (home / "darkstar.yaml").write_text(HOME, encoding="utf-8")
    with pytest.raises(UsageError, match="no battery beside it"):
        simulated(home, "--heater", "--what-if", "battery_kwh=5")


def test_a_start_is_that_of_the_first_day_that_is_replayed(tmp_path: Path) -> None:
    """The battery's own flows of the first day are not known, so `actual` leaves it out, of all policies."""
    home = make_home(tmp_path, 3)
    with closing(sqlite3.connect(home / LEDGER_NAME)) as opened:
        unknown = "UPDATE slot_observations SET batt_charge_kwh = NULL, soc_start_percent = 90"
        opened.execute(f"{unknown} WHERE slot_start < {START + DAY_SECONDS}")
        opened.execute(
            f"UPDATE slot_observations SET soc_start_percent = 30 WHERE slot_start = {START + DAY_SECONDS}"
        )
        opened.commit()
    answer = _json(home, "--policy", "rule,actual")
    assert answer["start"]["soc_percent"] == 30.0  # type: ignore[index]
    assert answer["start"]["at"] == "2021-03-01T23:00:00Z"  # type: ignore[index]
    starts = {name: figures["soc_start_kwh"] for name, figures in answer["policies"].items()}  # type: ignore[attr-defined]
    assert starts == {"rule": 1.5, "actual": 1.5}


def test_options_change_the_battery() -> None:
    configured = Battery(10.0, wear_per_kwh=0.1)
    changed = battery_of(configured, None, charge_kw=0.0, discharge_kw=2.0, wear_per_kwh=None)
    assert changed == Battery(10.0, charge_max_kw=0.0, discharge_max_kw=2.0, wear_per_kwh=0.1)
    tried = battery_of(None, 7.0, charge_kw=None, discharge_kw=None, wear_per_kwh=0.0)
    assert tried == Battery(7.0)


@pytest.mark.slow
def test_episodes_are_kept_when_asked_for(home: Path) -> None:
    options = "--from", "2021-03-08", "--to", "2021-03-09", "--policy", "rule,mpc"
    assert "episodes" not in _json(home, *options)
    with LedgerFile(home / LEDGER_NAME) as ledger:
        assert ledger.episodes.state().kept == 0
    once = _json(home, *options, "--episodes")
    assert once["episodes"] == {"recorded": 192, "delivered": 192, "waiting": 0}
    again = _json(home, *options, "--episodes")
    assert again["episodes"] == {"recorded": 192, "delivered": 0, "waiting": 0}
    assert "192 episodes kept, 0 sent to the lake." in simulated(home, *options, "--episodes")
    assert sum(Lake(file_address(home)).counts().values()) == 192


def test_a_lake_that_is_away_holds_no_replay_up(home: Path) -> None:
    away = "episodes: {url: 'mysql+pymysql://user:hush-hush@127.0.0.1:1/lake'}\n"
    (home / "darkstar.yaml").write_text(HOME + BATTERY + away, encoding="utf-8")
    answer = _json(home, "--from", "2021-03-08", "--to", "2021-03-09", "--policy", "rule", "--episodes")
    assert answer["episodes"] == {"recorded": 96, "delivered": 0, "waiting": 96}


def test_a_power_tariff_is_in_the_bill(home: Path) -> None:
    config = home / "darkstar.yaml"
    plain = _json(home, "--from", "2021-03-08", "--to", "2021-03-11", "--policy", "none")["policies"]["none"]  # type: ignore[index]
    power = "{peaks: 3, different_days: true, period: hour, per_kw: 40}"
    tariff = f"tariff: {{grid_fee_per_kwh: 0, energy_tax_per_kwh: 0, vat_percent: 25, power: {power}}}\n"
    config.write_text(config.read_text(encoding="utf-8") + tariff, encoding="utf-8")
    options = "--from", "2021-03-08", "--to", "2021-03-11", "--policy", "none,rule"
    found = _json(home, *options)["policies"]["none"]  # type: ignore[index]
    [month] = found["power_months"]
    assert month["month"] == "2021-03"
    assert len(month["peaks"]) == 2  # the ninth is left out
    assert month["average_kw"] == pytest.approx(sum(peak["kw"] for peak in month["peaks"]) / 3)
    assert found["power_fee"] == found["fees"] == pytest.approx(50 * month["average_kw"])
    assert found["cost"] == pytest.approx(plain["cost"] + found["power_fee"])
    assert "fee" in simulated(home, *options)
