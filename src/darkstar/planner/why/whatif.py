"""What would change a plan, and what held it: threshold prices and shadow prices, from the worth of stored energy.

Two value functions meet at every instant: the least cost from there to the end, and the least cost of getting there
(the same recursion on the slots in reverse, for the room that is left in place of the energy that is stored). Their
slopes bound what a stored kWh may be worth there. Each move bounds it too, by what a kWh more or less would have cost
in its slot. Where all bounds leave room, the plan is the cheapest; and since the bounds follow the prices linearly,
how far a block's prices may move together before no room is left is a matter of division:

    worth of a stored kWh in slot t    at least  price of the last kWh moved,   at most  price of the next one
    from slot to slot                  equal; after a full battery no less, after an empty one no more

That holds where no slot has a kink (deeply negative prices); where one has, nothing is said.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from darkstar.planner.fast.engine import FastEngine
from darkstar.planner.fast.value import StoredValue
from darkstar.planner.problem import Plan, Problem, Series, TerminalValue
from darkstar.planner.why.blocks import Block

ENERGY_TOLERANCE_KWH = 1e-6
LEAST_PIECE_KWH = 1e-5
"""Narrower pieces of a value function are rounding."""


class PriceKind(StrEnum):
    """Which price is meant."""

    IMPORT = "import"
    EXPORT = "export"


@dataclass(frozen=True)
class Room:
    """How far the prices of a block may move together, all by the same amount, with the plan still the cheapest.

    Attributes:
        fall, rise: at most that far down and up, >= 0; None where no such move changes what the battery does.
    """

    fall: float | None
    rise: float | None


NOTHING_SAID = Room(None, None)


class Worths:
    """What a stored kWh is worth along a plan."""

    def __init__(self, problem: Problem, plan: Plan) -> None:
        self._problem = problem
        self._plan = plan
        self._engine = FastEngine()
        self.convex = not _kinks(problem).any()

    def from_here(self, slot: int) -> tuple[float, float]:
        """Of the next kWh and of the last one at the start of a slot, by what is to come; infinite at the ends."""
        problem = self._problem
        if slot == len(problem):
            function = _terminal_function(problem)
        else:
            ahead = replace(_slots(problem, slice(slot, None)), soc_start_kwh=problem.storage.soc_min_kwh)
            function = self._engine.value(ahead)
        return _worth_around(function, float(self._plan.soc_kwh[slot]))

    def up_to_here(self, slot: int) -> tuple[float, float]:
        """The same by what has been: what the last kWh there cost, and what the next one would have."""
        problem, storage = self._problem, self._problem.storage
        if slot == 0:
            return -np.inf, np.inf
        room = storage.soc_max_kwh - storage.soc_min_kwh
        lacking = storage.soc_max_kwh - problem.soc_start_kwh
        # The start is given: whatever else the reversed plan would end with is dearer than anything.
        beyond = 10 * _highest_worth(problem)
        backwards = replace(
            _slots(problem, slice(slot - 1, None, -1)),
            soc_start_kwh=storage.soc_min_kwh,
            terminal=TerminalValue(np.array([beyond, -beyond]), np.array([lacking, room - lacking])),
        )
        turned = storage.soc_min_kwh + storage.soc_max_kwh - float(self._plan.soc_kwh[slot])
        low, high = _worth_around(self._engine.value(backwards), turned)
        return (low if low > -beyond / 2 else -np.inf), (high if high < beyond / 2 else np.inf)

    def across(self, slot: int) -> tuple[float, float]:
        """Of one kWh more that a slot's move stores, and of the last one: by what else would then change, before and
        after."""
        before, after = self.up_to_here(slot), self.from_here(slot + 1)
        return max(before[0], after[0]), min(before[1], after[1])

    def room(self, block: Block, kind: PriceKind) -> Room:
        """How far the block's prices of a kind may move."""
        if not self.convex or self._problem.storage.soc_max_kwh <= self._problem.storage.soc_min_kwh:
            return NOTHING_SAID
        bounds = move_bounds(self._problem, self._plan, block.slots, kind)
        before, after = self.up_to_here(block.first), self.from_here(block.end)
        low = np.concatenate([[before[0]], bounds.low, [after[0]]])
        high = np.concatenate([[before[1]], bounds.high, [after[1]]])
        low_slope = np.concatenate([[0.0], bounds.low_slope, [0.0]])
        high_slope = np.concatenate([[0.0], bounds.high_slope, [0.0]])
        # Row i, column j: must the bound from below of i stay under the bound from above of j?
        slack = np.maximum(high[None, :] - low[:, None], 0.0)
        closing = low_slope[:, None] - high_slope[None, :]
        matters = self._linked(block) & np.isfinite(slack)
        rises = slack[matters & (closing > 0)] / closing[matters & (closing > 0)]
        falls = slack[matters & (closing < 0)] / -closing[matters & (closing < 0)]
        least_fall, least_rise = _order_room(self._problem, block.slots, kind)
        fall, rise = float(falls.min(initial=np.inf)), float(rises.min(initial=np.inf))
        return Room(fall if fall < least_fall else None, rise if rise < least_rise else None)

    def _linked(self, block: Block) -> NDArray[np.bool_]:
        """Whether the worth at i cannot exceed that at j: the instant before the block, its slots, the one after."""
        storage = self._problem.storage
        soc = self._plan.soc_kwh[block.first + 1 : block.end]
        empty = np.concatenate([[0], np.cumsum(soc <= storage.soc_min_kwh + ENERGY_TOLERANCE_KWH)])
        full = np.concatenate([[0], np.cumsum(soc >= storage.soc_max_kwh - ENERGY_TOLERANCE_KWH)])
        empty, full = (np.concatenate([[count[0]], count, [count[-1]]]) for count in (empty, full))
        place = np.arange(len(empty))
        later = place[:, None] <= place[None, :]
        # Going on from i to j the worth falls only through an empty battery; going back, only through a full one.
        linked: NDArray[np.bool_] = np.where(
            later, empty[:, None] == empty[None, :], full[:, None] == full[None, :]
        )
        return linked


