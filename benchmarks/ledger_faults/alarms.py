"""False alarms: what the ledger complains of in hours of real meters in which nothing is wrong."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.ledger_faults.homes import HOUR_US, Meter
from benchmarks.ledger_faults.trials import evidence_of, slots_of
from darkstar.domain.slots import SLOTS_PER_HOUR, slot_range
from darkstar.ledger.evidence import MICROSECONDS
from darkstar.ledger.resolved import Flag

AROUND_HOURS = 6
HOURS_PER_YEAR = 8766.0


@dataclass(frozen=True)
class Quiet:
    """The sound hours of one meter and what was complained of in them."""

    home: str
    name: str
    way: str
    hours: int
    alarms: tuple[str, ...]


def quiet_years(meters: Sequence[Meter]) -> list[Quiet]:
    """Every meter as a whole, judged in the hours that are six hours from anything amiss in its readings."""
    return [_quiet(meter) for meter in meters]


def _quiet(meter: Meter) -> Quiet:
    begin, end = int(meter.time_us[0]) // HOUR_US + 1, int(meter.time_us[-1]) // HOUR_US
    tape = meter.tape(int(meter.time_us[0]), int(meter.time_us[-1]))
    slots = slot_range(begin * HOUR_US // MICROSECONDS, end * HOUR_US // MICROSECONDS)
    found = slots_of(evidence_of(meter.way, tape, int(meter.time_us[-1])), slots)
    sound = np.ones(end - begin, dtype=np.bool_)
    amiss = np.flatnonzero(~meter.sound)
    for first, last in zip(meter.time_us[amiss].tolist(), meter.time_us[amiss + 1].tolist(), strict=True):
        low, high = first // HOUR_US - begin - AROUND_HOURS, last // HOUR_US - begin + AROUND_HOURS + 1
        sound[max(low, 0) : max(high, 0)] = False
    flagged = ((found.flags != 0) & np.repeat(sound, SLOTS_PER_HOUR)).astype(np.int8)
    starts = np.flatnonzero(np.diff(flagged, prepend=0) == 1)
    alarms = tuple(
        f"{meter.home} {meter.name} {meter.way} {np.datetime64(int(slots[i]), 's')} {Flag(int(found.flags[i]))!r}"
        for i in starts.tolist()
    )
    return Quiet(meter.home, meter.name, meter.way.value, int(sound.sum()), alarms)
