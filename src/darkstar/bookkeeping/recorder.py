"""The recorder: stores meter readings as they come and closes each slot at its end, whatever else is running.

It depends on nothing but Home Assistant and the ledger's file (no planner, no cadence of another job). After any
absence, its own or Home Assistant's, it first fills the hole from Home Assistant's history, then goes on. What it has
stored is the truth to go on from: how far each meter was *watched* only moves forward together with the readings that
prove it, in one transaction, so that being killed at any instant loses nothing and counts nothing twice.
"""

import asyncio
import contextlib
import logging
import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Protocol

import numpy as np
import stamina

from darkstar.bookkeeping.backfill import HISTORY_DAYS, plan_backfill, run_backfill
from darkstar.bookkeeping.news import LastNews
from darkstar.bookkeeping.resolving import HOME_ASSISTANT
from darkstar.bookkeeping.survey import Sensor, survey
from darkstar.bookkeeping.vigil import Vigil
from darkstar.config.settings import Settings
from darkstar.domain.slots import HOUR_SECONDS, SLOT_SECONDS, iso_utc, slot_floor
from darkstar.evidence.home_assistant import AwayError, StateChange
from darkstar.evidence.source import EnergySource
from darkstar.ledger.evidence import MICROSECONDS, Readings, Reporting, Source
from darkstar.store.ledger_file import LedgerFile

HEARTBEAT_SECONDS = 5.0
OVERLAP_SECONDS = 300
"""A hole is filled from a little before it, for Home Assistant's clock and ours may differ."""
SETTLE_SECONDS = 2
"""A slot is closed this long after its end: the last state is then certainly here."""
HISTORY_WAIT_SECONDS = 60.0
"""Longest wait for Home Assistant to commit to its database what it has told us already (5 s by default)."""

log = logging.getLogger(__name__)


class LiveSource(EnergySource, Protocol):
    """A source that also tells of changes as they happen."""

    async def wait_running(self, timeout_s: float) -> object:
        """Return once it has started up."""
        ...

    def changes(self, entity_ids: Sequence[str]) -> AsyncIterator[StateChange]:
        """First the states that hold (`snapshot`), then every change in order."""
        ...

    async def ping(self) -> None:
        """Return when it has answered; all changes from before have then arrived."""
        ...


