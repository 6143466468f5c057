"""One trial: a stretch of a real meter, a fault done to it, and what the ledger and its rivals make of it."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.ledger_faults.faults import FAMILIES, Fault
from benchmarks.ledger_faults.homes import CONNECTION_KW, HOUR_US, Meter, Way
from benchmarks.ledger_faults.naming import COMPANIONS, causes_by_hour, causes_by_rows
from benchmarks.ledger_faults.rivals import by_home_assistant, by_naive_differences
from benchmarks.ledger_faults.stopped import is_long_known, told_after_days
from benchmarks.ledger_faults.tape import Series, Tape
from darkstar.domain.channels import Channel
from darkstar.domain.slots import SLOT_HOURS, SLOT_SECONDS, Slots, slot_range
from darkstar.ledger.causes.cause import Cause
from darkstar.ledger.combining import MeterGroup
from darkstar.ledger.evidence import MICROSECONDS, MeterEvidence, Source
from darkstar.ledger.resolve import MARGIN_SECONDS, Site, resolve
from darkstar.ledger.resolved import ChannelSlots
from darkstar.store.ledger_file import LedgerFile

STRETCH_HOURS = 72
EDGE_HOURS = 2
PLACES_TRIED = 200
APART_HOURS = 3
EXACT_KWH = 1e-6
STOPPED = "frozen for ever"
AROUND_SLOTS = 8
"""Slots of a place before the hours that are wholly the fault's."""
SLOT_US = SLOT_SECONDS * MICROSECONDS
SITE = Site(dict.fromkeys(Channel, CONNECTION_KW * SLOT_HOURS), frozenset(), 52.1, 5.1)
"""Nothing is said of the other channels: no balance fills in what the meter does not tell."""


@dataclass(frozen=True)
class Stretch:
    """A stretch of a meter in which nothing is wrong.

    Attributes:
        until_us: its end, up to which the meter was watched.
        slots: (n,) those that the trial looks at; truth: what they come to.
    """

    meter: Meter
    tape: Tape
    until_us: int
    slots: Slots
    truth: Series


@dataclass(frozen=True)
class Score:
    """How one way of counting came out.

    Attributes:
        energy_kwh: by how much the total is off, beyond what nobody can know.
        quarters_kwh: sum of what the quarters are off.
    """

    energy_kwh: float
    quarters_kwh: float


@dataclass(frozen=True)
class Trial:
    """A trial's outcome.

    Attributes:
        families: one, or a pair; found, named: of each of them.
        elsewhere: runs of slots outside the faults' places that the ledger complains of.
        same_by_file: whether the evidence gave the same through a ledger's file; None where that was not tried.
        days: of a meter that stops for ever, until its past tells of it (`stopped.py`); None where it does not.
    """

    home: str
    way: Way
    families: tuple[str, ...]
    found: tuple[bool, ...]
    named: tuple[bool, ...]
    elsewhere: int
    ledger: Score
    naive: Score
    home_assistant: Score
    same_by_file: bool | None
    story: str
    days: int | None = None


def attempt(
    meters: Sequence[Meter], families: tuple[str, ...], random: np.random.Generator, *, by_file: bool
) -> Trial | None:
    """Do the faults to a random stretch; None where no stretch suits them."""
    ways = frozenset.intersection(*(FAMILIES[name].ways for name in families))
    homes = sorted({meter.home for meter in meters if meter.way in ways})
    for _ in range(PLACES_TRIED):
        home = str(random.choice(homes))
        able = [meter for meter in meters if meter.home == home and meter.way in ways]
        stretch = _stretch(able[int(random.integers(len(able)))], random)
        faults = stretch and _befall(stretch, families, random)
        if (
            stretch
            and faults
            and (STOPPED not in families or is_long_known(meters, stretch.meter, faults[-1].from_us))
        ):
            return _judge(stretch, families, faults, meters, by_file=by_file)
    return None


