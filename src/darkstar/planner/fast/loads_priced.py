"""What battery and site cost where what the loads draw is given, or has a price in each slot."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from darkstar.planner.fast.forward import cost_at, walk
from darkstar.planner.fast.piecewise import CHARGE_STEPS, STEPS
from darkstar.planner.fast.recursion import begin, fold, workspace
from darkstar.planner.fast.slot_cost import lay_out, limits_of
from darkstar.planner.problem import Problem

Ids = NDArray[np.int64]
Floats = NDArray[np.float64]
Site = tuple[Floats, Floats, Floats, Floats, Floats, Floats, Floats, float, float]
"""A problem: load, pv, import and export price (n,), limits (see `slot_cost.limits_of`), the terminal value's worths
and energies, the battery's room, and what it holds above the least."""
Scratch = tuple[Floats, Floats, Floats, Floats, Floats, Floats, Ids, Floats, Floats]
"""Steps' prices and energies (n, 8), base (n,), workspace, levels (n, 8), kept functions (2, k) and where they lie
(n + 1, 2), moves (n,), loads (n,)."""

SPARE_PIECES = 16_384
KEPT_PIECES = 131_072
"""Room for the functions of slots with kinks; where it does not suffice there is no bound."""
EXPORT_MAX, IMPORT_MAX, CURTAIL, BREACH = 3, 2, 9, 8


def site_of(problem: Problem) -> Site:
    """A problem as these functions read it."""
    storage = problem.storage
    return (
        np.array(problem.load_kwh, dtype=np.float64),
        np.array(problem.pv_kwh, dtype=np.float64),
        np.array(problem.import_price, dtype=np.float64),
        np.array(problem.export_price, dtype=np.float64),
        limits_of(problem),
        np.array(problem.terminal.value, dtype=np.float64),
        np.array(problem.terminal.energy_kwh, dtype=np.float64),
        float(storage.soc_max_kwh - storage.soc_min_kwh),
        float(problem.soc_start_kwh - storage.soc_min_kwh),
    )


def scratch_of(problem: Problem) -> Scratch:
    """Scratch for problems of this many slots."""
    n = len(problem)
    return (
        np.empty((n, STEPS)),
        np.empty((n, STEPS)),
        np.empty(n),
        workspace(n, len(problem.terminal.value), SPARE_PIECES),
        np.empty((n, STEPS)),
        np.empty((2, KEPT_PIECES)),
        np.empty((n + 1, 2), np.int64),
        np.empty(n),
        np.empty(n),
    )


@njit(cache=True, nogil=True, error_model="numpy")
def _solve(site: Site, scratch: Scratch) -> float:
    """Least cost of the slots laid out in the scratch, their moves into it; minus infinity where it is too small."""
    _, _, _, _, _, worth, worth_kwh, room, stored = site
    price, energy, base, space, level, kept, kept_at, moves, _ = scratch
    n = len(base)
    head, tail = begin(worth, worth_kwh, room, space)
    head, tail, empty = fold(0, n, price, energy, base, head, tail, 0.0, room, space, level, kept, kept_at)
    if tail < 0:
        return -np.inf
    walk(n, price, energy, level, kept, kept_at, stored, room, moves)
    cost, _ = cost_at(space[0], space[1], head, tail, empty, stored)
    return cost


@njit(cache=True, nogil=True, error_model="numpy")
def cost_with(site: Site, drawn_kwh: Floats, scratch: Scratch) -> float:
    """Least cost when the loads draw so much, shape (n,)."""
    load, pv, buy, sell, limits, _, _, _, _ = site
    price, energy, base, _, _, _, _, _, drawn = scratch
    drawn[:] = load + drawn_kwh
    lay_out(drawn, pv, buy, sell, limits, price, energy, base)
    return _solve(site, scratch)


