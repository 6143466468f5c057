"""Lays the energies of one meter over the slots of a window: what is known by the slot, and what by the hour.

From the finest evidence to the coarsest, each only where nothing finer is known:

    readings, fine intervals     energy between two of them evenly over the time between
    5-minute statistics          three rows make a slot
    hourly evidence              kept as an hour's total; `splitting.py` lays it over the quarters
    outages, long gaps           what is left of their total after all of the above, by the best shape known

No slot gets energy from a time that it lies outside of, and the total of each step arrives whole.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from darkstar.domain.slots import HOUR_SECONDS, SLOT_SECONDS, SLOTS_PER_HOUR, Slots, slot_range
from darkstar.ledger.evidence import (
    MICROSECONDS,
    Instants,
    Intervals,
    MeterEvidence,
    Method,
    Reporting,
    Source,
    Statistics,
)
from darkstar.ledger.meters import Count, Steps, count
from darkstar.ledger.resolved import Flag
from darkstar.ledger.spans import measure_before, subtract, union
from darkstar.ledger.spreading import fill, spread_evenly
from darkstar.ledger.statistics import statistic_steps

Series = NDArray[np.float64]
Mask = NDArray[np.bool_]
Shape = Callable[[Slots], Series]

SLOT_US = SLOT_SECONDS * MICROSECONDS
HOUR_US = HOUR_SECONDS * MICROSECONDS
NEWBORN_HOURS = 1.0
"""A meter that has counted no more than this long at full power when first read is new: it was not there before."""


@dataclass(frozen=True)
class MeterSlots:
    """One meter over a window of whole hours.

    Attributes:
        energy_kwh: (n,) NaN where not known by the slot; source, method, flags: (n,).
        hour_kwh: (n / 4,) totals of hours that are known as a whole, NaN elsewhere; hour_source, hour_flags alike.
        born_utc: before this instant the meter did not exist; None where it did, or where that is not known.
    """

    energy_kwh: Series
    source: NDArray[np.int8]
    method: NDArray[np.int8]
    flags: NDArray[np.int32]
    hour_kwh: Series
    hour_source: NDArray[np.int8]
    hour_flags: NDArray[np.int32]
    born_utc: int | None


def lay(evidence: MeterEvidence, window: Slots, limit_kw: float, shape: Shape) -> MeterSlots:
    """All that one meter's evidence says of a window.

    Args:
        window: (n,) slots, beginning and ending on the hour.
        limit_kw: most power that can flow through the meter.
        shape: weights of slots by which energy known only in total is laid out; zero throughout means evenly.
    """
    sheet = _Sheet(window, limit_kw, shape)
    counted = count(evidence, limit_kw)
    intervals = _interval_steps(evidence.intervals)
    on_change = evidence.reporting is Reporting.ON_CHANGE
    quick = ~counted.steps.whole if on_change else _seconds(counted.steps) <= SLOT_SECONDS
    fine, rest = counted.steps.take(quick), counted.steps.take(~quick)
    sheet.lay_fine(fine, counted.known_us if on_change else _spans(fine), Method.READINGS)
    brief = _seconds(rest) < HOUR_SECONDS
    sheet.lay_blocks(rest.take(brief))
    moved = sheet.moved(fine.joined(rest.take(brief)))
    rest = rest.take(~brief)
    if len(intervals):
        seconds = _seconds(intervals)
        short = intervals.take(seconds <= SLOT_SECONDS)
        sheet.lay_fine(short, _spans(short), Method.INTERVALS)
        sheet.lay_blocks(intervals.take((seconds > SLOT_SECONDS) & (seconds < HOUR_SECONDS)))
        rest = rest.joined(intervals.take(seconds >= HOUR_SECONDS))
    five_minute = statistic_steps(evidence.five_minute, limit_kw)
    sheet.lay_five_minute(five_minute.take(~five_minute.whole), moved)
    rest = rest.joined(sheet.flowed(statistic_steps(evidence.hourly, limit_kw), moved))
    hourly = (_seconds(rest) == HOUR_SECONDS) & (rest.start_us % HOUR_US == 0)
    sheet.keep_hours(rest.take(hourly))
    sheet.lay_blocks(rest.take(~hourly))
    return sheet.finished(_born(counted, evidence.hourly, limit_kw))


def _born(counted: Count, hourly: Statistics, limit_kw: float) -> int | None:
    """Since when a meter exists, where what is known of it begins with a meter that is new."""
    known = np.flatnonzero(np.isfinite(hourly.state_kwh))
    first_row = int(hourly.start_utc[known[0]]) if len(known) else None
    if counted.first_us is not None and (first_row is None or counted.first_us < first_row * MICROSECONDS):
        since, shown = counted.first_us // MICROSECONDS, counted.first_kwh
    elif first_row is not None:
        since, shown = first_row, abs(float(hourly.state_kwh[known[0]]))
    else:
        return None
    return since if shown <= limit_kw * NEWBORN_HOURS else None


class _Sheet:
    """A window of slots while it is being filled."""

    def __init__(self, window: Slots, limit_kw: float, shape: Shape) -> None:
        n = len(window)
        self._slots = window
        self._start_us = int(window[0]) * MICROSECONDS
        self._edges_us = self._start_us + np.arange(n + 1, dtype=np.int64) * SLOT_US
        self._limit_kwh = limit_kw / SLOTS_PER_HOUR
        self._shape = shape
        self._energy = np.zeros(n)
        self._covered_us = np.zeros(n, dtype=np.int64)
        self._source = np.zeros(n, dtype=np.int8)
        self._method = np.zeros(n, dtype=np.int8)
        self._flags = np.zeros(n, dtype=np.int32)
        self._hour = np.full(n // SLOTS_PER_HOUR, np.nan)
        self._hour_source = np.zeros(n // SLOTS_PER_HOUR, dtype=np.int8)
        self._hour_flags = np.zeros(n // SLOTS_PER_HOUR, dtype=np.int32)

    def finished(self, born_utc: int | None) -> MeterSlots:
        known = self._known
        return MeterSlots(
            energy_kwh=np.where(known, self._energy, np.nan),
            source=np.where(known, self._source, 0).astype(np.int8),
            method=np.where(known, self._method, 0).astype(np.int8),
            flags=self._flags,
            hour_kwh=self._hour,
            hour_source=self._hour_source,
            hour_flags=self._hour_flags,
            born_utc=born_utc,
        )

    @property
    def _known(self) -> Mask:
        return self._covered_us >= SLOT_US

    def lay_fine(self, steps: Steps, spans_us: Instants, method: Method) -> None:
        """Energies evenly over their short times; within the spans, no step means no energy."""
        if not len(spans_us):
            return
        good = np.isfinite(steps.energy_kwh)
        # A meter that was exchanged while it was read counted nothing in between; a leap leaves its time unknown.
        lost = ~good & ((steps.flags & Flag.IMPLAUSIBLE) != 0)
        spans_us = subtract(spans_us, _spans(steps.take(lost)))
        known = steps.take(good)
        energy = spread_evenly(known, self._edges_us)
        covered = np.diff(measure_before(spans_us, self._edges_us))
        new = (covered > 0) & ~self._known
        self._energy[new] += energy[new]
        self._covered_us[new] += covered[new]
        self._credit(new, steps, method)
        self._flag(steps)

    def moved(self, steps: Steps) -> Series:
        """Energy of readings' steps that lies in each slot, less what Home Assistant's rows count in it; shape (n,).

        A row counts all of a step when its reading comes, the slots hold it when it flowed. Where readings take over
        from rows, or rows from readings, what crosses the seam would else be lost or come twice.
        """
        good = np.isfinite(steps.energy_kwh)
        slot = np.searchsorted(self._edges_us, steps.end_us, side="right") - 1
        inside = good & (slot >= 0) & (slot < len(self._energy))
        counted = np.bincount(slot[inside], steps.energy_kwh[inside], len(self._energy))
        return np.asarray(self._energy - counted)

    def flowed(self, steps: Steps, moved_kwh: Series) -> Steps:
        """Energies of hourly rows as they flowed in their time, not as they were counted (see `moved`)."""
        first, last = ((at - self._start_us) // SLOT_US for at in (steps.start_us, steps.end_us))
        touched = np.append(0, np.cumsum(moved_kwh != 0))
        inside = (first >= 0) & (last <= len(moved_kwh))
        energy = steps.energy_kwh.copy()
        for row in np.flatnonzero(inside).tolist():
            if touched[last[row]] > touched[first[row]]:
                energy[row] = max(energy[row] + float(moved_kwh[first[row] : last[row]].sum()), 0.0)
        return replace(steps, energy_kwh=energy)

    def lay_five_minute(self, steps: Steps, moved_kwh: Series) -> None:
        """Slots that three rows make up, where nothing finer covers the whole slot."""
        steps = steps.take(np.isfinite(steps.energy_kwh))
        covered = np.diff(measure_before(union(_spans(steps)), self._edges_us))
        new = (covered >= SLOT_US) & ~self._known
        if not new.any():
            return
        self._energy[new] = np.maximum(spread_evenly(steps, self._edges_us) + moved_kwh, 0.0)[new]
        self._covered_us[new] = SLOT_US
        self._source[new] = Source.HA_5MIN
        self._method[new] = Method.INTERVALS
        self._flag(steps, new)

    def keep_hours(self, steps: Steps) -> None:
        """Totals of whole hours; the better source first where two know the same hour."""
        self._flag(steps.take(~np.isfinite(steps.energy_kwh)))
        hour = (steps.start_us - self._start_us) // HOUR_US
        rows = np.flatnonzero((hour >= 0) & (hour < len(self._hour)) & np.isfinite(steps.energy_kwh))
        rows = rows[np.argsort(-steps.source[rows], kind="stable")]
        self._hour[hour[rows]] = steps.energy_kwh[rows]
        self._hour_source[hour[rows]] = steps.source[rows]
        self._hour_flags[hour[rows]] = steps.flags[rows]

    def lay_blocks(self, steps: Steps) -> None:
        """Energies known in total only: what others have not accounted for, over the slots that nobody knows."""
        order = np.argsort(_seconds(steps), kind="stable")
        for row in order.tolist():
            start, end = int(steps.start_us[row]), int(steps.end_us[row])
            energy, flags = float(steps.energy_kwh[row]), int(steps.flags[row])
            if end - start > HOUR_US and energy > 0:
                flags |= Flag.SPREAD
            if end <= self._edges_us[0] or start >= self._edges_us[-1] or not np.isfinite(energy):
                self._flag(steps.take(np.arange(len(steps)) == row))
                continue
            self._lay_block(start, end, energy, Source(int(steps.source[row])), flags)

    def _lay_block(self, start_us: int, end_us: int, energy: float, source: Source, flags: int) -> None:
        lowest = max(0, (start_us - self._start_us) // SLOT_US)
        highest = min(len(self._energy), -(-(end_us - self._start_us) // SLOT_US))
        rows = np.arange(lowest, highest)
        inside_us = np.minimum(self._edges_us[rows + 1], end_us) - np.maximum(self._edges_us[rows], start_us)
        hour_known = np.isfinite(self._hour[rows // SLOTS_PER_HOUR])
        free = ~self._known[rows] & ~hour_known
        if not free.any():
            return
        seen_us = self._seen_us(rows, inside_us)
        open_us = (inside_us - seen_us)[free]
        cut = start_us < self._edges_us[0] or end_us > self._edges_us[-1]
        if cut:
            laid = self._part_of_block(start_us, end_us, energy, rows)[free] * (open_us / inside_us[free])
        else:
            share = open_us / SLOT_US
            room = self._limit_kwh * share
            accounted = self._accounted(rows, inside_us, seen_us)
            left = max(energy - accounted, 0.0)
            if accounted > 0:
                # Two sources that disagree on when it was must not meet in a spike.
                left = min(left, float(np.maximum(self._limit_kwh - self._energy[rows][free], room).sum()))
            laid = fill(left, self._shape(self._slots[rows])[free] * share, share, room)
        target = rows[free]
        self._energy[target] += laid
        self._covered_us[target] += open_us
        self._source[target] = np.maximum(self._source[target], source)
        sun = bool(self._shape(self._slots[target]).any())
        split = Method.SPLIT_SUN if sun else Method.SPLIT_EVEN
        self._method[target] = Method.SPREAD if flags & Flag.SPREAD else split
        self._flags[target] |= flags

    def _part_of_block(self, start_us: int, end_us: int, energy: float, rows: NDArray[np.intp]) -> Series:
        """The window's part of a block that reaches beyond it, laid out as if nothing else knew of its time."""
        first = start_us // SLOT_US
        slots = slot_range(first * SLOT_SECONDS, -(-end_us // SLOT_US) * SLOT_SECONDS)
        begins_us = slots * MICROSECONDS
        share = (np.minimum(begins_us + SLOT_US, end_us) - np.maximum(begins_us, start_us)) / SLOT_US
        laid = fill(energy, self._shape(slots) * share, share, self._limit_kwh * share)
        return laid[rows + (self._start_us // SLOT_US - first)]

    def _seen_us(self, rows: NDArray[np.intp], inside_us: Instants) -> Instants:
        """Time of each of a block's slots that finer evidence covers; where both cover a part, as apart as they can."""
        return np.maximum(inside_us + np.minimum(self._covered_us[rows], SLOT_US) - SLOT_US, 0)

    def _accounted(self, rows: NDArray[np.intp], inside_us: Instants, seen_us: Instants) -> float:
        """Energy of a block's time that finer evidence has accounted for."""
        covered_us = np.minimum(self._covered_us[rows], SLOT_US)
        slots = float((self._energy[rows] * (seen_us / np.maximum(covered_us, 1))).sum())
        whole = rows[inside_us >= SLOT_US]
        hours, counts = np.unique(whole // SLOTS_PER_HOUR, return_counts=True)
        for hour in hours[(counts == SLOTS_PER_HOUR) & np.isfinite(self._hour[hours])].tolist():
            quarters = slice(hour * SLOTS_PER_HOUR, (hour + 1) * SLOTS_PER_HOUR)
            in_slots = float(self._energy[quarters].sum())
            slots += max(float(self._hour[hour]) - in_slots, 0.0)
        return slots

    def _credit(self, rows: Mask, steps: Steps, method: Method) -> None:
        """Name the source of slots: the worse of the readings around each."""
        if not len(steps):
            return
        last = len(steps) - 1
        ending = np.minimum(np.searchsorted(steps.end_us, self._edges_us[1:], side="left"), last)
        beginning = np.minimum(np.searchsorted(steps.end_us, self._edges_us[:-1], side="right"), last)
        source = np.maximum(steps.source[ending], steps.source[beginning])
        self._source[rows] = np.maximum(self._source[rows], source[rows])
        self._method[rows] = np.where(self._method[rows] == 0, method, self._method[rows])

    def _flag(self, steps: Steps, only: Mask | None = None) -> None:
        for row in np.flatnonzero(steps.flags).tolist():
            first = max(0, (int(steps.start_us[row]) - self._start_us) // SLOT_US)
            last = -(-(int(steps.end_us[row]) - self._start_us) // SLOT_US)
            if last > first:
                rows = np.zeros(len(self._flags), dtype=np.bool_)
                rows[first:last] = True
                self._flags[rows if only is None else rows & only] |= int(steps.flags[row])


def _interval_steps(intervals: Intervals) -> Steps:
    """A file's intervals as steps; those of an hour and more are hourly evidence."""
    seconds = intervals.end_utc - intervals.start_utc
    return Steps(
        start_us=intervals.start_utc * MICROSECONDS,
        end_us=intervals.end_utc * MICROSECONDS,
        energy_kwh=intervals.energy_kwh,
        flags=np.where(seconds > HOUR_SECONDS, int(Flag.SPREAD), 0).astype(np.int32),
        source=np.where(seconds < HOUR_SECONDS, Source.IMPORT_FINE, Source.IMPORT_HOUR).astype(np.int8),
        whole=seconds > HOUR_SECONDS,
    )


def _seconds(steps: Steps) -> Series:
    return np.asarray((steps.end_us - steps.start_us) / MICROSECONDS)


def _spans(steps: Steps) -> Instants:
    return union(np.column_stack([steps.start_us, steps.end_us]))
