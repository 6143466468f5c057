"""Which stored energies matter, and what a load's energy costs slot by slot beside a plan."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from darkstar.planner.fast.loads_pieces import KWH, SLOPE, VALUE, best_move, slide
from darkstar.planner.fast.loads_recursion import GROWTH, MOST_PIECES
from darkstar.planner.fast.loads_slot import (
    CHARGE,
    CHARGE_EFFICIENCY,
    DISCHARGE,
    DISCHARGE_EFFICIENCY,
    HIGH,
    LOAD,
    LOW,
    PV,
    site_cost,
    slot_cost,
    with_outlet,
)

Ids = NDArray[np.int64]
Floats = NDArray[np.float64]
Frame = tuple[Floats, Floats, Floats, Floats]
"""A problem: series, battery, grid, terminal; see `loads_slot`."""
Room = tuple[Floats, tuple[Floats, Floats, Floats], Floats, Ids, Floats, Floats, Floats, Ids, Ids]
"""What `backwards` writes: value functions (3, points) and work; the slots' costs (n, 2, 2, pieces) and their counts
(n, 2); of the slots' sites lengths and slopes (n, 5), begins and values (n, 2); where the
functions begin and end in the points (n + 1,)."""

BOUND_POINTS = 65_536
"""Points that one function may have on the way; where one needs more, there is no bound."""
MARGIN_KWH = 1e-6
"""Stored energies so near to those that matter are kept too."""


@njit(cache=True, nogil=True, error_model="numpy")
def room_for(n: int) -> Room:
    """Room for n slots."""
    return (
        np.empty((3, 2 * BOUND_POINTS)),
        (np.empty((3, BOUND_POINTS)), np.empty((3, BOUND_POINTS)), np.empty((3, BOUND_POINTS))),
        np.empty((n, 2, 2, MOST_PIECES)),
        np.zeros((n, 2), np.int64),
        np.empty((n, 5)),
        np.empty((n, 5)),
        np.empty((n, 2)),
        np.zeros(n + 1, np.int64),
        np.zeros(n + 1, np.int64),
    )


@njit(cache=True, nogil=True, error_model="numpy")
def backwards(frame: Frame, drawn_kwh: Floats, most_kwh: Floats, price: Floats, room: Room) -> bool:
    """The value functions where `drawn_kwh` is drawn and up to `most_kwh` more may be sold at `price`, each (n,).

    False where they grow too large for the room.
    """
    series, battery, grid, terminal = frame
    points, work, parts, count, lengths, slopes, sites, first, ends = room
    n, size = series.shape[1], terminal.shape[1]
    points[:, :size] = terminal
    first[n], ends[n] = 0, size
    for t in range(n - 1, -1, -1):
        begin, value = site_cost(series, t, grid, lengths[t], slopes[t])
        begin, value = with_outlet(begin, value, most_kwh[t], price[t], lengths[t], slopes[t])
        sites[t, 0], sites[t, 1] = begin, value
        need = series[LOAD, t] - series[PV, t] + drawn_kwh[t]
        slot_cost(need, begin, value, lengths[t], slopes[t], battery, parts[t], count[t])
        held = ends[t + 1] - first[t + 1]
        most = GROWTH * (held + 8)
        if most > BOUND_POINTS or size + most > points.shape[1]:
            return False
        first[t] = size
        size = slide(
            points, first[t + 1], held, parts[t], count[t], battery[LOW], battery[HIGH], points, size, work
        )
        ends[t] = size
    return True


@njit(cache=True, nogil=True, error_model="numpy")
def marginals(
    frame: Frame, start_kwh: float, drawn_kwh: Floats, step_kwh: Floats, marginal: Floats, room: Room
) -> bool:
    """Where `step_kwh` is not 0, the cost a kWh of drawing so much more than `drawn_kwh` in that slot alone, each (n,),
    into `marginal`. False where functions grow too large for the room."""
    series, battery, _, _ = frame
    n = series.shape[1]
    nothing = np.zeros(n)
    if not backwards(frame, drawn_kwh, nothing, nothing, room):
        return False
    points, _, parts, count, lengths, slopes, sites, first, ends = room
    kwh = start_kwh
    other_parts, other_count = np.zeros((2, 2, MOST_PIECES)), np.zeros(2, np.int64)
    for t in range(n):
        at, held = first[t + 1], ends[t + 1] - first[t + 1]
        w, total = best_move(points, at, held, parts[t], count[t], kwh)
        if step_kwh[t] != 0.0:
            need = series[LOAD, t] - series[PV, t] + drawn_kwh[t] + step_kwh[t]
            slot_cost(
                need,
                sites[t, 0],
                sites[t, 1],
                lengths[t],
                slopes[t],
                battery,
                other_parts,
                other_count,
            )
            _, other = best_move(points, at, held, other_parts, other_count, kwh)
            marginal[t] = (other - total) / step_kwh[t]
        kwh = min(max(kwh - w, battery[LOW]), battery[HIGH])
    return True


@njit(cache=True, nogil=True, error_model="numpy")
def _turned(parts: Floats, count: Ids, back: Floats, back_count: Ids) -> None:
    """A slot's cost over the energy that comes into the battery instead, into `back`."""
    both = count[1] >= 0
    back_count[1] = -1
    for p in range(2 if both else 1):
        of, pieces = 1 - p if both else p, count[1 - p if both else p]
        w, value = parts[of, 0, -1], parts[of, 1, -1]
        for k in range(pieces):
            w += parts[of, 0, k]
            value += parts[of, 0, k] * parts[of, 1, k]
            back[p, 0, pieces - 1 - k], back[p, 1, pieces - 1 - k] = parts[of, 0, k], -parts[of, 1, k]
        back[p, 0, -1], back[p, 1, -1] = -w, value
        back_count[p] = pieces


