"""Following the value of stored energy under power tariffs: with a limit on the import of each slot.

A reserve against peaks is part of that value: courses in which the load turns out high pay for what goes beyond the
limit, so energy that would be sold or used now is kept for them. The inverter then gives it to what exceeds the limit.
"""

import time

from darkstar.planner.fast.limited import ImportLimit
from darkstar.planner.fast.turning import TurningPlanner, one_course
from darkstar.planner.modes import Mode, mode_of, self_consumption
from darkstar.time_machine.information import Outlook
from darkstar.time_machine.scenario import Scenario
from darkstar.time_machine.setpoints import held, problem_of


class HeldValues:
    """Decides plan after plan; covers deficits while too little is known to plan.

    Attributes:
        plan_ms: time that each plan took so far [ms].
    """

    def __init__(self, scenario: Scenario) -> None:
        self.plan_ms: list[float] = []
        self._scenario = scenario
        self._planner = TurningPlanner()

    def modes(self, hold: int, outlook: Outlook | None, limit: ImportLimit, soc_kwh: float) -> list[Mode]:
        """The modes of the slots that a plan holds for, `hold` of them."""
        storage, grid = self._scenario.storage, self._scenario.grid
        if outlook is None:
            return held([self_consumption(storage)] * hold, limit)
        began = time.perf_counter()
        problem, doubt = problem_of(self._scenario, outlook, soc_kwh), outlook.doubt
        courses = one_course(problem) if doubt is None else doubt.around(outlook.load_kwh, outlook.pv_kwh)
        values = self._planner.values_after(problem, courses, limit, hold)
        prices = zip(problem.import_price.tolist(), problem.export_price.tolist(), strict=True)
        found = [
            mode_of(value, price, storage, grid, soc_kwh)
            for value, price in zip(values, prices, strict=False)
        ]
        self.plan_ms.append((time.perf_counter() - began) * 1000)
        return held(found, limit)