@njit(cache=True, nogil=True, error_model="numpy")
def cost_priced(
    site: Site, most_kwh: Floats, loads_price: Floats, sold_kwh: Floats, scratch: Scratch
) -> float:
    """No more than the least cost when up to `most_kwh` may be sold to the loads at `loads_price`, each (n,).

    What is sold is written to `sold_kwh`.
    """
    load, pv, buy, sell, limits, _, _, _, _ = site
    price, energy, base, _, _, _, _, moves, cheaper = scratch
    n = len(load)
    prices, sizes = np.empty(5), np.empty(5)
    for t in range(n):
        base[t], cheaper[t] = _lay_out_priced(
            load[t],
            pv[t],
            buy[t],
            sell[t],
            most_kwh[t],
            loads_price[t],
            limits,
            prices,
            sizes,
            price[t],
            energy[t],
        )
    cost = _solve(site, scratch)
    for t in range(n):
        used = limits[EXPORT_MAX] + load[t] + most_kwh[t]
        used += moves[t] * limits[10] if moves[t] > 0.0 else moves[t] * limits[5]
        sold_kwh[t] = most_kwh[t] - min(max(used - cheaper[t], 0.0), most_kwh[t])
    return cost


@njit(cache=True, nogil=True, error_model="numpy")
def _lay_out_priced(
    load: float,
    pv: float,
    buy: float,
    sell: float,
    most_kwh: float,
    loads_price: float,
    limits: Floats,
    prices: Floats,
    sizes: Floats,
    price: Floats,
    energy: Floats,
) -> tuple[float, float]:
    """As `slot_cost.lay_out_slot`, with selling less to the loads as a further way to take up energy.

    Where all five ways are open in one direction, the last two count as one at the better one's price: a bound needs
    no more.

    Returns:
        The cost without a move, and what the ways cheaper than selling less take up.
    """
    breach = buy + limits[BREACH]
    prices[0], sizes[0] = -limits[CURTAIL], pv
    prices[1], sizes[1] = sell, limits[EXPORT_MAX]
    prices[2], sizes[2] = buy, limits[IMPORT_MAX]
    for i in range(1, 3):
        for j in range(i, 0, -1):
            if prices[j] < prices[j - 1]:
                prices[j], prices[j - 1] = prices[j - 1], prices[j]
                sizes[j], sizes[j - 1] = sizes[j - 1], sizes[j]
    cheaper, place = 0.0, 3
    while place > 0 and prices[place - 1] > loads_price:
        prices[place], sizes[place] = prices[place - 1], sizes[place - 1]
        place -= 1
    prices[place], sizes[place] = loads_price, most_kwh
    for i in range(place):
        cheaper += sizes[i]
    if loads_price >= breach:
        cheaper = np.inf
    prices[4], sizes[4] = breach, np.inf
    used = limits[EXPORT_MAX] + load + most_kwh
    cost = limits[CURTAIL] * pv - sell * limits[EXPORT_MAX] - loads_price * most_kwh
    charges, left = 0, limits[0]
    at = 0
    # Way after way from the cheapest: below the need is what discharging can save, above what charging can use.
    rest = used
    for i in range(5):
        prices[i] = min(prices[i], breach)
        below = min(sizes[i], rest)
        rest -= below
        cost += prices[i] * below
        if below > 0.0:
            at = i
        size = min(sizes[i] - below, left)
        if size > 0.0:
            if charges < CHARGE_STEPS:
                price[charges] = (prices[i] + limits[6]) * limits[10]
                energy[charges] = size * limits[4]
                charges += 1
            else:
                energy[charges - 1] += size * limits[4]
            left -= size
        sizes[i] = below
    if charges < CHARGE_STEPS:
        energy[charges] = 0.0
    discharges, left = CHARGE_STEPS, limits[1]
    for i in range(at, -1, -1):
        size = min(sizes[i], left)
        if size > 0.0:
            if discharges < STEPS:
                price[discharges] = (prices[i] - limits[7]) * limits[5]
                energy[discharges] = size * limits[11]
                discharges += 1
            else:
                energy[discharges - 1] += size * limits[11]
            left -= size
    if discharges < STEPS:
        energy[discharges] = 0.0
    return cost, cheaper
