"""`darkstar plan` for a home: a ledger in; blocks, reasons and costs out; or the safe mode."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer
from click.testing import Result
from typer.testing import CliRunner

from darkstar.cli.plan import command as plan
from darkstar.config.settings import LEDGER_NAME
from darkstar.domain.errors import ConfigError
from darkstar.domain.slots import DAY_SECONDS, HOUR_SECONDS, iso_utc
from darkstar.ledger.resolved import DayQuality, DayStatus
from darkstar.store.ledger_file import LedgerFile
from tests.time_machine.cases import START, past
from tests.time_machine.now.test_present import write

HOME = (
    "home: {name: Our house, timezone: Europe/Stockholm, latitude: 59.3, longitude: 18.1, currency: SEK, "
    "main_fuse_a: 16}\n"
)
BATTERY = "battery: {capacity_kwh: 5, soc_min_percent: 10, charge_max_kw: 3, discharge_max_kw: 3, wear_per_kwh: 0.05}\n"
SENSORS = "sensors: {soc: sensor.soc, load: sensor.load, pv: sensor.pv}\n"
AT = iso_utc(START + 8 * DAY_SECONDS + 14 * HOUR_SECONDS)
"""14:00 on the ninth day of ten."""

app = typer.Typer()
plan.register(app)
# A Typer application of one command runs it without its name; a second one keeps the name.
app.command("other")(lambda: None)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "darkstar.yaml").write_text(HOME + BATTERY + SENSORS, encoding="utf-8")
    history = past(10)
    with LedgerFile(tmp_path / LEDGER_NAME) as ledger:
        write(ledger, history, np.full(len(history), 40.0))
    return tmp_path


def _run(home: Path, *options: str, width: int = 80) -> Result:
    return CliRunner().invoke(app, ["plan", "--home", str(home), *options], env={"COLUMNS": str(width)})


def _json(home: Path, *options: str) -> Any:
    result = _run(home, "--json", *options)
    return json.loads(result.stdout)


def test_the_answer_adds_up(home: Path) -> None:
    answer = _json(home, "--at", AT)
    assert answer["safe_mode"] is None
    assert answer["soc_percent"] == pytest.approx(40)
    assert answer["from"] == "2021-03-09T14:00:00+01:00"
    assert answer["to"] == "2021-03-11T14:00:00+01:00"
    assert answer["prices_published_to"] == "2021-03-11T00:00:00+01:00"
    blocks, ways = answer["blocks"], answer["ways"]
    assert blocks[0]["from"] == answer["from"]
    assert [block["to"] for block in blocks[:-1]] == [block["from"] for block in blocks[1:]]
    assert sum(block["gain"] for block in blocks) == pytest.approx(answer["gain"])
    assert ways["none"]["cost"] - ways["plan"]["cost"] == pytest.approx(answer["gain"], abs=1e-6)
    assert ways["plan"]["cost"] <= ways["rule"]["cost"]
    for way in ways.values():
        assert sum(way["days"].values()) - way["left_worth"] == pytest.approx(way["cost"])
        assert list(way["days"]) == ["2021-03-09", "2021-03-10", "2021-03-11"]
    slots = answer["slots"]
    assert len(slots["load_kwh"]) == 192
    assert len(slots["soc_kwh"]) == 193
    load, sun, buy, sell = (
        np.array(slots[name]) for name in ("load_kwh", "pv_kwh", "import_price", "export_price")
    )
    alone = buy * np.maximum(load - sun, 0) - np.maximum(sell, 0) * np.maximum(sun - load, 0)
    # Ten hours of the first day are left.
    assert ways["none"]["days"]["2021-03-09"] == pytest.approx(alone[:40].sum())
    charged = sum(block["kwh"] for block in blocks if block["action"] in ("charge", "store"))
    assert charged == pytest.approx(sum(slots["charge_kwh"]))


@pytest.mark.slow
def test_the_same_input_has_the_same_answer_ten_times(home: Path) -> None:
    for options in (("--json",), ()):
        assert len({_run(home, "--at", AT, *options).stdout for _ in range(10)}) == 1


@pytest.mark.parametrize("width", [80, 120, 200])
def test_it_fits_the_terminal(home: Path, width: int) -> None:
    shown = _run(home, "--at", AT, width=width)
    assert shown.exit_code == 0
    lines = shown.stdout.splitlines()
    assert max(len(line) for line in lines) <= width
    assert lines[0] == "Our house: Tue 2021-03-09 14:00 to Thu 2021-03-11 14:00"
    text = " ".join(shown.stdout.split())
    assert "net gain" in text
    for way in ("battery left alone", "self-consumption", "this plan"):
        assert way in text


def test_a_shorter_look_ahead(home: Path) -> None:
    answer = _json(home, "--at", AT, "--hours", "6")
    assert answer["to"] == "2021-03-09T20:00:00+01:00"
    assert answer["notices"] == []


def test_days_that_a_label_kept_from_it_are_named(home: Path) -> None:
    with LedgerFile(home / LEDGER_NAME) as ledger:
        ledger.write_days([DayQuality(dt.date(2021, 3, 5), DayStatus.EXCLUDE, ("load is unknown for 4 h",))])
    answer = _json(home, "--at", AT, "--hours", "6")
    assert answer["masked_days"] == [{"date": "2021-03-05", "reason": "load is unknown for 4 h"}]


def test_without_a_charge_the_safe_mode(home: Path) -> None:
    history = past(10)
    with LedgerFile(home / LEDGER_NAME) as ledger:
        write(ledger, history, np.full(len(history), np.nan))
    refused = _run(home, "--at", AT)
    assert refused.exit_code == 1
    assert "The battery's state of charge is not known." in refused.stdout
    assert "Say what it is: --soc-percent 50." in refused.stdout
    assert "Safe mode: self-consumption" in refused.stdout
    assert _json(home, "--at", AT)["safe_mode"] == "self_consumption"
    assert _run(home, "--at", AT, "--soc-percent", "40").exit_code == 0


def test_a_ledger_that_ends_long_ago_says_where(home: Path) -> None:
    refused = _run(home)
    assert refused.exit_code == 1
    assert "The ledger ends at 2021-03-11T00:00" in refused.stdout
    assert "--at 2021-03-11T00:00" in " ".join(refused.stdout.split())
    assert _run(home, "--at", "2021-03-11T00:00").exit_code == 0


def test_a_charge_outside_the_limits_is_told(home: Path) -> None:
    low = _run(home, "--at", AT, "--soc-percent", "4")
    assert low.exit_code == 0
    assert "less than the least of 0.5 kWh" in " ".join(low.stdout.split())


def test_a_load_beyond_the_fuse_is_told_and_planned(home: Path) -> None:
    yaml = (
        (HOME + BATTERY + SENSORS)
        .replace("main_fuse_a: 16", "main_fuse_a: 6, phases: 1")
        .replace("discharge_max_kw: 3", "discharge_max_kw: 0.1")
    )
    (home / "darkstar.yaml").write_text(yaml, encoding="utf-8")
    shown = _run(home, "--at", AT)
    assert shown.exit_code == 0
    assert "go beyond the main fuse" in shown.stdout


def test_without_a_battery_there_is_nothing_to_plan(home: Path) -> None:
    (home / "darkstar.yaml").write_text(HOME, encoding="utf-8")
    assert isinstance(_run(home, "--at", AT).exception, ConfigError)
