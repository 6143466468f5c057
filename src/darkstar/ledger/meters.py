"""Meters: from what a counter showed to the energy that went through it.

A **meter** counts energy upwards. What we have of it are readings: an instant, the text that it showed, a unit.

    what can go wrong                               who deals with it
    `unavailable`, `unknown`, text, nan             `numbers.py`: no number; the time until the next number is an outage
    Wh, kWh, MWh; counting downwards below zero     `numbers.py`
    readings out of order or twice                  `numbers.py`
    a dip that comes back, a spike, a reset,        `trust.py`: believes the cheapest explanation
      a replaced meter, a small step back
    a frozen meter; an outage that ends in a lump   `steps`: the energy belongs to all the time since
    a jump that no fuse carries                     `steps`: the energy is not known
    a jump after a standstill                       `standstill.py`: frozen or leapt, by what the meter else does

The first reading of a meter yields no energy, and between two believed readings every kWh is counted once.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from darkstar.domain.slots import HOUR_SECONDS
from darkstar.ledger.evidence import MICROSECONDS, Instants, MeterEvidence, Reporting
from darkstar.ledger.numbers import FOREVER, parse
from darkstar.ledger.resolved import Flag
from darkstar.ledger.spans import intersect, measure_before, subtract, union
from darkstar.ledger.standstill import leaps
from darkstar.ledger.trust import LATE_SECONDS, PROMPT_SECONDS, Trusted, trust

Series = NDArray[np.float64]

STEPS_OF_PACE = 8
"""Steps before a silence of an on-change meter that tell how long it is silent while all is well."""
JITTER_SHARE = 0.1
NOTABLE_KWH = 0.005
"""A person is told of what a meter took back only where it is more than its last digits."""


@dataclass(frozen=True)
class Steps:
    """Energy between consecutive believed readings, in time order.

    Attributes:
        start_us, end_us: (m,) the time within which the energy was counted.
        energy_kwh: (m,) >= 0, NaN where it is not known.
        flags: (m,) `Flag`s; source: (m,) `Source` of the reading that ends the step.
        whole: (m,) true where nothing is known of when within the time: an outage, a frozen meter.
    """

    start_us: Instants
    end_us: Instants
    energy_kwh: Series
    flags: NDArray[np.int32]
    source: NDArray[np.int8]
    whole: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.start_us)

    def take(self, rows: NDArray[np.bool_]) -> "Steps":
        """The steps where the mask, shape (m,), holds."""
        return Steps(
            self.start_us[rows],
            self.end_us[rows],
            self.energy_kwh[rows],
            self.flags[rows],
            self.source[rows],
            self.whole[rows],
        )

    def joined(self, other: "Steps") -> "Steps":
        """These and then the others."""
        return Steps(
            np.append(self.start_us, other.start_us),
            np.append(self.end_us, other.end_us),
            np.append(self.energy_kwh, other.energy_kwh),
            np.append(self.flags, other.flags),
            np.append(self.source, other.source),
            np.append(self.whole, other.whole),
        )

    @staticmethod
    def one(start_us: int, end_us: int, energy_kwh: float, source: int) -> "Steps":
        """A single step that nothing befell."""
        return Steps(
            np.array([start_us], np.int64),
            np.array([end_us], np.int64),
            np.array([energy_kwh]),
            np.zeros(1, np.int32),
            np.array([source], np.int8),
            np.zeros(1, np.bool_),
        )

    @staticmethod
    def empty() -> "Steps":
        """No step at all."""
        none = np.zeros(0)
        return Steps(
            none.astype(np.int64),
            none.astype(np.int64),
            none,
            none.astype(np.int32),
            none.astype(np.int8),
            none.astype(np.bool_),
        )


@dataclass(frozen=True)
class Count:
    """What a meter's readings come to.

    Attributes:
        steps: energy between readings.
        known_us: (k, 2) time in which the meter was readable, so that no step means no energy.
        first_us, first_kwh: the first believed reading; None where there is none.
    """

    steps: Steps
    known_us: Instants
    first_us: int | None
    first_kwh: float


def count(evidence: MeterEvidence, limit_kw: float) -> Count:
    """Energies between the believed readings of a meter through which at most `limit_kw` flows."""
    numbers = parse(evidence.readings)
    if not len(numbers.time_us):
        return Count(Steps.empty(), np.zeros((0, 2), dtype=np.int64), None, 0.0)
    shown = _without_jitter(numbers.value_kwh)
    taken_back = numbers.value_kwh - shown > NOTABLE_KWH
    believed = trusted(evidence, numbers.time_us, shown, limit_kw)
    time_us, value = numbers.time_us[believed.index], shown[believed.index]
    touched = taken_back[believed.index]
    flags = believed.flags[1:] | np.where(touched[1:] | touched[:-1], int(Flag.STEP_BACK), 0).astype(np.int32)
    energy = np.where(flags & Flag.RESET, value[1:], np.maximum(np.diff(value), 0.0))
    energy[(flags & (Flag.IMPLAUSIBLE | Flag.REPLACED)) != 0] = np.nan
    source_of_first, source = numbers.source[believed.index[0]], numbers.source[believed.index[1:]]
    steps = Steps(time_us[:-1], time_us[1:], energy, flags, source, np.zeros(len(energy), np.bool_))
    first, last = int(time_us[0]), int(time_us[-1])
    doubtful_since = int(numbers.time_us[believed.index[-1] + 1]) if believed.pending else FOREVER
    after_start = numbers.time_us[believed.index[:-1] + 1]
    if evidence.reporting is Reporting.PERIODIC:
        readable = np.array([[first, last]], dtype=np.int64)
    else:
        heard = np.array([[first, doubtful_since]], dtype=np.int64)
        readable = intersect(subtract(evidence.watched_us, numbers.mute_us), heard)

    def timed(steps: Steps) -> Steps:
        if evidence.reporting is Reporting.PERIODIC:
            return _timed(steps, value, readable, steps.start_us, limit_kw)
        return _timed(steps, value, readable, _booked(steps, after_start, limit_kw), limit_kw)

    found = timed(steps)
    leapt = leaps(found.start_us, found.end_us, found.energy_kwh, _still(steps, found, readable, evidence))
    if leapt.any():
        flags = np.where(leapt, steps.flags | int(Flag.IMPLAUSIBLE), steps.flags).astype(np.int32)
        found = timed(replace(steps, energy_kwh=np.where(leapt, np.nan, steps.energy_kwh), flags=flags))
    steps = found
    spans = np.column_stack([steps.start_us, steps.end_us])
    lumps = steps.whole & (steps.energy_kwh > 0)
    readable = subtract(readable, union(spans[steps.whole]))
    steps = without_frozen(steps, lumps)
    on_edge = _since_row(evidence, first, float(value[0]), int(source_of_first), limit_kw)
    if on_edge is not None:
        steps = on_edge.joined(steps)
        readable = union(np.vstack([[[first - 1, first]], readable]))
    return Count(steps, readable, first, float(value[0]))


def trusted(evidence: MeterEvidence, time_us: Instants, shown_kwh: Series, limit_kw: float) -> Trusted:
    """Which of a meter's readings to believe, by what Home Assistant's rows say of the time before the first of them.

    Args:
        time_us, shown_kwh: (n,) the instants and values that are numbers.
    """
    before = _row_before(evidence, int(time_us[0])) if len(time_us) else None
    if before is None:
        return trust(time_us / MICROSECONDS, shown_kwh, limit_kw)
    ended_us, state_kwh = before
    found = trust(np.append(ended_us - 1, time_us) / MICROSECONDS, np.append(state_kwh, shown_kwh), limit_kw)
    readings = found.index > 0
    if not readings.any():
        return trust(time_us / MICROSECONDS, shown_kwh, limit_kw)
    return Trusted(found.index[readings] - 1, found.flags[readings], found.pending)


def _row_before(evidence: MeterEvidence, first_us: int) -> tuple[int, float] | None:
    """The end [UTC us] of the last row that ends within the hour before the first reading, and what it shows [kWh]."""
    last: tuple[int, float] | None = None
    for rows in (evidence.hourly, evidence.five_minute):
        ends_us = (rows.start_utc + rows.period_s) * MICROSECONDS
        row = int(np.searchsorted(ends_us, first_us, side="right")) - 1
        if row < 0 or first_us - ends_us[row] >= HOUR_SECONDS * MICROSECONDS or np.isnan(rows.state_kwh[row]):
            continue
        if last is None or ends_us[row] >= last[0]:
            last = int(ends_us[row]), abs(float(rows.state_kwh[row]))
    return last


def _since_row(
    evidence: MeterEvidence, first_us: int, first_kwh: float, source: int, limit_kw: float
) -> Steps | None:
    """What the first reading adds to a row of Home Assistant's that ends as it comes: the row does not count it."""
    ended_us, state_kwh = _row_before(evidence, first_us) or (0, 0.0)
    added = first_kwh - state_kwh
    if ended_us != first_us or not 0 < added <= limit_kw * (HOUR_SECONDS + LATE_SECONDS) / HOUR_SECONDS:
        return None
    return Steps.one(first_us - 1, first_us, added, source)


