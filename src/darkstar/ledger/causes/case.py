"""What a detector is given: one hour of one channel, with the evidence around it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from darkstar.domain.channels import Channel
from darkstar.domain.slots import HOUR_SECONDS, SLOTS_PER_HOUR
from darkstar.ledger.accounting import change_by_sum, ha_hours
from darkstar.ledger.corrections import Repair, precedence
from darkstar.ledger.evidence import MICROSECONDS, Instants, MeterEvidence, Reporting
from darkstar.ledger.meters import Steps, count, trusted
from darkstar.ledger.numbers import parse_signed
from darkstar.ledger.resolved import ChannelSlots, Flag
from darkstar.ledger.spans import measure_before, union
from darkstar.ledger.spreading import spread_evenly
from darkstar.ledger.statistics import statistic_steps
from darkstar.ledger.trust import LATE_SECONDS, Trusted

Hours = NDArray[np.int64]
Series = NDArray[np.float64]

THOUSAND = 1000.0
THOUSAND_WITHIN = 0.02
CERTAIN_KWH = 1e-6
"""Below this two numbers are the same."""


@dataclass(frozen=True)
class Incident:
    """A stretch between two believed readings in which something befell a meter.

    Attributes:
        start_us, end_us: from the last believed reading before to the first after.
        energy_kwh: what the ledger counts over it, NaN where that is not known.
    """

    start_us: int
    end_us: int
    energy_kwh: float
    flags: Flag


class Witness:
    """One meter's evidence over some consecutive hours, and what it comes to; arrays have shape (n,), NaN unknown.

    Args:
        ours: true for Home Assistant's meters, whose samples its rule applies to; false for files'.
        limit_kw: most power that flows through the meter.
    """

    def __init__(self, evidence: MeterEvidence, hours: Hours, limit_kw: float, *, ours: bool = True) -> None:
        self.evidence = evidence
        self.name = evidence.name
        self.ours = ours
        self._hours = hours
        self._limit_kw = limit_kw

    @cached_property
    def numbers(self) -> tuple[Instants, Series, Instants]:
        """Instants, values as shown [kWh], and the time without a number."""
        return parse_signed(self.evidence.readings)

    @cached_property
    def steps(self) -> Steps:
        """What the rules make of its readings; a file's gap of more than an hour is a silence."""
        steps = count(self.evidence, self._limit_kw).steps
        gaps = (steps.end_us - steps.start_us > HOUR_SECONDS * MICROSECONDS) & (steps.energy_kwh > 0)
        if self.evidence.reporting is Reporting.PERIODIC:
            steps = replace(steps, flags=np.where(gaps, steps.flags | int(Flag.SPREAD), steps.flags))
        return steps

    @cached_property
    def believed(self) -> Trusted:
        """The readings that the rules believe, among `numbers`."""
        time_us, value, _ = self.numbers
        return trusted(self.evidence, time_us, np.abs(value), self._limit_kw)

    @cached_property
    def doubtful_since_us(self) -> int | None:
        """Since when nothing that it showed is confirmed; None where its last reading is believed."""
        believed = self.believed
        return int(self.numbers[0][believed.index[-1] + 1]) if believed.pending else None

    @cached_property
    def incidents(self) -> Sequence[Incident]:
        """All that befell it, in time order."""
        evidence, limit_kw = self.evidence, self._limit_kw
        rows = (statistic_steps(evidence.five_minute, limit_kw), statistic_steps(evidence.hourly, limit_kw))
        found = [incident for some in (self.steps, *rows) for incident in _incidents(some)]
        found = [self._between_believed(incident) for incident in found]
        return sorted(found, key=lambda incident: (incident.start_us, incident.end_us))

    def _between_believed(self, incident: Incident) -> Incident:
        """The rules book a step in the hour of its end; what befell the meter began with the last reading before."""
        time_us = self.numbers[0][self.believed.index]
        place = int(np.searchsorted(time_us, incident.end_us))
        if not 0 < place < len(time_us) or time_us[place] != incident.end_us:
            return incident
        return replace(incident, start_us=min(incident.start_us, int(time_us[place - 1])))

    @cached_property
    def sampled(self) -> NDArray[np.bool_]:
        """Hours of which every sample that Home Assistant had is stored, and a number from before them."""
        if not self.ours or not len(self.numbers[0]):
            return np.zeros(len(self._hours), dtype=np.bool_)
        edges = np.append(self._hours, self._hours[-1:] + HOUR_SECONDS) * MICROSECONDS
        watched = np.diff(measure_before(self.evidence.watched_us, edges))
        begun = edges[:-1] >= self.numbers[0][0]
        return np.asarray((watched == HOUR_SECONDS * MICROSECONDS) & begun)

    @cached_property
    def by_rule_kwh(self) -> Series:
        """Home Assistant's rule applied to the stored samples, in hours of which all samples are stored."""
        return self._by_rule(edge_counts_before=False)

    @cached_property
    def at_edge_kwh(self) -> Series:
        """The same, with a reading exactly at an hour's end counted in that hour."""
        return self._by_rule(edge_counts_before=True)

    @cached_property
    def stored_kwh(self) -> Series:
        """Home Assistant's number of the hour as it was when it was stored."""
        return change_by_sum(self.evidence.hourly, self._hours)

    def _by_rule(self, *, edge_counts_before: bool) -> Series:
        by_rule = ha_hours(self.evidence.readings, self._hours, edge_counts_before=edge_counts_before)
        return np.where(self.sampled, by_rule, np.nan)

    @cached_property
    def trusted_kwh(self) -> Series:
        """What the ledger's rules make of this meter alone in each hour."""
        edges_us = np.append(self._hours, self._hours[-1:] + HOUR_SECONDS) * MICROSECONDS
        rows = statistic_steps(self.evidence.hourly, self._limit_kw)
        rows = rows.take(~rows.whole & np.isfinite(rows.energy_kwh))
        by_rows = np.full(len(self._hours), np.nan)
        hour = np.searchsorted(edges_us, rows.start_us)
        inside = (hour < len(by_rows)) & (edges_us[np.minimum(hour, len(by_rows))] == rows.start_us)
        by_rows[hour[inside]] = rows.energy_kwh[inside]
        steps = self.steps
        timed = ~steps.whole & np.isfinite(steps.energy_kwh)
        by_readings = spread_evenly(steps.take(timed), edges_us)
        vague = np.diff(measure_before(_spans(steps.take(~timed)), edges_us)) > 0
        return np.where(self.sampled & ~vague, by_readings, by_rows)

    @cached_property
    def thousandfold(self) -> Sequence[tuple[int, int, float, float]]:
        """Neighbouring readings, or rows, that stand to each other as Wh to kWh: both instants and both values.

        The first readings after a reset may do so by chance, so what can have been counted from zero is left out.
        """
        found = []
        hourly = self.evidence.hourly
        ends = (hourly.start_utc + hourly.period_s) * MICROSECONDS
        for time_us, value in (self.numbers[:2], (ends, hourly.state_kwh)):
            before, after = np.abs(value[:-1]), np.abs(value[1:])
            low, high = np.minimum(before, after), np.maximum(before, after)
            seconds = np.diff(time_us) / MICROSECONDS
            carried = self._limit_kw * (seconds + LATE_SECONDS) / HOUR_SECONDS
            ratio = np.divide(high, low, out=np.zeros(len(low)), where=low > carried)
            pairs = np.flatnonzero(np.abs(ratio / THOUSAND - 1) <= THOUSAND_WITHIN)
            found += [
                (int(time_us[i]), int(time_us[i + 1]), float(before[i]), float(after[i]))
                for i in pairs.tolist()
            ]
        return found

    def mute(self, start_us: int, end_us: int) -> bool:
        """Whether there was a time in [start, end) in which the meter could not be read."""
        edges = np.array([start_us, end_us], dtype=np.int64)
        heard = int(np.diff(measure_before(self.evidence.watched_us, edges))[0])
        silent = self.numbers[2]
        return heard < end_us - start_us or bool(((silent[:, 0] < end_us) & (silent[:, 1] > start_us)).any())


