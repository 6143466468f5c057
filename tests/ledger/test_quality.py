"""Labels of days."""

import datetime as dt
from dataclasses import replace
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from darkstar.domain.channels import Channel
from darkstar.domain.slots import DAY_SECONDS, SLOT_SECONDS, day_slots, slot_range
from darkstar.domain.tariff import Tariff
from darkstar.domain.tariffs import always
from darkstar.ledger.prices import compare_sources, resolve_prices
from darkstar.ledger.quality import (
    ChargeSensor,
    KnownPrices,
    QualityRules,
    label_days,
    spoils_battery_flows,
    spoils_charge,
    spoils_energy,
    spoils_prices,
)
from darkstar.ledger.quotes import PriceKind, Quotes
from darkstar.ledger.resolved import ChannelSlots, DayQuality, DayStatus, Flag, ResolvedSlots

STOCKHOLM = ZoneInfo("Europe/Stockholm")
DAY = dt.date(2025, 6, 15)
MEASURED = [
    Channel.LOAD,
    Channel.PV,
    Channel.IMPORT,
    Channel.EXPORT,
    Channel.BATT_CHARGE,
    Channel.BATT_DISCHARGE,
]
RULES = QualityRules(price_lowest_per_kwh=-6.0, price_highest_per_kwh=50.0)


def home(day: dt.date = DAY) -> ResolvedSlots:
    """A day on which every channel is known."""
    slots = day_slots(day, STOCKHOLM)
    n = len(slots)
    channels = {
        c: ChannelSlots(np.full(n, 0.1), *(np.ones(n, np.int8),) * 2, np.zeros(n, np.int32)) for c in Channel
    }
    return ResolvedSlots(slots, channels, np.full(n, np.nan), np.full(n, np.nan))


def labelled(
    channel: Channel,
    unknown: int = 0,
    spread: int = 0,
    measured: list[Channel] = MEASURED,
    rules: QualityRules | None = None,
) -> DayQuality:
    """The day's label when so many slots of one channel are unknown or known in total only."""
    resolved = home()
    resolved.channels[channel].energy_kwh[:unknown] = np.nan
    resolved.channels[channel].flags[:spread] = Flag.SPREAD | Flag.DIP
    (label,) = label_days(resolved, measured, STOCKHOLM, rules)
    return label


def test_a_day_bears_an_hour_without_numbers_and_three_without_their_time() -> None:
    assert labelled(Channel.LOAD, unknown=4, spread=12) == DayQuality(DAY, DayStatus.CLEAN, ())


@pytest.mark.parametrize(
    ("unknown", "spread", "reason"),
    [(5, 0, "load is unknown for 1.25 h"), (0, 13, "load is known in total only for 3.25 h")],
)
def test_a_day_that_lacks_more_is_excluded_and_says_why(unknown: int, spread: int, reason: str) -> None:
    assert labelled(Channel.LOAD, unknown, spread) == DayQuality(DAY, DayStatus.EXCLUDE, (reason,))


def test_how_much_a_day_bears_is_the_home_s_to_say() -> None:
    patient = QualityRules(unknown_hours=2, spread_hours=6)
    assert labelled(Channel.LOAD, unknown=8, spread=24, rules=patient).status is DayStatus.CLEAN
    strict = QualityRules(unknown_hours=0, spread_hours=0)
    assert labelled(Channel.LOAD, unknown=1, rules=strict).reasons == ("load is unknown for 0.25 h",)
    assert labelled(Channel.LOAD, spread=1, rules=strict).reasons == (
        "load is known in total only for 0.25 h",
    )


def test_a_battery_s_silence_masks_the_battery_alone() -> None:
    label = labelled(Channel.BATT_CHARGE, unknown=40)

    assert label.status is DayStatus.MASK_BATTERY
    assert label.reasons == ("batt_charge is unknown for 10 h",)
    assert not spoils_energy(label)


def test_what_the_home_does_not_measure_is_held_against_no_day() -> None:
    assert labelled(Channel.PV, unknown=96, measured=[Channel.LOAD]).status is DayStatus.CLEAN
    assert labelled(Channel.WATER, unknown=96).status is DayStatus.CLEAN


def with_charge(
    moves: dict[tuple[int, int], float],
    percent: dict[tuple[int, int], float] | None = None,
    *,
    capacity_kwh: float | None = 10.0,
    rules: QualityRules | None = None,
) -> DayQuality:
    """The label of a sound day whose battery moves energy (out of it below zero); its state of charge follows."""
    resolved = home()
    into, out_of = (resolved.channels[c].energy_kwh for c in (Channel.BATT_CHARGE, Channel.BATT_DISCHARGE))
    into[:] = out_of[:] = 0.0
    for (first, last), energy in moves.items():
        into[first:last], out_of[first:last] = max(energy, 0.0), max(-energy, 0.0)
    edges = 50 + 10 * np.append(0.0, np.cumsum(into - out_of))
    for (first, last), value in (percent or {}).items():
        edges[first:last] = value
    resolved = replace(resolved, soc_start_percent=edges[:-1], soc_end_percent=edges[1:])
    (label,) = label_days(resolved, MEASURED, STOCKHOLM, rules, charge=ChargeSensor(capacity_kwh))
    return label


