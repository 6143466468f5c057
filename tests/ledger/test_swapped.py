"""Two channels in each other's place, told by the balance."""

from itertools import combinations

import numpy as np
import pytest

from darkstar.domain.channels import BALANCE_SIGN, Channel
from darkstar.domain.slots import slot_range
from darkstar.ledger.evidence import Source
from darkstar.ledger.resolved import ChannelSlots, ResolvedSlots
from darkstar.ledger.swapped import swapped
from tests.ledger.cases import MIDNIGHT

DAYS = 7
N = 96 * DAYS
STOCKHOLM = (59.33, 18.07)


def healthy() -> dict[Channel, np.ndarray]:
    """A week of a home with sun and a battery that balances in every quarter."""
    random = np.random.default_rng(1)
    load = random.uniform(0.05, 0.6, N)
    pv = np.maximum(np.sin(np.linspace(0, 2 * np.pi * DAYS, N) - np.pi / 2), 0) * 1.2
    spare = pv - load
    charge = np.clip(spare, 0, 0.5)
    discharge = np.where(spare < 0, np.minimum(-spare, 0.2), 0.0)
    net = load + charge - pv - discharge
    return {
        Channel.LOAD: load,
        Channel.PV: pv,
        Channel.BATT_CHARGE: charge,
        Channel.BATT_DISCHARGE: discharge,
        Channel.IMPORT: np.maximum(net, 0),
        Channel.EXPORT: np.maximum(-net, 0),
    }


def home(flows: dict[Channel, np.ndarray], sources: dict[Channel, Source] | None = None) -> ResolvedSlots:
    channels = {
        channel: ChannelSlots(
            flows.get(channel, np.full(N, np.nan)),
            np.full(N, (sources or {}).get(channel, Source.HA_HOUR), np.int8),
            np.ones(N, np.int8),
            np.zeros(N, np.int32),
        )
        for channel in Channel
    }
    return ResolvedSlots(
        slot_range(MIDNIGHT, MIDNIGHT + 900 * N), channels, np.full(N, np.nan), np.full(N, np.nan)
    )


def test_a_home_that_balances_is_healthy() -> None:
    assert swapped(home(healthy()), *STOCKHOLM) is None


def test_meters_that_are_a_little_off_are_healthy() -> None:
    flows = healthy()
    flows[Channel.LOAD] = flows[Channel.LOAD] * 1.05

    assert swapped(home(flows), *STOCKHOLM) is None


@pytest.mark.parametrize(
    ("one", "other"),
    [pair for pair in combinations(BALANCE_SIGN, 2) if BALANCE_SIGN[pair[0]] != BALANCE_SIGN[pair[1]]],
)
def test_two_channels_on_different_sides_of_the_balance_are_found(one: Channel, other: Channel) -> None:
    flows = healthy()
    flows[one], flows[other] = flows[other], flows[one]

    found = swapped(home(flows), *STOCKHOLM)

    assert found is not None
    assert set(found) == {one, other}


def test_a_home_that_does_not_balance_for_another_reason_is_not_called_swapped() -> None:
    flows = healthy()
    flows[Channel.LOAD] = flows[Channel.LOAD] * 3

    assert swapped(home(flows), *STOCKHOLM) is None


def test_a_few_hours_tell_nothing() -> None:
    flows = healthy()
    flows[Channel.IMPORT], flows[Channel.EXPORT] = flows[Channel.EXPORT], flows[Channel.IMPORT]
    for energy in flows.values():
        energy[80:] = np.nan

    assert swapped(home(flows), *STOCKHOLM) is None


@pytest.mark.parametrize("exchanged", [False, True])
def test_a_home_that_sells_in_the_dark_without_a_battery_has_its_grid_meters_exchanged(
    exchanged: bool,
) -> None:
    flows = healthy()
    net = flows[Channel.LOAD] - flows[Channel.PV]
    bought, sold = np.maximum(net, 0), np.maximum(-net, 0)
    nothing = np.zeros(N)
    flows |= {Channel.BATT_CHARGE: nothing, Channel.BATT_DISCHARGE: nothing}
    flows |= (
        {Channel.IMPORT: sold, Channel.EXPORT: bought}
        if exchanged
        else {Channel.IMPORT: bought, Channel.EXPORT: sold}
    )
    sources = {
        Channel.LOAD: Source.BALANCE,
        Channel.BATT_CHARGE: Source.ABSENT,
        Channel.BATT_DISCHARGE: Source.ABSENT,
    }

    assert swapped(home(flows, sources), *STOCKHOLM) == (
        (Channel.IMPORT, Channel.EXPORT) if exchanged else None
    )
