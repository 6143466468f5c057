"""Compiled parts of `planner.automata`: explore states forwards, merge equal futures backwards, pair two loads.

A state's code is `mode + modes * counters`: mode 0 .. run - 1 is on for 1 .. run slots (the last: so long or longer),
then off for 1 .. off_modes slots; counters are mixed-radix digits, one for each register.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

Ids = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Arrays = tuple[Ids, Ids, Ids, Ids, Ids, Floats]

FIRST, LAST, UNITS, CAP, CAPPED, DONE, REGISTER = range(7)
RUN, OFF_MODES, MIN_OFF, MOST_OFF, OWED, PROFILE, ON_FOR, OFF_FOR = range(8)


@njit(cache=True, nogil=True)
def _opened(t: int, counters: int, needs: Ids, radix: Ids) -> int:
    """Counters as the windows that begin at slot t find them."""
    for i in range(len(needs)):
        if needs[i, FIRST] == t:
            weight = 1
            for r in range(needs[i, REGISTER]):
                weight *= radix[r]
            counters += weight * min(needs[i, DONE], needs[i, CAP])
    return counters


@njit(cache=True, nogil=True)
def _counted(
    t: int, counters: int, units: int, needs: Ids, shortfall: Floats, radix: Ids
) -> tuple[int, float]:
    """Counters after slot t with so many units, -1 where a cap forbids them; and what is missing where windows end."""
    cost = 0.0
    for i in range(len(needs)):
        if needs[i, FIRST] <= t < needs[i, LAST]:
            weight = 1
            for r in range(needs[i, REGISTER]):
                weight *= radix[r]
            count = counters // weight % radix[needs[i, REGISTER]]
            after = count + units
            if after > needs[i, CAP]:
                if needs[i, CAPPED] and units > 0:
                    return -1, 0.0
                after = max(count, needs[i, CAP])
            if t + 1 == needs[i, LAST]:
                missing = needs[i, UNITS] - after
                if missing > 0:
                    cost += missing * shortfall[i]
                after = 0
            counters += weight * (after - count)
    return counters, cost


@njit(cache=True, nogil=True)
def _mode_after(
    t: int, mode: int, level: int, may_run: bool, rules: Ids, costs: Floats
) -> tuple[int, float, int]:
    """Mode after slot t off (level 0) or on, its cost, and the slot of the run that it is; mode -1 where forbidden."""
    run, off_modes = rules[RUN], rules[OFF_MODES]
    on = mode < run
    if level == 0:
        if on and t < rules[OWED]:
            return -1, 0.0, 0
        if on and mode + 1 < run and not (t == rules[OWED] and rules[ON_FOR] > 0):
            return -1, 0.0, 0
        off_for = 1 if on else mode - run + 2
        late = costs[1] if off_for > rules[MOST_OFF] else 0.0
        return run + min(off_for, off_modes) - 1, late, 0
    if not may_run:
        return -1, 0.0, 0
    if on and not (rules[PROFILE] and mode + 1 == run):
        position = min(mode + 1, run - 1)
        return position, 0.0, position
    if (on and rules[MIN_OFF] > 0) or (not on and mode - run + 1 < rules[MIN_OFF]):
        return -1, 0.0, 0
    return 0, costs[0], 0


@njit(cache=True, nogil=True)
def _reached(
    n: int,
    rules: Ids,
    costs: Floats,
    may_run: Flags,
    units: Ids,
    needs: Ids,
    shortfall: Floats,
    radix: Ids,
    codes: int,
) -> tuple[Ids, Ids]:
    """Codes that can be reached before each slot: `found[first[t] : first[t + 1]]`."""
    modes = rules[RUN] + rules[OFF_MODES]
    seen = np.full(codes, -1, np.int64)
    found = np.empty(1024, np.int64)
    first = np.zeros(n + 2, np.int64)
    start = rules[ON_FOR] - 1 if rules[ON_FOR] else rules[RUN] + rules[OFF_FOR] - 1
    found[0] = start + modes * _opened(0, 0, needs, radix)
    first[1] = count = 1
    for t in range(n):
        for at in range(first[t], first[t + 1]):
            mode, counters = found[at] % modes, found[at] // modes
            for level in range(len(units) + 1):
                after, _, _ = _mode_after(t, mode, level, may_run[t], rules, costs)
                if after < 0:
                    continue
                now, _ = _counted(t, counters, units[level - 1] if level else 0, needs, shortfall, radix)
                if now < 0:
                    continue
                code = after + modes * _opened(t + 1, now, needs, radix)
                if seen[code] != t:
                    seen[code] = t
                    if count == len(found):
                        found = np.concatenate((found, np.empty(count, np.int64)))
                    found[count] = code
                    count += 1
        first[t + 2] = count
    return found[:count], first


@njit(cache=True, nogil=True)
def build(
    n: int,
    rules: Ids,
    costs: Floats,
    may_run: Flags,
    units: Ids,
    energy_at: Ids,
    needs: Ids,
    shortfall: Floats,
    radix: Ids,
) -> Arrays:
    """The arrays of an `Automaton`, in its order; `energy_at` by level, or by slot of the run for a profile."""
    modes = rules[RUN] + rules[OFF_MODES]
    codes = modes
    for r in range(len(radix)):
        codes *= radix[r]
    found, first = _reached(n, rules, costs, may_run, units, needs, shortfall, radix, codes)
    actions = len(units) + 1
    layer_first = np.zeros(n + 1, np.int64)
    edge_first = np.zeros(len(found) + 1, np.int64)
    most = len(found) * actions
    edge_to, edge_energy, edge_level = (
        np.empty(most, np.int64),
        np.empty(most, np.int64),
        np.empty(most, np.int64),
    )
    edge_cost = np.empty(most, np.float64)
    state_of, state_before = np.full(codes, -1, np.int64), np.full(codes, -1, np.int64)
    for at in range(first[n], first[n + 1]):
        state_of[found[at]] = 0
    states, edges = 1, 0
    size = 2
    while size < 2 * (np.diff(first).max() + 1):
        size *= 2
    table = np.empty(size, np.int64)
    for t in range(n - 1, -1, -1):
        table[:] = -1
        layer_first[t] = states
        for at in range(first[t], first[t + 1]):
            mode, counters = found[at] % modes, found[at] // modes
            begin, mark = edges, 17
            for level in range(actions):
                after, cost, position = _mode_after(t, mode, level, may_run[t], rules, costs)
                if after < 0:
                    continue
                now, missing = _counted(
                    t, counters, units[level - 1] if level else 0, needs, shortfall, radix
                )
                if now < 0:
                    continue
                to = state_of[after + modes * _opened(t + 1, now, needs, radix)]
                if to < 0:
                    continue
                energy = 0
                if level:
                    energy = energy_at[position] if rules[PROFILE] else energy_at[level - 1]
                edge_to[edges], edge_energy[edges] = to, energy
                edge_level[edges], edge_cost[edges] = level, cost + missing
                mark = (
                    mark * 1_000_003 + to * 31 + level * 7 + energy * 131 + int((cost + missing) * 16)
                ) & ((1 << 40) - 1)
                edges += 1
            if edges == begin:
                state_before[found[at]] = -1
                continue
            slot = mark & (size - 1)
            while table[slot] >= 0:
                other = table[slot]
                low = edge_first[other]
                same = edge_first[other + 1] - low == edges - begin
                for k in range(edges - begin):
                    if not same:
                        break
                    same = (
                        edge_to[low + k] == edge_to[begin + k]
                        and edge_energy[low + k] == edge_energy[begin + k]
                        and edge_level[low + k] == edge_level[begin + k]
                        and edge_cost[low + k] == edge_cost[begin + k]
                    )
                if same:
                    break
                slot = (slot + 1) & (size - 1)
            if table[slot] >= 0:
                edges = begin
            else:
                table[slot] = states
                states += 1
                edge_first[states] = edges
            state_before[found[at]] = table[slot]
        for at in range(first[t + 1], first[t + 2]):
            state_of[found[at]] = -1
        for at in range(first[t], first[t + 1]):
            state_of[found[at]] = state_before[found[at]]
    return (
        layer_first,
        edge_first[: states + 1].copy(),
        edge_to[:edges].copy(),
        edge_energy[:edges].copy(),
        edge_level[:edges].copy(),
        edge_cost[:edges].copy(),
    )


@njit(cache=True, nogil=True)
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
