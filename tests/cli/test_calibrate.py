"""`darkstar calibrate`, and `simulate` on what it found."""

import json
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from darkstar.cli import calibrate
from darkstar.cli.simulate import command as simulate
from darkstar.config.settings import LEDGER_NAME
from darkstar.domain.channels import Channel
from darkstar.domain.errors import ConfigError, DataError, UsageError
from darkstar.domain.slots import local_date
from darkstar.ledger.resolved import ChannelSlots, DayQuality, DayStatus, ResolvedPrices, ResolvedSlots
from darkstar.planner.mode_table import ModeTable
from darkstar.planner.modes import self_consumption
from darkstar.store.ledger_file import LedgerFile
from darkstar.time_machine.plant.carrying import Plant, carry_out
from darkstar.time_machine.plant.model import PlantModel
from darkstar.time_machine.plant.stored import PLANT_NAME
from tests.time_machine.cases import GRID, STORAGE, TZ, past

DAYS = 24
HOME = "home: {timezone: Europe/Stockholm, latitude: 59.3, longitude: 18.1, currency: SEK, main_fuse_a: 16}\n"
BATTERY = (
    "battery: {capacity_kwh: 5, soc_min_percent: 10, charge_max_kw: 3, discharge_max_kw: 3, "
    "charge_efficiency: 0.95, discharge_efficiency: 0.9}\n"
)
SENSORS = (
    "sensors: {soc: sensor.soc, load: sensor.load, batt_charge: sensor.in, batt_discharge: sensor.out}\n"
)
KNOWN = PlantModel(charge_efficiency=0.93, discharge_efficiency=0.88, nominal_kwh=5.0, health=0.9)

