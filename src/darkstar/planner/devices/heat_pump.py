"""A heat pump that heats the house ahead of need while energy is cheap, and spares it later.

What it draws anyway is in the load. A boost adds to it; the warmth that is kept takes the place of later consumption,
as far as it has not faded by then and the heat pump would have drawn anything. The signal is on or off, so a slot is
boosted through or not at all.
"""

import datetime as dt
from collections.abc import Sequence
from zoneinfo import ZoneInfo

import numpy as np

from darkstar.domain.devices import HeatPump
from darkstar.domain.slots import SLOT_HOURS, Slots
from darkstar.planner.caution import Notice
from darkstar.planner.devices.periods import may_run
from darkstar.planner.devices.wish import DeviceKind, Wish, slots_of
from darkstar.planner.full.plan import BoostRun
from darkstar.planner.full.site import Boost, Switching
from darkstar.planner.problem import Series
from darkstar.planner.why.texts import Text


def heat_pump_wish(
    pump: HeatPump, room_c: float | None, slots: Slots, tz: ZoneInfo, notices: list[Notice]
) -> Wish | None:
    """What the heat pump may do; None where it is expected to draw nothing that a boost could spare.

    Args:
        room_c: temperature of the rooms; None where it is not known, and taken as the wanted one.
    """
    hours = [dt.datetime.fromtimestamp(at, tz).hour for at in slots.tolist()]
    base = np.array(pump.kwh_by_hour, dtype=np.float64)[hours] * SLOT_HOURS
    if not base.any():
        notices.append(Notice(Text.HEAT_PUMP_STILL, words={"device": pump.name}))
        return None
    stored = 0.0
    if room_c is not None and pump.room_temperature_c is not None:
        stored = min(max(0.0, (room_c - pump.room_temperature_c) * pump.kwh_per_c), pump.store_kwh)
    available = may_run(slots, tz, pump.window)
    plan = Boost(
        pump.name,
        boost_kw=pump.boost_kw,
        base_kwh=base,
        store_kwh=pump.store_kwh,
        stored_kwh=stored,
        yield_share=pump.boost_efficiency,
        keep_per_hour=pump.keep_per_hour,
        whole_slots=True,
        available=available,
        switching=Switching(
            min_on_slots=max(1, slots_of(pump.least_run_minutes)),
            min_off_slots=slots_of(pump.least_pause_minutes),
        ),
    )
    return Wish(pump.name, DeviceKind.HEAT_PUMP, plan, (), 0.0, available, warmer_per_kwh=1 / pump.kwh_per_c)


def spared_by(
    boost: Boost, run: BoostRun, blocks: Sequence[tuple[int, int]], slot_hours: float
) -> list[Series]:
    """What each block of boosts [first, last) spares in each slot, shape (n,): warmth is used oldest first."""
    keep = boost.keep_per_hour**slot_hours
    left = [0.0] * len(blocks)
    spared = [np.zeros(len(run.relief_kwh)) for _ in blocks]
    before = boost.stored_kwh
    for slot, relief in enumerate(run.relief_kwh.tolist()):
        before *= keep
        left = [kept * keep for kept in left]
        for number, (first, last) in enumerate(blocks):
            if first <= slot < last:
                left[number] += boost.yield_share * float(run.boost_kwh[slot])
        relief -= min(before, relief)
        before = max(0.0, before - float(run.relief_kwh[slot]))
        for number, kept in enumerate(left):
            spared[number][slot] = min(kept, relief)
            left[number] -= spared[number][slot]
            relief -= spared[number][slot]
    return spared
