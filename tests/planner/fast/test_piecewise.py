"""The operations on piecewise-linear functions against their definition, evaluated point by point."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from darkstar.planner.fast.piecewise import WORK_ROWS, extend, lower, step
from darkstar.planner.problem import Series

pytestmark = pytest.mark.slow

ROOM = 10.0
CAPACITY = 400
ROUNDING = 1e-12
WORTHS = st.one_of(
    st.sampled_from([-1.0, 0.0, 0.5, 1.0, 2.0]), st.floats(-3, 3, allow_nan=False, allow_subnormal=False)
)
ENERGIES = st.one_of(st.sampled_from([0.25, 1.0, 10.0, 15.0]), st.floats(0.01, 12, allow_subnormal=False))


class Cost:
    """A function for the tests: pieces from empty to full, and its value anywhere."""

    def __init__(self, worth: Series, kwh: Series, empty: float) -> None:
        self.worth, self.kwh, self.empty = worth, kwh, empty
        self.at = np.concatenate([[0.0], np.cumsum(kwh)])
        self.cost = empty - np.concatenate([[0.0], np.cumsum(worth * kwh)])

    def __call__(self, stored: Series | float) -> Series:
        return np.interp(stored, self.at, self.cost)

    def best(self, stored: float, steps: list[tuple[float, float]], sign: int) -> float:
        """Least cost over the move by its definition: what a move costs is convex, so corners decide."""
        ways = Cost(np.array([-price * sign for price, _ in steps]), np.array([e for _, e in steps]), 0.0)
        stored = min(stored, float(self.at[-1]))
        corners = np.concatenate([ways.at, sign * (self.at - stored)])
        within = stored + sign * corners
        # Full and empty are reached but for rounding.
        reached = (within >= -ROUNDING) & (within <= self.at[-1] + ROUNDING)
        corners = corners[(corners >= 0) & (corners <= ways.at[-1]) & reached]
        return float((ways(corners) + self(stored + sign * corners)).min())


@st.composite
def costs(draw: st.DrawFn) -> Cost:
    count = draw(st.integers(1, 9))
    worth = [draw(WORTHS)]
    while len(worth) < count:
        worth.append(draw(WORTHS.filter(lambda one: one != worth[-1])))
    share = np.array(draw(st.lists(st.floats(0.01, 1), min_size=count, max_size=count)))
    return Cost(np.array(worth), share / share.sum() * ROOM, draw(st.floats(-5, 5)))


@st.composite
def ways(draw: st.DrawFn, sign: int) -> list[tuple[float, float]]:
    prices = sorted(draw(st.lists(WORTHS, max_size=4, unique=True)), key=lambda price: sign * price)
    return [(price, draw(ENERGIES)) for price in prices]


def _moved(cost: Cost, price: float, energy: float, sign: int) -> Cost:
    worth, kwh = np.zeros(CAPACITY), np.zeros(CAPACITY)
    head, tail, added = extend(cost.worth, cost.kwh, 0, len(cost.worth), price, energy, sign, worth, kwh)
    return Cost(worth[head:tail], kwh[head:tail], cost.empty + added)


@given(costs(), WORTHS, ENERGIES, st.sampled_from([1, -1]))
@settings(max_examples=400)
def test_a_step_is_the_best_move_at_its_price(cost: Cost, price: float, energy: float, sign: int) -> None:
    moved = _moved(cost, price, energy, sign)
    assert moved.at[-1] == pytest.approx(ROOM, abs=1e-9)
    for stored in np.unique(np.concatenate([moved.at.clip(0, ROOM), np.linspace(0, ROOM, 23)])):
        assert moved(stored) == pytest.approx(cost.best(stored, [(price, energy)], sign), abs=1e-8)


@given(costs(), costs())
@settings(max_examples=300)
def test_lower_is_the_lower_one_everywhere(one: Cost, other: Cost) -> None:
    worth, kwh = np.zeros(CAPACITY), np.zeros(CAPACITY)
    count, empty = lower(
        one.worth, one.kwh, len(one.worth), one.empty, other.worth, other.kwh, len(other.worth), other.empty,
        worth, kwh,
    )  # fmt: skip
    least = Cost(worth[:count], kwh[:count], empty)
    assert least.at[-1] == pytest.approx(ROOM, abs=1e-9)
    stored = np.unique(np.concatenate([one.at, other.at, least.at, np.linspace(0, ROOM, 23)]))
    np.testing.assert_allclose(least(stored), np.minimum(one(stored), other(stored)), atol=1e-9)


@given(costs(), ways(1), ways(-1))
@settings(max_examples=400)
def test_a_slot_is_the_best_of_charging_and_discharging(
    cost: Cost, charges: list[tuple[float, float]], discharges: list[tuple[float, float]]
) -> None:
    price, energy = np.zeros(8), np.zeros(8)
    for number, (one, size) in enumerate(charges):
        price[number], energy[number] = one, size
    for number, (one, size) in enumerate(discharges):
        price[4 + number], energy[4 + number] = one, size
    worth, kwh, work = np.zeros(CAPACITY), np.zeros(CAPACITY), np.zeros((WORK_ROWS, CAPACITY))
    count, empty = step(
        cost.worth, cost.kwh, len(cost.worth), cost.empty, price, energy, 0.25, worth, kwh, work
    )
    before = Cost(worth[:count], kwh[:count], empty)
    assert before.at[-1] == pytest.approx(ROOM, abs=1e-9)
    for stored in np.unique(np.concatenate([before.at.clip(0, ROOM), np.linspace(0, ROOM, 23)])):
        # The discharge's gains are its prices, negative costs.
        best = min(cost.best(stored, charges, 1), cost.best(stored, discharges, -1))
        assert before(stored) - 0.25 == pytest.approx(best, abs=1e-8)


def test_a_valley_gains_a_floor_and_a_peak_loses_as_much() -> None:
    # V falls by 2 to 2 kWh, rises by 2 to 5, falls by 6 to 8, rises again: at price 0 a step of 1 kWh.
    cost = Cost(np.array([1.0, -0.5, 2.0, -1.0]), np.array([2.0, 3.0, 3.0, 2.0]), 0.0)
    moved = _moved(cost, 0.0, 1.0, 1)
    # The first downhill loses 1 at the empty end; the peak loses 0.8 of its gentle and 0.2 of its steep side.
    np.testing.assert_allclose(moved.worth, [1.0, 0.0, -0.5, 2.0, 0.0, -1.0])
    np.testing.assert_allclose(moved.kwh, [1.0, 1.0, 2.2, 2.8, 1.0, 2.0])
    assert moved.empty == pytest.approx(-1.0)


def test_no_room_is_a_function_too() -> None:
    nothing = np.zeros(0)
    worth, kwh, work = np.zeros(40), np.zeros(40), np.zeros((WORK_ROWS, 40))
    price, energy = np.full(8, 1.0), np.full(8, 1.0)
    price[4:] = 2.0
    assert step(nothing, nothing, 0, 3.0, price, energy, 0.5, worth, kwh, work) == (0, 3.5)


def test_infeasible_stays_infeasible_and_loses_to_anything() -> None:
    some, length = np.array([1.0]), np.array([ROOM])
    worth, kwh, work = np.zeros(40), np.zeros(40), np.zeros((WORK_ROWS, 40))
    assert step(some, length, 1, np.inf, np.zeros(8), np.zeros(8), 0.5, worth, kwh, work)[1] == np.inf
    for arguments in (
        (some, length, 1, 2.0, some, length, 0, np.inf),
        (some, length, 0, np.inf, some, length, 1, 2.0),
    ):
        assert lower(*arguments, worth, kwh) == (1, 2.0)
        assert worth[0] == 1.0


def test_too_little_space_is_told_not_overrun() -> None:
    cost = Cost(np.array([2.0, 1.0, 0.0]), np.array([1.0, 1.0, 8.0]), 0.0)
    small = np.zeros(4)
    price, energy = np.full(8, 0.5), np.full(8, 1.0)
    assert step(cost.worth, cost.kwh, 3, 0.0, price, energy, 0.0, small, small, np.zeros((6, 4)))[0] == -1
    assert lower(cost.worth, cost.kwh, 3, 0.0, cost.worth, cost.kwh, 3, 1.0, small, small)[0] == -1
