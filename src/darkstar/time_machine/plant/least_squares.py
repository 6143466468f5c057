"""Least squares for a battery's figures: what each is multiplied with in a slot, levels, and errors by days.

Levels are the sums of changes within each unbroken stretch of a day, less their mean: the first of each is free.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import lsq_linear
from scipy.special import ndtr, stdtrit

from darkstar.domain.slots import SLOT_HOURS
from darkstar.time_machine.plant.observed import MOVES_KWH, Observed

Series = NDArray[np.float64]
Numbers = NDArray[np.int64]

HELD, CONVERSION, RUNNING, RESISTIVE, STANDBY, DELAY = range(6)
LOSSES = (RUNNING, RESISTIVE, STANDBY)
NAMES = ("held", "conversion", "running_loss_kw", "resistive_loss_per_kw", "standby_battery_kw", "delay_s")
LEAST = np.where(np.arange(len(NAMES)) == DELAY, -np.inf, 0.0)

HUBER_PERCENT = 0.75
STANDS_OUT = 3.0


def features_of(part: Observed) -> Series:
    """What each figure is multiplied with in each slot, shape (n, 6)."""
    charge, discharge = part.charge_kwh, part.discharge_kwh
    power_kw = (charge - discharge) / SLOT_HOURS
    follows = np.diff(part.at, prepend=part.at[:1] - 2) == 1
    at_work = np.maximum(charge, discharge) > MOVES_KWH
    return np.column_stack(
        [
            charge - discharge,
            -charge,
            np.where(at_work, -SLOT_HOURS, 0.0),
            -(charge**2 + discharge**2) / SLOT_HOURS,
            np.where(at_work, 0.0, -SLOT_HOURS),
            # What is told late is behind by the power before each edge.
            np.where(follows, -np.diff(power_kw, prepend=power_kw[:1]), 0.0),
        ]
    )


def stretches_of(part: Observed) -> Numbers:
    """Which unbroken stretch within a day each slot belongs to, shape (n,)."""
    begins = (np.diff(part.at, prepend=part.at[:1] - 2) != 1) | (np.diff(part.day, prepend=-1) != 0)
    return np.asarray(np.cumsum(begins) - 1)


def levels_of(values: Series, stretches: Numbers) -> Series:
    """Running sums within each stretch, shape as `values`, (n, k)."""
    sums = np.cumsum(values, axis=0)
    first = np.flatnonzero(np.diff(stretches, prepend=-1))
    return np.asarray(sums - (sums[first] - values[first])[stretches])


def _centred(values: Series, stretches: Numbers) -> Series:
    """Less the mean of each stretch, (n, k): its first level is free."""
    count = np.bincount(stretches)[:, None]
    total = np.zeros((len(count), values.shape[1]))
    np.add.at(total, stretches, values)
    return np.asarray(values - (total / count)[stretches])


def fit(
    features: Series, part: Observed, stretches: Numbers, chosen: tuple[int, ...]
) -> tuple[Series, Series]:
    """Figures, 0 where not chosen, shape (6,), and their covariance, shape (6, 6)."""
    known = part.end_percent - part.start_percent
    x = _centred(levels_of(features[:, chosen], stretches), stretches)
    y = _centred(levels_of(known[:, None], stretches), stretches)[:, 0]
    weight = np.ones(len(y))
    found = np.zeros(len(chosen))
    for _ in range(20):
        root = np.sqrt(weight)
        found, before = lsq_linear(x * root[:, None], y * root, bounds=(LEAST[list(chosen)], np.inf)).x, found
        residual = y - x @ found
        weight = HUBER_PERCENT / np.maximum(np.abs(residual), HUBER_PERCENT)
        if np.allclose(found, before, rtol=1e-9, atol=1e-12):
            break
    figures, covariance = np.zeros(len(NAMES)), np.zeros((len(NAMES), len(NAMES)))
    figures[list(chosen)] = found
    covariance[np.ix_(chosen, chosen)] = _jackknife(x, y, weight, part.day)
    return figures, covariance


def _jackknife(x: Series, y: Series, weight: Series, day: Numbers) -> Series:
    """Covariance of the figures from fits that leave out one day each, shape (k, k)."""
    edges = np.flatnonzero(np.diff(day, prepend=day[0] - 1))
    weighted = x * weight[:, None]
    products = np.add.reduceat(weighted[:, :, None] * x[:, None, :], edges, axis=0)
    sides = np.add.reduceat(weighted * y[:, None], edges, axis=0)
    without = np.linalg.pinv(products.sum(axis=0) - products) @ (sides.sum(axis=0) - sides)[:, :, None]
    apart = without[:, :, 0] - without[:, :, 0].mean(axis=0)
    # Of few days three errors cover less than of many: Student's distribution tells by how much.
    widened = float(stdtrit(len(edges) - 1, ndtr(STANDS_OUT))) / STANDS_OUT
    return np.asarray(apart.T @ apart * (len(edges) - 1) / len(edges) * widened**2)
