"""The money stage: the cheapest on and off that the time allows, and a proven bound.

1. The linear relaxation: a bound at once, and the answer where it is whole.
2. Tiers of a power tariff make the relaxation weak, so each tier is looked at by itself, the most promising first; a
   tier whose own relaxation costs more than a plan in hand is done with.
3. Within a tier, first a rounding and two dives (`rounding`, `dive`), which find good plans soon. If none is proven
   good enough, a small mixed problem goes on from the best: free in it is only what the relaxation leaves open, the
   slots beside, and what the plans so far disagree on. Then the whole mixed problem.
"""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from darkstar.planner.full.build import Built
from darkstar.planner.full.clock import Clock
from darkstar.planner.full.dive import WHOLE, dive
from darkstar.planner.full.programme import Arrays
from darkstar.planner.full.rounding import rounded
from darkstar.planner.full.site import Site
from darkstar.planner.full.solver import Outcome, Solver
from darkstar.planner.problem import Series

SMALL_SHARE = 0.5
"""Share of the time left that the small mixed problem may take."""


@dataclass(frozen=True)
class Money:
    """What the stage found: columns (None where nothing was), their cost, and a bound that no plan undercuts.

    `relaxed` are the relaxation's columns, for a rounding where nothing was found.
    """

    columns: Series | None
    cost: float
    bound: float
    relaxed: Series | None = None


@dataclass(frozen=True)
class _Tier:
    """The programme within one choice of tiers, its bound, and its relaxation's columns (None: not solved yet)."""

    bound: float
    arrays: Arrays
    relaxed: Series | None


def cheapest(site: Site, built: Built, linear: Solver, mixed: Solver, clock: Clock, gap: float) -> Money:
    """The money stage; `linear` and `mixed` may hold the programme already."""
    arrays = built.arrays
    relaxed = linear.solve(arrays, seconds=clock.seconds)
    if relaxed.columns is None or _is_whole(arrays, relaxed.columns):
        return Money(relaxed.columns, relaxed.objective, relaxed.bound)
    tiers = [_Tier(relaxed.bound, arrays, relaxed.columns)]
    if built.steps:
        tiers = sorted(_tiers(built, linear, clock, relaxed.bound), key=lambda tier: tier.bound)
    best = Money(None, np.inf, -np.inf)
    bounds = [tier.bound for tier in tiers]
    for number, tier in enumerate(tiers):
        if _is_good(best.cost, tier.bound, gap) or clock.seconds <= 0:
            continue
        found = _within(site, built, tier, (linear, mixed), clock, gap)
        bounds[number] = found.bound
        if found.cost < best.cost:
            best = found
    return replace(best, bound=max(relaxed.bound, min(bounds)), relaxed=relaxed.columns)


def _tiers(built: Built, linear: Solver, clock: Clock, floor: float) -> Iterator[_Tier]:
    """The choices of tiers, fees rising.

    With all steps taken power is free: what that costs, with another choice's fees, bounds that choice from below,
    so that its relaxation need not be solved where a cheaper one is in hand.
    """
    most = tuple(len(steps) for steps in built.steps)
    choices = itertools.product(*(range(count + 1) for count in most))
    free = linear.solve(_with_steps(built, most), seconds=clock.seconds).bound - _fee(built, most)
    least = np.inf
    for reached in sorted(choices, key=lambda choice: _fee(built, choice)):
        arrays = _with_steps(built, reached)
        if (arrays.high < built.arrays.low).any():
            continue
        bound = max(floor, free + _fee(built, reached))
        if bound >= least:
            yield _Tier(bound, arrays, None)
            continue
        relaxed = linear.solve(arrays, seconds=clock.seconds)
        if relaxed.columns is not None:
            least = min(least, relaxed.bound)
        if not relaxed.impossible:
            yield _Tier(max(bound, relaxed.bound), arrays, relaxed.columns)


def _with_steps(built: Built, reached: tuple[int, ...]) -> Arrays:
    """The programme with so many steps of each month taken."""
    low, high = built.arrays.low.copy(), built.arrays.high.copy()
    for steps, count in zip(built.steps, reached, strict=True):
        low[steps] = high[steps] = np.arange(len(steps)) < count
    return replace(built.arrays, low=low, high=high)


