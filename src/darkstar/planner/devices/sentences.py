"""A device's reasons in words: one sentence a block, and what it lacks."""

import datetime as dt
from zoneinfo import ZoneInfo

from darkstar.planner.devices.reasons import DeviceBlock
from darkstar.planner.devices.run import DeviceRun, Missing
from darkstar.planner.devices.wish import DeviceKind, Due, Wish
from darkstar.planner.texts import ENGLISH, Catalogue, Text

LEAST_DIFFERENCE = 0.005
DOES = {
    DeviceKind.WATER_HEATER: Text.HEATS,
    DeviceKind.CAR: Text.CAR_CHARGES,
    DeviceKind.APPLIANCE: Text.RUNS,
}
DUE = {
    DeviceKind.WATER_HEATER: Text.DUE_HEAT,
    DeviceKind.CAR: Text.DUE_CAR,
    DeviceKind.APPLIANCE: Text.DUE_RUN,
}


class DeviceTeller:
    """Tells what a home's devices do; times are local."""

    def __init__(self, tz: ZoneInfo, catalogue: Catalogue = ENGLISH) -> None:
        self._tz = tz
        self._catalogue = catalogue

    def sentence(self, wish: Wish, block: DeviceBlock) -> str:
        """Why it runs then, with figures."""
        say = self._catalogue.say
        told = say(DOES[wish.kind], kwh=self._kwh(block.kwh), price=self._money(block.price))
        clauses = []
        if block.due is not None:
            percent = "" if wish.target_percent is None else f"{wish.target_percent:.0f}"
            clauses.append(say(DUE[wish.kind], when=self._when(block.due), percent=percent))
        if abs(block.usual - block.price) >= LEAST_DIFFERENCE:
            clauses.append(say(Text.USUAL_PRICE, price=self._money(block.usual)))
        return f"{told}: {', '.join(clauses)}." if clauses else f"{told}."

    def missing(self, run: DeviceRun) -> list[str]:
        """What had to give, in one sentence each."""
        return [self._missing(run.wish, missing) for missing in run.missing]

    def _missing(self, wish: Wish, missing: Missing) -> str:
        if missing.due is None:
            return self._catalogue.say(
                Text.MISSING_COMFORT, device=wish.name, hours=self._catalogue.figure(missing.amount, 2)
            )
        return self._catalogue.say(
            Text.MISSING_ENERGY,
            device=wish.name,
            kwh=self._kwh(missing.amount),
            when=self._when(missing.due),
        )

    def _when(self, due: Due) -> str:
        local = dt.datetime.fromtimestamp(due.deadline_utc, self._tz)
        return f"{self._catalogue.weekdays[local.weekday()]} {local:%H:%M}"

    def _money(self, value: float) -> str:
        return self._catalogue.figure(value, 2)

    def _kwh(self, value: float) -> str:
        return self._catalogue.figure(value, 1)
