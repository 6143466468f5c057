"""A hot-water tank in a home's plan: what it wants, by hand; what it gets; what is told of it."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest

from darkstar.domain.devices import ClockWindow, Devices, Disinfection, HotWaterTank
from darkstar.domain.slots import SLOT_SECONDS
from darkstar.planner.devices.at_once import at_once
from darkstar.planner.devices.engines import plan_household
from darkstar.planner.devices.household import NO_STORAGE, Household, HouseholdPlan
from darkstar.planner.devices.reasons import device_blocks
from darkstar.planner.devices.run import Lack
from darkstar.planner.devices.sentences import DeviceTeller
from darkstar.planner.devices.tank import left_worth, temperatures, thermostat
from darkstar.planner.devices.wish import DeviceStates, TankState, Wish
from darkstar.planner.devices.wishes import wishes
from darkstar.planner.full.site import Tank
from darkstar.planner.problem import GridModel, Problem, Series, TerminalValue
from darkstar.planner.why.texts import Text
from darkstar.planner.why.ways import Way, ways
from tests.planner.devices.cases import START, TZ, ahead, flat

EVENING = ClockWindow(dt.time(18), dt.time(22))
# 1 K is 0.2326 kWh; with 90 W at 45 K the loss is 2 W a degree.
TANK = HotWaterTank(3.0, 200.0, 4.0, (EVENING,), 45.0, 75.0, 90.0)
WEEKLY = replace(TANK, disinfection=Disinfection(7, 65.0))
WARM = TankState(60.0)


def _wish(tank: HotWaterTank, state: TankState, price: Series | None = None, hours: int = 48) -> Wish:
    price = flat(hours) if price is None else price
    [wish], _ = wishes(Devices(tank), DeviceStates(tank=state), ahead(hours), TZ, price)
    return wish


def _tank(wish: Wish) -> Tank:
    assert isinstance(wish.plan, Tank)
    return wish.plan


def _plan(wish: Wish, price: Series) -> HouseholdPlan:
    n = len(price)
    rest = Problem(
        0.25,
        np.full(n, 0.1),
        np.zeros(n),
        price,
        np.full(n, 0.1),
        0.0,
        NO_STORAGE,
        GridModel(11.0, 11.0),
        TerminalValue(np.zeros(0), np.zeros(0)),
    )
    return plan_household(Household(ahead(n // 4), TZ, rest, (), (wish,)))


def _dear_but(cheap: slice, hours: int = 24) -> Series:
    price = np.full(4 * hours, 2.0)
    price[cheap] = 1.0
    return price


def test_water_is_drawn_in_the_hours_of_use() -> None:
    """From 14:00 on: 18:00 is slot 16. Two windows share the day's heat by their length, 2.5 h and 15 minutes."""
    drawn = _tank(_wish(TANK, WARM)).draw_kwh
    assert drawn[:32].tolist() == [0.0] * 16 + [0.25] * 16
    assert drawn.sum() == pytest.approx(8.0)
    two = replace(
        TANK,
        hours_of_use=(ClockWindow(dt.time(6), dt.time(8, 30)), ClockWindow(dt.time(22, 5), dt.time(22, 20))),
    )
    drawn = _tank(_wish(two, WARM)).draw_kwh
    assert drawn[64:74] == pytest.approx(4 * 15 / 165)
    assert drawn[32:34] == pytest.approx([4 * 10 / 165, 4 * 5 / 165])


