"""How a plan is carried out: by the value of a stored kilowatt-hour, not by its set-points.

A plan is right for the load and the sun that were forecast. What stays right when others come is the worth of a
stored kWh that the plan implies. It is read off the plan by complementary slackness, without asking the engine:
in every slot the plan's own move says what one kWh more or less would have cost there (`_bounds`), and those prices
bound the worth of a kWh stored now as long as it can be carried there,

    value now <= price in slot t    until the battery is first empty (what is worth more later is not sold earlier)
    value now >= price in slot t    until the battery is first full  (what comes later cannot be stored as well)

and, where it never is, by the terminal value. Held against the prices of the slot at hand, the value says which mode
the inverter takes for this slot, before the slot's load and sun are known:

    value * charge_efficiency    > import price + wear   charge from the grid at full power
    value * charge_efficiency    > export price + wear   store the surplus
    value / discharge_efficiency < import price - wear   cover the load
    value / discharge_efficiency < export price - wear   feed the grid at full power

Where a price equals the value, either mode is as good for the energy that the plan moves at that price: power against
the grid then stays the plan's own, and the home's own load and surplus are served from the battery.
"""

import numpy as np
from numpy.typing import NDArray

from darkstar.planner.problem import Plan, Problem
from darkstar.time_machine.plant import Command

ENERGY_TOLERANCE_KWH = 1e-6
PRICE_TOLERANCE = 1e-6

Series = NDArray[np.float64]


def follow(problem: Problem, plan: Plan, step: int = 0) -> Command:
    """The inverter's mode in the plan's slot `step`."""
    storage = problem.storage
    low, high = stored_value(problem, plan, step)
    value = _middle(low, high)
    kept, given = value * storage.charge_efficiency, value / storage.discharge_efficiency
    buy, sell = float(problem.import_price[step]), float(problem.export_price[step])
    planned = float(plan.charge_kwh[step] - plan.discharge_kwh[step]) / problem.slot_hours
    surplus = float(problem.pv_kwh[step] - problem.load_kwh[step]) / problem.slot_hours

    if kept > buy + storage.wear_charge + PRICE_TOLERANCE:
        floor = storage.charge_max_kw
    elif kept > buy + storage.wear_charge - PRICE_TOLERANCE and planned > max(surplus, 0.0):
        floor = planned
    elif given <= buy - storage.wear_discharge + PRICE_TOLERANCE:
        floor = -storage.discharge_max_kw
    else:
        floor = 0.0
    if given < sell - storage.wear_discharge - PRICE_TOLERANCE:
        ceiling = -storage.discharge_max_kw
    elif given < sell - storage.wear_discharge + PRICE_TOLERANCE and planned < min(surplus, 0.0):
        ceiling = planned
    elif kept >= sell + storage.wear_charge - PRICE_TOLERANCE:
        ceiling = storage.charge_max_kw
    else:
        ceiling = 0.0
    return Command(min(floor, ceiling), max(floor, ceiling))


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
