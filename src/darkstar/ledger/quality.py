"""What each local day's slots are good for, by what is known of them and how.

    load, sun, grid      unknown, or known in total only, for too long: `exclude`
    battery channels     the same: `mask_battery`
    state of charge      missing or out of range, or standing still, while the battery is used: `mask_battery`
    prices               unknown, implausible, disputed between sources, stale: `exclude`

A day has as many slots as the clocks give it (92, 96, 100): none is held against it for that. Reasons about prices
begin with `price:`, so that whoever needs the energy alone can keep it (`spoils_energy`).
"""

import datetime as dt
import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from darkstar.domain.channels import Channel
from darkstar.domain.slots import DAY_SECONDS, SLOT_HOURS, SLOT_SECONDS, day_bounds, local_date
from darkstar.ledger.prices import SourceComparison
from darkstar.ledger.resolved import ChannelSlots, DayQuality, DayStatus, Flag, ResolvedPrices, ResolvedSlots

CORE = (Channel.LOAD, Channel.PV, Channel.IMPORT, Channel.EXPORT)
BATTERY = (Channel.BATT_CHARGE, Channel.BATT_DISCHARGE)
PRICE = "price:"
SOC = "soc "
SOC_STILL = f"{SOC}stands still"
_NOT_OF_ENERGY = (PRICE, SOC, *(f"{channel.value} " for channel in BATTERY))
USED_KWH = 0.05
"""A battery that moves less in a slot stands by."""


@dataclass(frozen=True)
class QualityRules:
    """What a day can bear; more of it, and the day is labelled.

    Attributes:
        unknown_hours: without a number in a channel. spread_hours: known in total only.
        soc_unknown_hours: in which the battery is used, without a state of charge between 0 and 100 %, on a day of
            which some is known.
        soc_still_percent: of the capacity, moved while the state of charge stays at one number; sound ones stand still
            over 6 % at most (balancing when full).
        price_unsound_hours: without a price, or with one that is implausible or that sources dispute.
        price_still_hours: of one unchanging market price; the longest true ones, at the auction's floor, take ten.
        price_lowest_per_kwh, price_highest_per_kwh: what the market can ask; beyond, a price is implausible.
        price_tolerance_per_kwh, price_tolerance_percent: by how much two sources may differ, added up (they round,
            and turn euros into crowns at rates of different days).
    """

    unknown_hours: float = 1.0
    spread_hours: float = 3.0
    soc_unknown_hours: float = 1.0
    soc_still_percent: float = 15.0
    price_unsound_hours: float = 0.0
    price_still_hours: float = 12.0
    price_lowest_per_kwh: float = -math.inf
    price_highest_per_kwh: float = math.inf
    price_tolerance_per_kwh: float = 0.005
    price_tolerance_percent: float = 3.0


@dataclass(frozen=True)
class ChargeSensor:
    """The home has a sensor of its battery's state of charge.

    Attributes:
        capacity_kwh: None where it is not known; then nobody can tell whether the sensor stands still.
    """

    capacity_kwh: float | None


@dataclass(frozen=True)
class KnownPrices:
    """The prices of a range of slots as they are judged; a day before it lets a repeated day be seen.

    Attributes:
        compared: the market's price by source, over the same slots.
        expected: whether every day should have prices; else only days that have some are judged.
    """

    resolved: ResolvedPrices
    compared: SourceComparison
    expected: bool


