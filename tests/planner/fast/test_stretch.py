"""What the modes of a stretch are refused for."""

from dataclasses import replace

import numpy as np
import pytest

from darkstar.domain.errors import UsageError
from darkstar.planner.fast.stretch import NOTHING, Outlooks, Site, check_outlooks
from darkstar.planner.problem import GridModel, StorageModel

SITE = Site(
    StorageModel(0.0, 10.0, 5.0, 5.0, 0.95, 0.95, 0.0, 0.0), GridModel(11.0, 11.0, 1.0, 0.0), NOTHING, 0.25
)


def _outlooks() -> Outlooks:
    series = [np.full((2, 3), value) for value in (0.5, 0.0, 1.0, -1.0)]
    load, pv, buy, sell = series
    return Outlooks(load, pv, buy, sell, np.array([3, 2]), np.zeros(2, dtype=np.bool_), None)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("load_kwh", -0.1),
        ("pv_kwh", np.nan),
        ("pv_kwh", np.inf),
        ("export_price", np.nan),
        ("import_price", -np.inf),
    ],
)
def test_only_what_is_looked_at_must_be_sound(name: str, value: float) -> None:
    series = getattr(_outlooks(), name).copy()
    series[1, 2] = value
    check_outlooks(replace(_outlooks(), **{name: series}), SITE)
    series[1, 1] = value
    with pytest.raises(UsageError, match="An outlook holds"):
        check_outlooks(replace(_outlooks(), **{name: series}), SITE)
