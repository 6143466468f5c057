"""What darkstar.yaml says of plans."""

from pathlib import Path

import pytest

from darkstar.config.settings import PlanSettings, load_settings
from darkstar.domain.errors import ConfigError
from tests.cli.plan.test_home import HOME


def plans(folder: Path, section: str) -> PlanSettings:
    (folder / "darkstar.yaml").write_text(HOME + section, encoding="utf-8")
    return load_settings(folder, {}).plans


@pytest.mark.parametrize(
    ("section", "wanted"),
    [
        ("", PlanSettings(None, 30)),
        ("plan: {threshold: 0.2}\n", PlanSettings(0.2, 30)),
        ("plan: {threshold: 0, keep_days: 7}\n", PlanSettings(0.0, 7)),
    ],
)
def test_threshold_and_days(tmp_path: Path, section: str, wanted: PlanSettings) -> None:
    assert plans(tmp_path, section) == wanted


@pytest.mark.parametrize(
    ("section", "told"),
    [
        ("plan: {threshold: -1}\n", "plan.threshold"),
        ("plan: {keep_days: 0}\n", "plan.keep_days"),
        ("plan: {keep_days: 1.5}\n", "plan.keep_days"),
        ("plan: {treshold: 1}\n", "threshold"),
    ],
)
def test_what_cannot_be_is_told(tmp_path: Path, section: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        plans(tmp_path, section)
