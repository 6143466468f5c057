"""The replay: the past lived through again by a policy, slot by slot, against the load and the sun that really came.

modes of a stretch (knowing the past of each slot)  ->  plant carries them out (knowing the slots)  ->  flows  ->  bill
"""

from dataclasses import replace

import numpy as np

from darkstar.domain.bill import Bill, energy_cost, export_revenue
from darkstar.domain.errors import UsageError
from darkstar.domain.slots import SLOT_HOURS
from darkstar.planner.fast.engine import FastEngine
from darkstar.planner.power.months import plan_months
from darkstar.planner.problem import Series
from darkstar.time_machine.devices.bound import heated_bound
from darkstar.time_machine.devices.heated import HeatedHome
from darkstar.time_machine.devices.heater import check_heater, unserved_cost
from darkstar.time_machine.information import Honesty, Knowledge, information
from darkstar.time_machine.looking_on import passages
from darkstar.time_machine.metered import power_bill
from darkstar.time_machine.outcome import (
    CHEAPEST,
    MPC,
    MPC_HEATER,
    NONE,
    ORACLE,
    ORACLE_HEATER,
    RULE,
    SETPOINT,
    TIMER,
    Flows,
    PolicyOutcome,
)
from darkstar.time_machine.plant.carrying import Plant
from darkstar.time_machine.plant.model import IDEAL
from darkstar.time_machine.policies import unplanned_modes
from darkstar.time_machine.run import Made, Run
from darkstar.time_machine.scenario import Scenario
from darkstar.time_machine.stretches import PlanEach
from darkstar.time_machine.witness import Witness

POLICIES = (NONE, RULE, TIMER, CHEAPEST, SETPOINT, MPC, ORACLE)
HEATER_POLICIES = (MPC_HEATER, ORACLE_HEATER)
"""Where there is a heater that may be planned, and no power tariff."""
_FORESIGHT = (ORACLE, ORACLE_HEATER)


def replay(
    scenario: Scenario,
    name: str,
    honesty: Honesty | Knowledge = Honesty.HONEST,
    witness: Witness | None = None,
    plan_each: PlanEach = map,
) -> PolicyOutcome:
    """One policy over the scenario; the same every time, to the last digit (but for the times).

    Args:
        honesty: what the policy is told; the oracle knows everything.
        witness: told of every slot once the replay is through.
        plan_each: makes the plans of `mpc`, stretch by stretch; that of an executor makes them side by side.

    Raises:
        UsageError: there is no policy of that name.
    """
    made = make(scenario, name, honesty, plan_each)
    if witness is not None:
        for passage in passages(scenario, name, honesty, made):
            passage.tell(witness)
    return outcome(scenario, name, made)


def make(
    scenario: Scenario,
    name: str,
    honesty: Honesty | Knowledge = Honesty.HONEST,
    plan_each: PlanEach = map,
) -> Made:
    """What `replay` makes a bill of."""
    if name == ORACLE:
        return _oracle(scenario)
    check_policy(name)
    if name in HEATER_POLICIES:
        check_heater(scenario)
        if name == ORACLE_HEATER:
            return heated_bound(scenario)
        return HeatedHome(scenario, _plant(scenario, name)).live(honesty)
    run = Run(scenario, _plant(scenario, name))
    unplanned = unplanned_modes(name, scenario)
    if unplanned is not None:
        run.follow(unplanned)
    elif name == MPC and scenario.power_tariffs:
        run.follow_held_values(information(honesty, scenario), plan_each)
    elif name == MPC:
        run.follow_values(information(honesty, scenario), plan_each)
    else:
        run.follow_set_points(information(honesty, scenario), plan_each)
    return run.made


def outcome(scenario: Scenario, name: str, made: Made) -> PolicyOutcome:
    """What was made, with its bill."""
    return replace(
        outcome_of(scenario, name, made.flows, made.plan_ms),
        plans=made.plans,
        switches=made.switches,
        flips=made.flips,
        over_least=made.over_least,
    )


def check_policy(name: str) -> None:
    """UsageError where there is no policy of that name."""
    choice = (*POLICIES, *HEATER_POLICIES)
    if name not in choice:
        raise UsageError(f"There is no policy '{name}'.", remedy=f"Choose from {', '.join(choice)}.")


def _oracle(scenario: Scenario) -> Made:
    """One plan over the whole range, everything known: the least cost that was possible.

    Under power tariffs it is the cheapest that was found, and how far from the least at most (`planner.power_months`).
    """
    history, tariffs = scenario.history, scenario.power_tariffs
    problem = scenario.problem(
        history.load_kwh,
        history.pv_kwh,
        (history.import_price, history.export_price),
        scenario.soc_start_kwh,
        scenario.settlement,
        SLOT_HOURS,
    )
    found = plan_months(problem, history.slots, scenario.tz, tariffs) if tariffs else None
    plan = found.plan if found is not None else FastEngine().solve(problem)
    return Made(
        Flows.planned(plan),
        np.array([plan.ms]),
        plans=1,
        switches=0,
        flips=None,
        over_least=found.over_least if found else 0.0,
    )


def _plant(scenario: Scenario, name: str) -> Plant:
    """What a policy meets. Without a battery nothing rests or ages, and the oracle's plan comes true as planned."""
    return Plant(scenario.storage, scenario.grid, IDEAL if name in (NONE, *_FORESIGHT) else scenario.plant)


def outcome_of(scenario: Scenario, name: str, flows: Flows, plan_ms: Series) -> PolicyOutcome:
    """Flows of the replayed slots with their bill."""
    grid, history = scenario.grid, scenario.history
    fees = grid.import_breach_cost * flows.breach_kwh + grid.curtailment_cost * flows.curtail_kwh
    if flows.unserved_kwh is not None and scenario.heater is not None:
        fees = fees + unserved_cost(scenario, scenario.heater, flows.unserved_kwh)
    wear = _plant(scenario, name).wear_cost(flows)
    energy = history.import_price * flows.import_kwh - history.export_price * flows.export_kwh
    power_fees, months = power_bill(scenario.power_tariffs, history.slots, flows.import_kwh, scenario.tz)
    gained_kwh = float(flows.soc_kwh[-1] - flows.soc_kwh[0])
    bill = Bill(
        energy_cost=energy_cost(flows.import_kwh, history.import_price),
        fees=float(fees.sum() + power_fees.sum()),
        export_revenue=export_revenue(flows.export_kwh, history.export_price),
        wear=float(wear.sum()),
        settlement=scenario.settlement_per_kwh * gained_kwh,
        power_fee=float(power_fees.sum()),
    )
    return PolicyOutcome(name, bill, flows, energy + fees + power_fees + wear, plan_ms, power_months=months)
