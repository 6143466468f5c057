"""What of a range a replay went through, and what it left out: days and slots, by reason and by label."""

import datetime as dt
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from darkstar.domain.slots import SLOT_SECONDS, day_bounds
from darkstar.ledger.resolved import DayQuality, DayStatus
from darkstar.time_machine.calendar import days_of
from darkstar.time_machine.past.history import History

UNLABELLED = "unlabelled"

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
        labels: how many of the days have each of the ledger's labels, or none (`unlabelled`).
    """

    total: Left
    reasons: Mapping[str, Left]
    labels: Mapping[str, int]

    def sentence(self) -> str:
        """As a person reads it; empty where nothing was left out."""
        if not self.total.days:
            return ""
        told = "; ".join(f"{reason} ({left.days})" for reason, left in self.reasons.items())
        days = "day" if self.total.days == 1 else "days"
        labels = ", ".join(f"{label} ({n})" for label, n in self.labels.items())
        left = f"{self.total.days} {days}, {self.total.slots} slots; labels: {labels}"
        return f"Left out: {left}. Days by reason: {told}."


@dataclass(frozen=True)
class Coverage:
    """What of a range was replayed.

    Attributes:
        masked: days that were, with a label that masks the battery, and what it says.
    """

    replayed: Left
    masked: Sequence[tuple[dt.date, str]]
    left_out: LeftOut

    def sentences(self) -> list[str]:
        """As a person reads it."""
        days = "day was" if self.replayed.days == 1 else "days were"
        told = [f"{self.replayed.days} {days} replayed, {self.replayed.slots} slots."]
        if self.masked:
            told.append(
                f"On {len(self.masked)} of them what the battery's own meters say is not believed "
                f"({DayStatus.MASK_BATTERY}); load, sun and prices are."
            )
        return [*told, self.left_out.sentence()] if self.left_out.total.days else told


def coverage(
    history: History, bounds_utc: tuple[int, int], tz: ZoneInfo, labels: Sequence[DayQuality]
) -> Coverage:
    """What of a range [from, to) of UTC seconds was replayed.

    Args:
        history: the replayed slots, and the days that were left out.
        labels: the ledger's, of the days of the range.
    """
    days = set(days_of(history.slots, tz)[0])
    masked = [
        (label.day, "; ".join(label.reasons))
        for label in labels
        if label.day in days and label.status is DayStatus.MASK_BATTERY
    ]
    replayed = Left(len(days), len(history))
    return Coverage(replayed, masked, left_out(history.omitted, bounds_utc, tz, labels))


def left_out(
    omitted: Sequence[tuple[dt.date, str]],
    bounds_utc: tuple[int, int],
    tz: ZoneInfo,
    labels: Sequence[DayQuality] = (),
) -> LeftOut:
    """Sum up local days that were left out of a range [from, to) of UTC seconds; reasons joined by `; ` are several."""
    days = [(_slots(day, bounds_utc, tz), _kinds(reason)) for day, reason in omitted]
    kinds = {kind for _, told in days for kind in told}
    reasons = {kind: _sum([slots for slots, told in days if kind in told]) for kind in kinds}
    order = sorted(reasons, key=lambda kind: (-reasons[kind].days, kind))
    by_day = {label.day: label.status.value for label in labels}
    counted = Counter(by_day.get(day, UNLABELLED) for day, _ in omitted)
    return LeftOut(
        _sum([slots for slots, _ in days]),
        {kind: reasons[kind] for kind in order},
        dict(counted.most_common()),
    )


def _slots(day: dt.date, bounds_utc: tuple[int, int], tz: ZoneInfo) -> int:
    start, end = day_bounds(day, tz)
    return max(min(end, bounds_utc[1]) - max(start, bounds_utc[0]), 0) // SLOT_SECONDS


def _kinds(reason: str) -> frozenset[str]:
    return frozenset(_AMOUNT.sub("", part) for part in reason.split("; "))


def _sum(slots: Sequence[int]) -> Left:
    return Left(len(slots), sum(slots))
