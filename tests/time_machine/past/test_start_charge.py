"""Where the battery starts: measured, first measured that day, or as empty as it may be; never in the middle."""

import datetime as dt

import numpy as np
import pytest

from darkstar.domain.channels import Channel
from darkstar.domain.home import Battery
from darkstar.domain.slots import day_bounds, slot_range
from darkstar.ledger.resolved import DayQuality, DayStatus
from darkstar.store.slot_table import SlotTable
from darkstar.time_machine.past.start_charge import Origin, StartCharge, start_charge
from tests.time_machine.cases import TZ

DAY = dt.date(2021, 3, 2)
START = day_bounds(DAY, TZ)[0]
BATTERY = Battery(10.0, soc_min_percent=10.0, soc_max_percent=90.0)
STUCK = DayQuality(
    DAY, DayStatus.MASK_BATTERY, ("soc stands still while 48 % of the capacity goes through the battery",)
)


def found(percents: dict[int, float], *labels: DayQuality) -> StartCharge:
    """With these states of charge, by the number of the slot after midnight."""
    slots = slot_range(START - 96 * 900, START + 2 * 96 * 900)
    percent = np.full(len(slots), np.nan)
    for number, value in percents.items():
        percent[96 + number] = value
    nothing = np.full(len(slots), np.nan)
    table = SlotTable(
        slots,
        dict.fromkeys(Channel, nothing),
        percent,
        nothing,
        nothing,
        nothing,
        np.zeros(len(slots), np.int64),
    )
    return start_charge(table, labels, TZ, START, BATTERY)


def test_as_it_was_measured() -> None:
    start = found({-1: 70.0, 0: 42.0, 1: 80.0})
    assert start == StartCharge(42.0, Origin.MEASURED, START)
    assert start.sentence(TZ) == ""


@pytest.mark.parametrize("number", [1, 13, 95])
def test_where_it_was_first_measured_that_day(number: int) -> None:
    start = found({-1: 70.0, number: 42.0, number + 1: 80.0})
    assert start == StartCharge(42.0, Origin.FIRST_KNOWN, START + number * 900)
    assert "starts at 42 %" in start.sentence(TZ)
    assert "--soc-start-percent" in start.sentence(TZ)


@pytest.mark.parametrize("measured", [{}, {-1: 70.0}, {96: 60.0}])
def test_as_empty_as_it_may_be(measured: dict[int, float]) -> None:
    start = found(measured)
    assert start == StartCharge(10.0, Origin.LEAST, START)
    assert "10 %, the least that it holds" in start.sentence(TZ)
    assert "2021-03-02 00:00" in start.sentence(TZ)


def test_a_sensor_that_stood_still_is_not_believed() -> None:
    start = found({0: 42.0, 50: 42.0}, STUCK)
    assert start == StartCharge(10.0, Origin.LEAST, START, stuck=True)
    assert "stood still" in start.sentence(TZ)


def test_an_aged_battery_begins_with_what_it_still_holds() -> None:
    start = StartCharge(85.0, Origin.MEASURED, START)
    assert start.in_battery(85.0 - 1e-13) == start
    assert start.in_battery(72.0) == StartCharge(72.0, Origin.MEASURED, START, measured_percent=85.0)
    assert "starts at 72 %; measured were 85 %" in start.in_battery(72.0).sentence(TZ)
    assert StartCharge(85.0, Origin.TOLD, START).in_battery(72.0) == StartCharge(72.0, Origin.TOLD, START)
    beyond = StartCharge(90.0, Origin.MEASURED, START, measured_percent=98.0)
    assert beyond.in_battery(72.0).measured_percent == 98.0


@pytest.mark.parametrize(("measured", "held"), [(3.0, 10.0), (98.0, 90.0)])
def test_what_the_battery_cannot_hold_is_told(measured: float, held: float) -> None:
    start = found({0: measured})
    assert start == StartCharge(held, Origin.MEASURED, START, measured_percent=measured)
    assert f"measured were {measured:.0f} %" in start.sentence(TZ)
