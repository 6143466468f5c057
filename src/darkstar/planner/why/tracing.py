"""Which energy of a plan served which use, and what each transfer gained against leaving the battery alone.

Left alone, the battery keeps what it holds. A plan departs from that level upwards (stored now, used later) and
downwards (used now, refilled later), and each bit of energy is paired with the move that last passed its level the
other way: last in, first out. Three things hold for these pairs and for no other simple rule:

- the gains of all transfers add up to the cost of the battery left alone less the plan's cost;
- what the battery holds at the start needs no price of its own: it is what the levels are counted from;
- without kinks, no transfer of a cheapest plan loses. Energy above its starting level never leaves the battery empty
  on its way, so the worth of a stored kWh does not fall meanwhile; below it, the battery is never full, and the worth
  does not rise.

A transfer's gain belongs to its first move, which is what the other one would not make sense without.
"""

from dataclasses import dataclass

import numpy as np

from darkstar.planner.accounting import terminal_value
from darkstar.planner.fast.slot_cost import limits_of, resolve
from darkstar.planner.problem import Plan, Problem, Series

ENERGY_TOLERANCE_KWH = 1e-9


@dataclass(frozen=True)
class Transfer:
    """Energy that one move of the battery makes possible for another.

    Attributes:
        first, second: their slots; `second` is None where the energy is still stored, or still missing, at the end.
        charges_first: whether the first move stores; else it uses what the second one refills.
        stored_kwh: energy, as stored.
        gain: what it gains against leaving the battery alone, after losses and wear.
    """

    first: int
    second: int | None
    charges_first: bool
    stored_kwh: float
    gain: float


@dataclass(frozen=True)
class SlotMoney:
    """What the battery's moves change, slot by slot; shape (n,).

    Attributes:
        extra: cost of the slot less its cost with the battery left alone, wear included.
        price: the same without wear, per kWh that the battery draws or gives (AC); 0 where it rests.
    """

    extra: Series
    price: Series


def money_of(problem: Problem, plan: Plan) -> SlotMoney:
    """What each move of a plan costs or saves."""
    alone = slot_costs(problem, idle_flows(problem))
    moved = np.array([plan.charge_kwh, plan.discharge_kwh, *_site(plan)])
    extra = slot_costs(problem, moved) - alone
    storage = problem.storage
    wear = storage.wear_charge * plan.charge_kwh + storage.wear_discharge * plan.discharge_kwh
    power = plan.charge_kwh - plan.discharge_kwh
    moving = np.abs(power) > ENERGY_TOLERANCE_KWH
    price = np.divide(extra - wear, power, out=np.zeros(len(problem)), where=moving)
    return SlotMoney(extra, price)


def site_flows(problem: Problem, moves: Series) -> Series:
    """The site's flows with these changes of the energy stored, shape (6, n): see `slot_cost.resolve`."""
    flows = np.empty((6, len(problem)))
    load, pv, buy, sell = (
        np.array(one, dtype=np.float64)
        for one in (problem.load_kwh, problem.pv_kwh, problem.import_price, problem.export_price)
    )
    resolve(load, pv, buy, sell, limits_of(problem), moves, flows)
    return flows


def idle_flows(problem: Problem) -> Series:
    """The site's flows with the battery left alone."""
    return site_flows(problem, np.zeros(len(problem)))


def slot_costs(problem: Problem, flows: Series) -> Series:
    """What each slot costs with flows of shape (6, n), the terminal value left out; shape (n,)."""
    charge, discharge, imports, exports, curtail, breach = flows
    storage, grid = problem.storage, problem.grid
    return np.asarray(
        problem.import_price * (imports + breach)
        - problem.export_price * exports
        + storage.wear_charge * charge
        + storage.wear_discharge * discharge
        + grid.curtailment_cost * curtail
        + grid.import_breach_cost * breach
    )


def idle_cost(problem: Problem) -> float:
    """Cost of the battery left alone, terminal value included."""
    return float(slot_costs(problem, idle_flows(problem)).sum()) - terminal_value(
        problem, problem.soc_start_kwh
    )


def transfers_of(problem: Problem, plan: Plan, money: SlotMoney) -> list[Transfer]:
    """All transfers of a plan, by their first slot and then their second; the end comes last."""
    moves = np.diff(plan.soc_kwh)
    moving = np.abs(moves) > ENERGY_TOLERANCE_KWH
    rate = np.divide(money.extra, moves, out=np.zeros(len(moves)), where=moving)
    found: list[Transfer] = []
    # Moves that wait for their counterpart: slot and energy, the nearest to the present level last. Of those above
    # and those below the starting level, one list is empty always.
    above: list[tuple[int, float]] = []
    below: list[tuple[int, float]] = []
    for slot in np.flatnonzero(moving).tolist():
        charges = bool(moves[slot] > 0)
        waiting, own = (below, above) if charges else (above, below)
        left = abs(float(moves[slot]))
        while waiting and left > ENERGY_TOLERANCE_KWH:
            first, open_kwh = waiting.pop()
            kwh = min(open_kwh, left)
            gain = kwh * float(rate[first] - rate[slot]) * (1 if charges else -1)
            found.append(Transfer(first, slot, not charges, kwh, gain))
            left -= kwh
            if open_kwh - kwh > ENERGY_TOLERANCE_KWH:
                waiting.append((first, open_kwh - kwh))
        if left > ENERGY_TOLERANCE_KWH:
            own.append((slot, left))
    found += _open_at_the_end(problem, above, rate, charges_first=True)
    found += _open_at_the_end(problem, below, rate, charges_first=False)
    return sorted(found, key=lambda transfer: (transfer.first, transfer.second or len(problem)))


def _open_at_the_end(
    problem: Problem, moves: list[tuple[int, float]], rate: Series, *, charges_first: bool
) -> list[Transfer]:
    """What is left, or missing, at the end against the start: the terminal value is its counterpart."""
    level, sign, found = problem.soc_start_kwh, 1 if charges_first else -1, []
    for slot, kwh in moves:
        after = level + sign * kwh
        worth = terminal_value(problem, after) - terminal_value(problem, level)
        found.append(Transfer(slot, None, charges_first, kwh, worth - sign * kwh * float(rate[slot])))
        level = after
    return found


def _site(plan: Plan) -> tuple[Series, Series, Series, Series]:
    return plan.import_kwh, plan.export_kwh, plan.curtail_kwh, plan.breach_kwh
