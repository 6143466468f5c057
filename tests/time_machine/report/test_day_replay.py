"""A day of a replay, quarter by quarter, with the reasons of its plans."""

import datetime as dt

import numpy as np
import pytest

from darkstar.time_machine.information import HonestInformation
from darkstar.time_machine.outcome import MPC, MPC_HEATER, ORACLE_HEATER, RULE, PolicyOutcome
from darkstar.time_machine.replay import replay
from darkstar.time_machine.report.charts_days import lived_day
from darkstar.time_machine.report.day_replay import DayReplay, replayed_day
from darkstar.time_machine.scenario import Scenario
from tests.time_machine.cases import TZ, scenario
from tests.time_machine.devices.cases import heated

pytestmark = pytest.mark.slow

DAY = dt.date(2021, 3, 10)


@pytest.fixture(scope="module")
def lived() -> tuple[Scenario, PolicyOutcome, DayReplay]:
    given = scenario(days=2)
    outcome = replay(given, MPC)
    found = replayed_day(given, outcome, DAY)
    assert found is not None
    return given, outcome, found


def test_it_is_what_was_lived(lived: tuple[Scenario, PolicyOutcome, DayReplay]) -> None:
    given, outcome, found = lived
    assert len(found.quarters) == 96
    assert [quarter.soc_kwh for quarter in found.quarters] == outcome.flows.soc_kwh[97:].tolist()
    assert sum(quarter.cost for quarter in found.quarters) == pytest.approx(outcome.cost_per_slot[96:].sum())
    for quarter in found.quarters:
        balance = quarter.load_kw - quarter.pv_kw + quarter.battery_kw - quarter.grid_kw
        assert balance == pytest.approx(0.0, abs=1e-9)
        assert (quarter.does == "rest") == (abs(quarter.battery_kw) < 1e-5)
    outlook = HonestInformation(given).outlook(96)
    assert outlook is not None
    assert found.quarters[0].expected_load_kw == pytest.approx(outlook.load_kwh[0] * 4)


def test_every_plan_has_its_reason(lived: tuple[Scenario, PolicyOutcome, DayReplay]) -> None:
    found = lived[2]
    assert all(quarter.why.endswith(".") for quarter in found.quarters)
    assert any(":" in quarter.why and "kWh at" in quarter.why for quarter in found.quarters)


def test_what_makes_no_plans_has_no_reasons() -> None:
    given = scenario(days=1)
    found = replayed_day(given, replay(given, RULE), dt.date(2021, 3, 9))
    assert found is not None
    assert {quarter.why for quarter in found.quarters} == {""}
    assert found.quarters[0].expected_pv_kw is None
    assert "Load expected" not in [trace.name for trace in lived_day(found, TZ, "SEK").data]


@pytest.mark.parametrize("policy", [MPC_HEATER, ORACLE_HEATER])
def test_where_the_heater_is_planned_the_load_is_with_what_it_drew(policy: str) -> None:
    given = heated(days=2)
    outcome = replay(given, policy)
    found = replayed_day(given, outcome, DAY - dt.timedelta(days=1))
    assert found is not None
    assert outcome.flows.heater_kwh is not None
    assert [q.load_kw * 0.25 for q in found.quarters] != pytest.approx(given.history.load_kwh[:96].tolist())
    for quarter in found.quarters:
        balance = quarter.load_kw - quarter.pv_kw + quarter.battery_kw - quarter.grid_kw
        assert balance == pytest.approx(0.0, abs=1e-9)


def test_a_day_that_was_not_replayed() -> None:
    given = scenario(days=1)
    assert replayed_day(given, replay(given, RULE), dt.date(2021, 3, 1)) is None


def test_the_chart_shows_the_quarters(lived: tuple[Scenario, PolicyOutcome, DayReplay]) -> None:
    found = lived[2]
    traces = {trace.name: np.asarray(trace.y, dtype=float) for trace in lived_day(found, TZ, "SEK").data}
    power = traces["Charge"] + traces["Discharge"]
    assert power == pytest.approx([quarter.battery_kw for quarter in found.quarters], abs=1e-3)
    assert traces["Stored"] == pytest.approx([quarter.soc_kwh for quarter in found.quarters], abs=1e-3)
