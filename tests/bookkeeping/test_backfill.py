"""The hybrid backfill, against the demo home."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest

from darkstar.bookkeeping.backfill import HISTORY_DAYS, fetch_history, plan_backfill, run_backfill
from darkstar.bookkeeping.resolving import resolve_range
from darkstar.bookkeeping.survey import Sensor
from darkstar.domain.channels import Channel
from darkstar.domain.slots import DAY_SECONDS, HOUR_SECONDS
from darkstar.evidence.source import Entity, Period
from darkstar.ledger.evidence import MICROSECONDS, Readings, Reporting, Source, Statistics
from darkstar.store.ledger_file import LedgerFile
from tests.bookkeeping.demo_home import Books, bits, known

pytestmark = pytest.mark.slow

NOW = 1_750_000_000.0


class KilledError(Exception):
    """The process ends here."""


class Mortal:
    """A source that dies at its nth question."""

    def __init__(self, books: Books, lives: int) -> None:
        self._source = books.source
        self._lives = lives
        self.asked = 0

    def _ask(self) -> None:
        self.asked += 1
        if self.asked > self._lives:
            raise KilledError

    async def entities(self) -> Mapping[str, Entity]:
        return await self._source.entities()

    async def statistic_ids(self) -> Mapping[str, str]:
        return await self._source.statistic_ids()

    async def statistics(
        self, ids: Sequence[str], start_utc: int, end_utc: int, period: Period
    ) -> Mapping[str, Statistics]:
        self._ask()
        return await self._source.statistics(ids, start_utc, end_utc, period)

    async def history(self, ids: Sequence[str], start_us: int, end_us: int) -> Mapping[str, Readings]:
        self._ask()
        return await self._source.history(ids, start_us, end_us)

    async def oldest_statistic(self, ids: Sequence[str]) -> int | None:
        return await self._source.oldest_statistic(ids)


def sensor(channel: str, statistics: bool = True) -> Sensor:
    return Sensor(channel, f"sensor.{channel}", "kWh", statistics, ())


def test_statistics_are_planned_for_all_time_and_history_as_far_back_as_it_is_kept() -> None:
    start = int(NOW) - 100 * DAY_SECONDS

    plan = plan_backfill([sensor("load"), sensor("water", False), sensor("soc")], start, int(NOW), NOW)

    load, water, soc = plan.tasks
    assert load.hourly == (start // HOUR_SECONDS * HOUR_SECONDS, int(NOW))
    assert water.hourly is soc.hourly is None
    assert load.history == water.history == soc.history
    assert load.history is not None
    since, until = load.history
    assert HISTORY_DAYS * DAY_SECONDS <= NOW - since <= (HISTORY_DAYS + 1) * DAY_SECONDS
    assert NOW - 60 <= until < NOW, "the last seconds may not be in Home Assistant's database yet"


def test_no_history_is_planned_for_a_range_that_it_does_not_reach() -> None:
    plan = plan_backfill([sensor("load")], int(NOW) - 90 * DAY_SECONDS, int(NOW) - 60 * DAY_SECONDS, NOW)

    assert plan.tasks[0].history is None


async def test_an_empty_ledger_is_filled_and_absent_sensors_stay_unknown(books: Books) -> None:
    without_water = replace(
        books.settings,
        sensors={c: names for c, names in books.settings.sensors.items() if c is not Channel.WATER},
        sensor_list=tuple(pair for pair in books.settings.sensor_list if pair[0] != "water"),
    )
    with books.ledger() as ledger:
        report = await books.backfill(ledger, settings=without_water)

        assert report.slots == len(books.home.slots)
        assert np.isnan(known(books, ledger, Channel.WATER)).all(), (
            "fault 7: never a zero for what is not there"
        )
        assert np.isfinite(known(books, ledger, Channel.LOAD)).mean() > 0.99


def test_the_ledger_holds_what_really_flowed(filled: Books) -> None:
    with filled.ledger() as ledger:
        for channel in (Channel.LOAD, Channel.IMPORT, Channel.EXPORT, Channel.BATT_CHARGE):
            found = known(filled, ledger, channel)
            truth = filled.home.truth[channel]
            here = np.isfinite(found)
            assert here.mean() > 0.99, channel
            assert found[here].sum() == pytest.approx(truth[here].sum(), rel=0.005), channel
            assert found[here].min() >= 0


async def test_running_it_again_adds_nothing_and_changes_nothing(books: Books) -> None:
    with books.ledger() as ledger:
        await books.backfill(ledger)
        once = bits(books, ledger)

        again = await books.backfill(ledger)

        assert set(again.rows_added.values()) == {0}
        assert bits(books, ledger) == once


async def test_killed_at_any_question_and_run_again_it_ends_in_the_same_ledger(
    filled: Books, books: Books
) -> None:
    with filled.ledger() as ledger:
        expected = bits(filled, ledger)
    with books.ledger() as ledger:
        for lives in itertools.count(0, 5):
            source = Mortal(books, lives)
            try:
                await books.backfill(ledger, source)
                break
            except KilledError:
                continue
        assert lives > 20, "it was killed many times"
        assert bits(books, ledger) == expected


async def test_killed_while_it_writes_slots_it_ends_in_the_same_ledger(
    filled: Books, books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(at: str, done: int, total: int) -> None:
        if at == "resolving" and done == total:
            raise KilledError

    with books.ledger() as ledger:
        with pytest.raises(KilledError):
            await books.backfill(ledger, progress=die)
        with monkeypatch.context() as patch:
            patch.setattr(LedgerFile, "write_slots", killed_after(LedgerFile.write_slots))
            with pytest.raises(KilledError):
                await books.backfill(ledger)
        await books.backfill(ledger)
        with filled.ledger() as other:
            assert bits(books, ledger) == bits(filled, other)


def killed_after(write: object) -> object:
    def written(self: LedgerFile, resolved: object) -> None:
        write(self, resolved)  # type: ignore[operator]
        raise KilledError

    return written


async def test_parts_filled_in_any_order_are_the_whole(filled: Books, books: Books) -> None:
    middle = books.start + 30 * DAY_SECONDS
    plan = await books.plan()
    with books.ledger() as ledger, filled.ledger() as other:
        for start, end in ((middle, books.end), (books.start, middle)):
            part = plan_backfill([task.sensor for task in plan.tasks], start, end, books.home.end)
            await run_backfill(books.source, ledger, books.settings, part)

        resolve_range(ledger, books.settings, books.start, books.end)
        assert bits(books, ledger) == bits(filled, other)


async def test_the_watch_begins_with_the_first_state_that_is_known(books: Books) -> None:
    start = books.home.end - 40 * DAY_SECONDS
    with books.ledger() as ledger:
        meter = ledger.meter("home_assistant", "sensor.demo_load_energy", Reporting.ON_CHANGE, "load")
        await fetch_history(books.source, ledger, {"sensor.demo_load_energy": meter}, start, books.home.end)

        ((watched_from, watched_to),) = ledger.watched(meter).tolist()
        first = ledger.evidence(meter, start, books.home.end).readings.time_us[0]

    assert watched_to == books.home.end * MICROSECONDS
    assert watched_from == first > start * MICROSECONDS


async def test_a_better_source_replaces_a_worse_one_by_itself(books: Books) -> None:
    with books.ledger() as ledger:
        sensors = [task.sensor for task in (await books.plan()).tasks]
        by_hour = plan_backfill(sensors, books.start, books.end, books.home.end, history_days=-1)
        await run_backfill(books.source, ledger, books.settings, by_hour)
        before = ledger.provenance(books.start, books.end)[Channel.LOAD]
        await books.backfill(ledger)
        after = ledger.provenance(books.start, books.end)[Channel.LOAD]

    recent = slice(-96, -8)
    assert set(before.source[recent].tolist()) == {Source.HA_HOUR}
    assert set(after.source[recent].tolist()) == {Source.HA_HISTORY}
    assert np.nansum(after.energy_kwh[recent]) == pytest.approx(np.nansum(before.energy_kwh[recent]), abs=0.5)
