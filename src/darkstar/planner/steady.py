"""A plan made again and again: how often it changes its mind, and when it had better not.

Forecasts move a little in every slot, and plans of nearly the same cost may look quite different. What the plan made
before wants of the near slots is carried on unless the new one gains more than a threshold, both reckoned with what
is expected now. The far slots are always planned anew: nobody acts on them yet.
"""

import time
from dataclasses import replace

import numpy as np

from darkstar.planner.fast.engine import FastEngine, plan_of
from darkstar.planner.problem import Plan, Problem, Series

ENERGY_TOLERANCE_KWH = 1e-6


def flips(before: Plan, now: Plan, near: int, apart: int = 1) -> int:
    """Near slots of two plans, made `apart` slots after one another, in which one charges, rests or discharges and
    the other does not."""
    shared = max(min(len(before.charge_kwh) - apart, len(now.charge_kwh), near), 0)
    ours, theirs = np.sign(_moves(now)[:shared]), np.sign(_moves(before)[apart : apart + shared])
    return int((ours != theirs).sum())


def steady(
    problem: Problem,
    before: Plan,
    new: Plan,
    *,
    near: int,
    threshold: float,
    engine: FastEngine,
    apart: int = 1,
) -> Plan:
    """The new plan where it gains more than the threshold, else the one made before, carried on.

    Args:
        before: made `apart` slots before the problem's first.
        near: slots in which it is carried on.
        threshold: in the currency of the prices.
    """
    carried = _carried_on(problem, before, near, engine, apart)
    return new if carried.cost - new.cost > threshold else carried


def _carried_on(problem: Problem, before: Plan, near: int, engine: FastEngine, apart: int) -> Plan:
    """The near moves of the plan before, as far as the energy stored now allows, and the best that follows them."""
    shared = max(min(len(before.soc_kwh) - 1 - apart, len(problem), near), 0)
    changes = np.diff(before.soc_kwh)[apart : apart + shared]
    return then_the_best(problem, within_battery(problem, changes), engine)


def within_battery(problem: Problem, changes: Series) -> Series:
    """Changes of the energy stored as far as the battery allows them from what it holds now, shape (m,) [kWh]."""
    storage = problem.storage
    moves, stored = np.zeros(len(changes)), problem.soc_start_kwh
    for slot, change in enumerate(changes.tolist()):
        after = min(max(stored + change, storage.soc_min_kwh), storage.soc_max_kwh)
        moves[slot], stored = after - stored, after
    return moves


def then_the_best(problem: Problem, moves: Series, engine: FastEngine) -> Plan:
    """The plan that moves the stored energy by so much in each of the first slots, and does the best after them."""
    began, shared = time.perf_counter(), len(moves)
    if shared < len(problem):
        # Rounding must not leave the battery.
        storage, stored = problem.storage, problem.soc_start_kwh + float(moves.sum())
        stored = min(max(stored, storage.soc_min_kwh), storage.soc_max_kwh)
        rest = engine.solve(replace(problem.after(shared), soc_start_kwh=stored))
        moves = np.concatenate([moves, np.diff(rest.soc_kwh)])
    return plan_of(problem, moves, began)


def _moves(plan: Plan) -> Series:
    moved = plan.charge_kwh - plan.discharge_kwh
    return np.where(np.abs(moved) > ENERGY_TOLERANCE_KWH, moved, 0.0)
