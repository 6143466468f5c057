"""On/off loads in the full engine cost what the loads' own certificate says, on random problems."""

from dataclasses import replace

import numpy as np
import pytest
from benchmarks.planner_random import random_problem

from darkstar.planner.full.engine import FullEngine
from darkstar.planner.full.site import SiteLoad
from darkstar.planner.loads.milp import LoadsMilp
from tests.planner.full.sites import site_of

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("seed", [0, 1, 2, 4, 5, 7, 8, 9, 10, 11, 13, 14, 16, 17])
def test_the_same_optimum_as_the_loads_certificate(seed: int) -> None:
    loaded = random_problem(seed)
    # The battery problem lets the meter turn both ways at once where that pays; the site does not.
    prices = np.minimum(loaded.problem.export_price, loaded.problem.import_price)
    loaded = replace(loaded, problem=replace(loaded.problem, export_price=prices))
    expected = LoadsMilp(seconds=20).solve(loaded)
    site = site_of(loaded.problem, loads=tuple(SiteLoad(load) for load in loaded.loads))
    plan = FullEngine(seconds=20, gap=0.0).solve(site)
    near = 1e-6 * max(1.0, abs(expected.plan.cost))
    # Each may stop short of a proof; neither may undercut what the other proved.
    assert plan.bound <= expected.plan.cost + near
    assert expected.plan.cost - expected.plan.gap * max(1.0, abs(expected.plan.cost)) <= plan.cost + near
    if plan.finished and not expected.plan.gap:
        assert plan.cost == pytest.approx(expected.plan.cost, rel=1e-6, abs=1e-6)
    for run, load in zip(plan.loads, loaded.loads, strict=True):
        assert not np.any(run.on & ~load.may_run(len(loaded)))
