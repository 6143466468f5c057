"""`darkstar simulate --homes`: each home as if alone, all in all, and the broken ones named."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from darkstar.cli.simulate import command as simulate
from darkstar.domain.errors import DataError, UsageError
from tests.cli.simulate.made_homes import make_home

RANGE = "--from", "2021-03-09", "--to", "2021-03-11", "--policy", "none,rule,mpc,oracle"

app = typer.Typer()
simulate.register(app)
app.command("other")(lambda: None)


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two that can be replayed, one whose file is wrong, one with an empty ledger, and what is no home."""
    folder = tmp_path_factory.mktemp("homes")
    for name, days in (("a", 10), ("b", 11)):
        (folder / name).mkdir()
        make_home(folder / name, days, name=f"[red]{name}")
    text = (folder / "a" / "darkstar.yaml").read_text()
    (folder / "broken").mkdir()
    (folder / "broken" / "darkstar.yaml").write_text("home: {latitude: 100}\n")
    (folder / "empty").mkdir()
    (folder / "empty" / "darkstar.yaml").write_text(text)
    (folder / "notes").mkdir()
    return folder


def _run(*options: str) -> tuple[str, str]:
    result = CliRunner().invoke(app, ["simulate", *RANGE, *options])
    if result.exception is not None:
        raise result.exception
    return result.stdout, result.stderr


def _timeless(answer: dict) -> dict:
    answer.pop("slots_per_s")
    for figures in answer["policies"].values():
        del figures["plan_ms_p50"], figures["plan_ms_p95"]
    return answer


@pytest.mark.parametrize("workers", ["1", pytest.param("2", marks=pytest.mark.slow)])
def test_each_home_as_if_alone_and_all_in_all(homes: Path, workers: str) -> None:
    found = json.loads(_run("--homes", str(homes), "--workers", workers, "--json")[0])
    assert [home["folder"] for home in found["homes"]] == ["a", "b"]
    for home in found["homes"]:
        alone = json.loads(_run("--home", str(homes / home["folder"]), "--workers", "1", "--json")[0])
        told = {key: value for key, value in home.items() if key not in ("folder", "home", "currency")}
        assert _timeless(told) == _timeless(alone)
    assert [home["folder"] for home in found["left_out"]] == ["broken", "empty"]
    assert "home.timezone" in found["left_out"][0]["reason"]
    costs = [home["policies"]["mpc"]["cost"] for home in found["homes"]]
    closed = [home["gap_closed"]["mpc"] for home in found["homes"]]
    mpc = found["all"]["policies"]["mpc"]
    assert (found["all"]["homes"], found["all"]["days"]) == (2, 4)
    assert mpc["cost"]["SEK"] == pytest.approx(
        {"sum": sum(costs), "median": sum(costs) / 2, "worst": max(costs)}
    )
    assert mpc["gap_closed"] == pytest.approx({"median": sum(closed) / 2, "worst": min(closed)})
    assert not list(homes.glob("*/checkpoints"))


def test_the_table_names_all_and_notes_the_broken(homes: Path) -> None:
    told, notes = _run("--homes", str(homes), "--workers", "1")
    for text in ("a, SEK", "b, SEK", "sum, SEK", "median, SEK", "worst, SEK"):
        assert text in told
    assert "broken is left out" in notes
    assert "empty is left out" in notes


@pytest.mark.slow
def test_no_figure_is_cut_however_many_policies_there_are(homes: Path) -> None:
    """All of them are wider than most terminals."""
    asked = "--homes", str(homes), "--workers", "1", "--policy", "timer,cheapest,setpoint"
    found = json.loads(_run(*asked, "--json")[0])
    told, _ = _run(*asked)
    assert "…" not in told
    [row] = [line.split() for line in told.splitlines() if line.strip().startswith("a, SEK")]
    costs = [f"{figures['cost']:.0f}" for figures in found["homes"][0]["policies"].values()]
    assert row[2 : 3 + len(costs)] == ["2", *costs]


def test_nothing_to_replay(homes: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"darkstar\.yaml"):
        _run("--homes", str(tmp_path))
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "darkstar.yaml").write_text("")
    with pytest.raises(DataError, match="None of the 1 homes"):
        _run("--homes", str(tmp_path), "--workers", "1")
    with pytest.raises(UsageError, match="one folder"):
        _run("--homes", str(homes), "--report-to", str(tmp_path))
