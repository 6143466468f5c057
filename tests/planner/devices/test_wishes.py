"""What devices want of a plan, and what is assumed where their present is not known."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest

from darkstar.domain.devices import Appliance, Devices
from darkstar.planner.devices.wish import CarState, DeviceKind, DeviceStates, Wish
from darkstar.planner.devices.wishes import wishes
from darkstar.planner.full.site import Car
from darkstar.planner.loads.model import OnOffLoad
from darkstar.planner.why.texts import Text
from tests.planner.devices.cases import CAR, HEATER, NIGHT, SWITCHED, TZ, ahead, drawn, flat

NAN = float("nan")


def _one(devices: Devices, states: DeviceStates | None = None, hours: int = 48) -> tuple[Wish, list[Text]]:
    found, notices = wishes(devices, states or DeviceStates(), ahead(hours), TZ, flat(hours))
    assert len(found) == 1
    return found[0], [notice.text for notice in notices]


def _load(devices: Devices, states: DeviceStates | None = None, hours: int = 48) -> OnOffLoad:
    wish, _ = _one(devices, states, hours)
    assert isinstance(wish.plan, OnOffLoad)
    return wish.plan


def _adjustable(devices: Devices, states: DeviceStates, hours: int = 48) -> Car:
    wish, _ = _one(devices, states, hours)
    assert isinstance(wish.plan, Car)
    return wish.plan


def test_a_heater_wants_its_day_by_the_deadline() -> None:
    """6 kWh at 3 kW are eight slots a day; two periods end within 48 hours from 14:00, the third later."""
    wish, texts = _one(Devices(HEATER))
    assert wish.kind is DeviceKind.WATER_HEATER
    assert isinstance(wish.plan, OnOffLoad)
    assert [(need.first, need.last, need.units) for need in wish.plan.needs] == [
        (0, 64, 8),
        (64, 160, 8),
        (160, 192, 0),
    ]
    assert {need.most_units for need in wish.plan.needs} == {8}
    assert wish.unit_kwh == 0.75
    assert texts == [Text.HEATED_UNKNOWN]


def test_what_is_due_just_beyond_the_horizon_is_wanted_as_far_as_it_would_not_fit_after_it() -> None:
    """Of eight slots due at 06:00, four fit between the plan's end at 05:00 and the deadline."""
    assert [need.units for need in _load(Devices(HEATER), hours=15).needs] == [4]
    night = replace(HEATER, window=NIGHT)
    assert [need.units for need in _load(Devices(night), hours=6).needs] == [0]


def test_what_the_meter_says_counts() -> None:
    """1.5 of 6 kWh since 06:00: six of eight slots are left; the heater is off since a slot."""
    past = drawn(0.7, 0.8, *[0.0] * 29, 0.0)
    load = _load(Devices(HEATER), DeviceStates(drawn=past))
    assert (load.needs[0].units, load.needs[0].done_units, load.needs[0].most_units) == (8, 2, 8)
    assert (load.on_for_slots, load.off_for_slots) == (0, 30)


def test_a_heater_that_runs_is_known_to_run() -> None:
    load = _load(Devices(HEATER), DeviceStates(drawn=drawn(0.0, 0.0, 0.75, 0.7)))
    assert load.on_for_slots == 2


def test_a_heater_that_has_had_more_than_its_day_may_rest() -> None:
    load = _load(Devices(HEATER), DeviceStates(heated_kwh=9.0))
    assert (load.needs[0].done_units, load.needs[0].most_units) == (8, 8)


def test_a_least_run_may_go_beyond_the_day() -> None:
    """One slot is left, and a run lasts three."""
    slow = replace(HEATER, least_run_minutes=40, least_pause_minutes=20, longest_pause_hours=9.9)
    load = _load(Devices(slow), DeviceStates(heated_kwh=5.25))
    assert (load.min_on_slots, load.min_off_slots) == (3, 2)
    assert (load.needs[0].units, load.needs[0].most_units) == (8, 10)
    assert load.comfort is not None
    assert load.comfort.most_off_slots == 39


def test_holes_and_contradictions_of_the_meter_are_told() -> None:
    past = drawn(*[0.0] * 30, NAN, NAN)
    _, texts = _one(Devices(HEATER), DeviceStates(drawn=past))
    assert texts == [Text.HEATED_IN_PART]
    _, texts = _one(Devices(HEATER), DeviceStates(drawn=drawn(*[0.0] * 31, 1.1)))
    assert texts == [Text.HEATER_POWER]


