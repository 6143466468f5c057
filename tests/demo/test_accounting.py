"""Home Assistant's rule on cases worked out by hand."""

import numpy as np
import pytest

from darkstar.demo.accounting import running_sum, statistics
from darkstar.demo.meters import MeterReadings, State
from darkstar.ledger.evidence import MICROSECONDS

HOUR = 3600


def readings(*rows: tuple[int, float | str]) -> MeterReadings:
    states = [State.NUMBER if isinstance(v, float) else State[v.upper()] for _, v in rows]
    return MeterReadings(
        np.array([t for t, _ in rows], np.int64) * MICROSECONDS,
        np.array([v if isinstance(v, float) else np.nan for _, v in rows]),
        np.array(states, np.int8),
    )


def changes(rows: MeterReadings, hours: int) -> list[float]:
    return np.diff(statistics(rows, HOUR, 0, hours * HOUR, 1.0).sum_kwh).tolist()


def test_a_stray_zero_adds_the_whole_counter() -> None:
    assert running_sum(np.array([500.0, 0.0, 504.7]))[-1] == pytest.approx(504.7)


def test_a_small_dip_is_taken_as_real() -> None:
    dipping = readings((10, 470.0), (HOUR + 10, 451.2), (2 * HOUR + 10, 471.0))
    assert changes(dipping, 3) == pytest.approx([-18.8, 19.8])


def test_a_fall_to_exactly_nine_tenths_is_a_dip_and_below_it_a_reset() -> None:
    assert running_sum(np.array([100.0, 90.0]))[-1] == -10.0
    assert running_sum(np.array([100.0, 89.9]))[-1] == 89.9


def test_a_spike_counts_what_it_falls_back_to() -> None:
    assert running_sum(np.array([500.0, 1500.0, 500.2]))[-1] == pytest.approx(1000 + 500.2)


def test_state_is_the_last_value_before_the_end() -> None:
    rows = statistics(readings((10, 1.0), (HOUR - 1, 2.0), (HOUR, 3.0)), HOUR, 0, 2 * HOUR, 1.0)
    assert rows.state_kwh.tolist() == [2.0, 3.0]
    assert rows.sum_kwh.tolist() == [1.0, 2.0]


def test_silence_repeats_the_state_and_unavailable_hours_have_no_row() -> None:
    gone = readings((10, 5.0), (2 * HOUR + 600, "unavailable"), (5 * HOUR + 60, 8.0))
    rows = statistics(gone, HOUR, 0, 6 * HOUR, 1.0)
    assert (rows.start_utc // HOUR).tolist() == [0, 1, 2, 5]
    assert rows.sum_kwh.tolist() == [0.0, 0.0, 0.0, 3.0]


def test_watt_hours_become_kilowatt_hours() -> None:
    rows = statistics(readings((10, 1000.0), (HOUR + 1, 1500.0)), HOUR, 0, 2 * HOUR, 0.001)
    assert rows.state_kwh.tolist() == [1.0, 1.5]
    assert rows.sum_kwh.tolist() == [0.0, 0.5]


def test_only_whole_periods_of_the_range_are_answered() -> None:
    rows = statistics(readings((10, 1.0)), HOUR, 1, 3 * HOUR - 1, 1.0)
    assert (rows.start_utc // HOUR).tolist() == [1]
