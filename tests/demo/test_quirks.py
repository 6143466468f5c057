"""Each quirk on a meter that counts one a minute."""

import numpy as np

from darkstar.demo import quirks
from darkstar.demo.meters import MeterReadings, State, told
from darkstar.ledger.evidence import MICROSECONDS


def meter(minutes: int = 20) -> MeterReadings:
    return MeterReadings(
        np.arange(minutes, dtype=np.int64) * 60 * MICROSECONDS,
        100.0 + np.arange(minutes),
        np.zeros(minutes, np.int8),
    )


def around(readings: MeterReadings, start: int, end: int) -> list[float | str]:
    inside = (readings.time_us >= start * MICROSECONDS) & (readings.time_us < end * MICROSECONDS)
    return [
        value if state == State.NUMBER else State(state).name.lower()
        for value, state in zip(readings.value[inside].tolist(), readings.state[inside].tolist(), strict=True)
    ]


def test_reset_shows_zero_and_counts_on() -> None:
    assert around(quirks.reset(meter(), 290), 240, 421) == [104.0, 0.0, 1.0, 2.0, 3.0]


def test_unavailable_hides_what_it_counts() -> None:
    assert around(quirks.unavailable(meter(), 290, 590), 240, 661) == [
        104.0,
        "unavailable",
        110.0,
        110.0,
        111.0,
    ]


def test_dip_comes_back() -> None:
    assert around(quirks.dip(meter(), 300, 420, 0.04), 240, 421) == [104.0, 100.8, 101.76, 107.0]


def test_stray_is_one_reading_between_right_ones() -> None:
    assert around(quirks.stray(meter(), 310, 0.0), 300, 361) == [105.0, 0.0, 105.0, 106.0]
    assert around(quirks.stray(meter(), 310, more=500.0), 300, 361) == [105.0, 605.0, 105.0, 106.0]


def test_restart_restores_the_old_value_first() -> None:
    restarted = around(quirks.restart(meter(), 310), 300, 481)
    assert restarted == [105.0, "unavailable", "unknown", 105.0, 108.0]


def test_only_changes_are_told() -> None:
    still = MeterReadings(
        np.arange(6, dtype=np.int64),
        np.array([1.0, 1.0, np.nan, np.nan, 1.0, 2.0]),
        np.array([0, 0, State.UNAVAILABLE, State.UNAVAILABLE, 0, 0], np.int8),
    )
    assert told(still).time_us.tolist() == [0, 2, 4, 5]
