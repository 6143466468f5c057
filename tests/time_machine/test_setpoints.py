"""Set-points compiled come to the digits of plans made one by one, and so does a stretch begun from where one ended."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from darkstar.domain.power_tariff import PowerTariff, PowerWindow, Tier
from darkstar.domain.slots import QUARTERS_OF_DAY, SLOT_HOURS, SLOT_SECONDS
from darkstar.planner.fast import set_points
from darkstar.planner.fast.engine import FastEngine
from darkstar.planner.fast.limited import ImportLimit, LimitedEngine
from darkstar.planner.full.site import MeteredTariff
from darkstar.planner.mode_table import ModeTable
from darkstar.planner.modes import Mode, self_consumption, setpoint
from darkstar.planner.problem import Plan
from darkstar.planner.steady import flips, steady
from darkstar.time_machine import stretches as stretches_module
from darkstar.time_machine.holding import Holding
from darkstar.time_machine.information import Honesty, Outlook, information, outlook_of
from darkstar.time_machine.outcome import MPC, SETPOINT, Flows
from darkstar.time_machine.plant.carrying import AtWork, Plant, flows_of
from darkstar.time_machine.plant.kernel import IMPORT
from darkstar.time_machine.plant.model import PlantModel
from darkstar.time_machine.replay import replay
from darkstar.time_machine.scenario import Scenario
from darkstar.time_machine.setpoints import problem_of
from darkstar.time_machine.stretches import stretches
from tests.time_machine.cases import scenario
from tests.time_machine.spread.test_work import same

NIGHT = PowerWindow(hours=frozenset({22, 23, *range(6)}), share=0.5)
PER_KW = MeteredTariff(PowerTariff(peaks=3, per_kw=60, windows=(NIGHT, PowerWindow())))
TIERS = MeteredTariff(PowerTariff(tiers=(Tier(1, 10), Tier(1.6, 40), Tier(3, 90), Tier(8, 150))))
GIVEN = scenario(days=1)
LOSSY = PlantModel(
    charge_efficiency=0.93, running_loss_kw=0.02, standby_kw=0.01, charge_taper=((50, 1.0), (90, 0.4))
)


def _deep(given: Scenario) -> Scenario:
    """With prices this low some slots have kinks: charging and discharging would both be paid for."""
    known = replace(given.known, export_price=given.known.export_price - 0.9)
    return replace(given, known=replace(known, import_price=known.import_price - 1.8))


def _with_a_gap(given: Scenario) -> Scenario:
    replayed = given.replayed.copy()
    replayed[-60:-30] = False
    return replace(given, replayed=replayed)


CASES = {
    "plain": GIVEN,
    "steady": replace(GIVEN, plan_threshold=0.05),
    "seldom": _with_a_gap(replace(GIVEN, plan_threshold=0.05, replan_slots=3)),
    "kinks": replace(_deep(GIVEN), plan_threshold=0.05),
    "lossy": replace(GIVEN, plant=LOSSY),
    "nothing known": scenario(days=1, warm_up=0),
    "fee": replace(GIVEN, power_tariffs=(PER_KW,)),
    "tiers": _with_a_gap(replace(GIVEN, power_tariffs=(TIERS, PER_KW), replan_slots=2, plan_threshold=0.05)),
}


class _OneByOne:
    """The policy as it is told, a plan at a time, by the engines that others use."""

    def __init__(self, given: Scenario) -> None:
        self.flips, self.plans = 0, 0
        self._given = given
        self._engine, self._limited = FastEngine(), LimitedEngine()
        self._before: tuple[int, Plan] | None = None

    def modes(
        self, step: int, hold: int, outlook: Outlook | None, soc_kwh: float, limit: ImportLimit | None
    ) -> list[Mode]:
        storage = self._given.storage
        if outlook is None:
            return [self_consumption(storage)] * hold
        self.plans += 1
        problem = problem_of(self._given, outlook, soc_kwh)
        plan = self._engine.solve(problem) if limit is None else self._limited.solve(problem, limit)
        if self._before is not None:
            number, before = self._before
            slots, threshold = self._given.history.slots, self._given.plan_threshold
            apart = int(slots[step] - slots[number]) // SLOT_SECONDS
            if apart == step - number <= self._given.replan_slots:
                near = QUARTERS_OF_DAY
                if limit is None and threshold > 0:
                    plan = steady(
                        problem,
                        before,
                        plan,
                        near=near,
                        threshold=threshold,
                        engine=self._engine,
                        apart=apart,
                    )
                self.flips += flips(before, plan, near, apart)
        self._before = step, plan
        moved_kw = (plan.charge_kwh - plan.discharge_kwh)[:hold] / SLOT_HOURS
        held_kw = np.full(hold, np.inf) if limit is None else limit.kw
        return [
            replace(setpoint(storage, kw), import_kw=under)
            for kw, under in zip(moved_kw.tolist(), held_kw.tolist(), strict=False)
        ]


def _plans(given: Scenario, honesty: Honesty) -> Iterator[tuple[int, int, Outlook | None]]:
    for stretch in stretches(given, information(honesty, given)):
        outlooks = stretch.sight.outlooks()
        for number, (step, hold) in enumerate(
            zip(stretch.steps.tolist(), stretch.hold.tolist(), strict=True)
        ):
            yield step, hold, outlook_of(outlooks, number)


def _slowly(given: Scenario, honesty: Honesty) -> tuple[Flows, int, int]:
    history, policy = given.history, _OneByOne(given)
    plant = Plant(given.storage, given.grid, given.plant)
    at_work = AtWork(plant, given.soc_start_kwh, history.load_kwh, history.pv_kwh)
    holding = Holding(given) if given.power_tariffs else None
    results = []
    for step, hold, outlook in _plans(given, honesty):
        ahead = hold if outlook is None else len(outlook.load_kwh)
        limit = None if holding is None else holding.limit(step, ahead)
        modes = policy.modes(step, hold, outlook, at_work.soc_kwh, limit)
        results.append(at_work.through(ModeTable.of(modes)))
        if holding is not None:
            holding.drawn(step, results[-1][:, IMPORT].tolist())
    return flows_of(given.soc_start_kwh, np.concatenate(results)), policy.plans, policy.flips


@pytest.mark.parametrize("honesty", Honesty)
@pytest.mark.parametrize("name", CASES)
def test_the_digits_are_those_of_plans_made_one_by_one(name: str, honesty: Honesty) -> None:
    flows, plans, flipped = _slowly(CASES[name], honesty)
    found = replay(CASES[name], SETPOINT, honesty)
    assert found.flows.soc_kwh.tobytes() == flows.soc_kwh.tobytes()
    assert found.flows.import_kwh.tobytes() == flows.import_kwh.tobytes()
    assert (found.plans, found.flips) == (plans, flipped)


@pytest.mark.parametrize("name", CASES)
def test_cut_anywhere_the_digits_are_the_same(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    policies = (MPC, SETPOINT) if CASES[name].power_tariffs else (SETPOINT,)
    whole = [replay(CASES[name], policy) for policy in policies]
    monkeypatch.setattr(stretches_module, "STRETCH_SLOTS", 7)
    again = [replay(CASES[name], policy) for policy in policies]
    assert all(same(one, other) for one, other in zip(whole, again, strict=True))
    assert [one.flips for one in whole] == [other.flips for other in again]


def test_scratch_that_is_too_small_grows(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = replay(CASES["kinks"], SETPOINT).flows
    monkeypatch.setattr(set_points, "SPARE_PIECES", 0)
    monkeypatch.setattr(set_points, "KEPT_PIECES_PER_MOVE", 1)
    assert replay(CASES["kinks"], SETPOINT).flows.soc_kwh.tobytes() == expected.soc_kwh.tobytes()
