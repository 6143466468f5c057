"""`darkstar plan`: problems in, plans out."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from darkstar.cli.plan import command as plan
from darkstar.domain.errors import DataError, UsageError
from tests.planner.test_instances import SMALL

app = typer.Typer()
plan.register(app)
# A Typer application of one command runs it without its name; a second one keeps the name.
app.command("other")(lambda: None)


def _run(folder: Path, problems: object, *options: str) -> str:
    file = folder / "problems.json"
    file.write_text(json.dumps(problems), encoding="utf-8")
    result = CliRunner().invoke(app, ["plan", "--problem", str(file), *options])
    if result.exception is not None:
        raise result.exception
    return result.stdout


def test_json_answers_each_problem(tmp_path: Path) -> None:
    answers = json.loads(_run(tmp_path, [SMALL, {**SMALL, "id": "other", "soc_start_kwh": 4}], "--json"))
    assert [answer["id"] for answer in answers] == ["small", "other"]
    # 1 kWh bought at 2; storing more is worth 1.5 * 0.9 < 2. Full: the load takes 1 / 0.9 from the store.
    assert answers[0]["cost"] == pytest.approx(2.0)
    assert answers[1]["cost"] == pytest.approx(-1.5 * (4 - 1 / 0.9))
    assert set(answers[0]) == {"id", "cost", "gap", "ms", "engine"}
    assert answers[0]["gap"] == 0.0


def test_table_for_people(tmp_path: Path) -> None:
    assert "small" in _run(tmp_path, [SMALL])


def test_unsound_problem_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"Problem small: .* outside the battery"):
        _run(tmp_path, [{**SMALL, "soc_start_kwh": 5}])


def test_missing_file_is_told(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["plan", "--problem", str(tmp_path / "none.json")])
    assert isinstance(result.exception, DataError)