app = typer.Typer()
calibrate.register(app)
simulate.register(app)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A battery that has lost a tenth of its capacity and loses more than is stated."""
    (tmp_path / "darkstar.yaml").write_text(HOME + BATTERY + SENSORS, encoding="utf-8")
    history = past(DAYS)
    n = len(history)
    follow = ModeTable.of([self_consumption(STORAGE)]).take(np.zeros(n, np.int64))
    flows = carry_out(Plant(STORAGE, GRID, KNOWN), 2.0, follow, history.load_kwh, history.pv_kwh)
    percent = np.round(flows.soc_kwh / 4.5 * 100)
    energies = {
        Channel.LOAD: history.load_kwh,
        Channel.PV: history.pv_kwh,
        Channel.BATT_CHARGE: flows.charge_kwh,
        Channel.BATT_DISCHARGE: flows.discharge_kwh,
    }
    slots = {
        channel: ChannelSlots(kwh, np.full(n, 2, np.int8), np.full(n, 1, np.int8), np.zeros(n, np.int32))
        for channel, kwh in energies.items()
    }
    with LedgerFile(tmp_path / LEDGER_NAME) as ledger:
        ledger.write_slots(ResolvedSlots(history.slots, slots, percent[:-1], percent[1:]))
        source = np.full(n, "file", dtype=object)
        ledger.write_prices(
            ResolvedPrices(
                history.slots, history.export_price, history.import_price, history.export_price, source
            )
        )
    return tmp_path


def _run(home: Path, *options: str) -> str:
    result = CliRunner().invoke(app, [options[0], "--home", str(home), *options[1:]])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout


def test_finds_tells_and_keeps(home: Path) -> None:
    dry = json.loads(_run(home, "calibrate", "--json", "--dry-run"))
    assert dry["written"] is None
    assert not (home / PLANT_NAME).exists()
    assert dry["told"]["capacity_kwh"]["value"] == pytest.approx(4.5, abs=0.05)
    assert dry["told"]["round_trip_efficiency"]["value"] == pytest.approx(0.93 * 0.88, abs=0.01)
    assert dry["held_out"]["rmse_percent"] < 1.0
    words = _run(home, "calibrate")
    assert "root mean square" in words
    assert json.loads((home / PLANT_NAME).read_text()) == {
        key: value for key, value in dry.items() if key != "written"
    }


@pytest.mark.slow
def test_simulate_runs_on_it_unless_told_otherwise(home: Path) -> None:
    options = (
        "simulate",
        "--from",
        "2021-03-20",
        "--to",
        "2021-03-23",
        "--policy",
        "rule,oracle",
        "--workers",
        "1",
        "--json",
    )
    before = json.loads(_run(home, *options))
    assert before["plant"] == "nominal"
    _run(home, "calibrate")
    after = json.loads(_run(home, *options))
    assert after["plant"] == "calibrated"
    assert after["policies"]["rule"]["discharge_kwh"] < 0.95 * before["policies"]["rule"]["discharge_kwh"]
    assert after["policies"]["rule"]["cost"] > before["policies"]["rule"]["cost"]
    nominal = json.loads(_run(home, *options, "--plant", "nominal"))
    assert nominal["policies"]["rule"]["cost"] == before["policies"]["rule"]["cost"]
    # Of a battery that is only imagined nobody has measured anything.
    assert json.loads(_run(home, *options, "--battery-kwh", "8"))["plant"] == "nominal"
    assert "darkstar calibrate" in _run(home, *options[:-1])
    assert after["minute_slots"] == 0


def test_days_whose_battery_is_masked_are_not_learned_from(home: Path) -> None:
    slots = past(DAYS).slots
    first = local_date(int(slots[0]), TZ)
    days = [first.fromordinal(first.toordinal() + number) for number in range(DAYS)]
    masked = [
        DayQuality(day, DayStatus.MASK_BATTERY, ("batt_charge is unknown for 3 h",)) for day in days[3:]
    ]
    whole = json.loads(_run(home, "calibrate", "--json", "--dry-run"))["days"]
    with LedgerFile(home / LEDGER_NAME) as ledger:
        ledger.write_days(masked[:10])
    assert json.loads(_run(home, "calibrate", "--json", "--dry-run"))["days"] <= DAYS - 10 < whole
    with LedgerFile(home / LEDGER_NAME) as ledger:
        ledger.write_days(masked)
    with pytest.raises(DataError, match="3 days"):
        _run(home, "calibrate")


def test_what_cannot_be_is_told(home: Path) -> None:
    with pytest.raises(UsageError, match="not been calibrated"):
        _run(home, "simulate", "--policy", "rule", "--plant", "calibrated")
    (home / "darkstar.yaml").write_text(HOME, encoding="utf-8")
    with pytest.raises(ConfigError, match="no battery"):
        _run(home, "calibrate")


@pytest.mark.slow
def test_simulate_knows_the_data_sheet(home: Path) -> None:
    span = (
        "simulate",
        "--from",
        "2021-03-20",
        "--to",
        "2021-03-22",
        "--policy",
        "rule",
        "--workers",
        "1",
        "--json",
    )
    ideal = json.loads(_run(home, *span))["policies"]["rule"]
    with pytest.raises(UsageError, match="Nothing is stated"):
        _run(home, *span, "--plant", "stated")
    file = home / "darkstar.yaml"
    sheet = (
        "  data_sheet:\n    standby_w: 20\n    running_loss_w: 60\n"
        "    charge_power_by_percent: [[50, 100], [100, 10]]\n"
        "    ageing: {end_of_life_percent: 70, cycles: 6000, replacement_per_kwh: 3000}\n"
    )
    text = file.read_text(encoding="utf-8")
    assert "battery: {" in text
    keys = text[text.index("battery: {") + len("battery: {") :].split("}")[0].split(", ")
    block = "battery:\n" + "".join(f"  {key}\n" for key in keys) + sheet
    file.write_text(text.replace("battery: {" + ", ".join(keys) + "}\n", block), encoding="utf-8")
    stated = json.loads(_run(home, *span))
    assert stated["plant"] == "stated"
    assert stated["policies"]["rule"]["energy_cost"] > ideal["energy_cost"]
    assert stated["policies"]["rule"]["wear"] > ideal["wear"] == 0.0
    assert json.loads(_run(home, *span, "--plant", "nominal"))["plant"] == "nominal"
    assert json.loads(_run(home, *span, "--battery-kwh", "8"))["plant"] == "nominal"
    _run(home, "calibrate")
    both = json.loads(_run(home, *span))
    assert both["plant"] == "calibrated"
    assert both["policies"]["rule"]["wear"] > 0.0
    by_sheet = json.loads(_run(home, *span, "--plant", "stated"))
    assert by_sheet["policies"] != both["policies"]
    assert by_sheet["policies"]["rule"]["cost"] == stated["policies"]["rule"]["cost"]
    assert "as its data sheet" in _run(home, *span[:-1], "--plant", "stated")
