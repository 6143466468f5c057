"""One day of a replay, quarter by quarter: what was there, what the battery did, and why the plan of the hour was so.

The reason is that of the plan which could have been made at the quarter's start, from what was known then and the
energy that the policy had: made again to be looked at, as `sample_plan` does.
"""

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np

from darkstar.domain.slots import SLOT_HOURS, SLOT_SECONDS, Slots, slot_range
from darkstar.planner.fast.engine import FastEngine
from darkstar.planner.problem import Plan, Series, TerminalValue
from darkstar.planner.why.blocks import actions_of
from darkstar.planner.why.english import ENGLISH
from darkstar.planner.why.reasons import explain
from darkstar.planner.why.sentences import ACTIONS, Teller
from darkstar.time_machine.calendar import days_of
from darkstar.time_machine.devices.heater import lived_load_kwh
from darkstar.time_machine.information import HonestInformation, Outlook
from darkstar.time_machine.outcome import MPC, PolicyOutcome
from darkstar.time_machine.scenario import Scenario

NOTHING = TerminalValue(np.zeros(0), np.zeros(0))


@dataclass(frozen=True)
class Quarter:
    """One slot as it was lived; powers are means [kW].

    Attributes:
        expected_load_kw, expected_pv_kw: what was expected at its start; None where too little was known.
        battery_kw: at the AC side, charging above 0.
        grid_kw: drawn above 0, fed in below.
        soc_kwh: energy stored at its end.
        cost: of the slot, without what is left in the battery.
        does: what the battery did, in a word or two.
        why: the reason of the plan at its start; empty where none was made.
    """

    slot: int
    import_price: float
    export_price: float
    load_kw: float
    pv_kw: float
    expected_load_kw: float | None
    expected_pv_kw: float | None
    battery_kw: float
    grid_kw: float
    soc_kwh: float
    cost: float
    does: str
    why: str


@dataclass(frozen=True)
class DayReplay:
    """A local day under one policy.

    Attributes:
        chosen: why this day, in words.
    """

    day: dt.date
    policy: str
    quarters: tuple[Quarter, ...]
    chosen: str = ""


def replayed_day(
    scenario: Scenario, outcome: PolicyOutcome, day: dt.date, chosen: str = ""
) -> DayReplay | None:
    """A day of a policy's replay; None where it was not replayed."""
    days, row = days_of(scenario.history.slots, scenario.tz)
    if day not in days:
        return None
    numbers = np.flatnonzero(row == days.index(day)).tolist()
    load_kwh = lived_load_kwh(scenario, outcome.flows)
    does = _does(scenario, load_kwh, outcome, slice(numbers[0], numbers[-1] + 1))
    information = HonestInformation(scenario) if outcome.name == MPC else None
    quarters = []
    for number, word in zip(numbers, does, strict=True):
        outlook = None if information is None else information.outlook(number)
        quarters.append(_quarter(scenario, float(load_kwh[number]), outcome, number, outlook, word))
    return DayReplay(day, outcome.name, tuple(quarters), chosen)


def _quarter(
    scenario: Scenario,
    load_kwh: float,
    outcome: PolicyOutcome,
    number: int,
    outlook: Outlook | None,
    does: str,
) -> Quarter:
    history, flows = scenario.history, outcome.flows
    in_kw = 1 / SLOT_HOURS
    return Quarter(
        slot=int(history.slots[number]),
        import_price=float(history.import_price[number]),
        export_price=float(history.export_price[number]),
        load_kw=load_kwh * in_kw,
        pv_kw=float(history.pv_kwh[number]) * in_kw,
        expected_load_kw=None if outlook is None else float(outlook.load_kwh[0]) * in_kw,
        expected_pv_kw=None if outlook is None else float(outlook.pv_kwh[0]) * in_kw,
        battery_kw=float(flows.charge_kwh[number] - flows.discharge_kwh[number]) * in_kw,
        grid_kw=float(flows.import_kwh[number] - flows.export_kwh[number]) * in_kw,
        soc_kwh=float(flows.soc_kwh[number + 1]),
        cost=float(outcome.cost_per_slot[number]),
        does=does,
        why=""
        if outlook is None
        else _why(scenario, outlook, int(history.slots[number]), float(flows.soc_kwh[number])),
    )


def _does(scenario: Scenario, load_kwh: Series, outcome: PolicyOutcome, slots: slice) -> list[str]:
    history, flows = scenario.history, outcome.flows
    problem = scenario.problem(
        load_kwh[slots],
        history.pv_kwh[slots],
        (history.import_price[slots], history.export_price[slots]),
        float(flows.soc_kwh[slots.start]),
        NOTHING,
        SLOT_HOURS,
    )
    lived = Plan(
        charge_kwh=flows.charge_kwh[slots],
        discharge_kwh=flows.discharge_kwh[slots],
        import_kwh=flows.import_kwh[slots],
        export_kwh=flows.export_kwh[slots],
        curtail_kwh=flows.curtail_kwh[slots],
        breach_kwh=flows.breach_kwh[slots],
        soc_kwh=flows.soc_kwh[slots.start : slots.stop + 1],
        cost=0.0,
        gap=0.0,
        ms=0.0,
        engine="",
    )
    return [ENGLISH.say(ACTIONS[action]) for action in actions_of(problem, lived)]


def _why(scenario: Scenario, outlook: Outlook, now: int, soc_kwh: float) -> str:
    storage = scenario.storage
    problem = scenario.problem(
        outlook.load_kwh,
        outlook.pv_kwh,
        (outlook.import_price, outlook.export_price),
        min(max(soc_kwh, storage.soc_min_kwh), storage.soc_max_kwh),
        NOTHING,
        SLOT_HOURS,
    )
    engine = FastEngine()
    explanation = explain(problem, engine.solve(problem), engine)
    slots = slot_range(now, now + len(problem) * SLOT_SECONDS)
    teller = Teller(problem, explanation, _Spans(slots, scenario.tz))
    return teller.sentence(explanation.reasons[0])


@dataclass(frozen=True)
class _Spans:
    """Tells slots of a plan by the local clock, with the weekday where it is not the plan's first day."""

    slots: Slots
    tz: ZoneInfo

    def __call__(self, first: int, end: int) -> str:
        start, until = self._local(first), self._local(end)
        weekday = "" if start.date() == self._local(0).date() else f"{ENGLISH.weekdays[start.weekday()]} "
        return f"{weekday}{start:%H:%M}–{until:%H:%M}"

    def _local(self, number: int) -> dt.datetime:
        return dt.datetime.fromtimestamp(int(self.slots[0]) + number * SLOT_SECONDS, self.tz)
