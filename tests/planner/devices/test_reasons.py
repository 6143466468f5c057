"""Blocks of devices: their prices by hand, their deadlines, their sentences."""

from dataclasses import replace

import numpy as np
import pytest

from darkstar.domain.devices import Devices
from darkstar.domain.slots import SLOT_HOURS, SLOT_SECONDS, slot_range
from darkstar.planner.devices.account import account
from darkstar.planner.devices.at_once import at_once
from darkstar.planner.devices.household import NO_STORAGE, Household, HouseholdPlan, with_devices
from darkstar.planner.devices.reasons import DeviceBlock, device_blocks
from darkstar.planner.devices.run import DeviceRun, Lack, Missing
from darkstar.planner.devices.sentences import DeviceTeller
from darkstar.planner.devices.wish import CarState, DeviceKind, DeviceStates, Due, Wish
from darkstar.planner.devices.wishes import wishes
from darkstar.planner.loads.model import Level, Need, OnOffLoad
from darkstar.planner.problem import GridModel, Problem, TerminalValue
from tests.planner.devices.cases import CAR, HEATER, START, SWITCHED, TZ, ahead, flat


def _run(energy: list[float], dues: tuple[Due, ...] = ()) -> DeviceRun:
    available = np.ones(len(energy), dtype=np.bool_)
    load = OnOffLoad("water heater", (Level(4.0),))
    wish = Wish("water heater", DeviceKind.WATER_HEATER, load, dues, 1.0, available)
    return DeviceRun(wish, np.array(energy))


def _plan(run: DeviceRun, buy: list[float], sell: list[float], pv: list[float]) -> HouseholdPlan:
    n = len(buy)
    rest = Problem(
        SLOT_HOURS,
        np.zeros(n),
        np.array(pv),
        np.array(buy),
        np.array(sell),
        0.0,
        NO_STORAGE,
        GridModel(20.0, 20.0),
        TerminalValue(np.zeros(0), np.zeros(0)),
    )
    home = Household(slot_range(START, START + n * SLOT_SECONDS), TZ, rest, (), (run.wish,))
    return account(home, (run,), [], with_devices(rest, [run]), bound=0.0, engine="test")


def test_a_block_costs_what_is_bought_and_what_is_not_sold() -> None:
    """One kWh bought at 2, one of sun that would have sold at 0.5, one that is half and half."""
    due = Due(0, 4, START + 3600)
    run = _run([1.0, 1.0, 1.0, 0.0], (due,))
    [block] = device_blocks(_plan(run, [2.0] * 4, [0.5] * 4, [0.0, 1.0, 0.5, 0.0]), run)
    assert (block.first, block.end, block.kwh, block.due) == (0, 3, 3.0, due)
    assert block.price == pytest.approx((2 + 0.5 + 1.25) / 3)
    assert block.usual == 2.0


def test_long_pauses_and_deadlines_part_blocks() -> None:
    dues = (Due(0, 4, START + 3600), Due(4, 12, START + 3 * 3600))
    run = _run([1, 0, 0, 1, 1, 1, 0, 0, 0, 1, 0, 0], dues)
    blocks = device_blocks(_plan(run, [1.0] * 12, [0.0] * 12, [0.0] * 12), run)
    assert [(block.first, block.end) for block in blocks] == [(0, 4), (4, 6), (9, 10)]
    assert [block.due for block in blocks] == [dues[0], dues[1], dues[1]]


def test_the_usual_price_is_that_of_when_it_may_run() -> None:
    run = _run([0, 1, 0, 0], (Due(0, 4, START + 3600),))
    run = replace(run, wish=replace(run.wish, available=np.array([False, True, True, False])))
    [block] = device_blocks(_plan(run, [9.0, 1.0, 3.0, 9.0], [0.0] * 4, [0.0] * 4), run)
    assert block.usual == 2.0


def test_sentences() -> None:
    teller = DeviceTeller(TZ, ahead())
    [heater, car], _ = wishes(
        Devices(HEATER, (CAR,)), DeviceStates(heated_kwh=0.0, cars={"car": CarState(50)}), ahead(), TZ, flat()
    )
    due = heater.dues[0]
    block = DeviceBlock(45, 51, 3.04, 0.431, due, 0.98)
    assert (
        teller.sentence(heater, block)
        == "Heats 3.0 kWh at 0.43: due by Wed 06:00, the price until then is 0.98 on average."
    )
    told = teller.sentence(car, replace(block, due=car.dues[0], usual=0.431))
    assert told == "Charges 3.0 kWh at 0.43: 80 % by Wed 07:00."
    assert teller.sentence(heater, replace(block, due=None, usual=0.431)) == "Heats 3.0 kWh at 0.43."
    lacking = DeviceRun(heater, np.zeros(4), (Missing(due, 1.5), Missing(None, 2.25, Lack.PAUSE)))
    assert teller.missing(lacking) == [
        "The water heater gets 1.5 kWh less than it should have by Wed 06:00.",
        "The water heater pauses 2.25 h longer than it should.",
    ]


def test_at_once_is_as_soon_as_it_may() -> None:
    states = DeviceStates(heated_kwh=4.5, cars={"car": CarState(50)})
    [heater, car], _ = wishes(Devices(HEATER, (CAR,)), states, ahead(), TZ, flat())
    heated = at_once(heater, SLOT_HOURS)
    # Two of eight slots are left of this period; eight more are due in the next one.
    assert np.flatnonzero(heated).tolist() == [0, 1, *range(64, 72)]
    charged = at_once(car, SLOT_HOURS)
    # 18 kWh into it from 17:00 on, at 11.04 kW and 90 %.
    assert charged.sum() == pytest.approx(20.0)
    assert np.flatnonzero(charged).tolist() == list(range(12, 20))


def test_at_once_of_a_car_of_one_power_and_of_a_programme() -> None:
    [car], _ = wishes(
        Devices(cars=(SWITCHED,)), DeviceStates(cars={"car": CarState(75)}), ahead(), TZ, flat()
    )
    assert np.flatnonzero(at_once(car, SLOT_HOURS)).tolist() == [12, 13, 14, 15]
    washer = OnOffLoad("washer", profile_kw=(2.0, 1.0), needs=(Need("0", 0, 68, 2),))
    available = np.array([False, True, False, True, True, True] + [False] * 200)[: len(ahead())]
    wish = replace(car, plan=washer, available=available)
    assert np.flatnonzero(at_once(wish, SLOT_HOURS)).tolist() == [3, 4]
