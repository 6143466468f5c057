"""A home's balance tells which of its meters lies."""

from collections.abc import Mapping

import numpy as np
import pytest
from numpy.typing import NDArray

from darkstar.domain.channels import Channel
from darkstar.ledger.causes.cause import Cause
from darkstar.ledger.causes.household import Suspicion, suspicions
from darkstar.ledger.evidence import Source
from darkstar.ledger.resolved import ChannelSlots

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
    hours: Mapping[Channel, Series], source: Mapping[Channel, Source] | None = None
) -> list[Suspicion]:
    slots = {}
    for channel, energy in hours.items():
        quarters = np.repeat(energy / 4, 4)
        told = (source or {}).get(channel, Source.HA_HOUR)
        n = len(quarters)
        slots[channel] = ChannelSlots(
            quarters, np.full(n, told, np.int8), np.ones(n, np.int8), np.zeros(n, np.int32)
        )
    return suspicions(slots, LIMITS)


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
