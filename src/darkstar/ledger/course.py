"""How an hour's energy runs through its quarters, as the hours around it tell.

Two things happen to a household's power. It **drifts**: then the quarters lie on a line that rises or falls as from
the hour before to the hour after. Or something big is **switched**: then the level of the hour before holds until the
level of the hour after begins, and the hour's own energy says when (the subcell resolution of A. Harten, "ENO schemes
with subcell resolution", J. Comput. Phys. 83 (1989) 148). A step counts as switched if it towers over what hours
around it usually differ by, and the level is steady on one side of it at least.
"""

import numpy as np
from numpy.typing import NDArray

from darkstar.domain.slots import SLOTS_PER_HOUR

Series = NDArray[np.float64]

AROUND_HOURS = 24
"""Hours to each side that tell what is usual; well within the margin of evidence that the rules look at."""
USUAL_SHARE = 0.8
"""Share of the changes from hour to hour that are the usual ones."""
SWITCHED_FROM, SWITCHED_FULLY = 3.0, 6.0
"""Sizes of a step, in usual changes, from which it may have been switched, and at which it surely was."""

APPLIANCES = 0.5
"""The bend of a channel that many short uses make up; one that one machine or the sun makes drifts freely."""

MIDDLES = (np.arange(SLOTS_PER_HOUR) + 0.5) / SLOTS_PER_HOUR - 0.5
"""Middles of the quarters as seen from the hour's middle [h]."""


def course(hour_kwh: Series, bend: float = APPLIANCES) -> Series:
    """Energies of the quarters, by drifts and switches.

    Args:
        hour_kwh: (h,) >= 0 of consecutive hours, NaN where unknown.
        bend: see `drift`.

    Returns:
        (h, 4), never negative, each row summing to its hour; NaN where the hour is unknown.
    """
    before, after = _neighbours(hour_kwh)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        share = (hour_kwh - after) / (before - after)
        steady = np.fmin(np.abs(before - _shifted(hour_kwh, 2)), np.abs(after - _shifted(hour_kwh, -2)))
        step = np.abs(before - after)
        size = (step / usual_change(hour_kwh) - SWITCHED_FROM) / (SWITCHED_FULLY - SWITCHED_FROM)
        switched = np.clip(size, 0, 1) * np.clip(1 - 2 * steady / step, 0, 1)
    switched[~((share > 0) & (share < 1) & np.isfinite(switched))] = 0.0
    rows = np.flatnonzero(switched)
    until = np.clip(share[rows, None] * SLOTS_PER_HOUR - np.arange(SLOTS_PER_HOUR), 0, 1)
    at_once = (until * before[rows, None] + (1 - until) * after[rows, None]) / SLOTS_PER_HOUR
    laid = drift(hour_kwh, bend)
    laid[rows] += switched[rows, None] * (at_once - laid[rows])
    return np.maximum(laid, 0.0)


def drift(hour_kwh: Series, bend: float = 0.0) -> Series:
    """As `course`, by drifts alone.

    Args:
        bend: how much less a drift is believed where the hour is not on the line of its neighbours; at 1, half of it
            where the hour lies off their middle by half of what they differ by.
    """
    before, after = _neighbours(hour_kwh)
    most = hour_kwh / MIDDLES[-1]
    rise, turn = after - before, before + after - 2 * hour_kwh
    straight = np.divide(rise**2, rise**2 + bend * turn**2, out=np.ones(len(rise)), where=rise**2 > 0)
    slope = np.clip(rise / 2 * straight, -most, most)
    return np.maximum((hour_kwh[:, None] + slope[:, None] * MIDDLES) / SLOTS_PER_HOUR, 0.0)


def under_sky(hour_kwh: Series, clear: Series) -> Series:
    """The sun's energies: a clear sky's through a cloud cover and onto a roof that change from hour to hour.

    Args:
        hour_kwh: as for `course`.
        clear: (h, 4) what a clear sky gives, in any unit.

    Returns:
        As `course`; zero in quarters without sun, unless the whole hour is dark: then even.
    """
    total = clear.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        level = np.where(total > 0, hour_kwh / total, np.nan)
        weights = clear * drift(level)
        lit = weights.sum(axis=1) > 0
        share = np.where(lit[:, None], weights / weights.sum(axis=1, keepdims=True), 1 / SLOTS_PER_HOUR)
    return np.asarray(hour_kwh[:, None] * share)


def usual_change(hour_kwh: Series) -> Series:
    """What neighbouring hours differ by, seldom more, in the day before and the day after each; (h,)."""
    change = np.abs(np.diff(hour_kwh, prepend=np.nan))
    padded = np.pad(change, AROUND_HOURS, constant_values=np.nan)
    around = np.lib.stride_tricks.sliding_window_view(padded, 2 * AROUND_HOURS + 1)
    known = np.isfinite(around)
    ordered = np.sort(np.where(known, around, np.inf), axis=1)
    place = (USUAL_SHARE * np.maximum(known.sum(axis=1) - 1, 0)).astype(np.int64)
    return np.asarray(ordered[np.arange(len(change)), place])


def _neighbours(hour_kwh: Series) -> tuple[Series, Series]:
    """Energies of the hours before and after; the hour's own where those are unknown."""
    before, after = _shifted(hour_kwh, 1), _shifted(hour_kwh, -1)
    return np.where(np.isnan(before), hour_kwh, before), np.where(np.isnan(after), hour_kwh, after)


def _shifted(hour_kwh: Series, by: int) -> Series:
    shifted = np.full(len(hour_kwh), np.nan)
    if by > 0:
        shifted[by:] = hour_kwh[:-by]
    else:
        shifted[:by] = hour_kwh[-by:]
    return shifted
