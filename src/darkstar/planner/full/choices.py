"""What the money stage looks at one by one, for a relaxation that mixes it is weak.

A choice says how many steps of its tiers each month takes, between which slots a tank is disinfected, and which
stretches of slots a device uses at all: if it does, it pays a whole start. Choices of tiers are few; the others are
parted where the relaxation is spread or starts in part. When loads run is not parted: that seldom moves the bound.
"""

import itertools
from dataclasses import dataclass, replace

import numpy as np

from darkstar.planner.full.build import Built
from darkstar.planner.full.programme import Arrays, Indices
from darkstar.planner.problem import Series

WHOLE = 1e-6
"""Distance from a whole number that counts as none."""
SPREAD_SLOTS = 1e-3
"""Deviation from its centre beyond which something is spread."""


@dataclass(frozen=True)
class Choice:
    """Steps taken of each month; of each tank's disinfection, the stretch [first, last) of its columns; and of each
    stretch that costs a start whether it is used, None where that is open."""

    steps: tuple[int, ...]
    spans: tuple[tuple[int, int], ...]
    used: tuple[bool | None, ...]

    def covers(self, other: "Choice") -> bool:
        """Whether each plan of the other choice costs no less, fees aside, than the cheapest of this one."""
        return (
            all(mine >= few for mine, few in zip(self.steps, other.steps, strict=True))
            and all(
                first <= begin and end <= last
                for (first, last), (begin, end) in zip(self.spans, other.spans, strict=True)
            )
            and all(mine in (None, use) for mine, use in zip(self.used, other.used, strict=True))
        )


def first_choices(built: Built) -> list[Choice]:
    """Every choice of tiers, with all slots open; the last takes all steps and covers the others."""
    least = [int(built.arrays.low[steps].sum()) for steps in built.steps]
    most = [len(steps) for steps in built.steps]
    ranges = (range(few, many + 1) for few, many in zip(least, most, strict=True))
    spans = tuple((0, len(columns)) for columns in _exclusive(built))
    used = (None,) * len(built.uses)
    return [Choice(steps, spans, used) for steps in itertools.product(*ranges)]


def within(built: Built, choice: Choice) -> Arrays:
    """The programme of one choice."""
    low, high = built.arrays.low.copy(), built.arrays.high.copy()
    for steps, count in zip(built.steps, choice.steps, strict=True):
        low[steps] = high[steps] = np.arange(len(steps)) < count
    for columns, (first, last) in zip(_exclusive(built), choice.spans, strict=True):
        high[columns[:first]] = high[columns[last:]] = 0.0
    for column, used in zip(built.uses.tolist(), choice.used, strict=True):
        if used is not None:
            low[column] = high[column] = used
    return replace(built.arrays, low=low, high=high)


def fee(built: Built, choice: Choice) -> float:
    """What its steps cost above the lowest tiers."""
    return sum(
        float(built.arrays.cost[steps[:count]].sum())
        for steps, count in zip(built.steps, choice.steps, strict=True)
    )


def enough(built: Built, choices: list[Choice], relaxed: Series) -> tuple[Choice, Series]:
    """The cheapest of these choices that a solution with all steps taken is allowed in, and it with fewer steps."""
    arrays = built.arrays
    of_row = np.repeat(np.arange(len(arrays.row_low)), np.diff(arrays.start))
    for choice in sorted(choices, key=lambda at: fee(built, at)):
        columns = relaxed.copy()
        for steps, count in zip(built.steps, choice.steps, strict=True):
            columns[steps] = np.arange(len(steps)) < count
        activity = np.bincount(of_row, arrays.value * columns[arrays.index], len(arrays.row_low))
        excess = np.maximum(arrays.row_low - activity, activity - arrays.row_high)
        if (excess <= WHOLE).all():
            return choice, columns
    return choices[-1], relaxed


def halves(built: Built, choice: Choice, relaxed: Series) -> tuple[Choice, Choice] | None:
    """Two choices that make up this one, parted where its relaxation cheats the most; None where it does nowhere."""
    return _by_use(built, choice, relaxed) or _by_span(built, choice, relaxed)


def _by_use(built: Built, choice: Choice, relaxed: Series) -> tuple[Choice, Choice] | None:
    """Parted by whether a stretch is used: the one that saves the most of a start's cost."""
    share = relaxed[built.uses]
    in_part = (
        (share > WHOLE) & (share < 1 - WHOLE) & np.array([used is None for used in choice.used], dtype=bool)
    )
    if not in_part.any():
        return None
    dearest = int(np.argmax(in_part * built.arrays.cost[built.uses] * (1 - share)))
    yes, no = (
        replace(choice, used=(*choice.used[:dearest], use, *choice.used[dearest + 1 :]))
        for use in (True, False)
    )
    return yes, no


def _by_span(built: Built, choice: Choice, relaxed: Series) -> tuple[Choice, Choice] | None:
    """Parted by when a tank is disinfected: where that is spread the most."""
    spreads = [
        _spread(relaxed[columns[first:last]])
        for columns, (first, last) in zip(_exclusive(built), choice.spans, strict=True)
    ]
    widest = max(range(len(spreads)), key=spreads.__getitem__, default=-1)
    if widest < 0 or spreads[widest] <= SPREAD_SLOTS:
        return None
    first, last = choice.spans[widest]
    centre = first + _centre(np.maximum(relaxed[_exclusive(built)[widest][first:last]], 0.0))
    middle = int(np.clip(round((centre + (first + last) / 2) / 2), first + 1, last - 1))
    spans = [
        (*choice.spans[:widest], span, *choice.spans[widest + 1 :])
        for span in ((first, middle), (middle, last))
    ]
    return replace(choice, spans=spans[0]), replace(choice, spans=spans[1])


def _spread(share: Series) -> float:
    """Deviation from the centre in slots, weighed by the share; 0 where nothing happens."""
    share = np.maximum(share, 0.0)
    if share.sum() <= WHOLE:
        return 0.0
    return float(np.sqrt(np.dot(share, (np.arange(len(share)) - _centre(share)) ** 2)))


def _centre(share: Series) -> float:
    return float(np.dot(np.arange(len(share)), share) / share.sum())


def _exclusive(built: Built) -> list[Indices]:
    """Columns in the order of slots, of which one at most is 1: the disinfections of each tank."""
    return [columns for tank in built.tanks for columns in tank.exclusive]
