"""What the money stage looks at one by one, for a relaxation that mixes them is weak: tiers, and when to disinfect.

A choice says how many steps of its tiers each month takes, and for each tank between which slots it is disinfected
(or not at all). Choices of tiers are few; stretches of slots are halved where the relaxation is spread over them.
"""

import itertools
from dataclasses import dataclass, replace

import numpy as np

from darkstar.planner.full.build import Built
from darkstar.planner.full.programme import Arrays, Indices
from darkstar.planner.problem import Series

WHOLE = 1e-6
"""Distance from a whole number that counts as none."""


@dataclass(frozen=True)
class Choice:
    """Steps taken of each month; of each tank that is to be disinfected once, the slots [first, last) it may be in."""

    steps: tuple[int, ...]
    spans: tuple[tuple[int, int], ...]

    def covers(self, other: "Choice") -> bool:
        """Whether each plan of the other choice costs no less, fees aside, than the cheapest of this one."""
        return all(mine >= few for mine, few in zip(self.steps, other.steps, strict=True)) and all(
            first <= begin and end <= last
            for (first, last), (begin, end) in zip(self.spans, other.spans, strict=True)
        )


def first_choices(built: Built) -> list[Choice]:
    """Every choice of tiers, with all slots to disinfect in; the last takes all steps and covers the others."""
    least = [int(built.arrays.low[steps].sum()) for steps in built.steps]
    most = [len(steps) for steps in built.steps]
    ranges = (range(few, many + 1) for few, many in zip(least, most, strict=True))
    spans = tuple((0, len(reached)) for reached in _disinfected(built))
    return [Choice(steps, spans) for steps in itertools.product(*ranges)]


def within(built: Built, choice: Choice) -> Arrays:
    """The programme of one choice."""
    low, high = built.arrays.low.copy(), built.arrays.high.copy()
    for steps, count in zip(built.steps, choice.steps, strict=True):
        low[steps] = high[steps] = np.arange(len(steps)) < count
    for reached, (first, last) in zip(_disinfected(built), choice.spans, strict=True):
        high[reached[:first]] = high[reached[last:]] = 0.0
    return replace(built.arrays, low=low, high=high)


def fee(built: Built, choice: Choice) -> float:
    """What its steps cost above the lowest tiers."""
    return sum(
        float(built.arrays.cost[steps[:count]].sum())
        for steps, count in zip(built.steps, choice.steps, strict=True)
    )


def halves(built: Built, choice: Choice, relaxed: Series) -> tuple[Choice, Choice] | None:
    """Two choices that make up this one, where its relaxation disinfects a tank in several slots; None elsewhere."""
    for number, (reached, (first, last)) in enumerate(zip(_disinfected(built), choice.spans, strict=True)):
        share = relaxed[reached[first:last]]
        if share.sum() < WHOLE or share.max() > 1 - WHOLE:
            continue
        centre = float(np.dot(np.arange(first, last), share)) / share.sum()
        middle = int(np.clip(round((centre + (first + last) / 2) / 2), first + 1, last - 1))
        spans = [
            (*choice.spans[:number], span, *choice.spans[number + 1 :])
            for span in ((first, middle), (middle, last))
        ]
        return replace(choice, spans=spans[0]), replace(choice, spans=spans[1])
    return None


def _disinfected(built: Built) -> list[Indices]:
    """By tank that is to be disinfected once, the columns of when."""
    return [tank.reached for tank in built.tanks if len(tank.undone) == 1]
