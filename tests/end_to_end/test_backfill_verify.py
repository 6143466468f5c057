"""A year of a home in a real Home Assistant becomes a ledger that reconciles with it, hour by hour."""

import asyncio
import datetime as dt
import random
import shutil
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from darkstar.evidence.home_assistant import HomeAssistant
from tests.end_to_end.commands import HomeFolder, Outcome, write_home
from tests.end_to_end.home_assistant.peer import Peer
from tests.end_to_end.year_homes import (
    DAY,
    HOUR,
    YearHome,
    demo_home,
    last_hour,
    now,
    start_year_home,
    toon_home,
)

COUNTS = ("hours", "within", "explained", "unexplained")
SLOT_SECONDS = 900
ROUNDING_KWH = 0.001
"""The demo's meters show three decimals at most."""
REPLAYED_HOURS = (0, 6, 12, 18)
LIVED_THROUGH = """
    SELECT slot_start, e.load_kwh, e.pv_kwh, s.load_kwh, s.pv_kwh
    FROM training_episodes e JOIN slot_observations s ON s.slot_start = e.episode_start_utc
"""
"""What a replay's episodes say of load and sun, and what the ledger's slots do."""

HOMES = [
    pytest.param(("main_python", "nl_toon"), marks=pytest.mark.xdist_group("home_assistant"), id="nl_toon"),
    pytest.param(("main_python", "demo"), marks=pytest.mark.xdist_group("home_assistant"), id="demo"),
    pytest.param(
        ("newest_python", "demo"), marks=pytest.mark.xdist_group("home_assistant_newest"), id="newest"
    ),
]
WITH_LOAD_METER = HOMES[1:]


@dataclass(frozen=True)
class Books:
    """A home in Home Assistant, and the folder whose ledger was filled from it."""

    home: YearHome
    peer: Peer
    folder: HomeFolder
    end: int
    backfill: Outcome

    @property
    def range(self) -> tuple[str, str, str, str]:
        """The whole year, as options."""
        return year_of(self.home.start, self.end)


def year_of(start: int, end: int) -> tuple[str, str, str, str]:
    """A range as options of a command."""
    first, last = (dt.datetime.fromtimestamp(at, dt.UTC).isoformat() for at in (start, end))
    return "--from", first, "--to", last


@pytest.fixture(scope="module", params=HOMES)
def books(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Books]:
    """A year of a home, backfilled once."""
    which_python, name = request.param
    python = request.getfixturevalue(which_python)
    home = toon_home(request.getfixturevalue("real_data"), now()) if name == "nl_toon" else demo_home(now())
    place = tmp_path_factory.mktemp(name)
    peer = start_year_home(home, place / "home_assistant", python)
    try:
        end = min(last_hour(peer), home.end)
        folder = write_home(place / "home", peer, home.sensors, home.sections)
        done = folder.run("backfill", "energy", *year_of(home.start, end), "--json")
        assert done.code == 0, done.errors
        yield Books(home, peer, folder, end, done)
    finally:
        peer.stop()


def slots(folder: HomeFolder) -> list[tuple]:
    """Everything that the ledger says of its slots."""
    with closing(sqlite3.connect(folder.ledger)) as ledger:
        return [
            ledger.execute(f"SELECT * FROM {table} ORDER BY slot_start").fetchall()
            for table in ("slot_observations", "slot_provenance")
        ]


def seconds_of_home_assistant(books: Books) -> float:
    """How long Home Assistant itself takes to answer what a backfill asks."""

    async def ask() -> float:
        with_sums = [meter.entity_id for meter in books.home.meters if meter.counts]
        everything = [meter.entity_id for meter in books.home.meters]
        async with HomeAssistant(books.peer.url, books.peer.token) as source:
            await source.ping()
            began = time.monotonic()
            await source.statistics(with_sums, books.home.start, books.end, "hour")
            await source.statistics(with_sums, books.home.recent, books.end, "5minute")
            await source.history(everything, books.home.recent * 1_000_000, books.end * 1_000_000)
            return time.monotonic() - began

    return asyncio.run(ask())


