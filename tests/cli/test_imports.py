"""`darkstar import` and `darkstar backfill prices` as a person or a script calls them."""

import json
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import typer

from darkstar.cli import backfill_prices, imports
from darkstar.domain.slots import SLOT_SECONDS, hour_floor
from darkstar.evidence.prices import PriceSource
from darkstar.ledger.quotes import PriceKind, Quotes
from darkstar.store.ledger_file import LedgerFile
from tests.cli.running import answered

CONFIG = """
home: {name: Test, timezone: Europe/Stockholm, latitude: 55.6, longitude: 13.0, currency: SEK, main_fuse_a: 25}
prices: {source: vattenfall, area: SE4}
tariff: {grid_fee_per_kwh: 0.25, energy_tax_per_kwh: 0.44, vat_percent: 25}
"""
T0 = 1_743_206_400  # 2025-03-29T00:00:00Z


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    (folder / "darkstar.yaml").write_text(CONFIG)
    return folder


@pytest.fixture
def energy_file(tmp_path: Path) -> Path:
    path = tmp_path / "energy.csv"
    rows = "".join(f"{T0 + i * SLOT_SECONDS},{i * 0.1:.1f},7\n" for i in range(8))
    path.write_text("ts_utc,load_kwh,gas [m3]\n" + rows)
    return path


def run(*words: object) -> tuple[int, str]:
    app = typer.Typer()
    imports.register(app)
    backfill = typer.Typer()
    backfill.command("prices")(backfill_prices.prices_command)
    app.add_typer(backfill, name="backfill")
    backfill.callback()(lambda: None)
    return answered(app, *words)


def test_energy_as_json(home: Path, energy_file: Path) -> None:
    code, out = run("import", "energy", energy_file, "--home", home, "--json")
    assert code == 0
    told = json.loads(out)
    assert (told["from"], told["to"]) == ("2025-03-29T00:00:00Z", "2025-03-29T02:00:00Z")
    assert told["columns"] == [
        {
            "name": "load_kwh",
            "channel": "load",
            "cumulative": False,
            "rows": 8,
            "negative_left_out": 0,
            "step_s": 900.0,
            "added": 8,
        }
    ]
    assert told["left_out"] == {"gas [m3]": "its name says no channel"}
    assert (told["slots"], told["backup"]) == (8, None)


def test_energy_for_people(home: Path, energy_file: Path) -> None:
    code, out = run("import", "energy", energy_file, "--home", home)
    assert code == 0
    assert "load_kwh -> load: 8 energies, 8 of them new" in out
    assert "gas [m3]: left out" in out


def test_a_backup_comes_before_anything_that_writes(home: Path, energy_file: Path) -> None:
    run("import", "energy", energy_file, "--home", home)
    assert not (home / "backups").exists()
    told = json.loads(run("import", "energy", energy_file, "--home", home, "--json")[1])
    assert Path(told["backup"]).is_file()
    assert told["columns"][0]["added"] == 0


def test_a_map_and_a_time_zone(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "swedish.csv"
    path.write_text("ts_local;Förbrukning\n2025-03-29 01:00;0.5\n2025-03-29 02:00;0.6\n")
    words = ("import", "energy", path, "--home", home, "--json", "--map", "Förbrukning=load_kwh")
    code, problem = run(*words)
    assert (code, "--timezone" in problem) == (2, True)
    code, out = run(*words, "--timezone", "Europe/Stockholm")
    assert code == 0
    assert json.loads(out)["from"] == "2025-03-29T00:00:00Z"
    code, problem = run(*words, "--timezone", "Europe/Stokholm")
    assert (code, "Did you mean Europe/Stockholm" in problem) == (2, True)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ts_utc,load_kwh\n2025-03-29T00:00:00Z,0.5\n2025-03-29T01:0",
        "ts_utc,load_kwh\n1743206400,a\n1743210000,1\n",
    ],
    ids=["empty", "half written", "text"],
)
@pytest.mark.slow
def test_a_broken_file_leaves_everything_as_it_was(
    home: Path, tmp_path: Path, energy_file: Path, text: str
) -> None:
    run("import", "energy", energy_file, "--home", home)
    ledger = home / "planner_learning.db"
    with LedgerFile(ledger) as opened:
        before = opened.slots(T0, T0 + 8 * SLOT_SECONDS)
    path = tmp_path / "broken.csv"
    path.write_text(text)
    code, _ = run("import", "energy", path, "--home", home)
    assert code == 2
    with LedgerFile(ledger) as opened:
        after = opened.slots(T0, T0 + 8 * SLOT_SECONDS)
        assert [m.name for m in opened.meters()] == ["load_kwh"]
    for channel, energy in before.energy_kwh.items():
        np.testing.assert_array_equal(after.energy_kwh[channel], energy)


