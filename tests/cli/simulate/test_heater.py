"""The water heater in `darkstar simulate`: planned where it can be, with the reason told where not."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from darkstar.cli.simulate import command as simulate
from darkstar.cli.simulate.heater import HeaterChoice, with_heater
from darkstar.config.settings import LEDGER_NAME, Settings, load_settings
from darkstar.domain.errors import UsageError
from darkstar.store.ledger_file import LedgerFile
from darkstar.time_machine.outcome import MPC, MPC_HEATER, ORACLE, ORACLE_HEATER, RULE
from darkstar.time_machine.past.loader import load_scenario
from darkstar.time_machine.scenario import Scenario
from tests.cli.simulate.made_homes import BATTERY, make_home
from tests.time_machine.cases import START
from tests.time_machine.devices.cases import drawn_kwh

DAY = 86_400
UNSAID = HeaterChoice(None, chosen=False, recorded=False)

app = typer.Typer()
simulate.register(app)
# A Typer application of one command runs it without its name; a second one keeps the name.
app.command("other")(lambda: None)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six days with a heater."""
    return make_home(tmp_path_factory.mktemp("home"), 6, heater=True)


def opened(folder: Path) -> tuple[Settings, Scenario]:
    """Two days after four, as `simulate` loads them."""
    settings = load_settings(folder, {})
    with LedgerFile(folder / LEDGER_NAME) as ledger:
        bounds = START + 4 * DAY, START + 6 * DAY
        return settings, load_scenario(
            ledger, settings.home, settings.absent, BATTERY, bounds, soc_start_percent=0
        )


def choose(
    folder: Path, names: tuple[str, ...], choice: HeaterChoice, *, devices: bool = True
) -> tuple[tuple[str, ...], Scenario]:
    settings, scenario = opened(folder)
    if not devices:
        settings = replace(settings, devices=replace(settings.devices, water_heater=None))
    with LedgerFile(folder / LEDGER_NAME) as ledger:
        return with_heater(names, scenario, ledger, settings, choice)


def test_unsaid_it_is_planned_beside_what_plans_the_battery_alone(home: Path) -> None:
    names, scenario = choose(home, (RULE, MPC, ORACLE), UNSAID)
    assert names == (RULE, MPC, MPC_HEATER, ORACLE, ORACLE_HEATER)
    assert scenario.heater is not None
    assert scenario.heater.device.daily_kwh == 3
    slots = scenario.known.slots
    known = (slots >= START) & (slots < START + 6 * DAY)
    assert scenario.heater.drawn_kwh[known] == pytest.approx(drawn_kwh(slots[known]))


def test_policies_that_were_named_get_no_company_unasked(home: Path) -> None:
    chosen = replace(UNSAID, chosen=True)
    assert choose(home, (RULE, MPC), chosen)[0] == (RULE, MPC)
    assert choose(home, (RULE, MPC), replace(chosen, asked=True))[0] == (RULE, MPC, MPC_HEATER)
    names, scenario = choose(home, (MPC_HEATER,), chosen)
    assert names == (MPC_HEATER,)
    assert scenario.heater is not None


def test_it_can_be_left_out(home: Path) -> None:
    names, scenario = choose(home, (RULE, MPC), replace(UNSAID, asked=False))
    assert (names, scenario.heater) == ((RULE, MPC), None)
    with pytest.raises(UsageError, match="--no-heater"):
        choose(home, (MPC_HEATER,), replace(UNSAID, asked=False, chosen=True))


def test_what_stands_against_it_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = make_home(tmp_path, 6)
    with (home / "darkstar.yaml").open("a") as file:
        file.write('water_heater: {power_kw: 2, daily_kwh: 3, ready_by: "06:00"}\n')
    names, scenario = choose(home, (RULE, MPC), UNSAID)
    assert (names, scenario.heater) == ((RULE, MPC), None)
    assert "does not know what part of the load" in capsys.readouterr().err
    asked = replace(UNSAID, asked=True)
    for choice, devices, reason in (
        (asked, True, "does not know what part of the load"),
        (asked, False, "has no water_heater"),
        (replace(asked, recorded=True), True, "no episodes"),
    ):
        with pytest.raises(UsageError, match=reason):
            choose(home, (RULE, MPC), choice, devices=devices)
    choose(home, (RULE, MPC), UNSAID, devices=False)
    assert capsys.readouterr().err == ""


@pytest.mark.slow
def test_a_replay_tells_what_the_heater_was_worth(tmp_path: Path) -> None:
    """Table, JSON and report; what does not plan the heater costs the same digits with it and without."""
    home = make_home(tmp_path, 8, heater=True)
    asked = ["simulate", "--home", str(home), "--from", "2021-03-05", "--to", "2021-03-09", "--workers", "1"]

    def run(*options: str) -> str:
        result = CliRunner().invoke(app, [*asked, *options])
        assert result.exit_code == 0, result.output
        return result.stdout

    found = json.loads(run("--json", "--report", "--policy", "none,rule,mpc,oracle", "--heater"))
    cost = {name: policy["cost"] for name, policy in found["policies"].items()}
    assert list(cost) == ["none", "actual", "rule", "mpc", "mpc_heater", "oracle", "oracle_heater"]
    heater = found["heater"]
    assert heater["periods"] == 3
    assert heater["saved_by_battery"] == pytest.approx(cost["none"] - cost["mpc"])
    assert heater["saved_by_heater"] == pytest.approx(cost["mpc"] - cost["mpc_heater"])
    assert heater["saved_by_heater"] > 0
    gap = (cost["rule"] - cost["mpc_heater"]) / (cost["rule"] - cost["oracle_heater"])
    assert heater["gap_closed"] == pytest.approx(gap)
    policy = found["policies"]["mpc_heater"]
    assert policy["heater_kwh"] + policy["unserved_kwh"] == pytest.approx(heater["asked_kwh"])
    assert 0 < heater["moved_kwh"] <= heater["planned_kwh"] < heater["asked_kwh"]
    assert found["policies"]["mpc"]["heater_kwh"] is None
    for ending in (".html", ".md"):
        [page] = (home / "reports").glob(f"*{ending}")
        assert "plans the water heater as well: that saves" in page.read_text(encoding="utf-8")
    without = json.loads(run("--json", "--policy", "none,rule,mpc,oracle"))
    assert "heater" not in without
    assert {name: policy["cost"] for name, policy in without["policies"].items()} == {
        name: cost[name] for name in ("none", "actual", "rule", "mpc", "oracle")
    }
    assert "`mpc_heater` plans the water heater as well" in run("--policy", "mpc", "--heater")