def test_every_hour_is_within_a_tenth_of_a_kwh_or_has_a_named_cause(
    books: Books, record_property: Callable[[str, object], None]
) -> None:
    answered_s = seconds_of_home_assistant(books)
    verified = books.folder.run("verify", *books.range, "--json")
    report = verified.json
    figures = (
        f"{books.home.name} on Home Assistant {books.peer.version}: backfill {books.backfill.seconds:.1f} s, "
        f"verify {verified.seconds:.1f} s, Home Assistant alone {answered_s:.1f} s; "
        + ", ".join(f"{report[count]} {count}" for count in COUNTS)
        + f"; {dict(Counter(d['cause'] for d in report['differences']))}"
    )
    print(f"\n{figures}")
    record_property("figures", figures)
    beyond = [d for d in report["differences"] if not d["cause"] or d["cause"] == "unexplained"]
    assert beyond == []
    assert report["unexplained"] == 0
    assert verified.code == 0
    assert report["tolerance_kwh"] == 0.1
    assert report["within"] + report["explained"] == report["hours"]
    energies = set(books.home.sensors) - {"soc"}
    assert energies <= set(report["channels"])
    for count in COUNTS:
        assert report[count] == sum(channel[count] for channel in report["channels"].values())
    counted = {meter.entity_id for meter in books.home.meters if meter.counts}
    for channel in energies:
        whole_year = set(books.home.sensors[channel]) <= counted
        least = 0.97 * (books.end - (books.home.start if whole_year else books.home.recent)) / HOUR
        assert report["channels"][channel]["hours"] >= least, channel


def test_faults_are_told_by_day(books: Books) -> None:
    report = books.folder.run("verify", *year_of(books.home.recent, books.end), "--json").json
    assert report["explained"] > 0
    for difference in report["differences"]:
        apart = difference["difference_kwh"]
        assert apart is None or abs(apart) > report["tolerance_kwh"]
        assert difference["cause"]
        assert difference["detail"]
    status = {day["date"]: day["status"] for day in report["days"]}
    assert set(status.values()) <= {"clean", "mask_battery", "exclude"}
    assert len(status) in (10, 11)  # a day that is not over has no label


def test_the_last_days_hold_what_flowed(books: Books) -> None:
    """Against the truth, not against Home Assistant: its artefacts are not taken over."""
    with closing(sqlite3.connect(books.folder.ledger)) as ledger:
        for channel, truth_kwh in books.home.truth_kwh.items():
            (kwh, known) = ledger.execute(
                f"SELECT TOTAL({channel}_kwh), COUNT({channel}_kwh) FROM slot_observations"
                " WHERE slot_start >= ? AND slot_start < ?",
                (books.home.recent, books.end),
            ).fetchone()
            share = (books.end - books.home.recent) / (books.home.end - books.home.recent)
            assert known >= 0.98 * (books.end - books.home.recent) / SLOT_SECONDS, channel
            # A reset loses what was counted since the last poll, and so do the range's ends.
            assert kwh == pytest.approx(truth_kwh * share, abs=0.5, rel=0.01), channel


def test_running_it_again_changes_nothing(books: Books) -> None:
    before = slots(books.folder)
    assert books.folder.run("backfill", "energy", *books.range, "--json").code == 0
    assert slots(books.folder) == before


def test_a_backfill_that_was_killed_ends_in_the_same_ledger(books: Books, tmp_path: Path) -> None:
    seed = random.randrange(10**6)
    print(f"\nkilled at moments of seed {seed}")
    moments = random.Random(seed)
    folder = write_home(tmp_path / "home", books.peer, books.home.sensors, books.home.sections)
    for _ in range(4):
        process = folder.start("backfill", "energy", *books.range, "--json")
        time.sleep(moments.uniform(0.5, books.backfill.seconds))
        process.kill()
        process.communicate()
    assert folder.run("backfill", "energy", *books.range, "--json").code == 0
    assert slots(folder) == slots(books.folder)


def test_a_dry_run_writes_nothing(books: Books, tmp_path: Path) -> None:
    folder = write_home(tmp_path / "home", books.peer, books.home.sensors, books.home.sections)
    done = folder.run("backfill", "energy", *books.range, "--dry-run", "--json")
    assert (done.code, folder.ledger.exists()) == (0, False), done.errors
    assert done.json


