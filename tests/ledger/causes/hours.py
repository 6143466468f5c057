"""Hours with what both sides say of them, for the tests of the causes."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from darkstar.domain.channels import Channel
from darkstar.domain.slots import HOUR_SECONDS, SLOTS_PER_HOUR
from darkstar.ledger.accounting import change_by_sum, ha_hours
from darkstar.ledger.causes.case import Case, Patterns, Stretch, Witness, total
from darkstar.ledger.causes.cause import Finding
from darkstar.ledger.compare import hourly
from darkstar.ledger.corrections import Repair
from darkstar.ledger.evidence import MeterEvidence, Source
from darkstar.ledger.explain import explain_hour
from darkstar.ledger.resolved import ChannelSlots
from tests.ledger.cases import LIMIT_KW, MIDNIGHT, resolve_home

TOLERANCE_KWH = 0.1
Hours = NDArray[np.int64]


def hours(n: int) -> Hours:
    """The first n hours after midnight."""
    return MIDNIGHT + HOUR_SECONDS * np.arange(n, dtype=np.int64)


def stretch(
    meters: Sequence[MeterEvidence],
    n: int,
    ha_kwh: Sequence[float] | None = None,
    ledger_kwh: Sequence[float] | None = None,
    source: Source = Source.HA_HISTORY,
    files: Sequence[MeterEvidence] = (),
    repairs: Sequence[Repair] = (),
) -> Stretch:
    """The first n hours of a load that Home Assistant's meters count, and files beside them.

    Home Assistant's numbers are what its rule makes of its samples, or its rows, unless they are given; the ledger's
    are what the rules make of its meters unless they are given.
    """
    wanted = hours(n)
    if ha_kwh is None:
        told = [
            ha_hours(m.readings, wanted) if len(m.readings) else change_by_sum(m.hourly, wanted)
            for m in meters
        ]
        theirs = total(told, n)
    else:
        theirs = np.array(ha_kwh, dtype=np.float64)
    if ledger_kwh is None:
        slots = resolve_home({Channel.LOAD: meters}, 0, n).channels[Channel.LOAD]
    else:
        quarters = np.repeat(np.array(ledger_kwh, dtype=np.float64) / SLOTS_PER_HOUR, SLOTS_PER_HOUR)
        m = len(quarters)
        slots = ChannelSlots(
            quarters, np.full(m, source, np.int8), np.ones(m, np.int8), np.zeros(m, np.int32)
        )
    heard = [Witness(meter, wanted, LIMIT_KW) for meter in meters]
    heard += [Witness(meter, wanted, LIMIT_KW, ours=False) for meter in files]
    ours = hourly(slots.energy_kwh)
    asked = ~(np.abs(ours - theirs) <= TOLERANCE_KWH)
    return Stretch(
        Channel.LOAD,
        wanted,
        theirs,
        ours,
        asked,
        slots,
        tuple(heard),
        Patterns.none(n),
        TOLERANCE_KWH,
        tuple(repairs),
    )


def why(of: Stretch) -> dict[int, Finding]:
    """The finding of each hour that differs, by its number."""
    return {case.i: explain_hour(case) for case in of.cases()}


def causes(of: Stretch) -> dict[int, str]:
    """The cause of each hour that differs, by its number."""
    return {hour: finding.cause.value for hour, finding in why(of).items()}


def case(of: Stretch, hour: int) -> Case:
    """One hour of a stretch."""
    return Case(of, hour)
