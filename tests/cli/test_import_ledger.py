"""`darkstar import ledger` as a person or a script calls it."""

import datetime as dt
import json
from pathlib import Path

import pytest

from darkstar.domain.slots import SLOT_SECONDS
from darkstar.store.ledger_file import LedgerFile
from tests.cli.test_imports import CONFIG, run
from tests.old_home import T0, N, OldHome

pytestmark = pytest.mark.slow


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    (folder / "darkstar.yaml").write_text(CONFIG)
    return folder


@pytest.fixture
def old(tmp_path: Path) -> Path:
    faulty = OldHome()
    faulty.change(lambda day, quarter: day == 3, load_kwh=0.0)
    faulty.rows[200]["slot_start"] = "2025-05-13T02:00:00"
    return faulty.write(tmp_path / "old.db")


def test_as_json(home: Path, old: Path) -> None:
    code, text = run("import", "ledger", old, "--home", home, "--json")
    assert code == 0
    got = json.loads(text)
    assert (got["from"], got["to"]) == ("2025-05-10T22:00:00Z", "2025-05-24T22:00:00Z")
    assert (got["rows"], got["table"], got["dry_run"], got["backup"]) == (N, "slot_observations", False, None)
    assert got["values"]["load"] == {"taken": N - 97, "mended": 1, "refused": 96}
    assert got["findings"][1] == {
        "verdict": "refused",
        "reason": "zero_for_unknown",
        "sentence": "0 all day while the others flow: not known",
        "values": {"load": 96},
        "examples": [
            {"slot_start": f"2025-05-14T00:{minute}:00+02:00", "of": "load", "value": 0.0}
            for minute in ("00", "15", "30")
        ],
    }
    assert got["left_out"]["quality_flags"].startswith("its name says neither")
    assert got["slots"] == N
    again = json.loads(run("import", "ledger", old, "--home", home, "--json")[1])
    assert again["added"] == 0
    assert Path(again["backup"]).is_file()


def test_a_dry_run_makes_no_ledger(home: Path, old: Path) -> None:
    code, text = run("import", "ledger", old, "--home", home, "--dry-run")
    assert code == 0
    assert "load: 1247 taken, 1 mended, 96 refused" in text
    assert "mended: the time has no offset and was read as local time" in text
    assert "refused: 0 all day while the others flow: not known (load 96)" in text
    assert "  2025-05-14T00:00:00+02:00: load 0" in text
    assert "quality_flags: left out" in text
    assert "Nothing was stored" in text
    assert [path.name for path in home.iterdir()] == ["darkstar.yaml"]


def test_the_zone_of_naive_times_can_be_said(home: Path, tmp_path: Path) -> None:
    naive = OldHome()
    naive.change(lambda day, quarter: True, pv_kwh=None)  # the sun would tell
    for i, row in enumerate(naive.rows):
        row["slot_start"] = f"{dt.datetime.fromtimestamp(T0 + SLOT_SECONDS * i, dt.UTC):%Y-%m-%d %H:%M}"
        row["slot_end"] = None
    path = naive.write(tmp_path / "naive.db")
    code, _ = run("import", "ledger", path, "--home", home, "--timezone", "UTC")
    assert code == 0
    with LedgerFile(home / "planner_learning.db") as ledger:
        assert ledger.slot_extent() == (T0, T0 + SLOT_SECONDS * N)


def test_what_is_no_older_ledger_is_said(home: Path) -> None:
    code, text = run("import", "ledger", home / "darkstar.yaml", "--home", home)
    assert code == 2
    assert "is no SQLite file" in text
