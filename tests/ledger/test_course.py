"""How an hour runs through its quarters, as the hours around it tell."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from darkstar.ledger.course import AROUND_HOURS, course, drift, under_sky

REACH_HOURS = AROUND_HOURS + 1
"""Hours to each side that an hour's quarters depend on."""

some_hours = st.lists(
    st.one_of(st.just(0.0), st.just(np.nan), st.floats(0, 20), st.floats(0, 1e-9)), min_size=1, max_size=60
)


def test_a_drift_goes_on_through_the_hour() -> None:
    found = drift(np.array([1.0, 2.0, 3.0]))

    assert found[1] == pytest.approx([0.40625, 0.46875, 0.53125, 0.59375], abs=1e-15)


def test_an_hour_at_the_edge_of_what_is_known_drifts_half_as_much() -> None:
    found = drift(np.array([np.nan, 2.0, 4.0]))

    assert found[1] == pytest.approx([0.40625, 0.46875, 0.53125, 0.59375], abs=1e-15)


def test_a_steep_fall_ends_at_zero() -> None:
    found = drift(np.array([8.0, 0.4, 0.0]))

    assert found[1] == pytest.approx([0.2, 0.2 - 0.2 / 3, 0.2 / 3, 0.0], abs=1e-15)


def test_an_hour_off_the_line_of_its_neighbours_drifts_less() -> None:
    straight, bent = drift(np.array([1.0, 2.0, 3.0]), bend=1.0), drift(np.array([1.0, 3.0, 3.0]), bend=1.0)

    assert straight[1] == pytest.approx([0.40625, 0.46875, 0.53125, 0.59375], abs=1e-15)
    # The middle lies off by half of what they differ by: half the slope.
    assert bent[1] == pytest.approx([0.703125, 0.734375, 0.765625, 0.796875], abs=1e-15)


def test_hours_alike_are_laid_evenly() -> None:
    assert (course(np.full(9, 1.2)) == 0.3).all()


def test_a_charging_car_begins_and_ends_at_once() -> None:
    quiet = [0.4, 0.5] * 15
    begins, ends = 0.4 + 11 * 0.25, 0.4 + 11 * 0.6
    hours = np.array([*quiet, 0.4, begins, 11.4, 11.4, 11.4, ends, 0.4, *quiet])

    found = course(hours)

    first = len(quiet) + 1
    assert found[first] == pytest.approx([0.1, 0.1, 0.1, 2.85], abs=1e-12)
    assert found[first + 4] == pytest.approx([2.85, 2.85, 0.4 * 2.85 + 0.6 * 0.1, 0.1], abs=1e-12)


def test_a_steady_climb_is_no_switch() -> None:
    hours = np.array([*[0.1] * 30, 1.0, 2.0, 3.0, 4.0, 5.0, *[0.1] * 30])

    assert course(hours)[32] == pytest.approx(drift(hours)[32], abs=1e-15)


def test_steps_as_big_as_the_usual_ones_are_no_switches() -> None:
    hours = np.array([1.0, 1.0, 2.0, 3.0, 3.0, 2.0] * 10)

    assert course(hours, bend=0.0) == pytest.approx(drift(hours), abs=1e-15)


def test_the_sun_follows_a_clear_sky_through_an_even_cover() -> None:
    clear = np.array([[1.0, 2, 3, 4], [5, 6, 7, 8], [8, 7, 6, 5]])

    found = under_sky(0.1 * clear.sum(axis=1), clear)

    assert found == pytest.approx(0.1 * clear, abs=1e-15)


def test_the_sun_rises_with_a_sky_that_clears() -> None:
    found = under_sky(np.array([1.0, 2.0, 3.0]), np.ones((3, 4)))

    assert found[1] == pytest.approx([0.40625, 0.46875, 0.53125, 0.59375], abs=1e-15)


def test_the_sun_gives_nothing_before_it_rises() -> None:
    clear = np.array([[0.0, 0, 0, 0], [0, 0, 1, 3], [4, 5, 6, 7]])

    found = under_sky(np.array([0.2, 0.4, 2.2]), clear)

    assert found[0] == pytest.approx(np.full(4, 0.05), abs=1e-15), "nobody knows when, in the dark"
    assert (found[1, :2] == 0).all()
    assert found[1].sum() == pytest.approx(0.4, abs=1e-15)


@given(some_hours, st.sampled_from([0.0, 0.5]))
@settings(max_examples=200, deadline=None)
@pytest.mark.slow
def test_the_quarters_sum_to_their_hour_and_are_never_negative(told: list[float], bend: float) -> None:
    hours = np.array(told)
    clear = np.maximum(np.sin(np.arange(4.0 * len(hours)) / 96 * 2 * np.pi), 0).reshape(-1, 4)

    for found in (course(hours, bend), drift(hours, bend), under_sky(hours, clear)):
        known = np.isfinite(hours)
        assert (np.isfinite(found) == known[:, None]).all()
        assert found[known].sum(axis=1) == pytest.approx(hours[known], abs=1e-12, rel=1e-14)
        assert (found[known] >= 0).all()


@given(st.lists(st.floats(0, 20), min_size=60, max_size=90), st.integers(0, 20))
@settings(max_examples=60, deadline=None)
def test_far_hours_have_no_say(told: list[float], extra: int) -> None:
    hours = np.array(told)
    middle = slice(REACH_HOURS, len(hours) - REACH_HOURS)
    around = np.concatenate([np.full(extra, 3.0), hours, np.full(extra, np.nan)])

    found = course(around)[extra : extra + len(hours)][middle]

    assert found.tobytes() == course(hours)[middle].tobytes()
