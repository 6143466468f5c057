"""Piecewise-linear functions of the stored energy that need not be convex: slide them along a slot's cost, take minima.

A function is three rows of one array (3, capacity): where its points lie [kWh], its values there, and its slope to the
right of each. Points rise strictly; slopes are taken over, never recomputed, so that equal ones stay equal.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from darkstar.planner.fast.loads_slot import SAME_SLOPE

Ids = NDArray[np.int64]
Floats = NDArray[np.float64]

KWH, VALUE, SLOPE = range(3)
SAME_KWH = 1e-12
SAME_VALUE = 1e-11
"""Rounding of energies and values."""


@njit(cache=True, nogil=True, error_model="numpy")
def _put(out: Floats, at: int, n: int, kwh: float, value: float, slope: float) -> int:
    """Append a point to `at` .. n, merging what lies on one line or in one place; where the next one goes."""
    if n > at and kwh - out[KWH, n - 1] < SAME_KWH:
        out[SLOPE, n - 1] = slope
        if n - 1 > at and abs(out[SLOPE, n - 2] - slope) < SAME_SLOPE:
            return n - 1
        return n
    if n > at and abs(out[SLOPE, n - 1] - slope) < SAME_SLOPE:
        return n
    out[KWH, n], out[VALUE, n], out[SLOPE, n] = kwh, value, slope
    return n + 1


@njit(cache=True, nogil=True, error_model="numpy")
def _finish(out: Floats, at: int, n: int, kwh: float, value: float) -> int:
    """Append the last point; the function's end."""
    if kwh - out[KWH, n - 1] < SAME_KWH and n - 1 > at:
        out[KWH, n - 1] = kwh
        return n
    out[KWH, n], out[VALUE, n], out[SLOPE, n] = kwh, value, 0.0
    return n + 1


@njit(cache=True, nogil=True, error_model="numpy")
def _slide_run(
    f: Floats, first: int, last: int, part: Floats, pieces: int, low: float, high: float, out: Floats, at: int
) -> int:
    """The convex run of points first..last slid along one convex part of a cost, within [low, high]; its end, `at`
    where it lies beside the range.

    Both sides' pieces, flattest last, follow one another: those of the run keep their shape and are only moved.
    """
    kwh, value = f[KWH, first] + part[0, -1], f[VALUE, first] + part[1, -1]
    i, k, n = first, 0, at
    # Up to the range.
    while kwh < low:
        if i < last and (k >= pieces or f[SLOPE, i] <= part[1, k]):
            slope, length = f[SLOPE, i], f[KWH, i + 1] - f[KWH, i]
            i += 1
        elif k < pieces:
            slope, length = part[1, k], part[0, k]
            k += 1
        else:
            break
        if kwh + length > low + SAME_KWH:
            out[KWH, n], out[VALUE, n], out[SLOPE, n] = low, value + slope * (low - kwh), slope
            n += 1
        kwh += length
        value += slope * length
    while kwh < high:
        by_kwh, by_value = kwh - f[KWH, i], value - f[VALUE, i]
        limit = part[1, k] if k < pieces else np.inf
        if i < last and n > at and abs(out[SLOPE, n - 1] - f[SLOPE, i]) < SAME_SLOPE and f[SLOPE, i] <= limit:
            i += 1
        while i < last and f[SLOPE, i] <= limit:
            kwh = f[KWH, i] + by_kwh
            if kwh >= high:
                break
            out[KWH, n], out[VALUE, n], out[SLOPE, n] = kwh, f[VALUE, i] + by_value, f[SLOPE, i]
            n += 1
            i += 1
        kwh, value = f[KWH, i] + by_kwh, f[VALUE, i] + by_value
        if k >= pieces or kwh >= high:
            break
        if part[0, k] > SAME_KWH:
            if n == at or out[SLOPE, n - 1] < part[1, k] - SAME_SLOPE:
                out[KWH, n], out[VALUE, n], out[SLOPE, n] = kwh, value, part[1, k]
                n += 1
            kwh += part[0, k]
            value += part[1, k] * part[0, k]
        k += 1
    if n == at:
        if kwh < low - SAME_KWH or kwh > high + SAME_KWH:
            return at
        out[KWH, n], out[VALUE, n], out[SLOPE, n] = kwh, value, 0.0
        return n + 1
    if kwh > high - 1e-9:
        value += out[SLOPE, n - 1] * (high - kwh)
        kwh = high
    return _finish(out, at, n, kwh, value)


