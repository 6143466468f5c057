"""What is usual at each quarter of the day."""

import numpy as np

from darkstar.aurora.profiles import recent, remember


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
