"""The exact recursion over the product of battery and automaton.

    V_t(q, s) = min over the edges q -> q' of  cost + min over the move m of  slot_t(energy drawn, m) + V_t+1(q', s + m)

V_t(q, .) is piecewise linear over the energy stored s and not convex (`piecewise`). The inner minimum depends on q' and
the energy alone and is worked out once for all edges that share them. Where what has to be spent until (q, s), by the
worths of a bound (`loads_bound`), lifts V above the cost of a known plan, no better plan passes: there V may be any
function that is not lower, and is taken as simple as possible.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from darkstar.planner.fast.forward import best_move, cost_at
from darkstar.planner.fast.loads_bound import Machine, spent_until
from darkstar.planner.fast.loads_site import Site
from darkstar.planner.fast.loads_worth import Slots, costs_at
from darkstar.planner.fast.piecewise import WORK_ROWS, copy, lower, step
from darkstar.planner.fast.recursion import begin

Ids = NDArray[np.int64]
Floats = NDArray[np.float64]
Functions = tuple[Floats, Ids, Floats]
"""Of each state: pieces (2, total), worths and lengths; where they begin (states + 1,); costs at empty (states,),
infinite where no better plan passes."""

MOST_PIECES = 131_072
"""Pieces that one function may have on the way; a problem that needs more is refused."""
MOST_TOTAL = 20_000_000
"""Pieces of all functions together."""


@njit(cache=True, nogil=True, error_model="numpy")
def simplified(
    worth: Floats, kwh: Floats, count: int, empty: float, bought: float, most: float
) -> tuple[int, float]:
    """Replace a function at both ends by simpler, not lower ones where, with what is stored bought at `bought` a kWh,
    it costs more than `most`: its count and cost at empty (infinite where it costs more everywhere)."""
    cost, first, last = empty, -1, -1
    if cost <= most:
        first = last = 0
    for index in range(count):
        cost += (bought - worth[index]) * kwh[index]
        if cost <= most:
            first, last = index if first < 0 else first, index + 1
    if first < 0:
        return 0, np.inf
    if last < count - 2:
        for index in range(last + 2, count):
            worth[last + 1] = min(worth[last + 1], worth[index])
            kwh[last + 1] += kwh[index]
        count = last + 2
    if first > 1:
        dearest, length, lost = worth[0], 0.0, 0.0
        for index in range(first):
            dearest = max(dearest, worth[index])
            length += kwh[index]
            lost += worth[index] * kwh[index]
        empty += dearest * length - lost
        worth[0], kwh[0] = dearest, length
        for index in range(first, count):
            worth[index - first + 1], kwh[index - first + 1] = worth[index], kwh[index]
        count -= first - 1
    return count, empty


@njit(cache=True, nogil=True, error_model="numpy")
def _appended(pieces: Floats, size: int, worth: Floats, kwh: Floats, count: int) -> Floats:
    """The pieces with so many more behind `size`, in a larger array where they need one."""
    while size + count > pieces.shape[1]:
        pieces = np.concatenate((pieces, np.empty_like(pieces)), axis=1)
    copy(worth, kwh, 0, count, pieces[0], pieces[1], size)
    return pieces


@njit(cache=True, nogil=True, error_model="numpy")
def recurse(site: Site, slots: Slots, machine: Machine, worth: Floats, most: float) -> Functions:
    """All value functions, where they matter for a plan that costs no more than `most`.

    Args:
        slots: for each energy of the automaton.
        worth: the worths of a bound, (n,).

    Returns:
        No beginnings where a function has more than `MOST_PIECES` pieces.
    """
    price, energy, base = slots
    layer_first, edge_first, edge_to, edge_energy, edge_cost, _ = machine
    _, _, _, _, _, end_worth, end_kwh, room, stored = site
    kinds, n, states = price.shape[0], price.shape[1], len(edge_first) - 1
    costs = np.empty((n, kinds))
    costs_at(slots, worth, costs)
    spent = spent_until(machine, costs)
    pieces, first, empties = (
        np.empty((2, 32 * states + 1_024)),
        np.zeros(states + 1, np.int64),
        np.empty(states),
    )
    space = np.empty((2, 2 * len(end_worth) + 4))
    head, tail = begin(end_worth, end_kwh, room, space)
    pieces, empties[0] = _appended(pieces, 0, space[0][head:], space[1][head:], tail - head), 0.0
    first[1] = size = tail - head
    widest = 1
    for t in range(n):
        widest = max(widest, (layer_first[t - 1] if t else states) - layer_first[t])
    slid, slid_at = np.empty((2, 16_384)), np.empty((widest * kinds, 2), np.int64)
    slid_empty, work = np.empty(widest * kinds), np.empty((WORK_ROWS, 2 * MOST_PIECES))
    source, target = np.empty((2, 2 * MOST_PIECES)), np.empty((2, 2 * MOST_PIECES))
    between = -worth[0] * stored
    for t in range(1, n):
        between += min(0.0, worth[t - 1] - worth[t]) * room
    for t in range(n - 1, -1, -1):
        slid_at[:] = -1
        slid_end = 0
        if t:
            between -= min(0.0, worth[t - 1] - worth[t]) * room
        for q in range(layer_first[t], layer_first[t - 1] if t else states):
            count, empty = 0, np.inf
            for e in range(edge_first[q], edge_first[q + 1]):
                to, kind = edge_to[e], edge_energy[e]
                key = (to - layer_first[t + 1]) * kinds + kind
                if slid_at[key, 0] < 0:
                    at, end = first[to], first[to + 1]
                    held, slid_empty[key] = step(
                        pieces[0, at:end],
                        pieces[1, at:end],
                        end - at,
                        empties[to],
                        price[kind, t],
                        energy[kind, t],
                        base[kind, t],
                        target[0],
                        target[1],
                        work,
                    )
                    if held < 0 or size > MOST_TOTAL:
                        return pieces, first[:0], empties
                    slid = _appended(slid, slid_end, target[0], target[1], held)
                    slid_at[key, 0], slid_at[key, 1] = slid_end, slid_end + held
                    slid_end += held
                at, end = slid_at[key, 0], slid_at[key, 1]
                count, empty = lower(
                    source[0],
                    source[1],
                    count,
                    empty,
                    slid[0, at:end],
                    slid[1, at:end],
                    end - at,
                    slid_empty[key] + edge_cost[e],
                    target[0],
                    target[1],
                )
                if count < 0:
                    return pieces, first[:0], empties
                source, target = target, source
            if t:
                left = most - spent[q] - between
                count, empty = simplified(source[0], source[1], count, empty, worth[t - 1], left)
            pieces = _appended(pieces, size, source[0], source[1], count)
            size += count
            first[q + 1], empties[q] = size, empty
    return pieces, first, empties


@njit(cache=True, nogil=True, error_model="numpy")
def follow(site: Site, slots: Slots, machine: Machine, functions: Functions, moves: Floats, way: Ids) -> None:
    """The cheapest way: its edges into `way` (n,) and the changes of the energy stored into `moves` (n,)."""
    price, energy, base = slots
    _, edge_first, edge_to, edge_energy, edge_cost, _ = machine
    pieces, first, empties = functions
    room, stored = site[7], site[8]
    q = len(edge_first) - 2
    for t in range(price.shape[1]):
        least = np.inf
        for e in range(edge_first[q], edge_first[q + 1]):
            to, kind = edge_to[e], edge_energy[e]
            at, end = first[to], first[to + 1]
            if empties[to] == np.inf:
                continue
            after, _ = cost_at(pieces[0], pieces[1], at, end, empties[to], stored)
            move, gain = best_move(pieces[0], pieces[1], at, end, price[kind, t], energy[kind, t], stored)
            total = edge_cost[e] + base[kind, t] + after - gain
            if total < least:
                least, way[t], moves[t] = total, e, move
        q = edge_to[way[t]]
        stored = min(max(stored + moves[t], 0.0), room)
