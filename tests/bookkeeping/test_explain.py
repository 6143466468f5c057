"""A home whose meters and statistics suffer ten faults: each is named, and nothing else is flagged."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import pytest

from darkstar.bookkeeping.backfill import plan_backfill, run_backfill
from darkstar.bookkeeping.explain import HourStory, explain_channels
from darkstar.bookkeeping.survey import survey
from darkstar.bookkeeping.verify import Verification, verify
from darkstar.config.settings import LEDGER_NAME, Settings, load_settings
from darkstar.demo import quirks
from darkstar.demo.home import (
    CHARGE,
    DISCHARGE,
    EXPORT,
    IMPORT_NIGHT,
    LOAD,
    PV,
    DemoHome,
    make_home,
)
from darkstar.demo.meters import MeterReadings, MeterSpec, told
from darkstar.demo.settings import claim
from darkstar.demo.source import DemoSource
from darkstar.domain.channels import Channel
from darkstar.domain.errors import UsageError
from darkstar.domain.slots import DAY_SECONDS, HOUR_SECONDS, hour_floor
from darkstar.evidence.source import Period
from darkstar.ledger.evidence import MICROSECONDS, Statistics
from darkstar.store.ledger_file import LedgerFile

pytestmark = pytest.mark.slow

OWN = {"dip", "spike", "outage", "catch_up_lump", "sum_apart_from_state"}
"""What the demo home suffers by itself."""


class EditedSource(DemoSource):
    """The demo's Home Assistant after a person adjusted one sum and lost another row."""

    edited: Mapping[str, tuple[int, float]]
    deleted: Mapping[str, int]

    async def statistics(
        self, ids: Sequence[str], start_utc: int, end_utc: int, period: Period
    ) -> Mapping[str, Statistics]:
        found = dict(await super().statistics(ids, start_utc, end_utc, period))
        for entity_id, (hour, more_kwh) in self.edited.items():
            if entity_id in found:
                rows = found[entity_id]
                found[entity_id] = replace(rows, sum_kwh=rows.sum_kwh + more_kwh * (rows.start_utc >= hour))
        for entity_id, hour in self.deleted.items():
            if entity_id in found:
                rows = found[entity_id]
                kept = rows.start_utc != hour
                found[entity_id] = Statistics(
                    rows.period_s, rows.start_utc[kept], rows.state_kwh[kept], rows.sum_kwh[kept]
                )
        return found


@dataclass(frozen=True)
class Faults:
    """The home, its books, and where what went wrong: (channel, hour) and the cause that is due."""

    home: DemoHome
    settings: Settings
    source: EditedSource
    found: Verification
    due: Mapping[tuple[Channel, int], str]


def frozen(readings: MeterReadings, start: int, end: int) -> MeterReadings:
    """The meter showed nothing new in [start, end)."""
    return readings.take((readings.time_us < start * MICROSECONDS) | (readings.time_us >= end * MICROSECONDS))


def suffer(home: DemoHome) -> tuple[DemoHome, dict[tuple[Channel, int], str]]:
    """Faults in the days of which Home Assistant still has the history."""
    readings = dict(home.readings)
    due: dict[tuple[Channel, int], str] = {}
    day = hour_floor(home.end) - 3 * DAY_SECONDS

    def befall(spec: MeterSpec, changed: MeterReadings, hours: Mapping[int, str]) -> None:
        readings[spec.entity_id] = told(changed)
        due.update({(Channel(spec.channel), hour_floor(at)): cause for at, cause in hours.items()})

    def of(spec: MeterSpec) -> MeterReadings:
        return readings[spec.entity_id]

    at = day + 1700
    befall(DISCHARGE, quirks.stray(of(DISCHARGE), at, 0.0), {at: "dip"})
    befall(EXPORT, quirks.stray(of(EXPORT), at, more=700.0), {at: "spike"})
    at = day - 20 * HOUR_SECONDS
    befall(
        IMPORT_NIGHT,
        quirks.dip(of(IMPORT_NIGHT), at - 400, at + 400, 0.05),
        {at - 400: "dip", at + 400: "dip"},
    )
    first, last = day + 2 * HOUR_SECONDS, day + 50 * HOUR_SECONDS
    hours = dict.fromkeys(range(first, last, HOUR_SECONDS), "frozen_meter")
    befall(CHARGE, frozen(of(CHARGE), first, last), hours | {last: "catch_up_lump"})
    # A load's lump is no more than its connection carries: Home Assistant and the ledger take it alike.
    befall(LOAD, frozen(of(LOAD), first + 20 * HOUR_SECONDS, first + 40 * HOUR_SECONDS), {})
    return replace(home, readings=readings), due