CYCLE = {(8, 12): 0.9, (40, 48): -0.6}
"""An hour of charging and two of discharging."""


def test_a_state_of_charge_that_follows_the_battery_is_sound() -> None:
    assert with_charge(CYCLE) == DayQuality(DAY, DayStatus.CLEAN, ())


@pytest.mark.parametrize("value", [np.nan, 104.0, -3.0])
def test_a_charge_that_is_missing_or_cannot_be_masks_the_battery_while_it_is_used(value: float) -> None:
    label = with_charge(CYCLE, {(40, 46): value})
    assert label.status is DayStatus.MASK_BATTERY
    assert label.reasons == ("soc is missing or out of range for 1.5 h of the battery's use",)
    assert not spoils_energy(label)
    assert not spoils_battery_flows(label)
    assert not spoils_charge(label), "what is there is good"
    assert with_charge(CYCLE, {(41, 43): value}).status is DayStatus.CLEAN, "an hour is borne"
    assert with_charge(CYCLE, {(60, 97): value}).status is DayStatus.CLEAN, "it stands by"
    patient = QualityRules(soc_unknown_hours=2)
    assert with_charge(CYCLE, {(40, 46): value}, rules=patient).status is DayStatus.CLEAN


def test_a_day_older_than_any_state_of_charge_is_judged_by_the_meters() -> None:
    assert with_charge(CYCLE, {(0, 97): np.nan}).status is DayStatus.CLEAN
    assert with_charge(CYCLE, {(0, 97): 104.0}).status is DayStatus.MASK_BATTERY, "heard of, and it cannot be"


def test_a_charge_that_stands_still_while_the_battery_works_masks_it() -> None:
    stuck = {(9, 97): 59.0}
    label = with_charge(CYCLE, stuck)
    assert label.status is DayStatus.MASK_BATTERY
    assert label.reasons == ("soc stands still while 48 % of the capacity goes through the battery",)
    assert spoils_charge(label)
    assert not spoils_battery_flows(label)
    assert with_charge(CYCLE, stuck, capacity_kwh=None).status is DayStatus.CLEAN, "nobody can tell"
    assert with_charge(CYCLE, stuck, rules=QualityRules(soc_still_percent=50)).status is DayStatus.CLEAN


def test_a_full_battery_that_balances_and_one_that_stands_by_are_sound() -> None:
    full = {(0, 97): 100.0}
    assert with_charge({(10, 14): 0.3}, full).status is DayStatus.CLEAN
    assert with_charge({(0, 96): 0.04}, full).status is DayStatus.CLEAN


def test_a_home_without_a_sensor_of_charge_is_not_blamed_for_it() -> None:
    (label,) = label_days(home(), MEASURED, STOCKHOLM)
    assert label.status is DayStatus.CLEAN


def test_only_days_that_lie_wholly_within_the_slots_are_labelled() -> None:
    slots = np.concatenate([day_slots(DAY + dt.timedelta(days=d), STOCKHOLM) for d in range(3)])[1:-1]
    n = len(slots)
    load = ChannelSlots(np.full(n, 0.1), np.ones(n, np.int8), np.ones(n, np.int8), np.zeros(n, np.int32))
    soc = np.full(n, np.nan)

    labels = label_days(ResolvedSlots(slots, {Channel.LOAD: load}, soc, soc), [Channel.LOAD], STOCKHOLM)

    assert [label.day for label in labels] == [DAY + dt.timedelta(days=1)]
    nothing = ResolvedSlots(slots[:0], {Channel.LOAD: load.part(slice(0))}, soc[:0], soc[:0])
    assert label_days(nothing, [Channel.LOAD], STOCKHOLM) == []


def course(n: int) -> np.ndarray:
    """Market prices that never repeat: another one in every quarter of two days."""
    return 0.4 + np.arange(n) / 1000


def judged(
    prices: np.ndarray | None,
    *,
    other: np.ndarray | None = None,
    kind: PriceKind = PriceKind.SPOT,
    day: dt.date = DAY,
    rules: QualityRules = RULES,
    expected: bool = True,
    measured: list[Channel] = MEASURED,
) -> DayQuality:
    """The label of a sound day by its prices and those of the day before, as one source or two quote them."""
    first = int(day_slots(day, STOCKHOLM)[0]) - DAY_SECONDS
    slots = slot_range(first, int(day_slots(day, STOCKHOLM)[-1]) + SLOT_SECONDS)
    quotes = [
        Quotes(
            name,
            "SE4",
            "SEK",
            kind,
            slots[np.isfinite(p)],
            slots[np.isfinite(p)] + SLOT_SECONDS,
            p[np.isfinite(p)],
        )
        for name, p in (("vattenfall", prices), ("elprisetjustnu", other))
        if p is not None
    ]
    preference = ("vattenfall", "elprisetjustnu")
    known = KnownPrices(
        resolve_prices(slots, quotes, always(Tariff()), preference=preference, area="SE4", currency="SEK"),
        compare_sources(
            slots,
            quotes,
            preference=preference,
            area="SE4",
            currency="SEK",
            tolerance_per_kwh=rules.price_tolerance_per_kwh,
            tolerance_percent=rules.price_tolerance_percent,
        ),
        expected,
    )
    (label,) = label_days(home(day), measured, STOCKHOLM, rules, known)
    return label


