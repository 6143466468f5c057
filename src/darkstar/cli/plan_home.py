"""`darkstar plan` for a home: what is known, the plan, its reasons, what has to be said of it."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from darkstar.config.settings import Settings
from darkstar.domain.errors import ConfigError
from darkstar.domain.slots import DAY_SECONDS, SLOT_SECONDS, iso_local, local_date
from darkstar.planner.caution import Prepared, prepare
from darkstar.planner.fast.engine import FastEngine
from darkstar.planner.problem import Plan, Problem
from darkstar.planner.reasons import Explanation, explain
from darkstar.planner.sentences import say
from darkstar.planner.texts import ENGLISH, Text
from darkstar.planner.ways import Way, WayCost, ways
from darkstar.store.ledger_file import LedgerFile
from darkstar.time_machine.present import Present, read_present


@dataclass(frozen=True)
class Planned:
    """A plan and all that was worked out about it."""

    problem: Problem
    plan: Plan
    explanation: Explanation
    ways: Mapping[Way, WayCost]


@dataclass(frozen=True)
class HomePlan:
    """The answer for a home: a plan, or the safe mode; and what has to be said of it."""

    settings: Settings
    present: Present
    prepared: Prepared
    planned: Planned | None
    hints: tuple[str, ...]

    def local(self, slot: int) -> dt.datetime:
        """Local time at the start of the plan's slot of this number."""
        start = int(self.present.slots[0]) + slot * SLOT_SECONDS
        return dt.datetime.fromtimestamp(start, self.settings.home.tz)

    def iso(self, slot: int) -> str:
        """The same as an ISO instant."""
        return iso_local(int(self.present.slots[0]) + slot * SLOT_SECONDS, self.settings.home.tz)

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

    def percent(self, soc_kwh: float) -> float:
        """A state of charge."""
        battery = self.settings.battery
        assert battery is not None
        return 100 * soc_kwh / battery.capacity_kwh


def plan_home(
    ledger: LedgerFile, settings: Settings, at_utc: float, *, slots: int, soc_percent: float | None
) -> HomePlan:
    """Plan a home as of an instant.

    Raises:
        ConfigError: it has no battery.
    """
    battery = settings.battery
    if battery is None:
        raise ConfigError(
            "The home has no battery to plan for.",
            remedy="Write `battery: {capacity_kwh: ...}` into darkstar.yaml.",
        )
    present = read_present(
        ledger, settings.home, settings.absent, battery, at_utc, slots=slots, soc_percent=soc_percent
    )
    prepared = prepare(present.known)
    planned = None
    if prepared.problem is not None:
        engine = FastEngine()
        plan = engine.solve(prepared.problem)
        planned = Planned(
            prepared.problem,
            plan,
            explain(prepared.problem, plan, engine),
            ways(prepared.problem, plan),
        )
    return HomePlan(settings, present, prepared, planned, tuple(_hints(present, prepared, settings)))


def _hints(present: Present, prepared: Prepared, settings: Settings) -> list[str]:
    """What to do about what is missing."""
    if prepared.problem is not None:
        return []
    hints, end, start = [], present.ledger_end_utc, int(present.slots[0])
    missing = {notice.text for notice in prepared.notices}
    if present.charge_is_stuck:
        hints.append(ENGLISH.say(Text.HINT_STUCK))
    if end is None:
        hints.append(ENGLISH.say(Text.HINT_EMPTY_LEDGER))
    elif start - end > SLOT_SECONDS:
        hints.append(ENGLISH.say(Text.HINT_LEDGER_ENDS, end=iso_local(end, settings.home.tz)[:16]))
    elif Text.NO_SOC in missing:
        hints.append(ENGLISH.say(Text.HINT_SOC))
    elif Text.NOTHING_KNOWN in missing:
        hints.append(ENGLISH.say(Text.HINT_TOO_LITTLE))
    return hints


def _fuse_notice(home: HomePlan) -> str | None:
    """What goes beyond the fuse whatever is done, if anything does."""
    planned = home.planned
    if planned is None:
        return None
    beyond = np.flatnonzero(planned.plan.breach_kwh > 1e-6)
    if not len(beyond):
        return None
    return ENGLISH.say(
        Text.FUSE_EXCEEDED,
        kwh=ENGLISH.figure(float(planned.plan.breach_kwh.sum()), 1),
        span=home.span(int(beyond[0]), int(beyond[-1]) + 1),
    )


def notices(home: HomePlan) -> list[str]:
    """All that has to be said of a plan, or of there being none."""
    told = [say(ENGLISH, notice) for notice in home.prepared.notices]
    beyond = _fuse_notice(home)
    return [*told, *([beyond] if beyond else []), *home.hints]
