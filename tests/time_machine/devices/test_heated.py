"""Battery and heater planned together: no energy is made or lost, nobody gains by cold water, nothing is foreseen."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest

from darkstar.domain.devices import ClockWindow
from darkstar.domain.slots import QUARTERS_OF_DAY
from darkstar.planner.loads.model import Mask
from darkstar.time_machine.devices.heated import HotWater, by_hour
from darkstar.time_machine.devices.heater import Asked, asked_of
from darkstar.time_machine.outcome import MPC, MPC_HEATER, NONE, ORACLE, ORACLE_HEATER, RULE, PolicyOutcome
from darkstar.time_machine.past.heater import HeaterPast
from darkstar.time_machine.replay import make, replay
from tests.time_machine.devices.cases import HEATER, heated

SIX = 24
GIVEN = heated(days=4)


@pytest.fixture(scope="module")
def outcomes() -> dict[str, PolicyOutcome]:
    return {name: replay(GIVEN, name) for name in (NONE, RULE, MPC, ORACLE, MPC_HEATER, ORACLE_HEATER)}


def water(asked_kwh: list[float], due: tuple[int, ...]) -> HotWater:
    """Planned throughout, at most half a kWh a slot."""
    n = len(asked_kwh)
    asked = np.array(asked_kwh)
    true, nothing = np.ones(n, dtype=np.bool_), np.zeros(n)
    return HotWater(
        Asked(asked, asked, true, np.isin(np.arange(n), due), nothing, ~true, nothing),
        HeaterPast(HEATER, asked),
    )


def on(*slots: int) -> Mask:
    return np.array(slots, dtype=np.bool_)


def test_water_is_never_hotter_than_hot_and_late_heat_is_made_up() -> None:
    tank = water([0.2, 0.0, 0.4, 0.6, 0.0, 0.3], due=(4, 5))
    assert tank.heat(0, on(1, 1)).tolist() == [0.2, 0.0]
    assert tank.heat(2, on(0, 1, 1)) == pytest.approx([0.0, 0.6, 0.4])
    assert tank.heat(5, on(0)).tolist() == [0.0]
    assert tank.unserved_kwh.tolist() == [0, 0, 0, 0, 0, 0.3]


def test_what_is_unserved_does_not_wait_any_longer() -> None:
    tank = water([0.5, 0.0, 0.0, 0.1], due=(1, 3))
    tank.heat(0, on(0, 0, 1, 1))
    assert tank.drawn_kwh.tolist() == [0, 0, 0, 0.1]
    assert tank.unserved_kwh.tolist() == [0, 0.5, 0, 0]


def test_hours_part_the_instants() -> None:
    slots = np.array([0, 900, 2700, 3600, 7200 + 900, 7200 + 1800])
    assert [(part.start, part.stop) for part in by_hour(slots)] == [(0, 3), (3, 4), (4, 6)]


@pytest.mark.slow
def test_each_period_has_the_heat_that_it_asked_for_or_is_told_what_it_lacks(
    outcomes: dict[str, PolicyOutcome],
) -> None:
    assert GIVEN.heater is not None
    asked = asked_of(GIVEN, GIVEN.heater)
    for name in (MPC_HEATER, ORACLE_HEATER):
        flows = outcomes[name].flows
        assert flows.heater_kwh is not None
        assert flows.unserved_kwh is not None
        had = flows.heater_kwh + flows.unserved_kwh
        for day in range(3):
            rows = slice(SIX + day * QUARTERS_OF_DAY, SIX + (day + 1) * QUARTERS_OF_DAY)
            assert had[rows].sum() == pytest.approx(asked.kwh[rows].sum(), abs=1e-6)
            late = np.cumsum(asked.kwh[rows]) - np.cumsum(flows.heater_kwh[rows])
            assert late.min() > -1e-6
        as_it_was = ~asked.planned
        np.testing.assert_allclose(flows.heater_kwh[as_it_was], asked.kwh[as_it_was], atol=1e-9)
        assert flows.heater_kwh.max() <= 0.5 + 1e-9
    assert outcomes[MPC].flows.heater_kwh is None


@pytest.mark.slow
def test_the_home_balances_with_what_the_heater_draws(outcomes: dict[str, PolicyOutcome]) -> None:
    assert GIVEN.heater is not None
    asked = asked_of(GIVEN, GIVEN.heater)
    for name in (MPC_HEATER, ORACLE_HEATER):
        flows, history = outcomes[name].flows, GIVEN.history
        assert flows.heater_kwh is not None
        load = history.load_kwh - asked.kwh + flows.heater_kwh
        used = load + flows.export_kwh + flows.charge_kwh + flows.curtail_kwh + flows.standby_kwh
        np.testing.assert_allclose(used, history.pv_kwh + flows.import_kwh + flows.discharge_kwh, atol=1e-6)


@pytest.mark.slow
def test_the_bill_is_made_of_the_flows_and_of_what_is_unserved(outcomes: dict[str, PolicyOutcome]) -> None:
    found = outcomes[MPC_HEATER]
    flows, history = found.flows, GIVEN.history
    paid = float((history.import_price * flows.import_kwh - history.export_price * flows.export_kwh).sum())
    wear = 0.01 * float(flows.charge_kwh.sum() + flows.discharge_kwh.sum())
    settled = 0.4 * float(flows.soc_kwh[-1] - flows.soc_kwh[0])
    assert flows.unserved_kwh is not None
    assert flows.breach_kwh.sum() == 0.0
    assert found.cost == pytest.approx(paid + wear - settled + found.bill.fees)
    assert (found.bill.fees > 0) == (flows.unserved_kwh.sum() > 0)


@pytest.mark.slow
def test_planning_the_heater_pays_and_nothing_is_cheaper_than_the_bound(
    outcomes: dict[str, PolicyOutcome],
) -> None:
    cost = {name: outcome.cost for name, outcome in outcomes.items()}
    assert cost[ORACLE_HEATER] < cost[MPC_HEATER] < cost[MPC]
    assert cost[ORACLE_HEATER] < cost[ORACLE]


@pytest.mark.slow
def test_a_cold_heater_is_no_gain() -> None:
    """A heater that may hardly run leaves its water cold, and that costs more than to heat it at any time."""
    assert GIVEN.heater is not None
    hardly = replace(GIVEN.heater, device=replace(HEATER, window=ClockWindow(dt.time(5), dt.time(5, 30))))
    cold, warm = (replay(replace(GIVEN, heater=one), MPC_HEATER) for one in (hardly, GIVEN.heater))
    assert cold.flows.unserved_kwh is not None
    missing = float(cold.flows.unserved_kwh.sum())
    assert missing > 1.0
    assert cold.bill.fees > missing * float(GIVEN.history.import_price.mean())
    assert cold.cost > warm.cost


@pytest.mark.slow
def test_the_others_do_not_know_that_there_is_a_heater() -> None:
    without = replace(GIVEN, heater=None)
    for name in (RULE, MPC):
        mine, theirs = replay(GIVEN, name), replay(without, name)
        assert mine.cost == theirs.cost
        assert mine.flows.soc_kwh.tobytes() == theirs.flows.soc_kwh.tobytes()


@pytest.mark.slow
def test_the_limits_of_its_runs_are_kept() -> None:
    """At least an hour on; the thermostat may cut out, the switch does not. The last half hour is left alone."""
    device = replace(HEATER, least_run_minutes=60.0, window=None)
    given = replace(GIVEN, heater=HeaterPast(device, GIVEN.heater.drawn_kwh)) if GIVEN.heater else GIVEN
    heats = make(given, MPC_HEATER).heats
    assert heats is not None
    edges = np.flatnonzero(np.diff(np.concatenate([[0], heats.astype(int), [0]])))
    runs = [(first, last) for first, last in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)]
    assert runs
    short = [first for first, last in runs if last - first < 4 and last != len(heats)]
    assert all(first % QUARTERS_OF_DAY == SIX - 2 for first in short)
