"""How load and sun may turn out: a few courses around the forecast, and how long one of them holds.

The courses are the forecast times fixed factors. Sun and load are taken for independent of each other. What the
factors are matters little beside that there are any: a plan that knows of the doubt keeps room for a sunny day and a
reserve for a dark one.
"""

import numpy as np

from darkstar.aurora.naive import Forecast
from darkstar.planner.fast.turning import Courses

LOAD_FACTORS = np.array([0.4, 1.6])
PV_FACTORS = np.array([0.5, 1.5])
SURE = np.ones(1)
PERSISTENCE = 0.7
"""Probability that a course still holds an hour later."""


def courses(forecast: Forecast, *, load_is_known: bool = False, pv_is_known: bool = False) -> Courses:
    """Every pair of a load and a sun, all as likely; shape (4, n), less where one of the two is known exactly."""
    load_factors = SURE if load_is_known else LOAD_FACTORS
    pv_factors = SURE if pv_is_known else PV_FACTORS
    load, pv = (np.ravel(grid) for grid in np.meshgrid(load_factors, pv_factors, indexing="ij"))
    return Courses(
        load_kwh=load[:, None] * forecast.load_kwh,
        pv_kwh=pv[:, None] * forecast.pv_kwh,
        weight=np.full(len(load), 1 / len(load)),
        persistence=PERSISTENCE,
    )