def replayable_days(books: Books) -> list[int]:
    """A summer's day, an autumn's and a recent one [start, UTC s]: each the first on which nothing befell a meter."""
    verified = books.folder.run("verify", *books.range, "--json").json
    spoilt = {d["hour_utc"][:10] for d in verified["differences"]}
    last = pd.Timestamp(books.end, unit="s", tz="UTC").floor("D") - pd.Timedelta(days=3)
    seasons = [pd.Timestamp(last.year, month, 10, tz="UTC") for month in (7, 10)]
    passed = [day if day < last else day - pd.DateOffset(years=1) for day in seasons]
    # Backwards from the recent one: it has to be a day that Home Assistant still has the states of.
    ways = [(day, 1) for day in passed] + [(last, -1)]
    found = []
    for day, way in ways:
        near = (day + pd.Timedelta(days=way * n) for n in range(5))
        found.append(next(int(one.timestamp()) for one in near if str(one.date()) not in spoilt))
    return found


def priced_copy(books: Books, folder: Path) -> HomeFolder:
    """The same home with prices for all its days."""
    sections = {
        **books.home.sections,
        "prices": {"source": "file"},
        "tariff": {"grid_fee_per_kwh": 0.3, "energy_tax_per_kwh": 0.4, "vat_percent": 25},
    }
    copy = write_home(folder, books.peer, books.home.sensors, sections)
    shutil.copy(books.folder.ledger, copy.ledger)
    hours = pd.date_range(
        pd.Timestamp(books.home.start, unit="s", tz="UTC"), periods=366 * 24, freq="h", name="ts_utc"
    )
    spot = 0.6 + 0.4 * np.sin(np.arange(len(hours)) / 3.8)
    pd.DataFrame({"spot": spot}, index=hours).to_csv(folder / "prices.csv")
    done = copy.run(
        "import", "prices", str(folder / "prices.csv"), "--column", "spot", "--unit", "SEK/kWh", "--json"
    )
    assert done.code == 0, done.errors
    return copy


def hours_of_home_assistant(books: Books, channel: str, day: int) -> dict[int, float]:
    """Home Assistant's own `change` of each hour of a day [kWh], a channel's meters added up."""

    async def ask() -> dict[int, float]:
        async with HomeAssistant(books.peer.url, books.peer.token) as source:
            meters = await source.statistics(books.home.sensors[channel], day - HOUR, day + DAY, "hour")
        changes: Counter[int] = Counter()
        for rows in meters.values():
            changes.update(
                dict(zip(rows.start_utc[1:].tolist(), np.diff(rows.sum_kwh).tolist(), strict=True))
            )
        return dict(changes)

    return asyncio.run(ask())


@pytest.mark.parametrize("books", WITH_LOAD_METER, indirect=True)
def test_a_replay_lives_through_what_home_assistant_counted(
    books: Books, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """Load and sun of replayed days are the ledger's quarters, and Home Assistant's hours to rounding."""
    days, folder = replayable_days(books), priced_copy(books, tmp_path / "home")
    for day in days:
        done = folder.run(
            *("simulate", *year_of(day, day + DAY), "--policy", "rule", "--soc-start-percent", "50"),
            *("--episodes", "--json"),
        )
        assert done.code == 0, done.errors
        assert done.json["slots"] == DAY // SLOT_SECONDS, done.json["omitted"]
    with closing(sqlite3.connect(folder.ledger)) as ledger:
        replayed = ledger.execute(LIVED_THROUGH).fetchall()
    assert len(replayed) == len(days) * DAY // SLOT_SECONDS
    for slot, load, pv, load_of_ledger, pv_of_ledger in replayed:
        assert (load, pv) == (load_of_ledger, pv_of_ledger), slot
    furthest = 0.0
    for at, channel in enumerate(("load", "pv"), start=1):
        for day in days:
            counted = hours_of_home_assistant(books, channel, day)
            for start in (day + hour * HOUR for hour in REPLAYED_HOURS):
                lived = sum(row[at] for row in replayed if start <= row[0] < start + HOUR)
                furthest = max(furthest, abs(lived - counted[start]))
    dates = ", ".join(str(pd.Timestamp(day, unit="s").date()) for day in days)
    figures = f"replayed load and sun of {dates}: at most {furthest:.6f} kWh an hour from Home Assistant"
    print(f"\n{figures}")
    record_property("figures", figures)
    assert furthest <= ROUNDING_KWH
