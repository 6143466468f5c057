"""The recorder closes slots at their end, and opens them again when a meter that was silent speaks of them."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from darkstar.bookkeeping.recorder import Recorder
from darkstar.config.settings import LEDGER_NAME, Settings
from darkstar.domain.channels import Channel
from darkstar.domain.slots import HOUR_SECONDS, SLOT_SECONDS
from darkstar.evidence.home_assistant import StateChange
from darkstar.evidence.source import Entity, Period
from darkstar.ledger.evidence import MICROSECONDS, Readings, Source, Statistics
from darkstar.ledger.resolved import Flag
from darkstar.store.ledger_file import LedgerFile
from tests.bookkeeping.homes import settings

pytestmark = pytest.mark.slow

METER = "sensor.import"
START = 1_760_000_400
"""A full hour."""


class ScriptedHome:
    """A live source whose one meter shows what a script says, on a clock that a sleep moves on."""

    def __init__(self, script: Sequence[tuple[float, str]], now: float) -> None:
        self.script = [(START + 60 * minute, state) for minute, state in script]
        self.now = now
        self._told = now
        self._queue: asyncio.Queue[StateChange] = asyncio.Queue()

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += max(seconds, 0.001)
        for at, state in self.script:
            if self._told < at <= self.now:
                self._queue.put_nowait(
                    StateChange(METER, state, "kWh", int(at * MICROSECONDS), snapshot=False)
                )
        self._told = self.now
        await asyncio.sleep(0)

    def _states(self, before: float) -> list[tuple[float, str]]:
        return [(at, state) for at, state in self.script if at < before]

    async def entities(self) -> Mapping[str, Entity]:
        at, state = self._states(self.now)[-1]
        return {METER: Entity(METER, state, "kWh", "energy", None, int(at * MICROSECONDS))}

    async def statistic_ids(self) -> Mapping[str, str]:
        return {}

    async def statistics(
        self, ids: Sequence[str], start_utc: int, end_utc: int, period: Period
    ) -> Mapping[str, Statistics]:
        return {}

    async def oldest_statistic(self, ids: Sequence[str]) -> int | None:
        return None

    async def history(self, ids: Sequence[str], start_us: int, end_us: int) -> Mapping[str, Readings]:
        rows = [(at, s) for at, s in self._states(self.now) if start_us <= at * MICROSECONDS < end_us]
        n = len(rows)
        return {
            METER: Readings(
                np.array([at * MICROSECONDS for at, _ in rows], dtype=np.int64),
                np.array([state for _, state in rows], dtype=object),
                np.full(n, "kWh", dtype=object),
                np.full(n, Source.HA_HISTORY, dtype=np.int8),
                np.zeros(n, dtype=np.bool_),
            )
        }

    async def wait_running(self, timeout_s: float) -> object:
        return None

    async def ping(self) -> None:
        await asyncio.sleep(0)

    async def changes(self, entity_ids: Sequence[str]) -> AsyncIterator[StateChange]:
        at, state = self._states(self.now)[-1]
        yield StateChange(METER, state, "kWh", int(at * MICROSECONDS), snapshot=True)
        while True:
            yield await self._queue.get()


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    return replace(
        settings(tmp_path), sensors={Channel.IMPORT: (METER,)}, sensor_list=((Channel.IMPORT.value, METER),)
    )


async def record(source: ScriptedHome, home: Settings, until: float) -> None:
    """Run a recorder of its own until an instant."""
    with LedgerFile(home.folder / LEDGER_NAME, clock=source.clock) as ledger:
        task = asyncio.create_task(Recorder(source, ledger, home, source.clock, source.sleep).run())
        while source.now < until and not task.done():  # noqa: ASYNC110 - its own sleep moves the clock
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


def imported(home: Settings, hours: float) -> tuple[np.ndarray, np.ndarray]:
    """Energies and flags of the slots since the start."""
    with LedgerFile(home.folder / LEDGER_NAME) as ledger:
        found = ledger.provenance(START, START + int(hours * HOUR_SECONDS))[Channel.IMPORT]
        return found.energy_kwh, found.flags


def climb(first: int, last: int, step: int = 5) -> list[tuple[float, str]]:
    """A meter that counts 0.1 kWh a minute, heard every few minutes."""
    return [(minute, f"{100 + minute / 10:.1f}") for minute in range(first, last + 1, step)]


async def test_each_slot_is_closed_at_its_end(home: Settings) -> None:
    await record(ScriptedHome(climb(-30, 70), START + 1), home, START + 46 * 60)

    energy, _ = imported(home, 1)

    assert energy[:3].tolist() == pytest.approx([1.5] * 3)
    assert np.isnan(energy[3])


async def test_slots_of_an_outage_are_filled_when_the_meter_is_back(home: Settings) -> None:
    script = [*climb(-30, 20), (21, "unavailable"), *climb(110, 140)]
    source = ScriptedHome(script, START + 1)
    await record(source, home, START + 91 * 60)
    assert np.isnan(imported(home, 1.5)[0][2:]).all()

    await record(source, home, START + 121 * 60)

    energy, flags = imported(home, 2)
    assert energy.sum() == pytest.approx(12.0, abs=1e-9)
    assert (flags[2:7] & Flag.SPREAD).all()


async def test_an_outage_that_ends_while_it_records_is_filled_too(home: Settings) -> None:
    script = [*climb(-30, 20), (21, "unavailable"), (109, "102.0"), *climb(110, 140)]
    await record(ScriptedHome(script, START + 1), home, START + 121 * 60)

    energy, _ = imported(home, 2)

    assert energy.sum() == pytest.approx(12.0, abs=1e-9)
    assert energy.max() < 2.0, "what the old value hid does not come as a lump"


async def test_it_goes_on_where_another_was_stopped(home: Settings) -> None:
    source = ScriptedHome(climb(-30, 140), START + 1)
    for minute in (17, 71):
        await record(source, home, START + minute * 60)
        source.now += SLOT_SECONDS
        source._told = source.now
    await record(source, home, START + 121 * 60)

    energy, _ = imported(home, 2)

    assert energy.tolist() == pytest.approx([1.5] * 8, abs=1e-9)