def test_a_car_between_two_bounds() -> None:
    """Until 07:00 tomorrow nobody knows more; at home from 17:00."""
    car = _adjustable(Devices(cars=(CAR,)), DeviceStates(cars={"car": CarState(50)}))
    assert np.flatnonzero(car.connected).tolist() == list(range(12, 68))
    assert (car.min_kw, car.max_kw, car.stored_kwh, car.stored_max_kwh) == pytest.approx(
        (4.14, 11.04, 30, 48)
    )
    assert [(target.slot, target.stored_kwh) for target in car.targets] == [(68, 48)]
    assert car.driven_kwh is None


def test_a_car_that_drives_every_day_has_every_departure_for_a_target() -> None:
    daily = replace(CAR, daily_kwh=10.0)
    car = _adjustable(Devices(cars=(daily,)), DeviceStates(cars={"car": CarState(50)}))
    assert [target.slot for target in car.targets] == [68, 164]
    assert car.driven_kwh is not None
    assert np.flatnonzero(car.driven_kwh).tolist() == [68, 164]


@pytest.mark.parametrize(
    ("plugged_in", "first"),
    [(None, list(range(12, 68))), (True, list(range(68))), (False, list(range(12, 68)))],
)
def test_whether_it_is_plugged_in(plugged_in: bool | None, first: list[int]) -> None:
    state = DeviceStates(cars={"car": CarState(50, plugged_in)})
    car = _adjustable(Devices(cars=(CAR,)), state)
    assert np.flatnonzero(car.connected).tolist() == first


def test_a_car_that_is_away_at_night_comes_back_the_next_evening() -> None:
    """Asked at 23:00, when the clock would have it at home."""
    found, _ = wishes(
        Devices(cars=(replace(CAR, daily_kwh=5.0),)),
        DeviceStates(cars={"car": CarState(50, False)}),
        ahead(40, ahead()[36]),
        TZ,
        flat(40),
    )
    assert found[0].available.argmax() == (18 * 4)


def test_a_car_of_unknown_charge_is_told() -> None:
    found, notices = wishes(Devices(cars=(CAR,)), DeviceStates(), ahead(), TZ, flat())
    assert (found, [notice.text for notice in notices]) == ([], [Text.CAR_LEFT_OUT])
    wish, texts = _one(Devices(cars=(replace(CAR, daily_kwh=12.0),)))
    assert texts == [Text.CAR_ASSUMED]
    assert isinstance(wish.plan, Car)
    assert wish.plan.stored_kwh == 36


def test_a_car_of_one_power_is_on_or_off() -> None:
    """18 kWh into it take 20 at 90 %: 21.7 slots of 0.92 kWh; then 9 a day take 10.9."""
    load = _load(Devices(cars=(replace(SWITCHED, daily_kwh=9.0),)), DeviceStates(cars={"car": CarState(50)}))
    assert [(need.first, need.last, need.units) for need in load.needs] == [
        (0, 68, 22),
        (68, 164, 11),
        (164, 192, 0),
    ]
    assert load.levels[0].power_kw == pytest.approx(3.68)


def test_a_full_car_wants_nothing() -> None:
    load = _load(Devices(cars=(SWITCHED,)), DeviceStates(cars={"car": CarState(95)}))
    assert [(need.units, need.most_units) for need in load.needs] == [(0, 0)]


def test_an_appliance_runs_when_it_is_asked_for() -> None:
    """100 minutes are six quarters and two thirds; by 15:00 it does not fit, so by 15:00 tomorrow."""
    washer = Appliance("washer", 1.2, 100, dt.time(15))
    assert wishes(Devices(appliances=(washer,)), DeviceStates(), ahead(), TZ, flat()) == ([], [])
    asked = DeviceStates(to_run=frozenset({"washer"}))
    load = _load(Devices(appliances=(washer,)), asked)
    assert load.profile_kw == pytest.approx((1.2,) * 6 + (0.8,))
    assert [(need.first, need.last, need.units) for need in load.needs] == [(4, 100, 7)]
    assert load.available is not None
    assert np.flatnonzero(load.available).tolist() == list(range(4, 100))
    daily = _load(Devices(appliances=(replace(washer, every_day=True),)))
    assert len(daily.needs) == 1
