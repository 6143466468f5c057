"""A home whose four meters are heard live, every five minutes, for days; its meters can be made to fail."""

import asyncio
import logging
import shutil
from bisect import bisect_right
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from operator import itemgetter
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from darkstar.bookkeeping import recorder
from darkstar.bookkeeping.recorder import Recorder
from darkstar.bookkeeping.resolving import HOME_ASSISTANT, resolve_range
from darkstar.config.settings import LEDGER_NAME, Settings
from darkstar.domain.channels import Channel
from darkstar.domain.slots import DAY_SECONDS, HOUR_SECONDS
from darkstar.evidence.home_assistant import StateChange
from darkstar.evidence.source import Entity, Period
from darkstar.ledger.evidence import MICROSECONDS, Readings, Reporting, Source, Statistics
from darkstar.store.ledger_file import LedgerFile
from tests.bookkeeping.repaired_home import METERED, home

START = 1_749_945_600
"""2025-06-15T00:00:00Z."""
STEP = 300
STEPS = DAY_SECONDS // STEP
CLEAN_DAYS = 4
BEGIN = START + CLEAN_DAYS * DAY_SECONDS
"""From here on it is recorded live; before, the meters were sound."""
DAYS = 8

Series = NDArray[np.float64]
Shown = Mapping[Channel, Series]
"""What each meter shows every five minutes from START on [kWh], NaN while it cannot be read."""


