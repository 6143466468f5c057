"""How far a year's figure could have come out elsewhere."""

import numpy as np
import pytest

from darkstar.time_machine.buying.bootstrap import LEAST_DAYS, interval_of_sum


def test_less_than_two_weeks_tell_nothing() -> None:
    assert interval_of_sum(np.ones(LEAST_DAYS - 1)) is None


def test_days_that_are_all_alike_leave_no_doubt() -> None:
    assert interval_of_sum(np.full(30, 2.0)) == pytest.approx((60.0, 60.0))


def test_independent_days_spread_as_they_should() -> None:
    days = np.random.default_rng(3).normal(5.0, 2.0, 364)
    low, high = interval_of_sum(days) or (0.0, 0.0)
    # 80 % of a normal lie within 1.2816 deviations; weeks of independent days spread like the days.
    assert (high - low) / 2 == pytest.approx(1.2816 * 2.0 * np.sqrt(364), rel=0.15)
    assert (high + low) / 2 == pytest.approx(days.sum(), rel=0.01)


def test_days_that_stand_by_each_other_leave_more_doubt() -> None:
    weeks = np.random.default_rng(3).normal(5.0, 2.0, 52).repeat(7)
    low, high = interval_of_sum(weeks) or (0.0, 0.0)
    assert high - low > 1.5 * 2 * 1.2816 * 2.0 * np.sqrt(364)


def test_the_same_seed_gives_the_same_digits() -> None:
    days = np.random.default_rng(4).normal(0.0, 1.0, 45)
    assert interval_of_sum(days, 7) == interval_of_sum(days, 7)
    assert interval_of_sum(days, 7) != interval_of_sum(days, 8)
