"""What the home's own inverter did, on the same bill as the policies."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest

from darkstar.domain.channels import Channel
from darkstar.ledger.resolved import DayQuality, DayStatus
from darkstar.store.slot_table import SlotTable
from darkstar.time_machine.actual import (
    Measured,
    actual_flows,
    lacking,
    measured,
    replay_actual,
    residual_kwh,
    stand_beside,
    without_days,
)
from darkstar.time_machine.calendar import costs_by_day
from darkstar.time_machine.outcome import RULE
from darkstar.time_machine.replay import replay
from darkstar.time_machine.scenario import Scenario
from tests.time_machine.cases import TZ, flat, scenario

DAY = dt.date(2021, 3, 9)


def table_of(given: Scenario) -> SlotTable:
    """A ledger whose inverter did what self-consumption does."""
    known, flows = given.known, replay(given, RULE).flows
    unknown = np.full(len(known), np.nan)

    def laid(series: np.ndarray) -> np.ndarray:
        whole = unknown.copy()
        whole[given.replayed] = series
        return whole

    energy = {
        Channel.LOAD: known.load_kwh,
        Channel.PV: known.pv_kwh,
        Channel.IMPORT: laid(flows.import_kwh),
        Channel.EXPORT: laid(flows.export_kwh),
        Channel.BATT_CHARGE: laid(flows.charge_kwh),
        Channel.BATT_DISCHARGE: laid(flows.discharge_kwh),
        Channel.WATER: unknown,
    }
    percent = flows.soc_kwh / 5.0 * 100
    return SlotTable(
        known.slots,
        energy,
        laid(percent[:-1]),
        laid(percent[1:]),
        known.import_price,
        known.export_price,
        np.zeros(len(known), dtype=np.int64),
    )


def read(given: Scenario, table: SlotTable, *labels: DayQuality) -> Measured:
    found = measured(table, labels, TZ, (), 5.0)
    assert found is not None
    return found


def test_an_inverter_that_follows_the_rule_costs_what_the_rule_costs() -> None:
    given = scenario(days=2)
    found = replay_actual(read(given, table_of(given)), given)
    rule = replay(given, RULE)
    assert found.bill.energy_cost == pytest.approx(rule.bill.energy_cost)
    assert found.bill.wear == pytest.approx(rule.bill.wear)
    assert found.cost == pytest.approx(rule.cost)
    by_day = costs_by_day(given.history, found, given.settlement_per_kwh, TZ)
    assert by_day.cost == pytest.approx(costs_by_day(given.history, rule, given.settlement_per_kwh, TZ).cost)
    assert residual_kwh(found.flows, given) == pytest.approx(0.0, abs=1e-9)


def test_without_a_state_of_charge_the_flows_tell_what_is_stored() -> None:
    given = scenario(days=1)
    table = table_of(given)
    unknown = np.full(len(table), np.nan)
    blind = replace(table, soc_start_percent=unknown, soc_end_percent=unknown)
    assert actual_flows(read(given, blind), given).soc_kwh == pytest.approx(replay(given, RULE).flows.soc_kwh)


def test_by_hand() -> None:
    # Bought 1 and sold 0.2 in one quarter, charged 0.5; the meters account for 0.3 + 0.5 - 0.1 = 0.7 of the 0.8.
    given = replace(flat([0.3], [0.1], [2.0], [0.5], soc_kwh=1.0), settlement_per_kwh=1.0)
    energy = dict(zip((Channel.IMPORT, Channel.EXPORT), (np.array([1.0]), np.array([0.2])), strict=True))
    energy |= {Channel.BATT_CHARGE: np.array([0.5]), Channel.BATT_DISCHARGE: np.array([0.0])}
    found = Measured(5.0, energy, np.array([40.0]), np.array([48.0]))
    outcome = replay_actual(found, given)
    assert outcome.bill.settlement == pytest.approx(0.4)
    assert outcome.cost == pytest.approx(1.0 * 2.0 - 0.2 * 0.5 + 0.5 * 0.01 - 0.4)
    assert residual_kwh(outcome.flows, given) == pytest.approx(0.1)


def test_days_without_sound_flows_are_left_out_and_named() -> None:
    given = scenario(days=2)
    masked = DayQuality(DAY, DayStatus.MASK_BATTERY, ("batt charge unknown for 3 h",))
    found = read(given, table_of(given), masked)
    reasons = lacking(found, given)
    assert list(reasons) == [DAY]
    assert "batt charge not measured soundly in 96 slots" in reasons[DAY]
    rest = without_days(given, reasons)
    assert len(rest.history) == 96
    assert [day for day, _ in rest.history.omitted] == [DAY]
    assert not lacking(found, rest)
    assert np.isfinite(replay_actual(found, rest).cost)


def test_where_first_days_are_left_out_all_start_as_the_home_was_after_them() -> None:
    given = scenario(days=2)
    masked = DayQuality(DAY, DayStatus.MASK_BATTERY, ("batt charge unknown for 3 h",))
    found, told = read(given, table_of(given), masked), []

    def begun(rest: Scenario) -> Scenario:
        told.append(int(rest.history.slots[0]))
        return replace(rest, soc_start_kwh=3.25)

    beside = stand_beside(found, given, asked=True, begun=begun)
    assert told == [int(given.history.slots[96])]
    assert beside.scenario.soc_start_kwh == 3.25
    assert beside.outcome is not None
    assert beside.outcome.soc_start_kwh == 3.25


def test_a_stuck_state_of_charge_is_not_believed_but_its_flows_are() -> None:
    given = scenario(days=1)
    stuck = DayQuality(DAY, DayStatus.MASK_BATTERY, ("soc stands still for 8 h",))
    table = table_of(given)
    table = replace(table, soc_end_percent=np.full(len(table), 40.0))
    found = read(given, table, stuck)
    assert not lacking(found, given)
    assert actual_flows(found, given).soc_kwh == pytest.approx(replay(given, RULE).flows.soc_kwh)


def test_stored_energy_counts_within_unbroken_stretches_only() -> None:
    given = scenario(days=3)
    table = table_of(given)
    # On the day that is left out the battery gains 30 %, which nobody sees.
    later = 30.0 * (np.arange(len(table)) >= len(table) - 96)
    table = replace(
        table,
        soc_start_percent=table.soc_start_percent + later,
        soc_end_percent=table.soc_end_percent + later,
    )
    rest = without_days(given, {dt.date(2021, 3, 10): "a hole"})
    flows = actual_flows(read(rest, table), rest)
    rule = replay(given, RULE).flows.soc_kwh
    gained = (rule[96] - rule[0]) + (rule[288] - rule[192])
    assert flows.soc_kwh[-1] - flows.soc_kwh[0] == pytest.approx(gained)


def test_a_battery_that_nothing_measures_has_no_actual() -> None:
    given = scenario(days=1)
    table = table_of(given)
    unknown = np.full(len(table), np.nan)
    energy = {**table.energy_kwh, Channel.BATT_CHARGE: unknown, Channel.BATT_DISCHARGE: unknown}
    assert measured(replace(table, energy_kwh=energy), (), TZ, (), 5.0) is None
