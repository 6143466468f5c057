"""Which readings of a meter to believe: the cheapest explanation of everything that it showed.

A meter that only counts up can still show a fall or a leap. Each has innocent and guilty readings, and what is
innocent shows only in what follows: a lone zero that is gone with the next reading was never true, a zero that the
meter climbs up from was a restart. So every believable story of the doubtful stretch is priced, and the cheapest is
told:

    readings left out    few and short-lived: a dip (below what came before) or a spike (above what came after)
    a reset              the meter went on from about zero; what it shows has been counted since
    a step back          it fell a little and stayed there; nothing was counted
    a replacement        it went on from quite another number; how much was counted in between is not known
    an implausible leap  it rose by more than the home's connection carries; how much of it is true is not known

The price list is ordered by how often each happens to real meters; see `docs/GLOSSARY.md` for the terms. Stretches
without doubt cost nothing and are not looked at.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from darkstar.domain.slots import HOUR_SECONDS, SLOT_SECONDS
from darkstar.ledger.resolved import Flag

Series = NDArray[np.float64]
Positions = NDArray[np.intp]

LEAVE_OUT, LEAVE_OUT_EACH = 1.0, 0.1
RESET, STEP_BACK, OTHER_METER = 4.0, 3.0, 8.0
PENDING_EACH = 2.0
"""At either end of the evidence nothing can confirm that readings were bad: three that agree are believed."""
REACH = 48
"""Most readings in a row that are left out, unless a fall or a leap marks where they begin and where they end."""
LONG_SECONDS = 20 * HOUR_SECONDS
"""Longest time that marked ones are left out: a tariff's meter stands still for most of a day."""
FAR_MARKS = 16
"""Falls and leaps that are looked back at for where marked readings begin, the nearest and the greatest: a meter that
trembles has no end of them, and one that tells Wh for kWh leaps with every reading."""
RESET_SHARE = 0.9
"""A meter that shows more than this of what it showed before did not begin again."""
SUSTAINED_SHARE = 0.25
"""Of the connection's power, the most that is drawn for hours on end: what a new meter may show after a silence."""
BEFORE = 8
"""Readings before the first doubtful one that may turn out to be the bad ones."""
LEADING = 3
SMALL_DIP_SECONDS = SMALL_SPIKE_SECONDS = 2 * HOUR_SECONDS
"""A small fall that comes back within this was a dip, a small rise a spike; later, the meter has counted its way."""
UNDONE_SHARE = 0.25
"""A single rise undoes a fall if it is larger by no more than this, and than any rise around it."""
RETURN_SHARE = 0.02
"""A rise that is larger than the fall by less than this is no chance."""
LEAST_COUNTING = 2
"""Steps between readings that are left out from which they tell where the meter should be afterwards."""
MOST_BREAKS = 2
"""Falls and leaps among them."""
TWO_MOVES = 12.0
"""Readings that count on, but not to where the meter goes on, are no bad ones: it moved twice."""
LEAST_SIGNS = 2
"""A dip stays away from zero, is soon over, is undone by a rise as large, and leads back: two tell it."""
STEP_BACK_SHARE, STEP_BACK_KWH = 0.02, 1.0
LATE_SECONDS, PROMPT_SECONDS = SLOT_SECONDS, 120
"""How far a reading may lag behind the energy that it shows; how far the return from a dip does."""
EPSILON_KWH = 1e-6


@dataclass(frozen=True)
class Trusted:
    """The readings that are believed.

    Attributes:
        index: (m,) positions among all readings, rising.
        flags: (m,) what befell the meter between the believed reading before and this one (`Flag`s).
        pending: readings after the last believed one that later ones may yet confirm.
    """

    index: NDArray[np.intp]
    flags: NDArray[np.int32]
    pending: int


def trust(time_s: Series, value_kwh: Series, limit_kw: float) -> Trusted:
    """Find the readings to believe among numeric ones.

    Args:
        time_s: (n,) instants, not falling [s]. value_kwh: (n,) what the meter showed.
        limit_kw: most power that can flow through the meter.
    """
    n = len(value_kwh)
    flags = np.zeros(n, dtype=np.int32)
    if n < 2:
        return Trusted(np.arange(n), flags, 0)
    story = _Story(time_s, value_kwh, limit_kw)
    rise = np.diff(value_kwh)
    doubtful = np.flatnonzero((rise < -EPSILON_KWH) | (rise > story.carried(np.diff(story.since)))) + 1
    keep = np.ones(n, dtype=np.bool_)
    pending = 0
    for marks in _clusters(story.marked(doubtful), doubtful, time_s):
        first, last = int(marks[0]), int(marks[-1])
        low, high = max(0, first - BEFORE), min(n, last + REACH + 1)
        if not keep[low]:
            low = int(np.flatnonzero(keep[:first])[-1])
        chosen, causes, pending = story.cheapest(_nodes(marks, low, high), marks)
        keep[low:high] = False
        keep[chosen] = True
        flags[low + 1 : high] = 0
        flags[chosen] |= causes
    index = np.flatnonzero(keep)
    return Trusted(index, flags[index], pending)