def label_days(
    resolved: ResolvedSlots,
    measured: Collection[Channel],
    tz: ZoneInfo,
    rules: QualityRules | None = None,
    prices: KnownPrices | None = None,
    charge: ChargeSensor | None = None,
) -> list[DayQuality]:
    """Labels of the local days that lie wholly within the slots.

    Args:
        measured: the channels that the home has meters for.
        prices: over the same slots at least; None where prices are not judged.
        charge: None where the home has no sensor of the state of charge.
    """
    rules = rules or QualityRules()
    slots = resolved.slots
    if not len(slots):
        return []
    channels = {channel: resolved.channels[channel] for channel in measured}
    labels: list[DayQuality] = []
    day = local_date(int(slots[0]), tz)
    while True:
        start, end = day_bounds(day, tz)
        if end > int(slots[-1]) + SLOT_SECONDS:
            return labels
        if start >= slots[0]:
            rows = slice(*np.searchsorted(slots, [start, end]).tolist())
            energies = {channel: found.part(rows) for channel, found in channels.items()}
            of_prices = _price_complaints(prices, (start, end), Channel.EXPORT in measured, rules)
            of_charge = tuple(_charge_complaints(resolved, rows, charge, rules)) if charge else ()
            labels.append(_label(day, energies, of_charge, of_prices, rules))
        day += dt.timedelta(days=1)


def spoils_energy(label: DayQuality) -> bool:
    """Whether the day's load, sun and grid are not to be trusted."""
    if label.status is not DayStatus.EXCLUDE:
        return False
    return not label.reasons or not all(reason.startswith(_NOT_OF_ENERGY) for reason in label.reasons)


def spoils_prices(label: DayQuality) -> bool:
    """Whether the day's prices are not to be trusted."""
    return any(reason.startswith(PRICE) for reason in label.reasons)


def spoils_battery_flows(label: DayQuality) -> bool:
    """Whether what went into the battery and out of it, or a net load with that in it, is not to be trusted."""
    if label.status is DayStatus.CLEAN:
        return False
    return not label.reasons or not all(reason.startswith((PRICE, SOC)) for reason in label.reasons)


def spoils_charge(label: DayQuality) -> bool:
    """Whether a state of charge that is there is not to be trusted."""
    return any(reason.startswith(SOC_STILL) for reason in label.reasons)


def _label(
    day: dt.date,
    channels: Mapping[Channel, ChannelSlots],
    charge: tuple[str, ...],
    prices: tuple[str, ...],
    rules: QualityRules,
) -> DayQuality:
    core = [reason for c in CORE if c in channels for reason in _complaints(c, channels[c], rules)]
    battery = [reason for c in BATTERY if c in channels for reason in _complaints(c, channels[c], rules)]
    battery += charge
    if core or prices:
        return DayQuality(day, DayStatus.EXCLUDE, (*core, *battery, *prices))
    return DayQuality(day, DayStatus.MASK_BATTERY if battery else DayStatus.CLEAN, tuple(battery))


def _complaints(channel: Channel, found: ChannelSlots, rules: QualityRules) -> Iterator[str]:
    unknown = _hours(np.isnan(found.energy_kwh))
    spread = _hours((found.flags & Flag.SPREAD) != 0)
    if unknown > rules.unknown_hours:
        yield f"{channel.value} is unknown for {unknown:g} h"
    if spread > rules.spread_hours:
        yield f"{channel.value} is known in total only for {spread:g} h"


def _charge_complaints(
    resolved: ResolvedSlots, rows: slice, sensor: ChargeSensor, rules: QualityRules
) -> Iterator[str]:
    """What a battery that is used asks of its state of charge; one that stands by asks nothing.

    A day of which no state of charge is known at all is older than what Home Assistant keeps of it: how the charge
    moved is known by the battery's meters all the same.
    """
    into, out_of = (np.nan_to_num(resolved.channels[channel].energy_kwh[rows]) for channel in BATTERY)
    used = (into > USED_KWH) | (out_of > USED_KWH)
    at_start, at_end = resolved.soc_start_percent[rows], resolved.soc_end_percent[rows]
    known = (at_start >= 0) & (at_start <= 100) & (at_end >= 0) & (at_end <= 100)
    unknown = _hours(used & ~known)
    heard_of = np.isfinite(at_start).any() or np.isfinite(at_end).any()
    if heard_of and unknown > rules.soc_unknown_hours:
        yield f"{SOC}is missing or out of range for {unknown:g} h of the battery's use"
    if sensor.capacity_kwh is None:
        return
    net_kwh = np.where(used, into - out_of, 0.0)
    still = _most_while_still(net_kwh, known & (at_start == at_end)) / sensor.capacity_kwh * 100
    if still > rules.soc_still_percent:
        yield f"{SOC_STILL} while {still:.0f} % of the capacity goes through the battery"


