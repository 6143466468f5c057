"""A home planned as a whole: the engine that fits, one account, and what had to give."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from darkstar.domain.devices import Devices
from darkstar.domain.errors import UsageError
from darkstar.domain.power_tariff import PowerTariff
from darkstar.planner.accounting import cost
from darkstar.planner.checks import check
from darkstar.planner.devices.account import moves_of
from darkstar.planner.devices.engines import plan_household
from darkstar.planner.devices.household import (
    NO_STORAGE,
    Household,
    HouseholdPlan,
    around,
    with_battery,
    with_devices,
)
from darkstar.planner.devices.wish import CarState, DeviceStates
from darkstar.planner.devices.wishes import wishes
from darkstar.planner.fast.engine import FastEngine
from darkstar.planner.fast.loads import LoadsRecursion
from darkstar.planner.full.site import MeteredTariff, SiteBattery
from darkstar.planner.loads.model import LoadedProblem
from darkstar.planner.problem import GridModel, Problem, StorageModel, TerminalValue
from tests.planner.devices.cases import CAR, HEATER, SWITCHED, TZ, ahead

HOURS = 24
CELLAR = SiteBattery("cellar", StorageModel(1.0, 10.0, 5.0, 5.0, 0.95, 0.95, 0.05, 0.05), 4.0)
GARAGE = SiteBattery("garage", StorageModel(0.0, 5.0, 2.0, 2.0, 0.9, 0.95, 0.01, 0.01), 1.0)
PLUGGED = DeviceStates(heated_kwh=0.0, cars={"car": CarState(60)})


def _rest(fuse_kw: float = 11.0) -> Problem:
    rng = np.random.default_rng(1)
    n = len(ahead(HOURS))
    hour = np.arange(n) / 4 + 14
    spot = 0.6 + 0.5 * np.sin(hour / 24 * 4 * np.pi) + rng.uniform(0, 0.1, n)
    return Problem(
        slot_hours=0.25,
        load_kwh=rng.uniform(0.1, 0.3, n),
        pv_kwh=np.maximum(0.0, np.sin((hour % 24 - 6) / 12 * np.pi)) * 0.6,
        import_price=(spot + 0.5) * 1.25,
        export_price=spot,
        soc_start_kwh=0.0,
        storage=NO_STORAGE,
        grid=GridModel(fuse_kw, fuse_kw),
        terminal=TerminalValue(np.zeros(0), np.zeros(0)),
    )


def _home(
    batteries: Sequence[SiteBattery], devices: Devices, states: DeviceStates = PLUGGED, fuse_kw: float = 11.0
) -> Household:
    found, _ = wishes(devices, states, ahead(HOURS), TZ, _rest().import_price)
    return Household(ahead(HOURS), TZ, _rest(fuse_kw), tuple(batteries), tuple(found))


def _adds_up(home: Household, plan: HouseholdPlan) -> None:
    """Energy is conserved, every battery's problem is sound, and the cost is the one that anybody reckons."""
    site = with_devices(home.rest, plan.devices)
    stored = sum(
        (part.plan.charge_kwh - part.plan.discharge_kwh for part in plan.batteries), np.zeros(len(site))
    )
    flows = plan.flows
    drawn = flows.import_kwh + flows.breach_kwh + site.pv_kwh - flows.curtail_kwh
    assert drawn == pytest.approx(site.load_kwh + stored + flows.export_kwh, abs=1e-6)
    wear = 0.0
    for part, battery in zip(plan.batteries, home.batteries, strict=True):
        check(part.problem)
        wear += battery.storage.wear_charge * part.plan.charge_kwh.sum()
        wear += battery.storage.wear_discharge * part.plan.discharge_kwh.sum()
    money = cost(site, moves_of(replace(flows, charge_kwh=0 * stored, discharge_kwh=0 * stored)), 0.0)
    unmet = sum(run.cost for run in plan.devices)
    assert plan.cost == pytest.approx(money + wear + unmet + plan.power_cost, abs=1e-6)


@pytest.mark.parametrize(
    ("batteries", "devices", "engine"),
    [
        ((), Devices(), "recursion"),
        ((CELLAR,), Devices(), "recursion"),
        ((CELLAR,), Devices(HEATER), "recursion"),
        ((), Devices(HEATER), "recursion"),
        ((CELLAR,), Devices(HEATER, (SWITCHED,)), "recursion"),
        ((CELLAR,), Devices(cars=(CAR,)), "full"),
        ((CELLAR,), Devices(HEATER, (CAR,)), "full"),
        ((CELLAR, GARAGE), Devices(), "full"),
        ((CELLAR, GARAGE), Devices(HEATER), "full"),
    ],
)
def test_the_engine_that_fits(batteries: Sequence[SiteBattery], devices: Devices, engine: str) -> None:
    home = _home(batteries, devices)
    plan = plan_household(home)
    assert plan.engine == engine
    assert plan.gap <= 0.005
    _adds_up(home, plan)
    for run in plan.devices:
        assert not run.missing
        assert not run.energy_kwh[~run.wish.available].any()
    for part in plan.batteries:
        assert FastEngine().solve(part.problem).cost == pytest.approx(part.plan.cost, abs=1e-6)


