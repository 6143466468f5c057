"""A home's balance tells which of its meters lies."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray

from darkstar.domain.channels import BALANCE_SIGN, Channel
from darkstar.domain.slots import HOUR_SECONDS
from darkstar.ledger.causes.cause import Cause
from darkstar.ledger.causes.household import Suspicion, standing_still, suspicions
from darkstar.ledger.contradictions import Surroundings
from darkstar.ledger.evidence import Source
from darkstar.ledger.habits import Course
from darkstar.ledger.resolved import ChannelSlots
from tests.ledger.cases import MIDNIGHT

N = 24 * 7
Series = NDArray[np.float64]
LIMITS = dict.fromkeys(Channel, 3.0)


def home() -> dict[Channel, Series]:
    """A week by the hour: the sun covers what it can, the battery takes some of the rest, the grid the remainder."""
    chance = np.random.default_rng(5)
    clock = np.arange(N) % 24
    water = np.where((clock == 3) | (clock == 14), 2.0, 0.0) * chance.uniform(0.8, 1.2, N)
    load = 0.4 + chance.gamma(2, 0.3, N) + water
    sun = np.maximum(np.sin((clock - 6) / 12 * np.pi), 0) * chance.uniform(1, 4, N)
    surplus = sun - load
    charge = np.clip(surplus * 0.5, 0, 1)
    discharge = np.clip(-surplus * 0.3, 0, 1)
    net = load + charge - sun - discharge
    return {
        Channel.LOAD: load,
        Channel.PV: sun,
        Channel.IMPORT: np.maximum(net, 0),
        Channel.EXPORT: np.maximum(-net, 0),
        Channel.BATT_CHARGE: charge,
        Channel.BATT_DISCHARGE: discharge,
        Channel.WATER: water,
    }


def judged(
    hours: Mapping[Channel, Series],
    source: Mapping[Channel, Source] | None = None,
    around: Surroundings | None = None,
    stopped: Collection[Channel] = (),
) -> list[Suspicion]:
    slots = {}
    for channel, energy in hours.items():
        quarters = np.repeat(energy / 4, 4)
        told = (source or {}).get(channel, Source.HA_HOUR)
        n = len(quarters)
        slots[channel] = ChannelSlots(
            quarters, np.full(n, told, np.int8), np.ones(n, np.int8), np.zeros(n, np.int32)
        )
    return suspicions(slots, LIMITS, around, stopped)


def test_a_home_whose_meters_agree_is_not_suspected() -> None:
    assert judged(home()) == []


def test_small_losses_are_no_lie() -> None:
    true = home()
    assert judged({**true, Channel.LOAD: true[Channel.LOAD] * 0.95}) == []


def test_two_sensors_in_each_other_s_place() -> None:
    true = home()
    (found,) = judged({**true, Channel.IMPORT: true[Channel.EXPORT], Channel.EXPORT: true[Channel.IMPORT]})
    assert (found.cause, set(found.channels)) == (Cause.SWAPPED, {Channel.IMPORT, Channel.EXPORT})


@pytest.mark.parametrize(
    ("factor", "cause"), [(2.0, Cause.DOUBLE), (0.001, Cause.UNIT), (1000.0, Cause.UNIT)]
)
@pytest.mark.parametrize("channel", [Channel.LOAD, Channel.PV, Channel.IMPORT])
def test_a_channel_that_is_a_multiple_of_itself(channel: Channel, factor: float, cause: Cause) -> None:
    true = home()
    (found,) = judged({**true, channel: true[channel] * factor})
    assert (found.cause, found.channels) == (cause, (channel,))


@pytest.mark.parametrize("lag", [-2, -1, 1, 2])
@pytest.mark.parametrize("channels", [(Channel.PV,), (Channel.LOAD, Channel.PV)])
def test_rows_that_stand_hours_off(channels: tuple[Channel, ...], lag: int) -> None:
    true = home()
    (found,) = judged({**true, **{channel: np.roll(true[channel], lag) for channel in channels}})
    assert (found.cause, set(found.channels)) == (Cause.SHIFTED, set(channels))
    assert f"{abs(lag)} h {'earlier' if lag > 0 else 'later'}" in found.detail


def test_one_sensor_in_two_channels() -> None:
    true = home()
    (found,) = judged({**true, Channel.PV: true[Channel.IMPORT]})
    assert (found.cause, set(found.channels)) == (Cause.DOUBLE, {Channel.PV, Channel.IMPORT})


def test_a_home_without_sun_or_battery_shows_the_same_as_load_and_as_import() -> None:
    true = home()
    nothing = np.zeros(N)
    plain = dict.fromkeys(true, nothing) | {
        Channel.LOAD: true[Channel.LOAD],
        Channel.IMPORT: true[Channel.LOAD],
    }
    assert judged(plain) == []


@pytest.mark.parametrize(("share", "words"), [(-1, "beside the load"), (1, "twice within the load")])
def test_the_water_heater_beside_the_load(share: int, words: str) -> None:
    true = home()
    (found,) = judged({**true, Channel.LOAD: true[Channel.LOAD] + share * true[Channel.WATER]})
    assert (found.cause, found.channels) == (Cause.DOUBLE, (Channel.WATER, Channel.LOAD))
    assert words in found.detail


def test_a_meter_that_is_stuck_is_told_with_the_hour_from_which() -> None:
    true = home()
    stuck = true[Channel.IMPORT].copy()
    stuck[60:] = 0.0
    (found,) = judged({**true, Channel.IMPORT: stuck})
    assert (found.cause, found.channels) == (Cause.FROZEN, (Channel.IMPORT,))
    assert found.hours is not None
    assert 60 <= found.hours[0] < 66
    assert found.hours[1] == N


def test_a_channel_that_comes_from_the_balance_proves_nothing() -> None:
    true = home()
    doubled = {**true, Channel.PV: 2 * true[Channel.PV]}
    assert judged(doubled, {Channel.LOAD: Source.BALANCE}) == []


def test_hours_written_as_quarters() -> None:
    true = home()
    n = 4 * N
    lumps = np.zeros(n)
    lumps[::4] = true[Channel.LOAD]
    slots = {
        channel: ChannelSlots(
            np.repeat(kwh / 4, 4), np.full(n, 6, np.int8), np.ones(n, np.int8), np.zeros(n, np.int32)
        )
        for channel, kwh in true.items()
    }
    slots[Channel.LOAD] = ChannelSlots(
        lumps, np.full(n, Source.IMPORT_FINE, np.int8), np.ones(n, np.int8), np.zeros(n, np.int32)
    )
    (found,) = suspicions(slots, LIMITS)
    assert (found.cause, found.channels) == (Cause.LUMPED, (Channel.LOAD,))
    assert "quarter 1 of 4" in found.detail


SUN = Surroundings(sun=np.where((np.arange(N) % 24 > 5) & (np.arange(N) % 24 < 18), 0.5, -0.5))
STORE = 0.95 * home()[Channel.BATT_CHARGE] - home()[Channel.BATT_DISCHARGE] / 0.95


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (a, b)
        for a, b in combinations(BALANCE_SIGN, 2)
        if BALANCE_SIGN[a] == BALANCE_SIGN[b] and {a, b} != {Channel.EXPORT, Channel.BATT_CHARGE}
    ],
)
def test_two_sensors_of_one_side_in_each_other_s_place(one: Channel, other: Channel) -> None:
    """The balance holds; what cannot be tells. (This home charges about what it sells: nothing tells those two.)"""
    true = home()
    around = replace(SUN, stored_kwh=STORE)
    assert judged(true, around=around) == []
    (found,) = judged({**true, one: true[other], other: true[one]}, around=around)
    assert (found.cause, set(found.channels)) == (Cause.SWAPPED, {one, other})


def test_a_channel_that_is_within_another_already() -> None:
    true = home()
    (found,) = judged({**true, Channel.LOAD: true[Channel.LOAD] + true[Channel.BATT_CHARGE]})
    assert found.cause is Cause.DOUBLE
    assert found.channels == (Channel.BATT_CHARGE,)


def test_of_two_meters_that_show_nothing_that_against_its_habit_stopped() -> None:
    """Nothing comes of the sun or the battery; what is missing could be of either, but for what the past tells."""
    nothing = np.zeros(N)
    load = home()[Channel.LOAD]
    shown = {**dict.fromkeys(BALANCE_SIGN, nothing), Channel.LOAD: load, Channel.WATER: nothing}
    (either,) = judged(shown)
    assert either.cause is Cause.FROZEN
    assert {Channel.PV, Channel.IMPORT, Channel.BATT_DISCHARGE} == set(either.channels)
    for channel in either.channels:
        (found,) = judged(shown, stopped=[channel])
        assert found.channels[0] is channel


NO_BATTERY = {Channel.BATT_CHARGE: Source.ABSENT, Channel.BATT_DISCHARGE: Source.ABSENT}


def without_battery() -> dict[Channel, Series]:
    true = home()
    net = true[Channel.LOAD] - true[Channel.PV]
    nothing = {channel: np.zeros(N) for channel in NO_BATTERY}
    return {**true, **nothing, Channel.IMPORT: np.maximum(net, 0), Channel.EXPORT: np.maximum(-net, 0)}


@pytest.mark.parametrize("channel", [Channel.LOAD, Channel.PV, Channel.IMPORT, Channel.EXPORT])
@pytest.mark.parametrize("share", [0.0, 0.4, 3.0])
def test_what_the_home_does_not_have_is_never_at_fault(channel: Channel, share: float) -> None:
    """Whatever stops or lies, a battery could make up for; a home without one is not told of it."""
    true = without_battery()
    assert judged(true, NO_BATTERY, SUN) == []
    for since in (0, 60):
        wrong = true[channel].copy()
        wrong[since:] *= share
        (found,) = judged({**true, channel: wrong}, NO_BATTERY, SUN)
        assert "batt" not in found.detail
        assert NO_BATTERY.keys().isdisjoint(found.channels)


def test_sensors_are_not_exchanged_with_what_the_home_does_not_have() -> None:
    true = without_battery()
    shown = {**true, Channel.PV: true[Channel.IMPORT], Channel.IMPORT: true[Channel.PV]}
    (found,) = judged(shown, NO_BATTERY, SUN)
    assert (found.cause, set(found.channels)) == (Cause.SWAPPED, {Channel.PV, Channel.IMPORT})


def test_a_meter_that_stands_still_against_its_habit() -> None:
    hours = MIDNIGHT + HOUR_SECONDS * np.arange(90 * 24, dtype=np.int64)
    energy = np.full(len(hours), 0.3)
    energy[1200:1230] = 0.0
    energy[-96:] = 0.0
    course = Course(hours, hours // HOUR_SECONDS, energy)
    found = standing_still(
        {Channel.LOAD: course, Channel.IMPORT: replace(course, energy_kwh=np.ones(90 * 24))}
    )
    assert [(s.cause, s.channels) for s in found] == [(Cause.FROZEN, (Channel.LOAD,))] * len(found)
    assert [s.hours for s in found] == [(1200, 1230), (2064, 2160)]
    assert "stands still since" in found[0].detail
