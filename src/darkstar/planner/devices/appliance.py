"""An appliance: its programme once by the deadline, where it is asked for."""

from zoneinfo import ZoneInfo

import numpy as np

from darkstar.domain.devices import Appliance
from darkstar.domain.slots import SLOT_HOURS, Slots
from darkstar.planner.devices.periods import may_run, periods
from darkstar.planner.devices.wish import (
    MINUTES_PER_SLOT,
    ROUNDING,
    SHORTFALL_PER_KWH,
    DeviceKind,
    Wish,
    dues,
    need_name,
)
from darkstar.planner.loads.model import Need, OnOffLoad


def appliance_wish(appliance: Appliance, asked: bool, slots: Slots, tz: ZoneInfo) -> Wish | None:
    """What the appliance wants, None where nothing; a programme that no longer fits before a deadline waits."""
    whole, part = divmod(appliance.minutes / MINUTES_PER_SLOT, 1)
    profile = (appliance.power_kw,) * int(whole)
    profile += (appliance.power_kw * part,) if part > ROUNDING else ()
    available = may_run(slots, tz, appliance.window)
    fits = [
        span
        for span in periods(slots, tz, appliance.ready_by)
        if span.ends_within(slots) and int(available[span.first : span.last].sum()) >= len(profile)
    ]
    if not appliance.every_day:
        fits = fits[:1] if asked else []
    if not fits:
        return None
    allowed = np.zeros(len(slots), dtype=np.bool_)
    for span in fits:
        allowed[span.first : span.last] = available[span.first : span.last]
    needs = tuple(
        Need(
            need_name(number),
            span.first,
            span.last,
            len(profile),
            shortfall_cost=SHORTFALL_PER_KWH * appliance.power_kw * SLOT_HOURS,
            most_units=len(profile),
        )
        for number, span in enumerate(fits)
    )
    load = OnOffLoad(appliance.name, profile_kw=profile, needs=needs, available=allowed)
    unit_kwh = appliance.power_kw * appliance.minutes / 60 / len(profile)
    return Wish(appliance.name, DeviceKind.APPLIANCE, load, dues(fits), unit_kwh, allowed)
