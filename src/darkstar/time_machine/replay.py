"""The replay: the past lived through again by a policy, slot by slot, against the load and the sun that really came.

modes of a stretch (knowing the past of each slot)  ->  plant carries them out (knowing the slots)  ->  flows  ->  bill
"""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import replace
from functools import partial
from multiprocessing import get_context

import numpy as np

from darkstar.domain.bill import Bill, energy_cost, export_revenue
from darkstar.domain.errors import UsageError
from darkstar.domain.slots import SLOT_HOURS
from darkstar.planner.fast.engine import FastEngine
from darkstar.planner.modes import setpoint
from darkstar.planner.power_months import plan_months
from darkstar.planner.problem import Series
from darkstar.time_machine.information import Honesty, Knowledge, information
from darkstar.time_machine.metered import power_bill
from darkstar.time_machine.outcome import (
    CHEAPEST,
    MPC,
    NONE,
    ORACLE,
    RULE,
    SETPOINT,
    TIMER,
    Comparison,
    Flows,
    PolicyOutcome,
)
from darkstar.time_machine.plant.carrying import Plant, steps_of
from darkstar.time_machine.plant.model import IDEAL
from darkstar.time_machine.policies import unplanned_modes
from darkstar.time_machine.run import Run
from darkstar.time_machine.scenario import Scenario
from darkstar.time_machine.stretches import PlanEach
from darkstar.time_machine.witness import Moment, Witness, WitnessOf

POLICIES = (NONE, RULE, TIMER, CHEAPEST, SETPOINT, MPC, ORACLE)
LONGEST_FIRST = (MPC, SETPOINT, ORACLE)


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
        witness: told of every slot.
        plan_each: makes the plans of `mpc`, stretch by stretch; that of an executor makes them side by side.

    Raises:
        UsageError: there is no policy of that name.
    """
    if name == ORACLE:
        return _oracle(scenario, witness)
    if name not in POLICIES:
        raise UsageError(f"There is no policy '{name}'.", remedy=f"Choose from {', '.join(POLICIES)}.")
    run = Run(scenario, _plant(scenario, name), witness)
    unplanned = unplanned_modes(name, scenario)
    if unplanned is not None:
        run.follow(unplanned)
    elif name == MPC and scenario.power_tariffs:
        run.follow_held_values(information(honesty, scenario))
    elif name == MPC:
        run.follow_values(information(honesty, scenario), plan_each)
    else:
        run.follow_set_points(information(honesty, scenario))
    made = run.made
    return replace(
        outcome_of(scenario, name, made.flows, made.plan_ms),
        plans=made.plans,
        switches=made.switches,
        flips=made.flips,
    )


def compare(
    scenario: Scenario,
    names: Sequence[str],
    bounds_utc: tuple[int, int],
    *,
    honesty: Honesty = Honesty.HONEST,
    workers: int = 1,
    done: Callable[[str], None] = lambda _: None,
    witness_of: WitnessOf | None = None,
) -> Comparison:
    """Several policies on one scenario; figures do not depend on the number of workers (processes).

    Args:
        bounds_utc: the range that was asked for, end exclusive.
        done: called with the name of each policy that is through.
        witness_of: who looks on at each policy's replay, in its process.

    Raises:
        UsageError: a policy is unknown or named twice.
    """
    for name in names:
        if name not in POLICIES:
            raise UsageError(f"There is no policy '{name}'.", remedy=f"Choose from {', '.join(POLICIES)}.")
    if len(set(names)) != len(names) or not names:
        raise UsageError("Name each policy once, and at least one.")
    began = time.perf_counter()
    run = partial(replay, scenario, honesty=honesty)
    if witness_of is not None:
        run = partial(_watched, scenario, honesty=honesty, witness_of=witness_of)
    outcomes = _run(run, names, workers, done)
    seconds = time.perf_counter() - began
    return Comparison(
        start_utc=bounds_utc[0],
        end_utc=bounds_utc[1],
        history=scenario.history,
        outcomes={name: outcomes[name] for name in names},
        settlement_per_kwh=scenario.settlement_per_kwh,
        slots_per_s=len(names) * len(scenario.history) / seconds,
    )


def _watched(scenario: Scenario, name: str, honesty: Honesty, witness_of: WitnessOf) -> PolicyOutcome:
    with witness_of(name) as witness:
        return replay(scenario, name, honesty, witness)


def _run(
    run: Callable[[str], PolicyOutcome], names: Sequence[str], workers: int, done: Callable[[str], None]
) -> dict[str, PolicyOutcome]:
    outcomes: dict[str, PolicyOutcome] = {}
    if workers <= 1:
        for name in names:
            outcomes[name] = run(name)
            done(name)
        return outcomes
    order = sorted(names, key=lambda name: LONGEST_FIRST.index(name) if name in LONGEST_FIRST else len(names))
    # Fresh processes: a forked one would inherit locks of threads that it does not have.
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        futures: dict[Future[PolicyOutcome], str] = {pool.submit(run, name): name for name in order}
        for future in as_completed(futures):
            outcomes[futures[future]] = future.result()
            done(futures[future])
    return outcomes


def _oracle(scenario: Scenario, witness: Witness | None) -> PolicyOutcome:
    """One plan over the whole range, everything known: the least cost that was possible.

    Under power tariffs it is the cheapest that holds one level a month (`planner.power_months`), which is no bound.
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
    plan = (
        plan_months(problem, history.slots, scenario.tz, tariffs) if tariffs else FastEngine().solve(problem)
    )
    flows = Flows.planned(plan)
    if witness is not None:
        for number, step in enumerate(steps_of(flows)):
            mode = setpoint(scenario.storage, (step.charge_kwh - step.discharge_kwh) / SLOT_HOURS)
            witness(Moment(number, float(flows.soc_kwh[number]), None, mode, step))
    return replace(outcome_of(scenario, ORACLE, flows, np.array([plan.ms])), plans=1)


def _plant(scenario: Scenario, name: str) -> Plant:
    """What a policy meets. Without a battery nothing rests or ages, and the oracle's plan comes true as planned."""
    return Plant(scenario.storage, scenario.grid, IDEAL if name in (NONE, ORACLE) else scenario.plant)


def outcome_of(scenario: Scenario, name: str, flows: Flows, plan_ms: Series) -> PolicyOutcome:
    """Flows of the replayed slots with their bill."""
    grid, history = scenario.grid, scenario.history
    fees = grid.import_breach_cost * flows.breach_kwh + grid.curtailment_cost * flows.curtail_kwh
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
