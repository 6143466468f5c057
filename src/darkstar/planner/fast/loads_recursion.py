"""The exact recursion over the product of battery and automaton.

    V_t(q, s) = min over the edges q -> q' of  cost + min over w of  slot_t(energy of the edge, w) + V_{t+1}(q', s - w)

V_t(q, .) is piecewise linear over the energy stored s and not convex. The inner minimum depends on q' and the energy
alone and is worked out once for all edges that share them.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from darkstar.planner.fast.loads_pieces import KWH, SLOPE, VALUE, best_move, least, slide
from darkstar.planner.fast.loads_slot import LOAD, PV, site_cost, slot_cost

Ids = NDArray[np.int64]
Floats = NDArray[np.float64]

MOST_POINTS = 131_072
"""Points that one function may have on the way; a problem that needs more is refused."""
MOST_TOTAL = 30_000_000
"""Points of all functions together."""
GROWTH = 40
"""A function slid along a slot's cost has at most so many times the points, and a few."""
MOST_PIECES = 16


@njit(cache=True, nogil=True, error_model="numpy")
def recurse(
    series: Floats,
    battery: Floats,
    grid: Floats,
    terminal: Floats,
    layer_first: Ids,
    edge_first: Ids,
    edge_to: Ids,
    edge_energy: Ids,
    edge_cost: Floats,
    energies: Floats,
    lows: Floats,
    highs: Floats,
) -> tuple[Floats, Ids]:
    """All value functions: their points (3, total), and where each state's begin, shape (states + 1,).

    Args:
        series: load, pv, import price, export price, shape (4, n).
        terminal: points of the cost of the energy left, shape (3, points).
        lows, highs: the energies stored that matter before each slot and at the end, shape (n + 1,).

    Returns:
        An empty `points_first` where a function has more than `MOST_POINTS` points.
    """
    n, states, kinds = series.shape[1], len(edge_first) - 1, len(energies)
    points = np.empty((3, max(65_536, 32 * states)), np.float64)
    points_first = np.zeros(states + 1, np.int64)
    size = terminal.shape[1]
    points[:, :size] = terminal
    points_first[1] = size
    widest = 1
    for t in range(n):
        widest = max(widest, (layer_first[t - 1] if t else states) - layer_first[t])
    slid_at, slid_size = np.full(widest * kinds, -1, np.int64), np.zeros(widest * kinds, np.int64)
    slid = np.empty((3, 65_536), np.float64)
    parts, count = np.zeros((kinds, 2, 2, MOST_PIECES), np.float64), np.zeros((kinds, 2), np.int64)
    lengths, slopes = np.empty(4, np.float64), np.empty(4, np.float64)
    work = np.empty((3, MOST_POINTS)), np.empty((3, MOST_POINTS)), np.empty((3, MOST_POINTS))
    source, target = np.empty((3, MOST_POINTS)), np.empty((3, MOST_POINTS))
    for t in range(n - 1, -1, -1):
        begin, begin_value = site_cost(series, t, grid, lengths, slopes)
        for k in range(kinds):
            need = series[LOAD, t] - series[PV, t] + energies[k]
            slot_cost(need, begin, begin_value, lengths, slopes, battery, parts[k], count[k])
        next_first = layer_first[t + 1]
        slid_at[:] = -1
        slid_end = 0
        for q in range(layer_first[t], layer_first[t - 1] if t else states):
            held = 0
            held_at, held_size, held_cost = 0, 0, 0.0
            for e in range(edge_first[q], edge_first[q + 1]):
                to, k = edge_to[e], edge_energy[e]
                key = (to - next_first) * kinds + k
                if slid_at[key] < 0:
                    at = points_first[to]
                    points_of = points_first[to + 1] - at
                    room = GROWTH * (points_of + 8)
                    if room > MOST_POINTS or size > MOST_TOTAL:
                        return points, points_first[:0]
                    while slid_end + room > slid.shape[1]:
                        slid = np.concatenate((slid, np.empty_like(slid)), axis=1)
                    slid_at[key] = slid_end
                    end = slide(
                        points, at, points_of, parts[k], count[k], lows[t], highs[t], slid, slid_end, work
                    )
                    slid_size[key] = end - slid_end
                    slid_end = end
                at, m = slid_at[key], slid_size[key]
                if 2 * (held_size + m) > MOST_POINTS:
                    return points, points_first[:0]
                if held == 0:
                    held_at, held_size, held_cost = at, m, edge_cost[e]
                elif held == 1:
                    held_size = least(
                        slid, held_at, held_size, held_cost, slid, at, m, edge_cost[e], target, 0
                    )
                else:
                    held_size = least(source, 0, held_size, 0.0, slid, at, m, edge_cost[e], target, 0)
                if held:
                    source, target = target, source
                held += 1
            while size + held_size > points.shape[1]:
                points = np.concatenate((points, np.empty_like(points)), axis=1)
            if held == 1:
                for i in range(held_size):
                    points[KWH, size + i] = slid[KWH, held_at + i]
                    points[VALUE, size + i] = slid[VALUE, held_at + i] + held_cost
                    points[SLOPE, size + i] = slid[SLOPE, held_at + i]
            else:
                for i in range(held_size):
                    points[KWH, size + i] = source[KWH, i]
                    points[VALUE, size + i] = source[VALUE, i]
                    points[SLOPE, size + i] = source[SLOPE, i]
            size += held_size
            points_first[q + 1] = size
    return points[:, :size], points_first


@njit(cache=True, nogil=True, error_model="numpy")
def follow(
    series: Floats,
    battery: Floats,
    grid: Floats,
    points: Floats,
    points_first: Ids,
    edge_first: Ids,
    edge_to: Ids,
    edge_energy: Ids,
    edge_cost: Floats,
    energies: Floats,
    kwh: float,
) -> tuple[float, Ids, Floats]:
    """The cheapest way from a state of charge: its cost by the value functions, edges (n,), energy taken out (n,)."""
    n = series.shape[1]
    q = len(edge_first) - 2
    chosen, taken = np.empty(n, np.int64), np.empty(n, np.float64)
    parts, count = np.zeros((2, 2, MOST_PIECES), np.float64), np.zeros(2, np.int64)
    lengths, slopes = np.empty(4, np.float64), np.empty(4, np.float64)
    cost = 0.0
    for t in range(n):
        begin, begin_value = site_cost(series, t, grid, lengths, slopes)
        best, best_edge, best_w = np.inf, -1, 0.0
        for e in range(edge_first[q], edge_first[q + 1]):
            need = series[LOAD, t] - series[PV, t] + energies[edge_energy[e]]
            slot_cost(need, begin, begin_value, lengths, slopes, battery, parts, count)
            to = edge_to[e]
            w, total = best_move(
                points, points_first[to], points_first[to + 1] - points_first[to], parts, count, kwh
            )
            if total + edge_cost[e] < best:
                best, best_edge, best_w = total + edge_cost[e], e, w
        if t == 0:
            cost = best
        chosen[t], taken[t] = best_edge, best_w
        q = edge_to[best_edge]
        kwh = min(max(kwh - best_w, points[KWH, points_first[q]]), points[KWH, points_first[q + 1] - 1])
    return cost, chosen, taken
