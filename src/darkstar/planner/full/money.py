"""The money stage: the cheapest on and off that the time allows, and a proven bound.

1. The linear relaxation: a bound at once, and the answer where it is whole.
2. What it mixes to its advantage, tiers, times to disinfect and starts in part, is looked at apart (`choices`), the
   most promising first; a choice whose own relaxation costs more than a plan in hand is done with.
3. Within a choice, first a rounding (`rounding`) and each load's cheapest way at its prices (`loads_guess`), or, where
   slots are whole, dives (`dive`): plans that are found soon. What is still not proven good enough is a mixed problem
   for HiGHS: where slots are whole first a small one, free in which is only what the relaxation leaves open, the slots
   beside, and what the plans so far disagree on; then all of it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from darkstar.planner.full.build import Built
from darkstar.planner.full.choices import WHOLE, Choice, enough, fee, first_choices, halves, within
from darkstar.planner.full.clock import Clock
from darkstar.planner.full.directions import Directions
from darkstar.planner.full.dive import dive
from darkstar.planner.full.loads_guess import LoadsGuess
from darkstar.planner.full.programme import Arrays
from darkstar.planner.full.rounding import rounded
from darkstar.planner.full.site import Site
from darkstar.planner.full.solver import NOTHING, Outcome, Solver
from darkstar.planner.problem import Series

PULLS = (1.0, 0.0, 0.0)
"""Worth of a kWh that loads have in common with the solution before, in each round of guessing them by prices."""
PULLS_AGAIN = (0.0, 1.0)
"""The same for a choice that is a part of another: here each guess is made from the relaxation."""
SWEEPS = 5
"""How often at most all batteries' directions are looked at anew."""
SMALL_SHARE = 0.4
"""Share of the time left that the small mixed problem may take."""
WHOLE_SHARE = 0.8
"""Share of the time left that a whole mixed problem may take: HiGHS looks at the clock late in it."""


@dataclass(frozen=True)
class Money:
    """What the stage found: columns (None where nothing was), their cost, and a bound that no plan undercuts.

    `relaxed` are the relaxation's columns, for a rounding where nothing was found.
    """

    columns: Series | None
    cost: float
    bound: float
    relaxed: Series | None = None


def cheapest(site: Site, built: Built, linear: Solver, mixed: Solver, clock: Clock, gap: float) -> Money:
    """The money stage; `linear` and `mixed` may hold the programme already."""
    search = _Search(site, built, linear, mixed, clock, gap)
    free = linear.solve(within(built, search.widest), seconds=clock.seconds)
    if free.columns is None:
        return Money(None, np.inf, -np.inf)
    search.relaxed(search.widest, free)
    if built.steps:
        search.begin(free)
    while (choice := search.most_promising()) is not None and clock.seconds > 0:
        search.look_at(choice)
    return replace(search.best, bound=search.bound, relaxed=free.columns)


