"""The simple honest forecaster: tomorrow is like the last days, and the next hours are like the last one.

    load    mean of the last fourteen days at the same local time (breakfast stays breakfast when the clocks change),
            each day back counting a tenth less
    sun     mean of the last seven days at the same UTC time (the sun knows no clock change), each day back counting
            four tenths less

both moved by how far the last slot was off, which fades with the lead time. The forecaster is told what happened, in
the order in which it happened, and knows nothing else: it cannot look ahead. It never answers NaN or less than zero,
and answers nothing (`None`) when it knows too little: no other home's habits stand in.
"""

import math
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from darkstar.aurora.quarters import QuarterClock, RecentByQuarter
from darkstar.domain.slots import HOUR_SECONDS, Slots

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
    """Forecasts one home from nothing but its own past."""

    def __init__(self, tz: ZoneInfo) -> None:
        self._load = _Usual(tz, RecentByQuarter(LOAD_DAYS, LOAD_FADES_A_DAY))
        self._pv = _Usual(UTC, RecentByQuarter(PV_DAYS, PV_FADES_A_DAY))
        self._last_slot: int | None = None

    def observe(self, slots: Slots, load_kwh: Series, pv_kwh: Series) -> None:
        """Take note of what has happened, oldest first, NaN where it is not known; shapes (n,).

        Raises:
            ValueError: a slot does not come after the one before.
        """
        for slot in slots.tolist():
            if self._last_slot is not None and slot <= self._last_slot:
                raise ValueError(f"slot {slot} does not come after {self._last_slot}")
            self._last_slot = slot
        self._load.observe(slots, load_kwh)
        self._pv.observe(slots, pv_kwh)

    def forecast(self, slots: Slots) -> Forecast | None:
        """What is to be expected in slots to come, shape (n,); None where a quarter of the day was never known."""
        if self._last_slot is None:
            return None
        fading = np.exp((self._last_slot - slots) / (HOUR_SECONDS * ERROR_FADES_HOURS))
        load, pv = self._load.forecast(slots, fading), self._pv.forecast(slots, fading)
        return None if np.isnan(load).any() or np.isnan(pv).any() else Forecast(load, pv)


class _Usual:
    """What is usual at each time of day, and how far from it the last slot was."""

    def __init__(self, tz: ZoneInfo, recent: RecentByQuarter) -> None:
        self._clock = QuarterClock(tz)
        self._recent = recent
        self._error_kwh = 0.0

    def observe(self, slots: Slots, energy_kwh: Series) -> None:
        for quarter, energy in zip(self._clock.quarters(slots).tolist(), energy_kwh.tolist(), strict=True):
            error = energy - float(self._recent.mean[quarter])
            self._error_kwh = 0.0 if math.isnan(error) else error
            self._recent.add(quarter, energy)

    def forecast(self, slots: Slots, fading: Series) -> Series:
        usual = self._recent.mean[self._clock.quarters(slots)]
        return np.asarray(np.maximum(usual + self._error_kwh * fading, 0.0))