def evidence_of(way: Way, tape: Tape, until_us: int) -> MeterEvidence:
    """What reaches the ledger of a tape."""
    if way is Way.STATES:
        return tape.states(until_us)
    if way is Way.STATISTICS:
        return tape.statistics()
    hourly = float(np.median(np.diff(np.sort(tape.time_us)))) >= HOUR_US
    return tape.file(Source.IMPORT_HOUR if hourly else Source.IMPORT_FINE)


def slots_of(evidence: MeterEvidence, slots: Slots) -> ChannelSlots:
    """The slots of a home with this one meter."""
    found = resolve(slots, {Channel.IMPORT: [MeterGroup("home_assistant", (evidence,))]}, [], SITE)
    return found.channels[Channel.IMPORT]


def _stretch(meter: Meter, random: np.random.Generator) -> Stretch | None:
    first, last = int(meter.time_us[0]), int(meter.time_us[-1])
    length = STRETCH_HOURS * HOUR_US
    if last - first < length:
        return None
    start = int(random.integers(first, last - length + 1)) // HOUR_US * HOUR_US
    low, high = np.searchsorted(meter.time_us, (start, start + length))
    if high - low < STRETCH_HOURS // 3 or not meter.sound[low : high - 1].all():
        return None
    tape = meter.tape(start, start + length)
    begin, end = (
        int(tape.time_us[0]) // HOUR_US + EDGE_HOURS,
        int(tape.time_us[-1]) // HOUR_US - EDGE_HOURS + 1,
    )
    if tape.kwh[-1] - tape.kwh[0] < 1.0 or tape.kwh[0] < 20 or end - begin < STRETCH_HOURS // 2:
        return None
    slots = slot_range(begin * HOUR_US // MICROSECONDS, end * HOUR_US // MICROSECONDS)
    truth = slots_of(evidence_of(meter.way, tape, start + length), slots).energy_kwh
    return Stretch(meter, tape, start + length, slots, truth) if np.isfinite(truth).all() else None


def _befall(stretch: Stretch, families: tuple[str, ...], random: np.random.Generator) -> list[Fault]:
    """The faults one after another, in the middle of the stretch; none where a place does not suit one."""
    tape, faults = stretch.tape, list[Fault]()
    for i, name in enumerate(families):
        begin, end = int(stretch.slots[0]) * MICROSECONDS, int(stretch.slots[-1]) * MICROSECONDS
        first = max(stretch.until_us - (STRETCH_HOURS - 20) * HOUR_US, begin + EDGE_HOURS * HOUR_US)
        earliest = faults[-1].to_us + APART_HOURS * HOUR_US if faults else first
        latest = min(stretch.until_us - (36 - 20 * i) * HOUR_US, end - EDGE_HOURS * HOUR_US)
        places = np.flatnonzero((tape.time_us > earliest) & (tape.time_us < latest) & (tape.text == ""))
        places = places[places > 1]
        places = places[tape.text[places - 1] == ""]
        if not len(places):
            return []
        fault = FAMILIES[name].befall(tape, int(random.choice(places)), random)
        if fault is None:
            return []
        tape = fault.tape.changes_only() if stretch.meter.way is Way.STATES else fault.tape
        faults.append(fault)
    return faults


def _judge(
    stretch: Stretch,
    families: tuple[str, ...],
    faults: list[Fault],
    meters: Sequence[Meter],
    *,
    by_file: bool,
) -> Trial:
    way, slots, truth = stretch.meter.way, stretch.slots, stretch.truth
    shown = faults[-1].tape
    if way is Way.STATES and "readings twice" not in families:
        shown = shown.changes_only()
    evidence = evidence_of(way, shown, stretch.until_us)
    found = slots_of(evidence, slots)
    lost = sum(fault.unknowable_kwh for fault in faults)
    by_ha = by_home_assistant(way, evidence, slots)
    theirs = (
        by_home_assistant(way, evidence, slots, edge_counts_before=False) if way is not Way.FILE else None
    )
    beside = truth if any(fault.beside_truth for fault in faults) else theirs
    causes = causes_by_hour(evidence, slots, found, beside)
    places = [_place(slots, fault) for fault in faults]
    outside = found.flags != 0
    for place in places:
        outside[place] = False
    ledger = _score(found.energy_kwh, truth, lost)
    days = told_after_days(meters, stretch.meter, faults[-1].from_us) if STOPPED in families else None
    by_habit = frozenset({Cause.FROZEN}) if days is not None else frozenset[Cause]()
    told = [_told(causes, found, place) | by_habit for place in places]
    verdicts = [
        _verdict(fault, its, unharmed=ledger.energy_kwh <= EXACT_KWH)
        for fault, its in zip(faults, told, strict=True)
    ]
    return Trial(
        stretch.meter.home,
        way,
        families,
        tuple(seen for seen, _ in verdicts),
        tuple(right for _, right in verdicts),
        _runs(outside),
        ledger,
        _score(by_naive_differences(shown, slots), truth, lost),
        _score(by_ha, truth, lost),
        _same_by_file(evidence, slots, found) if by_file else None,
        f"{stretch.meter.home} {stretch.meter.name} {way}, "
        + "; ".join(
            f"{name} at {str(np.datetime64(fault.from_us, 'us'))[:16]} told as "
            + (", ".join(sorted(its)) or "nothing")
            for name, fault, its in zip(families, faults, told, strict=True)
        )
        + f"; {ledger.energy_kwh:.6f} kWh off",
        days,
    )


def _told(causes: Mapping[int, Cause], found: ChannelSlots, place: slice) -> frozenset[Cause]:
    """What is told of a place: by the hour, and of all of it as a file's rows."""
    by_hour = frozenset(cause for i, cause in causes.items() if place.start <= i < place.stop)
    within = slice(place.start + AROUND_SLOTS, place.stop)
    return by_hour | (causes_by_rows(found, within) if within.start < within.stop else frozenset())


def _verdict(fault: Fault, told: frozenset[Cause], *, unharmed: bool) -> tuple[bool, bool]:
    """Whether a fault was found, and told rightly: by its cause, and by none that it has not."""
    no_other = told <= fault.causes | COMPANIONS
    if fault.harmless:
        return unharmed, unharmed and no_other
    return bool(told), bool(told & fault.causes) and no_other


def _place(slots: Slots, fault: Fault) -> slice:
    """The slots of a fault, with those of the hours around it."""
    start, end = (np.array([fault.from_us, fault.to_us]) // HOUR_US + np.array([-1, 2])) * (
        HOUR_US // MICROSECONDS
    )
    return slice(*np.searchsorted(slots, (start, end)).tolist())


def _runs(mask: NDArray[np.bool_]) -> int:
    return int((mask & ~np.append(False, mask[:-1])).sum())


def _score(energy_kwh: Series, truth: Series, unknowable_kwh: float) -> Score:
    """Where something cannot be known, slots that are said to be unknown are not held against the ledger."""
    off = np.where(np.isfinite(energy_kwh), energy_kwh - truth, 0.0 if unknowable_kwh > 0 else -truth)
    return Score(max(abs(float(off.sum())) - unknowable_kwh, 0.0), float(np.abs(off).sum()))


def _same_by_file(evidence: MeterEvidence, slots: Slots, found: ChannelSlots) -> bool:
    """Whether the same evidence, kept in a ledger's file and read from it, gives the same slots."""
    with (
        tempfile.TemporaryDirectory() as folder,
        LedgerFile(Path(folder) / "ledger.db", clock=lambda: 0.0) as file,
    ):
        meter = file.meter("home_assistant", evidence.name, evidence.reporting, Channel.IMPORT.value)
        file.add_readings(meter, evidence.readings)
        for start, end in evidence.watched_us.tolist():
            file.add_watched(meter, Source.HA_HISTORY, start, end)
        if len(evidence.hourly):
            file.add_statistics(meter, evidence.hourly)
        first, last = int(slots[0]) - MARGIN_SECONDS, int(slots[-1]) + SLOT_SECONDS + MARGIN_SECONDS
        again = slots_of(file.evidence(meter, first, last), slots)
    same = np.array_equal(again.energy_kwh, found.energy_kwh, equal_nan=True)
    return same and np.array_equal(again.flags, found.flags)
