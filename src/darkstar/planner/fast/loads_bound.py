"""What no plan can cost less than, and what of an automaton a plan as good as a known one can use.

Give each slot a worth of stored energy (`loads_worth`), and let the slots part ways: each does what pays at its worth,
each load takes its cheapest way through what it then costs, and what the slots' moves do not add up to is bought and
sold at these worths. The sum is a lower bound for any worths (Lagrange); where it agrees with a known plan's cost,
that plan is the optimum. An edge of a load's automaton whose best way through, at these worths, lifts the bound above
the cost of a known plan is in no better plan: it goes.

A slot costs what it costs with both loads; each load is charged for what it adds, so that together they never pay more.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from darkstar.planner.fast.loads_site import Scratch, Site, cost_with
from darkstar.planner.fast.loads_worth import Slots, cost_between, costs_at, worths_of

Ids = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Machine = tuple[Ids, Ids, Ids, Ids, Floats, Floats]
"""Of an automaton: layer_first, edge_first, edge_to, edge_energy, edge_cost, energies_kwh."""
Ascent = tuple[float, float, Floats, Flags, Ids, Ids, Floats]
"""A lower bound and the cost of the best plan met on the way; the worths (n,) that prove the bound, and the slots (n,)
whose cost was shared from both loads on; the plan's edges, each (n,), and its moves of the stored energy (n,)."""

SAME_COST = 1e-9
"""Relative rounding of costs; nothing is left out for less."""
BARREN = 3
"""Steps without a better bound after which no more are tried."""
KNOWN = 64
"""Ways of the loads that are remembered, so as not to be planned again."""


@njit(cache=True, nogil=True, error_model="numpy")
def cheapest_way(machine: Machine, costs: Floats, left: Floats, way: Ids) -> float:
    """Least cost of a load where its energies cost so much in each slot, (n, kinds): its edges into `way` (n,), the
    cost from each state on into `left`."""
    layer_first, edge_first, edge_to, edge_energy, edge_cost, _ = machine
    n, start = len(costs), len(edge_first) - 2
    left[0] = 0.0
    for t in range(n - 1, -1, -1):
        for q in range(layer_first[t], layer_first[t - 1] if t else start + 1):
            best = np.inf
            for e in range(edge_first[q], edge_first[q + 1]):
                best = min(best, edge_cost[e] + costs[t, edge_energy[e]] + left[edge_to[e]])
            left[q] = best
    q = start
    for t in range(n):
        best = np.inf
        for e in range(edge_first[q], edge_first[q + 1]):
            total = edge_cost[e] + costs[t, edge_energy[e]] + left[edge_to[e]]
            if total < best:
                best, way[t] = total, e
        q = edge_to[way[t]]
    return float(left[start])


@njit(cache=True, nogil=True, error_model="numpy")
def spent_until(machine: Machine, costs: Floats) -> Floats:
    """Least cost of a load from the beginning to each state, shape (states,)."""
    layer_first, edge_first, edge_to, edge_energy, edge_cost, _ = machine
    start = len(edge_first) - 2
    spent = np.full(start + 1, np.inf)
    spent[start] = 0.0
    for t in range(len(costs)):
        for q in range(layer_first[t], layer_first[t - 1] if t else start + 1):
            for e in range(edge_first[q], edge_first[q + 1]):
                total = spent[q] + edge_cost[e] + costs[t, edge_energy[e]]
                spent[edge_to[e]] = min(spent[edge_to[e]], total)
    return spent


@njit(cache=True, nogil=True, error_model="numpy")
def slack_of(machine: Machine, costs: Floats) -> Floats:
    """How much dearer than the cheapest way the best way through each edge is, shape (edges,)."""
    layer_first, edge_first, edge_to, edge_energy, edge_cost, _ = machine
    n, start = len(costs), len(edge_first) - 2
    left, way = np.empty(start + 1), np.empty(n, np.int64)
    least = cheapest_way(machine, costs, left, way)
    spent = spent_until(machine, costs)
    slack = np.empty(len(edge_to))
    for t in range(n):
        for q in range(layer_first[t], layer_first[t - 1] if t else start + 1):
            for e in range(edge_first[q], edge_first[q + 1]):
                slack[e] = spent[q] + edge_cost[e] + costs[t, edge_energy[e]] + left[edge_to[e]] - least
    return slack


