"""What no plan can cost less than, and what of an automaton a plan as good as a known one can use.

Price the energy that loads draw at `price[t]` a kWh in each slot, and let battery and loads part ways: the battery's
side may sell the loads any energy up to their most, each load takes its cheapest way. The sum of what both cost is a
lower bound for every price (Lagrange); where the two agree it is the optimum. An edge of a load's automaton whose best
way through, at these prices, lifts the bound above the cost of a known plan is in no better plan: it goes.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from darkstar.planner.fast.loads_priced import Scratch, Site, cost_priced, cost_with
from darkstar.planner.fast.loads_ranges import Frame, marginals, room_for
from darkstar.planner.fast.loads_slot import BUY

Ids = NDArray[np.int64]
Floats = NDArray[np.float64]
Machine = tuple[Ids, Ids, Ids, Ids, Floats, Floats]
"""Of an automaton: layer_first, edge_first, edge_to, edge_energy, edge_cost, energies_kwh."""

TRIES = 4
"""Steps without a better bound after which they become smaller."""
SHRINK = 0.6
MOMENTUM = 0.5
LITTLE = 0.02
"""Share of what the loads may draw in a slot, by which its price is measured."""


@njit(cache=True, nogil=True, error_model="numpy")
def cheapest_way(machine: Machine, price: Floats, left: Floats, way: Ids) -> float:
    """Least cost of a load at these prices, its edges into `way` (n,), the cost from each state on into `left`."""
    layer_first, edge_first, edge_to, edge_energy, edge_cost, energies = machine
    n, start = len(price), len(edge_first) - 2
    left[0] = 0.0
    for t in range(n - 1, -1, -1):
        for q in range(layer_first[t], layer_first[t - 1] if t else start + 1):
            best = np.inf
            for e in range(edge_first[q], edge_first[q + 1]):
                best = min(best, edge_cost[e] + energies[edge_energy[e]] * price[t] + left[edge_to[e]])
            left[q] = best
    q = start
    for t in range(n):
        best = np.inf
        for e in range(edge_first[q], edge_first[q + 1]):
            total = edge_cost[e] + energies[edge_energy[e]] * price[t] + left[edge_to[e]]
            if total < best:
                best, way[t] = total, e
        q = edge_to[way[t]]
    return float(left[start])


@njit(cache=True, nogil=True, error_model="numpy")
def slack_of(machine: Machine, price: Floats) -> Floats:
    """How much dearer than the cheapest way the best way through each edge is, shape (edges,)."""
    layer_first, edge_first, edge_to, edge_energy, edge_cost, energies = machine
    n, start = len(price), len(edge_first) - 2
    left, way = np.empty(start + 1), np.empty(n, np.int64)
    least = cheapest_way(machine, price, left, way)
    spent = np.full(start + 1, np.inf)
    spent[start] = 0.0
    slack = np.empty(len(edge_to))
    for t in range(n):
        for q in range(layer_first[t], layer_first[t - 1] if t else start + 1):
            for e in range(edge_first[q], edge_first[q + 1]):
                total = spent[q] + edge_cost[e] + energies[edge_energy[e]] * price[t]
                spent[edge_to[e]] = min(spent[edge_to[e]], total)
                slack[e] = total + left[edge_to[e]] - least
    return slack


@njit(cache=True, nogil=True, error_model="numpy")
def _most_kwh(machine: Machine, most: Floats) -> None:
    """Add the most that a load may draw in each slot to `most` (n,)."""
    layer_first, edge_first, _, edge_energy, _, energies = machine
    for t in range(len(most)):
        last = layer_first[t - 1] if t else len(edge_first) - 1
        kwh = 0.0
        for e in range(edge_first[layer_first[t]], edge_first[last]):
            kwh = max(kwh, energies[edge_energy[e]])
        most[t] += kwh


@njit(cache=True, nogil=True, error_model="numpy")
def ascend(
    frame: Frame,
    start_kwh: float,
    site: Site,
    scratch: Scratch,
    a: Machine,
    b: Machine,
    smooth: int,
    steps: int,
) -> tuple[float, float, Floats, Ids, Ids, Floats]:
    """A lower bound, the cost of the best plan met on the way, the prices (n,) that prove the bound, the plan's edges.

    For `smooth` steps the prices are what a little more energy costs slot by slot beside the mean of what the loads
    have drawn so far; from there on they follow the difference between what the loads draw and what the battery's
    side would sell.
    """
    series = frame[0]
    n = series.shape[1]
    most, nothing = np.zeros(n), np.zeros(n)
    _most_kwh(a, most)
    _most_kwh(b, most)
    left_a, left_b = np.empty(len(a[1]) - 1), np.empty(len(b[1]) - 1)
    way_a, way_b = np.zeros(n, np.int64), np.zeros(n, np.int64)
    drawn, sold, mean, aside = np.zeros(n), np.zeros(n), np.zeros(n), np.zeros(n)
    price, marginal, known = series[BUY].copy(), series[BUY].copy(), np.full((64, n), -1.0)
    best_a, best_b = np.zeros(n, np.int64), np.zeros(n, np.int64)
    lower, upper, best_price = -np.inf, np.inf, price.copy()
    room = room_for(n)
    if not marginals(frame, start_kwh, nothing, most, marginal, room):
        return lower, upper, best_price, best_a, best_b, most
    price[:] = marginal
    push, size, waited, seen = np.zeros(n), 1.0, 0, 0
    for step in range(steps):
        bound = cost_priced(site, most, price, sold, scratch)
        bound += cheapest_way(a, price, left_a, way_a) + cheapest_way(b, price, left_b, way_b)
        own = 0.0
        for t in range(n):
            drawn[t] = a[5][a[3][way_a[t]]] + b[5][b[3][way_b[t]]]
            own += a[4][way_a[t]] + b[4][way_b[t]]
        new = True
        for k in range(min(seen, 64)):
            new = new and not np.array_equal(known[k], drawn)
        if new:
            known[seen % 64] = drawn
            seen += 1
            cost = own + cost_with(site, drawn, scratch)
            if -np.inf < cost < upper:
                upper = cost
                best_a[:], best_b[:] = way_a, way_b
        if bound > lower:
            waited, lower, best_price = 0, bound, price.copy()
        elif step > smooth:
            waited += 1
            if waited >= TRIES:
                size, waited = size * SHRINK, 0
                price = best_price.copy()
        if upper - lower <= 1e-10 * (1.0 + abs(upper)) or bound == -np.inf or upper == np.inf:
            break
        if step < smooth:
            # Frank and Wolfe: the price of a little more or less than what was drawn on average.
            for t in range(n):
                mean[t] += (drawn[t] - mean[t]) * (2.0 / (step + 3.0) if step else 0.5)
                little = LITTLE * most[t]
                aside[t] = -little if mean[t] >= little else little
            marginals(frame, start_kwh, mean, aside, marginal, room)
            price[:] = marginal if step < smooth - 1 else best_price
            continue
        push = drawn - sold + MOMENTUM * push
        length = np.dot(push, push)
        if length < 1e-18:
            break
        price = price + size * max(upper - bound, 0.0) / length * push
    return lower, upper, best_price, best_a, best_b, most
