"""One plan of a replay, made again to be looked at."""

import datetime as dt

import numpy as np

from darkstar.domain.market import MARKET_TZ, PUBLISHED_AT, known_until
from darkstar.domain.slots import SLOT_HOURS, SLOT_SECONDS, slot_range, utc_offsets
from darkstar.planner.fast.engine import FastEngine
from darkstar.planner.problem import TerminalValue
from darkstar.time_machine.information import HonestInformation
from darkstar.time_machine.outcome import PolicyOutcome
from darkstar.time_machine.report.charts import DayPlan
from darkstar.time_machine.scenario import Scenario

LEAD = dt.timedelta(hours=1)
"""How long after the prices are published the plan is made."""


def sample_plan(scenario: Scenario, outcome: PolicyOutcome) -> DayPlan | None:
    """The plan that a policy made after the publication of the widest-spread prices of the range.

    It knows what the policy knew and starts with the energy that the policy had; None where no such plan was made.
    """
    history = scenario.history
    local = (history.slots + utc_offsets(history.slots, MARKET_TZ)).astype("datetime64[s]")
    hour = dt.datetime.combine(dt.date.min, PUBLISHED_AT) + LEAD
    minutes = (local - local.astype("datetime64[D]")).astype("timedelta64[m]").astype(np.int64)
    steps = np.flatnonzero(minutes == hour.hour * 60 + hour.minute).tolist()
    spreads = {step: _spread(scenario, step) for step in steps}
    spreads = {step: spread for step, spread in spreads.items() if np.isfinite(spread)}
    if not spreads:
        return None
    step = max(spreads, key=lambda candidate: spreads[candidate])
    outlook = HonestInformation(scenario).outlook(step)
    if outlook is None:
        return None
    problem = scenario.problem(
        outlook.load_kwh,
        outlook.pv_kwh,
        (outlook.import_price, outlook.export_price),
        float(outcome.flows.soc_kwh[step]),
        TerminalValue(np.zeros(0), np.zeros(0)),
        SLOT_HOURS,
    )
    now = int(history.slots[step])
    slots = slot_range(now, now + len(problem) * SLOT_SECONDS)
    shown = int(np.searchsorted(slots, scenario.known.prices_known_until(now)))
    why = "Of the days replayed, the one whose prices were furthest apart, an hour after they were published."
    return DayPlan(slots, problem, FastEngine().solve(problem), shown, why)


def _spread(scenario: Scenario, step: int) -> float:
    """How far apart the published import prices are from a step on; NaN where some are not known."""
    known, now = scenario.known, int(scenario.history.slots[step])
    until = known_until(now)
    prices = known.import_price[(known.slots >= now) & (known.slots < until)]
    return float(np.ptp(prices)) if len(prices) == (until - now) // SLOT_SECONDS else float("nan")