def flows() -> dict[Channel, Series]:
    """(288 DAYS,) kWh each step; the days' skies and the household differ, and each meter errs by a percent."""
    random = np.random.default_rng(11)
    hours = np.arange(STEPS * DAYS) * STEP / 3600
    sky = np.repeat(random.uniform(0.3, 1.0, DAYS * 24), STEPS // 24)
    pv = np.maximum(np.sin((hours % 24 - 4) / 16 * np.pi), 0) * 0.45 * sky
    evening = (hours % 24 > 17) & (hours % 24 < 21)
    load = 0.03 + 0.05 * random.random(len(hours)) + np.where(evening, 0.15 * random.random(len(hours)), 0.0)
    net = pv - load
    true = {
        Channel.LOAD: load,
        Channel.PV: pv,
        Channel.IMPORT: np.maximum(-net, 0),
        Channel.EXPORT: np.maximum(net, 0),
    }
    return {channel: energy * random.uniform(0.99, 1.01) for channel, energy in true.items()}


def shown(energies: Mapping[Channel, Series]) -> dict[Channel, Series]:
    """What meters show that count these energies."""
    return {
        channel: np.round(1000.0 * (i + 1) + np.append(0.0, np.cumsum(energy)), 3)
        for i, (channel, energy) in enumerate(energies.items())
    }


def texts(values: Series) -> list[str]:
    """States as Home Assistant has them."""
    return ["unavailable" if np.isnan(value) else f"{value:.3f}" for value in values.tolist()]


@dataclass
class LiveHome:
    """A live source on a clock that a sleep moves on; each meter's state is told when it changes."""

    meters: Shown
    now: float
    lines: list[tuple[float, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._told = self.now
        self._queue: asyncio.Queue[StateChange] = asyncio.Queue()
        self.script = {f"sensor.{c.value}": _changes(values) for c, values in self.meters.items()}

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += max(seconds, 0.001)
        due = [
            StateChange(name, state, "kWh", at * MICROSECONDS, snapshot=False)
            for name, changes in self.script.items()
            for at, state in changes[_after(changes, self._told) : _after(changes, self.now)]
        ]
        for change in sorted(due, key=lambda change: change.updated_us):
            self._queue.put_nowait(change)
        self._told = self.now
        await asyncio.sleep(0)

    def _last(self, name: str) -> tuple[int, str]:
        changes = self.script[name]
        return changes[_after(changes, self.now) - 1]

    async def entities(self) -> Mapping[str, Entity]:
        return {
            name: Entity(name, state, "kWh", "energy", None, at * MICROSECONDS)
            for name in self.script
            for at, state in [self._last(name)]
        }

    async def statistic_ids(self) -> Mapping[str, str]:
        return {}

    async def statistics(
        self, ids: Sequence[str], start_utc: int, end_utc: int, period: Period
    ) -> Mapping[str, Statistics]:
        return {}

    async def oldest_statistic(self, ids: Sequence[str]) -> int | None:
        return None

    async def history(self, ids: Sequence[str], start_us: int, end_us: int) -> Mapping[str, Readings]:
        until = min(end_us / MICROSECONDS, self.now)
        return {
            name: readings(self.script[name], start_us // MICROSECONDS, until, Source.HA_HISTORY)
            for name in ids
        }

    async def wait_running(self, timeout_s: float) -> object:
        return None

    async def ping(self) -> None:
        await asyncio.sleep(0)

    async def changes(self, entity_ids: Sequence[str]) -> AsyncIterator[StateChange]:
        for name in entity_ids:
            at, state = self._last(name)
            yield StateChange(name, state, "kWh", at * MICROSECONDS, snapshot=True)
        while True:
            yield await self._queue.get()


def _changes(values: Series) -> list[tuple[int, str]]:
    states = texts(values)
    return [(START + i * STEP, state) for i, state in enumerate(states) if i == 0 or state != states[i - 1]]


def _after(changes: Sequence[tuple[int, str]], instant: float) -> int:
    return bisect_right(changes, instant, key=itemgetter(0))


def readings(changes: Sequence[tuple[int, str]], start: float, end: float, source: Source) -> Readings:
    """The changes of [start, end), after the state that held at its start."""
    rows = [(at, state) for at, state in changes if start <= at < end]
    before = [state for at, state in changes if at < start]
    held = bool(before) and (not rows or rows[0][0] > start)
    rows = [(int(start), before[-1]), *rows] if held else rows
    n = len(rows)
    return Readings(
        np.array([at * MICROSECONDS for at, _ in rows], dtype=np.int64),
        np.array([state for _, state in rows], dtype=object),
        np.full(n, "kWh", dtype=object),
        np.full(n, source, dtype=np.int8),
        np.array([held and i == 0 for i in range(n)], dtype=np.bool_),
    )


def make_clean(folder: Path, hours: float = 0) -> Settings:
    """A ledger in which the sound days are recorded, until so many hours after BEGIN."""
    settings = _listed(home(folder))
    end = BEGIN + int(hours * HOUR_SECONDS)
    with LedgerFile(folder / LEDGER_NAME, clock=lambda: float(end)) as ledger:
        for channel, values in shown(flows()).items():
            meter = ledger.meter(
                HOME_ASSISTANT, f"sensor.{channel.value}", Reporting.ON_CHANGE, channel.value
            )
            ledger.add_readings(meter, readings(_changes(values), START, end, Source.LIVE))
            ledger.add_watched(meter, Source.LIVE, START * MICROSECONDS, end * MICROSECONDS)
        resolve_range(ledger, settings, START, end)
    return settings


def copy_of(clean: Settings, folder: Path) -> Settings:
    folder.mkdir()
    shutil.copy(clean.folder / LEDGER_NAME, folder / LEDGER_NAME)
    return _listed(home(folder))


def _listed(settings: Settings) -> Settings:
    return replace(settings, sensor_list=tuple((c.value, f"sensor.{c.value}") for c in METERED))


def record(settings: Settings, meters: Shown, since: float, until: float) -> list[tuple[float, str]]:
    """Record from `since` to `until` hours after BEGIN; returns the lines told, each with its hours after BEGIN."""
    source = LiveHome(meters, BEGIN + since * HOUR_SECONDS + 1.0)

    class Ear(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            source.lines.append(((source.now - BEGIN) / HOUR_SECONDS, record.getMessage()))

    ear = Ear()
    logger = logging.getLogger("darkstar.bookkeeping.vigil")
    logger.addHandler(ear)
    try:
        asyncio.run(_record(source, settings, BEGIN + until * HOUR_SECONDS + 10))
    finally:
        logger.removeHandler(ear)
    return source.lines


async def _record(source: LiveHome, settings: Settings, until: float) -> None:
    with (
        pytest.MonkeyPatch.context() as patch,
        LedgerFile(settings.folder / LEDGER_NAME, clock=source.clock) as ledger,
    ):
        patch.setattr(recorder, "HEARTBEAT_SECONDS", float(HOUR_SECONDS))
        task = asyncio.create_task(Recorder(source, ledger, settings, source.clock, source.sleep).run())
        while source.now < until and not task.done():  # noqa: ASYNC110 - its own sleep moves the clock
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
