"""The water heater: a day's energy by its deadline, no more, in runs that are long enough."""

import math
from zoneinfo import ZoneInfo

import numpy as np

from darkstar.domain.devices import WaterHeater
from darkstar.domain.slots import SLOT_HOURS, SLOT_SECONDS, SLOTS_PER_HOUR, Slots
from darkstar.planner.caution import Notice
from darkstar.planner.devices.periods import Period, may_run, periods
from darkstar.planner.devices.wish import (
    SHORTFALL_PER_KWH,
    DeviceKind,
    DeviceStates,
    Drawn,
    Wish,
    dues,
    need_name,
    slots_of,
    units,
)
from darkstar.planner.loads.model import Comfort, Level, Need, OnOffLoad
from darkstar.planner.why.texts import Text

LATE_PER_SLOT = 1.0
"""Cost of a quarter of an hour with cold water."""
ON_SHARE = 0.5
"""A heater that drew this share of what a slot at its power comes to was on."""
TOO_MUCH = 1.3
"""A heater that drew so many times what its power allows has another power than the file says."""


def heater_wish(
    heater: WaterHeater, states: DeviceStates, slots: Slots, tz: ZoneInfo, notices: list[Notice]
) -> Wish:
    """What the heater wants; `notices` gets what had to be assumed."""
    unit_kwh = heater.power_kw * SLOT_HOURS
    wanted = units(heater.daily_kwh, unit_kwh)
    run_slots = max(1, slots_of(heater.least_run_minutes))
    spans = periods(slots, tz, heater.ready_by)
    drawn_kwh = _drawn_kwh(heater, states, spans[0], int(slots[0]), notices)
    available = may_run(slots, tz, heater.window)
    needs = []
    for number, span in enumerate(spans):
        done = min(wanted, math.floor(drawn_kwh / unit_kwh + 0.5)) if number == 0 else 0
        left = wanted - done
        most = done + max(left, run_slots) if left else wanted
        later = int(may_run(span.beyond(slots), tz, heater.window).sum())
        needs.append(
            Need(
                name=need_name(number),
                first=span.first,
                last=span.last,
                units=max(done, wanted - later),
                shortfall_cost=SHORTFALL_PER_KWH * unit_kwh,
                most_units=most,
                done_units=done,
            )
        )
    on_for, off_for = _running(states.drawn, unit_kwh, spans[0], int(slots[0]))
    load = OnOffLoad(
        heater.name,
        levels=(Level(heater.power_kw),),
        needs=tuple(needs),
        comfort=None
        if heater.longest_pause_hours is None
        else Comfort(max(1, int(heater.longest_pause_hours * SLOTS_PER_HOUR)), LATE_PER_SLOT),
        min_on_slots=run_slots,
        min_off_slots=slots_of(heater.least_pause_minutes),
        available=available,
        on_for_slots=on_for,
        off_for_slots=off_for,
    )
    return Wish(heater.name, DeviceKind.WATER_HEATER, load, dues(spans), unit_kwh, available)


def _drawn_kwh(
    heater: WaterHeater, states: DeviceStates, span: Period, start_utc: int, notices: list[Notice]
) -> float:
    """What it has had of the present period's energy."""
    if states.heated_kwh is not None:
        return states.heated_kwh
    drawn, elapsed = states.drawn, (start_utc - span.start_utc) // SLOT_SECONDS
    if drawn is None:
        if elapsed:
            notices.append(Notice(Text.HEATED_UNKNOWN, words={"since": f"{heater.ready_by:%H:%M}"}))
        return 0.0
    period = drawn.kwh[drawn.slots >= span.start_utc]
    unknown = elapsed - int(np.isfinite(period).sum())
    if unknown:
        hours = {"hours": (unknown * SLOT_HOURS, 2)}
        notices.append(Notice(Text.HEATED_IN_PART, hours, words={"since": f"{heater.ready_by:%H:%M}"}))
    seen = drawn.kwh[np.isfinite(drawn.kwh)]
    most_kw = float(seen.max(initial=0.0)) / SLOT_HOURS
    if most_kw > TOO_MUCH * heater.power_kw:
        notices.append(Notice(Text.HEATER_POWER, {"metered": (most_kw, 1), "stated": (heater.power_kw, 1)}))
    return float(np.nansum(period))


def _running(drawn: Drawn | None, unit_kwh: float, span: Period, start_utc: int) -> tuple[int, int]:
    """For how many slots it has been on, and off (0 and at least 1, or at least 1 and 1)."""
    if drawn is None or not len(drawn.kwh) or np.isnan(drawn.kwh[-1]):
        return 0, max(1, (start_utc - span.start_utc) // SLOT_SECONDS)
    on = np.nan_to_num(drawn.kwh) >= ON_SHARE * unit_kwh
    other = np.flatnonzero(on != on[-1])
    count = len(on) - 1 - int(other[-1]) if len(other) else len(on)
    return (count, 1) if on[-1] else (0, count)
