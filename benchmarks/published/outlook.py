"""What is believed of load and price to come; everything fitted on the hours that are handed to the makers.

LoadOutlook   a seasonal baseline (sines of the day, the year, their products, weekends) and what was off of late:
              for each lead of two days a ridge regression on the last day's errors and on their means, for each
              later day one on the means alone
PriceOutlook  the day's mean as a weighting of the last day's, three, seven and 28 days' means, weights summing to
              one (a level of prices never seen before is followed, not pulled back), times the shape of a day
"""

import numpy as np
from numpy.typing import NDArray

from benchmarks.published.trondheim import HOURS_OF_DAY, Indices, Series

HORIZON_DAYS = 30
HORIZON = HORIZON_DAYS * HOURS_OF_DAY
LEADS = 2 * HOURS_OF_DAY
LAGS = np.arange(1, HOURS_OF_DAY + 1)
HOURS_OF_YEAR = 8766
MEAN_DAYS = (7, 28)
LEVEL_DAYS = (1, 7, 28)
HISTORY = 28 * HOURS_OF_DAY
LEAST_LOAD_KWH = 0.1
LOAD_RIDGE = 500.0
PRICE_DAYS = (1, 3, 7, 28)
PRICE_RIDGE = 30.0
LEAST_PRICE = 0.005


class LoadOutlook:
    """Load to come, from the load before an instant.

    Args:
        load_kwh: hours to fit on, from the first on, shape (n,).
        weekday: of the first day, 0 is Monday.
    """

    def __init__(self, load_kwh: Series, weekday: int) -> None:
        self._weekday = weekday
        sines = seasons(np.arange(len(load_kwh)), weekday)
        self._baseline = ridge(sines, load_kwh, LOAD_RIDGE)
        error = load_kwh - sines @ self._baseline
        at = np.arange(HISTORY, len(load_kwh) - LEADS)
        lags = error[at[:, None] - LAGS]
        self._near = np.stack(
            [
                ridge(np.hstack([lags, _means(error, at, lead)]), error[at + lead], LOAD_RIDGE)
                for lead in range(LEADS)
            ]
        )
        self._far = np.stack([_far_weights(error, day) for day in range(2, HORIZON_DAYS)])

    def forecast(self, load_kwh: Series) -> Series:
        """The next 30 days; `load_kwh` is all load until now from the first fitted hour on."""
        now = len(load_kwh)
        hours = np.arange(now - HISTORY, now + HORIZON)
        usual = seasons(hours, self._weekday) @ self._baseline
        error = load_kwh[-HISTORY:] - usual[:HISTORY]
        by_hour = np.stack([error[-days * 24 :].reshape(days, 24).mean(axis=0) for days in MEAN_DAYS])
        levels = np.array([error[-days * 24 :].mean() for days in LEVEL_DAYS])
        means = np.vstack([by_hour, np.tile(levels[:, None], (1, 24))])
        lags = error[-LAGS]
        near = self._near[:, : len(LAGS)] @ lags
        near += (self._near[:, len(LAGS) :] * np.tile(means, (1, 2)).T).sum(axis=1)
        off = np.concatenate([near, (self._far @ means).ravel()])
        return np.asarray(np.maximum(usual[HISTORY:] + off, LEAST_LOAD_KWH))


