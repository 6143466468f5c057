"""Home Assistant's rule: held against a slow and plain telling of it, and against what was seen of it."""

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from darkstar.domain.slots import HOUR_SECONDS
from darkstar.ledger.accounting import change_by_sum, ha_hours
from tests.ledger.cases import MIDNIGHT, Shown, readings, statistics

HOURS = 6
ALL_HOURS = MIDNIGHT + HOUR_SECONDS * np.arange(HOURS)


def plainly(shown: Sequence[Shown], *, edge_counts_before: bool) -> list[float]:
    """Home Assistant's rule, told anew from the first state for each hour."""
    changes, booked = [], math.nan
    for hour in range(HOURS):
        start, end = 60.0 * hour, 60.0 * (hour + 1)
        total, last, held_at_start, reported, before = 0.0, math.nan, False, False, False
        at_start = 0.0
        for minute, state in shown:
            earlier = minute <= start if edge_counts_before else minute < start
            if minute <= start:
                held_at_start = is_number(state)
            if minute > end or (minute == end and not edge_counts_before):
                break
            if not is_number(state):
                continue
            value = float(state)  # type: ignore[arg-type]
            if math.isnan(last):
                last = value
            elif value >= 0:
                total += value if value < 0.9 * last else value - last
                last = value
            if earlier:
                at_start, before = total, True
            else:
                reported = True
        if math.isnan(booked):
            booked = at_start
        if before and (held_at_start or reported):
            changes.append(total - booked)
            booked = total
        else:
            # The meter's first hour has a row too, though what it says is its whole sum.
            changes.append(math.nan)
            booked = total if reported else booked
    return changes


def is_number(state: object) -> bool:
    return state not in ("unavailable", "unknown")


states = st.one_of(
    st.integers(0, 40_000).map(lambda n: n / 100),
    st.sampled_from([0, "unavailable", "unknown", 380, 381.5, -0.5]),
)
histories = st.lists(
    st.tuples(st.integers(-90, 60 * HOURS), states), min_size=2, max_size=40, unique_by=lambda shown: shown[0]
).map(lambda shown: sorted(shown, key=lambda one: one[0]))


@given(histories, st.booleans())
@settings(max_examples=400, deadline=None)
@pytest.mark.slow
def test_it_is_the_same_rule_as_told_plainly(shown: list[Shown], edge_counts_before: bool) -> None:
    found = ha_hours(readings(shown), ALL_HOURS, edge_counts_before=edge_counts_before)

    if sum(is_number(state) for _, state in shown) < 2:
        assert np.isnan(found).all()
    else:
        expected = plainly(shown, edge_counts_before=edge_counts_before)
        assert found == pytest.approx(expected, abs=1e-9, nan_ok=True)


def test_a_stray_zero_adds_the_whole_counter() -> None:
    shown = [(-5, 500.0), (10, 502.0), (20, 0.0), (30, 504.7), (55, 504.7)]

    assert ha_hours(readings(shown), ALL_HOURS[:1])[0] == pytest.approx(2.0 + 504.7)


def test_a_dip_of_less_than_a_tenth_is_taken_as_real() -> None:
    shown = [(-5, 500.0), (10, 501.2), (50, 481.2), (70, 501.9)]

    assert ha_hours(readings(shown), ALL_HOURS[:2]) == pytest.approx([-18.8, 20.7])


def test_a_state_below_zero_is_refused() -> None:
    shown = [(-5, 500.0), (10, -1.0), (20, 501.0), (30, 502.0)]

    assert ha_hours(readings(shown), ALL_HOURS[:1])[0] == pytest.approx(2.0)


def test_a_state_exactly_at_an_hour_s_end_counts_in_the_next() -> None:
    shown = [(-5, 10.0), (30, 10.5), (60, 11.0), (90, 11.2), (119, 11.2)]

    assert ha_hours(readings(shown), ALL_HOURS[:2]) == pytest.approx([0.5, 0.7])
    assert ha_hours(readings(shown), ALL_HOURS[:2], edge_counts_before=True) == pytest.approx([1.0, 0.2])


def test_hours_of_silence_have_no_row_and_the_next_carries_their_energy() -> None:
    shown = [(-5, 10.0), (30, 10.5), (50, "unavailable"), (200, 14.0)]

    assert ha_hours(readings(shown), ALL_HOURS[:5]) == pytest.approx(
        [0.5, math.nan, math.nan, 3.5, 0.0], nan_ok=True
    )


def test_watt_hours_are_kilowatt_hours() -> None:
    shown = [(-5, 10_000), (30, 10_500)]

    assert ha_hours(readings(shown, "Wh"), ALL_HOURS[:1])[0] == pytest.approx(0.5)


def test_the_first_row_s_change_is_not_its_sum() -> None:
    rows = statistics([(0, 500.0, 12.0), (60, 501.0, 13.0), (180, 503.0, 15.0)])

    assert change_by_sum(rows, ALL_HOURS[:4]) == pytest.approx([math.nan, 1.0, math.nan, 2.0], nan_ok=True)
