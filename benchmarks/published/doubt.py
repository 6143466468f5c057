"""How far the load is off what was expected of it, in usual errors: by days, and by hours on top of that.

The errors of days are a chain of a few levels that fade within days (Rouwenhorst's); those of hours are the errors of
forecasts of the fitted hours, sorted into levels, with the chance of each after each as counted.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.published.outlook import HISTORY, LoadOutlook
from benchmarks.published.trondheim import HOURS_OF_DAY, PUBLISHED_AT, Series

USUAL_KWH, USUAL_SHARE = 0.625, 0.1125
"""An hour's usual error is so much and such a share of its load."""
FEARED = 1.1
"""So much more than forecasts of the fitted hours were off by, others are held to be."""
LASTING = 0.47
"""Spread of the errors of days, in usual errors."""
LASTING_LEVELS = 5
FADES_HOURS = 80.0
UNSEEN = 0.25
"""An error of days is known but to this."""
SUDDEN_PARTS = (0.3, 0.65, 0.88, 0.97, 0.995)
"""Parts of all hours below the limits between levels of the errors of hours: rare ones have levels of their own."""
OF_DAYS = 0.6
"""So much of a day's mean error is held for an error of days."""
LOOKED_AHEAD_DAYS = 3


@dataclass(frozen=True)
class Chain:
    """Levels in usual errors, rising, shape (m,), and the chance of each (column) an hour after each (row)."""

    levels: Series
    chances: NDArray[np.float64]

    def weights(self, level: float) -> Series:
        """A level as a mean of the chain's, shape (m,)."""
        at = float(np.interp(level, self.levels, np.arange(len(self.levels))))
        return np.maximum(0.0, 1.0 - np.abs(np.arange(len(self.levels)) - at))


@dataclass(frozen=True)
class Doubt:
    """What the load may be off by."""

    lasting: Chain
    sudden: Chain


def feared_error(load_kwh: Series) -> Series:
    """What an hour's usual error is held to be [kWh], by its expected load."""
    return FEARED * _usual_error(load_kwh)


def doubt(outlook: LoadOutlook, load_kwh: Series) -> Doubt:
    """The doubt in an outlook, by its errors in the hours that it was fitted on, shape (n,)."""
    ahead = LOOKED_AHEAD_DAYS * HOURS_OF_DAY
    midnights = range(HISTORY, len(load_kwh) - ahead - HOURS_OF_DAY, HOURS_OF_DAY)
    errors = np.stack(
        [
            _errors(load_kwh[: now + ahead], outlook.forecast(load_kwh[:now])[:ahead])
            for midnight in midnights
            for now in (midnight, midnight + PUBLISHED_AT)
        ]
    )
    days = errors.reshape(len(errors), LOOKED_AHEAD_DAYS, HOURS_OF_DAY).mean(axis=2)
    return Doubt(
        fading(LASTING_LEVELS, LASTING, FADES_HOURS),
        counted(errors - OF_DAYS * np.repeat(days, HOURS_OF_DAY, axis=1)),
    )


def fading(levels: int, spread: float, hours: float) -> Chain:
    """A chain whose levels have that spread and whose mean fades to a third within that many hours."""
    stays = (1.0 + np.exp(-1.0 / hours)) / 2.0
    two = np.array([[stays, 1.0 - stays], [1.0 - stays, stays]])
    chances = two
    for count in range(3, levels + 1):
        wider = np.zeros((count, count))
        for row in (0, 1):
            for column in (0, 1):
                wider[row : row + count - 1, column : column + count - 1] += two[row, column] * chances
        wider[1:-1] /= 2.0
        chances = wider
    return Chain(np.linspace(-1.0, 1.0, levels) * spread * np.sqrt(levels - 1), chances)


def counted(errors: Series) -> Chain:
    """A chain of errors hour after hour, shape (forecasts, hours)."""
    level = np.searchsorted(np.quantile(errors, SUDDEN_PARTS), errors)
    count = len(SUDDEN_PARTS) + 1
    chances = np.zeros((count, count))
    np.add.at(chances, (level[:, :-1], level[:, 1:]), 1.0)
    means = np.array([errors[level == one].mean() for one in range(count)])
    return Chain(means, chances / chances.sum(axis=1, keepdims=True))


def _errors(load_kwh: Series, expected_kwh: Series) -> Series:
    return (load_kwh[-len(expected_kwh) :] - expected_kwh) / _usual_error(expected_kwh)


def _usual_error(load_kwh: Series) -> Series:
    return USUAL_KWH + USUAL_SHARE * load_kwh
