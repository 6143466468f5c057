"""The course of load and sun inside the slots, from meters that were read by the minute.

A slot counts as known by the minute where each meter that its energy is made of was: its readings or intervals lie no
further apart than `LONGEST_S`, it counts in steps no coarser than `COARSEST_KWH` (of a coarser one the course is made
of rounding), and what it counted is the slot's energy in the ledger. Minutes are scaled to that energy exactly.
"""

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from darkstar.domain.channels import Channel
from darkstar.domain.home import Home, slot_limits_kwh
from darkstar.domain.slots import SLOT_HOURS, SLOT_SECONDS, Slots
from darkstar.ledger.evidence import MICROSECONDS, Instants, MeterEvidence
from darkstar.ledger.meters import Steps, count
from darkstar.store.ledger_file import LedgerFile
from darkstar.store.slot_table import SlotTable
from darkstar.time_machine.past.history import History
from darkstar.time_machine.plant.minutes import Minutes
from darkstar.time_machine.plant.model import MINUTE_SECONDS, MINUTES_OF_SLOT

Series = NDArray[np.float64]

LONGEST_S = 120
COARSEST_KWH = 0.002
APART_SHARE, APART_KWH = 0.02, 0.002
"""By how much the minutes may miss a slot's energy before they are scaled to it."""


def minutes_of(
    ledger: LedgerFile,
    table: SlotTable,
    history: History,
    wanted: NDArray[np.bool_],
    home: Home,
    absent: Collection[Channel],
) -> Minutes | None:
    """Minutes of the wanted slots of a table without gaps, shape (n,); None where none is known by the minute."""
    rows = np.flatnonzero(wanted)
    if not len(rows):
        return None
    part = slice(int(rows[0]), int(rows[-1]) + 1)
    meters = _Meters(ledger, table, part, home, absent)
    if history.net_only:
        load_kwh, pv_kwh = _of_the_net(meters, table, absent)
    else:
        load_kwh, pv_kwh = meters.scaled(Channel.LOAD), meters.scaled(Channel.PV)
    known = wanted[part] & np.isfinite(load_kwh + pv_kwh).all(axis=1)
    if not known.any():
        return None
    places = np.full(len(table), -1, dtype=np.int64)
    places[part][known] = np.arange(known.sum())
    return Minutes(places, load_kwh[known], pv_kwh[known])


def _of_the_net(meters: "_Meters", table: SlotTable, absent: Collection[Channel]) -> tuple[Series, Series]:
    """Net draw and net feed-in of each minute, the battery's own flows taken out."""
    net = meters.scaled(Channel.IMPORT) - meters.scaled(Channel.EXPORT)
    for channel, sign in ((Channel.BATT_DISCHARGE, 1.0), (Channel.BATT_CHARGE, -1.0)):
        if channel not in absent and np.isfinite(table.energy_kwh[channel]).any():
            net = net + sign * meters.scaled(channel)
    return np.maximum(net, 0.0), np.maximum(-net, 0.0)


class _Meters:
    """The meters of a home over some slots of a table."""

    def __init__(
        self,
        ledger: LedgerFile,
        table: SlotTable,
        part: slice,
        home: Home,
        absent: Collection[Channel],
    ) -> None:
        self._ledger = ledger
        self._table = table
        self._part = part
        self._slots = table.slots[part]
        self._rows = ledger.meters()
        self._limits_kwh = slot_limits_kwh(home, None, None)
        self._absent = absent

    def scaled(self, channel: Channel) -> Series:
        """Minutes of a channel that add up to the ledger's slots, shape (slots, minutes); NaN where not known so."""
        energy = self._table.energy_kwh[channel][self._part]
        nothing = energy == 0.0
        if channel in self._absent:
            nothing |= np.isnan(energy)
        found = np.full((len(self._slots), MINUTES_OF_SLOT), np.nan)
        for origin in sorted({row.origin for row in self._rows}):
            course = self._course(channel, origin)
            if course is None:
                continue
            total = course.sum(axis=1)
            fits = np.abs(total - energy) <= APART_SHARE * energy + APART_KWH
            fits &= (total > 0) & np.isnan(found[:, 0])
            found[fits] = course[fits] * (energy[fits] / total[fits])[:, None]
        found[nothing] = 0.0
        return found

    def _course(self, channel: Channel, origin: str) -> Series | None:
        """Of all meters of a channel together, as they counted; None where there is none."""
        meters = [row for row in self._rows if row.channel == channel.value and row.origin == origin]
        total: Series | None = None
        for row in meters:
            start, end = int(self._slots[0]), int(self._slots[-1]) + SLOT_SECONDS
            evidence = self._ledger.evidence(row.meter_id, start, end)
            course = course_by_minute(evidence, self._slots, self._limits_kwh[channel] / SLOT_HOURS)
            total = course if total is None else total + course
        return total


def course_by_minute(evidence: MeterEvidence, slots: Slots, limit_kw: float) -> Series:
    """What a meter counted in each minute of slots without gaps, shape (n, minutes); NaN where it was not read so."""
    intervals = evidence.intervals
    short = intervals.end_utc - intervals.start_utc <= LONGEST_S
    spans = np.column_stack([intervals.start_utc, intervals.end_utc])[short] * MICROSECONDS
    course = _laid_out(spans, intervals.energy_kwh[short], slots)
    if len(evidence.readings):
        steps = count(evidence, limit_kw).steps
        steps = steps.take(_fine(steps))
        spans = np.column_stack([steps.start_us, steps.end_us])
        course = np.where(np.isnan(course), _laid_out(spans, steps.energy_kwh, slots), course)
    return course


def _fine(steps: Steps) -> NDArray[np.bool_]:
    """Steps that tell of the minute."""
    counted = steps.energy_kwh[steps.energy_kwh > 0]
    if not len(counted) or float(counted.min()) > COARSEST_KWH:
        return np.zeros(len(steps), dtype=np.bool_)
    near = steps.end_us - steps.start_us <= LONGEST_S * MICROSECONDS
    return np.asarray((near | (steps.energy_kwh <= COARSEST_KWH)) & ~steps.whole & (steps.flags == 0))


def _laid_out(spans_us: Instants, energy_kwh: Series, slots: Slots) -> Series:
    """Energies of spans in time order, evenly over each, by minutes; NaN in slots that they do not cover."""
    none = np.full((len(slots), MINUTES_OF_SLOT), np.nan)
    if not len(spans_us):
        return none
    origin = int(slots[0]) * MICROSECONDS
    at = (spans_us - origin).ravel().astype(np.float64)
    counted = np.concatenate([[0.0], np.cumsum(energy_kwh)])
    covered = np.concatenate([[0.0], np.cumsum(np.diff(spans_us, axis=1).ravel())])
    edges = np.arange(len(slots) * MINUTES_OF_SLOT + 1) * float(MINUTE_SECONDS * MICROSECONDS)

    def along(totals: Series) -> Series:
        ends = np.column_stack([totals[:-1], totals[1:]]).ravel()
        minutes: Series = np.diff(np.interp(edges, at, ends)).reshape(len(slots), MINUTES_OF_SLOT)
        return minutes

    whole = along(covered).sum(axis=1) >= (SLOT_SECONDS - 1) * MICROSECONDS
    return np.where(whole[:, None], along(counted), none)
