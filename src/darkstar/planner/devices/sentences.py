"""A device's reasons in words: one sentence a block, and what it lacks."""

import datetime as dt
from zoneinfo import ZoneInfo

from darkstar.domain.slots import SLOT_SECONDS, Slots
from darkstar.planner.devices.reasons import DeviceBlock, Spared, TankBlock
from darkstar.planner.devices.run import DeviceRun, Lack, Missing
from darkstar.planner.devices.wish import DeviceKind, Wish
from darkstar.planner.full.site import Tank
from darkstar.planner.why.english import ENGLISH
from darkstar.planner.why.texts import Catalogue, Text

LEAST_DIFFERENCE = 0.005
DOES = {
    DeviceKind.WATER_HEATER: Text.HEATS,
    DeviceKind.TANK: Text.HEATS,
    DeviceKind.CAR: Text.CAR_CHARGES,
    DeviceKind.APPLIANCE: Text.RUNS,
    DeviceKind.HEAT_PUMP: Text.BOOSTS,
}
DUE = {
    DeviceKind.WATER_HEATER: Text.DUE_HEAT,
    DeviceKind.TANK: Text.TANK_DISINFECTS,
    DeviceKind.CAR: Text.DUE_CAR,
    DeviceKind.APPLIANCE: Text.DUE_RUN,
}


class DeviceTeller:
    """Tells what a home's devices do; times are local."""

    def __init__(self, tz: ZoneInfo, slots: Slots, catalogue: Catalogue = ENGLISH) -> None:
        self._tz = tz
        self._slots = slots
        self._catalogue = catalogue

    def sentence(self, wish: Wish, block: DeviceBlock) -> str:
        """Why it runs then, with figures."""
        say = self._catalogue.say
        told = say(DOES[wish.kind], kwh=self._kwh(block.kwh), price=self._money(block.price))
        if block.spared is not None:
            return f"{told}: {', '.join(self._spares(block, block.spared))}."
        clauses = [] if block.heat is None else [self._warms(block.heat)]
        if block.due is not None:
            percent = "" if wish.target_percent is None else f"{wish.target_percent:.0f}"
            clauses.append(say(DUE[wish.kind], when=self._when(block.due.deadline_utc), percent=percent))
        if block.heat is not None and block.heat.lasts is not None:
            clauses.append(say(Text.TANK_LASTS, when=self._when(int(self._slots[block.heat.lasts]))))
        endless = block.heat is not None and block.heat.lasts is None
        if abs(block.usual - block.price) >= LEAST_DIFFERENCE and not endless:
            clauses.append(say(Text.USUAL_PRICE, price=self._money(block.usual)))
        if block.full_phase is not None:
            clauses.append(say(Text.HELD_PHASE, phase=str(block.full_phase)))
        return f"{told}: {', '.join(clauses)}." if clauses else f"{told}."

    def missing(self, run: DeviceRun) -> list[str]:
        """What had to give, in one sentence each."""
        return [self._missing(run, missing) for missing in run.missing]

    def _warms(self, heat: TankBlock) -> str:
        """What a block does to a tank."""
        before, after = self._degrees(heat.before_c), self._degrees(heat.after_c)
        return self._catalogue.say(Text.TANK_WARMS, before=before, after=after)

    def _spares(self, block: DeviceBlock, spared: Spared) -> list[str]:
        """What a boost is good for."""
        say = self._catalogue.say
        start, end = (
            self._when(int(self._slots[0]) + slot * SLOT_SECONDS) for slot in (spared.first, spared.end)
        )
        figures = {"kwh": self._kwh(spared.kwh), "price": self._money(spared.price)}
        clauses = [
            say(Text.BOOST_SPARES, **figures, start=start, end=end),
            say(Text.BOOST_WARMS, degrees=self._catalogue.figure(spared.warmer_c, 1)),
            say(Text.BOOST_GAIN, gain=self._money(spared.gain)),
        ]
        if block.full_phase is not None:
            clauses.append(say(Text.HELD_PHASE, phase=str(block.full_phase)))
        return clauses

    def _missing(self, run: DeviceRun, missing: Missing) -> str:
        say, name, plan = self._catalogue.say, run.wish.name, run.wish.plan
        hours = self._catalogue.figure(missing.amount, 2)
        if missing.lack is Lack.WARMTH and isinstance(plan, Tank) and run.temperature_c is not None:
            least, coldest = self._degrees(plan.comfort_c), self._degrees(float(run.temperature_c[1:].min()))
            return say(Text.MISSING_WARMTH, device=name, least=least, hours=hours, coldest=coldest)
        if missing.due is None:
            return say(Text.MISSING_COMFORT, device=name, hours=hours)
        when = self._when(missing.due.deadline_utc)
        if missing.lack is Lack.DISINFECTION and isinstance(plan, Tank) and plan.legionella is not None:
            degrees = self._degrees(plan.legionella.temperature_c)
            return say(Text.MISSING_DISINFECTION, device=name, degrees=degrees, when=when)
        return say(Text.MISSING_ENERGY, device=name, kwh=self._kwh(missing.amount), when=when)

    def _when(self, utc: int) -> str:
        local = dt.datetime.fromtimestamp(utc, self._tz)
        return f"{self._catalogue.weekdays[local.weekday()]} {local:%H:%M}"

    def _money(self, value: float) -> str:
        return self._catalogue.figure(value, 2)

    def _degrees(self, value: float) -> str:
        return self._catalogue.figure(value, 0)

    def _kwh(self, value: float) -> str:
        return self._catalogue.figure(value, 1)
