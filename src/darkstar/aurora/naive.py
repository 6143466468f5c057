"""The simple honest forecaster: tomorrow is like the last days, and the next hours are like the last one.

    load    mean of the last fourteen days at the same local time (breakfast stays breakfast when the clocks change),
            each day back counting a tenth less
    sun     mean of the last seven days at the same UTC time (the sun knows no clock change), each day back counting
            four tenths less

both moved by how far the last slot was off, which fades with the lead time. The forecaster is told what happened, in
the order in which it happened, and knows nothing else: it cannot look ahead. It never answers NaN or less than zero,
and answers nothing (`None`) when it knows too little: no other home's habits stand in.
"""

import copy
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from darkstar.aurora.profiles import Issues, Recent, copied, follow_energies, recent
from darkstar.aurora.quarters import QuarterClock
from darkstar.domain.slots import HOUR_SECONDS, SLOT_SECONDS, Slots

Series = NDArray[np.float64]

LOAD_DAYS = 14
LOAD_FADES_A_DAY = 0.9
PV_DAYS = 7
PV_FADES_A_DAY = 0.6
ERROR_FADES_HOURS = 1.5
UTC = ZoneInfo("UTC")


@dataclass(frozen=True)
class Forecast:
    """Energies expected in the slots that were asked for [kWh a slot], finite and never negative; shape (n,)."""

    load_kwh: Series
    pv_kwh: Series


class NaiveForecaster:
    """Forecasts one home from nothing but its own past; may be sent to other processes."""

    def __init__(self, tz: ZoneInfo) -> None:
        self._load = _Usual(tz, recent(LOAD_DAYS, LOAD_FADES_A_DAY))
        self._pv = _Usual(UTC, recent(PV_DAYS, PV_FADES_A_DAY))
        self._last_slot: int | None = None

    def copy(self) -> "NaiveForecaster":
        """The same, to go its own way from here."""
        twin = copy.copy(self)
        twin._load, twin._pv = self._load.copy(), self._pv.copy()
        return twin

    def observe(self, slots: Slots, load_kwh: Series, pv_kwh: Series) -> None:
        """Take note of what has happened, oldest first, NaN where it is not known; shapes (n,).

        Raises:
            ValueError: a slot does not come after the one before.
        """
        self.follow(slots, load_kwh, pv_kwh, Issues.one(len(slots), slots[:0]))

    def forecast(self, slots: Slots) -> Forecast | None:
        """What is to be expected in slots to come, shape (n,); None where a quarter of the day was never known."""
        if self._last_slot is None:
            return None
        nothing = np.zeros(0)
        load, pv = self.follow(slots[:0], nothing, nothing, Issues.one(0, slots))
        return None if np.isnan(load).any() or np.isnan(pv).any() else Forecast(load[0], pv[0])

    def follow(
        self, slots: Slots, load_kwh: Series, pv_kwh: Series, issues: Issues
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Go along with what happens and forecast at many instants: as `observe` and `forecast` by turns.

        Args:
            slots, load_kwh, pv_kwh: the new rows, see `observe`.

        Returns:
            Load and sun, shape (m, longest run), NaN where too little is known and beyond an instant's slots.

        Raises:
            ValueError: see `observe`.
        """
        before = slots[:-1] if self._last_slot is None else np.concatenate([[self._last_slot], slots[:-1]])
        wrong = np.flatnonzero(slots[len(slots) - len(before) :] <= before)
        if len(wrong):
            slot = slots[len(slots) - len(before) + wrong[0]]
            raise ValueError(f"slot {slot} does not come after {before[wrong[0]]}")
        told = int(issues.told.max(initial=0))
        if told:
            self._last_slot = int(slots[told - 1])
        return self._load.follow(slots, load_kwh, issues), self._pv.follow(slots, pv_kwh, issues)


class _Usual:
    """What is usual at each time of day, and how far from it the last slot was."""

    def __init__(self, tz: ZoneInfo, usual: Recent) -> None:
        self._clock = QuarterClock(tz)
        self._recent = usual
        self._last = np.zeros(1, dtype=np.int64), np.zeros(1)

    def copy(self) -> "_Usual":
        twin = copy.copy(self)
        twin._recent, twin._last = copied(self._recent), (self._last[0].copy(), self._last[1].copy())
        return twin

    def follow(self, slots: Slots, energy_kwh: Series, issues: Issues) -> NDArray[np.float64]:
        out = issues.room()
        nearest, fading = self._fading(slots, issues)
        follow_energies(
            self._recent,
            self._last,
            slots,
            self._clock.quarters(slots),
            np.ascontiguousarray(energy_kwh),
            issues.told,
            issues.ahead,
            self._clock.quarters(issues.ahead),
            issues.start,
            issues.count,
            fading,
            nearest,
            out,
        )
        return out

    def _fading(self, slots: Slots, issues: Issues) -> tuple[int, Series]:
        """What is left of an error after so many slots: the fewest that is asked for, and from there on."""
        last = np.where(issues.told > 0, slots[issues.told - 1] if len(slots) else 0, self._last[0])
        asked = np.flatnonzero((issues.count > 0) & (last > 0))
        first, last = issues.start[asked], last[asked]
        leads = (issues.ahead[first] - last, issues.ahead[first + issues.count[asked] - 1] - last)
        nearest, farthest = (
            int(lead) // SLOT_SECONDS for lead in (leads[0].min(initial=0), leads[1].max(initial=0))
        )
        seconds = SLOT_SECONDS * np.arange(nearest, farthest + 1)
        return nearest, np.exp(-seconds / (HOUR_SECONDS * ERROR_FADES_HOURS))