@njit(cache=True, nogil=True, error_model="numpy")
def _take_over(out: Floats, at: int, n: int, g: Floats, begin_g: int, end_g: int) -> int:
    """The minimum of `out` (at .. n) and of `g`, which begins and ends further right and stays below from one
    point on; its end."""
    begin, end = g[KWH, begin_g], out[KWH, n - 1]
    i = n - 1
    while i > at and out[KWH, i - 1] > begin:
        i -= 1
    i = max(i - 1, at)
    j, kwh = begin_g, begin
    above = out[VALUE, i] + out[SLOPE, i] * (begin - out[KWH, i]) - g[VALUE, j]
    while above <= 0.0 and kwh < end:
        after = end
        if i + 1 < n and out[KWH, i + 1] < after:
            after = out[KWH, i + 1]
        if j + 1 < end_g and g[KWH, j + 1] < after:
            after = g[KWH, j + 1]
        then = (
            out[VALUE, i]
            + out[SLOPE, i] * (after - out[KWH, i])
            - g[VALUE, j]
            - g[SLOPE, j] * (after - g[KWH, j])
        )
        if then > 0.0:
            kwh += (after - kwh) * (-above / (then - above))
            above = then
            break
        kwh, above = after, then
        if i + 1 < n and out[KWH, i + 1] <= after:
            i += 1
        if j + 1 < end_g and g[KWH, j + 1] <= after:
            j += 1
    if above <= 0.0 and kwh >= end and g[KWH, end_g - 1] <= end:
        return n
    while n > at and out[KWH, n - 1] >= kwh:
        n -= 1
    while j + 1 < end_g and g[KWH, j + 1] <= kwh:
        j += 1
    if j + 1 >= end_g:
        return _finish(out, at, n, kwh, g[VALUE, end_g - 1])
    n = _put(out, at, n, kwh, g[VALUE, j] + g[SLOPE, j] * (kwh - g[KWH, j]), g[SLOPE, j])
    for k in range(j + 1, end_g - 1):
        n = _put(out, at, n, g[KWH, k], g[VALUE, k], g[SLOPE, k])
    return _finish(out, at, n, g[KWH, end_g - 1], g[VALUE, end_g - 1])


@njit(cache=True, nogil=True, error_model="numpy")
def _slide_part(
    f: Floats,
    at: int,
    size: int,
    part: Floats,
    pieces: int,
    low: float,
    high: float,
    out: Floats,
    out_at: int,
    spare: Floats,
) -> int:
    """A function (points at .. at + size) slid along one convex part: the least over its convex runs; its end."""
    if size == 1:
        return _slide_run(f, at, at, part, pieces, low, high, out, out_at)
    end, first = out_at, at
    while first < at + size - 1:
        last = first + 1
        while last < at + size - 1 and f[SLOPE, last] >= f[SLOPE, last - 1] - SAME_SLOPE:
            last += 1
        if end == out_at:
            end = _slide_run(f, first, last, part, pieces, low, high, out, out_at)
        else:
            m = _slide_run(f, first, last, part, pieces, low, high, spare, 0)
            if m:
                end = _take_over(out, out_at, end, spare, 0, m)
        first = last
    return end


