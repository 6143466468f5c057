"""The courses around a forecast: their mean is the forecast."""

import numpy as np

from darkstar.aurora.courses import courses
from darkstar.aurora.naive import Forecast


def test_courses_lie_around_the_forecast() -> None:
    forecast = Forecast(np.array([0.5, 1.0]), np.array([0.0, 2.0]))
    fan = courses(forecast)
    np.testing.assert_allclose(fan.weight @ fan.load_kwh, forecast.load_kwh)
    np.testing.assert_allclose(fan.weight @ fan.pv_kwh, forecast.pv_kwh)
    assert len({(load, pv) for load, pv in zip(fan.load_kwh[:, 1], fan.pv_kwh[:, 1], strict=True)}) == 4
    assert np.corrcoef(fan.load_kwh[:, 1], fan.pv_kwh[:, 1])[0, 1] == 0.0
