"""Faults that one meter alone cannot show, done to a whole home: its balance must tell them, and which meter lies.

What is mapped wrongly is so from the first day on: the ledger has the three days of the trial and nothing before. A
meter that stops has a past, and the ledger has it: four weeks before the three days in which it stands still. The
home's place and its battery's state of charge are known, as to every ledger.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from benchmarks.ledger_faults.homes import CONNECTION_KW
from benchmarks.ledger_faults.tape import Series, Tape
from darkstar.demo.home import BATTERY, HOME, DemoHome
from darkstar.domain.channels import BALANCE_SIGN, Channel
from darkstar.domain.slots import DAY_SECONDS, SLOT_HOURS, SLOT_SECONDS, SLOTS_PER_HOUR, Slots
from darkstar.ledger.causes.cause import Cause
from darkstar.ledger.causes.household import Suspicion, standing_still, suspicions
from darkstar.ledger.combining import MeterGroup
from darkstar.ledger.contradictions import surroundings
from darkstar.ledger.evidence import MICROSECONDS, MeterEvidence, Source
from darkstar.ledger.habits import course
from darkstar.ledger.resolve import Site, resolve

DAYS = 3
PAST_DAYS = 28
LIMITS_KWH = dict.fromkeys(Channel, CONNECTION_KW * SLOT_HOURS)
MEASURED = tuple(BALANCE_SIGN)
LEAST_KWH = 3.0
"""A channel must carry so much in the days for a fault of its meter to be one."""

Energies = dict[Channel, Series]


@dataclass(frozen=True)
class HomeTrial:
    """A home's outcome: whether something was suspected, whether rightly, and of the right meter above all others."""

    family: str
    found: bool
    named: bool
    blamed: bool


@dataclass(frozen=True)
class _Fault:
    energies: Energies
    causes: frozenset[Cause]
    channels: frozenset[Channel]


def _frozen(home: Energies, one: Channel, other: Channel) -> _Fault:
    energy = {**home, one: np.zeros_like(home[one])}
    return _Fault(energy, frozenset({Cause.BALANCE, Cause.FROZEN}), frozenset({one}))


def _exchanged(home: Energies, one: Channel, other: Channel) -> _Fault:
    exchanged = {**home, one: home[other], other: home[one]}
    return _Fault(exchanged, frozenset({Cause.SWAPPED}), frozenset({one, other}))


def _twice(home: Energies, one: Channel, other: Channel) -> _Fault:
    return _Fault({**home, one: 2 * home[one]}, frozenset({Cause.DOUBLE}), frozenset({one}))


def _in_wh(home: Energies, one: Channel, other: Channel) -> _Fault:
    return _Fault({**home, one: home[one] / 1000}, frozenset({Cause.UNIT}), frozenset({one}))


def _same_sensor(home: Energies, one: Channel, other: Channel) -> _Fault:
    return _Fault({**home, one: home[other]}, frozenset({Cause.DOUBLE}), frozenset({one, other}))


FAMILIES: Mapping[str, Callable[[Energies, Channel, Channel], _Fault]] = {
    "home: a meter frozen for ever": _frozen,
    "home: two sensors exchanged": _exchanged,
    "home: a channel counted twice": _twice,
    "home: a channel in MWh for kWh": _in_wh,
    "home: one sensor in two channels": _same_sensor,
}


WITH_A_PAST = frozenset({"home: a meter frozen for ever"})


def home_trials(home: DemoHome, n: int, random: np.random.Generator) -> list[HomeTrial]:
    """So many trials of each family, on random days of a home."""
    return [_trial(home, family, random) for family in FAMILIES for _ in range(n)]


def home_alarms(home: DemoHome) -> tuple[int, int]:
    """Stretches of days in which nothing is wrong, and in how many of them something is suspected."""
    stretches = range(0, len(home.slots) - _slots(DAYS) + 1, _slots(DAYS))
    return len(stretches), sum(
        bool(_suspected(home, first, first, _days(home, first))) for first in stretches
    )


def _trial(home: DemoHome, family: str, random: np.random.Generator) -> HomeTrial:
    past = _slots(PAST_DAYS) if family in WITH_A_PAST else 0
    while True:
        first = int(random.integers(past, len(home.slots) - _slots(DAYS)))
        true = _days(home, first)
        one, other = (
            Channel(str(name)) for name in random.choice([str(c) for c in MEASURED], 2, replace=False)
        )
        if min(true[one].sum(), true[other].sum()) >= LEAST_KWH:
            break
    fault = FAMILIES[family](true, one, other)
    suspected = _suspected(home, first - past, first, fault.energies)
    named = any(s.cause in fault.causes for s in suspected)
    blamed = any(
        s.cause in fault.causes and s.channels[:1] and s.channels[0] in fault.channels for s in suspected
    )
    return HomeTrial(family, bool(suspected), named, blamed)


def _slots(days: int) -> int:
    return days * DAY_SECONDS // SLOT_SECONDS


def _days(home: DemoHome, first: int) -> Energies:
    return {channel: home.truth[channel][first : first + _slots(DAYS)] for channel in Channel}


def _suspected(home: DemoHome, since: int, first: int, energies: Energies) -> list[Suspicion]:
    """What the ledger suspects of a home whose meters counted truly since one slot and so from another on."""
    since += -(int(home.slots[since]) // SLOT_SECONDS) % SLOTS_PER_HOUR
    end = since + (first + _slots(DAYS) - since) // SLOTS_PER_HOUR * SLOTS_PER_HOUR
    shown = {c: np.concatenate([home.truth[c][since:first], energies[c]])[: end - since] for c in MEASURED}
    slots = home.slots[since:end]
    groups = {c: [MeterGroup("home_assistant", (_meter(slots, shown[c]),))] for c in MEASURED}
    found = resolve(slots, groups, [], Site(LIMITS_KWH, frozenset(), HOME.latitude, HOME.longitude)).channels
    place = (HOME.latitude, HOME.longitude)
    courses = {c: course(slots, found[c], c, HOME.tz, *place) for c in MEASURED}
    standing = standing_still(courses)
    soc = home.soc_percent[since : end + 1]
    around = surroundings(slots, *place, soc[:-1], soc[1:], BATTERY.capacity_kwh)
    stopped = {s.channels[0] for s in standing if s.hours and s.hours[1] == len(slots) // SLOTS_PER_HOUR}
    return [*suspicions(found, LIMITS_KWH, around, stopped), *standing]


def _meter(slots: Slots, energy_kwh: Series) -> MeterEvidence:
    """A meter that is read every quarter of an hour."""
    edges_us = np.append(slots, slots[-1] + SLOT_SECONDS) * MICROSECONDS
    tape = Tape.of(edges_us, 1000 + np.append(0.0, np.cumsum(energy_kwh)))
    return tape.file(Source.IMPORT_FINE)
