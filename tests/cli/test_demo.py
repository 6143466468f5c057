"""The demo's command looks at no real home and says where its report lies."""

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from darkstar.cli import demo
from darkstar.domain.errors import UsageError


@pytest.fixture
def app() -> typer.Typer:
    app = typer.Typer()
    app.callback()(lambda: None)
    demo.register(app)
    return app


def test_it_never_takes_the_home_that_the_environment_names(
    app: typer.Typer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Path] = []

    def run_demo(folder: Path, **_: object) -> None:
        asked.append(folder)
        raise UsageError("enough")

    monkeypatch.setattr(demo, "run_demo", run_demo)
    monkeypatch.setenv("DARKSTAR_HOME", str(tmp_path))
    CliRunner().invoke(app, ["demo"])
    CliRunner().invoke(app, ["demo", "--home", str(tmp_path / "other")])
    assert asked == [Path("demo-home"), tmp_path / "other"]


@pytest.mark.slow
def test_a_real_home_is_refused(app: typer.Typer, tmp_path: Path) -> None:
    (tmp_path / "darkstar.yaml").write_text("home: {}\n")
    outcome = CliRunner().invoke(app, ["demo", "--home", str(tmp_path)])
    assert isinstance(outcome.exception, UsageError)