@pytest.fixture(scope="module")
def faults(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Faults]:
    folder = tmp_path_factory.mktemp("faults") / "home"
    home, due = suffer(make_home(seed=11, days=60))
    claim(folder)
    settings = load_settings(folder, {})
    source = EditedSource(home)
    source.edited, source.deleted = {}, {}
    with LedgerFile(folder / LEDGER_NAME, clock=lambda: float(home.end)) as ledger:
        start, end = home.start, hour_floor(home.end)

        async def fill() -> Verification:
            sensors = await survey(source, settings.sensor_list)
            await run_backfill(source, ledger, settings, plan_backfill(sensors, start, end, home.end))
            long_ago = hour_floor(home.start) + 10 * DAY_SECONDS + 12 * HOUR_SECONDS
            source.edited = {PV.entity_id: (long_ago, 40.0)}
            source.deleted = {LOAD.entity_id: long_ago}
            due[Channel.PV, long_ago] = "changed_in_home_assistant"
            due[Channel.LOAD, long_ago] = "changed_in_home_assistant"
            due[Channel.LOAD, long_ago + HOUR_SECONDS] = "changed_in_home_assistant"
            return await verify(source, ledger, settings, start, end, home.end)

        yield Faults(home, settings, source, asyncio.run(fill()), due)


def test_every_fault_is_named(faults: Faults) -> None:
    found = {(d.channel, d.hour_utc): d.cause.value for d in faults.found.differences}
    beyond = {
        where: found.get(where) for where, cause in faults.due.items() if found.get(where, cause) != cause
    }
    assert beyond == {}
    named = {found[where] for where in faults.due if where in found}
    assert named == set(faults.due.values())


def test_nothing_else_is_flagged(faults: Faults) -> None:
    others = [d for d in faults.found.differences if (d.channel, d.hour_utc) not in faults.due]
    assert {d.cause.value for d in others} <= OWN
    assert len(others) < 60
    assert faults.found.unexplained == 0


def test_what_both_sides_take_alike_is_found_by_the_balance(faults: Faults) -> None:
    (found,) = faults.found.home
    assert found.cause.value == "frozen_meter"
    assert found.channels[0] is Channel.LOAD


def story(faults: Faults, at: int, channel: Channel, *, ask: bool = True) -> HourStory:
    with LedgerFile(faults.settings.folder / LEDGER_NAME) as ledger:
        source = faults.source if ask else None
        (told_of,) = asyncio.run(
            explain_channels(source, ledger, faults.settings, at, faults.home.end, (channel,))
        )
    return told_of


def test_the_story_of_a_fault_shows_its_evidence(faults: Faults) -> None:
    (_, hour) = next(w for w, cause in faults.due.items() if cause == "spike")
    found = story(faults, hour + 900, Channel.EXPORT)
    assert found.hour_utc == hour
    assert found.asked_now
    assert not found.within
    assert found.finding
    assert found.finding.cause.value == "spike"
    assert found.by_rule_kwh == pytest.approx(found.ha_kwh, abs=1e-6)
    assert any("left out" in row.note for row in found.rows)
    assert [row.time_us for row in found.rows] == sorted(row.time_us for row in found.rows)
    assert found.ledger_kwh == pytest.approx(found.slots.energy_kwh.sum())


def test_without_home_assistant_what_was_stored_stands_in(faults: Faults) -> None:
    (_, hour) = next(w for w, cause in faults.due.items() if cause == "spike")
    found = story(faults, hour, Channel.EXPORT, ask=False)
    assert not found.asked_now
    assert found.ha_kwh == pytest.approx(story(faults, hour, Channel.EXPORT).ha_kwh, abs=1e-6)
    assert found.finding
    assert found.finding.cause.value == "spike"


def test_an_hour_in_which_all_is_well_has_no_cause(faults: Faults) -> None:
    found = story(faults, faults.home.start + 5 * DAY_SECONDS, Channel.LOAD)
    assert found.within
    assert found.finding is None
    assert found.rows


def test_an_hour_that_is_not_over_is_refused(faults: Faults) -> None:
    with pytest.raises(UsageError, match="not over"):
        story(faults, faults.home.end, Channel.LOAD)
