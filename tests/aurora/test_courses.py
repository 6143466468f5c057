"""The courses around a forecast: their mean is the forecast."""

import numpy as np

from darkstar.aurora.courses import LOAD_FACTORS, courses, doubt_of
from darkstar.aurora.naive import Forecast


def test_courses_lie_around_the_forecast() -> None:
    forecast = Forecast(np.array([0.5, 1.0]), np.array([0.0, 2.0]))
    fan = courses(forecast)
    np.testing.assert_allclose(fan.weight @ fan.load_kwh, forecast.load_kwh)
    np.testing.assert_allclose(fan.weight @ fan.pv_kwh, forecast.pv_kwh)
    assert len({(load, pv) for load, pv in zip(fan.load_kwh[:, 1], fan.pv_kwh[:, 1], strict=True)}) == 4
    assert np.corrcoef(fan.load_kwh[:, 1], fan.pv_kwh[:, 1])[0, 1] == 0.0


def test_more_courses_have_the_same_mean_and_nearly_the_same_spread() -> None:
    doubt = doubt_of(courses=20)
    assert len(doubt.weight) == len({*zip(doubt.load_factor, doubt.pv_factor, strict=True)}) == 20
    for factors in (doubt.load_factor, doubt.pv_factor):
        np.testing.assert_allclose(factors.mean(), 1.0)
        assert factors.min() > 0
    np.testing.assert_allclose(doubt.load_factor.std(), LOAD_FACTORS.std(), rtol=0.15)
    assert abs(np.corrcoef(doubt.load_factor, doubt.pv_factor)[0, 1]) < 0.2


def test_what_is_known_has_no_doubt() -> None:
    for courses_wanted in (4, 20):
        assert (doubt_of(load_is_known=True, courses=courses_wanted).load_factor == 1).all()
        assert (doubt_of(pv_is_known=True, courses=courses_wanted).pv_factor == 1).all()
