"""When a home stops adding up, and since when."""

import numpy as np
import pytest
from numpy.typing import NDArray

from darkstar.domain.channels import BALANCE_SIGN, Channel
from darkstar.ledger.balance import Balance, balance
from darkstar.ledger.evidence import Source
from darkstar.ledger.resolved import ChannelSlots, Flag

Series = NDArray[np.float64]
HOURS = 24 * 10


def flows(load: float = 1.0, imported: Series | float = 1.0) -> dict[Channel, Series]:
    """A home that takes from the grid what it uses."""
    nothing = {channel: np.zeros(HOURS) for channel in BALANCE_SIGN}
    return nothing | {
        Channel.LOAD: np.full(HOURS, load),
        Channel.IMPORT: np.broadcast_to(np.asarray(imported), HOURS),
    }


def slots(energy: Series, source: Source = Source.LIVE) -> ChannelSlots:
    n = 4 * len(energy)
    return ChannelSlots(
        np.repeat(energy / 4, 4), np.full(n, source, np.int8), np.ones(n, np.int8), np.zeros(n, np.int32)
    )


def test_what_may_be_off_is_a_share_of_what_flows_and_what_most_hours_are_off_by() -> None:
    home = Balance(flows(imported=1.005))
    assert home.residual == pytest.approx(np.full(HOURS, 0.005))
    assert home.tolerance == pytest.approx(np.full(HOURS, 0.08 * 1.0025 + 0.02))
    assert Balance(flows(imported=1.05)).tolerance == pytest.approx(np.full(HOURS, 0.08 * 1.025 + 0.08))


def test_errors_within_the_tolerance_never_add_up() -> None:
    chance = np.random.default_rng(1)
    home = Balance(flows(imported=1 + chance.uniform(-0.09, 0.09, HOURS)))
    assert not len(home.off)


def test_a_small_fault_is_found_in_the_end_and_a_large_one_at_once_each_from_its_first_hour() -> None:
    """Of 0.15 kWh an hour 0.096 may be: the rest comes to 1.5 kWh in 28 hours; of 1.15 kWh in three at most."""
    for more, last in ((0.15, 28), (1.15, 3)):
        imported = np.ones(HOURS)
        imported[100:] += more
        shown = {c: e[: 100 + last + 8] for c, e in flows(imported=imported).items()}
        assert int(Balance(shown).off[0]) == 100
        assert not len(Balance({c: e[: 100 + last - 1] for c, e in shown.items()}).off)


def test_one_hour_is_no_fault() -> None:
    imported = np.ones(HOURS)
    imported[100] += 5.0
    assert not len(Balance(flows(imported=imported)).off)


def test_the_hours_that_are_off_end_with_the_fault() -> None:
    imported = np.ones(HOURS)
    imported[100:120] += 1.0
    assert (
        int(Balance(flows(imported=imported)).off[0]),
        int(Balance(flows(imported=imported)).off[-1]),
    ) == (
        100,
        119,
    )


def test_what_was_not_measured_proves_nothing() -> None:
    true = {channel: slots(energy) for channel, energy in flows().items()}
    assert balance(true) is not None
    assert balance(true | {Channel.LOAD: slots(np.ones(HOURS), Source.BALANCE)}) is None
    spread = slots(np.ones(HOURS))
    spread.flags[:40] = int(Flag.SPREAD)
    home = balance(true | {Channel.LOAD: spread})
    assert home is not None
    assert np.flatnonzero(~home.known).tolist() == list(range(10))
    assert balance({channel: found.part(slice(0, 23 * 4)) for channel, found in true.items()}) is None


def test_hours_that_are_not_known_are_left_out_of_the_fault() -> None:
    imported = np.ones(HOURS)
    imported[100:120] += 1.0
    imported[110] = np.nan
    assert (
        110
        not in Balance(
            {c: np.where(np.isnan(imported), np.nan, e) for c, e in flows(imported=imported).items()}
        ).off
    )


def test_the_excess_with_other_flows() -> None:
    home = Balance(flows(imported=2.0))
    rows = np.arange(HOURS)
    assert home.excess(rows) == pytest.approx(HOURS * (1 - 0.08 * 1.5 - 0.08))
    assert home.excess(rows, flows()) == 0.0
    moved = flows() | {Channel.LOAD: np.append(np.nan, np.ones(HOURS - 1))}
    assert home.excess(rows, moved) == pytest.approx(1 - 0.08 * 1.5 - 0.08)