def _fee(built: Built, reached: tuple[int, ...]) -> float:
    """What these steps cost above the lowest tiers."""
    return sum(
        float(built.arrays.cost[steps[:count]].sum())
        for steps, count in zip(built.steps, reached, strict=True)
    )


def _within(
    site: Site, built: Built, tier: _Tier, solvers: tuple[Solver, Solver], clock: Clock, gap: float
) -> Money:
    """The cheapest within one tier."""
    (linear, mixed), arrays, bound, relaxed = solvers, tier.arrays, tier.bound, tier.relaxed
    if relaxed is None:
        solved = linear.solve(arrays, seconds=clock.seconds)
        bound, relaxed = max(bound, solved.bound), solved.columns
    if relaxed is None:
        return Money(None, np.inf, bound)
    if _is_whole(arrays, relaxed):
        return Money(relaxed, bound, bound)
    best, known = Money(None, np.inf, bound), [relaxed]
    for found in _soon(site, built, arrays, relaxed, linear, clock):
        if found.columns is not None:
            best = _better(best, found)
            known.append(found.columns)
        if _is_good(best.cost, bound, gap):
            return best
    narrowed = _narrowed(arrays, known)
    small = mixed.solve(narrowed, seconds=SMALL_SHARE * clock.seconds, gap=gap / 2, start=best.columns)
    best = _better(best, small)
    if _is_good(best.cost, bound, gap):
        return best
    whole = mixed.solve(arrays, seconds=clock.seconds, gap=gap, start=best.columns)
    return replace(_better(best, whole), bound=max(bound, whole.bound))


def _soon(
    site: Site, built: Built, arrays: Arrays, relaxed: Series, linear: Solver, clock: Clock
) -> Iterator[Outcome]:
    """Plans that are found soon: from a rounding, then by dives."""
    start = rounded(site, built, arrays, relaxed)
    columns = linear.solve(start, seconds=clock.seconds).columns
    if columns is not None:
        yield dive(start, columns, linear, clock, "up")
    yield dive(arrays, relaxed, linear, clock, "up")
    yield dive(arrays, relaxed, linear, clock, "near")


def _better(best: Money, found: Outcome) -> Money:
    if found.objective < best.cost:
        return replace(best, columns=found.columns, cost=found.objective)
    return best


def _is_good(cost: float, bound: float, gap: float) -> bool:
    return cost < np.inf and cost - bound <= gap * max(1.0, abs(cost))


def _is_whole(arrays: Arrays, columns: Series) -> bool:
    whole = columns[arrays.integer]
    return bool((np.abs(whole - np.round(whole)) < WHOLE).all())


def _narrowed(arrays: Arrays, known: Sequence[Series]) -> Arrays:
    """Fixed is what is whole and the same in the relaxation (the first), in its slots beside, and in all plans."""
    relaxed = known[0]
    least, most = np.minimum.reduce(known), np.maximum.reduce(known)
    for step in (-1, 1):
        # Neighbouring columns are neighbouring slots; across devices this frees a slot too many.
        beside = np.roll(relaxed, step)
        both = arrays.integer & np.roll(arrays.integer, step)
        least[both] = np.minimum(least, beside)[both]
        most[both] = np.maximum(most, beside)[both]
    low, high = arrays.low.copy(), arrays.high.copy()
    off, on = arrays.integer & (most < WHOLE), arrays.integer & (least > 1 - WHOLE)
    high[off] = low[off]
    low[on] = high[on]
    return replace(arrays, low=low, high=high)


def fixed(arrays: Arrays, columns: Series) -> Arrays:
    """The programme with all whole numbers fixed at a solution's."""
    low, high = arrays.low.copy(), arrays.high.copy()
    low[arrays.integer] = high[arrays.integer] = np.round(columns[arrays.integer])
    return replace(arrays, low=low, high=high)


def all_off(built: Built, start: Arrays) -> Arrays:
    """Everything off that `start` leaves open and that may be off; all steps of power tariffs taken."""
    columns = start.low.copy()
    for steps in built.steps:
        columns[steps] = 1.0
    return fixed(start, columns)
