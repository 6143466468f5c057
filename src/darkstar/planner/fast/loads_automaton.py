"""Compiled parts of `planner.automata`: explore states forwards, merge equal futures backwards.

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


@njit(cache=True, nogil=True, error_model="numpy")
def _openings(n: int, needs: Ids, weights: Ids) -> Ids:
    """What the windows that begin at each slot add to the counters, shape (n + 1,)."""
    openings = np.zeros(n + 1, np.int64)
    for i in range(len(needs)):
        openings[needs[i, FIRST]] += weights[i] * min(needs[i, DONE], needs[i, CAP])
    return openings


@njit(cache=True, nogil=True, error_model="numpy")
def _counted(
    t: int, counters: int, units: int, needs: Ids, shortfall: Floats, weights: Ids, radix: Ids
) -> tuple[int, float]:
    """Counters after slot t with so many units, -1 where a cap forbids them; and what is missing where windows end."""
    cost = 0.0
    for i in range(len(needs)):
        if needs[i, FIRST] <= t < needs[i, LAST]:
            if units == 0 and t + 1 < needs[i, LAST]:
                continue
            count = counters // weights[i] % radix[needs[i, REGISTER]]
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
            counters += weights[i] * (after - count)
    return counters, cost


@njit(cache=True, nogil=True, error_model="numpy")
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


@njit(cache=True, nogil=True, error_model="numpy")
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
) -> tuple[Ids, Ids, Ids, Floats]:
    """Codes that can be reached before each slot, `found[first[t] : first[t + 1]]`; the codes after each action and
    the actions' costs (found, actions), -1 where forbidden."""
    modes, actions = rules[RUN] + rules[OFF_MODES], len(units) + 1
    weights = np.ones(len(needs), np.int64)
    for i in range(len(needs)):
        for r in range(needs[i, REGISTER]):
            weights[i] *= radix[r]
    openings = _openings(n, needs, weights)
    seen = np.full(codes, -1, np.int64)
    found = np.empty(8192, np.int64)
    afters, paid = np.empty(8192 * actions, np.int64), np.empty(8192 * actions)
    first = np.zeros(n + 2, np.int64)
    start = rules[ON_FOR] - 1 if rules[ON_FOR] else rules[RUN] + rules[OFF_FOR] - 1
    found[0] = start + modes * openings[0]
    first[1] = count = 1
    for t in range(n):
        for at in range(first[t], first[t + 1]):
            counters = found[at] // modes
            mode = found[at] - counters * modes
            for level in range(actions):
                after, cost, _ = _mode_after(t, mode, level, may_run[t], rules, costs)
                afters[at * actions + level] = -1
                if after < 0:
                    continue
                now, missing = _counted(
                    t, counters, units[level - 1] if level else 0, needs, shortfall, weights, radix
                )
                if now < 0:
                    continue
                code = after + modes * (now + openings[t + 1])
                afters[at * actions + level], paid[at * actions + level] = code, cost + missing
                if seen[code] != t:
                    seen[code] = t
                    if count == len(found):
                        found = np.concatenate((found, np.empty_like(found)))
                        afters = np.concatenate((afters, np.empty_like(afters)))
                        paid = np.concatenate((paid, np.empty_like(paid)))
                    found[count] = code
                    count += 1
        first[t + 2] = count
    return found[:count], first, afters, paid


@njit(cache=True, nogil=True, error_model="numpy")
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
    found, first, afters, paid = _reached(n, rules, costs, may_run, units, needs, shortfall, radix, codes)
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
            begin, mark = edges, 17
            for level in range(actions):
                code = afters[at * actions + level]
                if code < 0 or state_of[code] < 0:
                    continue
                to, cost = state_of[code], paid[at * actions + level]
                energy = 0
                if level:
                    energy = energy_at[code % modes] if rules[PROFILE] else energy_at[level - 1]
                edge_to[edges], edge_energy[edges] = to, energy
                edge_level[edges], edge_cost[edges] = level, cost
                mark = (mark * 1_000_003 + to * 31 + level * 7 + energy * 131 + int(cost * 16)) & (
                    (1 << 40) - 1
                )
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