@dataclass(frozen=True)
class MoveBounds:
    """What the moves of slots say about the worth of a stored kWh, and how that follows a price; shape (n,)."""

    low: Series
    high: Series
    low_slope: Series
    high_slope: Series


def move_bounds(problem: Problem, plan: Plan, span: slice, kind: PriceKind) -> MoveBounds:
    """The bounds in the slots of a span, and their change per unit by which prices of a kind rise."""
    storage, tolerance = problem.storage, ENERGY_TOLERANCE_KWH
    charge, discharge = plan.charge_kwh[span], plan.discharge_kwh[span]
    (feed, feed_slope), (draw, draw_slope) = site_prices(problem, plan, span, kind)
    into, out = 1 / storage.charge_efficiency, storage.discharge_efficiency
    charges, discharges = charge > tolerance, discharge > tolerance
    may_charge = charge < storage.charge_max_kw * problem.slot_hours - tolerance
    may_discharge = discharge < storage.discharge_max_kw * problem.slot_hours - tolerance
    low = np.where(
        charges,
        (feed + storage.wear_charge) * into,
        np.where(may_discharge, (feed - storage.wear_discharge) * out, -np.inf),
    )
    high = np.where(
        discharges,
        (draw - storage.wear_discharge) * out,
        np.where(may_charge, (draw + storage.wear_charge) * into, np.inf),
    )
    return MoveBounds(
        low, high, feed_slope * np.where(charges, into, out), draw_slope * np.where(discharges, out, into)
    )


def site_prices(
    problem: Problem, plan: Plan, span: slice, kind: PriceKind
) -> tuple[tuple[Series, Series], tuple[Series, Series]]:
    """What a kWh less of the site's need saves and a kWh more costs in each slot, each with its slope by a price."""
    grid, hours, tolerance = problem.grid, problem.slot_hours, ENERGY_TOLERANCE_KWH
    buy, sell, pv = problem.import_price[span], problem.export_price[span], problem.pv_kwh[span]
    spill = np.full(len(buy), -grid.curtailment_cost)
    none = np.zeros(len(buy))
    bought, sold = (np.full(len(buy), float(kind is moved)) for moved in (PriceKind.IMPORT, PriceKind.EXPORT))
    imports, exports = plan.import_kwh[span], plan.export_kwh[span]
    curtail, breach = plan.curtail_kwh[span], plan.breach_kwh[span]
    least, most = grid.import_max_kw * hours - tolerance, grid.export_max_kw * hours - tolerance
    beyond = buy + grid.import_breach_cost
    given = [
        (sell, sold, exports < most),
        (spill, none, curtail < pv - tolerance),
        (buy, bought, imports > tolerance),
        (beyond, bought, breach > tolerance),
    ]
    taken = [
        (sell, sold, exports > tolerance),
        (spill, none, curtail > tolerance),
        (buy, bought, imports < least),
        (beyond, bought, np.ones(len(buy), dtype=np.bool_)),
    ]
    prices = np.array([np.where(can, price, -np.inf) for price, _, can in given])
    feed_from = prices.argmax(axis=0)
    costs = np.array([np.where(can, price, np.inf) for price, _, can in taken])
    draw_from = costs.argmin(axis=0)
    rows = np.arange(len(buy))
    feed_slope = np.array([slope for _, slope, _ in given])[feed_from, rows]
    draw_slope = np.array([slope for _, slope, _ in taken])[draw_from, rows]
    return (prices.max(axis=0), feed_slope), (costs.min(axis=0), draw_slope)


