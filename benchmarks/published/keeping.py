"""What the rest of a month costs in the mean, its load being in doubt: hour by hour backwards, compiled.

Each hour has a value for every energy stored, every level that the load is off by for days, every level that it is
off by for hours, and what has become of the tier:

    LOST    the next tier is paid for, and its limit holds
    SPENT   the tier is kept, and no day may exceed its limit any more
    SPARE   the tier is kept, and one day may exceed it, up to `spare_kw`

An hour's load is known when its move is chosen. Over the limit means the next state; nothing else gives up a tier,
and nothing else reserves energy for it: both follow from what the states cost.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from benchmarks.published.trondheim import GRID_KW, STORAGE, Series

LOST, SPENT, SPARE = range(3)
STATES = 3
STEP_KWH = 1.0
LEVELS = round(STORAGE.soc_max_kwh / STEP_KWH) + 1
"""Energies stored that are looked at; between them values are interpolated."""
FINER = 10
"""Parts of a step that the first move is chosen in."""
LEAST_LOAD_KWH = 0.1
OVER = 119.0
"""Cost of an hour over the next tier's limit [NOK]: what one more tier costs, whose limit is not followed."""
SAME_KW = 1e-9
NEVER = 1e18
_POWER = STORAGE.charge_max_kw
_EFFICIENCY = STORAGE.charge_efficiency


@njit(cache=True, nogil=True, error_model="numpy")
def values(
    load: Series,
    error: Series,
    price: Series,
    limit: Series,
    spare_kw: float,
    next_kw: float,
    lasting: tuple[Series, NDArray[np.float64]],
    sudden: tuple[Series, NDArray[np.float64]],
    end: NDArray[np.float64],
    kept: int,
) -> NDArray[np.float64]:
    """Expected costs after each of the first `kept` hours, given the errors in it [NOK].

    Args:
        load, error, price, limit: expected load, its usual error, price, and the tier's limit, shape (n,).
        spare_kw: what one day may exceed the limit to.
        next_kw: the next tier's limit.
        lasting, sudden: errors in usual errors, and the chance of each after each.
        end: values after the last hour, shape (STATES, lasting, sudden, LEVELS).

    Returns:
        Shape (kept, STATES, lasting, sudden, LEVELS).
    """
    found = end.copy()
    after = np.empty((kept, *end.shape))
    for hour in range(len(load) - 1, -1, -1):
        mean = _expected(found, lasting[1], sudden[1])
        if hour < kept:
            after[hour] = mean
        for slow in range(end.shape[1]):
            for fast in range(end.shape[2]):
                off = error[hour] * (lasting[0][slow] + sudden[0][fast])
                met = max(load[hour] + off, LEAST_LOAD_KWH)
                _hour(
                    mean[:, slow, fast],
                    met,
                    price[hour],
                    limit[hour],
                    spare_kw,
                    next_kw,
                    found[:, slow, fast],
                )
    return after


@njit(cache=True, nogil=True, error_model="numpy")
def _expected(
    found: NDArray[np.float64], slow_chance: NDArray[np.float64], fast_chance: NDArray[np.float64]
) -> NDArray[np.float64]:
    states, slows, fasts = found.shape[:3]
    faster = np.zeros(found.shape)
    mean = np.zeros(found.shape)
    for state in range(states):
        for slow in range(slows):
            for fast in range(fasts):
                for later in range(fasts):
                    faster[state, slow, fast] += fast_chance[fast, later] * found[state, slow, later]
        for slow in range(slows):
            for later in range(slows):
                if slow_chance[slow, later] > 0.0:
                    mean[state, slow] += slow_chance[slow, later] * faster[state, later]
    return mean


