"""The days of a replay add up to its bill."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest

from darkstar.domain.slots import day_slots
from darkstar.time_machine.calendar import calendar, costs_by_day, days_of
from darkstar.time_machine.outcome import MPC, NONE, RULE
from darkstar.time_machine.replay import replay
from darkstar.time_machine.side_by_side import compare
from tests.time_machine.cases import TZ, flat, scenario


def test_days_are_the_clocks_own() -> None:
    slots = np.concatenate([day_slots(dt.date(2021, 3, 28), TZ), day_slots(dt.date(2021, 10, 31), TZ)])
    days, row = days_of(slots, TZ)
    assert days == (dt.date(2021, 3, 28), dt.date(2021, 10, 31))
    assert np.bincount(row).tolist() == [92, 100]


def test_what_is_left_in_the_battery_counts_on_the_day_that_stored_it() -> None:
    # One surplus of 2 kWh: 0.75 kWh of it fit into the battery (3 kW), 0.7125 are stored.
    given = replace(flat([0.0], [2.0], [1.0], [0.5], soc_kwh=1.0), settlement_per_kwh=2.0)
    outcome = replay(given, RULE)
    found = costs_by_day(given.history, outcome, 2.0, TZ)
    assert found.days == (dt.date(2021, 3, 1),)
    assert found.cost.tolist() == pytest.approx([0.75 * 0.01 - 1.25 * 0.5 - 2.0 * 0.7125])
    assert found.of_no_day == pytest.approx(0.0, abs=1e-12)


def test_days_and_what_belongs_to_none_are_the_bill() -> None:
    compared = compare(scenario(days=3), (NONE, RULE, MPC), (0, 1))
    dearer = {
        name: replace(outcome, bill=replace(outcome.bill, fees=outcome.bill.fees + 7.0))
        for name, outcome in compared.outcomes.items()
    }
    for name, found in calendar(replace(compared, outcomes=dearer), TZ).items():
        assert found.of_no_day == pytest.approx(7.0)
        assert found.total == pytest.approx(dearer[name].cost, abs=1e-9)
        assert len(found.cost) == 3
