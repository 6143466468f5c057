"""A meter that stops for ever: after how many days its own past tells, by the way that a ledger has it.

By itself a stretch of three days shows a home that uses nothing. A ledger has the meter's past, up to the year that a
habit is learned from (Home Assistant keeps its statistics for ever), and every day more in which the meter stands
still. Both are given here, through the rules as they are: the same readings until the meter stops, then the same
number at every step, judged after one day, two, and so on. A meter that is known for less than four weeks has hardly a
habit; a trial is made where it is known for longer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np

from benchmarks.ledger_faults.homes import CONNECTION_KW, HOUR_US, Meter, Way
from benchmarks.ledger_faults.tape import Tape
from darkstar.demo.home import SPECS
from darkstar.domain.channels import Channel
from darkstar.domain.slots import SLOT_HOURS, slot_range
from darkstar.ledger.causes.household import standing_still
from darkstar.ledger.combining import MeterGroup
from darkstar.ledger.evidence import MICROSECONDS, MeterEvidence, Source
from darkstar.ledger.habits import Course, course
from darkstar.ledger.resolve import Site, resolve

DAYS_WAITED = (1, 2, 3, 5, 7, 10, 14)
PAST_DAYS = 400
LEAST_KNOWN_DAYS = 28
IDLE_LEFT_OUT = frozenset({"nl_ha_import"})
DAY_US = 24 * HOUR_US


@dataclass(frozen=True)
class Place:
    """Where a home stands."""

    timezone: str
    latitude: float
    longitude: float


PLACES = {
    "nl": Place("Europe/Amsterdam", 52.1, 5.1),
    "de": Place("Europe/Berlin", 47.7, 9.2),
    "uk": Place("Europe/London", 52.5, -1.5),
    "demo": Place("Europe/Stockholm", 59.33, 18.07),
}
ELSEWHERE = PLACES["nl"]
CHANNEL_OF_SENSOR = {spec.entity_id: spec.channel for spec in SPECS}


def told_after_days(meters: Sequence[Meter], meter: Meter, stopped_us: int) -> int | None:
    """Days until a meter that stops at an instant is told; None where it is not within the longest wait."""
    its = _course(_longest_known(meters, meter), stopped_us)
    for days in DAYS_WAITED:
        if _is_told(its, int(np.searchsorted(its.hours * MICROSECONDS, stopped_us + days * DAY_US))):
            return days
    return None


def is_long_known(meters: Sequence[Meter], meter: Meter, stopped_us: int) -> bool:
    """Whether the meter has a past to tell by."""
    return stopped_us - int(_longest_known(meters, meter).time_us[0]) >= LEAST_KNOWN_DAYS * DAY_US


def standing_alarms(meter: Meter) -> list[str]:
    """What is said to stand still over all of a meter, where its readings give no ground for it."""
    its = _course(meter, int(meter.time_us[-1]), waited_us=0)
    amiss = meter.time_us[:-1][~meter.sound]
    told = []
    for suspicion in standing_still({channel_of(meter): its}):
        first, last = suspicion.hours or (0, len(its.hours))
        begin, end = (int(its.hours[0]) * MICROSECONDS + hour * HOUR_US for hour in (first, last))
        if not ((amiss > begin - DAY_US) & (amiss < end + DAY_US)).any():
            told.append(f"{meter.home} {meter.name} {meter.way} {suspicion.detail}")
    return told


def channel_of(meter: Meter) -> Channel:
    """The channel of a file's column or a sensor."""
    return Channel(CHANNEL_OF_SENSOR.get(meter.name) or meter.name.split("_")[0])


def _longest_known(meters: Sequence[Meter], meter: Meter) -> Meter:
    """The same meter by the way that reaches back farthest: Home Assistant's statistics beside its states."""
    ways = [m for m in meters if (m.home, m.name) == (meter.home, meter.name)]
    return min([*ways, meter], key=lambda m: (int(m.time_us[0]), m.way is not meter.way))


def _course(meter: Meter, stopped_us: int, waited_us: int = DAYS_WAITED[-1] * DAY_US) -> Course:
    """The meter's hours by the ledger's rules: as they were until it stopped, then still."""
    before = meter.tape(stopped_us - PAST_DAYS * DAY_US if waited_us else 0, stopped_us)
    last, until = int(before.time_us[-1]), stopped_us + waited_us
    later = np.arange(last + meter.usual_step_us, until + meter.usual_step_us, meter.usual_step_us)
    if meter.way is Way.STATES:
        later = later[:0]
    tape = Tape.of(
        np.concatenate([before.time_us, later]),
        np.concatenate([before.kwh, np.full(len(later), before.kwh[-1])]),
    )
    if meter.home in IDLE_LEFT_OUT and meter.way is Way.STATISTICS:
        tape = _with_idle_hours(tape)
    channel = channel_of(meter)
    place = PLACES.get(meter.home.split("_")[0], ELSEWHERE)
    first = -(-int(tape.time_us[0]) // HOUR_US) * HOUR_US // MICROSECONDS
    slots = slot_range(first, until // HOUR_US * HOUR_US // MICROSECONDS)
    limits = dict.fromkeys(Channel, CONNECTION_KW * SLOT_HOURS)
    site = Site(limits, frozenset(), place.latitude, place.longitude)
    groups = {channel: [MeterGroup("home_assistant", (_evidence(meter.way, tape, until),))]}
    found = resolve(slots, groups, [], site).channels[channel]
    return course(slots, found, channel, ZoneInfo(place.timezone), place.latitude, place.longitude)


def _with_idle_hours(tape: Tape) -> Tape:
    """With a row in each hour: Home Assistant writes one where nothing moves, too; this home's export left it out."""
    hours = np.arange(tape.time_us[0], tape.time_us[-1] + 1, HOUR_US)
    before = np.searchsorted(tape.time_us, hours, side="right") - 1
    after = np.minimum(before + 1, len(tape) - 1)
    kept = (tape.time_us[before] == hours) | (tape.kwh[after] - tape.kwh[before] <= CONNECTION_KW)
    return Tape.of(hours[kept], tape.kwh[before][kept])


def _evidence(way: Way, tape: Tape, until_us: int) -> MeterEvidence:
    if way is Way.STATES:
        return tape.states(until_us)
    if way is Way.STATISTICS:
        return tape.statistics()
    hourly = float(np.median(np.diff(tape.time_us))) >= HOUR_US
    return tape.file(Source.IMPORT_HOUR if hourly else Source.IMPORT_FINE)


def _is_told(its: Course, hours: int) -> bool:
    sun = None if its.sun is None else its.sun[:hours]
    until = Course(its.hours[:hours], its.local_hours[:hours], its.energy_kwh[:hours], sun)
    return any(s.hours is not None and s.hours[1] == hours for s in standing_still({Channel.LOAD: until}))