def test_the_tank_as_the_engine_sees_it() -> None:
    price = np.concatenate([np.full(96, 0.2), np.full(96, 3.0)])
    price[150] = 1.5
    pump = replace(TANK, heat_per_kwh=3.0, window=EVENING)
    wish = _wish(pump, WARM, price)
    tank = _tank(wish)
    assert tank.loss_kw_per_k == pytest.approx(0.002)
    assert (tank.comfort_c, tank.max_c, tank.temperature_c, tank.ambient_c) == (45, 75, 60, 20)
    assert tank.heat_per_kwh is not None
    assert set(tank.heat_per_kwh.tolist()) == {3.0}
    # Heat left is worth its making in the cheapest slot of the last day, never less than nothing.
    assert tank.value_per_kwh == pytest.approx(0.5)
    assert np.flatnonzero(wish.available)[[0, -1]].tolist() == [16, 127]
    assert _tank(_wish(TANK, WARM, -flat())).value_per_kwh == 0.0
    assert not wish.dues


def test_what_is_not_known_is_told_and_errs_to_comfort() -> None:
    [wish], notices = wishes(Devices(WEEKLY), DeviceStates(), ahead(), TZ, flat())
    assert [notice.text for notice in notices] == [Text.TANK_UNKNOWN, Text.DISINFECTED_UNKNOWN]
    tank = _tank(wish)
    assert tank.temperature_c == 45.0
    assert tank.legionella is not None
    assert (tank.legionella.every_slots, tank.legionella.since_slots) == (672, 672)
    assert [(due.first, due.last) for due in wish.dues] == [(0, 192)]


@pytest.mark.parametrize(("days_ago", "last"), [(6, 96), (5.5, 144), (4, None)])
def test_a_disinfection_is_due_by_its_days(days_ago: float, last: int | None) -> None:
    wish = _wish(WEEKLY, TankState(60.0, START - int(days_ago * 96) * SLOT_SECONDS))
    assert [due.last for due in wish.dues] == ([] if last is None else [last])
    if last is not None:
        assert wish.dues[0].deadline_utc == START + last * SLOT_SECONDS


def test_it_heats_when_it_is_cheap_and_no_more_than_it_takes() -> None:
    """By hand: without heating it would fall from 47 C; it needs 4 kWh and its losses from 45 to 22 o'clock."""
    price = _dear_but(slice(4, 12))
    wish = _wish(TANK, TankState(47.0), price, hours=24)
    plan = _plan(wish, price)
    [run] = plan.devices
    assert plan.gap <= 1e-3
    assert not run.missing
    assert run.temperature_c is not None
    drawn, course = run.energy_kwh, run.temperature_c
    assert drawn[4:12].sum() == pytest.approx(drawn[:32].sum())
    assert course.min() >= 45.0 - 1e-6
    assert temperatures(_tank(wish), drawn, 0.25) == pytest.approx(course)
    # Heat in is heat drawn, lost and stored.
    lost = 0.002 * 0.25 * (course[:-1] - 20.0).sum()
    assert drawn.sum() == pytest.approx(4.0 + lost + (course[-1] - 47.0) * 0.2326)
    # Enough for the evening and the rest of the plan in one go.
    assert course[-1] == pytest.approx(45.0, abs=0.01)
    [block] = device_blocks(plan, run)
    assert block.price == pytest.approx(1.0)
    assert block.heat is not None
    assert (block.heat.before_c, block.heat.lasts, block.due) == (
        pytest.approx(course[block.first]),
        None,
        None,
    )


def test_disinfection_is_done_by_its_deadline_and_told() -> None:
    price = _dear_but(slice(20, 36))
    wish = _wish(WEEKLY, TankState(50.0, START - int(6.5 * 96) * SLOT_SECONDS), price, hours=24)
    plan = _plan(wish, price)
    [run] = plan.devices
    assert run.temperature_c is not None
    assert run.temperature_c[1:49].max() == pytest.approx(65.0)
    assert not run.missing
    told = [DeviceTeller(TZ, ahead(24)).sentence(wish, block) for block in device_blocks(plan, run)]
    hot = [sentence for sentence in told if "legionella" in sentence]
    assert len(hot) == 1
    assert "65 °C, hot enough against legionella, due by Wed 02:00" in hot[0]


