"""Plans that follow one another, compiled: each begins with the energy stored then, and looks at the one before.

plan     the exact recursion under a limit on the import of each slot, from what is stored
steady   what the plan before wants of the near slots is carried on, unless the new plan gains more than a threshold
flips    near slots of the two in which one charges, rests or discharges and the other does not

Forecasts move a little in every slot, and plans of nearly the same cost may look quite different; the far slots are
always planned anew, for nobody acts on them yet.
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from darkstar.planner.fast.engine import KEPT_PIECES_PER_MOVE, SPARE_PIECES
from darkstar.planner.fast.forward import walk
from darkstar.planner.fast.glance import Scratch, scratch
from darkstar.planner.fast.limited import solve_limited
from darkstar.planner.fast.slot_cost import resolve

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

REST_KWH = 1e-6
"""Who moves less rests."""
TOO_SMALL = -1
CHARGE, DISCHARGE, IMPORT, EXPORT, CURTAILED, BREACH = range(6)
"""Places in what `resolve` writes."""
LOOKED_AHEAD, STEP, QUARTER = range(3)
"""Places in `Plan.at`: how many slots the plan looked at (0: none was made yet), which plan's slot is its first by the
count of slots and by the clock."""


class LastPlan(NamedTuple):
    """The first slots of the plan that was made last, written in place.

    Attributes:
        soc_kwh: stored before its first slot and after each, shape (w + 1,); moved_kwh: charge less discharge at the
            AC side, shape (w,).
        at: see `LOOKED_AHEAD`, shape (3,).
    """

    soc_kwh: Floats
    moved_kwh: Floats
    at: Counts


class Asked(NamedTuple):
    """What is asked of all plans alike.

    Attributes:
        limits: `slot_cost.site_limits`.
        empty_kwh, full_kwh: least and greatest energy stored.
        near: slots in which the plan before may be carried on.
        longest: most slots between two plans of which the second looks at the first.
        threshold: gain above which it takes its place.
    """

    limits: Floats
    empty_kwh: float
    full_kwh: float
    near: int
    longest: int
    threshold: float


def no_plan_yet(near: int, longest: int) -> LastPlan:
    """Before the first plan; arguments as in `Asked`."""
    slots = near + longest
    return LastPlan(np.zeros(slots + 1), np.zeros(slots), np.zeros(3, dtype=np.int64))


def scratch_for(slots: int, pieces: int, grown: int = 0) -> Scratch:
    """Room for plans of so many slots; `grown` times four times more than is usual."""
    times: int = 4**grown
    return scratch(slots, pieces, SPARE_PIECES * times, slots, slots * KEPT_PIECES_PER_MOVE * times)


@njit(cache=True, nogil=True, error_model="numpy")
def next_plan(
    load: Floats,
    pv: Floats,
    import_price: Floats,
    export_price: Floats,
    slot_limits: Floats,
    worth: Floats,
    worth_kwh: Floats,
    stored_kwh: float,
    step: int,
    quarter: int,
    asked: Asked,
    last: LastPlan,
    room_for: Scratch,
) -> int:
    """The plan from now on, written over the last one.

    Args:
        slot_limits: `slot_cost.limits_of` for each slot, shape (n, 12).
        worth, worth_kwh: the terminal value.
        step, quarter: of its first slot, see `LOOKED_AHEAD`.

    Returns:
        In how many near slots it flips; `TOO_SMALL` where the scratch is, and nothing is written.
    """
    slots, apart = len(load), quarter - last.at[QUARTER]
    follows = last.at[LOOKED_AHEAD] > 0 and apart == step - last.at[STEP] and apart <= asked.longest
    shared = max(min(last.at[LOOKED_AHEAD] - apart, slots, asked.near), 0) if follows else 0
    held_on = follows and asked.threshold > 0.0
    wanted = slots if held_on else min(slots, len(last.moved_kwh))
    price, energy, base, space, level, kept, kept_at, moves = room_for
    room = asked.full_kwh - asked.empty_kwh
    cost = solve_limited(
        load, pv, import_price, export_price, slot_limits, room, stored_kwh - asked.empty_kwh, worth, worth_kwh,
        Scratch(price, energy, base, space, level[:wanted], kept, kept_at[: wanted + 1], moves[:wanted]),
    )  # fmt: skip
    if np.isnan(cost):
        return TOO_SMALL
    flows, soc_kwh = np.empty((6, wanted)), np.empty(wanted + 1)
    series = load[:wanted], pv[:wanted], import_price[:wanted], export_price[:wanted]
    _follow(series, stored_kwh, moves[:wanted], asked, flows, soc_kwh)
    if held_on:
        carried = np.empty(slots)
        _carry_on(series, stored_kwh, apart, shared, asked, last, room_for, carried)
        carried_flows, carried_soc_kwh = np.empty((6, slots)), np.empty(slots + 1)
        _follow(series, stored_kwh, carried, asked, carried_flows, carried_soc_kwh)
        left = _cost(series, carried_flows, carried_soc_kwh[-1], asked, worth, worth_kwh)
        gained = left - _cost(series, flows, soc_kwh[-1], asked, worth, worth_kwh)
        if not gained > asked.threshold:
            flows, soc_kwh = carried_flows, carried_soc_kwh
    flips = 0
    for slot in range(shared):
        flips += _way(flows[CHARGE, slot] - flows[DISCHARGE, slot]) != _way(last.moved_kwh[apart + slot])
    for slot in range(min(wanted, len(last.moved_kwh))):
        last.moved_kwh[slot] = flows[CHARGE, slot] - flows[DISCHARGE, slot]
        last.soc_kwh[slot + 1] = soc_kwh[slot + 1]
    last.soc_kwh[0] = soc_kwh[0]
    last.at[LOOKED_AHEAD], last.at[STEP], last.at[QUARTER] = slots, step, quarter
    return flips


@njit(cache=True, nogil=True, error_model="numpy")
def _carry_on(
    series: tuple[Floats, Floats, Floats, Floats],
    stored_kwh: float,
    apart: int,
    shared: int,
    asked: Asked,
    last: LastPlan,
    room_for: Scratch,
    moves: Floats,
) -> None:
    """The last plan's moves of the near slots, as far as the energy stored now allows, and the best that follow them.

    Args:
        room_for: as the new plan has left it: what is best in the far slots does not hang on the near ones.
    """
    price, energy, _, _, level, kept, kept_at, _ = room_for
    for slot in range(shared):
        change = last.soc_kwh[apart + slot + 1] - last.soc_kwh[apart + slot]
        after = min(max(stored_kwh + change, asked.empty_kwh), asked.full_kwh)
        moves[slot], stored_kwh = after - stored_kwh, after
    far, load = len(moves) - shared, series[0]
    if not far:
        return
    room = asked.full_kwh - asked.empty_kwh
    walk(
        far, price[shared:], energy[shared:], level[shared:], kept, kept_at[shared:],
        stored_kwh - asked.empty_kwh, room, moves[shared:],
    )  # fmt: skip
    flows, soc_kwh = np.empty((6, far)), np.empty(far + 1)
    rest = load[shared:], series[1][shared:], series[2][shared:], series[3][shared:]
    _follow(rest, stored_kwh, moves[shared:], asked, flows, soc_kwh)
    for slot in range(far):
        moves[shared + slot] = soc_kwh[slot + 1] - soc_kwh[slot]


@njit(cache=True, nogil=True, error_model="numpy")
def _follow(
    series: tuple[Floats, Floats, Floats, Floats],
    stored_kwh: float,
    moves: Floats,
    asked: Asked,
    flows: Floats,
    soc_kwh: Floats,
) -> None:
    """All flows of the moves, as `resolve`, and the energy stored, as `accounting.stored_energy`."""
    load, pv, import_price, export_price = series
    resolve(load, pv, import_price, export_price, asked.limits, moves, flows)
    moved = 0.0
    soc_kwh[0] = min(max(stored_kwh, asked.empty_kwh), asked.full_kwh)
    for slot in range(len(moves)):
        moved += asked.limits[4] * flows[CHARGE, slot] - flows[DISCHARGE, slot] / asked.limits[5]
        soc_kwh[slot + 1] = min(max(stored_kwh + moved, asked.empty_kwh), asked.full_kwh)


@njit(cache=True, nogil=True, error_model="numpy")
def _cost(
    series: tuple[Floats, Floats, Floats, Floats],
    flows: Floats,
    soc_end_kwh: float,
    asked: Asked,
    worth: Floats,
    worth_kwh: Floats,
) -> float:
    """As `accounting.cost`, but for the order in which it adds up."""
    limits, cost, left = asked.limits, 0.0, soc_end_kwh - asked.empty_kwh
    for slot in range(flows.shape[1]):
        cost += series[2][slot] * (flows[IMPORT, slot] + flows[BREACH, slot])
        cost -= series[3][slot] * flows[EXPORT, slot]
        cost += limits[6] * flows[CHARGE, slot] + limits[7] * flows[DISCHARGE, slot]
        cost += limits[9] * flows[CURTAILED, slot] + limits[8] * flows[BREACH, slot]
    for piece in range(len(worth)):
        held = min(max(left, 0.0), worth_kwh[piece])
        cost -= worth[piece] * held
        left -= worth_kwh[piece]
    return cost


@njit(cache=True, nogil=True, error_model="numpy")
def _way(moved_kwh: float) -> int:
    if abs(moved_kwh) <= REST_KWH:
        return 0
    return 1 if moved_kwh > 0.0 else -1
