"""Steps that courses share are those that each slot lays out by itself."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from darkstar.planner.fast.piecewise import CHARGE_STEPS, STEPS
from darkstar.planner.fast.recursion import kinked
from darkstar.planner.fast.shared_steps import COUNT, PAID, SIZE, share_steps, shared_steps, steps_that_pay
from darkstar.planner.fast.slot_cost import lay_out_slot, site_limits
from darkstar.planner.problem import GridModel, StorageModel

ENERGY = st.one_of(st.just(0.0), st.floats(0.01, 9.0))
PRICE = st.floats(-5.0, 5.0)
LENGTH = 0.25


def limits(charge_kw: float, discharge_kw: float, import_kw: float, export_kw: float) -> np.ndarray:
    storage = StorageModel(0.0, 5.0, charge_kw, discharge_kw, 0.9, 0.95, 0.01, 0.02)
    return site_limits(storage, GridModel(import_kw, export_kw, 3.0, 0.1), 1.0)


@settings(max_examples=50)
@given(ENERGY, ENERGY, PRICE, PRICE, ENERGY, ENERGY, ENERGY, ENERGY)
def test_the_same_steps(
    load: float, pv: float, buy: float, sell: float, charge: float, discharge: float, drawn: float, fed: float
) -> None:
    site, price, energy, steps = (
        limits(charge, discharge, drawn, fed),
        np.empty(STEPS),
        np.empty(STEPS),
        shared_steps(),
    )
    lay_out_slot(load, pv, buy, sell, site, price, energy)
    may_bend = share_steps(buy, sell, site, LENGTH, steps)
    assert may_bend or not kinked(price, energy)
    count, charged = steps_that_pay(load, pv, site, 1.0 / LENGTH, np.inf, -np.inf, steps)
    alone = []
    for first, order in ((0, -1), (CHARGE_STEPS, 1)):
        end = first + CHARGE_STEPS
        laid = [number for number in range(first, end) if (energy[first : number + 1] > 0).all()]
        alone += [(price[number] * LENGTH, energy[number] / LENGTH) for number in laid[::order]]
        if not first:
            assert steps[COUNT, 0] == len(alone)
            assert charged == pytest.approx(sum(size for _, size in alone))
    shared = list(zip(steps[PAID, :count].tolist(), steps[SIZE, :count].tolist(), strict=True))
    assert _worth_telling(shared) == pytest.approx(_worth_telling(alone), abs=1e-9)


def _worth_telling(steps: list[tuple[float, float]]) -> np.ndarray:
    """Without what is left of two sums that cancel to rounding."""
    return np.array([step for step in steps if step[1] > 1e-12]).ravel()


def test_only_what_pays() -> None:
    steps, site = shared_steps(), limits(2.0, 2.0, 9.0, 9.0)
    share_steps(3.0, 1.0, site, 1.0, steps)
    # Charging from the grid costs 3.01 / 0.9, discharging to it gains 0.98 * 0.95; load and sun meet without a rest.
    assert steps_that_pay(1.0, 1.0, site, 1.0, 4.0, 0.5, steps)[0] == 2
    assert steps[COUNT].tolist()[:3] == [1.0, 2.0, pytest.approx(1.8)]
    assert steps_that_pay(1.0, 1.0, site, 1.0, 3.0, 0.5, steps) == (1, 0.0)
    assert steps_that_pay(1.0, 1.0, site, 1.0, 3.0, 0.95, steps) == (0, 0.0)
