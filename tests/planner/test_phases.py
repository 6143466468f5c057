"""Phases: what hangs on which, what each carries, and plans that keep each one's fuse."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from darkstar.domain.devices import ClockWindow, Devices, ElectricCar, HotWaterTank, WaterHeater
from darkstar.domain.home import Home
from darkstar.planner.devices.engines import _quick, _site, plan_household
from darkstar.planner.devices.household import NO_STORAGE, Household, PhaseLimits
from darkstar.planner.devices.reasons import device_blocks
from darkstar.planner.devices.sentences import DeviceTeller
from darkstar.planner.devices.wish import CarState, DeviceStates
from darkstar.planner.devices.wishes import wishes
from darkstar.planner.full.engine import FullEngine
from darkstar.planner.full.site import SiteBattery
from darkstar.planner.modes import setpoint
from darkstar.planner.phases import hung, limits, net_kwh, on_phase, overloads, plan_net_kwh, within_phases
from darkstar.planner.problem import GridModel, Problem, Series, StorageModel, TerminalValue
from tests.planner.devices.cases import TZ, ahead, flat

HOME = Home("home", "Europe/Stockholm", 59.0, 18.0, "SEK", 20.0, 3)
HEATER = WaterHeater(3.0, 3.0, dt.time(6), phase=1)
CAR = ElectricCar("car", 60.0, 80.0, dt.time(7), 1, 16.0, 16.0, home_from=dt.time(17), phase=1)
STATES = DeviceStates(heated_kwh=0.0, cars={"car": CarState(75.0)})
STORAGE = StorageModel(0.0, 10.0, 6.0, 6.0, 1.0, 1.0)
HOURS = 24
NIGHT = slice(48, 56)
"""02:00 to 04:00, when it is cheap."""


def _price() -> Series:
    price = np.full(4 * HOURS, 2.0)
    price[NIGHT] = 1.0
    # No two slots alike: a single plan is the cheapest.
    return price + np.arange(4 * HOURS) * 1e-4


def _household(
    home: Home, devices: Devices, batteries: Sequence[SiteBattery] = (), load_kw: float = 0.3
) -> Household:
    n = 4 * HOURS
    rest = Problem(
        0.25,
        np.full(n, load_kw / 4),
        np.zeros(n),
        _price(),
        np.full(n, 0.1),
        0.0,
        NO_STORAGE,
        GridModel(home.fuse_kw, home.fuse_kw),
        TerminalValue(np.zeros(0), np.zeros(0)),
    )
    found, _ = wishes(devices, STATES, ahead(HOURS), TZ, rest.import_price)
    wanted, stores = hung(home, devices, found), on_phase(home, batteries)
    return Household(ahead(HOURS), TZ, rest, stores, tuple(wanted), phases=limits(home, stores, wanted))


def test_devices_hang_where_the_file_says() -> None:
    devices = Devices(HEATER, (replace(CAR, phase=None), replace(CAR, name="bus", phases=2, phase=None)))
    states = DeviceStates(heated_kwh=0.0, cars={"car": CarState(75.0), "bus": CarState(75.0)})
    found, _ = wishes(devices, states, ahead(), TZ, flat())
    assert [wish.phases for wish in hung(HOME, devices, found)] == [(1,), (1,), (1, 2)]
    everywhere = Devices(replace(HEATER, phase=None))
    found, _ = wishes(everywhere, states, ahead(), TZ, flat())
    assert [wish.phases for wish in hung(HOME, everywhere, found)] == [(1, 2, 3)]


def test_phases_are_looked_at_only_where_they_say_more_than_their_sum() -> None:
    [wish] = hung(HOME, Devices(HEATER), wishes(Devices(HEATER), STATES, ahead(), TZ, flat())[0])
    even = replace(wish, phases=(1, 2, 3))
    assert limits(HOME, (), [even]) is None
    assert limits(replace(HOME, load_shares=(1 / 3, 1 / 3, 1 / 3)), (), [even]) is None
    assert limits(replace(HOME, phases=1), (), [replace(wish, phases=(1,))]) is None
    third = (1 / 3, 1 / 3, 1 / 3)
    assert limits(HOME, (), [wish]) == PhaseLimits(pytest.approx(4.6), third, (1, 2, 3))
    assert limits(replace(HOME, load_shares=(0.5, 0.5, 0.0)), (), [even]) is not None
    assert limits(replace(HOME, pv_phase=2), (), []) == PhaseLimits(pytest.approx(4.6), third, (2,))
    battery = on_phase(replace(HOME, battery_phase=3), [SiteBattery("battery", STORAGE, 0.0)])
    assert battery[0].phases == (3,)
    assert limits(HOME, battery, []) is not None


def test_what_a_phase_carries_by_hand() -> None:
    """Half of 1.2 kW, the heater's 3 kW, a third of the sun's 3 kW that is not turned down."""
    home = replace(HOME, load_shares=(0.5, 0.3, 0.2))
    household = _household(home, Devices(HEATER), load_kw=1.2)
    household = replace(household, rest=replace(household.rest, pv_kwh=np.full(4 * HOURS, 0.75)))
    plan = plan_household(household)
    net = plan_net_kwh(plan)
    on = plan.devices[0].energy_kwh > 0
    assert on.any()
    assert net[0] == pytest.approx(np.where(on, 0.75, 0.0) + 0.15 - 0.25)
    assert net[1] == pytest.approx(0.09 - 0.25)
    dark = net_kwh(household, plan.devices, [], household.rest.pv_kwh)
    assert dark[1] == pytest.approx(0.09)
    assert net.sum(axis=0) == pytest.approx(plan.flows.import_kwh - plan.flows.export_kwh)


def test_two_devices_on_one_phase_take_turns() -> None:
    """3 kW and 3.68 kW are more than 20 A carry; on two phases both run in the cheapest slots, exactly planned."""
    apart = plan_household(_household(HOME, Devices(HEATER, (replace(CAR, phase=2),))))
    assert (apart.engine, apart.phaseless) == ("recursion", None)
    heater, car = apart.devices
    assert ((heater.energy_kwh > 0) & (car.energy_kwh > 0)).any()
    together = plan_household(_household(HOME, Devices(HEATER, (CAR,))))
    assert together.engine == "full"
    assert together.gap <= 1e-3
    heater, car = together.devices
    assert not ((heater.energy_kwh > 0) & (car.energy_kwh > 0)).any()
    assert heater.energy_kwh.sum() == pytest.approx(3.0)
    assert car.energy_kwh.sum() == pytest.approx(4 * 0.92)
    # Eight cheap slots hold the four of each.
    assert car.energy_kwh[NIGHT].sum() + heater.energy_kwh[NIGHT].sum() == pytest.approx(3.0 + 4 * 0.92)
    assert not overloads(together)
    assert together.phaseless is not None
    [over] = overloads(together.phaseless)
    assert (over.phase, over.most_kw) == (1, pytest.approx(3.0 + 3.68 + 0.1))
    assert NIGHT.start <= over.first < over.last <= NIGHT.stop
    assert together.cost > together.phaseless.cost


def test_a_battery_on_one_phase_leaves_it_its_fuse() -> None:
    """6 kW would go in through the sum's fuse; phase 1 has 4.6 less the load's third, and less a heater."""
    home = replace(HOME, battery_phase=1)
    battery = SiteBattery("battery", STORAGE, 0.0)
    plan = plan_household(_household(home, Devices(), [battery]))
    charged = plan.batteries[0].plan.charge_kwh
    assert charged.max() == pytest.approx((4.6 - 0.1) / 4)
    assert plan_net_kwh(plan)[0].max() == pytest.approx(4.6 / 4)
    assert plan.gap <= 1e-3
    mode = setpoint(STORAGE, 6.0)
    held = within_phases(plan, 0, [mode] * 4)
    assert held[0].charge_kw == pytest.approx(4.5)
    assert held[0].discharge_kw == pytest.approx(min(mode.discharge_kw, 4.7))
    spread = plan_household(_household(HOME, Devices(), [battery]))
    assert spread.batteries[0].plan.charge_kwh.max() == pytest.approx(1.5)
    assert within_phases(spread, 0, [mode]) == (mode,)


def test_a_battery_has_what_else_its_phase_leaves_it() -> None:
    """The heater's 3 kW and the load's tenth go on phase 1 beside it: less to charge, more to give."""
    home = replace(HOME, battery_phase=1)
    plan = plan_household(_household(home, Devices(HEATER), [SiteBattery("battery", STORAGE, 5.0)]))
    slot = int(np.argmax(plan.devices[0].energy_kwh))
    mode = replace(setpoint(STORAGE, 6.0), discharge_kw=6.0)
    held = within_phases(plan, 0, [mode] * (slot + 1))
    assert held[0].charge_kw == pytest.approx(4.5)
    assert held[0].discharge_kw == pytest.approx(4.7)
    assert held[slot].charge_kw == pytest.approx(1.5)
    assert held[slot].discharge_kw == 6.0


def test_sun_on_the_batterys_phase_makes_room_on_it() -> None:
    """3 kW of sun in the first of two cheap hours: all 6 kW go in then, 4.2 in the second."""
    home = replace(HOME, battery_phase=2, pv_phase=2)
    household = _household(home, Devices(), [SiteBattery("battery", STORAGE, 0.0)], load_kw=1.2)
    sun = np.zeros(4 * HOURS)
    sun[48:52] = 0.75
    plan = plan_household(replace(household, rest=replace(household.rest, pv_kwh=sun)))
    assert plan.phaseless is not None
    charged = plan.batteries[0].plan.charge_kwh
    assert charged[48:52] == pytest.approx(1.5)
    assert charged[52:56].max() == pytest.approx(1.05)
    assert not overloads(plan)


def test_a_tank_and_a_car_on_one_phase_take_turns() -> None:
    window = (ClockWindow(dt.time(5), dt.time(6)),)
    tank = HotWaterTank(3.0, 200.0, 3.0, window, 45.0, 75.0, 90.0, phase=1)
    devices = Devices(tank, (CAR,))
    household = _household(HOME, devices)
    plan = plan_household(household)
    both = np.array([run.energy_kwh[NIGHT] for run in plan.devices])
    # The morning's water, what it loses until then, and the car: all in the two cheap hours.
    assert 3.0 < both[0].sum() < 4.0
    assert both[1].sum() == pytest.approx(4 * 0.92)
    assert plan.phaseless is not None
    assert plan_net_kwh(plan)[0].max() <= 4.6 / 4 + 1e-6
    assert not overloads(plan)
    # Planned one by one, the car keeps the sum's fuse beside the tank as it was found.
    grid = replace(household.rest.grid, import_max_kw=4.0)
    narrow = replace(household, rest=replace(household.rest, grid=grid), phases=None)
    found = FullEngine(seconds=2.0).solve(_site(household))
    early = replace(found.tanks[0], heater_kwh=np.where(np.arange(96) // 4 == 12, 0.75, 0.0))
    runs = _quick(narrow, replace(found, tanks=(early,)))
    assert runs is not None
    assert [run.wish.name for run in runs] == ["water heater", "car"]
    assert runs[0].energy_kwh[48:52].tolist() == [0.75] * 4
    assert runs[1].energy_kwh.sum() == pytest.approx(4 * 0.92)
    assert not runs[1].energy_kwh[48:52].any()


def test_a_block_says_which_phase_holds_it() -> None:
    """7.4 kW of car on a phase of 4.6 less the load's third."""
    car = replace(CAR, max_current_a=32.0, min_current_a=6.0)
    plan = plan_household(_household(HOME, Devices(cars=(car,))))
    [run] = plan.devices
    assert run.energy_kwh.max() == pytest.approx((4.6 - 0.1) / 4)
    blocks = device_blocks(plan, run)
    assert {block.full_phase for block in blocks} == {1}
    told = DeviceTeller(TZ, ahead(HOURS)).sentence(run.wish, blocks[0])
    assert told.endswith("held by the fuse of phase 1.")
    fits = replace(car, max_current_a=4500 / 230)
    plan = plan_household(_household(HOME, Devices(cars=(fits,))))
    assert {block.full_phase for block in device_blocks(plan, plan.devices[0])} == {None}
    alone = plan_household(_household(replace(HOME, main_fuse_a=63.0), Devices(cars=(car,))))
    assert {block.full_phase for block in device_blocks(alone, alone.devices[0])} == {None}


def test_what_no_plan_avoids_is_named() -> None:
    """9 kW of load, all on phase 2, whose fuse carries 4.6."""
    home = replace(HOME, load_shares=(0.0, 1.0, 0.0))
    plan = plan_household(_household(home, Devices(HEATER), load_kw=9.0))
    [over] = overloads(plan)
    assert (over.phase, over.first, over.last) == (2, 0, 96)
    assert over.kwh == pytest.approx(24 * 4.4)
    assert plan.gap <= 1e-3