@pytest.mark.parametrize("day", [DAY, dt.date(2025, 3, 30), dt.date(2025, 10, 26)])
def test_a_day_with_all_its_prices_is_clean_however_long_it_is(day: dt.date) -> None:
    n = 96 + len(day_slots(day, STOCKHOLM))
    assert judged(course(n), other=course(n), day=day) == DayQuality(day, DayStatus.CLEAN, ())


def test_zero_and_negative_prices_are_as_good_as_any() -> None:
    low = course(192)
    low[100:140] = 0.0
    low[140:160] = -0.6
    assert judged(low).status is DayStatus.CLEAN


def test_a_missing_price_excludes_the_day_and_leaves_its_energy() -> None:
    holed = course(192)
    holed[96:102] = np.nan
    label = judged(holed)

    assert label.status is DayStatus.EXCLUDE
    assert label.reasons == (
        "price: the import price is unknown for 1.5 h",
        "price: the export price is unknown for 1.5 h",
    )
    assert spoils_prices(label)
    assert not spoils_energy(label)
    assert judged(holed, rules=replace(RULES, price_unsound_hours=1.5)).status is DayStatus.CLEAN


def test_a_home_that_does_not_sell_needs_no_export_price() -> None:
    label = judged(course(192), kind=PriceKind.IMPORT, measured=[Channel.LOAD, Channel.IMPORT])
    assert label.status is DayStatus.CLEAN
    assert judged(course(192), kind=PriceKind.IMPORT).status is DayStatus.EXCLUDE


def test_a_home_without_prices_is_not_blamed_for_them() -> None:
    assert judged(None, expected=False).status is DayStatus.CLEAN
    assert judged(None).reasons[0] == "price: the import price is unknown for 24 h"
    holed = course(192)
    holed[96:100] = np.nan
    assert judged(holed, expected=False).status is DayStatus.EXCLUDE, "it has prices on that day"


def test_a_price_that_the_market_cannot_ask_is_named() -> None:
    odd = course(192)
    odd[100], odd[101] = 84.0, -7.0
    label = judged(odd)
    assert label.reasons == ("price: implausible for 0.5 h, as 84 per kWh",)
    assert label.status is DayStatus.EXCLUDE


def test_two_sources_apart_are_named_with_the_difference() -> None:
    other = course(192) * 1.01
    assert judged(course(192), other=other).status is DayStatus.CLEAN, "they round and convert differently"
    other[120:124] += 0.2
    other[10] = 3.0  # the day before
    label = judged(course(192), other=other)
    assert label.status is DayStatus.EXCLUDE
    assert label.reasons == ("price: vattenfall and elprisetjustnu differ for 1 h, by up to 0.205 per kWh",)


def test_a_feed_that_stands_still_is_stale() -> None:
    stuck = course(192)
    stuck[100:148] = 0.3
    assert judged(stuck).status is DayStatus.CLEAN, "twelve hours: the market has had ten at its floor"
    stuck[100:149] = 0.3
    assert judged(stuck).reasons == ("price: the market price stands still for 12.25 h",)


def test_a_feed_that_repeats_the_day_before_is_stale() -> None:
    repeated = np.tile(course(96), 2)
    assert judged(repeated).reasons == ("price: the market price repeats the day before",)
    repeated[-1] += 0.001
    assert judged(repeated).status is DayStatus.CLEAN


def test_a_price_that_may_stand_still_for_a_day_may_do_so_for_two() -> None:
    patient = replace(RULES, price_still_hours=24)
    assert judged(np.zeros(192), rules=patient).status is DayStatus.CLEAN


def test_a_fixed_contract_may_stand_still() -> None:
    label = judged(np.full(192, 1.9), kind=PriceKind.IMPORT, measured=[Channel.LOAD, Channel.IMPORT])
    assert label.status is DayStatus.CLEAN


def test_reasons_of_energy_battery_and_prices_are_told_apart() -> None:
    resolved = home()
    resolved.channels[Channel.BATT_CHARGE].energy_kwh[:] = np.nan
    holed = course(192)
    holed[96:] = np.nan
    price_reasons = judged(holed).reasons
    battery = label_days(resolved, MEASURED, STOCKHOLM)[0].reasons

    assert not spoils_energy(DayQuality(DAY, DayStatus.EXCLUDE, (*battery, *price_reasons)))
    assert spoils_energy(DayQuality(DAY, DayStatus.EXCLUDE, ("load is unknown for 4 h", *price_reasons)))
    assert spoils_energy(DayQuality(DAY, DayStatus.EXCLUDE, ()))
    assert not spoils_prices(DayQuality(DAY, DayStatus.EXCLUDE, ("load is unknown for 4 h",)))
