"""`darkstar simulate` killed at any moment and run again: the same answer, to the last digit."""

import json
import random
import sqlite3
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.simulate.made_homes import make_home

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

COMMAND = str(Path(sys.executable).with_name("darkstar"))
RANGE = "--from", "2021-03-09", "--to", "2021-04-03", "--policy", "none,setpoint,mpc,oracle", "--regret"
RECORDED = "--from", "2021-03-09", "--to", "2021-04-03", "--policy", "rule,setpoint,mpc", "--episodes"
KILLS = 20


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_home(tmp_path_factory.mktemp("home"), 36)


def _start(home: Path, workers: int, options: Sequence[str] = RANGE) -> subprocess.Popen[str]:
    command = [COMMAND, "simulate", "--json", "--home", str(home), "--workers", str(workers), *options]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _kept(home: Path) -> int:
    return len(list(home.glob("checkpoints/*.npz")))


def _timeless(told: str) -> dict[str, object]:
    answer: dict[str, object] = json.loads(told)
    answer.pop("slots_per_s")
    for figures in answer["policies"].values():  # type: ignore[attr-defined]
        del figures["plan_ms_p50"], figures["plan_ms_p95"]
    return answer


def test_killed_at_random_places_and_resumed(home: Path) -> None:
    with _start(home, 1) as whole:
        told, notes = whole.communicate()
    expected = _timeless(told)
    assert notes == ""
    assert _killed_again_and_again(home, RANGE, KILLS, expected) > KILLS // 4
    with _start(home, 2) as last:
        told, _ = last.communicate()
    assert _timeless(told) == expected
    assert not (home / "checkpoints").exists()


def test_killed_while_it_records_episodes(tmp_path: Path) -> None:
    homes = [make_home(_folder(tmp_path / name), 36) for name in ("whole", "killed")]
    with _start(homes[0], 1, RECORDED) as whole:
        told, _ = whole.communicate()
    expected = _timeless(told)
    kept = expected.pop("episodes")
    assert kept == {"recorded": 3 * 25 * 96 - 3 * 4, "delivered": 3 * 25 * 96 - 3 * 4, "waiting": 0}
    assert _killed_again_and_again(homes[1], RECORDED, KILLS // 2, expected) > KILLS // 8
    with _start(homes[1], 2, RECORDED) as last:
        told, _ = last.communicate()
    answer = _timeless(told)
    answer.pop("episodes")
    assert answer == expected
    assert not (homes[1] / "checkpoints").exists()
    for file, table in (("planner_learning.db", "training_episodes"), ("episodes.db", "antares_learning")):
        rows = [_rows(home / file, table) for home in homes]
        assert rows[0] == rows[1]
        assert len(rows[0]) == kept["recorded"]  # type: ignore[index]


def _folder(path: Path) -> Path:
    path.mkdir()
    return path


def _rows(file: Path, table: str) -> list[tuple[object, ...]]:
    """All that is recorded but for when."""
    with closing(sqlite3.connect(file)) as opened:
        columns = [row[1] for row in opened.execute(f"PRAGMA table_info({table})")]
        named = ", ".join(
            name for name in columns if name not in ("episode_id", "created_us", "delivered_us")
        )
        return sorted(opened.execute(f"SELECT {named} FROM {table}"))


def _killed_again_and_again(
    home: Path, options: Sequence[str], kills: int, expected: dict[str, object]
) -> int:
    """How many of the killed went on after others."""
    drawn = random.Random(20)
    killed = resumed = 0
    while killed < kills:
        until, more = _kept(home) + drawn.randrange(6), drawn.uniform(0.0, 0.3)
        with _start(home, drawn.choice((1, 2)), options) as process:
            while process.poll() is None and _kept(home) < until:
                time.sleep(0.002)
            time.sleep(more)
            killed += process.poll() is None
            process.kill()
            told, notes = process.communicate()
        resumed += "was cut off" in notes
        if told:
            answer = _timeless(told)
            answer.pop("episodes", None)
            assert answer == expected
    return resumed
