"""`darkstar backfill prices --check` as a person or a script calls it."""

import json
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from darkstar.cli import backfill_prices
from darkstar.domain.slots import HOUR_SECONDS
from darkstar.ledger.quotes import PriceKind, Quotes

CONFIG = """
home: {name: Test, timezone: Europe/Stockholm, latitude: 55.6, longitude: 13.0, currency: SEK, main_fuse_a: 25}
prices: {source: vattenfall, area: SE4}
tariff: {grid_fee_per_kwh: 0.25, energy_tax_per_kwh: 0.44, vat_percent: 25}
"""
ODD = 1_743_296_400  # 2025-03-30T01:00:00Z, when the clocks go forward
WORDS = ("--from", "2025-03-30", "--to", "2025-03-31")


class Hourly:
    """A source with one price for every hour but one."""

    def __init__(self, name: str, odd: float) -> None:
        self.name = name
        self.odd = odd

    async def fetch(self, start_utc: int, end_utc: int) -> Quotes:
        starts = np.arange(start_utc, end_utc, HOUR_SECONDS, dtype=np.int64)
        prices = np.where(starts == ODD, self.odd, 0.5 + starts % 86_400 / 1e6)
        return Quotes(self.name, "SE4", "SEK", PriceKind.SPOT, starts, starts + HOUR_SECONDS, prices)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "darkstar.yaml").write_text(CONFIG)
    sources = [Hourly("vattenfall", 0.0), Hourly("elprisetjustnu", 0.25)]
    monkeypatch.setattr(backfill_prices, "price_sources", lambda settings, currency: sources)
    return tmp_path


def run(home: Path, *words: str) -> tuple[int, str]:
    app = typer.Typer()
    app.command()(backfill_prices.prices_command)
    got = CliRunner().invoke(app, ["--home", str(home), *WORDS, *words])
    if got.exception is not None and not isinstance(got.exception, SystemExit):
        raise got.exception
    return got.exit_code, got.stdout


def test_a_check_tells_where_two_sources_differ(home: Path) -> None:
    code, out = run(home, "--json")
    told = json.loads(out)
    assert (code, told["known"], told["compared"], told["disputes"]) == (0, 92, 0, [])

    code, out = run(home, "--check", "--dry-run", "--json")
    day = {"from": "2025-03-29T23:00:00Z", "to": "2025-03-30T22:00:00Z"}
    assert (code, json.loads(out)["checks"]) == (0, {"vattenfall": [], "elprisetjustnu": [day]})

    code, out = run(home, "--check", "--json")
    told = json.loads(out)
    assert code == 1
    assert (told["added"], told["compared"], told["missing"]) == ({"elprisetjustnu": 23}, 92, [])
    assert told["disputes"] == [
        {
            "from": "2025-03-30T01:00:00Z",
            "to": "2025-03-30T02:00:00Z",
            "between": "vattenfall and elprisetjustnu",
            "apart_per_kwh": 0.25,
        }
    ]


@pytest.mark.slow
def test_a_check_for_people(home: Path) -> None:
    code, out = run(home, "--check", "--dry-run")
    assert (code, "to check with" in out) == (0, False), "nothing is known yet that could be compared"
    run(home)
    code, out = run(home, "--check", "--dry-run")
    assert "to check with elprisetjustnu: 2025-03-30T00:00:00+01:00 to 2025-03-31T00:00:00+02:00" in out
    code, out = run(home, "--check")
    assert code == 1
    assert "92 slots have the market's price from two sources" in out
    assert (
        "vattenfall and elprisetjustnu differ by up to 0.25 SEK/kWh: "
        "2025-03-30T03:00:00+02:00 to 2025-03-30T04:00:00+02:00"
    ) in out
