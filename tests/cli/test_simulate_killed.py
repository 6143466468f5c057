"""`darkstar simulate` killed at any moment and run again: the same answer, to the last digit."""

import json
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.simulate_homes import make_home

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

COMMAND = str(Path(sys.executable).with_name("darkstar"))
RANGE = (
    "--from",
    "2021-03-09",
    "--to",
    "2021-06-10",
    "--policy",
    "none,setpoint,mpc,oracle",
    "--scenarios",
    "20",
)
KILLS = 20


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_home(tmp_path_factory.mktemp("home"), 105)


def _run(home: Path, workers: str, kill_after_s: float | None = None) -> tuple[str, str, float]:
    """What the command says, and how long it took."""
    began = time.monotonic()
    command = [COMMAND, "simulate", "--json", "--home", str(home), "--workers", workers, *RANGE]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            told, notes = process.communicate(timeout=kill_after_s)
        except subprocess.TimeoutExpired:
            process.kill()
            told, notes = process.communicate()
    return told, notes, time.monotonic() - began


def _timeless(told: str) -> dict[str, object]:
    answer: dict[str, object] = json.loads(told)
    answer.pop("slots_per_s")
    for figures in answer["policies"].values():  # type: ignore[attr-defined]
        del figures["plan_ms_p50"], figures["plan_ms_p95"]
    return answer


@pytest.mark.parametrize("workers", ["1", "2"])
def test_killed_at_random_places_and_resumed(home: Path, workers: str) -> None:
    told, notes, whole_s = _run(home, workers)
    expected = _timeless(told)
    assert notes == ""
    drawn = random.Random(int(workers))
    killed = resumed = 0
    while killed < KILLS // 2:
        told, notes, _ = _run(home, workers, drawn.uniform(0.1, 1.0) * whole_s)
        resumed += "was cut off" in notes
        if told:
            assert _timeless(told) == expected
            assert not (home / "checkpoints").exists()
        else:
            killed += 1
    told, notes, _ = _run(home, workers)
    assert _timeless(told) == expected
    assert not (home / "checkpoints").exists()
    assert resumed
