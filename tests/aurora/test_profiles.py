"""What is usual at each quarter of the day."""

import numpy as np

from darkstar.aurora.profiles import known_ahead, recent, remember


def test_keeps_the_last_known_values() -> None:
    usual = recent(2)
    for value in (9.0, 1.0, float("nan"), 2.0):
        remember(usual, 5, value)
    assert usual.mean[5] == 1.5
    assert np.isnan(usual.mean[6])


def test_older_values_count_less() -> None:
    usual = recent(3, fades_a_day=0.5)
    for value in (100.0, 8.0, 4.0, 2.0):
        remember(usual, 5, value)
    assert usual.mean[5] == (2 * 4 + 4 * 2 + 8) / 7


def test_no_slots_are_known_ahead_where_one_of_them_is_not() -> None:
    whole, holed = np.zeros((3, 4)), np.zeros((3, 4))
    holed[0, 3] = holed[1, 1] = np.nan
    for place in range(4):
        series = [whole] * 4
        series[place] = holed
        assert known_ahead(np.array([3, 2, 4]), (series[0], series[1], series[2], series[3])).tolist() == [
            3,
            0,
            4,
        ]