def _spans(steps: Steps) -> Instants:
    return union(np.column_stack([steps.start_us, steps.end_us]))


def _incidents(steps: Steps) -> list[Incident]:
    return [
        Incident(
            int(steps.start_us[i]),
            int(steps.end_us[i]),
            float(steps.energy_kwh[i]),
            Flag(int(steps.flags[i])),
        )
        for i in np.flatnonzero(steps.flags).tolist()
    ]


@dataclass(frozen=True)
class Patterns:
    """What runs through many hours of a channel; arrays have shape (n,).

    Attributes:
        lag_hours: by how much the ledger is later than Home Assistant, 0 where it is not shifted.
        exchanged: the channel whose numbers this one has, None where it has its own.
        factor: 2 where the ledger counts twice, 0.5 where Home Assistant does, 1000 or 0.001 where the unit is
            another, 1 elsewhere.
    """

    lag_hours: NDArray[np.int64]
    exchanged: NDArray[np.object_]
    factor: Series

    def part(self, hours: slice) -> "Patterns":
        """Those of some of the hours."""
        return Patterns(self.lag_hours[hours], self.exchanged[hours], self.factor[hours])

    @staticmethod
    def none(n: int) -> "Patterns":
        """No pattern at all."""
        return Patterns(np.zeros(n, np.int64), np.full(n, None, dtype=object), np.ones(n))


