"""`darkstar explain` as a person or a script calls it, on a home that files alone have filled."""

import json
import time
from pathlib import Path

import pytest
import typer

from darkstar.cli import explain, imports
from darkstar.cli.story import SHOWN
from tests.cli.running import answered
from tests.cli.test_imports import CONFIG, T0

QUARTER_KWH = 0.25


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Six hours of a load by the quarter."""
    folder = tmp_path / "home"
    folder.mkdir()
    (folder / "darkstar.yaml").write_text(CONFIG)
    file = tmp_path / "energy.csv"
    file.write_text("ts_utc,load_kwh\n" + "".join(f"{T0 + 900 * i},{QUARTER_KWH}\n" for i in range(24)))
    assert run("import", "energy", file, "--home", folder, "--json")[0] == 0
    return folder


def run(*words: object) -> tuple[int, str]:
    app = typer.Typer()
    imports.register(app)
    explain.register(app)
    return answered(app, *words)


def test_an_hour_as_json(home: Path) -> None:
    code, text = run("explain", "2025-03-29T02:00Z", "--home", home, "--json")
    assert code == 0
    (story,) = json.loads(text)["channels"]
    assert (story["channel"], story["hour_utc"], story["slot_utc"]) == ("load", "2025-03-29T02:00:00Z", None)
    assert (story["ledger_kwh"], story["ha_kwh"], story["cause"]) == (1.0, None, None)
    assert [slot["kwh"] for slot in story["slots"]] == [QUARTER_KWH] * 4
    assert {slot["source"] for slot in story["slots"]} == {"import_fine"}
    assert [row["shown"] for row in story["evidence"]] == ["0.250 kWh in 15 min"] * 4
    assert story["evidence"][0]["time_utc"] == "2025-03-29T02:15:00Z"


def test_a_slot_is_pointed_at(home: Path) -> None:
    code, text = run("explain", "2025-03-29T03:15", "--home", home, "--channel", "load")
    assert code == 0
    assert "03:15 <" in text
    assert "Home Assistant has no meter of it; the ledger has 1.000 kWh" in text
    assert json.loads(run("explain", "2025-03-29T03:15", "--home", home, "--json")[1])["channels"][0][
        "slot_utc"
    ]


def test_an_hour_of_which_nothing_is_known(home: Path) -> None:
    code, text = run("explain", "2025-04-20T03:00", "--home", home)
    assert code == 0
    assert "No evidence of this hour is stored" in text
    assert "The ledger ends 2025-03-29 07:00; this hour lies after it." in " ".join(text.split())
    assert "quarter" not in text, "four unknown quarters tell nothing"
    code, text = run("explain", "2024-04-20T03:00", "--home", home)
    assert code == 0
    assert "The ledger begins 2025-03-29 01:00; this hour lies before it." in " ".join(text.split())
    assert "backfill energy --from 2024-04-20" in " ".join(text.split())


def test_an_hour_known_in_part_says_how_much(tmp_path: Path) -> None:
    folder = made_home(tmp_path, [(T0 + 900 * i, QUARTER_KWH) for i in range(8) if i != 5])
    _, text = run("explain", "2025-03-29T01:00Z", "--home", folder)
    assert "the ledger has no number, for it knows 3 of the four quarters" in " ".join(text.split())
    assert text.count("unknown") == 2


@pytest.mark.slow
def test_an_hour_that_the_clocks_show_twice_is_told_apart(tmp_path: Path) -> None:
    """2025-10-26: 02:00 comes at 00:00 UTC and again at 01:00."""
    first = 1_761_436_800
    folder = made_home(tmp_path, [(first + 900 * i, 0.1 + 0.01 * i) for i in range(16)])
    _, text = run("explain", "2025-10-26T02:30", "--home", folder)
    assert "the hour of 2025-10-26 02:00 (the first of two, +02:00)" in text
    assert "10-26 02:15:00 +02:00" in text
    _, text = run("explain", "2025-10-26T02:30+01:00", "--home", folder)
    assert "the hour of 2025-10-26 02:00 (the second of two, +01:00)" in text
    (story,) = json.loads(run("explain", "2025-10-26T01:30Z", "--home", folder, "--json")[1])["channels"]
    assert (story["hour_utc"], story["slot_utc"]) == ("2025-10-26T01:00:00Z", "2025-10-26T01:30:00Z")
    _, text = run("explain", "2025-10-26T03:30", "--home", folder)
    assert "of two" not in text


def made_home(tmp_path: Path, rows: list[tuple[int, float]]) -> Path:
    folder = tmp_path / "another"
    folder.mkdir()
    (folder / "darkstar.yaml").write_text(CONFIG)
    file = tmp_path / "rows.csv"
    file.write_text("ts_utc,load_kwh\n" + "".join(f"{t},{energy}\n" for t, energy in rows))
    assert run("import", "energy", file, "--home", folder, "--json")[0] == 0
    return folder


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("2025-03-29",), "is a day"),
        (("never o'clock",), "neither a date nor an instant"),
        (("14:15",), "neither a date nor an instant"),
        (("2025-03-30T02:30",), "the clocks skip it"),
        (("2025-03-29T02:00", "--channel", "pv"), "No meter of pv"),
        ((time.strftime("%Y-%m-%dT%H:00", time.gmtime(time.time() + 7200)) + "Z",), "has not come yet"),
        ((time.strftime("%Y-%m-%dT%H:00", time.gmtime()) + "Z",), "not over yet"),
    ],
)
def test_what_makes_no_sense_is_refused(home: Path, words: tuple[str, ...], said: str) -> None:
    code, text = run("explain", *words, "--home", home)
    assert code == 2
    assert said in text


def test_a_long_story_is_thinned_on_a_terminal(tmp_path: Path) -> None:
    folder = tmp_path / "home"
    folder.mkdir()
    (folder / "darkstar.yaml").write_text(CONFIG)
    file = tmp_path / "meter.csv"
    rows = "".join(f"{T0 + 60 * i},{100 + i / 60:.4f}\n" for i in range(300))
    file.write_text("ts_utc,load_kwh_cum\n" + rows)
    assert run("import", "energy", file, "--home", folder, "--json")[0] == 0
    _, text = run("explain", "2025-03-29T02:00Z", "--home", folder)
    assert "..." in text
    assert text.count("reading") <= SHOWN
    (story,) = json.loads(run("explain", "2025-03-29T02:00Z", "--home", folder, "--json")[1])["channels"]
    assert len(story["evidence"]) >= 61
