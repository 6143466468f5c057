"""`darkstar simulate --report`: a page, Markdown and JSON."""

import json
import re
from pathlib import Path

import pytest

from darkstar.domain.errors import UsageError
from tests.cli.simulate.made_homes import make_home
from tests.cli.simulate.running import simulated

pytestmark = pytest.mark.slow

RANGE = "--from", "2021-03-09", "--to", "2021-03-12"
NAME = "</script><script>alert(1)</script> | *Åsa*"


def _run(home: Path, *options: str) -> str:
    return simulated(home, *RANGE, *options)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = make_home(tmp_path_factory.mktemp("home"), 11, name=NAME)
    _run(
        home,
        "--report",
        "--regret",
        "--policy",
        "rule",
        "--what-if",
        'battery_kwh=10 price=90000 name="<i>Big</i>"',
        "--report-day",
        "2021-03-10",
    )
    return home / "reports"


def test_three_files_by_the_range(written: Path) -> None:
    names = sorted(path.name for path in written.iterdir())
    assert names == [f"simulate-2021-03-09-to-2021-03-11.{kind}" for kind in ("html", "json", "md")]


def test_the_page(written: Path) -> None:
    page = next(written.glob("*.html")).read_text("utf-8")
    text = re.sub(r"<script.*?</script>", " ", page[page.index("</head>") :], flags=re.DOTALL)
    for heading in (
        "What it would have cost",
        "Day by day",
        "March 2021",
        "Best days",
        "Worst days",
        "Where the money went",
        "What if",
        "One day, quarter by quarter: 2021-03-10",
        "Energy by day",
    ):
        assert heading in text
    charts = re.findall(r'<script type="application/json" data-chart="chart-(\w+)">', page)
    assert charts == ["costs", "saving", "regret", "day", "energy"]
    assert text.count("<tr") > 96
    assert "“As it was” is what the meters of grid and battery measured" in text
    assert "default-src 'none'" in page


def test_names_stay_words(written: Path) -> None:
    page = next(written.glob("*.html")).read_text("utf-8")
    assert "alert(1)</script>" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<i>Big</i>" not in page
    markdown = next(written.glob("*.md")).read_text("utf-8")
    assert "<script>" not in markdown.replace("\\<", "")
    assert markdown.startswith("# \\</script\\>\\<script\\>alert(1)\\</script\\> \\| \\*Åsa\\*\n")


def test_markdown_has_the_same_figures(written: Path) -> None:
    markdown = next(written.glob("*.md")).read_text("utf-8")
    answer = json.loads(next(written.glob("*.json")).read_text("utf-8"))
    assert f"| Kepler | {answer['policies']['mpc']['cost']:.2f} |" in markdown
    assert f"| In all | {answer['regret']['total']:.2f} | 100 % |" in markdown
    for line in markdown.splitlines():
        if line.startswith("| 00:15 |"):
            assert len(re.findall(r"(?<!\\)\|", line)) == 11


def test_json_adds_up(written: Path) -> None:
    answer = json.loads(next(written.glob("*.json")).read_text("utf-8"))
    assert [day["date"] for day in answer["days"]] == ["2021-03-09", "2021-03-10", "2021-03-11"]
    for name, figures in answer["policies"].items():
        assert sum(day["costs"][name] for day in answer["days"]) == pytest.approx(figures["cost"])
    assert answer["day"]["date"] == "2021-03-10"
    assert len(answer["day"]["quarters"]) == 96
    assert answer["day"]["quarters"][0]["slot"] == "2021-03-09T23:00:00Z"
    assert answer["home"] == NAME


def test_elsewhere_and_mistakes(tmp_path: Path) -> None:
    home = make_home(tmp_path, 10, battery=False)
    _run(home, "--what-if", "battery_kwh=5", "--report-to", str(tmp_path / "out"))
    assert len(list((tmp_path / "out").iterdir())) == 3
    assert not (home / "reports").exists()
    with pytest.raises(UsageError, match="is no day"):
        _run(home, "--what-if", "battery_kwh=5", "--report-day", "soon")
    with pytest.raises(UsageError, match="was not replayed"):
        _run(home, "--what-if", "battery_kwh=5", "--report-day", "2021-03-01")