def test_what_cannot_be_is_told() -> None:
    """A heater of 200 W at 20 C: neither warm nor hot in time, and the plan says so."""
    weak = replace(WEEKLY, power_kw=0.2)
    price = flat(24)
    wish = _wish(weak, TankState(20.0, START - int(6.5 * 96) * SLOT_SECONDS), price, hours=24)
    plan = _plan(wish, price)
    [run] = plan.devices
    assert [missing.lack for missing in run.missing] == [Lack.WARMTH, Lack.DISINFECTION]
    assert run.missing[0].amount == 24.0
    assert run.cost > 50
    cold, undone = DeviceTeller(TZ, ahead(24)).missing(run)
    assert run.temperature_c is not None
    coldest = round(float(run.temperature_c[1:].min()))
    assert cold == f"The water heater has water below 45 °C for 24.00 h, {coldest} °C at its coldest."
    assert undone == "The water heater does not reach 65 °C against legionella by Wed 02:00."


def test_a_thermostat_keeps_it_halfway() -> None:
    """60 C, between 45 and 75; a disinfection comes first; nothing outside its window."""
    tank = _tank(_wish(TANK, TankState(50.0)))
    course = temperatures(tank, thermostat(tank, 0.25), 0.25)
    assert course[4] == pytest.approx(60.0)
    assert course[4:17] == pytest.approx(60.0)
    assert course.max() <= 60.0 + 1e-9
    weekly = _tank(_wish(WEEKLY, TankState(50.0)))
    course = temperatures(weekly, thermostat(weekly, 0.25), 0.25)
    assert course.max() == pytest.approx(65.0)
    assert course[10:16] == pytest.approx(np.minimum(course[10:16], 65.0))
    assert course[60:] == pytest.approx(60.0)
    evening = _wish(replace(TANK, window=EVENING), TankState(50.0))
    drawn = at_once(evening, 0.25)
    assert not drawn[~evening.available].any()


def test_heat_left_is_credited_to_every_way() -> None:
    price = _dear_but(slice(4, 12))
    wish = _wish(TANK, TankState(47.0), price, hours=24)
    plan = _plan(wish, price)
    compared = ways(plan)
    tank = _tank(wish)
    drawn = at_once(wish, 0.25)
    assert left_worth(tank, drawn, 0.25) == pytest.approx(0.2326 * (temperatures(tank, drawn, 0.25)[-1] - 45))
    assert compared[Way.AT_ONCE].left_worth == pytest.approx(left_worth(tank, drawn, 0.25))
    assert compared[Way.PLAN].left_worth == pytest.approx(plan.devices[0].left_worth)
    assert compared[Way.PLAN].cost == pytest.approx(plan.cost)
    assert compared[Way.PLAN].cost < compared[Way.AT_ONCE].cost


def test_a_warm_end_lowers_the_cost() -> None:
    """No water is drawn before the plan ends at 17:00, and the tank stays warm: its heat is credited."""
    wish = _wish(TANK, TankState(70.0), hours=3)
    plan = _plan(wish, flat(3))
    [run] = plan.devices
    assert not run.energy_kwh.any()
    assert run.temperature_c is not None
    credit = 0.2326 * (float(run.temperature_c[-1]) - 45.0)
    assert plan.cost == pytest.approx(12 * 0.1 - credit)
    assert plan.gap == 0.0
    assert ways(plan)[Way.PLAN].cost == pytest.approx(plan.cost)


def test_only_the_first_hot_block_serves_the_disinfection() -> None:
    wish = _wish(WEEKLY, TankState(50.0), hours=3)
    plan = _plan(wish, flat(3))
    energy, course = np.zeros(12), np.full(13, 60.0)
    energy[[1, 8]] = 0.75
    course[[2, 9]] = 65.0
    run = replace(plan.devices[0], energy_kwh=energy, temperature_c=course)
    blocks = device_blocks(replace(plan, devices=(run,)), run)
    assert [block.due for block in blocks] == [wish.dues[0], None]
    assert [block.heat and block.heat.lasts for block in blocks] == [8, None]
