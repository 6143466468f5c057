"""How load and sun may turn out: a few courses around the forecast, and how long one of them holds.

The courses are the forecast times fixed factors. Sun and load are taken for independent of each other. What the
factors are matters little beside that there are any: a plan that knows of the doubt keeps room for a sunny day and a
reserve for a dark one.
"""

from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from darkstar.aurora.naive import Forecast
from darkstar.planner.fast.turning import Courses, Doubt

LOAD_FACTORS = np.array([0.4, 1.6])
PV_FACTORS = np.array([0.5, 1.5])
SURE = np.ones(1)
PERSISTENCE = 0.7
"""Probability that a course still holds an hour later."""
GOLDEN = (5.0**0.5 - 1.0) / 2.0
FEW = 4
"""Courses that are every pair of a load and a sun; other numbers are spread out evenly."""


def doubt_of(*, load_is_known: bool = False, pv_is_known: bool = False, courses: int = FEW) -> Doubt:
    """How load and sun may turn out, all courses as likely; what is known exactly has no course but its own.

    Args:
        courses: how many; with four of them each of two loads meets each of two suns.
    """
    if courses == FEW:
        load_factors = SURE if load_is_known else LOAD_FACTORS
        pv_factors = SURE if pv_is_known else PV_FACTORS
        load, pv = (np.ravel(grid) for grid in np.meshgrid(load_factors, pv_factors, indexing="ij"))
    else:
        share = (np.arange(courses, dtype=np.float64) + 0.5) / courses
        # The golden section's multiples, brought into the same shares, meet the loads in no order.
        mixed = share[np.argsort(np.argsort(np.arange(courses) * GOLDEN % 1.0))]
        load = SURE.repeat(courses) if load_is_known else _spread(share, LOAD_FACTORS)
        pv = SURE.repeat(courses) if pv_is_known else _spread(mixed, PV_FACTORS)
    return Doubt(load, pv, np.full(len(load), 1 / len(load)), PERSISTENCE)


def courses(forecast: Forecast) -> Courses:
    """The courses around a forecast, shape (4, n)."""
    return doubt_of().around(forecast.load_kwh, forecast.pv_kwh)


def _spread(share: NDArray[np.float64], extremes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Factors at these shares of a lognormal distribution, of mean 1 and spread as the two extremes; shape (k,)."""
    width = float(np.sqrt(np.log1p(np.var(extremes))))
    drawn = np.exp(width * np.array([NormalDist().inv_cdf(one) for one in share.tolist()]))
    return np.asarray(drawn / drawn.mean())
