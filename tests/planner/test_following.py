"""The value of a stored kWh, read off a plan: against the cost of a little more and a little less stored."""

from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from darkstar.planner.following import follow, stored_value
from darkstar.planner.highs import HighsEngine
from darkstar.planner.problem import Problem
from tests.planner.cases import STORAGE, problem

ENGINE = HighsEngine()
LITTLE_KWH = 1e-4


def _levels(asked: Problem) -> tuple[float, float, float, float]:
    mode = follow(asked, ENGINE.solve(asked))
    return mode.buy_to_kwh, mode.store_to_kwh, mode.cover_to_kwh, mode.sell_to_kwh


def test_charges_at_full_power_where_it_is_cheap() -> None:
    # A kWh stored for the dear slot is worth 10 * 0.5 = 5; at 0.8 that is 4, above the price of 1.
    assert _levels(problem(load=[0, 2], buy=[1, 10], sell=[0, 0])) == (4.0, 4.0, 4.0, 4.0)


def test_keeps_for_later_what_is_worth_more_then() -> None:
    # 2 kWh give 1 kWh; worth 10 in the last slot, so the first slot's load is bought at 4 and its surplus kept. More
    # could be bought without gain or loss (10 * 0.5 * 0.8 is 4): the plan, which buys none, decides.
    assert _levels(problem(load=[1, 3], buy=[4, 10], sell=[0, 0], soc=2.0)) == (2.0, 4.0, 4.0, 4.0)


def test_covers_the_load_where_nothing_better_comes() -> None:
    assert _levels(problem(load=[1, 0.1], buy=[10, 1], sell=[0, 0], soc=3.0, worth=[0.1], worth_kwh=[4])) == (
        0.0,
        4.0,
        0.0,
        4.0,
    )


def test_feeds_the_grid_where_that_pays_best() -> None:
    assert _levels(problem(load=[0, 0.1], buy=[10, 1], sell=[9, 0], soc=4.0)) == (0.0, 0.0, 0.0, 0.0)


def test_surplus_is_sold_where_it_is_worth_more_than_stored() -> None:
    # Full later anyway by a sun that is sold at 0: what is stored now is worth nothing, selling brings 1.
    asked = problem(load=[0, 0, 0, 4], pv=[1, 4, 4, 0], buy=[3, 3, 3, 3], sell=[1, 0, 0, 0], soc=3.0)
    _, store_to, _, sell_to = _levels(asked)
    assert store_to == 0.0
    assert sell_to <= 3.0


ENERGY = st.floats(0, 3)


@st.composite
def usual_problems(draw: st.DrawFn) -> Problem:
    """Import dearer than export, nothing negative: the cost is a convex function of the stored energy."""
    n = draw(st.integers(1, 6))

    def series(values: st.SearchStrategy[float]) -> list[float]:
        return draw(st.lists(values, min_size=n, max_size=n))

    sell = series(st.floats(0, 5))
    buy = [price + extra for price, extra in zip(sell, series(st.floats(0.1, 5)), strict=True)]
    return problem(
        load=series(ENERGY),
        pv=series(ENERGY),
        buy=buy,
        sell=sell,
        soc=draw(st.floats(0.1, 3.9)),
        storage=replace(STORAGE, wear_charge=0.1, wear_discharge=0.2),
        worth=[draw(st.floats(0, 5))],
        worth_kwh=[4.0],
    )


@settings(max_examples=60, deadline=None)
@given(usual_problems())
def test_value_is_the_slope_of_the_cost(asked: Problem) -> None:
    low, high = stored_value(asked, ENGINE.solve(asked))
    cost = [
        ENGINE.solve(replace(asked, soc_start_kwh=asked.soc_start_kwh + step)).cost
        for step in (-LITTLE_KWH, 0.0, LITTLE_KWH)
    ]
    worth_of_less, worth_of_more = ((cost[i] - cost[i + 1]) / LITTLE_KWH for i in (0, 1))
    assert low <= high + 1e-6
    # A plan is right for every value between the two slopes, and for no other.
    assert low >= worth_of_more - 1e-3
    assert high <= worth_of_less + 1e-3


@settings(max_examples=40, deadline=None)
@given(usual_problems())
def test_mode_does_what_the_plan_does(asked: Problem) -> None:
    plan = ENGINE.solve(asked)
    assume(not _tied(asked, stored_value(asked, plan)))
    surplus, start = float(asked.pv_kwh[0] - asked.load_kwh[0]), asked.soc_start_kwh
    carried_out = follow(asked, plan).move(asked.storage, start, surplus, 1.0)
    # With the load and the sun of the plan, following must cost what the plan costs.
    stored = start + (carried_out * 0.8 if carried_out > 0 else carried_out / 0.5)
    moved = min(max(stored, 0.0), 4.0) - start
    power = moved / 0.8 if moved > 0 else moved * 0.5
    assert plan.cost == pytest.approx(_cost_after(asked, power), abs=1e-4)


def _tied(asked: Problem, value: tuple[float, float]) -> bool:
    """Whether a price of the first slot equals a value that the plan allows: one mode is then as good as another,
    but only for as much energy as the plan moves at that price."""
    storage = asked.storage
    prices = [
        bound
        for price in (float(asked.import_price[0]), float(asked.export_price[0]))
        for bound in (
            (price + storage.wear_charge) / storage.charge_efficiency,
            (price - storage.wear_discharge) * storage.discharge_efficiency,
        )
    ]
    return any(value[0] - 1e-3 <= price <= value[1] + 1e-3 for price in prices)


def _cost_after(asked: Problem, power: float) -> float:
    """The least cost where the battery's first move is given."""
    charge, discharge = max(power, 0.0), max(-power, 0.0)
    stored = asked.soc_start_kwh + 0.8 * charge - discharge / 0.5
    need = float(asked.load_kwh[0] - asked.pv_kwh[0]) + charge - discharge
    now = max(need, 0.0) * float(asked.import_price[0]) - max(-need, 0.0) * float(asked.export_price[0])
    now += 0.1 * charge + 0.2 * discharge
    if len(asked) == 1:
        return now - float(asked.terminal.value[0]) * stored
    rest = replace(
        asked,
        load_kwh=asked.load_kwh[1:],
        pv_kwh=asked.pv_kwh[1:],
        import_price=asked.import_price[1:],
        export_price=asked.export_price[1:],
        soc_start_kwh=min(max(stored, 0.0), 4.0),
    )
    return now + ENGINE.solve(rest).cost
