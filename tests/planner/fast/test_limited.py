"""Import limits of single slots: by hand, and the engine's own where the limit is one for all."""

from dataclasses import replace

import numpy as np
import pytest

from darkstar.domain.errors import UsageError
from darkstar.planner.fast.engine import FastEngine
from darkstar.planner.fast.limited import ImportLimit, LimitedEngine
from tests.planner.cases import GRID, STORAGE, problem

ENGINE = LimitedEngine()
LOSSLESS = replace(STORAGE, charge_efficiency=1.0, discharge_efficiency=1.0)
INF = float("inf")


def limit(kw: list[float], breach_cost: float = 50.0) -> ImportLimit:
    return ImportLimit(np.array(kw), np.full(len(kw), breach_cost))


def test_each_slot_has_its_own() -> None:
    # 3 kWh in the last hour, where 2 may be drawn: the first is dear and free, the second cheap and full with 1.
    asked = problem(load=[0, 1, 3], buy=[2, 1, 1], sell=[0, 0, 0], storage=LOSSLESS)
    plan = ENGINE.solve(asked, limit([INF, 1.0, 2.0]))
    assert plan.import_kwh.tolist() == [1.0, 1.0, 2.0]
    assert plan.cost == pytest.approx(2 + 1 + 2)
    assert ENGINE.solve(asked, limit([INF, INF, 2.0])).import_kwh.tolist() == [0.0, 2.0, 2.0]


def test_what_cannot_be_held_is_broken_and_not_paid_in_the_plan() -> None:
    asked = problem(load=[5], buy=[1], sell=[0])
    plan = ENGINE.solve(asked, limit([2.0]))
    assert plan.import_kwh.tolist() == [5.0]
    assert plan.breach_kwh.tolist() == [0.0]
    assert plan.cost == pytest.approx(5.0)
    assert ENGINE.least_cost(asked, limit([2.0])) == pytest.approx(5.0 + 3 * 50)
    beyond = ENGINE.solve(replace(asked, grid=replace(GRID, import_max_kw=4.0)), limit([2.0]))
    assert (beyond.import_kwh[0], beyond.breach_kwh[0], beyond.cost) == pytest.approx((4.0, 1.0, 105.0))


def test_one_limit_for_all_is_the_fuse() -> None:
    rng = np.random.default_rng(3)
    for _ in range(5):
        n = 40
        asked = problem(
            load=rng.uniform(0, 3, n).tolist(),
            buy=rng.uniform(-0.5, 2, n).tolist(),
            sell=rng.uniform(-1, 1, n).tolist(),
        )
        own = FastEngine().solve(
            replace(asked, grid=replace(GRID, import_max_kw=2.0, import_breach_cost=50.0))
        )
        under = limit([2.0] * n)
        assert ENGINE.least_cost(asked, under) == pytest.approx(own.cost)
        drawn = own.import_kwh + own.breach_kwh
        assert ENGINE.solve(asked, under).import_kwh == pytest.approx(drawn)
        assert ENGINE.solve(asked, limit([INF] * n)).cost == pytest.approx(FastEngine().solve(asked).cost)


def test_what_is_no_limit_is_refused() -> None:
    asked = problem(load=[1, 1], buy=[1, 1], sell=[0, 0])
    for wrong in (limit([1.0]), limit([1.0, float("nan")]), limit([1.0, 1.0], -1.0)):
        with pytest.raises(UsageError, match="import limit"):
            ENGINE.solve(asked, wrong)
