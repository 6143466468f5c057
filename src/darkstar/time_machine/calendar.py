"""The days of a replay: what each of them cost under a policy, so that the days add up to the bill.

A day's cost is that of its slots less the worth of the energy that it left in the battery, at the one value at which
the whole range is settled. What a bill asks for no single day, such as a month's highest hours, stands beside them.
"""

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np

from darkstar.domain.slots import DAY_SECONDS, Slots, utc_offsets
from darkstar.time_machine.outcome import Comparison, PolicyOutcome, Series
from darkstar.time_machine.past.history import History

EPOCH = dt.date(1970, 1, 1)


@dataclass(frozen=True)
class DayCosts:
    """Money by local day.

    Attributes:
        days: the replayed ones, in order, d of them.
        cost: of each day, shape (d,).
        of_no_day: what belongs to the range alone; `cost.sum() + of_no_day` is the whole.
    """

    days: tuple[dt.date, ...]
    cost: Series
    of_no_day: float

    @property
    def total(self) -> float:
        """Of the range."""
        return float(self.cost.sum()) + self.of_no_day


def days_of(slots: Slots, tz: ZoneInfo) -> tuple[tuple[dt.date, ...], Slots]:
    """The local days that the slots begin in, and each slot's number among them, shape (n,)."""
    days, row = np.unique((slots + utc_offsets(slots, tz)) // DAY_SECONDS, return_inverse=True)
    return tuple(EPOCH + dt.timedelta(days=int(day)) for day in days.tolist()), row.astype(np.int64)


def costs_by_day(
    history: History, outcome: PolicyOutcome, settlement_per_kwh: float, tz: ZoneInfo
) -> DayCosts:
    """What each day cost under a policy.

    Args:
        history: the replayed slots.
        settlement_per_kwh: worth of stored energy gained or lost over the range.
    """
    days, row = days_of(history.slots, tz)
    worth = settlement_per_kwh * np.diff(outcome.flows.soc_kwh)
    cost = np.bincount(row, outcome.cost_per_slot - worth, len(days)).astype(np.float64)
    return DayCosts(days, cost, outcome.cost - float(cost.sum()))


def calendar(comparison: Comparison, tz: ZoneInfo) -> dict[str, DayCosts]:
    """The days of every policy that was compared."""
    return {
        name: costs_by_day(comparison.history, outcome, comparison.settlement_per_kwh, tz)
        for name, outcome in comparison.outcomes.items()
    }
