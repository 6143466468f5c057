"""What a slot costs over the energy that leaves the battery, as convex parts of pieces.

`cost(w)` is convex for w <= 0 and for w >= 0, and as a whole unless both sides meet in a concave kink; it then comes in
two parts.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

Ids = NDArray[np.int64]
Floats = NDArray[np.float64]

SAME_SLOPE = 1e-13
"""Rounding of slopes."""

LOW, HIGH, CHARGE, DISCHARGE, CHARGE_EFFICIENCY, DISCHARGE_EFFICIENCY, CHARGE_WEAR, DISCHARGE_WEAR = range(8)
"""The battery: bounds of the stored energy, most energy a slot on the AC side, efficiencies, wear a kWh."""
LOAD, PV, BUY, SELL = range(4)
"""Rows of a problem's series (4, n)."""
IMPORT, EXPORT, BREACH, CURTAIL = range(4)
"""The connection: most energy a slot, cost of a breach and of curtailment a kWh."""


@njit(cache=True, nogil=True, error_model="numpy")
def site_cost(series: Floats, t: int, grid: Floats, lengths: Floats, slopes: Floats) -> tuple[float, float]:
    """Cost of the energy that the site needs: where it begins, its value there; its four pieces into the arrays."""
    lengths[0], slopes[0] = grid[EXPORT], series[SELL, t]
    lengths[1], slopes[1] = series[PV, t], -grid[CURTAIL]
    lengths[2], slopes[2] = grid[IMPORT], series[BUY, t]
    lengths[3], slopes[3] = np.inf, series[BUY, t] + grid[BREACH]
    for i in range(1, 4):
        for j in range(i, 0, -1):
            if slopes[j] < slopes[j - 1]:
                slopes[j], slopes[j - 1] = slopes[j - 1], slopes[j]
                lengths[j], lengths[j - 1] = lengths[j - 1], lengths[j]
    value = -series[SELL, t] * grid[EXPORT] + grid[CURTAIL] * series[PV, t]
    return -grid[EXPORT] - series[PV, t], value


@njit(cache=True, nogil=True, error_model="numpy")
def with_outlet(
    begin: float, begin_value: float, most_kwh: float, worth: float, lengths: Floats, slopes: Floats
) -> tuple[float, float]:
    """Add an outlet for energy at a worth a kWh to `site_cost`: its new begin and value."""
    place = 4
    while place > 0 and slopes[place - 1] > worth:
        lengths[place], slopes[place] = lengths[place - 1], slopes[place - 1]
        place -= 1
    lengths[place], slopes[place] = most_kwh, worth
    return begin - most_kwh, begin_value - worth * most_kwh


@njit(cache=True, nogil=True, error_model="numpy")
def slot_cost(
    need_kwh: float,
    begin: float,
    begin_value: float,
    lengths: Floats,
    slopes: Floats,
    battery: Floats,
    parts: Floats,
    count: Ids,
) -> None:
    """Cost of a slot over w: its parts (2, 2 rows length and slope, 16), their starts in the last column.

    `parts[p, 0, -1]`, `parts[p, 1, -1]`: first w and its value; `count[p]` pieces, `count[1]` is -1 for one part.
    """
    charge, discharge = battery[CHARGE], battery[DISCHARGE]
    top, floor = need_kwh + charge, max(begin, need_kwh - discharge)
    # Pieces from the top downwards: first the ones above the need (charging), then those below.
    low, value = begin, begin_value
    last = 0
    while low + lengths[last] < top:
        low += lengths[last]
        value += slopes[last] * lengths[last]
        last += 1
    value += slopes[last] * (top - low)
    n, high = 0, top
    i = last
    bottom = low
    loss, gain = battery[CHARGE_EFFICIENCY], battery[DISCHARGE_EFFICIENCY]
    parts[0, 0, -1], parts[0, 1, -1] = -charge * loss, value + charge * battery[CHARGE_WEAR]
    while high > need_kwh:
        end = max(bottom, need_kwh)
        if high > end:
            parts[0, 0, n], parts[0, 1, n] = (high - end) * loss, -(slopes[i] + battery[CHARGE_WEAR]) / loss
            value -= slopes[i] * (high - end)
            n += 1
        high = end
        if high > need_kwh:
            i -= 1
            if i < 0:
                break
            bottom -= lengths[i]
    count[0], count[1] = n, -1
    part, charging = 0, n
    while high > floor:
        end = max(bottom, floor)
        if high > end:
            slope = gain * (battery[DISCHARGE_WEAR] - slopes[i])
            if n == charging and n > 0 and part == 0 and parts[0, 1, n - 1] > slope + SAME_SLOPE:
                part, n = 1, 0
                parts[1, 0, -1], parts[1, 1, -1] = 0.0, value
            parts[part, 0, n], parts[part, 1, n] = (high - end) / gain, slope
            n += 1
            count[part] = n
        high = end
        if high > floor:
            i -= 1
            if i < 0:
                break
            bottom -= lengths[i]
