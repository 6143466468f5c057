"""`darkstar simulate` killed at any moment and run again: the same answer, to the last digit."""

import json
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.simulate.made_homes import make_home

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

COMMAND = str(Path(sys.executable).with_name("darkstar"))
RANGE = "--from", "2021-03-09", "--to", "2021-04-03", "--policy", "none,setpoint,mpc,oracle", "--regret"
KILLS = 20


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_home(tmp_path_factory.mktemp("home"), 36)


def _start(home: Path, workers: int) -> subprocess.Popen[str]:
    command = [COMMAND, "simulate", "--json", "--home", str(home), "--workers", str(workers), *RANGE]
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
    expected, drawn = _timeless(told), random.Random(20)
    assert notes == ""
    killed = resumed = 0
    while killed < KILLS:
        until, more = _kept(home) + drawn.randrange(6), drawn.uniform(0.0, 0.3)
        with _start(home, drawn.choice((1, 2))) as process:
            while process.poll() is None and _kept(home) < until:
                time.sleep(0.002)
            time.sleep(more)
            killed += process.poll() is None
            process.kill()
            told, notes = process.communicate()
        resumed += "was cut off" in notes
        if told:
            assert _timeless(told) == expected
    assert resumed > KILLS // 4
    with _start(home, 2) as last:
        told, _ = last.communicate()
    assert _timeless(told) == expected
    assert not (home / "checkpoints").exists()