class Recorder:
    """Keeps one ledger up to date from one live source."""

    def __init__(
        self,
        source: LiveSource,
        ledger: LedgerFile,
        settings: Settings,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._source = source
        self._ledger = ledger
        self._settings = settings
        self._clock = clock
        self._sleep = sleep
        self._vigil = Vigil(ledger, settings)
        self._closed_until: int | None = None
        self._open_from: float = math.inf

    async def run(self) -> None:
        """Record until cancelled; reconnect for ever, with growing pauses.

        Raises:
            RefusedError, ConfigError: only a person can help (token, sensors).
        """
        while True:
            async for attempt in stamina.retry_context(
                on=AwayError, attempts=None, timeout=None, wait_initial=1.0, wait_max=30.0
            ):
                with attempt:
                    await self._source.wait_running(timeout_s=600.0)
            try:
                await self._watch()
            except AwayError as away:
                log.warning("%s Reconnecting; the hole will be filled from its history.", away)

    async def _watch(self) -> None:
        sensors = await survey(self._source, self._settings.sensor_list)
        meters = {
            s.entity_id: self._ledger.meter(HOME_ASSISTANT, s.entity_id, Reporting.ON_CHANGE, s.channel)
            for s in sensors
        }
        inbox: list[StateChange] = []
        async with _collecting(self._source.changes(list(meters)), inbox) as collecting:
            # A whole second, for history is asked for by the second and must join the live watch without a hole.
            since = float(math.ceil(await self._beat(collecting)))
            await self._sleep(max(0.0, since - self._clock()))
            await self._beat(collecting)
            snapshot = {change.entity_id: change for change in inbox if change.snapshot}
            before = LastNews(self._ledger, meters, since)
            self._store(meters, inbox, since, since)
            await self._fill_hole(sensors, meters, snapshot, since)
            news = LastNews(self._ledger, meters, since)
            self._open_from = min(self._open_from, before.reach_of(news))
            while True:
                until = await self._beat(collecting)
                reach = news.take((c.entity_id, c.state, c.updated_us / MICROSECONDS) for c in inbox)
                self._open_from = min(self._open_from, reach)
                self._store(meters, inbox, since, until)
                self._close_slots(until)
                await self._sleep(min(HEARTBEAT_SECONDS, self._until_next_close()))

    async def _beat(self, collecting: "asyncio.Task[None]") -> float:
        """An instant up to which every change is in the inbox.

        The answer to a ping follows all events that were sent before it, and the collecting task was woken for those
        before this one is for the answer.
        """
        asked = self._clock()
        await self._source.ping()
        await asyncio.sleep(0)
        if collecting.done():
            await collecting
        return asked

    def _store(self, meters: Mapping[str, int], inbox: list[StateChange], since: float, until: float) -> None:
        arrived, inbox[:] = list(inbox), []
        by_entity: dict[str, list[StateChange]] = {}
        for change in arrived:
            by_entity.setdefault(change.entity_id, []).append(change)
        with self._ledger.transaction():
            for entity_id, changes in by_entity.items():
                self._ledger.add_readings(meters[entity_id], _readings(changes))
            if since < until:
                for meter_id in meters.values():
                    self._ledger.add_watched(
                        meter_id, Source.LIVE, int(since * MICROSECONDS), int(until * MICROSECONDS)
                    )

    async def _fill_hole(
        self,
        sensors: Sequence[Sensor],
        meters: Mapping[str, int],
        snapshot: Mapping[str, StateChange],
        since: float,
    ) -> None:
        watched_until = [self._watched_until(meter_id) for meter_id in meters.values()]
        oldest = since - HISTORY_DAYS * 24 * HOUR_SECONDS
        start = min(oldest if until is None else until for until in watched_until) - OVERLAP_SECONDS
        await self._wait_for_history(snapshot)
        plan = plan_backfill(
            sensors, slot_floor(start), slot_floor(since) + SLOT_SECONDS, since, commit_lag=0
        )
        log.warning("Filling the hole since %s.", iso_utc(int(start)))
        known = self._ledger.resolved_extent()
        await run_backfill(self._source, self._ledger, self._settings, plan)
        if known is not None:
            self._vigil.look_back(known[1], slot_floor(since))

    def _watched_until(self, meter_id: int) -> float | None:
        watched = self._ledger.watched(meter_id)
        return float(watched[-1, 1]) / MICROSECONDS if len(watched) else None

    async def _wait_for_history(self, snapshot: Mapping[str, StateChange]) -> None:
        """Wait until the source's history holds the states that it has told us live."""
        newest = {e: c.updated_us for e, c in snapshot.items()}
        deadline = self._clock() + HISTORY_WAIT_SECONDS
        while newest and self._clock() < deadline:
            start = min(newest.values()) - MICROSECONDS
            answer = await self._source.history(
                list(newest), start, int(self._clock() * MICROSECONDS) + MICROSECONDS
            )
            newest = {
                e: t
                for e, t in newest.items()
                if e not in answer or int(answer[e].time_us.max(initial=0)) < t
            }
            if newest:
                await self._sleep(1.0)
        for entity_id in newest:
            log.warning("%s is not in Home Assistant's history: is it excluded from its recorder?", entity_id)

    def _close_slots(self, until: float) -> None:
        end = slot_floor(until - SETTLE_SECONDS)
        if self._closed_until is None:
            self._closed_until = end
        if end > self._closed_until:
            start = min(self._closed_until - HOUR_SECONDS, slot_floor(min(self._open_from, end)))
            self._open_from = self._vigil.close(start, self._closed_until, end)
            self._closed_until = end

    def _until_next_close(self) -> float:
        now = self._clock()
        return max(0.1, slot_floor(now) + SLOT_SECONDS + SETTLE_SECONDS + 0.1 - now)


@contextlib.asynccontextmanager
async def _collecting(
    changes: AsyncIterator[StateChange], inbox: list[StateChange]
) -> AsyncIterator["asyncio.Task[None]"]:
    async def collect() -> None:
        async for change in changes:
            inbox.append(change)  # noqa: PERF401 - it never ends

    task = asyncio.create_task(collect(), name="recorder inbox")
    try:
        yield task
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError, AwayError):
            await task


def _readings(changes: Sequence[StateChange]) -> Readings:
    ordered = sorted(changes, key=lambda change: change.updated_us)
    return Readings(
        time_us=np.array([change.updated_us for change in ordered], dtype=np.int64),
        state=np.array([change.state for change in ordered], dtype=object),
        unit=np.array([change.unit or "" for change in ordered], dtype=object),
        source=np.full(len(ordered), Source.LIVE, dtype=np.int8),
        held=np.zeros(len(ordered), dtype=np.bool_),
    )
