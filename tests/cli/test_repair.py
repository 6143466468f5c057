"""`darkstar repair` as scripts use it: nothing changes unasked, and every change can be taken back."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from darkstar.cli import repair
from darkstar.config.settings import LEDGER_NAME
from darkstar.domain.channels import Channel
from darkstar.domain.errors import UsageError
from darkstar.store.ledger_file import LedgerFile
from tests.bookkeeping.repaired_home import METERED, Fault, bits, fill, home

pytestmark = pytest.mark.slow

CONFIG = """
home: {timezone: Europe/Stockholm, latitude: 55.6, longitude: 13, currency: SEK, main_fuse_a: 25}
home_assistant: {url: "http://127.0.0.1:1", token: "none"}
sensors:
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A home whose sun could not be read for six hours, and import and export for one."""
    sensors = "".join(f"  {c.value}: [sensor.{c.value}]\n" for c in METERED)
    (tmp_path / "darkstar.yaml").write_text(CONFIG + sensors)
    with LedgerFile(tmp_path / LEDGER_NAME) as ledger:
        faults = (
            Fault(Channel.PV, 9 * 60, 15 * 60),
            Fault(Channel.IMPORT, 1140, 1300),
            Fault(Channel.LOAD, 1140, 1300),
        )
        fill(ledger, home(tmp_path), *faults)
    return tmp_path


def run(folder: Path, *arguments: str) -> Result:
    app = typer.Typer()
    repair.register(app)
    return CliRunner().invoke(app, [*arguments, "--home", str(folder)])


def answer(folder: Path, *arguments: str) -> dict[str, object]:
    done = run(folder, *arguments, "--json")
    assert done.exception is None, done.exception
    found = json.loads(done.stdout)
    assert isinstance(found, dict)
    return found


def told(folder: Path) -> dict[str, bytes]:
    with LedgerFile(folder / LEDGER_NAME) as ledger:
        return bits(ledger)


def test_it_proposes_and_changes_nothing(folder: Path) -> None:
    before = told(folder)
    found = answer(folder)
    assert [p["certainty"] for p in found["proposals"]] == ["certain", "likely"]  # type: ignore[attr-defined]
    assert (found["applied"], found["backup"]) == (0, None)
    said = run(folder).stdout
    assert "Nothing was changed. --apply makes the 1 certain" in said
    assert "pv could not be read" in said
    assert told(folder) == before
    assert not (folder / "backups").exists()


def test_apply_makes_what_is_certain_after_a_backup_and_undo_takes_it_back(folder: Path) -> None:
    before = told(folder)
    found = answer(folder, "--apply")
    assert found["applied"] == 1
    assert Path(str(found["backup"])).is_file()
    (made, other) = found["proposals"]  # type: ignore[misc]
    assert other["repair_id"] is None
    assert made["changes"][0]["before_kwh"] == pytest.approx(made["changes"][0]["after_kwh"], abs=1e-6)
    assert told(folder) != before
    assert [p["certainty"] for p in answer(folder)["proposals"]] == ["likely"]  # type: ignore[attr-defined]

    undone = answer(folder, "--undo", made["repair_id"])["undone"]
    assert undone["repair_id"] == made["repair_id"]  # type: ignore[index]
    assert told(folder) == before
    (listed,) = answer(folder, "--list")["repairs"]  # type: ignore[misc]
    assert listed["undone"] is not None
    assert "taken back" in run(folder, "--list").stdout


def test_all_makes_what_is_likely_too(folder: Path) -> None:
    assert "Repairs made: 2" in run(folder, "--apply", "--all").stdout
    assert answer(folder)["proposals"] == []
    assert "There is nothing to repair." in run(folder).stdout


def test_only_the_range_is_looked_at(folder: Path) -> None:
    found = answer(folder, "--from", "2025-06-15T20:00", "--to", "2025-06-16")
    assert [p["certainty"] for p in found["proposals"]] == ["likely"]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--all"], "--all says"),
        (["--apply", "--list"], "do not go together"),
        (["--undo", "f" * 10], "No repair is called"),
        (["--from", "2025-06-16", "--to", "2025-06-15"], "is empty"),
    ],
)
def test_wrong_use(folder: Path, arguments: list[str], problem: str) -> None:
    done = run(folder, *arguments)
    assert isinstance(done.exception, UsageError)
    assert problem in done.exception.problem


def test_an_empty_ledger(tmp_path: Path) -> None:
    (tmp_path / "darkstar.yaml").write_text(CONFIG.replace("sensors:\n", ""))
    assert "No repair was ever made" in run(tmp_path, "--list").stdout
    assert isinstance(run(tmp_path).exception, UsageError)