class _Search:
    """Best first through the choices.

    More steps taken never make the rest dearer. So the relaxation of a choice, less its fees, with another choice's
    fees bounds that one from below if it takes no more steps; many need not even be relaxed.
    """

    def __init__(
        self, site: Site, built: Built, linear: Solver, mixed: Solver, clock: Clock, gap: float
    ) -> None:
        self._site, self._built, self._clock, self._gap = site, built, clock, gap
        self._linear, self._mixed = linear, mixed
        self._loads, self._directions = LoadsGuess(site, built), Directions(site, built)
        whole = [car.whole_slots for car in site.cars] + [tank.whole_slots for tank in site.tanks]
        self._guesses = not any(whole + [boost.whole_slots for boost in site.boosts])
        first = first_choices(built)
        self._first, self.widest = frozenset(first), first[-1]
        self._bounds: dict[Choice, float] = dict.fromkeys(first, -np.inf)
        self._relaxed: dict[Choice, Outcome] = {}
        self._known: dict[Choice, list[Series]] = {}
        self._done: set[Choice] = set()
        self.best = Money(None, np.inf, -np.inf)

    @property
    def bound(self) -> float:
        """No plan costs less."""
        return min(self._bounds.values(), default=np.inf)

    def begin(self, free: Outcome) -> None:
        """From the solution with all steps taken, which has its answer in a lower tier too, to a first plan."""
        assert free.columns is not None
        choice, columns = enough(self._built, list(self._bounds), free.columns)
        self._relaxed[choice] = replace(free, columns=columns)
        self.look_at(choice)

    def most_promising(self) -> Choice | None:
        """The choice with the lowest bound, those first that were not searched yet.

        None where the best plan is good enough for all that are left.
        """
        left = [
            choice
            for choice, bound in self._bounds.items()
            if choice not in self._done and not _is_good(self.best.cost, bound, self._gap)
        ]
        return min(left, key=lambda at: (at in self._known, self._bounds[at]), default=None)

    def relaxed(self, choice: Choice, outcome: Outcome) -> None:
        """Learn a choice's relaxation, and what follows for the choices that take no more steps."""
        if outcome.impossible:
            self._bounds[choice] = np.inf
            self._done.add(choice)
        if outcome.columns is None:
            self._done.add(choice)
            return
        self._relaxed[choice] = outcome
        power_free = outcome.bound - fee(self._built, choice)
        for other, bound in self._bounds.items():
            if choice.covers(other):
                self._bounds[other] = max(bound, power_free + fee(self._built, other))

    def look_at(self, choice: Choice) -> None:
        """Relax a choice; where that is done, look for plans that are found soon, and halve it where that helps.

        What is left when all are halved is searched thoroughly.
        """
        arrays = within(self._built, choice)
        if choice not in self._relaxed:
            self.relaxed(choice, self._linear.solve(arrays, seconds=self._clock.seconds))
        elif choice not in self._known:
            self._known[choice] = []
            relaxed = self._relaxed[choice]
            assert relaxed.columns is not None
            for found in self._soon(arrays, relaxed, thoroughly=choice in self._first):
                self._take(choice, found)
                if _is_good(self.best.cost, self._bounds[choice], self._gap):
                    return
            parts = halves(self._built, choice, relaxed.columns)
            if parts is not None:
                bound = self._bounds.pop(choice)
                self._bounds |= dict.fromkeys(parts, bound)
        else:
            self._done.add(choice)
            if not self._guesses:
                self._take(choice, self._small(choice, arrays))
            if not _is_good(self.best.cost, self._bounds[choice], self._gap):
                seconds, start = WHOLE_SHARE * self._clock.seconds, self.best.columns
                whole = self._mixed.solve(arrays, seconds=seconds, gap=self._gap, start=start)
                self._take(choice, whole)
                self._bounds[choice] = max(self._bounds[choice], whole.bound)

    def _take(self, choice: Choice, found: Outcome) -> None:
        if found.columns is None:
            return
        self._known[choice].append(found.columns)
        if found.objective < self.best.cost:
            self.best = replace(self.best, columns=found.columns, cost=found.objective)

    def _small(self, choice: Choice, arrays: Arrays) -> Outcome:
        """A mixed problem in which only what the relaxation and the plans so far disagree on is free."""
        relaxed = self._relaxed[choice].columns
        assert relaxed is not None
        narrow = _narrowed(arrays, [relaxed, *self._known[choice]])
        seconds = SMALL_SHARE * self._clock.seconds
        return self._mixed.solve(narrow, seconds=seconds, gap=self._gap / 2, start=self.best.columns)

    def _soon(self, arrays: Arrays, relaxed: Outcome, *, thoroughly: bool) -> Iterator[Outcome]:
        """From a rounding and the loads' guesses; by dives where slots are whole or nothing was found."""
        linear, clock = self._linear, self._clock
        assert relaxed.columns is not None
        if _is_whole(arrays, relaxed.columns):
            cost = float(np.dot(arrays.cost, relaxed.columns)) + arrays.constant
            yield Outcome(relaxed.columns, cost, cost, optimal=True)
            return
        start = rounded(self._site, self._built, arrays, relaxed.columns)
        base = linear.solve(start, seconds=clock.seconds) if thoroughly else relaxed
        columns = base.columns
        for pull in PULLS if thoroughly else PULLS_AGAIN:
            if base.columns is None:
                break
            found = linear.solve(self._loads.guessed(start, base, pull), seconds=clock.seconds)
            yield found if found.columns is not None and _is_whole(arrays, found.columns) else NOTHING
            base = found if thoroughly else base
        yield from self._turned(arrays)
        if self._guesses and self.best.columns is not None:
            return
        if columns is not None:
            yield dive(start, columns, linear, clock, "up")
            yield dive(start, columns, linear, clock, "near")
        yield dive(arrays, relaxed.columns, linear, clock, "up")
        yield dive(arrays, relaxed.columns, linear, clock, "near")

    def _turned(self, arrays: Arrays) -> Iterator[Outcome]:
        """From the best plan in hand, as long as other directions of batteries are cheaper."""
        for _ in range(SWEEPS if self._directions else 0):
            before = self.best
            if before.columns is None:
                return
            turned = self._directions.turned(fixed(arrays, before.columns), before.columns)
            yield self._linear.solve(turned, seconds=self._clock.seconds)
            if not self.best.cost < before.cost:
                return


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
