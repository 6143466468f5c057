"""The policy that plans again and again and holds each plan's power, whatever load and sun do.

A plan begins with the energy that is stored, so these plans are made one after another.
"""

import time
from collections.abc import Sequence
from dataclasses import replace

from darkstar.domain.slots import QUARTERS_OF_DAY, SLOT_HOURS, SLOT_SECONDS
from darkstar.planner.fast.engine import FastEngine
from darkstar.planner.fast.limited import ImportLimit, LimitedEngine
from darkstar.planner.fast.stretch import NOTHING
from darkstar.planner.modes import Mode, self_consumption, setpoint
from darkstar.planner.problem import Plan, Problem
from darkstar.planner.steady import flips, steady
from darkstar.time_machine.information import Outlook
from darkstar.time_machine.scenario import Scenario


class SetPoints:
    """Decides slot after slot; covers deficits while too little is known to plan.

    Attributes:
        plan_ms: time that each plan took so far [ms].
        flips: slots in which a plan differed from the one made just before.
    """

    def __init__(self, scenario: Scenario) -> None:
        self.plan_ms: list[float] = []
        self.flips = 0
        self._scenario = scenario
        self._engine, self._limited = FastEngine(), LimitedEngine()
        self._before: tuple[int, Plan] | None = None

    def modes(
        self, step: int, hold: int, outlook: Outlook | None, soc_kwh: float, limit: ImportLimit | None = None
    ) -> list[Mode]:
        """The modes of the replayed slot number `step` and of those that its plan holds for, `hold` in all.

        Args:
            limit: on the import of each slot that is looked at; the inverter keeps to it while it charges.
        """
        scenario = self._scenario
        if outlook is None:
            return [self_consumption(scenario.storage)] * hold
        began = time.perf_counter()
        plan = self._plan(step, problem_of(scenario, outlook, soc_kwh), limit)
        moved = (plan.charge_kwh - plan.discharge_kwh)[:hold] / SLOT_HOURS
        found = [setpoint(scenario.storage, power_kw) for power_kw in moved.tolist()]
        self.plan_ms.append((time.perf_counter() - began) * 1000)
        return found if limit is None else held(found, limit)

    def _plan(self, step: int, problem: Problem, limit: ImportLimit | None) -> Plan:
        """A plan changes for a gain above the scenario's threshold; under a limit it is always the new one."""
        slots = self._scenario.history.slots
        plan = self._engine.solve(problem) if limit is None else self._limited.solve(problem, limit)
        if self._before is not None:
            number, before = self._before
            apart = int(slots[step] - slots[number]) // SLOT_SECONDS
            if apart == step - number <= self._scenario.replan_slots:
                plan = plan if limit is not None else self._kept(problem, before, plan, apart)
                self.flips += flips(before, plan, QUARTERS_OF_DAY, apart)
        self._before = step, plan
        return plan

    def _kept(self, problem: Problem, before: Plan, plan: Plan, apart: int) -> Plan:
        threshold = self._scenario.plan_threshold
        if threshold <= 0:
            return plan
        near = QUARTERS_OF_DAY
        return steady(problem, before, plan, near=near, threshold=threshold, engine=self._engine, apart=apart)


def held(modes: Sequence[Mode], limit: ImportLimit) -> list[Mode]:
    """The modes, each holding its slot's import under the limit."""
    return [replace(mode, import_kw=kw) for mode, kw in zip(modes, limit.kw.tolist(), strict=False)]


def problem_of(scenario: Scenario, outlook: Outlook, soc_kwh: float) -> Problem:
    """What to decide with an outlook and so much energy stored."""
    return scenario.problem(
        outlook.load_kwh,
        outlook.pv_kwh,
        (outlook.import_price, outlook.export_price),
        soc_kwh,
        scenario.settlement if outlook.to_the_end else NOTHING,
        SLOT_HOURS,
    )
