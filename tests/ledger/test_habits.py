"""A meter's own past tells how long it may stand still."""

from zoneinfo import ZoneInfo

import numpy as np
import pytest
from numpy.typing import NDArray

from darkstar.domain.channels import Channel
from darkstar.domain.slots import HOUR_SECONDS, slot_range
from darkstar.ledger.evidence import Source
from darkstar.ledger.habits import Course, Standstill, continued, course, may_surprise, standstills
from darkstar.ledger.resolved import ChannelSlots, Flag

Series = NDArray[np.float64]
MONDAY = 1_735_516_800
"""2024-12-30, at midnight."""
DAY = 24
PLACE = (ZoneInfo("UTC"), 52.0, 0.0)


def hours_of(days: int) -> NDArray[np.int64]:
    return MONDAY + HOUR_SECONDS * np.arange(DAY * days, dtype=np.int64)


def by_clock(energy_kwh: Series, sun: Series | None = None) -> Course:
    hours = hours_of(len(energy_kwh) // DAY)
    return Course(hours, hours // HOUR_SECONDS, energy_kwh, sun)


def last_of(energy_kwh: Series, sun: Series | None = None) -> Standstill:
    found = standstills(by_clock(energy_kwh, sun))
    assert found[-1].lasting
    return found[-1]


def at_night(days: int) -> Series:
    """A meter that moves from 18 to 6 o'clock."""
    clock = np.arange(DAY * days) % DAY
    return np.where((clock >= 18) | (clock < 6), 0.5, 0.0)


def surplus(slots: NDArray[np.int64], gone: slice) -> ChannelSlots:
    """A sun that gives by daylight, and nothing in some of the slots."""
    clock = slots // HOUR_SECONDS % DAY
    energy = np.where((clock >= 5) & (clock < 19), 0.3, 0.0)
    energy[gone] = 0.0
    n = len(slots)
    return ChannelSlots(energy, np.full(n, Source.LIVE, np.int8), np.ones(n, np.int8), np.zeros(n, np.int32))


def test_a_meter_that_always_moves_is_told_within_a_day() -> None:
    """Known for 59.5 days it may miss 12 h and half of it more; an hour in which it always moved counts 20 / 21."""
    load = np.full(60 * DAY, 0.3)
    load[-18:] = 0.0
    assert not last_of(load).surprising
    load[-20:] = 0.0
    assert last_of(load).surprising
    assert last_of(load).start_utc == int(hours_of(60)[-20])
    assert last_of(load).hours == 20


def test_what_it_misses_are_the_hours_in_which_it_moves_by_habit() -> None:
    shown = at_night(30)
    shown[-2 * DAY :] = 0.0
    # The last four weeks hold 20 working days, of each of whose night hours it moved in all: 20 / 21 of an hour.
    assert last_of(shown).missed_hours == pytest.approx((12 + 12) * 20 / 21, abs=1e-9)


def test_days_on_which_it_never_moves_are_no_standstill() -> None:
    """A day tariff rests on weekends; four days are surprising only where they are working days."""
    shown = np.full(8 * 7 * DAY, 0.2)
    weekend = np.arange(len(shown)) // DAY % 7 >= 5
    shown[weekend] = 0.0
    assert not any(s.surprising for s in standstills(by_clock(shown)))
    shown[-3 * DAY :] = 0.0
    found = last_of(shown)
    assert found.surprising
    assert found.missed_hours < DAY


def test_it_may_stand_still_for_what_it_did_before_and_as_much_again() -> None:
    shown = np.full(400 * DAY, 0.3)
    shown[200 * DAY : 200 * DAY + 10] = 0.0
    shown[-19:] = 0.0
    assert not last_of(shown).surprising
    shown[-24:] = 0.0
    assert last_of(shown).surprising


def test_a_young_meter_s_record_is_not_much_to_go_by() -> None:
    shown = np.full(40 * DAY, 0.3)
    shown[20 * DAY : 20 * DAY + 10] = 0.0
    shown[-24:] = 0.0
    assert not last_of(shown).surprising


def test_a_standstill_that_surprised_is_no_habit_for_good() -> None:
    shown = np.full(400 * DAY, 0.3)
    shown[200 * DAY : 215 * DAY] = 0.0
    shown[-40:] = 0.0
    assert last_of(shown).longest_hours == pytest.approx(12 * (1 + 30 / 200), abs=0.01)
    assert last_of(shown).surprising


def test_a_season_of_rest_is_known_the_year_after() -> None:
    shown = np.full(600 * DAY, 0.3)
    shown[100 * DAY : 180 * DAY] = 0.0
    shown[(365 + 120) * DAY : (365 + 160) * DAY] = 0.0
    found = standstills(by_clock(shown))
    assert [s.surprising for s in found] == [True, False]


def test_without_two_weeks_there_is_no_habit() -> None:
    shown = np.full(20 * DAY, 0.3)
    shown[13 * DAY :] = 0.0
    assert standstills(by_clock(shown)) == []
    assert standstills(by_clock(np.zeros(0))) == []


def test_an_unknown_hour_ends_a_standstill() -> None:
    shown = np.full(30 * DAY, 0.3)
    shown[-20:-10] = 0.0
    shown[-15] = np.nan
    assert [s.hours for s in standstills(by_clock(shown))] == [5, 4]


def test_low_sun_does_not_count() -> None:
    clock = np.arange(30 * DAY) % DAY
    shown = np.where((clock >= 8) & (clock < 16), 0.3, 0.0)
    shown[-4 * DAY :] = 0.0
    assert last_of(shown, np.full(len(shown), 0.6)).surprising
    assert not last_of(shown, np.full(len(shown), 0.25)).surprising
    assert last_of(shown, np.full(len(shown), 0.2)).missed_hours == 0.0


@pytest.mark.parametrize(
    ("first_day", "surprising"),
    [(MONDAY - 28 * DAY * HOUR_SECONDS, False), (MONDAY + 170 * DAY * HOUR_SECONDS, True)],
)
@pytest.mark.parametrize("channel", [Channel.PV, Channel.EXPORT, Channel.BATT_CHARGE, Channel.BATT_DISCHARGE])
def test_three_days_without_sun_are_winter_or_a_fault(
    channel: Channel, first_day: int, surprising: bool
) -> None:
    slots = slot_range(first_day, first_day + 30 * DAY * HOUR_SECONDS)
    shown = surplus(slots, slice(-3 * DAY * 4, None))
    assert standstills(course(slots, shown, channel, *PLACE))[-1].surprising is surprising


def test_what_was_not_measured_or_is_in_doubt_does_not_count() -> None:
    slots = slot_range(MONDAY, MONDAY + 30 * DAY * HOUR_SECONDS)
    shown = surplus(slots, slice(0, 0))
    shown.source[:4] = Source.BALANCE
    shown.flags[8:12] = int(Flag.SPREAD)
    known = np.isfinite(course(slots, shown, Channel.LOAD, *PLACE).energy_kwh)
    assert np.flatnonzero(~known).tolist() == [0, 2]


def test_weekends_and_hours_are_those_of_the_clock_on_the_wall() -> None:
    slots = slot_range(MONDAY, MONDAY + 2 * HOUR_SECONDS)
    found = course(slots, surplus(slots, slice(0, 0)), Channel.LOAD, ZoneInfo("Europe/Stockholm"), 59.0, 18.0)
    assert (found.local_hours % DAY).tolist() == [1, 2]


@pytest.mark.parametrize("channel", [Channel.LOAD, Channel.PV, Channel.BATT_DISCHARGE])
def test_a_course_is_gone_on_from(channel: Channel) -> None:
    slots = slot_range(MONDAY, MONDAY + 90 * DAY * HOUR_SECONDS)
    found = surplus(slots, slice(5000, 5100))

    def read(first_day: int, last_day: int) -> Course:
        rows = slice(96 * first_day, 96 * last_day)
        return course(slots[rows], found.part(rows), channel, ZoneInfo("Europe/Berlin"), 52.0, 0.0)

    whole, pieced = read(10, 90), continued(read(0, 75), read(70, 90), int(slots[96 * 10]))
    for name in ("hours", "local_hours", "energy_kwh", "sun"):
        if channel is Channel.BATT_DISCHARGE and name == "sun":
            # The first day of all has no day before it to tell.
            np.testing.assert_array_equal(pieced.sun[DAY:], whole.sun[DAY:])  # type: ignore[index]
        else:
            np.testing.assert_array_equal(getattr(pieced, name), getattr(whole, name))


def test_what_surprises_may_surprise_and_a_night_may_not() -> None:
    load = np.full(60 * DAY, 0.3)
    for still in (20, 24, 60 * DAY):
        load[-still:] = 0.0
        assert may_surprise(by_clock(load))
    assert not may_surprise(by_clock(np.append(load, np.full(DAY, 0.3))))
    assert not may_surprise(by_clock(at_night(60)))
    assert not may_surprise(by_clock(load, sun=np.full(len(load), 0.1))), "while the sun is low"
    load[-1] = np.nan
    assert not may_surprise(by_clock(load)), "what is not known ends a standstill"
