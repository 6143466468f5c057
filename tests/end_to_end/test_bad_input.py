"""What a person may get wrong about Home Assistant: each gets its exit code, and words that say what to do."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.commands import HomeFolder, Outcome, write_home
from tests.end_to_end.home_assistant.peer import Peer
from tests.end_to_end.home_assistant.seed import make_database
from tests.end_to_end.live_home import IMPORT, METERS, NEW, POWER, WATER

pytestmark = pytest.mark.xdist_group("home_assistant")
GOOD = {"import": [IMPORT.entity_id], "water": [WATER.entity_id]}
YESTERDAY = ("--from", "2026-01-01", "--to", "2026-01-02")
WRONG, AWAY = 2, 3


@pytest.fixture(scope="module")
def home(main_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Peer]:
    """A home that is up, with no past."""
    peer = Peer(tmp_path_factory.mktemp("bad_input"), main_python, METERS)
    make_database(peer)
    peer.come_up_with({NEW: 5.0, POWER: 1500.0})
    peer.start()
    yield peer
    peer.stop()


def fails(folder: HomeFolder, code: int, *words: str) -> Outcome:
    """The backfill of this home ends with that code and says these words; nothing is left half done."""
    done = folder.run("backfill", "energy", *YESTERDAY, "--json", timeout_s=60)
    said = " ".join(done.errors.split())
    assert (done.code, done.output) == (code, ""), said
    assert "Traceback" not in said
    for word in words:
        assert word in said
    return done


def test_a_sensor_that_does_not_exist(home: Peer, tmp_path: Path) -> None:
    folder = write_home(tmp_path, home, {"import": ["sensor.grid_imprt"]})
    fails(
        folder,
        WRONG,
        "sensor.grid_imprt",
        "does not exist",
        "did you mean sensor.grid_import?",
        "darkstar.yaml",
    )


def test_power_instead_of_energy(home: Peer, tmp_path: Path) -> None:
    fails(
        write_home(tmp_path, home, {"import": [POWER.entity_id]}), WRONG, POWER.entity_id, "power (W)", "kWh"
    )


def test_all_that_is_wrong_is_said_at_once(home: Peer, tmp_path: Path) -> None:
    folder = write_home(tmp_path, home, {"import": [POWER.entity_id], "pv": ["sensor.no_such"]})
    fails(folder, WRONG, POWER.entity_id, "sensor.no_such")


def test_a_wrong_token(home: Peer, tmp_path: Path) -> None:
    folder = write_home(tmp_path, home, GOOD)
    wrong = HomeFolder(folder.folder, home.token[:-4] + "AAAA")
    done = fails(wrong, AWAY, "refuses the access token", "token:")
    assert done.seconds < 15


def test_no_token(home: Peer, tmp_path: Path) -> None:
    folder = write_home(tmp_path, home, GOOD)
    done = HomeFolder(folder.folder, "").start("backfill", "energy", *YESTERDAY)
    _, said = done.communicate(timeout=60)
    assert (done.returncode, "HA_TOKEN" in said) == (WRONG, True)


def test_nobody_at_the_address(home: Peer, tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        folder = write_home(tmp_path, home, GOOD, url=f"http://127.0.0.1:{unused.getsockname()[1]}")
        assert fails(folder, AWAY, "not reachable", "url:").seconds < 20


def test_another_service_at_the_address(home: Peer, tmp_path: Path) -> None:
    fails(
        write_home(tmp_path, home, GOOD, url=f"{home.url}/nowhere"), AWAY, "does not answer as Home Assistant"
    )


def test_a_range_in_the_future_or_empty(home: Peer, tmp_path: Path) -> None:
    folder = write_home(tmp_path, home, GOOD)
    for start, end in (
        ("2031-01-01", "2031-02-01"),
        ("2026-01-02", "2026-01-02"),
        ("2026-01-03", "2026-01-02"),
    ):
        done = folder.run("backfill", "energy", "--from", start, "--to", end, timeout_s=60)
        assert done.code == WRONG, (start, end, done.errors)


@pytest.mark.parametrize("command", ["verify", "record"])
def test_the_other_commands_fail_alike(home: Peer, tmp_path: Path, command: str) -> None:
    folder = write_home(tmp_path, home, GOOD)
    wrong = HomeFolder(folder.folder, home.token[:-4] + "AAAA")
    assert folder.run("backfill", "energy").code == 0
    done = wrong.run(command, timeout_s=60)
    assert done.code == AWAY, done.errors
    assert "refuses the access token" in " ".join(done.errors.split())


def test_home_assistant_is_away(home: Peer, tmp_path: Path) -> None:
    home.stop()
    try:
        fails(write_home(tmp_path, home, GOOD), AWAY, "not reachable", "Is it running?")
    finally:
        home.start()
