"""Times of day on a plan's slots."""

import datetime as dt

import numpy as np

from darkstar.domain.devices import ClockWindow
from darkstar.domain.slots import day_slots
from darkstar.planner.devices.periods import may_run, periods
from tests.planner.devices.cases import NIGHT, START, TZ, ahead


def test_deadlines_cut_the_horizon_into_periods() -> None:
    found = periods(ahead(48), TZ, dt.time(6))
    assert [(span.first, span.last) for span in found] == [(0, 64), (64, 160), (160, 192)]
    assert found[0].start_utc == START - 8 * 3600
    assert found[2].end_utc - found[2].start_utc == 24 * 3600
    assert [span.ends_within(ahead(48)) for span in found] == [True, True, False]
    assert len(found[2].beyond(ahead(48))) == 64
    assert not len(found[1].beyond(ahead(48)))


def test_a_deadline_at_the_first_slot_begins_a_period() -> None:
    found = periods(ahead(24), TZ, dt.time(14))
    assert [(span.first, span.last) for span in found] == [(0, 96)]


def test_a_day_of_92_quarters() -> None:
    slots = day_slots(dt.date(2021, 3, 28), TZ)
    found = periods(slots, TZ, dt.time(6))
    assert [(span.first, span.last) for span in found] == [(0, 20), (20, 92)]


def test_a_window_holds_whole_slots_only() -> None:
    assert np.flatnonzero(may_run(ahead(24), TZ, NIGHT)).tolist() == list(range(32, 64))
    odd = ClockWindow(dt.time(14, 10), dt.time(14, 50))
    assert np.flatnonzero(may_run(ahead(24), TZ, odd)).tolist() == [1, 2]
    assert may_run(ahead(24), TZ, None).all()
