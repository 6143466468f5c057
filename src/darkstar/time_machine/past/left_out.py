"""What a replay left out, in total: days and slots, by reason."""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from darkstar.domain.slots import SLOT_SECONDS, day_bounds

_AMOUNT = re.compile(r"(?:\s+(?:in|for|on|while|at|by))?\s+-?\d.*$")
"""How much of it there was: `in 2 of 92 slots`, `for 4 h`."""


@dataclass(frozen=True)
class Left:
    """So many days, and the slots of the range that they have."""

    days: int
    slots: int


@dataclass(frozen=True)
class LeftOut:
    """What is not replayed of a range.

    Attributes:
        total: all of it.
        reasons: by what was wrong, without how much of it; a day with several counts for each. The most days first.
    """

    total: Left
    reasons: Mapping[str, Left]

    def sentence(self) -> str:
        """As a person reads it; empty where nothing was left out."""
        if not self.total.days:
            return ""
        told = "; ".join(f"{reason} ({left.days})" for reason, left in self.reasons.items())
        days = "day" if self.total.days == 1 else "days"
        return f"Left out: {self.total.days} {days}, {self.total.slots} slots. Days by reason: {told}."


def left_out(omitted: Sequence[tuple[dt.date, str]], bounds_utc: tuple[int, int], tz: ZoneInfo) -> LeftOut:
    """Sum up local days that were left out of a range [from, to) of UTC seconds; reasons joined by `; ` are several."""
    days = [(_slots(day, bounds_utc, tz), _kinds(reason)) for day, reason in omitted]
    kinds = {kind for _, told in days for kind in told}
    reasons = {kind: _sum([slots for slots, told in days if kind in told]) for kind in kinds}
    order = sorted(reasons, key=lambda kind: (-reasons[kind].days, kind))
    return LeftOut(_sum([slots for slots, _ in days]), {kind: reasons[kind] for kind in order})


def _slots(day: dt.date, bounds_utc: tuple[int, int], tz: ZoneInfo) -> int:
    start, end = day_bounds(day, tz)
    return max(min(end, bounds_utc[1]) - max(start, bounds_utc[0]), 0) // SLOT_SECONDS


def _kinds(reason: str) -> frozenset[str]:
    return frozenset(_AMOUNT.sub("", part) for part in reason.split("; "))


def _sum(slots: Sequence[int]) -> Left:
    return Left(len(slots), sum(slots))
