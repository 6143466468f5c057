"""The answer of `darkstar plan` for a home, as tables and JSON read it."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from darkstar.cli.plan.origins import KnownState
from darkstar.config.settings import Settings
from darkstar.domain.slots import DAY_SECONDS, SLOT_SECONDS, iso_local, local_date
from darkstar.planner.caution import Notice, SafeMode
from darkstar.planner.devices.household import BatteryPart, HouseholdPlan
from darkstar.planner.devices.reasons import DeviceBlock
from darkstar.planner.devices.run import DeviceRun
from darkstar.planner.modes import Mode
from darkstar.planner.why.english import ENGLISH
from darkstar.planner.why.reasons import Explanation
from darkstar.planner.why.ways import Way, WayCost
from darkstar.time_machine.now.present import Present
from darkstar.time_machine.now.standing import Settled


@dataclass(frozen=True)
class PlannedBattery:
    """A battery's part and what was worked out about it.

    Attributes:
        modes: of the plan's first slots, for the inverter.
    """

    part: BatteryPart
    capacity_kwh: float
    explanation: Explanation
    modes: tuple[Mode, ...]

    def percent(self, soc_kwh: float) -> float:
        """A state of charge."""
        return 100 * soc_kwh / self.capacity_kwh


@dataclass(frozen=True)
class PlannedDevice:
    """A device's run and its reasons."""

    run: DeviceRun
    blocks: Sequence[DeviceBlock]


@dataclass(frozen=True)
class Planned:
    """A plan and all that was worked out about it.

    Attributes:
        settled: the plan, and what became of the one before it.
    """

    settled: Settled
    batteries: tuple[PlannedBattery, ...]
    devices: tuple[PlannedDevice, ...]
    ways: Mapping[Way, WayCost]

    @property
    def whole(self) -> HouseholdPlan:
        """The home's plan."""
        return self.settled.whole

    def __len__(self) -> int:
        return len(self.whole.household.rest)

    @property
    def gain(self) -> float:
        """What the batteries' moves gain over leaving them alone."""
        return self.ways.get(Way.NONE, self.ways[Way.PLAN]).cost - self.ways[Way.PLAN].cost

    @property
    def saved(self) -> float:
        """Cost of the first way less the plan's."""
        return next(iter(self.ways.values())).cost - self.ways[Way.PLAN].cost


@dataclass(frozen=True)
class HomePlan:
    """The answer for a home: a plan, or the safe mode; and what has to be said of it.

    Attributes:
        safe_mode: what the batteries do without a plan; devices may be planned nevertheless.
        assumed: what had to be assumed or left out.
        states: what the plan began with, and who says so.
    """

    settings: Settings
    present: Present
    safe_mode: SafeMode | None
    planned: Planned | None
    assumed: tuple[Notice, ...]
    hints: tuple[str, ...]
    states: tuple[KnownState, ...] = ()

    def local(self, slot: int) -> dt.datetime:
        """Local time at the start of the plan's slot of this number."""
        start = int(self.present.slots[0]) + slot * SLOT_SECONDS
        return dt.datetime.fromtimestamp(start, self.settings.home.tz)

    def iso(self, slot: int) -> str:
        """The same as an ISO instant."""
        return iso_local(int(self.present.slots[0]) + slot * SLOT_SECONDS, self.settings.home.tz)

    def instant(self, utc: int) -> str:
        """Any instant, as ISO."""
        return iso_local(utc, self.settings.home.tz)

    def clock(self, slot: int) -> str:
        """`Sun 17:00`."""
        return f"{self.weekday(slot)} {self.local(slot):%H:%M}"

    def weekday(self, slot: int) -> str:
        """`Sun`."""
        return ENGLISH.weekdays[self.local(slot).weekday()]

    def span(self, first: int, end: int) -> str:
        """`17:00–20:00`, with the weekday where it is not the plan's first day."""
        same_day = self.local(first).date() == self.local(0).date()
        return (
            self.when(first, end).removeprefix(f"{self.weekday(first)} ")
            if same_day
            else self.when(first, end)
        )

    def when(self, first: int, end: int) -> str:
        """`Sun 17:00–20:00`; from a day on with the weekday of its end."""
        long = (end - first) * SLOT_SECONDS >= DAY_SECONDS
        return f"{self.clock(first)}–{self.clock(end) if long else self.local(end).strftime('%H:%M')}"

    def day(self, slot: int) -> dt.date:
        """The local day of a slot."""
        return local_date(int(self.present.slots[slot]), self.settings.home.tz)

    def by_day(self, cost: WayCost) -> Mapping[dt.date, float]:
        """A way's costs by local day, what is left at the end not counted."""
        sums: dict[dt.date, float] = {}
        for slot, money in enumerate(cost.slot_costs.tolist()):
            sums[self.day(slot)] = sums.get(self.day(slot), 0.0) + money
        return sums
