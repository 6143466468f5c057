"""Compiled parts of `planner.automata`: two loads side by side."""

import numpy as np
from numba import njit

from darkstar.planner.fast.loads_automaton import Arrays, Floats, Ids


@njit(cache=True, nogil=True, error_model="numpy")
def sums_of(first: Floats, second: Floats) -> tuple[Floats, Ids]:
    """The different sums of two lists of energies, rising, and which of them each pair comes to (first, second)."""
    sums = first.reshape(-1, 1) + second.reshape(1, -1)
    energies = np.unique(sums)
    pair = np.empty(sums.shape, np.int64)
    for i in range(len(first)):
        for j in range(len(second)):
            pair[i, j] = np.searchsorted(energies, sums[i, j])
    return energies, pair


@njit(cache=True, nogil=True, error_model="numpy")
def combine(
    a_layer: Ids,
    a_edge: Ids,
    a_to: Ids,
    a_energy: Ids,
    a_level: Ids,
    a_cost: Floats,
    b_layer: Ids,
    b_edge: Ids,
    b_to: Ids,
    b_energy: Ids,
    b_level: Ids,
    b_cost: Floats,
    energy_of: Ids,
    stride: int,
    a_slack: Floats,
    b_slack: Floats,
    allowance: float,
) -> Arrays:
    """The arrays of two automata side by side; `energy_of` (m_a, m_b) names the sum of two energies.

    Pairs of edges whose slacks add up to more than the allowance are left out.
    """
    n = len(a_layer) - 1
    starts = len(a_edge) - 2, len(b_edge) - 2
    # Forwards: pairs that can be reached, by slot.
    pair_first = np.zeros(n + 2, np.int64)
    pairs_a, pairs_b = np.empty(1024, np.int64), np.empty(1024, np.int64)
    pairs_a[0], pairs_b[0] = starts
    pair_first[1] = count = 1
    edges = 0
    widest_a, widest_b = 1, 1
    for t in range(n):
        widest_a = max(widest_a, (a_layer[t - 1] if t else len(a_edge) - 1) - a_layer[t])
        widest_b = max(widest_b, (b_layer[t - 1] if t else len(b_edge) - 1) - b_layer[t])
    number = np.full(widest_a * widest_b, -1, np.int64)
    for t in range(n):
        number[:] = -1
        for at in range(pair_first[t], pair_first[t + 1]):
            for i in range(a_edge[pairs_a[at]], a_edge[pairs_a[at] + 1]):
                for j in range(b_edge[pairs_b[at]], b_edge[pairs_b[at] + 1]):
                    if a_slack[i] + b_slack[j] > allowance:
                        continue
                    edges += 1
                    place = (a_to[i] - a_layer[t + 1]) * widest_b + b_to[j] - b_layer[t + 1]
                    if number[place] < 0:
                        number[place] = 1
                        if count == len(pairs_a):
                            pairs_a = np.concatenate((pairs_a, np.empty(count, np.int64)))
                            pairs_b = np.concatenate((pairs_b, np.empty(count, np.int64)))
                        pairs_a[count], pairs_b[count] = a_to[i], b_to[j]
                        count += 1
        pair_first[t + 2] = count
    # Backwards: number the pairs from the end and write their edges.
    layer_first = np.zeros(n + 1, np.int64)
    edge_first = np.zeros(count + 1, np.int64)
    edge_to, edge_energy, edge_level = (
        np.empty(edges, np.int64),
        np.empty(edges, np.int64),
        np.empty(edges, np.int64),
    )
    edge_cost = np.empty(edges, np.float64)
    states, edges = 1, 0
    number[0] = 0
    for t in range(n - 1, -1, -1):
        layer_first[t] = states
        for at in range(pair_first[t], pair_first[t + 1]):
            for i in range(a_edge[pairs_a[at]], a_edge[pairs_a[at] + 1]):
                for j in range(b_edge[pairs_b[at]], b_edge[pairs_b[at] + 1]):
                    if a_slack[i] + b_slack[j] > allowance:
                        continue
                    place = (a_to[i] - a_layer[t + 1]) * widest_b + b_to[j] - b_layer[t + 1]
                    edge_to[edges] = number[place]
                    edge_energy[edges] = energy_of[a_energy[i], b_energy[j]]
                    edge_level[edges] = a_level[i] + stride * b_level[j]
                    edge_cost[edges] = a_cost[i] + b_cost[j]
                    edges += 1
            states += 1
            edge_first[states] = edges
        for at in range(pair_first[t], pair_first[t + 1]):
            place = (pairs_a[at] - a_layer[t]) * widest_b + pairs_b[at] - b_layer[t]
            number[place] = layer_first[t] + at - pair_first[t]
    return layer_first, edge_first, edge_to, edge_energy, edge_level, edge_cost
