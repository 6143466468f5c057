"""`darkstar backup` and `darkstar restore` as scripts use them."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from darkstar.cli import backup, home
from darkstar.config.settings import LEDGER_NAME
from darkstar.domain.errors import StoreError
from darkstar.ledger.evidence import Reporting
from darkstar.store.ledger_file import LedgerFile

CONFIG = "home: {timezone: Europe/Stockholm, latitude: 59, longitude: 18, currency: SEK, main_fuse_a: 16}\n"


@pytest.fixture
def app() -> typer.Typer:
    made = typer.Typer()
    backup.register(made)
    return made


def meters(folder: Path) -> list[str]:
    with LedgerFile(folder / LEDGER_NAME) as ledger:
        return [meter.name for meter in ledger.meters()]


def add_meter(folder: Path, name: str) -> None:
    with LedgerFile(folder / LEDGER_NAME) as ledger:
        ledger.meter("home_assistant", name, Reporting.ON_CHANGE, "pv")


def test_backup_and_restore(app: typer.Typer, tmp_path: Path) -> None:
    runner = CliRunner()
    add_meter(tmp_path, "sensor.a")
    done = runner.invoke(app, ["backup", "--home", str(tmp_path), "--json"], catch_exceptions=False)
    made = Path(json.loads(done.stdout)["backup"])
    assert made.parent == tmp_path / "backups"
    assert made.stat().st_size == json.loads(done.stdout)["bytes"]

    add_meter(tmp_path, "sensor.b")
    done = runner.invoke(
        app, ["restore", str(made), "--home", str(tmp_path), "--json"], catch_exceptions=False
    )
    answer = json.loads(done.stdout)
    assert answer["restored"] == str(tmp_path / LEDGER_NAME)
    assert Path(answer["kept"]).is_file()
    assert meters(tmp_path) == ["sensor.a"]


def test_in_words(app: typer.Typer, tmp_path: Path) -> None:
    runner = CliRunner()
    add_meter(tmp_path, "sensor.a")
    assert "Backed up to" in runner.invoke(app, ["backup", "--home", str(tmp_path)]).stdout
    (made,) = (tmp_path / "backups").iterdir()
    said = runner.invoke(app, ["restore", str(made), "--home", str(tmp_path)]).stdout
    assert "Restored" in said
    assert "kept as" in said


def test_nothing_to_back_up(app: typer.Typer, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["backup", "--home", str(tmp_path)])
    assert isinstance(done.exception, StoreError)
    assert done.stdout == ""


def test_a_home_is_opened_by_its_folder(tmp_path: Path) -> None:
    (tmp_path / "darkstar.yaml").write_text(CONFIG)
    settings = home.open_settings(tmp_path)
    with home.open_ledger(settings) as ledger:
        assert ledger.path == tmp_path / LEDGER_NAME
