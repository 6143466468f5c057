"""A plan made again and again: how often it changes its mind, and when it had better not.

Forecasts move a little in every slot, and plans of nearly the same cost may look quite different. The plan made before
is carried on unless the new one gains more than a threshold, both reckoned with what is expected now.
"""

import time

import numpy as np

from darkstar.planner.fast.engine import plan_of
from darkstar.planner.problem import Plan, Problem, Series

ENERGY_TOLERANCE_KWH = 1e-6


def flips(before: Plan, now: Plan) -> int:
    """Slots that two consecutive plans share and in which one charges, rests or discharges and the other does not."""
    shared = min(len(before.charge_kwh) - 1, len(now.charge_kwh))
    ours, theirs = np.sign(_moves(now)[:shared]), np.sign(_moves(before)[1 : 1 + shared])
    return int((ours != theirs).sum())


def steady(problem: Problem, before: Plan, new: Plan, threshold: float) -> Plan:
    """The new plan where it gains more than the threshold, else the one made a slot before, carried on.

    Args:
        before: made for the slot before the problem's first.
        threshold: in the currency of the prices; below zero the new plan is always taken.
    """
    carried = _carried_on(problem, before)
    return new if carried.cost - new.cost > threshold else carried


def _carried_on(problem: Problem, before: Plan) -> Plan:
    """The moves of the plan before, as far as the energy stored now allows; rest where it had not looked yet."""
    began, storage = time.perf_counter(), problem.storage
    wanted = np.zeros(len(problem))
    shared = min(len(before.soc_kwh) - 2, len(problem))
    wanted[:shared] = np.diff(before.soc_kwh)[1 : 1 + shared]
    moves, stored = np.empty(len(problem)), problem.soc_start_kwh
    for slot, change in enumerate(wanted.tolist()):
        after = min(max(stored + change, storage.soc_min_kwh), storage.soc_max_kwh)
        moves[slot], stored = after - stored, after
    return plan_of(problem, moves, began)


def _moves(plan: Plan) -> Series:
    moved = plan.charge_kwh - plan.discharge_kwh
    return np.where(np.abs(moved) > ENERGY_TOLERANCE_KWH, moved, 0.0)
