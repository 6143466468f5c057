"""The modes that a plan hands on for the slots to come: one battery among everything else that is planned.

What devices draw and what other batteries do is fixed by then; what the home uses besides and what the sun gives is in
doubt. Each slot's mode follows the value of stored energy under that doubt, as the replay's own does (`policies`).
"""

from dataclasses import replace

import numpy as np

from darkstar.aurora.courses import courses
from darkstar.aurora.naive import Forecast
from darkstar.planner.devices.household import BatteryPart, Household
from darkstar.planner.fast.turning import TurningPlanner
from darkstar.planner.modes import Mode, mode_of
from darkstar.planner.problem import Problem


def modes_ahead(household: Household, part: BatteryPart, slots: int, first: int = 0) -> tuple[Mode, ...]:
    """The modes of the plan's slots from one on; each is told for the energy that the plan has stored by then.

    Args:
        slots: up to which, of the plan.
    """
    planner = TurningPlanner()
    return tuple(
        _mode(planner, household, part, slot) for slot in range(first, min(slots, len(part.problem)))
    )


def _mode(planner: TurningPlanner, household: Household, part: BatteryPart, slot: int) -> Mode:
    soc_kwh = float(part.plan.soc_kwh[slot])
    problem = replace(part.problem.after(slot), soc_start_kwh=soc_kwh)
    rest = household.rest.after(slot)
    expected = courses(Forecast(rest.load_kwh, rest.pv_kwh))
    # Rounding may leave a trace below zero.
    doubted = replace(
        expected,
        load_kwh=np.maximum(expected.load_kwh + (problem.load_kwh - rest.load_kwh), 0.0),
        pv_kwh=np.maximum(expected.pv_kwh + (problem.pv_kwh - rest.pv_kwh), 0.0),
    )
    mode = mode_of(
        planner.value_after(problem, doubted),
        (float(problem.import_price[0]), float(problem.export_price[0])),
        problem.storage,
        problem.grid,
        soc_kwh,
    )
    return replace(mode, import_kw=_limit(household, problem))


def _limit(household: Household, problem: Problem) -> float:
    """What the import is held under: the plan's own peak where a power tariff is in force."""
    return problem.grid.import_max_kw if household.power_tariffs else np.inf
