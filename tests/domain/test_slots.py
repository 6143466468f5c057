"""Slot arithmetic, above all on the days on which the clocks change."""

import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from darkstar.domain.errors import UsageError
from darkstar.domain.slots import (
    day_bounds,
    day_slots,
    hour_floor,
    iso_local,
    iso_utc,
    local_date,
    parse_instant,
    quarters_of_day,
    slot_ceil,
    slot_floor,
    slot_range,
    utc_offsets,
)

STOCKHOLM = ZoneInfo("Europe/Stockholm")
ZONES = [
    ZoneInfo(name) for name in ("Europe/Stockholm", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata")
]


@given(st.integers(0, 4 * 10**9))
def test_a_slot_holds_its_instant(instant: int) -> None:
    assert slot_floor(instant) <= instant < slot_floor(instant) + 900
    assert slot_ceil(instant) - 900 < instant <= slot_ceil(instant)
    assert slot_floor(instant) % 900 == slot_ceil(instant) % 900 == 0
    assert hour_floor(instant) == instant - instant % 3600


def test_fractions_of_a_second_belong_to_their_slot() -> None:
    assert (slot_floor(899.999), slot_ceil(900.001), slot_ceil(900.0)) == (0, 1800, 900)


def test_a_range_is_of_whole_slots() -> None:
    assert slot_range(900, 2700).tolist() == [900, 1800]
    assert slot_range(900, 900).tolist() == []
    for start, end in ((1, 900), (0, 901)):
        with pytest.raises(ValueError, match="not the start of a slot"):
            slot_range(start, end)


@pytest.mark.parametrize(
    ("day", "zone", "slots"),
    [
        (dt.date(2025, 6, 15), "Europe/Stockholm", 96),
        (dt.date(2025, 3, 30), "Europe/Stockholm", 92),
        (dt.date(2025, 10, 26), "Europe/Stockholm", 100),
        (dt.date(2025, 10, 5), "Australia/Lord_Howe", 94),
        (dt.date(2025, 4, 6), "Australia/Lord_Howe", 98),
    ],
)
def test_a_day_has_as_many_slots_as_the_clocks_give_it(day: dt.date, zone: str, slots: int) -> None:
    found = day_slots(day, ZoneInfo(zone))

    assert len(found) == slots
    assert {local_date(int(slot), ZoneInfo(zone)) for slot in found} == {day}


def test_a_day_begins_at_local_midnight() -> None:
    start, end = day_bounds(dt.date(2025, 6, 15), STOCKHOLM)

    assert (iso_utc(start), iso_utc(end)) == ("2025-06-14T22:00:00Z", "2025-06-15T22:00:00Z")
    assert iso_local(start, STOCKHOLM) == "2025-06-15T00:00:00+02:00"


@given(st.sampled_from(ZONES), st.integers(0, 10**6), st.integers(1, 300))
def test_offsets_are_those_of_the_time_zone(zone: ZoneInfo, first: int, count: int) -> None:
    slots = 1_700_000_100 + 900 * (first % 70_000) + 900 * np.arange(count, dtype=np.int64)

    expected = [dt.datetime.fromtimestamp(int(s), zone).utcoffset().total_seconds() for s in slots]  # type: ignore[union-attr]

    assert utc_offsets(slots, zone).tolist() == expected
    assert utc_offsets(slots[:0], zone).tolist() == []


def test_the_quarter_on_the_clock_repeats_where_the_hour_does() -> None:
    slots = day_slots(dt.date(2025, 10, 26), STOCKHOLM)

    quarters = quarters_of_day(slots, STOCKHOLM).tolist()

    assert quarters[8:16] == [8, 9, 10, 11, 8, 9, 10, 11]
    assert (quarters[0], quarters[-1]) == (0, 95)


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("2025-06-15", "2025-06-14T22:00:00Z"),
        ("2025-06-15T14:00", "2025-06-15T12:00:00Z"),
        ("2025-06-15T14:00:00+00:00", "2025-06-15T14:00:00Z"),
        ("2025-06-15T14:00:00Z", "2025-06-15T14:00:00Z"),
        ("2025-03-30T03:00", "2025-03-30T01:00:00Z"),
        ("2025-10-26T02:30", "2025-10-26T00:30:00Z"),
    ],
)
def test_instants_are_read_as_people_write_them(text: str, means: str) -> None:
    assert iso_utc(parse_instant(text, STOCKHOLM)) == means


@pytest.mark.parametrize("text", ["yesterday", "2025-13-01", "", "2025-06-15T25:00", "1750000000"])
def test_what_is_no_instant_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="neither a date nor an instant"):
        parse_instant(text, STOCKHOLM)


def test_a_local_time_that_the_clocks_skip_is_refused() -> None:
    with pytest.raises(UsageError, match="does not exist in Europe/Stockholm"):
        parse_instant("2025-03-30T02:30", STOCKHOLM)
