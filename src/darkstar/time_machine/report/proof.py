"""The proof in a report: where the ledger and Home Assistant differ, and which days are not sound."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from darkstar.bookkeeping.verify import Verification
from darkstar.domain.home import Home
from darkstar.domain.slots import iso_local
from darkstar.ledger.resolved import DayStatus
from darkstar.time_machine.report.figures import number

SHOWN_DIFFERENCES = 40
STATUS_WORDS = {
    DayStatus.CLEAN: "clean",
    DayStatus.MASK_BATTERY: "battery not to be trusted",
    DayStatus.EXCLUDE: "left out",
}


@dataclass(frozen=True)
class DifferenceRow:
    """An hour that differs, in words."""

    hour: str
    channel: str
    ha_kwh: str
    ledger_kwh: str
    cause: str
    detail: str


def causes(verification: Verification) -> Sequence[tuple[str, int]]:
    """How often each cause is behind a difference, the most frequent first."""
    return Counter(_words(str(d.cause)) for d in verification.differences).most_common()


def _words(name: str) -> str:
    return name.replace("_", " ")


def difference_rows(verification: Verification, home: Home) -> Sequence[DifferenceRow]:
    """The largest differences."""
    worst = sorted(verification.differences, key=lambda d: -abs(d.difference_kwh or 0.0))[:SHOWN_DIFFERENCES]
    return [
        DifferenceRow(
            iso_local(d.hour_utc, home.tz)[:16].replace("T", " "),
            _words(str(d.channel)),
            _energy(d.ha_kwh),
            _energy(d.ledger_kwh),
            _words(str(d.cause)),
            d.detail,
        )
        for d in worst
    ]


def _energy(kwh: float | None) -> str:
    return "not known" if kwh is None else number(kwh, 2)


def statuses(verification: Verification) -> Sequence[tuple[str, int]]:
    """How many days have each label."""
    counted = Counter(day.status for day in verification.days)
    return [(words, counted[status]) for status, words in STATUS_WORDS.items() if counted[status]]


def unsound_days(verification: Verification) -> Sequence[tuple[str, str, str]]:
    """The days that are not clean: day, label, reasons."""
    return [
        (day.day.isoformat(), STATUS_WORDS[day.status], "; ".join(day.reasons))
        for day in verification.days
        if day.status is not DayStatus.CLEAN
    ]