@njit(cache=True, nogil=True, error_model="numpy")
def _within(ahead: Floats, size: int, behind: Floats, at: int, end: int, most: float) -> tuple[float, float]:
    """Least and greatest energy at which two functions add up to `most` or less, the first's range within the
    other's."""
    low, high = np.inf, -np.inf
    j, kwh, before = at, ahead[KWH, 0], 0.0
    for i in range(size):
        while True:
            # To the next point of either.
            after = ahead[KWH, i]
            while j + 1 < end - 1 and behind[KWH, j + 1] <= kwh:
                j += 1
            if i and j + 1 < end - 1 and behind[KWH, j + 1] < after:
                after = behind[KWH, j + 1]
            f = ahead[VALUE, i]
            if i:
                f = ahead[VALUE, i - 1] + ahead[SLOPE, i - 1] * (after - ahead[KWH, i - 1])
            total = f + behind[VALUE, j] + behind[SLOPE, j] * (after - behind[KWH, j])
            if total <= most:
                if low == np.inf:
                    low = after
                    if i and before > most:
                        low = after - (after - kwh) * (most - total) / (before - total)
                high = after
            elif i and before <= most:
                high = kwh + (after - kwh) * (most - before) / (total - before)
            kwh, before = after, total
            if after >= ahead[KWH, i]:
                break
    return low, high


@njit(cache=True, nogil=True, error_model="numpy")
def _value_at(points: Floats, at: int, end: int, kwh: float) -> float:
    """A function's value."""
    i = at
    while i + 1 < end - 1 and points[KWH, i + 1] <= kwh:
        i += 1
    return float(points[VALUE, i] + points[SLOPE, i] * (kwh - points[KWH, i]))


@njit(cache=True, nogil=True, error_model="numpy")
def ranges(
    frame: Frame, start_kwh: float, most_kwh: Floats, price: Floats, most: float
) -> tuple[Floats, Floats]:
    """Least and most energy stored before each slot and at the end, each (n + 1,), on any way that costs at most
    `most` more than the cheapest, where up to `most_kwh` may be sold at `price`, each (n,).

    From each range one can charge or discharge into the next.
    """
    series, battery, _, _ = frame
    n, low, high = series.shape[1], battery[LOW], battery[HIGH]
    lows, highs = np.full(n + 1, low), np.full(n + 1, high)
    room = room_for(n)
    if not backwards(frame, np.zeros(n), most_kwh, price, room):
        return lows, highs
    points, work, parts, count, _, _, sites, first, ends = room
    ahead, behind = np.empty((3, BOUND_POINTS)), np.empty((3, BOUND_POINTS))
    ahead[KWH, 0], ahead[VALUE, 0], ahead[SLOPE, 0] = start_kwh, 0.0, 0.0
    back, back_count = np.empty((2, 2, MOST_PIECES)), np.zeros(2, np.int64)
    lows[0], highs[0] = max(low, start_kwh - MARGIN_KWH), min(high, start_kwh + MARGIN_KWH)
    size, least = 1, _value_at(points, first[0], ends[0], start_kwh)
    for t in range(1, n + 1):
        if GROWTH * (size + 8) > BOUND_POINTS:
            break
        _turned(parts[t - 1], count[t - 1], back, back_count)
        size = slide(ahead, 0, size, back, back_count, low, high, behind, 0, work)
        ahead, behind = behind, ahead
        begin, end = _within(ahead, size, points, first[t], ends[t], least + most)
        if begin <= end:
            lows[t], highs[t] = max(low, begin - MARGIN_KWH), min(high, end + MARGIN_KWH)
    charge = battery[CHARGE] * battery[CHARGE_EFFICIENCY]
    for t in range(n):
        # Least is taken out where no load draws: what the site needs and may export.
        most_out = series[LOAD, t] - series[PV, t] - sites[t, 0] - most_kwh[t]
        discharge = max(0.0, min(battery[DISCHARGE], most_out)) / battery[DISCHARGE_EFFICIENCY]
        lows[t + 1] = min(lows[t + 1], lows[t] + charge)
        highs[t + 1] = max(highs[t + 1], highs[t] - discharge)
    return lows, highs
