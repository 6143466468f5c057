"""`darkstar simulate` with the home's own inverter, the regret's parts and other homes beside this one."""

import datetime as dt
import json
from pathlib import Path

import pytest

from darkstar.config.settings import LEDGER_NAME
from darkstar.domain.errors import ConfigError, UsageError
from darkstar.ledger.resolved import DayQuality, DayStatus
from darkstar.store.ledger_file import LedgerFile
from tests.cli.simulate.made_homes import make_home
from tests.cli.simulate.running import simulated

RANGE = "--from", "2021-03-09", "--to", "2021-03-11"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return make_home(tmp_path, 10, name="[red]Åsa")


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    return make_home(tmp_path, 10, battery=False)


def _run(home: Path, *options: str) -> str:
    return simulated(home, *RANGE, *options)


def _json(home: Path, *options: str) -> dict:
    return json.loads(_run(home, "--json", *options))


def _mask(home: Path, day: int) -> None:
    label = DayQuality(dt.date(2021, 3, day), DayStatus.MASK_BATTERY, ("batt_charge unknown for 3 h",))
    with LedgerFile(home / LEDGER_NAME) as ledger:
        ledger.write_days([label])


def test_the_homes_own_inverter_stands_beside_the_policies(home: Path) -> None:
    answer = _json(home, "--policy", "none,rule,oracle")
    assert list(answer["policies"]) == ["none", "actual", "rule", "oracle"]
    actual, rule = answer["policies"]["actual"], answer["policies"]["rule"]
    assert actual["import_kwh"] == pytest.approx(1.02 * rule["import_kwh"])
    assert actual["charge_kwh"] == pytest.approx(rule["charge_kwh"])
    assert actual["soc_start_kwh"] == pytest.approx(rule["soc_start_kwh"])
    assert answer["actual"]["available"]
    assert answer["actual"]["residual_kwh"] == pytest.approx(0.02 * rule["import_kwh"])
    assert answer["gap_closed"]["actual"] < 0 == answer["gap_closed"]["rule"]
    told = _run(home, "--policy", "none,rule,oracle").replace("\n", " ")
    assert "more than the home's other meters account for" in told
    assert "[red]Åsa, 2021-03-09" in told


def test_actual_where_it_is_asked_for(home: Path) -> None:
    assert list(_json(home, "--policy", "rule,actual")["policies"]) == ["rule", "actual"]
    with pytest.raises(UsageError, match="no `actual`"):
        _run(home, "--policy", "rule,actual", "--battery-kwh", "10")
    with pytest.raises(UsageError, match="no replay by itself"):
        _run(home, "--policy", "actual")
    assert "actual" not in _json(home, "--policy", "rule", "--battery-kwh", "10")


def test_a_masked_day_counts_for_all_or_for_none(home: Path) -> None:
    _mask(home, 10)
    unasked = _json(home, "--policy", "rule")
    assert (unasked["slots"], unasked["actual"]["available"]) == (192, False)
    assert "1 of 2 days" in unasked["actual"]["reason"]
    asked = _json(home, "--policy", "rule,actual")
    assert asked["slots"] == 96
    assert [day["date"] for day in asked["omitted"]] == ["2021-03-10"]
    assert "not measured soundly" in asked["omitted"][0]["reason"]


def test_regret_adds_up(home: Path) -> None:
    answer = _json(home, "--regret", "--policy", "rule")
    costs = {name: figures["cost"] for name, figures in answer["policies"].items()}
    regret = answer["regret"]
    assert set(costs) == {"actual", "rule", "mpc", "oracle"}
    assert regret["total"] == pytest.approx(costs["mpc"] - costs["oracle"], abs=1e-9)
    assert sum(regret["parts"].values()) == pytest.approx(regret["total"], abs=1e-9)
    assert [day["date"] for day in regret["days"]] == ["2021-03-09", "2021-03-10"]
    for name, part in regret["parts"].items():
        days = sum(day["parts"][name] for day in regret["days"])
        assert days + regret["of_no_day"][name] == pytest.approx(part, abs=1e-9)
    with pytest.raises(UsageError, match="not known"):
        _run(home, "--regret", "--information", "perfect")


