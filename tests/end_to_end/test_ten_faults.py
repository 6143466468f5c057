"""A year of a real Home Assistant with ten faults of its meters: all ten named, and nothing else flagged."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from darkstar.demo import quirks
from darkstar.demo.meters import MeterReadings, told
from darkstar.domain.slots import iso_utc, parse_instant
from tests.end_to_end.commands import HomeFolder, write_home
from tests.end_to_end.home_assistant.configuration import Meter
from tests.end_to_end.test_backfill_verify import year_of
from tests.end_to_end.year_homes import (
    DAY,
    HOUR,
    MICROSECONDS,
    last_hour,
    now,
    start_year_home,
    toon_home,
)

pytestmark = pytest.mark.xdist_group("home_assistant")

UTC = ZoneInfo("UTC")
THE_FILE_S_OWN = {("pv", "spike"), ("pv", "dip")}
"""The real home's sun meter went back by itself some times."""


@dataclass
class Tale:
    """What befalls the meters, and what `verify` is to say of which hour."""

    due: dict[tuple[str, str], str] = field(default_factory=dict)

    def befall(self, readings: Mapping[Meter, MeterReadings], end: int) -> dict[Meter, MeterReadings]:
        """Ten faults, five of them so long ago that only hourly rows tell of them."""
        by_name = {meter.object_id.removeprefix("toon_"): meter for meter in readings}
        suffered = {name: readings[meter] for name, meter in by_name.items()}

        def at(days: int, hours: int = 0) -> int:
            return end - days * DAY + hours * HOUR

        def expect(name: str, *hours: tuple[int, str]) -> None:
            for hour, cause in hours:
                self.due[name.split("_")[0], iso_utc(hour)] = cause

        def long_ago() -> None:
            hour = at(100)
            suffered["export_t2"] = quirks.stray(suffered["export_t2"], hour + 1200, 0.0)
            expect("export", (hour, "sum_apart_from_state"))
            hour = at(130)
            suffered["import_t1"] = quirks.stray(suffered["import_t1"], hour - 15, 0.0)
            # The night meter counts in the hour before, so the day meter's zero changes nothing there.
            expect("import", (hour, "dip"))
            hour = at(160)
            suffered["import_t2"] = quirks.stray(suffered["import_t2"], hour - 15, more=800.0)
            expect("import", (hour - HOUR, "spike"), (hour, "spike"))
            hour = at(190)
            suffered["import_t2"] = jumped(suffered["import_t2"], hour + 1200, 3000.0)
            expect("import", (hour, "implausible_jump"))
            hour = at(220)
            suffered["export_t1"] = quirks.dip(suffered["export_t1"], hour - 30, hour + 30, 0.05)
            expect("export", (hour - HOUR, "dip"), (hour, "dip"))

        def lately() -> None:
            hour = at(3, 5)
            suffered["export_t1"] = quirks.stray(suffered["export_t1"], hour + 1234, 0.0)
            expect("export", (hour, "dip"))
            hour = at(4, 5)
            suffered["export_t2"] = quirks.stray(suffered["export_t2"], hour + 1234, more=500.0)
            expect("export", (hour, "spike"))
            hour = at(5)
            suffered["water"] = quirks.unavailable(suffered["water"], hour + 600, hour + 6 * HOUR + 600)
            expect("water", (hour, "outage"), (hour + 6 * HOUR, "catch_up_lump"))
            hour = at(6)
            suffered["water"] = late(suffered["water"], hour - 5)
            expect("water", (hour - HOUR, "repeated_or_late_reading"), (hour, "repeated_or_late_reading"))
            hour = at(7)
            suffered["import_t1"] = jumped(suffered["import_t1"], hour + 1200, -9.0)
            expect("import", (hour, "step_back"))

        long_ago()
        lately()
        return {by_name[name]: told(found) for name, found in suffered.items()}


def jumped(readings: MeterReadings, at: int, kwh: float) -> MeterReadings:
    """From an instant on the meter shows so much more, or less."""
    later = readings.time_us >= at * MICROSECONDS
    return replace(readings, value=np.where(later, np.round(readings.value + kwh, 3), readings.value))


def late(readings: MeterReadings, at: int) -> MeterReadings:
    """A reading of almost an hour ago comes again."""
    before = int(np.searchsorted(readings.time_us, at * MICROSECONDS))
    return readings.with_reading(at * MICROSECONDS, float(readings.value[before - 11]))


@dataclass(frozen=True)
class Books:
    """The home's folder after a backfill, and what is to be found."""

    folder: HomeFolder
    due: Mapping[tuple[str, str], str]
    range: tuple[str, str, str, str]


@pytest.fixture(scope="module")
def books(main_python: Path, real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Books]:
    tale = Tale()
    home = toon_home(real_data, now(), tale.befall)
    place = tmp_path_factory.mktemp("ten_faults")
    peer = start_year_home(home, place / "home_assistant", main_python)
    try:
        folder = write_home(place / "home", peer, home.sensors, home.sections)
        span = year_of(home.start, min(last_hour(peer), home.end))
        done = folder.run("backfill", "energy", *span, "--json")
        assert done.code == 0, done.errors
        yield Books(folder, tale.due, span)
    finally:
        peer.stop()


def test_all_are_named_and_nothing_else_is_flagged(books: Books) -> None:
    verified = books.folder.run("verify", *books.range, "--json")
    found = {(d["channel"], d["hour_utc"]): d["cause"] for d in verified.json["differences"]}
    print(f"\nverify {verified.seconds:.1f} s: {found}")
    assert {where: found.get(where) for where in books.due} == dict(books.due)
    # A zero at an hour's end empties the hour before, too, if the meter's tariff runs then.
    before = {
        (channel, iso_utc(parse_instant(hour, UTC) - HOUR)): cause
        for (channel, hour), cause in books.due.items()
    }
    others = {
        (where[0], cause)
        for where, cause in found.items()
        if where not in books.due and before.get(where) != cause
    }
    assert others <= THE_FILE_S_OWN
    assert verified.code == 0


def test_each_is_explained_down_to_its_evidence(books: Books) -> None:
    for (channel, hour), cause in books.due.items():
        told_of = books.folder.run("explain", hour, "--channel", channel, "--json")
        assert told_of.code == 0, told_of.errors
        (story,) = told_of.json["channels"]
        assert (story["cause"], story["ha_asked_now"]) == (cause, True), (channel, hour)
        assert story["evidence"], (channel, hour)
        assert story["remedy"], (channel, hour)
