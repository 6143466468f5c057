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
def _digits(radix: Ids) -> Ids:
    """The registers' counts by counters, shape (registers, counters): looked up, for dividing is slow."""
    size = 1
    for r in range(len(radix)):
        size *= radix[r]
    digits = np.zeros((len(radix), size), np.int64)
    for counters in range(1, size):
        for r in range(len(radix)):
            digits[r, counters] = digits[r, counters - 1] + 1
            if digits[r, counters] < radix[r]:
                for higher in range(r + 1, len(radix)):
                    digits[higher, counters] = digits[higher, counters - 1]
                break
            digits[r, counters] = 0
    return digits


@njit(cache=True, nogil=True, error_model="numpy")
def _counted(
    t: int, counters: int, units: int, opened: Ids, needs: Ids, shortfall: Floats, weights: Ids, digits: Ids
) -> tuple[int, float]:
    """Counters after slot t with so many units, -1 where a cap forbids them; and what is missing where windows end.

    `opened` are the needs whose windows the slot lies in.
    """
    cost, before = 0.0, counters
    for i in opened:
        ends = t + 1 == needs[i, LAST]
        if units == 0 and not ends:
            continue
        count = digits[needs[i, REGISTER], before]
        after = count + units
        if after > needs[i, CAP]:
            if needs[i, CAPPED] and units > 0:
                return -1, 0.0
            after = max(count, needs[i, CAP])
        if ends:
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
def _modes_after(
    t: int, units: Ids, may_run: bool, rules: Ids, costs: Floats, after: Ids, late: Floats
) -> None:
    """`_mode_after` for all modes and actions of slot t, into `after` and `late` (modes, actions)."""
    for mode in range(after.shape[0]):
        for level in range(len(units)):
            after[mode, level], late[mode, level], _ = _mode_after(t, mode, level, may_run, rules, costs)


@njit(cache=True, nogil=True, error_model="numpy")
def _expand(
    t: int,
    found: Ids,
    counted: Ids,
    first: int,
    last: int,
    after: Ids,
    late: Floats,
    opening: int,
    units: Ids,
    opened: Ids,
    needs: Ids,
    shortfall: Floats,
    weights: Ids,
    digits: Ids,
    seen: Ids,
    afters: Ids,
    paid: Floats,
) -> int:
    """The states that follow those at first..last, behind them; where they end."""
    modes, actions = after.shape
    count = last
    for at in range(first, last):
        counters = counted[at]
        mode = found[at] - modes * counters
        for level in range(actions):
            afters[at, level] = -1
            if after[mode, level] < 0:
                continue
            now, missing = _counted(t, counters, units[level], opened, needs, shortfall, weights, digits)
            if now < 0:
                continue
            now += opening
            code = after[mode, level] + modes * now
            afters[at, level], paid[at, level] = code, late[mode, level] + missing
            if seen[code] != t:
                seen[code] = t
                found[count], counted[count] = code, now
                count += 1
    return count


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
    the actions' costs (found, actions), -1 where forbidden. `units` by action, the first of which is off."""
    modes, actions = rules[RUN] + rules[OFF_MODES], len(units)
    weights = np.ones(len(needs), np.int64)
    for i in range(len(needs)):
        for r in range(needs[i, REGISTER]):
            weights[i] *= radix[r]
    openings, digits, opened = _openings(n, needs, weights), _digits(radix), np.empty(len(needs), np.int64)
    seen = np.full(codes, -1, np.int64)
    found, counted = np.empty(8192, np.int64), np.empty(8192, np.int64)
    afters, paid = np.empty((8192, actions), np.int64), np.empty((8192, actions))
    after, late = np.empty((modes, actions), np.int64), np.empty((modes, actions))
    first = np.zeros(n + 2, np.int64)
    start = rules[ON_FOR] - 1 if rules[ON_FOR] else rules[RUN] + rules[OFF_FOR] - 1
    found[0], counted[0] = start + modes * openings[0], openings[0]
    first[1] = count = 1
    for t in range(n):
        open_needs = 0
        for i in range(len(needs)):
            if needs[i, FIRST] <= t < needs[i, LAST]:
                opened[open_needs] = i
                open_needs += 1
        while count + min(codes, actions * (count - first[t])) > len(found):
            found, counted = np.concatenate((found, found)), np.concatenate((counted, counted))
            afters, paid = np.concatenate((afters, afters)), np.concatenate((paid, paid))
        _modes_after(t, units, may_run[t], rules, costs, after, late)
        first[t + 2] = count = _expand(
            t,
            found,
            counted,
            first[t],
            count,
            after,
            late,
            openings[t + 1],
            units,
            opened[:open_needs],
            needs,
            shortfall,
            weights,
            digits,
            seen,
            afters,
            paid,
        )
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
    actions = len(units)
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
                code = afters[at, level]
                if code < 0 or state_of[code] < 0:
                    continue
                to, cost = state_of[code], paid[at, level]
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