def _order_room(problem: Problem, span: slice, kind: PriceKind) -> tuple[float, float]:
    """How far prices may fall and rise before export, curtailment and import change their order, or a kink arises."""
    buy, sell = problem.import_price[span], problem.export_price[span]
    spill = -problem.grid.curtailment_cost
    moved, others = (buy, [sell]) if kind is PriceKind.IMPORT else (sell, [buy])
    fixed = [*others, np.full(len(moved), spill), np.full(len(moved), _kink_price(problem))]
    below = [np.where(other <= moved, moved - other, np.inf).min() for other in fixed]
    above = [np.where(other >= moved, other - moved, np.inf).min() for other in fixed]
    return float(min(below)), float(min(above))


def _kink_price(problem: Problem) -> float:
    """Price of energy below which burning it in the battery pays."""
    storage = problem.storage
    trip = storage.charge_efficiency * storage.discharge_efficiency
    if trip >= 1:
        return -np.inf
    return -(storage.wear_charge + storage.wear_discharge * trip) / (1 - trip)


def _kinks(problem: Problem) -> Series:
    """Slots whose price lets burning energy pay, if only for part of the moves."""
    lowest = np.minimum(problem.import_price, problem.export_price)
    spilled = np.where(problem.pv_kwh > 0, -problem.grid.curtailment_cost, np.inf)
    return np.asarray(np.minimum(lowest, spilled) < _kink_price(problem))


def _highest_worth(problem: Problem) -> float:
    prices = np.abs(np.concatenate([problem.import_price, problem.export_price, problem.terminal.value]))
    storage, grid = problem.storage, problem.grid
    beyond = grid.import_breach_cost + grid.curtailment_cost + storage.wear_charge + storage.wear_discharge
    return float(prices.max() + beyond + 1) / storage.charge_efficiency


def _slots(problem: Problem, span: slice) -> Problem:
    load, pv, buy, sell = (
        np.ascontiguousarray(series[span])
        for series in (problem.load_kwh, problem.pv_kwh, problem.import_price, problem.export_price)
    )
    return replace(problem, load_kwh=load, pv_kwh=pv, import_price=buy, export_price=sell)


def _terminal_function(problem: Problem) -> StoredValue:
    storage, terminal = problem.storage, problem.terminal
    room = storage.soc_max_kwh - storage.soc_min_kwh
    edges = np.minimum(np.concatenate([[0.0], np.cumsum(terminal.energy_kwh)]), room)
    worth = np.concatenate([[0.0], np.cumsum(terminal.value * np.diff(edges))])
    if edges[-1] < room:
        edges, worth = np.append(edges, room), np.append(worth, worth[-1])
    return StoredValue(storage.soc_min_kwh + edges, -worth)


def _worth_around(function: StoredValue, soc_kwh: float) -> tuple[float, float]:
    """Worth of the next kWh and of the last one; what cannot be stored is worth minus infinity, what cannot be taken
    out infinity."""
    wide = np.diff(function.soc_kwh) > LEAST_PIECE_KWH
    start, end = function.soc_kwh[:-1][wide], function.soc_kwh[1:][wide]
    worth = -(np.diff(function.cost)[wide] / np.diff(function.soc_kwh)[wide])
    further = np.flatnonzero(end > soc_kwh + LEAST_PIECE_KWH)
    nearer = np.flatnonzero(start < soc_kwh - LEAST_PIECE_KWH)
    return (
        float(worth[further[0]]) if len(further) else -np.inf,
        float(worth[nearer[-1]]) if len(nearer) else np.inf,
    )