@njit(cache=True, nogil=True, error_model="numpy")
def least(
    a: Floats,
    at_a: int,
    n: int,
    add_a: float,
    b: Floats,
    at_b: int,
    m: int,
    add_b: float,
    out: Floats,
    out_at: int,
) -> int:
    """The minimum of two functions, each with a cost added; its end in `out`.

    The first may begin earlier, the second may end later; there they are the minimum themselves.
    """
    i, j, size, lower_a = at_a, at_b, out_at, True
    end_a, end_b = at_a + n - 1, at_b + m - 1
    kwh = b[KWH, j]
    while i < end_a and a[KWH, i] < kwh - SAME_KWH:
        size = _put(out, out_at, size, a[KWH, i], a[VALUE, i] + add_a, a[SLOPE, i])
        i += 1
    i = max(i - 1, at_a)
    apart = size > out_at
    value_a = a[VALUE, i] + add_a
    if apart:
        value_a += a[SLOPE, i] * (kwh - a[KWH, i])
    else:
        kwh = a[KWH, i]
    value_b = b[VALUE, j] + add_b
    while i < end_a and j < end_b:
        slope_a, slope_b = a[SLOPE, i], b[SLOPE, j]
        kwh_a, kwh_b = a[KWH, i + 1], b[KWH, j + 1]
        after = min(kwh_a, kwh_b)
        then_a = a[VALUE, i + 1] + add_a if kwh_a <= after else value_a + slope_a * (after - kwh)
        then_b = b[VALUE, j + 1] + add_b if kwh_b <= after else value_b + slope_b * (after - kwh)
        before, then = value_a - value_b, then_a - then_b
        if size == out_at or apart:
            apart = False
            lower_a = before < 0.0 or (before <= SAME_VALUE and then <= 0.0)
        # Who is lower stays so until the other one is by more than rounding: no teeth of noise.
        crossed = then > SAME_VALUE if lower_a else then < -SAME_VALUE
        step = (after - kwh) * (before / (before - then)) if crossed and before * then < 0.0 else 0.0
        if not crossed or step > 0.0:
            size = _put(
                out, out_at, size, kwh, value_a if lower_a else value_b, slope_a if lower_a else slope_b
            )
        if crossed:
            lower_a = not lower_a
            if lower_a:
                size = _put(out, out_at, size, kwh + step, value_a + slope_a * step, slope_a)
            else:
                size = _put(out, out_at, size, kwh + step, value_b + slope_b * step, slope_b)
        if kwh_a <= after:
            i += 1
        if kwh_b <= after:
            j += 1
        kwh, value_a, value_b = after, then_a, then_b
    if j < end_b and b[KWH, end_b] > kwh + SAME_KWH:
        size = _put(out, out_at, size, kwh, value_b, b[SLOPE, j])
        for k in range(j + 1, end_b):
            size = _put(out, out_at, size, b[KWH, k], b[VALUE, k] + add_b, b[SLOPE, k])
        return _finish(out, out_at, size, b[KWH, end_b], b[VALUE, end_b] + add_b)
    return _finish(out, out_at, size, kwh, min(value_a, value_b))


@njit(cache=True, nogil=True, error_model="numpy")
def slide(
    f: Floats,
    at: int,
    size: int,
    parts: Floats,
    count: Ids,
    low: float,
    high: float,
    out: Floats,
    out_at: int,
    work: tuple[Floats, Floats, Floats],
) -> int:
    """The least cost of a slot and what follows it, over the energy stored before; its end in `out`.

    `work` is room for functions on the way, each (3, capacity).
    """
    if count[1] < 0:
        return _slide_part(f, at, size, parts[0], count[0], low, high, out, out_at, work[0])
    n = _slide_part(f, at, size, parts[0], count[0], low, high, work[1], 0, work[0])
    m = _slide_part(f, at, size, parts[1], count[1], low, high, work[2], 0, work[0])
    if n == 0 or m == 0:
        which, end = (work[1], n) if n else (work[2], m)
        out[:, out_at : out_at + end] = which[:, :end]
        return out_at + end
    return least(work[1], 0, n, 0.0, work[2], 0, m, 0.0, out, out_at)


@njit(cache=True, nogil=True, error_model="numpy")
def best_move(f: Floats, at: int, size: int, parts: Floats, count: Ids, kwh: float) -> tuple[float, float]:
    """The cheapest energy w to take out at a state of charge, and the cost of the slot and what follows it."""
    best, best_w = np.inf, 0.0
    low, high = f[KWH, at], f[KWH, at + size - 1]
    for p in range(2):
        pieces = count[p]
        if pieces < 0:
            continue
        # Along the cost's points.
        w, value = parts[p, 0, -1], parts[p, 1, -1]
        i = at + size - 2
        for k in range(pieces + 1):
            inside = min(max(w, kwh - high), kwh - low)
            if inside == w:
                left = kwh - w
                while i > at and f[KWH, i] > left:
                    i -= 1
                total = value + f[VALUE, i] + f[SLOPE, i] * (left - f[KWH, i])
                if total < best:
                    best, best_w = total, w
            if k < pieces:
                w += parts[p, 0, k]
                value += parts[p, 1, k] * parts[p, 0, k]
        # Along the function's points, from the right: w rises.
        w, value, k = parts[p, 0, -1], parts[p, 1, -1], 0
        for i in range(at + size - 1, at - 1, -1):
            take = kwh - f[KWH, i]
            if take < w:
                continue
            while k < pieces and w + parts[p, 0, k] < take:
                value += parts[p, 1, k] * parts[p, 0, k]
                w += parts[p, 0, k]
                k += 1
            if k == pieces and take > w:
                break
            slope = parts[p, 1, k] if k < pieces else 0.0
            total = value + slope * (take - w) + f[VALUE, i]
            if total < best:
                best, best_w = total, take
    return best_w, best
