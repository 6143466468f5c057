"""What runs through many hours: rows shifted in time, channels exchanged, counted twice, another unit.

One hour alone proves none of these, for two numbers may agree by chance. Each is looked for around every hour, over
`REACH_HOURS` to each side, so that a file that is wrong in its summer half only is found wrong there only.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from darkstar.domain.channels import Channel
from darkstar.ledger.causes.case import Case, Patterns, Series
from darkstar.ledger.causes.cause import Cause, Finding, found
from darkstar.ledger.compare import HourComparison, later

Mask = NDArray[np.bool_]

REACH_HOURS = 36
LEAST_HOURS = 12
"""Hours with energy that must bear a pattern out."""
EXACT_HOURS, EXACT_SHARE = 3, 0.1
"""So many hours with energy that differ, and are the same to a tenth of the tolerance once the rows are moved, prove a
shift by themselves: one lump in the neighbouring hour does not, and three numbers do not fit by chance."""
LAGS = (-3, -2, -1, 1, 2, 3)
MENDED_SHARE = 0.2
"""Share of the difference that may be left once the pattern is undone."""
MOST_SHARE = 0.8
FACTORS = (2.0, 0.5, 1000.0, 0.001)


def find_patterns(
    compared: Mapping[Channel, HourComparison], tolerance_kwh: float
) -> dict[Channel, Patterns]:
    """The patterns of every channel over the same consecutive hours."""
    return {channel: _of_channel(channel, compared, tolerance_kwh) for channel in compared}


def _of_channel(
    channel: Channel, compared: Mapping[Channel, HourComparison], tolerance_kwh: float
) -> Patterns:
    this = compared[channel]
    ha, ours = this.ha_kwh, this.ledger_kwh
    found_patterns = Patterns.none(len(ha))
    if (~this.within(tolerance_kwh)).sum() < EXACT_HOURS:
        return found_patterns
    plain = _around(ha, ours)
    best = np.where(np.isfinite(plain), MENDED_SHARE * plain, 0.0)
    for factor in FACTORS:
        better = _around(ha * factor, ours) / max(factor, 1.0) < best / max(factor, 1.0)
        better &= _mostly(
            np.abs(ha * factor - ours) <= MENDED_SHARE * ours, np.abs(ha - ours) > tolerance_kwh
        )
        found_patterns.factor[better & _telling(ha, ours, tolerance_kwh)] = factor
    for lag in LAGS:
        left = _around(later(ha, lag), ours)
        exact = (np.abs(later(ha, lag) - ours) <= EXACT_SHARE * tolerance_kwh) & (ours > tolerance_kwh)
        proven = _moving((exact & (np.abs(ha - ours) > tolerance_kwh)).astype(np.float64)) >= EXACT_HOURS
        better = (left < best) & (proven | _telling(ha, ours, tolerance_kwh))
        found_patterns.lag_hours[better] = lag
        best = np.where(better, left, best)
    for lag in LAGS:
        near = _moving((found_patterns.lag_hours == lag).astype(np.float64)) > 0
        fits = np.abs(later(ha, lag) - ours) <= tolerance_kwh
        found_patterns.lag_hours[near & fits & (found_patterns.lag_hours == 0)] = lag
    for other, its in compared.items():
        if other is channel:
            continue
        mended = _around(its.ha_kwh, ours)
        theirs_mended = _around(ha, its.ledger_kwh)
        better = (mended < best) & (theirs_mended < MENDED_SHARE * plain)
        better &= _telling(ha, ours, tolerance_kwh) & (found_patterns.lag_hours == 0)
        found_patterns.exchanged[better] = other
        best = np.where(better, mended, best)
    return found_patterns


def exchanged(case: Case) -> Finding | None:
    """The ledger has the numbers that Home Assistant has in another channel, and the other way round."""
    other = case.stretch.patterns.exchanged[case.i]
    if other is None:
        return None
    return found(
        Cause.SWAPPED,
        f"Over the days around, {case.stretch.channel.value} and {Channel(other).value} are exchanged.",
    )


def shifted(case: Case) -> Finding | None:
    """The ledger's numbers are Home Assistant's of some hours before or after."""
    lag = int(case.stretch.patterns.lag_hours[case.i])
    if not lag:
        return None
    when = "later" if lag > 0 else "earlier"
    return found(
        Cause.SHIFTED,
        f"Over the days around, the ledger's hours are Home Assistant's, {abs(lag)} h {when}.",
    )


def multiplied(case: Case) -> Finding | None:
    """The ledger's numbers are twice Home Assistant's or half of them, or a thousand times as large or as small."""
    factor = float(case.stretch.patterns.factor[case.i])
    if factor == 1.0:
        return None
    if factor in (2.0, 0.5):
        who = "the ledger" if factor > 1 else "Home Assistant"
        return found(Cause.DOUBLE, f"Over the days around, {who} has twice what the other has.")
    return found(
        Cause.UNIT, f"Over the days around, the ledger has {factor:g} times what Home Assistant has."
    )


def _around(one: Series, other: Series) -> Series:
    """Mean difference in the hours around each; NaN where too few are known."""
    apart = np.abs(one - other)
    known = np.isfinite(apart)
    amount, hours = _moving(np.where(known, apart, 0.0)), _moving(known.astype(np.float64))
    return np.asarray(np.divide(amount, hours, out=np.full(len(apart), np.nan), where=hours >= LEAST_HOURS))


def _mostly(mended: Mask, off: Mask) -> Mask:
    """Whether most of the hours around that differ are mended: one false number can outweigh all others in the mean."""
    return np.asarray(
        _moving((mended & off).astype(np.float64)) >= MOST_SHARE * _moving(off.astype(np.float64))
    )


def _telling(ha: Series, ours: Series, tolerance_kwh: float) -> Mask:
    """Hours around which enough energy differs for a pattern to be told from chance."""
    off = np.abs(ha - ours) > tolerance_kwh
    return np.asarray(_moving(off.astype(np.float64)) >= LEAST_HOURS)


def _moving(values: Series) -> Series:
    """Sums over `REACH_HOURS` to each side."""
    run = np.append(0.0, np.cumsum(values))
    at = np.arange(len(values))
    return np.asarray(
        run[np.minimum(at + REACH_HOURS + 1, len(values))] - run[np.maximum(at - REACH_HOURS, 0)]
    )
