"""The published cases: their figures are reproduced, and what is ours is reckoned as they reckon."""

from pathlib import Path

import numpy as np
import pytest
from benchmarks.published import emhass

from darkstar.planner.fast.engine import FastEngine


@pytest.fixture(scope="module")
def fortnight(real_data: Path) -> emhass.Fortnight:
    return emhass.fortnight(real_data)


def test_the_french_home_without_a_battery_costs_what_was_published(fortnight: emhass.Fortnight) -> None:
    test = slice(fortnight.first, fortnight.end)
    assert fortnight.end - fortnight.first == 14 * 48
    assert fortnight.load_kwh[test] @ fortnight.price[test] == pytest.approx(81.8763, abs=5e-5)


def test_the_french_oracle_costs_what_was_published(fortnight: emhass.Fortnight) -> None:
    assert emhass.oracle(fortnight, FastEngine()) == pytest.approx(79.7017, abs=5e-5)


@pytest.mark.slow
def test_rolling_beats_every_published_bound(fortnight: emhass.Fortnight) -> None:
    assert emhass.rolling(fortnight, FastEngine(), following=True) <= 79.7018
    assert emhass.rolling(fortnight, FastEngine(), following=False) <= 79.7122


def test_the_forecast_is_the_usual_day_moved_by_the_last_error() -> None:
    past = np.tile(np.arange(48) / 48, emhass.DAYS + 1)
    past[-1] += 1.0
    found = emhass.forecast(past, 2)
    expected = np.array([0.0, 1 / 48]) + np.exp(-np.array([1.0, 2.0]) / emhass.FADES_SLOTS)
    assert found == pytest.approx(expected)


def test_the_tilt_prefers_the_earlier_slot_of_a_window_and_never_another_window() -> None:
    price = np.array([emhass.OFF_PEAK, emhass.OFF_PEAK, emhass.PEAK, emhass.PEAK])
    tilted = emhass.tilted(price)
    assert tilted[0] < tilted[1] < tilted[3] < tilted[2]
