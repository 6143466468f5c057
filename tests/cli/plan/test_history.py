"""What a terminal is shown of past plans, wide and narrow; names in brackets are no styles."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from darkstar.cli.plan.history import rendered
from darkstar.config.settings import Settings, load_settings
from darkstar.store.plans import PlanRow
from tests.cli.plan.test_home import HOME
from tests.store.test_plans import ROW

WHY = "the [/cellar] holds 1.0 kWh where 3.4 were planned, 1.9 kWh less sun is expected"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "darkstar.yaml").write_text(HOME, encoding="utf-8")
    return load_settings(tmp_path, {})


def _shown(rows: Sequence[PlanRow], settings: Settings, width: int) -> list[str]:
    console = Console(width=width)
    with console.capture() as captured:
        console.print(rendered(rows, 0, settings, width), highlight=False)
    return [line.rstrip() for line in captured.get().splitlines()]


def test_on_a_wide_terminal_a_plan_has_one_line(settings: Settings) -> None:
    shown = _shown([replace(ROW, why=WHY)], settings, 160)
    assert len([line for line in shown if line]) == 4
    assert shown[1].endswith(WHY)


def test_on_a_narrow_one_reasons_stand_below_the_figures(settings: Settings) -> None:
    shown = _shown([replace(ROW, why=""), replace(ROW, why=WHY)], settings, 80)
    made = [line for line in shown if line.startswith("Fri 2025-08-01 02:00")]
    assert [line.split() for line in made[:2]] == [
        ["Fri", "2025-08-01", "02:00", "12.35", "changed", "0.41", "3"]
    ] * 2
    assert len(made) == 3
    assert "the [/cellar] holds 1.0 kWh where 3.4 were" in made[2]
    assert max(map(len, shown)) <= 80
