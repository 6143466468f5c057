"""Fans of courses: one course is no uncertainty, and lattices small enough to go through every choice."""

from dataclasses import replace

import numpy as np
import pytest

from darkstar.domain.errors import UsageError
from darkstar.planner.fast.engine import FastEngine
from darkstar.planner.fast.scenarios import Fan, multistage, two_stage
from darkstar.planner.problem import Problem, Series
from tests.planner.cases import GRID, STORAGE, problem

pytestmark = pytest.mark.slow
ENGINE = FastEngine()
LOSSLESS = replace(
    STORAGE, charge_efficiency=1.0, discharge_efficiency=1.0, charge_max_kw=1.0, wear_charge=0.1
)
STEP = 0.5


def _asked(seed: int, slots: int) -> Problem:
    random = np.random.default_rng(seed)
    buy = random.uniform(0.5, 3, slots)
    return problem(
        load=[0.0] * slots, buy=buy.tolist(), sell=(0.7 * buy).tolist(), soc=1.5, storage=LOSSLESS, grid=GRID,
        worth=[1.5, 0.5], worth_kwh=[1.0, 2.0],
    )  # fmt: skip


def _fan(seed: int, courses: int, slots: int) -> Fan:
    """Energies in halves, so that all that is decided lies on a lattice."""
    random = np.random.default_rng(seed)
    weight = random.uniform(0.1, 1, courses)
    return Fan(
        random.integers(0, 6, (courses, slots)) * STEP,
        random.integers(0, 6, (courses, slots)) * STEP,
        weight / weight.sum(),
    )


def _slot_costs(asked: Problem, load: float, pv: float, slot: int) -> Series:
    """Cost of moving from each energy of the lattice to each other, inf where it cannot be; import covers all."""
    at = np.arange(9) * STEP
    move = at[None, :] - at[:, None]
    need = load - pv + move
    cost = np.where(need > 0, asked.import_price[slot] * need, asked.export_price[slot] * need)
    cost = cost + 0.1 * np.maximum(move, 0)
    return np.where((move <= 1.0) & (move >= -2.0), cost, np.inf)


def _end() -> Series:
    at = np.arange(9) * STEP
    return -(1.5 * np.minimum(at, 1) + 0.5 * np.clip(at - 1, 0, 2))


@pytest.mark.parametrize("seed", range(8))
def test_multistage_is_the_mean_over_every_choice(seed: int) -> None:
    asked, fan = _asked(seed, 7), _fan(seed, 3, 7)
    cost = _end()
    for slot in range(6, -1, -1):
        after = cost
        cost = np.zeros(9)
        for weight, load, pv in zip(fan.weight, fan.load_kwh[:, slot], fan.pv_kwh[:, slot], strict=True):
            cost += weight * (_slot_costs(asked, load, pv, slot) + after).min(axis=1)
    outlook = multistage(asked, fan, chords=8)
    np.testing.assert_allclose(outlook.after.cost, after, atol=1e-9)
    assert outlook.cost == pytest.approx(cost[3])


@pytest.mark.parametrize("seed", range(8))
def test_two_stages_know_all_after_the_first_slot(seed: int) -> None:
    asked, fan = _asked(seed, 6), _fan(seed, 3, 6)
    after, cost = np.zeros(9), np.zeros(9)
    for number, weight in enumerate(fan.weight):
        later = _end()
        for slot in range(5, 0, -1):
            costs = _slot_costs(asked, fan.load_kwh[number, slot], fan.pv_kwh[number, slot], slot)
            later = (costs + later).min(axis=1)
        after += weight * later
    for number, weight in enumerate(fan.weight):
        cost += weight * (_slot_costs(asked, fan.load_kwh[number, 0], fan.pv_kwh[number, 0], 0) + after).min(
            axis=1
        )
    outlook = two_stage(asked, fan, ENGINE)
    np.testing.assert_allclose([outlook.after.cost_at(soc) for soc in np.arange(9) * STEP], after, atol=1e-9)
    assert outlook.cost == pytest.approx(cost[3])


def test_one_course_is_the_plan() -> None:
    random = np.random.default_rng(1)
    asked = replace(
        _asked(1, 60), load_kwh=random.gamma(1, 1, 60), pv_kwh=random.gamma(1, 1, 60), storage=STORAGE
    )
    alone = Fan(asked.load_kwh[None, :], asked.pv_kwh[None, :], np.ones(1))
    plan = ENGINE.solve(asked)
    assert two_stage(asked, alone, ENGINE).cost == pytest.approx(plan.cost, rel=1e-10)
    coarse, fine = multistage(asked, alone, chords=16).cost, multistage(asked, alone, chords=512).cost
    assert plan.cost - 1e-9 <= fine <= coarse
    assert fine == pytest.approx(plan.cost, rel=2e-3)
    assert (two_stage(asked, alone, ENGINE).after.soc_kwh[[0, -1]] == [0.0, 4.0]).all()


def test_a_last_slot_and_no_room() -> None:
    one = replace(_asked(1, 1))
    fan = _fan(1, 2, 1)
    assert two_stage(one, fan, ENGINE).cost == pytest.approx(multistage(one, fan, chords=8).cost)
    none = replace(_asked(1, 5), storage=replace(LOSSLESS, soc_max_kwh=0.0), soc_start_kwh=0.0)
    fan = _fan(1, 2, 5)
    assert two_stage(none, fan, ENGINE).cost == pytest.approx(multistage(none, fan).cost)


def test_what_does_not_fit_is_said() -> None:
    asked, fan = _asked(1, 4), _fan(1, 2, 4)
    with pytest.raises(UsageError, match="shape"):
        multistage(asked, replace(fan, load_kwh=fan.load_kwh[:, :3]))
    with pytest.raises(UsageError, match="add up to 1"):
        multistage(asked, replace(fan, weight=fan.weight * 2))
    with pytest.raises(UsageError, match="negative"):
        two_stage(asked, replace(fan, load_kwh=-1 - fan.load_kwh), ENGINE)
