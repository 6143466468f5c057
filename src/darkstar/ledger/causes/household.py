"""What a home's meters tell of one another, without Home Assistant.

What comes into a home is what goes out of it, so a meter that lies for days is found by the balance, and often named:

    two channels in each other's place      the balance holds once they are exchanged (`swapped.py`)
    one channel too large or too small      it holds once that one is halved, doubled, taken a thousandfold, turned
    rows shifted by an hour or two          it holds once that one, or those two, are moved back
    the same sensor in two channels         they show the same, hour by hour, and the balance is off
    the water heater beside the load        the balance is off by its energy
    hours written as quarters               an hour's energy always stands in the same quarter
    none of these                           the channel that could close the balance within what it can carry

Judged over days, by the hour: a quarter-hour is too short for meters that are read at different moments.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from darkstar.domain.channels import BALANCE_SIGN, Channel
from darkstar.domain.slots import SLOTS_PER_HOUR
from darkstar.ledger.causes.cause import STORIES, Cause
from darkstar.ledger.compare import hourly, later
from darkstar.ledger.evidence import Source
from darkstar.ledger.resolved import ChannelSlots

Series = NDArray[np.float64]

LEAST_HOURS = 24
OFF_SHARE = 0.15
"""Imbalance, as a share of what flows, from which something is wrong."""
MENDED_SHARE = 0.3
"""Share of the imbalance that may remain once the right thing is undone."""
TELLING_KWH = 0.05
SAME_KWH = 1e-3
NEARLY_ALL = 0.95
FEASIBLE_SHARE = 0.98
MEASURED = frozenset(Source) - {Source.BALANCE, Source.ABSENT}
LAGS = (-2, -1, 1, 2)
FACTORS = (0.5, 2.0, 0.001, 1000.0, -1.0)
FACTOR_CAUSES: Mapping[float, tuple[Cause, str]] = {
    0.5: (Cause.DOUBLE, "The home's balance holds once {0} is halved."),
    2.0: (
        Cause.DOUBLE,
        "The home's balance holds once {0} is doubled: the others are counted twice, or half is lost.",
    ),
    0.001: (Cause.UNIT, "The home's balance holds once {0} is a thousandth."),
    1000.0: (Cause.UNIT, "The home's balance holds once {0} is a thousand times as large."),
    -1.0: (Cause.SIGN, "The home's balance holds once {0} flows the other way."),
}


@dataclass(frozen=True)
class Suspicion:
    """What is wrong with the home's meters over a range, as far as their balance tells.

    Attributes:
        channels: those concerned; the likely liars of a balance that does not hold.
    """

    cause: Cause
    channels: tuple[Channel, ...]
    detail: str

    @property
    def remedy(self) -> str:
        """What helps."""
        return STORIES[self.cause].remedy


def suspicions(slots: Mapping[Channel, ChannelSlots], limits_kwh: Mapping[Channel, float]) -> list[Suspicion]:
    """What is wrong with the meters over whole hours of slots, the surest first.

    Args:
        slots: by channel, (4 n,) slots. limits_kwh: most energy that a channel carries in a slot.
    """
    measured = {channel: hourly(found.energy_kwh) for channel, found in slots.items() if _is_measured(found)}
    flows = _balanced(slots)
    off = flows is not None and _imbalance(flows) >= OFF_SHARE
    found = [_same(one, other, measured, off=off) for one, other in combinations(measured, 2)]
    found += [_lumped(channel, slots[channel]) for channel in measured]
    if flows is not None and Channel.WATER in measured:
        found.append(_water(flows, measured[Channel.WATER][_known(flows)]))
    if flows is not None and off and not any(found):
        found.append(_exchanged(flows) or _scaled(flows) or _moved(flows) or _liar(flows, limits_kwh))
    return [suspicion for suspicion in found if suspicion is not None]


def _is_measured(channel: ChannelSlots) -> bool:
    known = channel.source[channel.source > 0]
    return bool(len(known)) and bool(np.isin(known, [int(s) for s in MEASURED]).all())


def _balanced(slots: Mapping[Channel, ChannelSlots]) -> dict[Channel, Series] | None:
    """Energies of the hours in which all of the balance is known; None where it proves nothing."""
    if any((slots[channel].source == Source.BALANCE).any() for channel in BALANCE_SIGN):
        return None
    flows = {channel: hourly(slots[channel].energy_kwh) for channel in BALANCE_SIGN}
    known = np.all([np.isfinite(energy) for energy in flows.values()], axis=0)
    if known.sum() < LEAST_HOURS:
        return None
    return flows


def _known(flows: Mapping[Channel, Series]) -> NDArray[np.bool_]:
    return np.asarray(np.all([np.isfinite(energy) for energy in flows.values()], axis=0))


def _residual(flows: Mapping[Channel, Series]) -> Series:
    residual = np.sum([sign * flows[channel] for channel, sign in BALANCE_SIGN.items()], axis=0)
    return np.asarray(residual[np.isfinite(residual)])


def _imbalance(flows: Mapping[Channel, Series]) -> float:
    """Imbalance as a share of what flows through the home."""
    through = float(np.nansum([np.abs(energy[_known(flows)]) for energy in flows.values()])) / 2
    return float(np.abs(_residual(flows)).sum()) / through if through > 0 else 0.0


def _same(one: Channel, other: Channel, measured: Mapping[Channel, Series], *, off: bool) -> Suspicion | None:
    """Two channels that show the same; a load and an import may, where the balance holds."""
    mine, theirs = measured[one], measured[other]
    telling = (mine > TELLING_KWH) | (theirs > TELLING_KWH)
    if telling.sum() < LEAST_HOURS or ({one, other} == {Channel.LOAD, Channel.IMPORT} and not off):
        return None
    if not (np.abs(mine - theirs) <= SAME_KWH)[telling].mean() >= NEARLY_ALL:
        return None
    return Suspicion(
        Cause.DOUBLE,
        (one, other),
        f"{one.value} and {other.value} show the same energy hour by hour: is one sensor in both?",
    )


def _water(flows: Mapping[Channel, Series], water: Series) -> Suspicion | None:
    """The water heater is a part of the load; it is off by its energy where it is not, or is in it twice."""
    residual = _residual(flows)
    usable = np.isfinite(water)
    if usable.sum() < LEAST_HOURS or not water[usable].sum() > TELLING_KWH * LEAST_HOURS:
        return None
    apart = np.abs(residual[usable]).sum()
    for sign, what in (
        (1, "is measured beside the load, not within it"),
        (-1, "is counted twice within the load"),
    ):
        if np.abs(residual[usable] - sign * water[usable]).sum() <= MENDED_SHARE * apart:
            detail = f"The home's balance is off by the water heater's energy: it {what}."
            return Suspicion(Cause.DOUBLE, (Channel.WATER, Channel.LOAD), detail)
    return None


def _exchanged(flows: Mapping[Channel, Series]) -> Suspicion | None:
    """Two channels after whose exchange the balance holds."""
    tried = {
        (one, other): _imbalance({**flows, one: flows[other], other: flows[one]})
        for one, other in combinations(flows, 2)
    }
    one, other = min(tried, key=lambda pair: tried[pair])
    if not tried[one, other] <= MENDED_SHARE * _imbalance(flows):
        return None
    detail = f"The home's balance holds once {one.value} and {other.value} change places."
    return Suspicion(Cause.SWAPPED, (one, other), detail)


def _moved(flows: Mapping[Channel, Series]) -> Suspicion | None:
    """One channel, or two of one file, that stand some hours off."""
    tried = {
        (channels, lag): _imbalance({**flows, **{c: later(flows[c], -lag) for c in channels}})
        for channels in [*((c,) for c in flows), *combinations(flows, 2)]
        for lag in LAGS
    }
    channels, lag = min(tried, key=lambda pair: tried[pair])
    if not tried[channels, lag] <= MENDED_SHARE * _imbalance(flows):
        return None
    names = " and ".join(channel.value for channel in channels)
    when = f"{abs(lag)} h {'earlier' if lag > 0 else 'later'}"
    return Suspicion(Cause.SHIFTED, channels, f"The home's balance holds once {names} is taken {when}.")


def _scaled(flows: Mapping[Channel, Series]) -> Suspicion | None:
    """One channel that is another multiple of itself."""
    present = float(np.abs(_residual(flows)).sum())
    tried = {
        (channel, factor): float(np.abs(_residual({**flows, channel: factor * flows[channel]})).sum())
        for channel in flows
        for factor in FACTORS
    }
    channel, factor = min(tried, key=lambda pair: tried[pair])
    if not tried[channel, factor] <= MENDED_SHARE * present:
        return None
    cause, detail = FACTOR_CAUSES[factor]
    return Suspicion(cause, (channel,), detail.format(channel.value))


def _liar(flows: Mapping[Channel, Series], limits_kwh: Mapping[Channel, float]) -> Suspicion:
    """The channels any of which could close the balance alone, the likeliest first.

    It must stay between nothing and what it can carry; of those that do, the one whose own number is nothing where the
    balance is off has the least to say for itself.
    """
    known = _known(flows)
    residual = _residual(flows)
    wrong = np.abs(residual) > TELLING_KWH
    share = float(np.abs(residual).sum())
    candidates: dict[Channel, float] = {}
    for channel, sign in BALANCE_SIGN.items():
        shown = flows[channel][known]
        needed = shown - sign * residual
        most = SLOTS_PER_HOUR * limits_kwh[channel]
        feasible = (needed >= -TELLING_KWH) & (needed <= most + TELLING_KWH)
        if feasible.mean() >= FEASIBLE_SHARE and np.nansum(shown) + np.nansum(needed) > 0:
            candidates[channel] = float((shown[wrong] <= SAME_KWH).mean())
    likely = tuple(sorted(candidates, key=lambda channel: -candidates[channel]))
    names = " or ".join(channel.value for channel in likely) or "more than one meter"
    hours = int(wrong.sum())
    told = f"The home's balance is off by {share:.1f} kWh in {hours} of {int(known.sum())} hours"
    return Suspicion(Cause.BALANCE, likely, f"{told}; it could be {names}.")


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
