"""Modes: levels from a value function, by hand; and whatever load and sun come, the move that costs least."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from darkstar.planner.fast.value import StoredValue
from darkstar.planner.modes import (
    Curtail,
    Kind,
    charge_to,
    curtailment,
    mode_of,
    reserve,
    self_consumption,
    setpoint,
)
from tests.planner.cases import GRID, STORAGE

WORN = replace(STORAGE, wear_charge=0.1, wear_discharge=0.2)
# Of four kWh the first is worth 9, then 5, 3, 1.
VALUE = StoredValue(np.array([0.0, 1.0, 2.0, 3.0, 4.0]), np.array([18.0, 9.0, 4.0, 1.0, 0.0]))


def test_levels_by_hand() -> None:
    # Bought for 2: (2 + 0.1) / 0.8 = 2.625 a kWh stored, so up to 3 kWh. Sold for 1: stored for 1.375, up to 3 kWh.
    # A kWh stored saves (2 - 0.2) * 0.5 = 0.9 as load, less than any is worth; and brings 0.4 sold.
    mode = mode_of(VALUE, (2.0, 1.0), WORN, GRID, 1.5)
    assert (mode.buy_to_kwh, mode.store_to_kwh, mode.cover_to_kwh, mode.sell_to_kwh) == (3.0, 3.0, 4.0, 4.0)
    assert mode.worth == 5.0
    # At 9 and 8: load saves 4.4, so down to 2 kWh; sold brings 3.9, down to 2 as well; nothing is worth 11 or 10.
    mode = mode_of(VALUE, (9.0, 8.0), WORN, GRID, 1.5)
    assert (mode.buy_to_kwh, mode.store_to_kwh, mode.cover_to_kwh, mode.sell_to_kwh) == (0.0, 0.0, 2.0, 2.0)


def test_kinds() -> None:
    mode = mode_of(VALUE, (2.0, 1.0), WORN, GRID, 1.5)
    assert [mode.kind(soc) for soc in (1.5, 3.0, 4.0)] == [Kind.CHARGE, Kind.HOLD, Kind.HOLD]
    mode = mode_of(VALUE, (9.0, 5.0), WORN, GRID, 1.5)
    assert [mode.kind(soc) for soc in (2.0, 2.5, 3.5)] == [Kind.HOLD, Kind.SELF_CONSUMPTION, Kind.DISCHARGE]
    assert self_consumption(STORAGE).kind(2.0) is Kind.SELF_CONSUMPTION
    assert reserve(STORAGE, 2.5).kind(2.0) is Kind.HOLD
    assert setpoint(STORAGE, 0.0).kind(2.0) is Kind.HOLD


@pytest.mark.parametrize(("surplus", "moved"), [(-3.0, 1.5), (0.0, 1.5), (1.8, 1.8), (5.0, 2.0)])
def test_charging_takes_the_sun_as_well(surplus: float, moved: float) -> None:
    assert charge_to(STORAGE, 3.0, 1.5).move(STORAGE, 0.0, surplus, 1.0) == pytest.approx(min(moved, 1.5))
    assert charge_to(STORAGE, 1.6, 2.0).move(STORAGE, 0.0, surplus, 1.0) == pytest.approx(max(2.0, moved))


def test_reserve_is_kept() -> None:
    assert reserve(STORAGE, 1.5).move(STORAGE, 2.0, -3.0, 1.0) == pytest.approx(-0.25)
    assert reserve(STORAGE, 1.5).move(STORAGE, 1.0, -3.0, 1.0) == 0.0
    assert reserve(STORAGE, 1.5).move(STORAGE, 1.0, 0.5, 1.0) == 0.5


def test_the_import_is_held_under_its_limit() -> None:
    charging = replace(charge_to(STORAGE, 3.0, 1.5), import_kw=2.0)
    assert [charging.move(STORAGE, 0.0, surplus, 1.0) for surplus in (-0.2, -1.2, -2.0)] == [1.5, 0.8, 0.0]
    # A reserve that nothing else may touch serves the peaks: of a load of 3.2 what lies above 2.
    held = replace(reserve(STORAGE, 2.0), import_kw=2.0)
    assert held.move(STORAGE, 2.0, -1.9, 1.0) == 0.0
    assert held.move(STORAGE, 2.0, -3.2, 1.0) == pytest.approx(-1.2)
    assert replace(held, discharge_kw=0.5).move(STORAGE, 2.0, -3.2, 1.0) == -0.5
    assert held.move(STORAGE, 0.5, 1.0, 1.0) == 1.0


def test_sun_at_negative_prices() -> None:
    assert curtailment((1.0, 0.1), GRID) is Curtail.NOTHING
    assert curtailment((1.0, -0.1), GRID) is Curtail.SURPLUS
    assert curtailment((-0.1, -0.2), GRID) is Curtail.ALL
    assert curtailment((1.0, -0.1), replace(GRID, curtailment_cost=0.2)) is Curtail.NOTHING
    # Curtailed sun brings nothing, so all that has room is stored; fed in it would cost, so nothing is.
    mode = mode_of(VALUE, (2.0, -0.5), STORAGE, GRID, 1.0)
    assert (mode.store_to_kwh, mode.sell_to_kwh) == (4.0, 4.0)


FALLING = st.lists(st.floats(0, 12), min_size=1, max_size=5).map(lambda worth: sorted(worth, reverse=True))


@settings(max_examples=150, deadline=None)
@given(FALLING, st.floats(0, 8), st.floats(0, 4), st.floats(0, 3), st.floats(0, 3), st.floats(0, 4))
def test_no_other_move_costs_less(
    worth: list[float], sell: float, more: float, load: float, pv: float, soc: float
) -> None:
    buy = sell + more
    kwh = np.linspace(0.0, 4.0, len(worth) + 1)
    value = StoredValue(kwh, -np.concatenate([[0.0], np.cumsum(np.array(worth) * np.diff(kwh))]))

    def cost(move: float) -> float:
        net = load - pv + move
        stored = soc + (move * 0.8 if move > 0 else move / 0.5)
        wear = 0.1 * move if move > 0 else -0.2 * move
        return (net * buy if net > 0 else net * sell) + wear + value.cost_at(min(max(stored, 0.0), 4.0))

    chosen = mode_of(value, (buy, sell), WORN, GRID, soc).move(WORN, soc, pv - load, 1.0)
    lowest, highest = -min(2.0, soc * 0.5), min(2.0, (4.0 - soc) / 0.8)
    assert lowest - 1e-9 <= chosen <= highest + 1e-9
    assert cost(chosen) <= min(cost(move) for move in np.linspace(lowest, highest, 81)) + 1e-4