def _most_while_still(net_kwh: NDArray[np.float64], still: NDArray[np.bool_]) -> float:
    """Most energy by which a battery moved in a run of slots, between its fullest and its emptiest [kWh]."""
    most = 0.0
    edges = np.flatnonzero(np.diff(np.concatenate([[False], still, [False]]).astype(np.int8)))
    for first, last in edges.reshape(-1, 2).tolist():
        level = np.append(0.0, np.cumsum(net_kwh[first:last]))
        most = max(most, float(level.max() - level.min()))
    return most


def _price_complaints(
    prices: KnownPrices | None, bounds: tuple[int, int], sells: bool, rules: QualityRules
) -> tuple[str, ...]:
    if prices is None:
        return ()
    found, compared = prices.resolved, prices.compared
    rows = slice(*np.searchsorted(found.slots, bounds).tolist())
    spot, bought, sold = (p[rows] for p in (found.spot_price, found.import_price, found.export_price))
    if not prices.expected and not (np.isfinite(bought) | np.isfinite(sold)).any():
        return ()
    judged = np.where(np.isnan(spot), bought, spot)
    odd = (judged < rules.price_lowest_per_kwh) | (judged > rules.price_highest_per_kwh)
    disputed = compared.disputed[rows]
    no_import, no_export = np.isnan(bought), np.isnan(sold) & sells
    complaints: list[str] = []
    if _hours(no_import | no_export | odd | disputed) > rules.price_unsound_hours:
        complaints += _missing(no_import, no_export)
        if odd.any():
            complaints.append(
                f"{PRICE} implausible for {_hours(odd):g} h, as {_farthest(judged[odd], rules):g} per kWh"
            )
        if disputed.any():
            apart = np.where(disputed, compared.apart_per_kwh[rows], -1.0)
            most = int(np.argmax(apart))
            names, by = compared.between[rows][most], apart[most]
            complaints.append(f"{PRICE} {names} differ for {_hours(disputed):g} h, by up to {by:.3g} per kWh")
    complaints += _stale(found.spot_price, rows, rules)
    return tuple(complaints)


def _missing(no_import: NDArray[np.bool_], no_export: NDArray[np.bool_]) -> Iterator[str]:
    for name, unknown in (("import", no_import), ("export", no_export)):
        if unknown.any():
            yield f"{PRICE} the {name} price is unknown for {_hours(unknown):g} h"


def _farthest(odd: NDArray[np.float64], rules: QualityRules) -> float:
    """The price that lies farthest beyond the limits."""
    beyond = np.maximum(rules.price_lowest_per_kwh - odd, odd - rules.price_highest_per_kwh)
    return float(odd[int(np.argmax(beyond))])


def _stale(spot: NDArray[np.float64], rows: slice, rules: QualityRules) -> Iterator[str]:
    """What a feed that hangs leaves behind. All-in prices are not judged: a fixed contract stands still for years."""
    today = spot[rows]
    still = _longest_run(today) * SLOT_HOURS
    if still > rules.price_still_hours:
        yield f"{PRICE} the market price stands still for {still:g} h"
    shift = DAY_SECONDS // SLOT_SECONDS
    varies = bool((today != today[:1]).any())
    if rows.start >= shift and varies and np.array_equal(today, spot[rows.start - shift : rows.stop - shift]):
        yield f"{PRICE} the market price repeats the day before"


def _longest_run(values: NDArray[np.float64]) -> int:
    """Length of the longest run of one known value."""
    edges = np.flatnonzero(np.concatenate([[True], values[1:] != values[:-1], [True]]))
    # NaN is unlike itself: an unknown slot is a run of its own.
    return 0 if np.isnan(values).all() else int(np.diff(edges).max())


def _hours(chosen: NDArray[np.bool_]) -> float:
    return float(chosen.sum()) * SLOT_HOURS
