"""A car's charging in a home's load, by its shape: an estimate, for nobody measured it apart.

A car is switched on, draws one power for an hour or more, and is switched off: a step up, a level, a step down, higher
than what a kettle or a water heater makes and longer than what an oven does. A sauna looks the same.
"""

from dataclasses import dataclass

import numpy as np

from darkstar.domain.slots import QUARTERS_OF_DAY, SLOT_HOURS, SLOTS_PER_HOUR
from darkstar.planner.problem import Series

LEAST_KW = 3.2
"""A one-phase car at 16 A draws 3.7 kW, a water heater 3 kW at most."""
LEAST_KWH = 4.0
LEAST_SLOTS = SLOTS_PER_HOUR
MOST_SLOTS = 16 * SLOTS_PER_HOUR
HELD_SHARE = 0.65
"""A session ends where less than this share of its step is left."""
STEADY_SHARE = 0.15
"""Mean deviation from its level that a session may have, as a share of the step."""
AROUND = 2
"""Slots before and after that tell what else the home drew."""


@dataclass(frozen=True)
class CarSessions:
    """What looks like a car.

    Attributes:
        kwh: of each slot, shape (n,); zero outside sessions.
        number: of sessions.
        power_kw: the usual one; None without sessions.
    """

    kwh: Series
    number: int
    power_kw: float | None

    @property
    def per_day_kwh(self) -> float:
        """Energy by day of the slots."""
        return float(self.kwh.sum()) / (len(self.kwh) / QUARTERS_OF_DAY) if len(self.kwh) else 0.0


def find_sessions(load_kwh: Series) -> CarSessions:
    """The sessions in a load, shape (n,), NaN where unknown."""
    power = load_kwh / SLOT_HOURS
    found, powers = np.zeros(len(power)), []
    at = AROUND
    while at < len(power) - LEAST_SLOTS - AROUND:
        end = _end_of(power, at)
        if end is None:
            at += 1
            continue
        before, after = float(np.median(power[at - AROUND : at])), float(np.median(power[end : end + AROUND]))
        level = np.interp(np.arange(at, end), [at - 1, end], [before, after])
        drawn = power[at:end] - level
        # The first and the last slot may hold a part of the session only.
        usual = float(np.median(drawn[1:-1]))
        drawn = np.clip(drawn, 0.0, 1.2 * usual)
        unsteady = float(np.mean(np.abs(drawn[1:-1] - usual))) > STEADY_SHARE * usual
        if unsteady or usual < LEAST_KW or drawn.sum() * SLOT_HOURS < LEAST_KWH:
            at += 1
            continue
        found[at:end] = drawn * SLOT_HOURS
        powers.append(usual)
        at = end
    return CarSessions(found, len(powers), float(np.median(powers)) if powers else None)


def _end_of(power: Series, at: int) -> int | None:
    """Where a session that begins in a slot ends (exclusive); None where none begins."""
    before = float(np.median(power[at - AROUND : at]))
    step = float(power[at + 1]) - before
    if not (step >= LEAST_KW and power[at] - before >= 0.1 * step and power[at - 1] - before < 0.1 * step):
        return None
    window = power[at + 1 : at + 1 + MOST_SLOTS]
    low = np.flatnonzero(~(window - before >= HELD_SHARE * step))
    if not len(low) or low[0] + 1 < LEAST_SLOTS:
        return None
    end = at + 1 + int(low[0])
    # A last slot in which the car drew for a part of the time.
    if end + AROUND < len(power) and power[end] - power[end + 1] > 0.1 * step:
        end += 1
    whole = end + AROUND <= len(power) and bool(np.isfinite(power[at - AROUND : end + AROUND]).all())
    return end if whole else None
