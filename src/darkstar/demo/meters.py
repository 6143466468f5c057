"""What the demo's meters show: cumulative readings at irregular polls, rounded, and told only when they change.

`read_meter` polls one meter. Most of the year it is read once an hour, just before the hour ends, for that is all that
hourly statistics keep of it; the last days are read at every poll, for Home Assistant keeps their history. What befalls
a meter (`quirks.py`) is done to its readings; `told` then leaves out what did not change.
"""

from dataclasses import dataclass, replace
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from darkstar.demo.grid import Grid, Series
from darkstar.domain.slots import HOUR_SECONDS, day_bounds, local_date, slot_ceil
from darkstar.ledger.evidence import MICROSECONDS, Instants

WH_PER_KWH = {"Wh": 1000.0, "kWh": 1.0, "%": 1.0}


class State(IntEnum):
    """What a reading is."""

    NUMBER = 0
    UNAVAILABLE = 1
    UNKNOWN = 2


@dataclass(frozen=True)
class MeterSpec:
    """A meter as its maker built it.

    Attributes:
        channel: a channel's value, or `soc`.
        unit: `kWh`, `Wh` or `%`; decimals: of the shown value in that unit.
        first: what it showed when the year began, in its unit.
        poll_seconds: mean time between two polls, each of which comes up to half of it early or late.
        state_class: `total_increasing`, `measurement`, or None where its integration forgot it.
        daily: whether it starts again from zero at local midnight.
    """

    entity_id: str
    channel: str
    unit: str
    decimals: int
    first: float
    poll_seconds: float
    state_class: str | None = "total_increasing"
    daily: bool = False


@dataclass(frozen=True)
class MeterReadings:
    """Readings in time order; shapes (n,).

    Attributes:
        time_us: [UTC us]; value: in the meter's unit, NaN where there is none; state: `State` numbers.
    """

    time_us: Instants
    value: Series
    state: NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.time_us)

    def take(self, rows: NDArray[np.bool_]) -> "MeterReadings":
        """The rows where the mask, shape (n,), holds."""
        return MeterReadings(self.time_us[rows], self.value[rows], self.state[rows])

    def with_reading(self, time_us: int, value: float, state: State = State.NUMBER) -> "MeterReadings":
        """One reading more, after all that are not later."""
        at = int(np.searchsorted(self.time_us, time_us, side="right"))
        return MeterReadings(
            np.insert(self.time_us, at, time_us),
            np.insert(self.value, at, value),
            np.insert(self.state, at, np.int8(state)),
        )


def poll_times(grid: Grid, spec: MeterSpec, dense_from: int) -> Instants:
    """When a meter is read [UTC us]: once before each hour's end, and from `dense_from` [UTC s] on at every poll."""
    random = grid.random(f"polls {spec.entity_id}")
    first_edge = (grid.start // HOUR_SECONDS + 1) * HOUR_SECONDS
    edges = np.arange(first_edge, dense_from + 1, HOUR_SECONDS)
    hourly = edges - random.uniform(0.01, 1.0, len(edges)) * spec.poll_seconds
    count = int((grid.end - dense_from) / spec.poll_seconds * 1.2) + 100
    dense = dense_from + np.cumsum(spec.poll_seconds * random.uniform(0.5, 1.5, count))
    times = np.concatenate([[grid.start], hourly, dense[dense < grid.end]])
    return (times * MICROSECONDS).astype(np.int64)


def read_meter(grid: Grid, spec: MeterSpec, energy_kwh: Series, polls: Instants) -> MeterReadings:
    """A meter of the energy of each step, shape (n,), read at `polls` [UTC us]."""
    edges_us = np.append(grid.steps, grid.end) * MICROSECONDS
    total = np.concatenate([[0.0], np.cumsum(energy_kwh)])
    counted = np.interp(polls, edges_us, total)
    if spec.daily:
        midnights = _midnights(grid)
        counted_by_midnight = np.interp(midnights * MICROSECONDS, edges_us, total)
        today = np.searchsorted(midnights * MICROSECONDS, polls, side="right") - 1
        counted = counted - counted_by_midnight[today]
    shown = spec.first + counted * WH_PER_KWH[spec.unit]
    return MeterReadings(polls, np.round(shown, spec.decimals), np.zeros(len(polls), np.int8))


def read_state(grid: Grid, spec: MeterSpec, edges: Series, polls: Instants) -> MeterReadings:
    """A sensor of a state known at the edges of the steps, shape (n + 1,), read at `polls` [UTC us]."""
    edges_us = np.append(grid.steps, grid.end) * MICROSECONDS
    shown = np.round(np.interp(polls, edges_us, edges), spec.decimals)
    return MeterReadings(polls, shown, np.zeros(len(polls), np.int8))


def told(readings: MeterReadings) -> MeterReadings:
    """Only the readings that differ from the one before: Home Assistant keeps no others."""
    if not len(readings):
        return readings
    same = (readings.state[1:] == readings.state[:-1]) & (
        (readings.value[1:] == readings.value[:-1]) | (readings.state[1:] != State.NUMBER)
    )
    return readings.take(np.concatenate([[True], ~same]))


def since(readings: MeterReadings, time_us: int) -> MeterReadings:
    """The readings from an instant on, and the one that held then, moved to it."""
    first = max(int(np.searchsorted(readings.time_us, time_us, side="right")) - 1, 0)
    kept = readings.take(np.arange(len(readings)) >= first)
    return replace(kept, time_us=np.maximum(kept.time_us, time_us))


def _midnights(grid: Grid) -> NDArray[np.int64]:
    day = local_date(grid.start, grid.tz)
    bounds = [day_bounds(day, grid.tz)[0]]
    while bounds[-1] < grid.end:
        bounds.append(day_bounds(local_date(bounds[-1], grid.tz), grid.tz)[1])
    assert slot_ceil(bounds[0]) <= grid.start
    return np.array(bounds, dtype=np.int64)
