"""Timer and cheapest hours: by hand."""

from dataclasses import replace

import numpy as np

from darkstar.planner.baselines import Timer, cheapest, cheapest_mode
from darkstar.planner.modes import Kind
from tests.planner.cases import STORAGE

LOSSLESS = replace(STORAGE, charge_efficiency=1.0, discharge_efficiency=1.0)


def test_timer_charges_at_its_hours_only() -> None:
    timer = Timer(hours=(2, 3), target_percent=75.0, power_kw=1.0)
    mode = timer.mode(STORAGE, 2)
    assert mode.kind(0.0) is Kind.CHARGE
    assert mode.move(STORAGE, 0.0, -1.0, 1.0) == 1.0
    assert mode.move(STORAGE, 3.0, -1.0, 1.0) == 0.0
    assert timer.mode(STORAGE, 4).kind(1.0) is Kind.SELF_CONSUMPTION


def test_charges_in_the_cheapest_hours_and_discharges_where_that_pays() -> None:
    # 4 kWh at 2 kW and a loss of a fifth fill in three hours, for a mean of 1.25 a kWh stored. Half of it comes back:
    # an hour at 3 repays that, one at 2.4 does not.
    what = cheapest(STORAGE, np.array([3.0, 1.0, 1.0, 9.0, 2.4, 1.0]), 1.0)
    assert what.tolist() == [-1, 1, 1, -1, 0, 1]


def test_size_says_how_many_hours() -> None:
    small = replace(LOSSLESS, soc_max_kwh=2.0)
    assert cheapest(small, np.array([3.0, 1.0, 2.0, 9.0]), 1.0).tolist() == [-1, 1, -1, -1]
    quarters = cheapest(small, np.arange(16.0), 0.25)
    assert (quarters == 1).sum() == 4
    assert not cheapest(replace(small, charge_max_kw=0.0), np.array([1.0, 9.0]), 1.0).any()


def test_losses_and_wear_must_be_repaid() -> None:
    # 1 / 0.8 = 1.25 a kWh stored; 2.4 * 0.5 = 1.2 got back for it.
    assert not cheapest(STORAGE, np.array([1.0, 2.4, 2.4, 2.4]), 1.0).any()
    assert cheapest(STORAGE, np.array([1.0, 2.6, 2.6, 2.6]), 1.0).tolist() == [1, -1, -1, -1]
    assert not cheapest(replace(STORAGE, wear_charge=0.1), np.array([1.0, 2.6, 2.6, 2.6]), 1.0).any()


def test_holes_are_left_alone() -> None:
    assert cheapest(LOSSLESS, np.array([np.nan, 1.0, 5.0, np.nan]), 1.0).tolist() == [0, 1, -1, 0]
    assert not cheapest(LOSSLESS, np.full(3, np.nan), 1.0).any()


def test_between_it_stores_the_surplus_only() -> None:
    mode = cheapest_mode(STORAGE, 0)
    assert mode.move(STORAGE, 2.0, -1.0, 1.0) == 0.0
    assert mode.move(STORAGE, 2.0, 1.0, 1.0) == 1.0
    assert cheapest_mode(STORAGE, 1).kind(1.0) is Kind.CHARGE
    assert cheapest_mode(STORAGE, -1).kind(1.0) is Kind.SELF_CONSUMPTION
