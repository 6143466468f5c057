"""The level that a month is to be held under, from days that are over: what would have been best in the weeks before.

Looking back all is known, and a level kept then with nothing to spare is broken by the first surprise: of a fee per kW
a margin is left. A tier is what it is: how far under it to stay follows from the peaks of the month. Without a week of
known days nothing is held but what is set already.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

import numpy as np

from darkstar.domain.power_tariff import Peak, PowerTariff, month_of
from darkstar.domain.slots import DAY_SECONDS, QUARTERS_OF_DAY, SLOT_HOURS, Slots, local_date
from darkstar.planner.full.site import MeteredTariff
from darkstar.planner.power.level import Levelled, Levels
from darkstar.planner.power.limit import UNLIMITED
from darkstar.planner.problem import GridModel, Problem, StorageModel, TerminalValue
from darkstar.time_machine.past.history import History

MARGIN = 0.3
"""Of the best level; of nl_toon 2020 the bill with 0.6 is the same to five percent."""
PAST_SECONDS = 28 * DAY_SECONDS
LEAST_SLOTS = 7 * QUARTERS_OF_DAY
MONTH_SLOTS = 365 / 12 * QUARTERS_OF_DAY


@dataclass(frozen=True)
class WeeksBefore:
    """What the weeks before an instant say of a month's level.

    Attributes:
        known: with the weeks before the instant; what comes later is not looked at.
        worth_per_kwh: of energy left at the end of these weeks.
    """

    known: History
    tz: ZoneInfo
    tariffs: Sequence[PowerTariff]
    storage: StorageModel
    grid: GridModel
    worth_per_kwh: float

    def levels(self, now_utc: int) -> list[float]:
        """Counted kW to hold from an instant on, one a tariff; infinite where nothing is to be held."""
        found = self._looking_back(now_utc)
        return [UNLIMITED] * len(self.tariffs) if found is None else self._held(found)

    def averages(self, now_utc: int) -> list[float]:
        """Counted kW that a month comes to, one a tariff: its level, or what is drawn where none is worth holding.

        Infinite where that is not known.
        """
        found = self._looking_back(now_utc)
        if found is None:
            return [UNLIMITED] * len(self.tariffs)
        both = zip(self._held(found), found.averages_kw, strict=True)
        return [held if np.isfinite(held) else average for held, average in both]

    def _held(self, found: Levelled) -> list[float]:
        """With a margin, where a little more costs a little more."""
        both = zip(self.tariffs, found.levels_kw, strict=True)
        return [level if tariff.tiers else level * (1 + MARGIN) for tariff, level in both]

    def _looking_back(self, now_utc: int) -> Levelled | None:
        """The weeks before under the level that was best for them; None where they are not known."""
        known, storage = self.known, self.storage
        series = known.load_kwh, known.pv_kwh, known.import_price, known.export_price
        chosen = (known.slots >= now_utc - PAST_SECONDS) & (known.slots < now_utc)
        chosen &= np.isfinite(np.sum(series, axis=0))
        count = int(chosen.sum())
        if count < LEAST_SLOTS:
            return None
        past, room = known.take(chosen), storage.soc_max_kwh - storage.soc_min_kwh
        problem = Problem(
            slot_hours=SLOT_HOURS,
            load_kwh=past.load_kwh,
            pv_kwh=past.pv_kwh,
            import_price=past.import_price,
            export_price=past.export_price,
            soc_start_kwh=storage.soc_min_kwh + room / 2,
            storage=storage,
            grid=self.grid,
            terminal=TerminalValue(np.array([self.worth_per_kwh]), np.array([room])),
        )
        month = month_of(local_date(now_utc, self.tz))
        return Levels(problem, past.slots, self.tz, self.tariffs, month, weight=count / MONTH_SLOTS).best()


def expecting(metered: MeteredTariff, level_kw: float, slots: Slots, tz: ZoneInfo) -> MeteredTariff:
    """The tariff for a plan of some days: as if its months had come to the level already, which they will.

    Else the first days of a month would be held down for peaks that later days bring anyway.
    """
    if not np.isfinite(level_kw):
        return metered
    planned = {local_date(slot, tz) for slot in slots.tolist()}
    expected = [
        Peak(day, level_kw)
        for month in sorted({(day.year, day.month) for day in planned})
        for day in _others(month, planned)[: metered.tariff.peaks]
    ]
    so_far = metered.so_far
    return replace(metered, so_far=replace(so_far, peaks=(*so_far.peaks, *expected)))


def _others(month: tuple[int, int], planned: set[dt.date]) -> list[dt.date]:
    """Days of a month that are not planned; at least three weeks of them where two days are."""
    first = dt.date(*month, 1)
    days = (first + dt.timedelta(days=number) for number in range(31))
    return [day for day in days if day.month == first.month and day not in planned]
