"""The hybrid backfill: hourly statistics for older days, 5-minute statistics and raw history for the last ones.

Every chunk is stored in one transaction and storing is idempotent, so a backfill that was killed is simply run again
and ends in the same ledger. What wins where several sources cover a slot is `resolve`'s matter, not decided here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from darkstar.bookkeeping.progress import Progress, silent
from darkstar.bookkeeping.ranges import chunks
from darkstar.bookkeeping.resolving import HOME_ASSISTANT, touched
from darkstar.bookkeeping.survey import SOC, Sensor
from darkstar.bookkeeping.upkeep import renew
from darkstar.config.settings import Settings
from darkstar.domain.slots import HOUR_SECONDS
from darkstar.evidence.source import EnergySource
from darkstar.ledger.evidence import MICROSECONDS, Reporting, Source
from darkstar.store.ledger_file import LedgerFile

DAY = 24 * HOUR_SECONDS
STATISTICS_CHUNK = 90 * DAY
HISTORY_DAYS = 11
"""Home Assistant keeps raw history for ten days unless told otherwise; one more finds the ragged edge."""
COMMIT_LAG_SECONDS = 10
"""Home Assistant commits states to its database every 5 s: what is younger may still be missing from its history."""


@dataclass(frozen=True)
class Task:
    """What will be fetched for one sensor; ranges are [from, to) in UTC seconds, None where nothing is."""

    sensor: Sensor
    hourly: tuple[int, int] | None
    history: tuple[int, int] | None


@dataclass(frozen=True)
class BackfillPlan:
    """What a backfill will do."""

    start: int
    end: int
    tasks: tuple[Task, ...]


@dataclass(frozen=True)
class BackfillReport:
    """What a backfill did: rows added to the evidence by sensor, and slots written."""

    plan: BackfillPlan
    rows_added: Mapping[str, int]
    slots: int


def plan_backfill(
    sensors: Sequence[Sensor],
    start: int,
    end: int,
    now: float,
    *,
    history_days: int = HISTORY_DAYS,
    commit_lag: int = COMMIT_LAG_SECONDS,
) -> BackfillPlan:
    """Choose the sources: raw history as far back as it is kept, statistics for all that have them."""
    kept_since = int(now - history_days * DAY) // DAY * DAY
    history_start, history_end = max(start, kept_since), min(end, int(now) - commit_lag)
    history = (history_start, history_end) if history_start < history_end else None
    first_hour = start // HOUR_SECONDS * HOUR_SECONDS
    return BackfillPlan(
        start,
        end,
        tuple(
            Task(s, (first_hour, end) if s.statistics and s.channel != SOC else None, history)
            for s in sensors
        ),
    )


async def run_backfill(
    source: EnergySource,
    ledger: LedgerFile,
    settings: Settings,
    plan: BackfillPlan,
    progress: Progress = silent,
) -> BackfillReport:
    """Fetch what the plan names, store it, resolve the range."""
    meters = {
        task.sensor.entity_id: ledger.meter(
            HOME_ASSISTANT, task.sensor.entity_id, Reporting.ON_CHANGE, task.sensor.channel
        )
        for task in plan.tasks
    }
    added = dict.fromkeys(meters, 0)
    await _fetch_statistics(source, ledger, plan, meters, added, progress)
    await _fetch_history(source, ledger, plan, meters, added, progress)
    slots = renew(ledger, settings, *touched(ledger, plan.start, plan.end), progress)
    return BackfillReport(plan, added, slots)


async def _fetch_statistics(
    source: EnergySource,
    ledger: LedgerFile,
    plan: BackfillPlan,
    meters: Mapping[str, int],
    added: dict[str, int],
    progress: Progress,
) -> None:
    tasks = [task for task in plan.tasks if task.hourly]
    if not tasks:
        return
    ids = [task.sensor.entity_id for task in tasks]
    start, end = tasks[0].hourly or (0, 0)
    pieces = [(*piece, "hour") for piece in chunks(start, end, STATISTICS_CHUNK)]
    recent = [task.history for task in tasks if task.history]
    pieces += [(*piece, "5minute") for window in recent[:1] for piece in chunks(*window, DAY)]
    for done, (piece_start, piece_end, period) in enumerate(pieces):
        progress("statistics", done, len(pieces))
        answer = await source.statistics(
            ids, piece_start, piece_end, "hour" if period == "hour" else "5minute"
        )
        with ledger.transaction():
            for entity_id, statistics in answer.items():
                added[entity_id] += ledger.add_statistics(meters[entity_id], statistics)
    progress("statistics", len(pieces), len(pieces))


async def _fetch_history(
    source: EnergySource,
    ledger: LedgerFile,
    plan: BackfillPlan,
    meters: Mapping[str, int],
    added: dict[str, int],
    progress: Progress,
) -> None:
    tasks = [task for task in plan.tasks if task.history]
    if not tasks or not tasks[0].history:
        return
    pieces = list(chunks(*tasks[0].history, DAY))
    ids = [task.sensor.entity_id for task in tasks]
    for done, (piece_start, piece_end) in enumerate(pieces):
        progress("history", done, len(pieces))
        added_now = await fetch_history(source, ledger, {i: meters[i] for i in ids}, piece_start, piece_end)
        for entity_id, rows in added_now.items():
            added[entity_id] += rows
    progress("history", len(pieces), len(pieces))


async def fetch_history(
    source: EnergySource, ledger: LedgerFile, meters: Mapping[str, int], start: float, end: float
) -> Mapping[str, int]:
    """Store the source's raw history of [start, end) [UTC s] and that the meters were watched in it.

    Where the source does not know the state at `start`, the watch begins with the first state that it knows.
    """
    start_us, end_us = int(start * MICROSECONDS), int(end * MICROSECONDS)
    answer = await source.history(list(meters), start_us, end_us)
    added = {}
    with ledger.transaction():
        for entity_id, readings in answer.items():
            if not len(readings):
                continue
            meter_id = meters[entity_id]
            added[entity_id] = ledger.add_readings(meter_id, readings)
            watched_from = max(start_us, int(np.min(readings.time_us)))
            ledger.add_watched(meter_id, Source.HA_HISTORY, watched_from, end_us)
    return added
