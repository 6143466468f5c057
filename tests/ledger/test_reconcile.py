"""Least squares between totals and the balance, worked out by hand and by its properties."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from darkstar.ledger.reconcile import Part, fit, reconcile

EVERY = np.arange(4)


def test_the_nearest_with_the_total_is_a_shift() -> None:
    found = fit(np.array([1.0, 2.0, 3.0, 4.0]), np.ones(4), 10.0, 14.0)
    np.testing.assert_allclose(found, [2.0, 3.0, 4.0, 5.0])


def test_the_less_sure_one_takes_more_of_the_shift() -> None:
    found = fit(np.array([1.0, 1.0]), np.array([1.0, 3.0]), 10.0, 6.0)
    np.testing.assert_allclose(found, [2.0, 4.0])


def test_nothing_goes_below_zero_or_beyond_the_connection() -> None:
    np.testing.assert_allclose(fit(np.array([-2.0, 1.0, 2.0]), np.ones(3), 10.0, 2.0), [0.0, 0.5, 1.5])
    np.testing.assert_allclose(fit(np.array([0.0, 5.0]), np.ones(2), 3.0, 4.0), [1.0, 3.0])


def test_more_than_the_slots_carry_is_refused() -> None:
    with pytest.raises(ValueError, match="more than 2 slots carry"):
        fit(np.zeros(2), np.ones(2), 1.0, 2.1)


def test_an_outage_of_one_channel_follows_the_balance() -> None:
    # Load 1 throughout and the sun says nothing but its total of 3.
    net = np.array([-1.0, -1.0, -0.5, -0.5])
    part = Part(1, EVERY, 3.0, np.full(4, 0.75), np.full(4, 100.0), 5.0)
    (found,) = reconcile(net, np.full(4, 1e-6), [part])
    np.testing.assert_allclose(found, [1.0, 1.0, 0.5, 0.5], atol=1e-6)


def test_what_the_balance_does_not_see_is_shared_by_how_sure_each_is() -> None:
    # Two uses share what the balance leaves; the surer one stays nearer to what it was thought to be.
    net = np.array([3.0, 1.0])
    rows = np.arange(2)
    sure = Part(-1, rows, None, np.full(2, 1.0), np.full(2, 0.01), 5.0)
    vague = Part(-1, rows, None, np.full(2, 1.0), np.full(2, 0.03), 5.0)
    one, other = reconcile(net, np.full(2, 1e-8), [sure, vague])
    np.testing.assert_allclose(one, [1.25, 0.75], atol=1e-4)
    np.testing.assert_allclose(other, [1.75, 0.25], atol=1e-4)


energies = st.lists(st.floats(0, 2), min_size=2, max_size=8)


@settings(deadline=None, max_examples=20)
@given(energies, st.data())
@pytest.mark.slow
def test_totals_are_exact_and_bounds_kept(true: list[float], data: st.DataObject) -> None:
    n = len(true)
    net = np.array(data.draw(st.lists(st.floats(-3, 3), min_size=n, max_size=n)))
    most = 2.5
    parts = [
        Part(sign, np.arange(n), float(np.sum(true)), np.full(n, float(np.mean(true))), np.full(n, 0.2), most)
        for sign in (1, -1)
    ]
    for part, found in zip(parts, reconcile(net, np.full(n, 0.01), parts), strict=True):
        assert part.total_kwh is not None
        assert abs(float(found.sum()) - part.total_kwh) <= 1e-9
        assert (found >= 0).all()
        assert (found <= most).all()
