"""From the texts that a meter showed to numbers: units, order, instants that came twice, and the time without any."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from darkstar.ledger.evidence import Instants, Readings

Series = NDArray[np.float64]

FOREVER = np.iinfo(np.int64).max
KWH_PER_UNIT = {"Wh": 1e-3, "kWh": 1.0, "MWh": 1e3, "": 1.0}


@dataclass(frozen=True)
class Numbers:
    """Readings that are numbers, in time order, and the time in which the meter showed none.

    Attributes:
        time_us, source: (n,); value_kwh: (n,) >= 0.
        mute_us: (k, 2) [from, to) from a state that is no number to the next that is one, or for ever.
    """

    time_us: Instants
    value_kwh: Series
    source: NDArray[np.int8]
    mute_us: Instants


def parse(readings: Readings) -> Numbers:
    """The readings that are numbers; in kWh, in time order, each instant once (the greatest of several)."""
    time_us, value, mute = parse_signed(readings)
    order = np.argsort(readings.time_us, kind="stable")
    place = np.searchsorted(readings.time_us[order], time_us, side="left")
    return Numbers(time_us, np.abs(value), readings.source[order][place], mute)


def parse_signed(readings: Readings) -> tuple[Instants, Series, Instants]:
    """Instants, values [kWh] as they were shown, and the time without a number (see `Numbers`)."""
    n = len(readings)
    if not n:
        return np.zeros(0, np.int64), np.zeros(0), np.zeros((0, 2), np.int64)
    numbers = np.fromiter((_number(text) for text in readings.state), np.float64, n)
    value = numbers * np.fromiter((KWH_PER_UNIT.get(unit, np.nan) for unit in readings.unit), np.float64, n)
    value[~np.isfinite(value)] = np.nan
    order = np.lexsort((np.abs(value), readings.time_us))
    time_us, value = readings.time_us[order], value[order]
    good = np.isfinite(value)
    last_good = np.append((time_us[1:] != time_us[:-1]) | ~good[1:], True)
    begins = np.flatnonzero(~good & np.append(True, good[:-1]))
    until = np.append(time_us[good], FOREVER)[np.searchsorted(np.flatnonzero(good), begins)]
    keep = good & last_good
    return time_us[keep], value[keep], np.column_stack([time_us[begins], until])


def _number(text: object) -> float:
    try:
        return float(str(text))
    except ValueError:
        return float("nan")
