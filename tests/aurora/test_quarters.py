"""Profiles by the clock."""

import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np

from darkstar.aurora.quarters import QuarterClock
from darkstar.domain.slots import day_slots, quarters_of_day, slot_range

STOCKHOLM = ZoneInfo("Europe/Stockholm")


def test_clock_shows_what_a_clock_shows() -> None:
    autumn = day_slots(dt.date(2021, 10, 31), STOCKHOLM)
    quarters = QuarterClock(STOCKHOLM).quarters(autumn)
    assert quarters.tolist() == [*range(12), *range(8, 96)]


def test_blocks_change_nothing() -> None:
    slots = slot_range(1_609_459_200, 1_609_459_200 + 70 * 86_400)[5:-3]
    expected = quarters_of_day(slots, STOCKHOLM)
    np.testing.assert_array_equal(QuarterClock(STOCKHOLM).quarters(slots), expected)
    assert len(QuarterClock(STOCKHOLM).quarters(slots[:0])) == 0