def _booked(steps: Steps, after_start: Instants, limit_kw: float) -> Instants:
    """Since when the energy of an on-change meter's steps was counted where nothing is amiss.

    Args:
        after_start: (m,) the first reading after each step's start, believed or not.
    """
    hour = HOUR_SECONDS * MICROSECONDS
    booked = np.maximum(steps.start_us, -(-steps.end_us // hour) * hour - hour)
    # While it showed wrong numbers it was not read.
    booked = np.where(after_start < steps.end_us, np.minimum(booked, after_start), booked)
    return np.where(_stood_still(steps, limit_kw), steps.end_us, booked)


def _still(steps: Steps, timed: Steps, readable_us: Instants, evidence: MeterEvidence) -> NDArray[np.bool_]:
    """Lumps of a meter that could be read all the while: a file's was where its rows come by the hour or faster."""
    mute = _unreadable(readable_us, timed.start_us, timed.end_us)
    if evidence.reporting is Reporting.PERIODIC:
        mute |= steps.end_us - steps.start_us > HOUR_SECONDS * MICROSECONDS
    return np.asarray(timed.whole & (steps.flags == 0) & ~mute)


def without_frozen(steps: Steps, lumps: NDArray[np.bool_]) -> Steps:
    """Leave out the steps within the time of a lump: that a frozen meter showed no energy tells nothing."""
    spans = np.column_stack([steps.start_us, steps.end_us])
    inside = _measure(union(spans[lumps]), steps.start_us, steps.end_us) > 0
    return steps.take(lumps | ~inside)


def _without_jitter(value_kwh: Series) -> Series:
    """Take back what a meter overshot by: a fall that is small beside the rise before it is the rise's error."""
    rise = np.diff(value_kwh)
    over = np.flatnonzero((rise[1:] < 0) & (-rise[1:] <= JITTER_SHARE * rise[:-1])) + 1
    steadied = value_kwh.copy()
    steadied[over] = value_kwh[over + 1]
    return steadied


def _stood_still(steps: Steps, limit_kw: float) -> NDArray[np.bool_]:
    """Steps with more energy than the connection carries between two changes of the meter, as it changed before."""
    took = steps.end_us - steps.start_us
    n = len(took)
    pace = np.full(n, FOREVER // 2)
    if n > STEPS_OF_PACE:
        pace[STEPS_OF_PACE:] = np.lib.stride_tricks.sliding_window_view(took[:-1], STEPS_OF_PACE).max(axis=1)
    return np.asarray(steps.energy_kwh > _carried(limit_kw, pace, LATE_SECONDS))


def _timed(steps: Steps, value: Series, readable_us: Instants, booked: Instants, limit_kw: float) -> Steps:
    """When the energy of each step was counted; `booked` says since when where nothing is amiss.

    An on-change meter that was readable all the time changed when it said so: the energy belongs to the hour of the
    reading, as Home Assistant books it. Where it was not readable, the energy belongs to all the time since it was.
    Where more came at once than the connection carries, it belongs to all the time since the meter last showed
    something new: it was frozen, or showed an old value again after an outage.
    """
    end = steps.end_us
    new = np.append(True, np.diff(value) != 0)
    run = np.maximum.accumulate(np.where(new, np.arange(len(value)), 0))[:-1]
    shown_since = steps.start_us[run]
    last_span = np.searchsorted(readable_us[:, 0], end, side="left") - 1
    readable_again = (
        np.where(last_span >= 0, readable_us[np.maximum(last_span, 0), 0], end) if len(readable_us) else end
    )
    mute_in_run = _unreadable(readable_us, shown_since, end)
    lump = steps.energy_kwh > _carried(limit_kw, end - booked, LATE_SECONDS)
    # An old value restored after a silence is no reading: the first new one tells of all the time since.
    lump |= mute_in_run & (steps.energy_kwh > 0) & (end - readable_again <= PROMPT_SECONDS * MICROSECONDS)
    lump |= mute_in_run & (steps.energy_kwh > _carried(limit_kw, end - readable_again, PROMPT_SECONDS))
    since = np.where(lump, shown_since, steps.start_us)
    outage = _unreadable(readable_us, since, end)
    start = np.where(outage, _mute_from(readable_us, since, end), np.where(lump, shown_since, booked))
    whole = outage | lump
    # What a silence is too short for was counted before it, since the meter last showed something new.
    start = np.where(whole & (steps.energy_kwh > _carried(limit_kw, end - start, 0.0)), shown_since, start)
    spread = np.where(whole & (steps.energy_kwh > 0), int(Flag.SPREAD), 0).astype(np.int32)
    return replace(steps, start_us=start, flags=steps.flags | spread, whole=whole)


def _carried(limit_kw: float, span_us: Instants, late_s: float) -> Series:
    return np.asarray(limit_kw * (span_us / MICROSECONDS + late_s) / HOUR_SECONDS)


def _unreadable(readable_us: Instants, start: Instants, end: Instants) -> NDArray[np.bool_]:
    return np.asarray(end - start > _measure(readable_us, start, end))


def _measure(spans_us: Instants, start: Instants, end: Instants) -> Instants:
    return np.asarray(measure_before(spans_us, end) - measure_before(spans_us, start))


def _mute_from(readable_us: Instants, since: Instants, end: Instants) -> Instants:
    """When a meter stopped being readable at or after an instant; at most `end`."""
    if not len(readable_us):
        return since
    span = np.searchsorted(readable_us[:, 0], since, side="right") - 1
    until = np.where(span >= 0, readable_us[np.maximum(span, 0), 1], since)
    return np.minimum(np.maximum(until, since), end)