@njit(cache=True, nogil=True, error_model="numpy")
def _hour(
    mean: NDArray[np.float64],
    load: float,
    price: float,
    limit: float,
    spare_kw: float,
    next_kw: float,
    found: NDArray[np.float64],
) -> None:
    """The values before an hour, from those after it (both shape (STATES, LEVELS)), by its load."""
    for level in range(LEVELS):
        soc = level * STEP_KWH
        lost = spent = spare = NEVER
        # On the grid, and where nothing is drawn or a limit is met.
        low = max(int(np.ceil((soc - min(load, _POWER) / _EFFICIENCY) / STEP_KWH - SAME_KW)), 0)
        most = (next_kw - load) * (_EFFICIENCY if load < next_kw else 1 / _EFFICIENCY)
        high = min(int(np.floor((soc + most) / STEP_KWH + SAME_KW)), LEVELS - 1)
        for number in range(low - 4, high + 1):
            if number >= low:
                drawn = load + _move(number * STEP_KWH - soc)
                part, left = number, 0.0
            else:
                ahead = low - number
                drawn = 0.0 if ahead == 4 else limit if ahead == 3 else spare_kw if ahead == 2 else next_kw
                to = (soc + _stored(drawn - load)) / STEP_KWH
                if to < 0.0 or to > LEVELS - 1:
                    continue
                part = min(int(to), LEVELS - 2)
                left = to - part
            cost = price * drawn
            lost = min(lost, cost + _between(mean[LOST], part, left))
            if drawn <= spare_kw + SAME_KW:
                still = cost + _between(mean[SPENT], part, left)
                spare = min(spare, still)
                if drawn <= limit + SAME_KW:
                    spent = min(spent, still)
                    spare = min(spare, cost + _between(mean[SPARE], part, left))
        empty = load - soc * _EFFICIENCY
        if empty > next_kw:
            lost = min(lost, price * empty + OVER + mean[LOST, 0])
        found[LOST, level] = lost
        found[SPENT, level] = min(spent, lost)
        found[SPARE, level] = min(spare, spent, lost)


@njit(cache=True, nogil=True, error_model="numpy")
def best_move(
    mean: NDArray[np.float64],
    load: float,
    price: float,
    soc: float,
    limit: float,
    spare_kw: float,
    next_kw: float,
) -> float:
    """What the battery takes from the home in an hour [kWh], by the values after it, shape (STATES, LEVELS)."""
    best, chosen = NEVER, 0.0
    count = (LEVELS - 1) * FINER + 1
    for number in range(count + 4):
        if number < count:
            drawn = load + _move(number / FINER * STEP_KWH - soc)
        else:
            ahead = number - count
            drawn = 0.0 if ahead == 0 else limit if ahead == 1 else spare_kw if ahead == 2 else next_kw
        move = drawn - load
        to = (soc + _stored(move)) / STEP_KWH
        if drawn < -SAME_KW or drawn > max(GRID_KW, load) or abs(move) > _POWER:
            continue
        if to < -SAME_KW or to > LEVELS - 1 + SAME_KW:
            continue
        to = max(to, 0.0)
        part = min(int(to), LEVELS - 2)
        state = SPARE if drawn <= limit + SAME_KW else SPENT if drawn <= spare_kw + SAME_KW else LOST
        cost = price * drawn + _between(mean[state], part, to - part)
        if drawn > next_kw + SAME_KW:
            cost += OVER * (1.0 + drawn - next_kw)
        if cost < best:
            best, chosen = cost, move
    return chosen


@njit(cache=True, nogil=True, error_model="numpy")
def _move(stored: float) -> float:
    return stored / _EFFICIENCY if stored > 0.0 else stored * _EFFICIENCY


@njit(cache=True, nogil=True, error_model="numpy")
def _stored(move: float) -> float:
    return move * _EFFICIENCY if move > 0.0 else move / _EFFICIENCY


@njit(cache=True, nogil=True, error_model="numpy")
def _between(values: Series, part: int, left: float) -> float:
    """Between a level and the next, a share of the way."""
    return values[part] if left == 0.0 else values[part] * (1.0 - left) + values[part + 1] * left