def test_prices_as_json(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "prices.parquet"
    times = pd.Index(pd.to_datetime([T0, T0 + 3600], unit="s", utc=True), name="ts_utc")
    pd.DataFrame({"se4_eur_mwh": [40.0, -5.0]}, index=times).to_parquet(path)
    words = (
        "import",
        "prices",
        path,
        "--home",
        home,
        "--json",
        "--column",
        "se4_eur_mwh",
        "--unit",
        "EUR/MWh",
    )
    code, problem = run(*words)
    assert (code, "--fx" in problem) == (2, True)
    code, out = run(*words, "--fx", "10")
    assert code == 0
    told = json.loads(out)
    assert (told["kind"], told["rows"], told["slots"]) == ("spot", 2, 8)
    assert told["highest_per_kwh"] == pytest.approx(0.4)
    with LedgerFile(home / "planner_learning.db") as ledger:
        assert ledger.slots(T0, T0 + SLOT_SECONDS).import_price.tolist() == [
            pytest.approx((0.4 + 0.69) * 1.25)
        ]


def test_all_in_prices(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "prices.csv"
    path.write_text(f"ts_utc,buy,sell\n{T0},1.5,0\n{T0 + 3600},1.6,0\n")
    words = ("import", "prices", path, "--home", home, "--unit", "SEK/kWh")
    assert run(*words, "--column", "buy", "--all-in")[0] == 0
    assert run(*words, "--column", "sell", "--all-in", "--export")[0] == 0
    code, problem = run(*words, "--column", "sell", "--export")
    assert (code, "--export goes with --all-in" in problem) == (2, True)
    with LedgerFile(home / "planner_learning.db") as ledger:
        table = ledger.slots(T0, T0 + SLOT_SECONDS)
        assert (table.import_price.tolist(), table.export_price.tolist()) == ([1.5], [0.0])


class Hourly:
    """A source with a price for each hour before it stops."""

    name = "vattenfall"

    def __init__(self, until: int = 4_000_000_000) -> None:
        self.until = until

    async def fetch(self, start_utc: int, end_utc: int) -> Quotes:
        starts = np.arange(start_utc, min(end_utc, self.until), 3600, dtype=np.int64)
        return Quotes(
            self.name, "SE4", "SEK", PriceKind.SPOT, starts, starts + 3600, np.full(len(starts), 0.4)
        )


def serve(monkeypatch: pytest.MonkeyPatch, *sources: PriceSource) -> None:
    monkeypatch.setattr(backfill_prices, "price_sources", lambda settings, currency: list(sources))


def test_backfill_prices(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    serve(monkeypatch, Hourly())
    words = ("backfill", "prices", "--home", home, "--json", "--from", "2025-03-30", "--to", "2025-04-01")
    code, out = run(*words, "--dry-run")
    assert code == 0
    told = json.loads(out)
    assert (told["slots"], told["known"], told["sources"]) == (92 + 96, 0, ["vattenfall"])
    assert told["requests"] == [{"from": "2025-03-29T23:00:00Z", "to": "2025-03-31T22:00:00Z"}]
    code, out = run(*words)
    assert code == 0
    told = json.loads(out)
    assert (told["known"], told["missing"], told["added"]) == (188, [], {"vattenfall": 47})
    assert len(list((home / "backups").iterdir())) == 1


@pytest.mark.slow
def test_backfill_tells_of_gaps_that_are_left(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    serve(monkeypatch, Hourly(until=T0 + 3600))
    words = ("backfill", "prices", "--home", home, "--from", "2025-03-29", "--to", "2025-03-30")
    code, out = run(*words)
    assert code == 1
    assert "8 of 96 slots have an import price" in out
    assert "without a price: 2025-03-29T02:00:00+01:00 to 2025-03-30T00:00:00+01:00" in out
    code, out = run(*words, "--json")
    assert code == 1
    assert json.loads(out)["missing"] == [{"from": "2025-03-29T01:00:00Z", "to": "2025-03-29T23:00:00Z"}]


def test_backfill_without_a_range_begins_with_the_ledger(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    serve(monkeypatch, Hourly())
    code, problem = run("backfill", "prices", "--home", home)
    assert (code, "--from 2025-01-01" in problem) == (2, True)
    start = hour_floor(time.time()) - 3 * 86_400
    path = tmp_path / "recent.csv"
    path.write_text(f"ts_utc,load_kwh\n{start},0.5\n{start + 3600},0.6\n")
    run("import", "energy", path, "--home", home)
    code, out = run("backfill", "prices", "--home", home, "--json")
    told = json.loads(out)
    assert (code, told["missing"]) == (0, [])
    assert pd.Timestamp(told["from"]).timestamp() == start


def test_backfill_in_the_future_or_without_a_source(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    serve(monkeypatch, Hourly())
    code, problem = run("backfill", "prices", "--home", home, "--from", "2099-01-01", "--to", "2099-01-02")
    assert (code, "Prices are published until" in problem) == (2, True)
    (home / "darkstar.yaml").write_text(CONFIG.splitlines()[1])
    code, problem = run("backfill", "prices", "--home", home, "--from", "2025-01-01")
    assert (code, "names no source of prices" in problem) == (2, True)
