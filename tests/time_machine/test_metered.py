"""Power tariffs in a replay: each policy pays for its own draws, after what the month had drawn before."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest

from darkstar.domain.power_tariff import MonthSoFar, Peak, PowerTariff, PowerWindow, Tier, power_cost
from darkstar.domain.slots import day_bounds, slot_range
from darkstar.planner.full.site import MeteredTariff
from darkstar.time_machine.metered import power_bill, so_far
from darkstar.time_machine.outcome import NONE, ORACLE, RULE
from darkstar.time_machine.replay import replay
from tests.time_machine.cases import TZ, flat, scenario

TARIFF = PowerTariff(peaks=2, per_kw=30)
FEBRUARY = slot_range(*(day_bounds(dt.date(2021, 2, day), TZ)[0] for day in (1, 4)))


def test_the_month_before_a_slot() -> None:
    """Half past seven on the third: 6 kW on the first, 2 kW on the second, 1.5 kWh since seven."""
    kwh = np.zeros(len(FEBRUARY))
    kwh[20:24], kwh[96 + 40 : 96 + 44], kwh[192 + 28 : 192 + 30] = 1.5, 0.5, 0.75
    now = 192 + 30
    kwh[now:] = 50.0
    found = so_far(TARIFF, FEBRUARY[: now + 1], kwh[: now + 1], TZ)
    assert found == MonthSoFar((Peak(dt.date(2021, 2, 1), 6.0), Peak(dt.date(2021, 2, 2), 2.0)), 1.5)
    # The running hour is no peak of its own yet: it would count beside itself.
    any_day = so_far(replace(TARIFF, peaks=3, different_days=False), FEBRUARY[: now + 1], kwh[: now + 1], TZ)
    assert [peak.kw for peak in any_day.peaks] == [6.0, 2.0]
    quarters = so_far(replace(TARIFF, hourly=False), FEBRUARY[: now + 1], kwh[: now + 1], TZ)
    assert [peak.kw for peak in quarters.peaks] == [6.0, 3.0]
    assert quarters.running_kwh == 0.0


def test_a_month_that_begins_has_nothing_behind_it() -> None:
    assert so_far(TARIFF, FEBRUARY[:1], np.array([9.0]), TZ) == MonthSoFar()


def test_a_replay_is_billed_by_its_own_flows() -> None:
    past = MonthSoFar((Peak(dt.date(2021, 3, 2), 1.4),))
    tiers = PowerTariff(
        tiers=(Tier(1, 20), Tier(2, 50), Tier(9, 90)), windows=(PowerWindow(hours=frozenset({18})),)
    )
    tariffs = (MeteredTariff(TARIFF, past), MeteredTariff(tiers))
    given = replace(scenario(), power_tariffs=tariffs)
    slots = given.history.slots
    for name in (NONE, RULE, ORACLE):
        outcome = replay(given, name)
        fee = power_cost([TARIFF, tiers], slots, outcome.flows.import_kwh, TZ, [past, MonthSoFar()])
        assert outcome.bill.power_fee == pytest.approx(fee)
        assert fee > 50
        assert outcome.bill.fees == pytest.approx(fee)
        assert outcome.cost == pytest.approx(outcome.cost_per_slot.sum() - outcome.bill.settlement)
        assert sum(month.fee for month in outcome.power_months) == pytest.approx(fee)
    without = replay(scenario(), NONE)
    assert without.bill.power_fee == 0.0
    assert without.power_months == ()
    assert replay(given, NONE).cost == pytest.approx(without.cost + replay(given, NONE).bill.power_fee)


def test_by_hand() -> None:
    """An hour of 3 kW and one of 5 on one day: 5 / 2 * 30, booked where each was reached."""
    given = flat([0.75] * 4 + [1.25] * 4, [0.0] * 8, [1.0] * 8, [0.0] * 8, 0.5)
    outcome = replay(replace(given, power_tariffs=(MeteredTariff(TARIFF),)), NONE)
    assert outcome.bill.power_fee == pytest.approx(75)
    assert outcome.cost_per_slot[3] == pytest.approx(0.75 + 45)
    assert outcome.cost_per_slot[7] == pytest.approx(1.25 + 30)


def test_nothing_metered_costs_nothing() -> None:
    by_slot, months = power_bill((), FEBRUARY, np.ones(len(FEBRUARY)), TZ)
    assert by_slot.sum() == 0.0
    assert months == ()