@njit(cache=True, nogil=True, error_model="numpy")
def share(costs: Floats, pair: Ids, both: Flags, first_costs: Floats, second_costs: Floats) -> float:
    """Part the slots' costs (n, kinds) between two loads, into `first_costs` (n, kinds of the first) and
    `second_costs`; what is left over for neither.

    With it they never come to more than `costs`. Each is charged for what it adds beside nothing, or, in the slots
    of `both` (n,), for what it adds beside the other one's most.

    Args:
        pair: (kinds of the first, kinds of the second), the kind of both together.
    """
    rest = 0.0
    of_first, of_second = pair.shape
    for t in range(len(costs)):
        i0, j0 = (of_first - 1, of_second - 1) if both[t] else (0, 0)
        left = costs[t, pair[i0, j0]]
        for i in range(of_first):
            first_costs[t, i] = costs[t, pair[i, j0]] - costs[t, pair[i0, j0]]
        for j in range(of_second):
            second_costs[t, j] = costs[t, pair[i0, j]] - costs[t, pair[i0, j0]]
        for i in range(of_first):
            for j in range(of_second):
                left = min(left, costs[t, pair[i, j]] - first_costs[t, i] - second_costs[t, j])
        rest += left
    return rest


@njit(cache=True, nogil=True, error_model="numpy")
def _is_new(known: Floats, seen: int, drawn: Floats) -> bool:
    """Whether the loads have drawn otherwise so far; if so it is remembered."""
    for number in range(min(seen, KNOWN)):
        if np.array_equal(known[number], drawn):
            return False
    known[seen % KNOWN] = drawn
    return True


@njit(cache=True, nogil=True, error_model="numpy")
def ascend(
    site: Site,
    scratch: Scratch,
    slots: Slots,
    pair: Ids,
    a: Machine,
    b: Machine,
    begin: Floats,
    steps: int,
    barren: int,
) -> Ascent:
    """A lower bound, and the best plan met on the way.

    Whenever the loads take ways that make a better plan than any before, the next worths are that plan's; else those
    of the battery's plan beside the mean of what the loads have drawn so far (Frank and Wolfe).

    Args:
        slots, pair: the slots for each energy of both loads together, and its kind, see `share`.
        begin: the first worths, (n,); where it is empty those beside no loads.
        steps, barren: most steps, and most of them without a better bound.
    """
    _, _, _, _, _, end_worth, end_kwh, room, stored = site
    price, energy, _, _, _, _, _, plan, _ = scratch
    n = slots[2].shape[1]
    costs, left_a, left_b = np.empty((n, len(slots[2]))), np.empty(len(a[1]) - 1), np.empty(len(b[1]) - 1)
    costs_a, costs_b = np.empty((n, pair.shape[0])), np.empty((n, pair.shape[1]))
    way_a, way_b, best_a, best_b = (
        np.zeros(n, np.int64),
        np.zeros(n, np.int64),
        np.zeros(n, np.int64),
        np.zeros(n, np.int64),
    )
    both, best_both = np.zeros(n, np.bool_), np.zeros(n, np.bool_)
    drawn, mean, moves, worth, best_worth = np.zeros(n), np.zeros(n), np.zeros(n), np.zeros(n), np.zeros(n)
    known, seen, blended, waited = np.empty((KNOWN, n)), 0, 0, 0
    lower, upper, better = -np.inf, np.inf, len(begin) > 0
    if better:
        worth[:] = begin
    for step in range(steps):
        if not better:
            if step:
                blended += 1
                mean += (drawn - mean) * (2.0 / (blended + 2.0))
            if cost_with(site, mean, scratch) == -np.inf:
                break
            worths_of(price, energy, plan, stored, room, end_worth, end_kwh, worth)
        costs_at(slots, worth, costs)
        bound = cost_between(worth, stored, room, end_worth, end_kwh)
        bound += share(costs, pair, both, costs_a, costs_b)
        bound += cheapest_way(a, costs_a, left_a, way_a) + cheapest_way(b, costs_b, left_b, way_b)
        waited += 1
        if bound > lower:
            lower, waited = bound, 0
            best_worth[:], best_both[:] = worth, both
        own, better = 0.0, False
        for t in range(n):
            drawn[t] = a[5][a[3][way_a[t]]] + b[5][b[3][way_b[t]]]
            own += a[4][way_a[t]] + b[4][way_b[t]]
        if _is_new(known, seen, drawn):
            seen += 1
            cost = own + cost_with(site, drawn, scratch)
            better = -np.inf < cost < upper
        if better:
            upper = cost
            best_a[:], best_b[:], moves[:] = way_a, way_b, plan
            worths_of(price, energy, plan, stored, room, end_worth, end_kwh, worth)
            for t in range(n):
                both[t] = a[3][way_a[t]] > 0 and b[3][way_b[t]] > 0
        if upper - lower <= SAME_COST * (1.0 + abs(upper)) or upper == np.inf or waited >= barren:
            break
    return lower, upper, best_worth, best_both, best_a, best_b, moves
