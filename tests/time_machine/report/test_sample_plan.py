"""The plan that is shown is one that the policy could have made."""

import datetime as dt
from dataclasses import replace
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from darkstar.domain.market import known_until
from darkstar.domain.slots import DAY_SECONDS, local_date, quarters_of_day, slot_range
from darkstar.planner.problem import GridModel, StorageModel
from darkstar.time_machine.past.history import History
from darkstar.time_machine.replay import replay
from darkstar.time_machine.report.sample_plan import sample_plan
from darkstar.time_machine.scenario import Scenario

TZ = ZoneInfo("Europe/Stockholm")
START = int(dt.datetime(2026, 1, 5, tzinfo=TZ).timestamp())
DAYS, REPLAYED = 14, 4
DEAREST = 12
"""The day, counted from the start, that has a price far above the others."""


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    slots = slot_range(START, START + DAYS * DAY_SECONDS)
    quarter = quarters_of_day(slots, TZ)
    price = (
        1.0
        + (quarter >= 68)
        + np.where((slots - START) // DAY_SECONDS == DEAREST, 5.0 * (quarter >= 72), 0.0)
    )
    history = History(slots, np.full(len(slots), 0.3), np.zeros(len(slots)), price, price / 2)
    replayed = slots >= START + (DAYS - REPLAYED) * DAY_SECONDS
    storage, grid = StorageModel(1.0, 10.0, 5.0, 5.0, 0.95, 0.95), GridModel(11.0, 11.0)
    return Scenario(history, replayed, TZ, storage, grid, 5.0, 0.5)


def test_it_is_made_once_the_dearest_prices_are_public(scenario: Scenario) -> None:
    shown = sample_plan(scenario, replay(scenario, "rule"))
    assert shown is not None
    made = dt.datetime.fromtimestamp(int(shown.slots[0]), TZ)
    assert made.date() == local_date(START, TZ) + dt.timedelta(days=DEAREST - 1)
    assert (made.hour, made.minute) == (14, 0)
    assert int(shown.slots[shown.shown]) == known_until(int(shown.slots[0]))
    assert shown.problem.import_price[: shown.shown].max() == 7.0
    assert len(shown.slots) == len(shown.problem) == len(shown.plan.charge_kwh)


def test_it_starts_with_the_energy_that_the_policy_had(scenario: Scenario) -> None:
    outcome = replay(scenario, "rule")
    shown = sample_plan(scenario, outcome)
    assert shown is not None
    step = int(np.searchsorted(scenario.history.slots, shown.slots[0]))
    assert shown.plan.soc_kwh[0] == shown.problem.soc_start_kwh == pytest.approx(outcome.flows.soc_kwh[step])


def test_without_a_past_there_is_no_plan(scenario: Scenario) -> None:
    first_day = scenario.known.take(scenario.known.slots < START + DAY_SECONDS)
    young = replace(scenario, known=first_day, replayed=np.ones(len(first_day), np.bool_))
    assert sample_plan(young, replay(young, "rule")) is None
