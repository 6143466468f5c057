"""The ledger held against the demo home's own accounting."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from darkstar.bookkeeping.against import FileHours
from darkstar.bookkeeping.verify import Verification, their_hours, verify, verify_against
from darkstar.cli.ledger_json import verification_json
from darkstar.domain.channels import Channel
from darkstar.domain.errors import UsageError
from darkstar.domain.slots import HOUR_SECONDS, SLOT_SECONDS, SLOTS_PER_HOUR
from darkstar.ledger.causes.cause import OPEN, Cause
from darkstar.ledger.compare import hourly
from darkstar.ledger.resolved import ChannelSlots, ResolvedSlots
from darkstar.store.ledger_file import LedgerFile
from tests.bookkeeping.demo_home import Books

pytestmark = pytest.mark.slow


async def verified(
    books: Books, ledger: LedgerFile, start: int | None = None, end: int | None = None
) -> Verification:
    return await verify(
        books.source, ledger, books.settings, start or books.start, end or books.end, books.home.end + 120
    )


async def test_every_hour_of_the_demo_home_agrees_or_is_explained(filled: Books) -> None:
    with filled.ledger() as ledger:
        found = await verified(filled, ledger)

    assert found.unexplained == 0
    assert found.hours == found.within + found.explained
    assert found.within / found.hours > 0.98
    assert len(found.differences) == found.explained


async def test_what_befell_the_demo_s_meters_is_named(filled: Books) -> None:
    with filled.ledger() as ledger:
        found = await verified(filled, ledger)

    causes = {(d.channel, d.cause) for d in found.differences}
    assert (Channel.LOAD, Cause.DIP) in causes
    assert any(channel is Channel.IMPORT and cause is Cause.SPIKE for channel, cause in causes)
    assert any(cause is Cause.OUTAGE for _, cause in causes)
    assert all(d.detail for d in found.differences)


async def test_a_false_number_in_the_ledger_is_found_and_not_explained_away(
    filled: Books, books: Books
) -> None:
    with books.ledger() as ledger:
        await books.backfill(ledger)
        hour = books.start + 20 * 24 * HOUR_SECONDS
        _falsify(ledger, hour)

        found = await verified(books, ledger, hour - 5 * HOUR_SECONDS, hour + 6 * HOUR_SECONDS)

    wrong = [d for d in found.differences if d.cause in OPEN]
    assert [(d.hour_utc, d.channel) for d in wrong] == [(hour, Channel.LOAD)]
    assert wrong[0].difference_kwh == pytest.approx(4.0, abs=0.01)
    assert found.unexplained == found.channels[Channel.LOAD].unexplained == 1


async def test_an_hour_that_the_ledger_lacks_is_unexplained(books: Books) -> None:
    with books.ledger() as ledger:
        found = await verified(
            books, ledger, books.start + 24 * HOUR_SECONDS, books.start + 48 * HOUR_SECONDS
        )

    assert found.within == 0
    assert found.unexplained == found.hours == len(found.differences)
    assert {d.cause for d in found.differences} == {Cause.NOT_KNOWN}


async def test_the_json_keeps_its_contract(filled: Books) -> None:
    with filled.ledger() as ledger:
        found = await verified(filled, ledger)

    told = json.loads(json.dumps(verification_json(found), allow_nan=False))

    assert {"from", "to", "tolerance_kwh", "hours", "within", "explained", "unexplained"} <= told.keys()
    assert {"channels", "differences", "days"} <= told.keys()
    assert set(told["channels"]) == {channel.value for channel in filled.settings.sensors}
    for counts in told["channels"].values():
        assert counts.keys() == {"hours", "within", "explained", "unexplained", "max_abs_difference_kwh"}
        assert counts["hours"] == counts["within"] + counts["explained"] + counts["unexplained"]
    for name in ("hours", "within", "explained", "unexplained"):
        assert told[name] == sum(counts[name] for counts in told["channels"].values())
    for difference in told["differences"]:
        assert difference.keys() == {
            "hour_utc", "channel", "ha_kwh", "ledger_kwh", "difference_kwh", "cause", "detail"
        }  # fmt: skip
        if None not in (difference["ha_kwh"], difference["ledger_kwh"]):
            apart = difference["ledger_kwh"] - difference["ha_kwh"]
            assert difference["difference_kwh"] == pytest.approx(apart)
            assert abs(apart) > told["tolerance_kwh"]
    assert Counter(day["status"] for day in told["days"]).keys() <= {"clean", "mask_battery", "exclude"}
    assert len(told["days"]) == 60, "the last one is not over yet"
    assert all(day.keys() == {"date", "status", "reasons"} for day in told["days"])


async def test_a_file_with_home_assistant_s_numbers_has_its_causes(filled: Books) -> None:
    start, end = filled.start, filled.end // HOUR_SECONDS * HOUR_SECONDS
    with_sums = frozenset(await filled.source.statistic_ids())
    theirs = await their_hours(filled.source, filled.settings, with_sums, start, end, filled.home.end)
    with filled.ledger() as ledger:
        beside_them = await verified(filled, ledger, start, end)
        beside_file = _against(filled, ledger, start, theirs)

    assert beside_file.against == "truth.csv"
    assert beside_file.unexplained == 0
    causes = {(d.channel, d.hour_utc): d.cause for d in beside_them.differences if d.ha_kwh is not None}
    assert {(d.channel, d.hour_utc): d.cause for d in beside_file.differences} == causes
    assert all("The file has Home Assistant's number." in d.detail for d in beside_file.differences)


async def test_the_truth_is_where_the_ledger_says_unless_a_meter_was_silent(filled: Books) -> None:
    start = filled.start + 24 * HOUR_SECONDS
    first = (start - int(filled.home.slots[0])) // SLOT_SECONDS
    whole = first + (len(filled.home.slots) - first) // SLOTS_PER_HOUR * SLOTS_PER_HOUR
    truth = {c: hourly(e[first:whole]) for c, e in filled.home.truth.items() if c is not Channel.WATER}
    with filled.ledger() as ledger:
        found = _against(filled, ledger, start, truth)

    assert found.within / found.hours > 0.99
    assert found.unexplained <= 2, "the ledger's estimate of when, where the silence begins"
    causes = {d.cause for d in found.differences} - OPEN
    assert Cause.OUTAGE in causes
    assert causes <= {Cause.OUTAGE, Cause.FROZEN, Cause.POLL_TIMING, Cause.RESOLUTION}
    assert not any("Home Assistant" in d.detail for d in found.differences)


def _against(
    books: Books, ledger: LedgerFile, start: int, hours: Mapping[Channel, np.ndarray]
) -> Verification:
    end = start + HOUR_SECONDS * len(next(iter(hours.values())))
    file = FileHours("truth.csv", start, end, hours, dict.fromkeys(hours, 0.0), {})
    return verify_against(file, ledger, books.settings, start, end, books.home.end)


async def test_a_range_without_a_finished_hour_is_refused(filled: Books) -> None:
    now = filled.home.end // HOUR_SECONDS * HOUR_SECONDS
    with filled.ledger() as ledger, pytest.raises(UsageError, match="No finished hour"):
        await verify(filled.source, ledger, filled.settings, now, now + 1800, now + 1800)


async def test_only_finished_hours_are_compared(filled: Books) -> None:
    hour = filled.home.end // HOUR_SECONDS * HOUR_SECONDS
    with filled.ledger() as ledger:
        found = await verify(
            filled.source,
            ledger,
            filled.settings,
            hour - 3 * HOUR_SECONDS + 60,
            hour + HOUR_SECONDS,
            hour + 600,
        )

    assert (found.start, found.end) == (hour - 2 * HOUR_SECONDS, hour)


def _falsify(ledger: LedgerFile, hour: int) -> None:
    """Add a kilowatt-hour to each quarter of the load's hour."""
    end = hour + HOUR_SECONDS
    table, channels = ledger.slots(hour, end), ledger.provenance(hour, end)
    load = channels[Channel.LOAD]
    false = replace(load, energy_kwh=load.energy_kwh + 1)
    written: Mapping[Channel, ChannelSlots] = {**channels, Channel.LOAD: false}
    ledger.write_slots(ResolvedSlots(table.slots, written, table.soc_start_percent, table.soc_end_percent))
