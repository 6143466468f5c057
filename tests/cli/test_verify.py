"""`darkstar verify --against FILE` as a person or a script calls it: no Home Assistant far and wide."""

import json
import math
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import typer

from darkstar.cli import imports, verify
from tests.cli.running import answered
from tests.cli.test_imports import CONFIG, T0

HOURS = 72
WRONG = 30
"""An hour of the file that is changed."""


def load(quarter: int) -> float:
    """A home's use, no hour like another [kWh in a quarter]."""
    return round(0.2 + 0.15 * math.sin(quarter / 7) + 0.05 * math.cos(quarter * 1.7), 4)


def pv(quarter: int) -> float:
    return round(max(0.0, math.sin((quarter % 96 - 24) / 48 * math.pi)), 4)


QUARTERS = [(T0 + 900 * i, load(i), pv(i)) for i in range(4 * HOURS)]


def csv(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def quarters(path: Path, change: Callable[[int], float] = lambda _: 0.0) -> Path:
    rows = "".join(f"{t},{use + change(i)},{sun}\n" for i, (t, use, sun) in enumerate(QUARTERS))
    return csv(path, "ts_utc,load_kwh,pv_kwh\n" + rows)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three days of a load and the sun, by the quarter; to be read only."""
    folder = tmp_path_factory.mktemp("home")
    (folder / "darkstar.yaml").write_text(CONFIG)
    assert run("import", "energy", quarters(folder / "energy.csv"), "--home", folder, "--json")[0] == 0
    return folder


def run(*words: object) -> tuple[int, str]:
    app = typer.Typer()
    imports.register(app)
    verify.register(app)
    return answered(app, *words)


def told(home: Path, file: Path, *words: object) -> tuple[int, dict]:
    code, text = run("verify", "--against", file, *words, "--home", home, "--json")
    return code, json.loads(text)


def test_the_file_that_filled_the_ledger_agrees_with_it(home: Path) -> None:
    code, found = told(home, home / "energy.csv")
    assert code == 0
    assert found["against"] == "energy.csv"
    assert (found["from"], found["to"]) == ("2025-03-29T00:00:00Z", "2025-04-01T00:00:00Z")
    assert (found["hours"], found["within"], found["differences"]) == (2 * HOURS, 2 * HOURS, [])
    assert set(found["channels"]) == {"load", "pv"}
    assert found["channels"]["load"]["max_abs_difference_kwh"] < 1e-9
    assert [day["date"] for day in found["days"]] == ["2025-03-29", "2025-03-30", "2025-03-31"]


def test_an_hour_that_nothing_tells_of_is_unexplained(home: Path, tmp_path: Path) -> None:
    file = quarters(tmp_path / "other.csv", lambda i: 0.1 if i // 4 == WRONG else 0.0)
    code, found = told(home, file)
    assert code == 1
    assert (found["unexplained"], found["explained"]) == (1, 0)
    (wrong,) = found["differences"]
    assert (wrong["hour_utc"], wrong["channel"], wrong["cause"]) == (
        "2025-03-30T06:00:00Z",
        "load",
        "unexplained",
    )
    assert wrong["difference_kwh"] == pytest.approx(-0.4)
    assert wrong["ledger_kwh"] - wrong["ha_kwh"] == pytest.approx(-0.4)
    assert told(home, file, "--tolerance", 0.5)[0] == 0
    assert told(home, file, "--to", "2025-03-30")[0] == 0, "the hour lies after the range"


def test_people_see_the_difference_and_where_its_story_is(home: Path, tmp_path: Path) -> None:
    file = quarters(tmp_path / "other.csv", lambda i: 0.1 if i // 4 == WRONG else 0.0)
    code, text = run("verify", "--against", file, "--home", home)
    assert code == 1
    assert "Differences [kWh]" in text
    (row,) = [line for line in text.splitlines() if "unexplained │" in line]
    assert [cell.strip() for cell in row.strip("│").split("│")] == [
        "2025-03-30 08:00",
        "load",
        "0.598",
        "0.197",
        "unexplained",
    ]
    assert "--json" in text


def test_hours_are_compared_with_hours(home: Path, tmp_path: Path) -> None:
    totals = [(T0 + 3600 * h, sum(use for _, use, _ in QUARTERS[4 * h : 4 * h + 4])) for h in range(HOURS)]
    file = csv(tmp_path / "hours.csv", "ts_utc,house\n" + "".join(f"{t},{v}\n" for t, v in totals))
    code, found = told(home, file, "--map", "house=load_kwh")
    assert (code, found["hours"], found["within"]) == (0, HOURS, HOURS)


def test_readings_of_a_meter_that_come_some_seconds_late(home: Path, tmp_path: Path) -> None:
    """The state at the edge lies on the line between two readings: the last one before would be an hour old."""
    shown, rows = 100.0, []
    for h in range(HOURS + 1):
        rows.append((T0 + 3600 * h + 7, shown))
        shown += sum(use for _, use, _ in QUARTERS[4 * h : 4 * h + 4])
    file = csv(tmp_path / "meter.csv", "ts_utc,load_kwh_cum\n" + "".join(f"{t},{v:.6f}\n" for t, v in rows))
    code, found = told(home, file)
    assert code == 0
    assert found["hours"] == HOURS - 1, "what flowed in the first seconds it does not know"
    assert found["channels"]["load"]["max_abs_difference_kwh"] < 0.01


def test_a_gap_and_what_is_no_energy_are_not_compared(home: Path, tmp_path: Path) -> None:
    rows = "".join(f"{t},{use}\n" for i, (t, use, _) in enumerate(QUARTERS) if not 40 <= i < 45)
    code, found = told(home, csv(tmp_path / "gap.csv", "ts_utc,load_kwh\n" + rows))
    assert (code, found["hours"]) == (0, HOURS - 2), "five quarters are missing in two hours"


def test_a_coarse_meter_differs_by_its_steps(home: Path, tmp_path: Path) -> None:
    total, rows = 0.0, []
    for t, use, _ in QUARTERS:
        rows.append(f"{t},{math.floor(total)}\n")
        total += use
    code, found = told(home, csv(tmp_path / "coarse.csv", "ts_utc,load_kwh_cum\n" + "".join(rows)))
    assert code == 0
    assert {d["cause"] for d in found["differences"]} == {"resolution"}


def test_rows_shifted_by_an_hour_are_named_with_the_file(home: Path, tmp_path: Path) -> None:
    rows = "".join(f"{t - 3600},{use},{sun}\n" for t, use, sun in QUARTERS)
    _, found = told(home, csv(tmp_path / "shifted.csv", "ts_utc,load_kwh,pv_kwh\n" + rows))
    causes = [d for d in found["differences"] if d["channel"] == "pv"]
    assert {d["cause"] for d in causes} == {"shifted_rows"}
    assert "the ledger's hours are the file's, 1 h later" in causes[0]["detail"]
    assert "Home Assistant" not in causes[0]["detail"]


def test_parquet_and_local_times(home: Path, tmp_path: Path) -> None:
    wall = pd.to_datetime([t for t, _, _ in QUARTERS], unit="s", utc=True).tz_convert("Europe/Stockholm")
    frame = pd.DataFrame({"load_kwh": [use for _, use, _ in QUARTERS]}, index=wall.tz_localize(None))
    frame.index.name = "ts_local"
    frame.to_parquet(tmp_path / "local.parquet")
    code, found = told(home, tmp_path / "local.parquet", "--timezone", "Europe/Stockholm")
    assert (code, found["hours"], found["within"]) == (0, HOURS, HOURS)


def test_hours_that_the_ledger_lacks_are_unproven(home: Path, tmp_path: Path) -> None:
    file = csv(tmp_path / "export.csv", "ts_utc,export_kwh\n" + "".join(f"{t},0.3\n" for t, _, _ in QUARTERS))
    code, found = told(home, file)
    assert code == 1
    assert {d["cause"] for d in found["differences"]} == {"not_in_ledger"}
    assert found["unexplained"] == HOURS


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--against", "nowhere.csv"), "cannot be read"),
        (("--map", "a=load_kwh"), "--against FILE"),
        (("--timezone", "UTC"), "--against FILE"),
        ((), "home_assistant"),
    ],
)
def test_what_makes_no_sense_is_refused(home: Path, words: tuple[str, ...], said: str) -> None:
    code, text = run("verify", *words, "--home", home)
    assert code == 2
    assert said in text


def test_a_file_of_other_days_is_refused(home: Path, tmp_path: Path) -> None:
    file = csv(
        tmp_path / "later.csv", "ts_utc,load_kwh\n" + "".join(f"{t + 10**7},1\n" for t, _, _ in QUARTERS)
    )
    code, text = run("verify", "--against", file, "--home", home)
    assert code == 2
    assert "knows no whole hour" in text
    assert "It reaches from 2025-07-22" in text


def test_an_empty_ledger_is_refused(tmp_path: Path) -> None:
    (tmp_path / "darkstar.yaml").write_text(CONFIG)
    code, text = run("verify", "--against", quarters(tmp_path / "f.csv"), "--home", tmp_path)
    assert code == 2
    assert "is empty" in text


def test_an_outage_of_the_ledger_s_meter_is_explained_where_the_totals_agree(tmp_path: Path) -> None:
    """The ledger's meter was silent for six hours, the file's was not: the hours between are the ledger's estimate."""
    (tmp_path / "darkstar.yaml").write_text(CONFIG)
    total, rows, truth = 100.0, [], []
    for i, (t, use, _) in enumerate(QUARTERS):
        silent = 100 < i < 124
        if not silent:
            rows.append(f"{t},{total:.4f}\n")
        use += 0.8 if 110 <= i < 114 else 0.0
        truth.append(f"{t},{use:.4f}\n")
        total += use
    meter = csv(tmp_path / "meter.csv", "ts_utc,load_kwh_cum\n" + "".join(rows))
    assert run("import", "energy", meter, "--home", tmp_path, "--json")[0] == 0
    code, found = told(tmp_path, csv(tmp_path / "truth.csv", "ts_utc,load_kwh\n" + "".join(truth)))
    assert code == 0
    assert {d["cause"] for d in found["differences"]} == {"outage"}
    assert "laid over that time by estimate" in found["differences"][0]["detail"]
    other = [row if i != 105 else f"{row.split(',')[0]},4.0\n" for i, row in enumerate(truth)]
    code, found = told(tmp_path, csv(tmp_path / "other.csv", "ts_utc,load_kwh\n" + "".join(other)))
    assert code == 1, "the silence accounts for when it was, not for how much"


def test_what_a_reset_lost_is_named(tmp_path: Path) -> None:
    """The ledger's meter began again from zero between two readings: what it had counted since is lost."""
    (tmp_path / "darkstar.yaml").write_text(CONFIG)
    total, rows = 100.0, []
    for i, (t, use, _) in enumerate(QUARTERS):
        total = 0.0 if i == 101 else total
        rows.append(f"{t},{total:.4f}\n")
        total += use + (0.5 if i == 100 else 0.0)
    meter = csv(tmp_path / "meter.csv", "ts_utc,load_kwh_cum\n" + "".join(rows))
    assert run("import", "energy", meter, "--home", tmp_path, "--json")[0] == 0
    truth = quarters(tmp_path / "truth.csv", lambda i: 0.5 if i == 100 else 0.0)
    _, found = told(tmp_path, truth, "--map", "load_kwh=load")
    (lost,) = [d for d in found["differences"] if d["channel"] == "load"]
    assert (lost["hour_utc"], lost["cause"]) == ("2025-03-30T01:00:00Z", "reset")
    assert lost["detail"].endswith(f"The file has {lost['ha_kwh']:.3f} kWh.")
    more = quarters(tmp_path / "less.csv", lambda i: -0.1 if 100 <= i < 104 else 0.0)
    wrong = [d for d in told(tmp_path, more)[1]["differences"] if d["channel"] == "load"]
    assert "reset" not in {d["cause"] for d in wrong}, "less than the meter counted is not what it lost"


def test_people_see_the_labels_of_days_in_eighty_columns(home: Path) -> None:
    code, text = run("verify", "--against", home / "energy.csv", "--home", home)
    assert code == 0
    assert "The ledger beside energy.csv" in text
    assert "Labels of days: 3 exclude" in text
    assert "2025-03-29 to 31" in text
    assert "the import price is unknown for 23 to 24 h" in " ".join(text.replace("│", " ").split())
    assert max(len(line) for line in text.splitlines()) <= 80
