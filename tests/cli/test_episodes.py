"""`darkstar episodes`: counts, sending, exporting, forgetting, on a lake in a file and on one that is away."""

import json
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import typer
from click.testing import Result
from typer.testing import CliRunner

from darkstar.cli import episodes
from darkstar.config.settings import LEDGER_NAME
from darkstar.domain.channels import Channel
from darkstar.domain.errors import ConfigError, UsageError
from darkstar.store.episodes.address import LakeError
from darkstar.store.ledger_file import LedgerFile
from tests.store.episodes_examples import RUN, episode, without_a_plan
from tests.store.examples import resolved

HOME = (
    "home: {name: My home, timezone: Europe/Stockholm, latitude: 59, longitude: 18, currency: SEK, "
    "main_fuse_a: 16}\n"
)
AWAY = "episodes: {url: 'mysql+pymysql://user:hush-hush@127.0.0.1:1/lake'}\n"

app = typer.Typer()
episodes.register(app)
app.command("other")(lambda: None)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Two days of a simulation and three episodes of the home's own, all waiting."""
    (tmp_path / "darkstar.yaml").write_text(HOME, encoding="utf-8")
    prod = replace(RUN, system_id="prod", home="Another home")
    with LedgerFile(tmp_path / LEDGER_NAME) as ledger:
        ledger.write_slots(resolved({Channel.LOAD: [0.5, 0.25]}))
        ledger.episodes.put([episode(n, horizon=8) for n in range(150)])
        ledger.episodes.put([*(episode(n, run=prod, horizon=8) for n in range(2)), without_a_plan(2)])
    return tmp_path


def run(home: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["episodes", *arguments, "--home", str(home)])


def answer(home: Path, *arguments: str) -> dict[str, object]:
    done = run(home, *arguments, "--json")
    assert done.exception is None, done.exception
    found: dict[str, object] = json.loads(done.stdout)
    return found


def test_status_before_and_after_sending(home: Path) -> None:
    before = answer(home, "status")
    assert (before["episodes"], before["reachable"], before["ledger_episodes"]) == (0, True, 153)
    backlog = before["backlog"]
    assert isinstance(backlog, dict)
    assert backlog["episodes"] == 153
    assert backlog["systems"]["simulation"] == {"2025-08-01": 89, "2025-08-02": 62}
    assert answer(home, "deliver") == {"delivered": 153, "waiting": 0}
    after = answer(home, "status")
    assert after["systems"] == {
        "prod": {"2025-08-01": 2},
        "simulation": {"2025-08-01": 89, "2025-08-02": 62},
    }
    assert after["backlog"] == {"episodes": 0, "bytes": 0, "oldest": None, "systems": {}}
    assert after["last_failure"] is None
    assert isinstance(after["last_delivery"], str)


def test_status_in_words(home: Path) -> None:
    said = run(home, "status").stdout
    assert "153 episodes" in said
    answer(home, "deliver")
    said = run(home, "status").stdout
    assert "wait" not in said.replace("waiting", "")
    assert "simulation" in said


def test_status_of_a_lake_that_is_away(home: Path) -> None:
    (home / "darkstar.yaml").write_text(HOME + AWAY, encoding="utf-8")
    assert isinstance(run(home, "deliver").exception, LakeError)
    done = run(home, "status", "--json")
    assert isinstance(done.exception, LakeError)
    assert done.exception.exit_code == 3
    found = json.loads(done.stdout)
    assert (found["reachable"], found["backlog"]["episodes"]) == (False, 153)
    assert "does not answer" in found["last_failure"]["message"]
    words = run(home, "status")
    assert "Last failure" in words.stdout
    assert "hush-hush" not in done.stdout + words.stdout + str(done.exception)


def test_export_puts_the_slots_beside_by_slot_time(home: Path, tmp_path: Path) -> None:
    answer(home, "deliver")
    file = tmp_path / "episodes.parquet"
    assert answer(home, "export", str(file)) == {"file": str(file), "episodes": 153, "waiting": 0}
    rows = pq.read_table(file).to_pylist()
    other, mine = rows[:2], [row for row in rows if row["policy"] == "mpc"][2:]
    assert [row["slot_load_kwh"] for row in mine[:3]] == [0.5, 0.25, None]
    assert [row["slot_load_kwh"] for row in other] == [None, None]
    assert mine[1]["episode_start_local"] == "2025-08-01T02:15:00+02:00"
    assert len(mine[1]["expected_load_kwh"]) == 8
    assert len(mine[1]["planned_soc_kwh"]) == 9
    (unplanned,) = (row for row in rows if row["policy"] == "rule")
    assert (unplanned["planned_soc_kwh"], unplanned["expected_pv_kwh"], unplanned["worth_per_kwh"]) == (
        None,
    ) * 3
    assert not list(tmp_path.glob(".*partial"))


def test_export_of_a_part(home: Path, tmp_path: Path) -> None:
    answer(home, "deliver")
    file = tmp_path / "part.parquet"
    found = answer(
        home, "export", str(file), "--system", "simulation", "--from", "2025-08-02", "--to", "2025-08-03"
    )
    assert found["episodes"] == 62


def test_export_says_what_waits_and_where_it_cannot_write(home: Path, tmp_path: Path) -> None:
    assert answer(home, "export", str(tmp_path / "none.parquet"))["waiting"] == 153
    assert pq.read_table(tmp_path / "none.parquet").num_rows == 0
    failed = run(home, "export", str(tmp_path / "no" / "folder.parquet"))
    assert "cannot be written" in str(failed.exception)


@pytest.mark.slow
def test_prune_asks_and_forgets_on_both_sides(home: Path) -> None:
    answer(home, "deliver")
    assert "Nobody is here" in str(run(home, "prune", "--system", "prod").exception)
    assert answer(home, "prune", "--system", "prod", "--yes") == {"ledger": 2, "lake": 2}
    assert answer(home, "prune", "--before", "2025-08-02", "--yes") == {"ledger": 89, "lake": 89}
    assert answer(home, "prune", "--older-than", "1", "--yes") == {"ledger": 62, "lake": 62}
    assert answer(home, "prune", "--older-than", "1") == {"ledger": 0, "lake": 0}


def test_prune_without_a_choice_is_refused(home: Path) -> None:
    assert isinstance(run(home, "prune", "--yes").exception, UsageError)
    assert answer(home, "status")["ledger_episodes"] == 153


def test_an_address_that_is_none(home: Path) -> None:
    (home / "darkstar.yaml").write_text(HOME + "episodes: {url: hush-hush}\n", encoding="utf-8")
    failed = run(home, "status").exception
    assert isinstance(failed, ConfigError)
    assert "hush-hush" not in str(failed)
