"""The simple honest forecaster: tomorrow is like the last days, and the next hours are like the last one.

    load    mean of the last seven days at the same local time (yesterday, a week ago and between: breakfast stays
            breakfast when the clocks change), moved by how far the last slot was off
    sun     a clear sky times how clear it is. The clear sky is the home's own: the most it made at that UTC time in
            two weeks, which knows the roof's tilt, its shadows and its inverter. How clear it will be is what it was
            in the last day, tempered by the mean of the last three; for the next hours, what it was in the last one

What the last slots say fades with the lead time. The forecaster is told what happened, in the order in which it
happened, and knows nothing else: it cannot look ahead. It never answers NaN or less than zero, and answers nothing
(`None`) when it knows too little: no other home's habits stand in.
"""

import math
from collections import deque
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from darkstar.aurora.quarters import QuarterClock, RecentByQuarter
from darkstar.domain.slots import HOUR_SECONDS, QUARTERS_OF_DAY, SLOT_SECONDS, SLOTS_PER_HOUR, Slots

Series = NDArray[np.float64]

LOAD_DAYS = 7
PV_DAYS = 3
CLEAR_SKY_DAYS = 14
LOAD_FADES_HOURS = 1.5
PV_FADES_HOURS = 3.0
LEAST_DAYLIGHT = 0.1
"""Share of the brightest quarter below which the sky of the last hour tells nothing about the next ones."""
BRIGHTEST = 1.3
"""Clearness beyond which a sky is not believed (thin cloud at the sun's edge exceeds a clear sky for minutes)."""
UTC = ZoneInfo("UTC")


@dataclass(frozen=True)
class Forecast:
    """Energies expected in the slots that were asked for [kWh a slot], finite and never negative; shape (n,)."""

    load_kwh: Series
    pv_kwh: Series


class NaiveForecaster:
    """Forecasts one home from nothing but its own past."""

    def __init__(self, tz: ZoneInfo) -> None:
        self._local = QuarterClock(tz)
        self._load = RecentByQuarter(LOAD_DAYS)
        self._load_error = 0.0
        self._sky = _Sky()
        self._last_slot: int | None = None

    def observe(self, slots: Slots, load_kwh: Series, pv_kwh: Series) -> None:
        """Take note of what has happened, oldest first, NaN where it is not known; shapes (n,).

        Raises:
            ValueError: a slot does not come after the one before.
        """
        for slot, quarter, load, pv in zip(
            slots.tolist(),
            self._local.quarters(slots).tolist(),
            load_kwh.tolist(),
            pv_kwh.tolist(),
            strict=True,
        ):
            if self._last_slot is not None and slot <= self._last_slot:
                raise ValueError(f"slot {slot} does not come after {self._last_slot}")
            self._last_slot = slot
            error = load - float(self._load.mean[quarter])
            self._load_error = 0.0 if math.isnan(error) else error
            self._load.add(quarter, load)
            self._sky.observe(slot, pv)

    def forecast(self, slots: Slots) -> Forecast | None:
        """What is to be expected in slots to come, shape (n,); None where a quarter of the day was never known."""
        load = self._load.mean[self._local.quarters(slots)]
        if self._last_slot is None or np.isnan(load).any():
            return None
        lead_hours = (slots - self._last_slot) / HOUR_SECONDS
        load = np.maximum(load + self._load_error * np.exp(-lead_hours / LOAD_FADES_HOURS), 0.0)
        pv = self._sky.forecast(slots, lead_hours)
        return None if np.isnan(pv).any() else Forecast(load, pv)


class _Sky:
    """The home's own clear sky and how clear it was of late; everything by UTC, for the sun knows no clock change."""

    def __init__(self) -> None:
        self._clock = QuarterClock(UTC)
        self._clear = RecentByQuarter(CLEAR_SKY_DAYS)
        self._recent = RecentByQuarter(PV_DAYS)
        # Output and clear sky of the last day by quarter, and of the last hour in order.
        self._day = np.zeros((QUARTERS_OF_DAY, 2))
        self._hour: deque[tuple[float, float]] = deque(maxlen=SLOTS_PER_HOUR)

    def observe(self, slot: int, pv_kwh: float) -> None:
        quarter = slot // SLOT_SECONDS % QUARTERS_OF_DAY
        clear = float(self._clear.highest[quarter])
        known = not math.isnan(pv_kwh + clear)
        seen = (pv_kwh, clear) if known else (0.0, 0.0)
        self._day[quarter] = seen
        self._hour.append(seen)
        self._clear.add(quarter, pv_kwh)
        self._recent.add(quarter, pv_kwh)

    def forecast(self, slots: Slots, lead_hours: Series) -> Series:
        quarters = self._clock.quarters(slots)
        clear, recent = self._clear.highest[quarters], self._recent.mean[quarters]
        made, possible = self._day.sum(axis=0).tolist()
        expected = (recent + clear * min(made / possible, BRIGHTEST)) / 2 if possible > 0 else recent
        made, possible = (math.fsum(column) for column in zip(*self._hour, strict=True))
        if possible > LEAST_DAYLIGHT * SLOTS_PER_HOUR * float(np.nanmax(self._clear.highest, initial=0.0)):
            now = clear * min(made / possible, BRIGHTEST)
            expected = expected + (now - expected) * np.exp(-lead_hours / PV_FADES_HOURS)
        return np.asarray(np.maximum(expected, 0.0))
