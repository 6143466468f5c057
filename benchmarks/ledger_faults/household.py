"""Faults that one meter alone cannot show, done to a whole home: its balance must tell them, and which meter lies."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from benchmarks.ledger_faults.homes import CONNECTION_KW
from benchmarks.ledger_faults.tape import Series, Tape
from darkstar.demo.home import DemoHome
from darkstar.domain.channels import BALANCE_SIGN, Channel
from darkstar.domain.slots import DAY_SECONDS, SLOT_HOURS, SLOT_SECONDS, Slots, slot_range
from darkstar.ledger.causes.cause import Cause
from darkstar.ledger.causes.household import Suspicion, suspicions
from darkstar.ledger.combining import MeterGroup
from darkstar.ledger.evidence import MICROSECONDS, MeterEvidence, Source
from darkstar.ledger.resolve import Site, resolve

DAYS = 3
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


def home_trials(home: DemoHome, n: int, random: np.random.Generator) -> list[HomeTrial]:
    """So many trials of each family, on random days of a home."""
    return [_trial(home, family, random) for family in FAMILIES for _ in range(n)]


def home_alarms(home: DemoHome) -> tuple[int, int]:
    """Stretches of days in which nothing is wrong, and in how many of them something is suspected."""
    length = DAYS * DAY_SECONDS // SLOT_SECONDS
    stretches = range(0, len(home.slots) - length + 1, length)
    return len(stretches), sum(bool(_suspected(_days(home, first))) for first in stretches)


def _trial(home: DemoHome, family: str, random: np.random.Generator) -> HomeTrial:
    while True:
        true = _days(home, int(random.integers(0, len(home.slots) - DAYS * DAY_SECONDS // SLOT_SECONDS)))
        one, other = (
            Channel(str(name)) for name in random.choice([str(c) for c in MEASURED], 2, replace=False)
        )
        if min(true[one].sum(), true[other].sum()) >= LEAST_KWH:
            break
    fault = FAMILIES[family](true, one, other)
    suspected = _suspected(fault.energies)
    named = any(s.cause in fault.causes for s in suspected)
    blamed = any(
        s.cause in fault.causes and s.channels[:1] and s.channels[0] in fault.channels for s in suspected
    )
    return HomeTrial(family, bool(suspected), named, blamed)


def _days(home: DemoHome, first: int) -> Energies:
    length = DAYS * DAY_SECONDS // SLOT_SECONDS
    return {channel: home.truth[channel][first : first + length] for channel in Channel}


def _suspected(energies: Energies) -> list[Suspicion]:
    """What the ledger suspects of a home whose meters count these energies, read every quarter of an hour."""
    n = len(next(iter(energies.values())))
    slots = slot_range(0, n * SLOT_SECONDS) + DAY_SECONDS * 20_000
    groups = {c: [MeterGroup("home_assistant", (_meter(slots, energies[c]),))] for c in MEASURED}
    found = resolve(slots, groups, [], Site(LIMITS_KWH, frozenset(), 59.33, 18.07))
    return suspicions(found.channels, LIMITS_KWH)


def _meter(slots: Slots, energy_kwh: Series) -> MeterEvidence:
    edges_us = np.append(slots, slots[-1] + SLOT_SECONDS) * MICROSECONDS
    tape = Tape.of(edges_us, 1000 + np.append(0.0, np.cumsum(energy_kwh)))
    return tape.file(Source.IMPORT_FINE)
