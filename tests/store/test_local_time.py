"""Fault 5, UTC strings compared with local ones: times are UTC numbers, and local time is for the eye alone."""

import datetime as dt
import sqlite3
from contextlib import closing
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from darkstar.domain.channels import Channel
from darkstar.domain.slots import day_bounds, iso_local, parse_instant, slot_range
from darkstar.ledger.resolved import ChannelSlots, ResolvedSlots
from darkstar.store.ledger_file import LedgerFile

STOCKHOLM = ZoneInfo("Europe/Stockholm")


def shown(path: Path) -> list[tuple[int, str]]:
    with closing(sqlite3.connect(path)) as other:
        query = "SELECT slot_start, local_time FROM slots_local ORDER BY slot_start"
        return list(other.execute(query))


def fill(ledger: LedgerFile, start: int, end: int) -> list[int]:
    slots = slot_range(start, end)
    unknown = np.full(len(slots), np.nan)
    load = {Channel.LOAD: ChannelSlots.unknown(len(slots))}
    ledger.write_slots(ResolvedSlots(slots, load, unknown, unknown))
    return [int(slot) for slot in slots]


def test_times_are_whole_numbers_everywhere(ledger: LedgerFile, path: Path) -> None:
    fill(ledger, 1_754_006_400, 1_754_007_300)
    with closing(sqlite3.connect(path)) as other:
        tables = [name for (name,) in other.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        columns = {
            (table, column): kind
            for table in tables
            for _, column, kind, *_ in other.execute(f"PRAGMA table_info({table})")
        }
        assert other.execute("SELECT typeof(slot_start) FROM slot_observations").fetchone() == ("integer",)
    times = {key: kind for key, kind in columns.items() if key[1].endswith(("_utc", "_us", "slot_start"))}
    assert len(times) > 10
    assert set(times.values()) == {"INTEGER"}
    assert not [key for key in columns if key[1].endswith(("_at", "_time", "timestamp"))]


@pytest.mark.parametrize(
    ("zone", "day", "slots"),
    [
        ("Europe/Stockholm", "2025-03-30", 92),
        ("Europe/Stockholm", "2025-10-26", 100),
        ("Europe/Stockholm", "2025-08-01", 96),
        ("America/St_Johns", "2025-11-02", 100),
        ("Australia/Lord_Howe", "2025-10-05", 94),
        ("Asia/Kathmandu", "2025-01-01", 96),
        ("UTC", "2025-01-01", 96),
    ],
)
def test_the_view_shows_the_clock_on_the_wall(
    ledger: LedgerFile, path: Path, zone: str, day: str, slots: int
) -> None:
    tz = ZoneInfo(zone)
    ledger.keep_local_time(tz)
    start = parse_instant(day, tz)
    _, end = day_bounds(dt.date.fromisoformat(day), tz)
    written = fill(ledger, start, end)
    assert len(written) == slots
    assert shown(path) == [(slot, iso_local(slot, tz)) for slot in written]


@pytest.mark.slow
def test_every_hour_of_many_years(ledger: LedgerFile, path: Path) -> None:
    ledger.keep_local_time(STOCKHOLM)
    first, last = parse_instant("2012-01-01", STOCKHOLM), parse_instant("2032-01-01", STOCKHOLM)
    starts = range(first, last, 3 * 3600)
    with closing(sqlite3.connect(path)) as other:
        other.executemany("INSERT INTO slot_observations (slot_start) VALUES (?)", ((s,) for s in starts))
        other.commit()
    assert shown(path) == [(slot, iso_local(slot, STOCKHOLM)) for slot in starts]


def test_a_home_that_moves(ledger: LedgerFile, path: Path) -> None:
    (slot,) = fill(ledger, 1_754_006_400, 1_754_007_300)
    assert shown(path) == [(slot, "2025-08-01T00:00:00+00:00")]
    for tz in (STOCKHOLM, ZoneInfo("America/New_York")):
        ledger.keep_local_time(tz)
        assert shown(path) == [(slot, iso_local(slot, tz))]