def test_devices_get_what_they_want() -> None:
    plan = plan_household(_home((CELLAR,), Devices(HEATER, (CAR,))))
    heater, car = plan.devices
    # 6 kWh by 06:00 (slot 64); of the day after, as much as would not fit between 14:00 and 06:00: nothing.
    assert heater.energy_kwh[:64].sum() == pytest.approx(6.0)
    assert car.stored_kwh is not None
    assert car.stored_kwh[68] == pytest.approx(48.0)
    assert car.energy_kwh.sum() == pytest.approx(12 / 0.9)


def test_both_engines_agree() -> None:
    """A heater and a car of one power: the recursion's optimum lies within the full engine's gap."""
    home = _home((CELLAR,), Devices(HEATER))
    exact = plan_household(home)
    many = plan_household(
        _home((CELLAR, replace(GARAGE, storage=NO_STORAGE, soc_start_kwh=0.0)), Devices(HEATER))
    )
    assert (exact.engine, many.engine) == ("recursion", "full")
    assert exact.cost <= many.cost + 1e-6
    assert many.cost * (1 - many.gap) <= exact.cost + 1e-6


def test_a_second_battery_is_worth_something() -> None:
    one, two = plan_household(_home((CELLAR,), Devices())), plan_household(_home((CELLAR, GARAGE), Devices()))
    assert two.cost < one.cost - 0.1


def test_what_cannot_be_had_is_named_and_the_rest_is_planned() -> None:
    """48 kWh by 07:00 from an empty car at 3.68 kW: 56 slots from 17:00 on store 46.4."""
    states = DeviceStates(heated_kwh=0.0, cars={"car": CarState(0)})
    for car in (SWITCHED, replace(SWITCHED, min_current_a=6.0)):
        plan = plan_household(_home((CELLAR,), Devices(cars=(car,)), states))
        run = plan.devices[0]
        assert run.energy_kwh.sum() == pytest.approx(56 * 0.92, abs=0.01)
        assert len(run.missing) == 1
        assert run.missing[0].amount == pytest.approx(48 / 0.9 - 56 * 0.92, abs=0.9)
        assert run.missing[0].due is not None
        assert run.missing[0].due.last == 68


def test_a_small_fuse_goes_before_a_full_car() -> None:
    states = DeviceStates(cars={"car": CarState(0)})
    plan = plan_household(_home((), Devices(cars=(CAR,)), states, fuse_kw=3.0))
    assert plan.flows.breach_kwh.max() < 1e-6
    assert plan.devices[0].missing


def test_a_power_tariff_is_paid_for_once() -> None:
    """A fee per kW of the month's highest hour: the plan spreads what it draws, and the account names the fee."""
    tariff = PowerTariff(per_kw=50.0)
    free = _home((CELLAR,), Devices(HEATER, (CAR,)))
    home = replace(free, power_tariffs=(MeteredTariff(tariff),))
    plan = plan_household(home)
    _adds_up(home, plan)
    assert plan.power_cost > 0
    assert plan.flows.import_kwh.max() < plan_household(free).flows.import_kwh.max()


def test_beside_another_battery() -> None:
    rest = with_battery(_rest(), CELLAR)
    ones = np.ones(len(rest))
    beside = around(rest, 2 * ones, ones)
    assert beside.load_kwh - rest.load_kwh == pytest.approx(2 * ones)
    assert beside.soc_start_kwh == 4.0
    assert beside.pv_kwh - rest.pv_kwh == pytest.approx(ones)


def test_what_is_too_large_for_the_recursion_goes_to_the_full_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: LoadsRecursion, loaded: LoadedProblem) -> None:
        raise UsageError(f"{len(loaded)} slots are too many.")

    monkeypatch.setattr(LoadsRecursion, "solve", refuse)
    home = _home((CELLAR,), Devices(HEATER))
    plan = plan_household(home)
    assert plan.engine == "full"
    _adds_up(home, plan)


def test_without_time_there_is_a_plan_and_nothing_is_claimed_of_it() -> None:
    """Devices one by one: heater, a car whose power can be chosen and one that drives twice are served."""
    states = replace(PLUGGED, cars={"car": CarState(60), "van": CarState(79)})
    van = replace(CAR, name="van", ready_by=dt.time(20), home_from=dt.time(21), daily_kwh=4.0)
    home = _home((CELLAR, GARAGE), Devices(HEATER, (CAR, van)), states)
    plan, calm = plan_household(home, seconds=1e-9), plan_household(home)
    assert not plan.finished
    assert plan.gap == np.inf
    _adds_up(home, plan)
    assert not any(run.missing for run in plan.devices)
    assert calm.cost <= plan.cost < calm.cost + 3
    for run in plan.devices[1:]:
        assert run.stored_kwh is not None
        assert run.stored_kwh.max() <= 48 + 1e-9
        assert not run.energy_kwh[~run.wish.available].any()
