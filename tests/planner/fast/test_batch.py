"""Batches and years of plans give what single problems give."""

from dataclasses import replace

import numpy as np
import pytest

from darkstar.domain.errors import UsageError
from darkstar.planner.fast.batch import batch_of, replan, solve_batch
from darkstar.planner.fast.engine import FastEngine
from darkstar.planner.problem import Problem
from tests.planner.cases import GRID, STORAGE, problem

pytestmark = pytest.mark.slow
ENGINE = FastEngine()


def _home(seed: int, slots: int, level: float) -> Problem:
    random = np.random.default_rng(seed)
    buy = random.normal(level, 1.0, slots).round(2)
    return problem(
        load=random.gamma(1, 1, slots).tolist(),
        pv=np.maximum(random.normal(0, 2, slots), 0).tolist(),
        buy=buy.tolist(),
        sell=(buy - 0.3).tolist(),
        soc=float(random.uniform(1, 3)),
        storage=replace(STORAGE, soc_min_kwh=0.5, charge_max_kw=float(random.uniform(0.5, 3))),
        grid=GRID,
        worth=[1.5, 0.5],
        worth_kwh=[1.0, 1.0],
    )


@pytest.mark.parametrize("threads", [1, 3])
def test_each_home_as_if_alone(threads: int) -> None:
    homes = [_home(seed, 40, level) for seed, level in enumerate([2, 2, -1, 2, -2, 0, 1])]
    batch = batch_of(homes)
    whole, first = solve_batch(batch, whole=True, threads=threads), solve_batch(batch, threads=threads)
    for number, home in enumerate(homes):
        plan, glance = ENGINE.solve(home), ENGINE.first_move(home)
        assert whole.cost[number] == first.cost[number] == glance.cost
        assert whole.worth[number] == glance.worth
        np.testing.assert_allclose(whole.moves_kwh[number], np.diff(plan.soc_kwh), atol=1e-9)
        assert first.moves_kwh[number] == whole.moves_kwh[number, 0]


@pytest.mark.parametrize(("threads", "level"), [(1, 2.0), (2, 2.0), (2, -1.0)])
def test_each_start_as_if_planned_alone(threads: int, level: float) -> None:
    year = _home(3, 60, level)
    stored = np.random.default_rng(1).uniform(0, 3.5, 41)
    answers = replan(year, 20, stored, threads=threads)
    for start in range(41):
        horizon = {
            name: getattr(year, name)[start : start + 20]
            for name in ("load_kwh", "pv_kwh", "import_price", "export_price")
        }
        alone = ENGINE.first_move(replace(year, **horizon, soc_start_kwh=0.5 + stored[start]))
        assert answers.cost[start] == pytest.approx(alone.cost, rel=1e-12)
        assert answers.worth[start] == alone.worth
        move = alone.charge_kwh * 0.8 - alone.discharge_kwh / 0.5
        assert answers.moves_kwh[start, 0] == pytest.approx(move, abs=1e-12)


def test_scratch_grows_where_kinks_need_it(monkeypatch: pytest.MonkeyPatch) -> None:
    homes = [replace(_home(seed, 200, -1.5), storage=replace(STORAGE, soc_max_kwh=30.0)) for seed in range(3)]
    expected = solve_batch(batch_of(homes), whole=True)
    monkeypatch.setattr("darkstar.planner.fast.batch.SPARE_PIECES", 1)
    monkeypatch.setattr("darkstar.planner.fast.batch.KEPT_PIECES_PER_MOVE", 1)
    again = solve_batch(batch_of(homes), whole=True, threads=2)
    assert (again.cost == expected.cost).all()
    assert (again.moves_kwh == expected.moves_kwh).all()


def test_what_does_not_fit_is_said() -> None:
    with pytest.raises(UsageError, match="one shape"):
        batch_of([_home(1, 4, 2), _home(1, 5, 2)])
    with pytest.raises(UsageError, match="need 23"):
        replan(_home(1, 22, 2), 20, np.zeros(4))