def _clusters(marks: Positions, doubtful: Positions, time_s: Series) -> list[Positions]:
    """The marked readings that may have to do with one another, where one of them is doubtful."""
    apart = (np.diff(marks) > REACH + BEFORE) & (np.diff(time_s[marks]) > LONG_SECONDS)
    clusters = np.split(marks, np.flatnonzero(apart) + 1)
    return [cluster for cluster in clusters if np.isin(cluster, doubtful).any()]


def _nodes(marks: Positions, low: int, high: int) -> Positions:
    """The readings of [low, high) near a mark, each of which is judged; those between share their neighbours' lot."""
    around = (marks[:, None] + np.arange(-BEFORE, REACH + 1)).ravel()
    return np.unique(np.append(around[(around >= low) & (around < high)], low))


class _Story:
    """Prices the ways from one believed reading to another."""

    def __init__(self, time_s: Series, value_kwh: Series, limit_kw: float) -> None:
        self._time = time_s
        self._value = value_kwh
        self._shown: list[float] = value_kwh.tolist()
        self._limit_kw = limit_kw
        rise = np.diff(value_kwh)
        self._rise = rise
        self._apart = np.diff(time_s)
        self._falls = np.append(False, rise < -EPSILON_KWH)
        self._leaps = np.append(False, rise > self.carried(np.diff(time_s), PROMPT_SECONDS))
        first_of_run = np.append(True, np.diff(value_kwh) != 0)
        self.since = time_s[np.maximum.accumulate(np.where(first_of_run, np.arange(len(time_s)), 0))]
        """When the meter first showed what it shows: a restored or frozen value tells nothing new."""

    def carried(self, seconds: Series | float, late_s: float = LATE_SECONDS) -> Series | float:
        """Most energy that the connection carries in a time, with what may have been reported late [kWh]."""
        return self._limit_kw * (seconds + late_s) / HOUR_SECONDS

    def marked(self, doubtful: Positions) -> Positions:
        """Readings that come with a fall or a leap, with the doubtful ones."""
        return np.union1d(doubtful, np.flatnonzero(self._falls | self._leaps))

    def cheapest(self, nodes: Positions, marks: Positions) -> tuple[list[int], list[int], int]:
        """Believed readings from the first node to the last, the flags on the way to each, and how many are pending.

        Args:
            nodes: (m,) readings to judge, rising; those between two of them are believed or left out as one.
            marks: (k,) those of them that come with a fall or a leap.
        """
        at = nodes.tolist()
        size = len(at)
        cost = [float("inf")] * size
        came_from = [-1] * size
        cause = [0] * size
        at_start, at_end = at[0] == 0, at[-1] == len(self._value) - 1
        marked = np.isin(nodes, marks).tolist()
        before_marks = np.flatnonzero(np.isin(nodes + 1, marks))
        size_of_move = np.abs(self._value[nodes[before_marks] + 1] - self._value[nodes[before_marks]])
        greatest = np.sort(before_marks[np.argsort(-size_of_move, kind="stable")[:FAR_MARKS]])
        for j in range(size):
            if j == 0 or (at_start and j <= LEADING):
                cost[j] = LEAVE_OUT + PENDING_EACH * j if j else 0.0
            near = int(np.searchsorted(nodes, at[j] - REACH - 1))
            far: list[int] = []
            if marked[j]:
                nearest = before_marks[before_marks < near][-FAR_MARKS:]
                far = np.union1d(nearest, greatest[greatest < near]).tolist()
                far = [i for i in far if self._within(at[i], at[j])]
            for i in (*range(j - 1, min(near, max(j - 1, 0)) - 1, -1), *far[::-1]):
                left_out = i < j - 1
                least = LEAVE_OUT + LEAVE_OUT_EACH * min(at[j] - at[i] - 1, BEFORE) if left_out else 0.0
                if cost[i] + least > cost[j]:
                    continue
                if left_out and not self._conspicuous(at[i] + 1, at[j]):
                    continue
                step, flags = self._step(at[i], at[j]) if left_out or at[j] == at[i] + 1 else (0.0, 0)
                if cost[i] + step < cost[j] or (cost[i] + step == cost[j] and came_from[j] >= 0):
                    cost[j], came_from[j], cause[j] = cost[i] + step, i, flags
        last = size - 1
        if at_end:
            tail = [
                c + (LEAVE_OUT + PENDING_EACH * (last - j) if j < last else 0) for j, c in enumerate(cost)
            ]
            last = min(range(size), key=lambda j: (tail[j], -j))
        pending = size - 1 - last
        chosen: list[int] = []
        causes: list[int] = []
        while last >= 0:
            i = came_from[last]
            between = range(at[last] - 1, at[i], -1) if i >= 0 and i == last - 1 else range(0)
            chosen += [at[last], *between]
            causes += [cause[last], *(0 for _ in between)]
            last = i
        return chosen[::-1], causes[::-1], pending

    def _within(self, i: int, j: int) -> bool:
        return float(self._time[j] - self._time[i]) <= LONG_SECONDS

    def _conspicuous(self, first: int, after: int) -> bool:
        """Whether readings may be bad by how they begin and end: with a fall, or with leaps (a spike, then a dip)."""
        return bool(self._falls[first] or self._falls[after] or (self._leaps[first] and self._leaps[after]))

    def _step(self, i: int, j: int) -> tuple[float, int]:
        """Price of going from reading i straight to reading j, and what that means (infinite: no such story)."""
        left_out = self._left_out(i, j) if j > i + 1 else 0
        if j > i + 1 and not left_out:
            return float("inf"), 0
        price, flags = self._move(i, j)
        return price + (self._price_left_out(i, j, price > 0) if left_out else 0.0), flags | left_out

    def _move(self, i: int, j: int) -> tuple[float, int]:
        """Price of what the meter did from i to j, whatever it showed between."""
        before, after = float(self._value[i]), float(self._value[j])
        rise = after - before
        carried = float(self.carried(float(self._time[j] - self.since[i])))
        if rise > carried:
            return OTHER_METER, Flag.IMPLAUSIBLE
        if rise >= -EPSILON_KWH:
            return 0.0, 0
        if after <= min(self._counted_anew(i, j), RESET_SHARE * before):
            return RESET, Flag.RESET
        if -rise <= max(STEP_BACK_SHARE * before, STEP_BACK_KWH):
            return STEP_BACK, Flag.STEP_BACK
        return OTHER_METER, Flag.REPLACED

    def _price_left_out(self, i: int, j: int, moved: bool) -> float:
        """Price of the readings between i and j being bad; `moved`: it does not go on from i as it was."""
        few = min(j - i - 1, REACH)
        if self._counts_between(i, j) and (moved or not self._goes_on(i, j)):
            return LEAVE_OUT + LEAVE_OUT_EACH * few + TWO_MOVES
        return LEAVE_OUT + LEAVE_OUT_EACH * (min(few, BEFORE) if self._leads_back(i, j) else few)

    def _counts_between(self, i: int, j: int) -> bool:
        """Whether the readings between i and j count as a meter does, so that they tell where it should be at j."""
        steps = self._orderly(i, j)
        few_breaks = j - i - 2 - len(steps) <= MOST_BREAKS
        return few_breaks and len(steps) >= LEAST_COUNTING and float(steps.sum()) > EPSILON_KWH

    def _orderly(self, i: int, j: int) -> Series:
        """The steps between the readings strictly between i and j that neither fall nor leap."""
        broken = self._falls[i + 2 : j] | self._leaps[i + 2 : j]
        return np.asarray(self._rise[i + 1 : j - 1][~broken])

    def _goes_on(self, i: int, j: int) -> bool:
        """Whether the meter is at j where it should be, had the readings between been off by an amount or a factor."""
        before, grown = float(self._value[i]), float(self._value[j] - self._value[i])
        first, counted = float(self._value[i + 1]), float(self._orderly(i, j).sum())
        factor = before / first if first > 0 else 1.0
        return min(abs(grown - counted), abs(grown - counted * factor)) <= self._room(i, j)

    def _room(self, i: int, j: int) -> float:
        """Energy that the meter may count in the two steps into what is left out and out of it again."""
        edges_s = float(self._apart[i] + self._apart[j - 1])
        return max(3 * self._usual_rise(i, j), self._usual_pace(i, j) * edges_s)

    def _leads_back(self, i: int, j: int) -> bool:
        """Whether a fall after i is undone at j so exactly that it is no chance: the meter seldom rises by so much."""
        fell, rose = float(-self._rise[i]), float(self._rise[j - 1])
        if not 0 < fell <= rose or rose <= self._usual_rise(i, j):
            return False
        if self._counts_between(i, j) and self._room(i, j) <= UNDONE_SHARE * fell:
            return self._goes_on(i, j)
        return rose <= (1 + RETURN_SHARE) * fell

    def _counted_anew(self, i: int, j: int) -> float:
        """Most that a meter shows at j which began again from zero after i [kWh]."""
        seconds = float(self._time[j] - self.since[i])
        prompt = min(seconds, HOUR_SECONDS)
        return float(self.carried(prompt + SUSTAINED_SHARE * (seconds - prompt)))

    def _left_out(self, i: int, j: int) -> int:
        """What the readings between i and j were if they were bad; 0 where they may have been good."""
        before, after = self._shown[i], self._shown[j]
        bottom, top = before - EPSILON_KWH, max(before, after) + EPSILON_KWH
        if bottom <= self._shown[i + 1] <= top or bottom <= self._shown[j - 1] <= top:
            return 0
        between = self._value[i + 1 : j]
        low, high = between < bottom, between > top
        if not (low | high).all():
            return 0
        if low.any() and not self._came_back(i, j):
            return 0
        if high.any() and not self._leapt_up(i, j):
            return 0
        return (Flag.DIP if low.any() else 0) | (Flag.SPIKE if high.any() else 0)

    def _came_back(self, i: int, j: int) -> bool:
        """Whether a fall after i was undone at j, rather than counted up again."""
        before, after = float(self._value[i]), float(self._value[j])
        low = i + 1 + int(np.flatnonzero(self._value[i + 1 : j] < before - EPSILON_KWH)[-1])
        prompt = float(self.carried(float(self._time[low + 1] - self._time[low]), PROMPT_SECONDS))
        if float(self._value[low + 1] - self._value[low]) > prompt:
            return True
        if after < before - max(STEP_BACK_SHARE * before, STEP_BACK_KWH):
            return False
        fell, rose = before - float(self._value[i + 1]), float(self._value[low + 1] - self._value[low])
        if not 0 < fell <= rose:
            return False
        bottom = float(self._value[i + 1 : j].min())
        near_zero = float(self.carried(float(self._time[j - 1] - self._time[i])))
        signs = (
            bottom > min(near_zero, RESET_SHARE * before),
            float(self._time[j] - self._time[i]) <= SMALL_DIP_SECONDS,
            rose <= (1 + UNDONE_SHARE) * fell and rose > self._usual_rise(i, j),
            self._leads_back(i, j),
        )
        return sum(signs) >= LEAST_SIGNS

    def _usual_rise(self, i: int, j: int) -> float:
        """Largest step up of the readings around [i, j] and strictly within."""
        sides = (self._rise[max(i - BEFORE, 0) : i], self._rise[i + 1 : j - 1], self._rise[j : j + BEFORE])
        return max(float(side.max(initial=0.0)) for side in sides)

    def _usual_pace(self, i: int, j: int) -> float:
        """Largest of the same by their time [kWh/s]."""
        pace = np.divide(self._rise, self._apart, out=np.zeros(len(self._rise)), where=self._apart > 0)
        sides = (pace[max(i - BEFORE, 0) : i], pace[i + 1 : j - 1], pace[j : j + BEFORE])
        return max(float(side.max(initial=0.0)) for side in sides)

    def _leapt_up(self, i: int, j: int) -> bool:
        """Whether the meter rose after i by a leap, or fell at j to where no reset leads, rather than counted up."""
        shown = self._value[i:j]
        prompt = self.carried(np.diff(self._time[i:j]), PROMPT_SECONDS)
        if (np.diff(shown) > prompt).any():
            return True
        if float(shown[1] - shown[0]) < float(shown[-1] - self._value[j]):
            return False
        near_zero = float(self._value[j]) <= float(self.carried(float(self._time[j] - self._time[j - 1])))
        return not near_zero and float(self._time[j] - self._time[i]) <= SMALL_SPIKE_SECONDS
