"""The money stage: the cheapest on and off that the time allows, and a proven bound.

1. The linear relaxation: a bound at once, and the answer where it is whole.
2. Tiers of a power tariff make the relaxation weak, so each tier is looked at by itself, the most promising first; a
   tier whose own relaxation costs more than a plan in hand is done with.
3. Within a tier, first a dive (`dive`), which finds a good plan soon. If it is not proven good enough, a small mixed
   problem goes on from it, in which only what the relaxation leaves open (and the slots beside it) is free; then the
   whole mixed problem.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from darkstar.planner.full.build import Built
from darkstar.planner.full.clock import Clock
from darkstar.planner.full.dive import WHOLE, dive
from darkstar.planner.full.programme import Arrays
from darkstar.planner.full.solver import Outcome, Solver
from darkstar.planner.problem import Series

SMALL_SHARE = 0.5
"""Share of the time left that the small mixed problem may take."""


@dataclass(frozen=True)
class Money:
    """What the stage found: columns (None where nothing was), their cost, and a bound that no plan undercuts."""

    columns: Series | None
    cost: float
    bound: float


def cheapest(built: Built, linear: Solver, mixed: Solver, clock: Clock, gap: float) -> Money:
    """The money stage; `linear` and `mixed` may hold the programme already."""
    arrays = built.arrays
    relaxed = linear.solve(arrays, seconds=clock.seconds)
    if relaxed.columns is None or _is_whole(arrays, relaxed.columns):
        return Money(relaxed.columns, relaxed.objective, relaxed.bound)
    tiers = [(relaxed.bound, arrays, relaxed.columns)]
    if built.steps:
        tiers = sorted(_tiers(built, linear, clock, relaxed.bound), key=lambda tier: tier[0])
    best = Money(None, np.inf, -np.inf)
    bounds = [bound for bound, _, _ in tiers]
    for number, (bound, tier, columns) in enumerate(tiers):
        if _is_good(best.cost, bound, gap) or clock.seconds <= 0:
            continue
        found = _within(tier, columns, bound, (linear, mixed), clock, gap)
        bounds[number] = found.bound
        if found.cost < best.cost:
            best = found
    return replace(best, bound=max(relaxed.bound, min(bounds)))


def _tiers(
    built: Built, linear: Solver, clock: Clock, floor: float
) -> Iterator[tuple[float, Arrays, Series]]:
    """Each choice of tiers with its own bound; a choice that cannot be is left out."""
    for reached in itertools.product(*(range(len(steps) + 1) for steps in built.steps)):
        low, high = built.arrays.low.copy(), built.arrays.high.copy()
        for steps, count in zip(built.steps, reached, strict=True):
            low[steps], high[steps] = np.arange(len(steps)) < count, np.arange(len(steps)) < count
        if (low < built.arrays.low).any():
            continue
        tier = replace(built.arrays, low=low, high=high)
        relaxed = linear.solve(tier, seconds=clock.seconds)
        if relaxed.columns is not None:
            yield relaxed.bound, tier, relaxed.columns
        elif not relaxed.impossible:
            yield floor, tier, low


def _within(
    arrays: Arrays, relaxed: Series, bound: float, solvers: tuple[Solver, Solver], clock: Clock, gap: float
) -> Money:
    """The cheapest within one tier."""
    linear, mixed = solvers
    dived = dive(arrays, relaxed, linear, clock)
    best = Money(dived.columns, dived.objective, bound) if dived else Money(None, np.inf, bound)
    if _is_good(best.cost, bound, gap):
        return best
    narrowed = _narrowed(arrays, relaxed, best.columns)
    small = mixed.solve(narrowed, seconds=SMALL_SHARE * clock.seconds, gap=gap / 2, start=best.columns)
    best = _better(best, small)
    if _is_good(best.cost, bound, gap):
        return best
    whole = mixed.solve(arrays, seconds=clock.seconds, gap=gap, start=best.columns)
    return replace(_better(best, whole), bound=max(bound, whole.bound))


def _better(best: Money, found: Outcome) -> Money:
    if found.objective < best.cost:
        return replace(best, columns=found.columns, cost=found.objective)
    return best


def _is_good(cost: float, bound: float, gap: float) -> bool:
    return cost < np.inf and cost - bound <= gap * max(1.0, abs(cost))


def _is_whole(arrays: Arrays, columns: Series) -> bool:
    whole = columns[arrays.integer]
    return bool((np.abs(whole - np.round(whole)) < WHOLE).all())


def _narrowed(arrays: Arrays, relaxed: Series, known: Series | None) -> Arrays:
    """Fixed is what is whole in the relaxation and in the slots beside, and the same in the plan that is known."""
    least, most = relaxed.copy(), relaxed.copy()
    for step in (-1, 1):
        # Neighbouring columns are neighbouring slots; across devices this frees a slot too many.
        beside = np.roll(relaxed, step)
        both = arrays.integer & np.roll(arrays.integer, step)
        least[both] = np.minimum(least, beside)[both]
        most[both] = np.maximum(most, beside)[both]
    if known is not None:
        least, most = np.minimum(least, known), np.maximum(most, known)
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


def all_off(built: Built) -> Arrays:
    """Everything off that may be off, the power tariffs' steps free of charge limits: a plan that is always there."""
    columns = built.arrays.low.copy()
    for steps in built.steps:
        columns[steps] = 1.0
    return fixed(built.arrays, columns)