class PriceOutlook:
    """Day-ahead prices of days not published yet.

    Args:
        spot: whole days to fit on, from the first on, shape (days * 24,).
        weekday: of the first day, 0 is Monday.
    """

    def __init__(self, spot: Series, weekday: int) -> None:
        self._weekday = weekday
        days = spot.reshape(-1, HOURS_OF_DAY)
        mean = days.mean(axis=1)
        weekend = self._weekend(np.arange(len(days)))
        self._shape = np.stack([days[weekend == w].mean(axis=0) / days[weekend == w].mean() for w in (0, 1)])
        self._of_week = np.array([mean[weekend == w].mean() for w in (0, 1)]) / mean.mean()
        level = mean / self._of_week[weekend]
        self._weights = np.stack([_level_weights(level, ahead) for ahead in range(HORIZON_DAYS + 1)])

    def forecast(self, spot: Series) -> Series:
        """The 31 days after the published ones; `spot` is all of those from the first fitted day on."""
        published = len(spot) // HOURS_OF_DAY
        seen = np.arange(published - max(PRICE_DAYS), published)
        mean = spot.reshape(-1, HOURS_OF_DAY)[seen].mean(axis=1)
        level = mean / self._of_week[self._weekend(seen)]
        recent = np.array([level[-days:].mean() for days in PRICE_DAYS])
        weekend = self._weekend(np.arange(published, published + HORIZON_DAYS + 1))
        means = np.maximum(self._weights @ recent, LEAST_PRICE) * self._of_week[weekend]
        return np.asarray((means[:, None] * self._shape[weekend]).ravel())

    def _weekend(self, days: Indices) -> NDArray[np.int64]:
        return ((self._weekday + days) % 7 >= 5).astype(np.int64)


def seasons(hours: Indices, weekday: int) -> Series:
    """Columns of the seasonal baseline for hours since a midnight of that weekday on, shape (n, columns)."""
    turn = 2 * np.pi * hours
    day = [wave(turn * k / HOURS_OF_DAY) for k in range(1, 7) for wave in (np.sin, np.cos)]
    year = [wave(turn * k / HOURS_OF_YEAR) for k in (1, 2) for wave in (np.sin, np.cos)]
    weekend = ((weekday + hours // HOURS_OF_DAY) % 7 >= 5).astype(np.float64)
    products = [a * b for a in day[:8] for b in year[:2]]
    own = [weekend * wave for wave in [*day, *year[:2]]]
    return np.stack([np.ones(len(hours)), weekend, *day, *year, *products, *own], axis=1)


def ridge(columns: Series, wanted: Series, penalty: float) -> Series:
    """Weights of the least squares with a penalty on their squares."""
    square = columns.T @ columns + penalty * np.eye(columns.shape[1])
    return np.asarray(np.linalg.solve(square, columns.T @ wanted))


def _means(error: Series, at: Indices, lead: int) -> Series:
    """Errors of the same hour over the last days, and of all hours over the last days, as known at each instant."""
    hour = lead % HOURS_OF_DAY
    same = [
        sum(error[at - HOURS_OF_DAY * back + hour] for back in range(1, days + 1)) / days
        for days in MEAN_DAYS
    ]
    total = np.concatenate([[0.0], np.cumsum(error)])
    level = [(total[at] - total[at - HOURS_OF_DAY * days]) / (HOURS_OF_DAY * days) for days in LEVEL_DAYS]
    return np.stack([*same, *level], axis=1)


def _far_weights(error: Series, day: int) -> Series:
    at = np.arange(HISTORY, len(error) - HORIZON)
    square, product = np.zeros((5, 5)), np.zeros(5)
    for hour in range(HOURS_OF_DAY):
        columns = _means(error, at, hour)
        square += columns.T @ columns
        product += columns.T @ error[at + HOURS_OF_DAY * day + hour]
    return np.asarray(np.linalg.solve(square + LOAD_RIDGE * np.eye(5), product))


def _level_weights(level: Series, ahead: int) -> Series:
    total = np.concatenate([[0.0], np.cumsum(level)])
    at = np.arange(max(PRICE_DAYS), len(level) - ahead)
    recent = np.stack([(total[at] - total[at - days]) / days for days in PRICE_DAYS], axis=1)
    # Relative to the longest mean: what a cheap year teaches holds in a dear one.
    recent, wanted = recent / recent[:, -1:], level[at + ahead] / recent[:, -1]
    weights = ridge(recent[:, :-1] - 1.0, wanted - 1.0, PRICE_RIDGE)
    return np.append(weights, 1.0 - weights.sum())