@dataclass(frozen=True)
class Stretch:
    """Consecutive hours of one channel, some of which are asked about; arrays have shape (n,).

    Attributes:
        hours: starts [UTC s]. ha_kwh, ledger_kwh: NaN where that side has no number.
        asked: the hours that want a cause; the others are their neighbourhood.
        slots: (4 n,) the channel's slots. witnesses: the channel's meters. repairs: those that touch the hours.
    """

    channel: Channel
    hours: Hours
    ha_kwh: Series
    ledger_kwh: Series
    asked: NDArray[np.bool_]
    slots: ChannelSlots
    witnesses: tuple[Witness, ...]
    patterns: Patterns
    tolerance_kwh: float
    repairs: tuple[Repair, ...] = ()

    @cached_property
    def by_rule_kwh(self) -> Series:
        """Home Assistant's rule applied to the stored samples of all its meters."""
        return np.where(self._sampled, total([w.by_rule_kwh for w in self._theirs], len(self.hours)), np.nan)

    @cached_property
    def at_edge_kwh(self) -> Series:
        """The same, with readings exactly at an hour's end counted in that hour."""
        return np.where(self._sampled, total([w.at_edge_kwh for w in self._theirs], len(self.hours)), np.nan)

    @cached_property
    def stored_kwh(self) -> Series:
        """Home Assistant's numbers as they were when they were stored."""
        return total([w.stored_kwh for w in self._theirs], len(self.hours))

    @cached_property
    def trusted_kwh(self) -> Series:
        """What the ledger's rules make of Home Assistant's meters, NaN where one of them is not known."""
        theirs = [w.trusted_kwh for w in self._theirs]
        return np.asarray(np.sum(theirs, axis=0)) if theirs else np.full(len(self.hours), np.nan)

    @property
    def _sampled(self) -> NDArray[np.bool_]:
        return np.all([w.sampled for w in self._theirs], axis=0) if self._theirs else np.zeros(1, np.bool_)

    @property
    def _theirs(self) -> list[Witness]:
        return [w for w in self.witnesses if w.ours]

    def cases(self) -> list["Case"]:
        """One for each hour that is asked about."""
        return [Case(self, i) for i in np.flatnonzero(self.asked).tolist()]


