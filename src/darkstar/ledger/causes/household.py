"""What a home's meters tell of one another and of themselves, without Home Assistant.

the balance stops to hold               the story that mends it (`unbalanced.py`), from the hour on where it stopped
the balance holds, the rest cannot be   two channels of one side are exchanged (`contradictions.py`)
the same sensor in two channels         they show the same, hour by hour, and the balance is off
the water heater beside the load        the balance is off by its energy
hours written as quarters               an hour's energy always stands in the same quarter
a meter stands still                    for longer than by its own habit (`habits.py`)
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from darkstar.domain.channels import BALANCE_SIGN, Channel
from darkstar.domain.slots import HOUR_SECONDS, SLOTS_PER_HOUR, iso_utc
from darkstar.ledger.balance import Balance, balance
from darkstar.ledger.causes.cause import Cause
from darkstar.ledger.causes.suspicion import Suspicion
from darkstar.ledger.causes.unbalanced import accused
from darkstar.ledger.compare import hourly
from darkstar.ledger.contradictions import Surroundings, contradictions
from darkstar.ledger.evidence import Source
from darkstar.ledger.habits import Course, standstills
from darkstar.ledger.resolved import ChannelSlots

__all__ = ["Suspicion", "standing_still", "suspicions"]

Series = NDArray[np.float64]

LEAST_HOURS = 24
LEAST_TELLING_HOURS = 4
MENDED_SHARE = 0.3
"""Share of the imbalance that may remain once the right thing is undone."""
TELLING_KWH = 0.05
SAME_KWH = 1e-3
NEARLY_ALL = 0.95
IMPOSSIBLE_SHARE = 0.1
IMPOSSIBLE_KWH = 2.0
"""Energy that cannot be, at least so much and so large a share of what flows, from which channels are exchanged."""
MEASURED = frozenset(Source) - {Source.BALANCE, Source.ABSENT}


def suspicions(
    slots: Mapping[Channel, ChannelSlots],
    limits_kwh: Mapping[Channel, float],
    around: Surroundings | None = None,
    stopped: Collection[Channel] = (),
) -> list[Suspicion]:
    """What is wrong with the meters over whole hours of slots, the surest first.

    Args:
        slots: by channel, (4 n,) slots. limits_kwh: most energy that a channel carries in a slot.
        around: what else is known of the same n hours. stopped: channels that stand still against their habit.
    """
    measured = {channel: hourly(found.energy_kwh) for channel, found in slots.items() if _is_measured(found)}
    most = {channel: SLOTS_PER_HOUR * limit for channel, limit in limits_kwh.items()}
    around = replace(around or Surroundings(), most_kwh=most)
    home = balance(slots)
    off = home.off if home is not None else np.zeros(0, dtype=np.intp)
    found = [_same(one, other, measured, off=len(off) > 0) for one, other in combinations(measured, 2)]
    found += [_lumped(channel, slots[channel]) for channel in measured]
    if home is not None and Channel.WATER in measured:
        found.append(_water(home, measured[Channel.WATER]))
    if home is not None and not any(found):
        found.append(accused(home, off, around, stopped) if len(off) else _exchanged(home, around))
    return [suspicion for suspicion in found if suspicion is not None]


def standing_still(courses: Mapping[Channel, Course]) -> list[Suspicion]:
    """Channels that stood still for longer than they ever do; `hours` are those of the courses.

    Whether a standstill lasts to the end of its course is for the caller to see: it then says that a meter stopped.
    """
    return [
        Suspicion(
            Cause.FROZEN,
            (channel,),
            f"{channel.value} stands still since {iso_utc(still.start_utc)}, for {still.hours} h: by its habit it "
            f"would have moved in {still.missed_hours:.0f} of them; before, it never missed more than "
            f"{still.longest_hours:.0f}.",
            (_hour(course, still.start_utc), _hour(course, still.end_utc)),
        )
        for channel, course in courses.items()
        for still in standstills(course)
        if still.surprising
    ]


def _hour(course: Course, time_utc: int) -> int:
    return int(time_utc - course.hours[0]) // HOUR_SECONDS


def _is_measured(channel: ChannelSlots) -> bool:
    known = channel.source[channel.source > 0]
    return bool(len(known)) and bool(np.isin(known, [int(s) for s in MEASURED]).all())


def _same(one: Channel, other: Channel, measured: Mapping[Channel, Series], *, off: bool) -> Suspicion | None:
    """Two channels that show the same; a load and an import may, where the balance holds."""
    mine, theirs = measured[one], measured[other]
    telling = (mine > TELLING_KWH) | (theirs > TELLING_KWH)
    least = LEAST_TELLING_HOURS if off else LEAST_HOURS
    if telling.sum() < least or ({one, other} == {Channel.LOAD, Channel.IMPORT} and not off):
        return None
    if not (np.abs(mine - theirs) <= SAME_KWH)[telling].mean() >= NEARLY_ALL:
        return None
    return Suspicion(
        Cause.DOUBLE,
        (one, other),
        f"{one.value} and {other.value} show the same energy hour by hour: is one sensor in both?",
    )


def _water(home: Balance, water: Series) -> Suspicion | None:
    """The water heater is a part of the load; it is off by its energy where it is not, or is in it twice."""
    usable = home.known & np.isfinite(water)
    residual, water = home.residual[usable], water[usable]
    if usable.sum() < LEAST_HOURS or not water.sum() > TELLING_KWH * LEAST_HOURS:
        return None
    for sign, what in (
        (1, "is measured beside the load, not within it"),
        (-1, "is counted twice within the load"),
    ):
        if np.abs(residual - sign * water).sum() <= MENDED_SHARE * np.abs(residual).sum():
            detail = f"The home's balance is off by the water heater's energy: it {what}."
            return Suspicion(Cause.DOUBLE, (Channel.WATER, Channel.LOAD), detail)
    return None


def _exchanged(home: Balance, around: Surroundings) -> Suspicion | None:
    """Two channels on one side of the balance, which holds, after whose exchange nothing is left that cannot be."""
    rows = np.flatnonzero(home.known)
    present = contradictions(home.flows, rows, around)
    if present < max(IMPOSSIBLE_KWH, IMPOSSIBLE_SHARE * float(home.through[rows].sum())):
        return None
    tried = {
        (one, other): contradictions(
            {**home.flows, one: home.flows[other], other: home.flows[one]}, rows, around
        )
        for one, other in combinations(home.metered, 2)
        if BALANCE_SIGN[one] == BALANCE_SIGN[other]
    }
    one, other = min(tried, key=lambda pair: tried[pair])
    if tried[one, other] > MENDED_SHARE * present:
        return None
    detail = (
        f"{present:.1f} kWh cannot be as they are told, {tried[one, other]:.1f} kWh once {one.value} and {other.value} "
        "change places."
    )
    return Suspicion(Cause.SWAPPED, (one, other), detail)


def _lumped(channel: Channel, slots: ChannelSlots) -> Suspicion | None:
    """All of an hour's energy in the same quarter, hour after hour."""
    quarters = slots.energy_kwh.reshape(-1, SLOTS_PER_HOUR)
    quarters = quarters[np.isfinite(quarters).all(axis=1) & (np.nansum(quarters, axis=1) > TELLING_KWH)]
    if len(quarters) < LEAST_HOURS:
        return None
    share = quarters / quarters.sum(axis=1, keepdims=True)
    place = int(np.argmax(share.sum(axis=0)))
    if not (share[:, place] >= 1 - SAME_KWH).mean() >= NEARLY_ALL:
        return None
    detail = f"{channel.value}: every hour's energy stands in its quarter {place + 1} of {SLOTS_PER_HOUR}."
    return Suspicion(Cause.LUMPED, (channel,), detail)