def test_regret_is_told(home: Path) -> None:
    told = _run(home, "--regret", "--policy", "rule")
    assert "What `mpc` lost against perfect foresight" in told
    assert "-0.00" not in told


def test_what_if(home: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text(
        "tariff: {grid_fee_per_kwh: 1.5, energy_tax_per_kwh: 0, vat_percent: 25}\n", encoding="utf-8"
    )
    answer = _json(
        home, "--policy", "rule", "--what-if", "battery_kwh=10 price=1000", "--what-if", f"tariff={other}"
    )
    found = answer["what_if"]
    battery, tariff = found["tried"]
    assert found["today"]["rule"] == pytest.approx(answer["policies"]["rule"]["cost"])
    assert (found["days"], found["whole_year"]) == (2, False)
    saving = battery["saving_per_year"]["rule"]["mean"]
    assert saving == pytest.approx((found["today"]["rule"] - battery["costs"]["rule"]) / 2 * 365.25)
    years = battery["payback_years"]["mean"]
    assert years is None or years == pytest.approx(1000 / battery["saving_per_year"]["mpc"]["mean"])
    imported = answer["policies"]["rule"]["import_kwh"]
    assert tariff["costs"]["rule"] - found["today"]["rule"] == pytest.approx(1.25 * imported)
    assert [(step["from_kwh"], step["to_kwh"]) for step in found["marginal"]] == [(5.0, 10.0)]


@pytest.mark.slow
def test_what_if_the_tariff_changes_on_the_second_day(home: Path, tmp_path: Path) -> None:
    """Today's tariff for one day, a dearer one from the next; its power fee begins with the month after."""
    power = "power: {peaks: 1, period: hour, per_kw: 80}"
    entry = "energy_tax_per_kwh: 0, vat_percent: 25"
    other = tmp_path / "other.yaml"
    other.write_text(
        f"tariff:\n  - {{grid_fee_per_kwh: 0.5, {entry}}}\n"
        f"  - {{from: 2021-03-10, grid_fee_per_kwh: 1.5, {entry}, {power}}}\n",
        encoding="utf-8",
    )
    tried = ("--policy", "none,rule", "--what-if", f"tariff={other}", "--from", "2021-03-09", "--to")
    first, both = (_json(home, *tried, end)["what_if"] for end in ("2021-03-10", "2021-03-11"))
    assert first["tried"][0]["costs"]["rule"] == pytest.approx(first["today"]["rule"])
    second_day = _json(home, "--policy", "rule", "--from", "2021-03-10", "--to", "2021-03-11")
    dearer = both["tried"][0]["costs"]["rule"] - both["today"]["rule"]
    assert dearer == pytest.approx(1.25 * second_day["policies"]["rule"]["import_kwh"])


def test_a_home_without_a_battery_tries_some(bare: Path) -> None:
    with pytest.raises(ConfigError):
        _run(bare)
    answer = _json(bare, "--what-if", "battery_kwh=5")
    assert list(answer["policies"]) == ["none"]
    assert answer["what_if"]["today"]["mpc"] == pytest.approx(answer["policies"]["none"]["cost"])
    assert answer["what_if"]["tried"][0]["saving_per_year"]["oracle"]["mean"] > 0
    told = _run(bare, "--what-if", "battery_kwh=5", "--what-if", "without=car").replace("\n", " ")
    assert "2 days, not a whole year" in " ".join(told.split())
    assert "From 0 to 5 kWh each kWh of battery saves" in told
    assert "0 charging sessions of a car" in told


def test_mistakes_in_a_tariffs_file(home: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="There is no file"):
        _run(home, "--what-if", "tariff=nowhere.yaml")
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("tariff: {grid_fee_per_kwh: 1}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"tariff\.energy_tax_per_kwh is missing"):
        _run(home, "--what-if", f"tariff={wrong}")