def total(parts: Sequence[Series], n: int) -> Series:
    """Sum of those that are known, shape (n,); NaN where none is."""
    if not parts:
        return np.full(n, np.nan)
    stacked = np.stack(parts)
    return np.where(np.isnan(stacked).all(axis=0), np.nan, np.nansum(stacked, axis=0))


@dataclass(frozen=True)
class Case:
    """One hour that differs."""

    stretch: Stretch
    i: int

    @property
    def start_us(self) -> int:
        """The hour's start [UTC us]."""
        return int(self.stretch.hours[self.i]) * MICROSECONDS

    @property
    def end_us(self) -> int:
        """The hour's end [UTC us]."""
        return self.start_us + HOUR_SECONDS * MICROSECONDS

    @property
    def ha_kwh(self) -> float:
        """Home Assistant's number, NaN where it has no row."""
        return float(self.stretch.ha_kwh[self.i])

    @property
    def ledger_kwh(self) -> float:
        """The ledger's number, NaN where it is not known."""
        return float(self.stretch.ledger_kwh[self.i])

    @property
    def by_rule_kwh(self) -> float:
        """What Home Assistant's rule makes of the stored samples, NaN where they are not all stored."""
        return float(self.stretch.by_rule_kwh[self.i])

    @property
    def stored_kwh(self) -> float:
        """What Home Assistant said when the hour was stored."""
        return float(self.stretch.stored_kwh[self.i])

    @property
    def trusted_kwh(self) -> float:
        """What the ledger's rules make of Home Assistant's meters, NaN where that is not known."""
        return float(self.stretch.trusted_kwh[self.i])

    @property
    def flags(self) -> Flag:
        """What the hour's slots are marked with."""
        quarters = slice(self.i * SLOTS_PER_HOUR, (self.i + 1) * SLOTS_PER_HOUR)
        return Flag(int(np.bitwise_or.reduce(self.stretch.slots.flags[quarters])))

    @property
    def repair(self) -> Repair | None:
        """The active repair that says what this hour's number is; None where none does."""
        channel, hour = self.stretch.channel, int(self.stretch.hours[self.i])
        active = [
            repair
            for repair in self.stretch.repairs
            if repair.withdrawn_us is None
            and any(
                c.channel is channel and c.start_utc < hour + HOUR_SECONDS and c.end_utc > hour
                for c in repair.corrections
            )
        ]
        return max(active, key=precedence) if active else None

    def same(self, one: float, other: float) -> bool:
        """Whether two energies agree within the tolerance; unknown ones do with nothing."""
        return abs(one - other) <= self.stretch.tolerance_kwh

    @property
    def proven(self) -> bool:
        """Whether Home Assistant's rule makes its number of the stored samples."""
        return self.same(self.by_rule_kwh, self.ha_kwh)

    @property
    def refuted(self) -> bool:
        """Whether nothing that befell the meter accounts for the difference.

        Home Assistant's rule makes another number of the stored samples, or it has changed its mind, or the ledger's
        rules make Home Assistant's number of the same evidence.
        """
        if np.isnan(self.ha_kwh):
            return False
        if self.same(self.trusted_kwh, self.ha_kwh):
            return True
        if np.isfinite(self.by_rule_kwh):
            return not self.proven
        return np.isfinite(self.stored_kwh) and not self.same(self.stored_kwh, self.ha_kwh)

    def incidents(self, flags: Flag) -> list[tuple[Witness, Incident]]:
        """What befell the channel's meters in the hour, of these kinds; Home Assistant's own meters first."""
        reaching = [
            (witness, incident)
            for witness in sorted(self.stretch.witnesses, key=lambda w: not w.ours)
            for incident in witness.incidents
            if incident.start_us <= self.end_us and incident.end_us >= self.start_us
        ]
        return [(witness, incident) for witness, incident in reaching if incident.flags & flags]
