"""Meters and homes for the tests of the ledger, told as a person would: minutes after a summer midnight, kWh."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from darkstar.domain.channels import Channel
from darkstar.domain.slots import HOUR_SECONDS, slot_range
from darkstar.ledger.combining import MeterGroup
from darkstar.ledger.evidence import (
    MICROSECONDS,
    Intervals,
    MeterEvidence,
    Readings,
    Reporting,
    Source,
    Statistics,
)
from darkstar.ledger.resolve import Site, resolve
from darkstar.ledger.resolved import ChannelSlots, Flag, ResolvedSlots

MIDNIGHT = 1_749_945_600
"""2025-06-15T00:00:00Z."""
LIMIT_KW = 12.0
LIMIT_KWH = LIMIT_KW / 4
ABSENT = frozenset({Channel.BATT_CHARGE, Channel.BATT_DISCHARGE})

Shown = tuple[float, object]
"""Minutes after midnight, and what the meter showed then."""
Series = NDArray[np.float64]


def at(minutes: float) -> int:
    """UTC microseconds."""
    return MIDNIGHT * MICROSECONDS + round(minutes * 60 * MICROSECONDS)


def readings(shown: Sequence[Shown], unit: str = "kWh", source: Source = Source.HA_HISTORY) -> Readings:
    n = len(shown)
    return Readings(
        np.array([at(minutes) for minutes, _ in shown], dtype=np.int64).reshape(n),
        np.array([str(state) for _, state in shown], dtype=object),
        np.full(n, unit, dtype=object),
        np.full(n, source, dtype=np.int8),
        np.zeros(n, dtype=np.bool_),
    )


def on_change(
    shown: Sequence[Shown],
    unit: str = "kWh",
    source: Source = Source.HA_HISTORY,
    watched: Sequence[tuple[float, float]] | None = None,
    five_minute: Statistics | None = None,
    hourly: Statistics | None = None,
    name: str = "sensor.meter",
) -> MeterEvidence:
    """A Home Assistant sensor; watched from its first reading to its last unless told otherwise."""
    spans = [(shown[0][0], shown[-1][0])] if watched is None and shown else watched or []
    return MeterEvidence(
        name,
        Reporting.ON_CHANGE,
        readings(shown, unit, source),
        np.array([(at(a), at(b)) for a, b in spans], dtype=np.int64).reshape(-1, 2),
        five_minute or Statistics.empty(300),
        hourly or Statistics.empty(HOUR_SECONDS),
    )


def periodic(shown: Sequence[Shown], unit: str = "kWh", source: Source = Source.IMPORT_FINE) -> MeterEvidence:
    """A column of meter readings in a file."""
    return MeterEvidence("file:column", Reporting.PERIODIC, readings(shown, unit, source))


def intervals(told: Sequence[tuple[float, float, float]]) -> MeterEvidence:
    """A column of energies in a file: from minute, to minute, kWh."""
    start, end, energy = (np.array(column, dtype=np.float64) for column in zip(*told, strict=True))
    return MeterEvidence(
        "file:column",
        Reporting.PERIODIC,
        intervals=Intervals(
            (MIDNIGHT + start * 60).astype(np.int64), (MIDNIGHT + end * 60).astype(np.int64), energy
        ),
    )


def statistics(rows: Sequence[tuple[float, float, float]], period_s: int = HOUR_SECONDS) -> Statistics:
    """Rows of (minute at which the period starts, state, sum)."""
    start, state, total = (np.array(column, dtype=np.float64) for column in zip(*rows, strict=True))
    return Statistics(period_s, (MIDNIGHT + start * 60).astype(np.int64), state, total)


def site(absent: frozenset[Channel] = ABSENT, limit_kw: float = LIMIT_KW) -> Site:
    """A house in Stockholm."""
    return Site(dict.fromkeys(Channel, limit_kw / 4), absent, 59.33, 18.07)


def resolve_home(
    channels: Mapping[Channel, Sequence[MeterEvidence]],
    first_hour: float,
    last_hour: float,
    soc: Sequence[MeterEvidence] = (),
    of: Site | None = None,
) -> ResolvedSlots:
    """The slots of [first_hour, last_hour) after midnight; the meters of a channel add up."""
    start, end = (MIDNIGHT + round(hour * HOUR_SECONDS) for hour in (first_hour, last_hour))
    groups = {channel: [MeterGroup("home_assistant", tuple(meters))] for channel, meters in channels.items()}
    return resolve(slot_range(start, end), groups, soc, of or site())


def resolve_meter(
    meter: MeterEvidence, first_hour: float = 0, last_hour: float = 2, limit_kw: float = LIMIT_KW
) -> ChannelSlots:
    """The load of a home that has this one meter."""
    found = resolve_home({Channel.LOAD: [meter]}, first_hour, last_hour, of=site(limit_kw=limit_kw))
    return found.channels[Channel.LOAD]


def energies(meter: MeterEvidence, first_hour: float = 0, last_hour: float = 2) -> list[float | None]:
    """Load by the slot, rounded to a microwatt-hour; None where it is not known."""
    found = resolve_meter(meter, first_hour, last_hour).energy_kwh
    return [None if np.isnan(kwh) else round(float(kwh), 9) for kwh in found]


def steady(first: float, last: float, begin: float = 100.0, step: float = 5, kw: float = 1.2) -> list[Shown]:
    """A meter read every few minutes, from one minute to another."""
    minutes = np.arange(first, last + 0.01, step)
    return [(float(m), round(begin + kw * (m - first) / 60, 6)) for m in minutes]


def flagged(found: ChannelSlots, flag: Flag) -> list[int]:
    """The slots that are marked so."""
    return np.flatnonzero(found.flags & flag).tolist()
