"""The demo's folder is the demo's; a person's is theirs."""

from pathlib import Path

import pytest

from darkstar.config.settings import load_settings
from darkstar.demo.home import BATTERY, HOME, ROOF, SPECS, TARIFF
from darkstar.demo.settings import claim, is_demo, settings_text
from darkstar.domain.errors import UsageError


def test_the_file_says_what_the_home_is(tmp_path: Path) -> None:
    claim(tmp_path)
    settings = load_settings(tmp_path, {})
    assert (settings.home, settings.battery, settings.tariffs.first) == (HOME, BATTERY, TARIFF)
    assert settings.pv_peak_kw == ROOF.peak_kw
    assert {entity_id for _, entity_id in settings.sensor_list} == {spec.entity_id for spec in SPECS}
    assert settings.home_assistant is None
    assert settings.prices is not None
    assert settings.prices.fallbacks == ()


def test_a_second_demo_begins_anew(tmp_path: Path) -> None:
    claim(tmp_path)
    (tmp_path / "planner_learning.db").write_text("old")
    (tmp_path / "planner_learning.db-wal").write_text("old")
    claim(tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["darkstar.yaml"]


@pytest.mark.parametrize("theirs", ["home: {name: Mine}\n", settings_text() + "# my own words\n"])
def test_a_persons_home_is_left_alone(tmp_path: Path, theirs: str) -> None:
    (tmp_path / "darkstar.yaml").write_text(theirs)
    (tmp_path / "planner_learning.db").write_text("mine")
    with pytest.raises(UsageError, match="did not make"):
        claim(tmp_path)
    assert (tmp_path / "darkstar.yaml").read_text() == theirs
    assert (tmp_path / "planner_learning.db").read_text() == "mine"


def test_a_ledger_without_settings_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "planner_learning.db").write_text("mine")
    with pytest.raises(UsageError):
        claim(tmp_path)


def test_the_text_knows_itself() -> None:
    assert is_demo(settings_text())
    assert not is_demo(settings_text().replace("SEK", "EUR"))
