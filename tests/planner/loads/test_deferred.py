"""The bound of a battery beside a load that may wait, by hand."""

import numpy as np
import pytest

from darkstar.planner.loads.deferred import Deferrable, least_cost
from darkstar.planner.problem import GridModel, Problem, StorageModel, TerminalValue

NO_BATTERY = StorageModel(0.0, 0.0, 0.0, 0.0, 1.0, 1.0)
PRICES = np.array([3.0, 1.0, 2.0, 0.5])


def problem(fuse_kw: float = 10.0, storage: StorageModel = NO_BATTERY) -> Problem:
    """Four hours of one kWh each."""
    return Problem(
        slot_hours=1.0,
        load_kwh=np.ones(4),
        pv_kwh=np.zeros(4),
        import_price=PRICES,
        export_price=np.zeros(4),
        soc_start_kwh=0.0,
        storage=storage,
        grid=GridModel(import_max_kw=fuse_kw, export_max_kw=10.0),
        terminal=TerminalValue(np.zeros(0), np.zeros(0)),
    )


def load(*, due: tuple[int, ...], most: float = 2.0, missing: float = 3.0) -> Deferrable:
    """Two kWh wanted in the first hour, one in the third."""
    ends = np.isin(np.arange(4), due)
    return Deferrable(np.array([2.0, 0.0, 1.0, 0.0]), np.full(4, most), ends, np.full(4, missing))


def test_what_is_asked_for_waits_for_the_cheapest_hour_before_it_is_due() -> None:
    found = least_cost(problem(), load(due=(1, 3)))
    np.testing.assert_allclose(found.drawn_kwh, [0, 2, 0, 1], atol=1e-9)
    np.testing.assert_allclose(found.missing_kwh, 0, atol=1e-9)
    assert found.cost == pytest.approx(PRICES.sum() + 2 * 1.0 + 0.5)
    np.testing.assert_allclose(found.moves.import_kwh, [1, 3, 1, 2], atol=1e-9)


def test_nothing_is_drawn_before_it_is_asked_for() -> None:
    asked = Deferrable(np.array([0.0, 0.0, 2.0, 0.0]), np.full(4, 2.0), np.arange(4) == 2, np.full(4, 9.0))
    assert least_cost(problem(), asked).cost == pytest.approx(PRICES.sum() + 2 * 2.0)


def test_what_cannot_be_drawn_in_time_is_missing_at_its_cost() -> None:
    found = least_cost(problem(), load(due=(1, 3), most=0.5, missing=9.0))
    np.testing.assert_allclose(found.missing_kwh, [0, 1, 0, 0], atol=1e-9)
    assert found.cost == pytest.approx(PRICES.sum() + 0.5 * 3.0 + 0.5 * 1.0 + 1 * 9.0 + 0.5 * 2.0 + 0.5 * 0.5)


def test_where_nothing_may_be_missing_each_slot_draws_what_it_asks_for() -> None:
    found = least_cost(problem(), load(due=(0, 1, 2, 3), missing=np.inf))
    np.testing.assert_allclose(found.drawn_kwh, [2, 0, 1, 0], atol=1e-9)


def test_the_battery_takes_part() -> None:
    storage = StorageModel(0.0, 2.0, 2.0, 2.0, 1.0, 1.0)
    found = least_cost(problem(storage=storage), load(due=(0, 1, 2, 3), missing=np.inf))
    # Two kWh bought at 1.0 replace two at 2.0: the first hour is past before anything is stored.
    assert found.cost == pytest.approx(3 * 3.0 + (1 + 2) * 1.0 + 0.5)
    assert found.soc_kwh[2] == pytest.approx(2.0)
