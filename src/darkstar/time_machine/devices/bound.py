"""Perfect foresight with the heater: what no way to run battery and heater costs less than."""

import numpy as np

from darkstar.domain.slots import SLOT_HOURS
from darkstar.planner.loads.deferred import least_cost
from darkstar.time_machine.devices.heater import asked_of, without_heater
from darkstar.time_machine.outcome import Flows
from darkstar.time_machine.run import Made
from darkstar.time_machine.scenario import Scenario


def heated_bound(scenario: Scenario) -> Made:
    """The whole range at once, everything known, the heater at any power: a bound, not a plan."""
    assert scenario.heater is not None
    asked = asked_of(scenario, scenario.heater)
    history = without_heater(scenario, asked).history
    prices = history.import_price, history.export_price
    problem = scenario.problem(
        history.load_kwh, history.pv_kwh, prices, scenario.soc_start_kwh, scenario.settlement, SLOT_HOURS
    )
    found = least_cost(problem, asked.deferrable(scenario.heater))
    moves, nothing = found.moves, np.zeros(len(history))
    flows = Flows(
        charge_kwh=moves.charge_kwh,
        discharge_kwh=moves.discharge_kwh,
        import_kwh=moves.import_kwh + moves.breach_kwh,
        export_kwh=moves.export_kwh,
        curtail_kwh=moves.curtail_kwh,
        breach_kwh=moves.breach_kwh,
        soc_kwh=found.soc_kwh,
        loss_kwh=moves.charge_kwh - moves.discharge_kwh - np.diff(found.soc_kwh),
        standby_kwh=nothing,
        faded_kwh=nothing,
        heater_kwh=found.drawn_kwh,
        unserved_kwh=found.missing_kwh,
    )
    return Made(flows, np.zeros(0), plans=1, switches=0, flips=None, over_least=None)
