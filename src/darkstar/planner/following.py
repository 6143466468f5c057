"""The mode that a plan implies where its engine hands out no value function: a stored kWh's worth, read off the plan.

A plan is right for the load and the sun that were forecast. What stays right when others come is the worth of a
stored kWh that the plan implies. It is read off the plan by complementary slackness, without asking the engine:
in every slot the plan's own move says what one kWh more or less would have cost there (`_bounds`), and those prices
bound the worth of a kWh stored now as long as it can be carried there,

    value now <= price in slot t    until the battery is first empty (what is worth more later is not sold earlier)
    value now >= price in slot t    until the battery is first full  (what comes later cannot be stored as well)

and, where it never is, by the terminal value. That is one worth for all energies, so a mode's levels are full, empty,
or, where a price equals the worth and either is as good, the energy that the plan itself holds after the slot.
"""

import numpy as np
from numpy.typing import NDArray

from darkstar.planner.modes import Mode, curtailment
from darkstar.planner.problem import Plan, Problem

ENERGY_TOLERANCE_KWH = 1e-6
PRICE_TOLERANCE = 1e-6

Series = NDArray[np.float64]


def follow(problem: Problem, plan: Plan, step: int = 0) -> Mode:
    """The inverter's mode in the plan's slot `step`."""
    storage, grid = problem.storage, problem.grid
    worth = _middle(*stored_value(problem, plan, step))
    buy = float(problem.import_price[step])
    sell = max(float(problem.export_price[step]), -grid.curtailment_cost)
    kept, given = worth * storage.charge_efficiency, worth / storage.discharge_efficiency
    planned = float(plan.soc_kwh[step + 1])
    up = storage.soc_min_kwh, planned, storage.soc_max_kwh
    down = up[::-1]
    return Mode(
        buy_to_kwh=up[_side(kept - buy - storage.wear_charge)],
        store_to_kwh=up[_side(kept - sell - storage.wear_charge + 2 * PRICE_TOLERANCE)],
        cover_to_kwh=down[_side(buy - storage.wear_discharge - given + 2 * PRICE_TOLERANCE)],
        sell_to_kwh=down[_side(sell - storage.wear_discharge - given)],
        charge_kw=storage.charge_max_kw,
        discharge_kw=storage.discharge_max_kw,
        curtail=curtailment((buy, float(problem.export_price[step])), grid),
        worth=worth,
    )


def _side(gain: float) -> int:
    """0 for a loss, 1 for neither, 2 for a gain."""
    return 2 if gain > PRICE_TOLERANCE else 1 if gain > -PRICE_TOLERANCE else 0


def stored_value(problem: Problem, plan: Plan, step: int = 0) -> tuple[float, float]:
    """Least and greatest worth of a kWh stored in slot `step` that the plan is optimal for (may be infinite)."""
    storage = problem.storage
    soc = plan.soc_kwh[step + 1 :]
    empty = np.flatnonzero(soc <= storage.soc_min_kwh + ENERGY_TOLERANCE_KWH)
    full = np.flatnonzero(soc >= storage.soc_max_kwh - ENERGY_TOLERANCE_KWH)
    until_empty = step + int(empty[0]) + 1 if len(empty) else len(problem)
    until_full = step + int(full[0]) + 1 if len(full) else len(problem)
    low, high = _bounds(problem, plan, slice(step, max(until_empty, until_full)))
    least, greatest = float(low[: until_full - step].max()), float(high[: until_empty - step].min())
    further, nearer = _terminal_slopes(problem, float(soc[-1]))
    return (
        least if len(full) else max(least, further),
        greatest if len(empty) else min(greatest, nearer),
    )


def _bounds(problem: Problem, plan: Plan, span: slice) -> tuple[Series, Series]:
    """What the plan's move in each slot of a span says about the value of a stored kWh: at least, at most."""
    storage, grid = problem.storage, problem.grid
    hours, tolerance = problem.slot_hours, ENERGY_TOLERANCE_KWH
    charge, discharge = plan.charge_kwh[span], plan.discharge_kwh[span]
    buy, sell = problem.import_price[span], problem.export_price[span]
    imports, exports = plan.import_kwh[span], plan.export_kwh[span]
    breaches, spills = plan.breach_kwh[span] > tolerance, plan.curtail_kwh[span] > tolerance
    at_fuse = imports >= grid.import_max_kw * hours - tolerance
    at_feed_in_limit = exports >= grid.export_max_kw * hours - tolerance

    draw = np.where(
        breaches | at_fuse,
        buy + grid.import_breach_cost,
        np.where(spills, -grid.curtailment_cost, np.where(exports > tolerance, sell, buy)),
    )
    feed = np.where(
        breaches,
        buy + grid.import_breach_cost,
        np.where(imports > tolerance, buy, np.where(spills | at_feed_in_limit, -grid.curtailment_cost, sell)),
    )
    low = np.where(
        charge > tolerance,
        (feed + storage.wear_charge) / storage.charge_efficiency,
        np.where(
            discharge < storage.discharge_max_kw * hours - tolerance,
            (feed - storage.wear_discharge) * storage.discharge_efficiency,
            -np.inf,
        ),
    )
    high = np.where(
        discharge > tolerance,
        (draw - storage.wear_discharge) * storage.discharge_efficiency,
        np.where(
            charge < storage.charge_max_kw * hours - tolerance,
            (draw + storage.wear_charge) / storage.charge_efficiency,
            np.inf,
        ),
    )
    return low, high


def _terminal_slopes(problem: Problem, soc_kwh: float) -> tuple[float, float]:
    """Worth at the horizon of the next kWh more and of the last one held."""
    held = soc_kwh - problem.storage.soc_min_kwh
    edges = np.cumsum(problem.terminal.energy_kwh)
    above = np.flatnonzero(edges > held + ENERGY_TOLERANCE_KWH)
    below = np.flatnonzero(edges >= held - ENERGY_TOLERANCE_KWH)
    further = float(problem.terminal.value[above[0]]) if len(above) else 0.0
    if held <= ENERGY_TOLERANCE_KWH:
        return further, float("inf")
    return further, float(problem.terminal.value[below[0]]) if len(below) else 0.0


def _middle(low: float, high: float) -> float:
    if np.isinf(low):
        return high
    return low if np.isinf(high) else (low + high) / 2
