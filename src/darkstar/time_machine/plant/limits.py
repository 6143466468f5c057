"""Limits of the power by state of charge, where the battery was seen to be pressed against them.

A battery is pressed where the home fed the grid while it charged, or drew from it while it discharged: it was offered
more than it took, or asked for more than it gave. What it does in such slots, close to the most that it ever does at
that state of charge, is its limit there. Charging at a fixed power, or as much as the sun gives, presses nothing and
tells nothing; nor does a slot in which it came to its fullest or its emptiest, nor a limit that is the same all over,
which may be a setting.
"""

import numpy as np
from numpy.typing import NDArray

from darkstar.domain.home import Battery
from darkstar.domain.slots import SLOT_HOURS
from darkstar.time_machine.plant.model import Taper
from darkstar.time_machine.plant.observed import MOVES_KWH, Observed, Series

WIDE_PERCENT = 5.0
"""Of a step of the state of charge."""
PRESSED_SHARE = 0.02
"""Of the rated power, that the grid must have taken or given besides."""
NEAR_SHARE = 0.93
LEAST_SLOTS, LEAST_DAYS = 4, 3
MOST_SEEN = 3
"""Slots may do so much more by a meter's error, less one."""
APART_SHARE = 0.1
"""By so much limits differ over the state of charge; one that is the same all over may be somebody's setting."""
AT_EDGE_PERCENT = 1.5
"""Nearer than this to its fullest or its emptiest it is taken to have come there."""


def limits_of(observed: Observed, battery: Battery) -> tuple[Taper, Taper]:
    """The charge and the discharge taper; empty where nothing is limited, or nobody can tell."""
    none = np.full(len(observed.day), np.nan)
    exported, imported = (
        none if side is None else side for side in (observed.export_kwh, observed.import_kwh)
    )
    highest = np.maximum(observed.start_percent, observed.end_percent)
    lowest = np.minimum(observed.start_percent, observed.end_percent)
    filling = highest < battery.soc_max_percent - AT_EDGE_PERCENT
    emptying = lowest > battery.soc_min_percent + AT_EDGE_PERCENT
    charge = _points(observed, observed.charge_kwh, exported, filling, battery.charge_max_kw)
    discharge = _points(observed, observed.discharge_kwh, imported, emptying, battery.discharge_max_kw)
    return _taper(charge, falls=True), _taper(discharge, falls=False)


def _points(
    observed: Observed, moved_kwh: Series, besides_kwh: Series, inside: NDArray[np.bool_], rated_kw: float
) -> Series:
    """Percent and share of the rated power where a limit was met, percents rising; shape (k, 2)."""
    rated_kwh = rated_kw * SLOT_HOURS
    percent = (observed.start_percent + observed.end_percent) / 2
    rows = inside & np.isfinite(percent) & (np.nan_to_num(moved_kwh) > MOVES_KWH)
    step = np.floor(np.nan_to_num(percent) / WIDE_PERCENT)
    found = []
    for here in np.unique(step[rows]):
        at = rows & (step == here)
        if at.sum() < LEAST_SLOTS:
            continue
        most = np.sort(moved_kwh[at])[-min(MOST_SEEN, int(at.sum()))]
        pressed = at & (besides_kwh > PRESSED_SHARE * rated_kwh) & (moved_kwh >= NEAR_SHARE * most)
        if pressed.sum() >= LEAST_SLOTS and len(np.unique(observed.day[pressed])) >= LEAST_DAYS:
            found.append((float(percent[pressed].mean()), float(np.median(moved_kwh[pressed])) / rated_kwh))
    return np.array(found).reshape(-1, 2)


def _taper(points: Series, *, falls: bool) -> Taper:
    """Made to fall, or to rise, all along; nothing where no limit stands out."""
    if not len(points) or np.ptp(np.minimum(points[:, 1], 1.0)) < APART_SHARE:
        return ()
    shares = np.minimum(points[:, 1], 1.0) if falls else np.minimum(points[::-1, 1], 1.0)
    above = np.minimum.accumulate(shares)
    below = np.maximum.accumulate(shares[::-1])[::-1]
    smooth = (above + below) / 2
    smooth = smooth if falls else smooth[::-1]
    return tuple(
        (round(percent, 1), round(share, 3))
        for percent, share in np.column_stack([points[:, 0], smooth]).tolist()
    )
