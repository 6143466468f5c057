"""A boosted heat pump: what it may do, what a plan does with it, what it spares and why."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest

from darkstar.domain.devices import ClockWindow, HeatPump
from darkstar.planner.caution import Notice
from darkstar.planner.devices.at_once import at_once
from darkstar.planner.devices.engines import plan_household
from darkstar.planner.devices.heat_pump import heat_pump_wish, spared_by
from darkstar.planner.devices.household import NO_STORAGE, Household, HouseholdPlan
from darkstar.planner.devices.reasons import device_blocks
from darkstar.planner.devices.sentences import DeviceTeller
from darkstar.planner.devices.wish import DeviceKind
from darkstar.planner.full.plan import BoostRun
from darkstar.planner.full.site import Boost
from darkstar.planner.problem import GridModel, Problem, Series, TerminalValue
from darkstar.planner.standing.follow import held_to
from darkstar.planner.why.texts import Text
from darkstar.planner.why.ways import Way, ways
from tests.planner.devices.cases import TZ, ahead

PUMP = HeatPump(
    boost_kw=2.0,
    kwh_by_hour=(1.0,) * 24,
    most_warmer_c=1.0,
    heat_kwh_per_c=12.0,
    heat_per_kwh=3.0,
    time_constant_hours=50.0,
    boost_efficiency=0.9,
)
"""A degree spares 4 kWh; it draws a quarter of a kWh in each slot."""
SLOTS = ahead(24)


def _boost(pump: HeatPump = PUMP, room_c: float | None = None) -> Boost:
    wish = heat_pump_wish(pump, room_c, SLOTS, TZ, [])
    assert wish is not None
    assert wish.kind is DeviceKind.HEAT_PUMP
    assert isinstance(wish.plan, Boost)
    return wish.plan


def _plan(
    prices: Series,
    pump: HeatPump = PUMP,
    load: float = 0.4,
    room_c: float | None = None,
    sell: Series | float = 0.0,
) -> HouseholdPlan:
    n = len(prices)
    wish = heat_pump_wish(pump, room_c, SLOTS[:n], TZ, [])
    assert wish is not None
    no_worth = TerminalValue(np.zeros(0), np.zeros(0))
    grid = GridModel(import_max_kw=10.0, export_max_kw=10.0)
    rest = Problem(
        slot_hours=0.25,
        load_kwh=np.full(n, load),
        pv_kwh=np.zeros(n),
        import_price=prices,
        export_price=np.full(n, sell),
        soc_start_kwh=0.0,
        storage=NO_STORAGE,
        grid=grid,
        terminal=no_worth,
    )
    return plan_household(Household(SLOTS[:n], TZ, rest, devices=(wish,)), seconds=20)


def test_it_is_a_store_of_what_the_house_may_be_warmer() -> None:
    boost = _boost()
    assert boost.store_kwh == pytest.approx(4.0)
    assert boost.keep_per_hour == pytest.approx(0.9802, abs=1e-4)
    assert boost.base_kwh == pytest.approx(np.full(96, 0.25))
    assert boost.stored_kwh == 0.0
    assert (boost.switching.min_on_slots, boost.switching.min_off_slots) == (1, 0)
    windowed = replace(
        PUMP, window=ClockWindow(dt.time(22), dt.time(6)), least_run_minutes=40, least_pause_minutes=60
    )
    boost = _boost(windowed)
    assert boost.available is not None
    # From 14:00: 22:00 is 32 slots away.
    assert np.flatnonzero(boost.available).tolist() == list(range(32, 64))
    assert (boost.switching.min_on_slots, boost.switching.min_off_slots) == (3, 4)


def test_what_it_draws_follows_the_hour_of_the_day() -> None:
    by_hour = tuple(float(hour) for hour in range(24))
    boost = _boost(replace(PUMP, kwh_by_hour=by_hour))
    assert boost.base_kwh[:5].tolist() == [3.5, 3.5, 3.5, 3.5, 3.75]  # from 14:00 on


def test_warm_rooms_are_saved_up_already() -> None:
    wanted = replace(PUMP, room_temperature_c=21.0)
    assert _boost(wanted, 21.5).stored_kwh == pytest.approx(2.0)
    assert _boost(wanted, 25.0).stored_kwh == pytest.approx(4.0)
    assert _boost(wanted, 19.0).stored_kwh == 0.0
    assert _boost(wanted, None).stored_kwh == 0.0
    assert _boost(PUMP, 25.0).stored_kwh == 0.0


def test_a_heat_pump_that_draws_nothing_is_left_out_and_told() -> None:
    notices: list[Notice] = []
    assert heat_pump_wish(replace(PUMP, kwh_by_hour=(0.0,) * 24), None, SLOTS, TZ, notices) is None
    assert [notice.text for notice in notices] == [Text.HEAT_PUMP_STILL]


def test_it_boosts_before_the_dear_hours_and_draws_less_in_them() -> None:
    """An hour at 0.10, then two at 2.00: 2 kWh of boost at 90 % with what 1 to 3 hours leave of it."""
    prices = np.array([0.1] * 4 + [2.0] * 8)
    plan = _plan(prices)
    [run] = plan.devices
    assert run.boost is not None
    assert run.boost.boost_kwh == pytest.approx([0.5] * 4 + [0.0] * 8, abs=1e-6)
    # What is saved up is used at once: a quarter of a kWh a slot, all that it would have drawn, while it lasts.
    relief = run.boost.relief_kwh
    assert relief[4:10] == pytest.approx(0.25, abs=1e-6)
    assert relief.sum() == pytest.approx(0.9 * 2 * 0.98**1.5, abs=0.03)
    assert relief.max() <= 0.25 + 1e-9
    assert run.energy_kwh == pytest.approx(run.boost.boost_kwh - relief)
    costs = ways(plan)
    assert at_once(run.wish, 0.25).tolist() == [0.0] * 12
    gain = 2.0 * relief.sum() - 0.1 * 2.0
    assert costs[Way.AT_ONCE].cost - costs[Way.PLAN].cost == pytest.approx(gain, abs=1e-6)
    assert costs[Way.PLAN].cost == pytest.approx(plan.cost, abs=1e-6)
    [block] = device_blocks(plan, run)
    assert (block.first, block.end, block.kwh, block.price) == pytest.approx((0, 4, 2.0, 0.1))
    assert block.spared is not None
    assert (block.spared.first, block.spared.kwh, block.spared.price) == pytest.approx((4, relief.sum(), 2.0))
    assert block.spared.gain == pytest.approx(gain, abs=1e-6)
    assert block.spared.warmer_c == pytest.approx(float(run.boost.saved_kwh.max()) / 4.0)
    told = DeviceTeller(TZ, SLOTS).sentence(run.wish, block)
    assert told == (
        "Boosts with 2.0 kWh at 0.10: spares 1.8 kWh at 2.00 from Tue 15:00 to Tue 17:00, the house up to 0.4 °C "
        f"warmer, saves {gain:.2f} after losses."
    )


def test_the_house_gets_no_warmer_than_it_may() -> None:
    prices = np.array([0.1] * 16 + [2.0] * 32)
    [run] = _plan(prices, replace(PUMP, most_warmer_c=0.5)).devices
    assert run.boost is not None
    assert run.boost.saved_kwh.max() <= 2.0 + 1e-6
    assert run.boost.saved_kwh.max() > 1.5  # another slot's 0.45 kWh would be too much


def test_boosts_are_on_or_off_and_as_long_as_they_have_to_be() -> None:
    """One slot is cheap, and only it pays; a boost of 45 minutes takes two more around it."""
    prices = np.array([1.0, 1.0, 0.1, 1.0, 1.0] + [1.05] * 12)
    for minutes, slots in ((0, 1), (45, 3)):
        [run] = _plan(prices, replace(PUMP, least_run_minutes=minutes)).devices
        assert run.boost is not None
        on = run.boost.boost_kwh > 1e-6
        assert run.boost.boost_kwh[on] == pytest.approx(0.5)
        assert on.sum() == slots
        assert on[2]


def test_a_plan_held_to_its_own_slots_is_the_same_plan() -> None:
    plan = _plan(np.array([0.1] * 4 + [2.0] * 8), replace(PUMP, least_run_minutes=45))
    drawn = {run.wish.name: run.energy_kwh for run in plan.devices}
    again = plan_household(held_to(plan.household, drawn, 12), seconds=20)
    assert again.cost == pytest.approx(plan.cost, abs=1e-6)


def test_no_boost_pays_where_prices_are_flat() -> None:
    [run] = (plan := _plan(np.full(24, 1.0))).devices
    assert run.energy_kwh == pytest.approx(np.zeros(24), abs=1e-9)
    assert device_blocks(plan, run) == []


def test_it_spares_no_more_than_the_home_draws() -> None:
    """The file says a kWh an hour, the forecast of the whole load a tenth of it; what is spared cannot be sold."""
    prices = np.array([0.1] * 4 + [2.0] * 20)
    plan = _plan(prices, load=0.025, sell=np.array([0.0] * 4 + [1.5] * 20))
    [run] = plan.devices
    assert run.boost is not None
    assert run.boost.relief_kwh.max() <= 0.025 + 1e-9
    assert plan.flows.import_kwh.min() >= 0.0
    assert plan.flows.export_kwh == pytest.approx(np.zeros(24), abs=1e-9)


def test_warmth_at_the_start_is_used_up_in_the_dear_hours() -> None:
    prices = np.array([0.1] * 4 + [2.0] * 8)
    plan = _plan(prices, replace(PUMP, boost_kw=0.01, room_temperature_c=21.0), room_c=21.3)
    [run] = plan.devices
    assert run.boost is not None
    assert run.boost.relief_kwh.sum() == pytest.approx(1.2, abs=0.1)
    spared = sum(block.spared.kwh for block in device_blocks(plan, run) if block.spared is not None)
    assert spared < 0.05  # the rest was there before


def test_warmth_is_used_oldest_first() -> None:
    boost = replace(_boost(), keep_per_hour=1.0, yield_share=1.0, stored_kwh=0.2)
    series = {"boost": [1.0, 0.0, 0.0, 1.0, 0.0, 0.0], "relief": [0.0, 0.5, 0.25, 0.25, 0.5, 0.7]}
    run = BoostRun(
        "heat pump",
        np.array(series["boost"]),
        np.array(series["relief"]),
        np.zeros(7),
        np.zeros(6, dtype=np.bool_),
    )
    first, second = spared_by(boost, run, [(0, 1), (3, 4)], 0.25)
    assert first == pytest.approx([0.0, 0.3, 0.25, 0.25, 0.2, 0.0])
    assert second == pytest.approx([0.0, 0.0, 0.0, 0.0, 0.3, 0.7])
    half = replace(boost, keep_per_hour=0.5**4, stored_kwh=0.0)
    relief = np.array([0.0, 0.25, 0.125, 0.0, 0.5, 0.25])
    first, second = spared_by(half, replace(run, relief_kwh=relief), [(0, 1), (3, 4)], 0.25)
    # A kWh becomes a half, of which a quarter is used; what is left becomes an eighth, and is used whole.
    assert first == pytest.approx([0.0, 0.25, 0.125, 0.0, 0.0, 0.0])
    assert second == pytest.approx([0.0, 0.0, 0.0, 0.0, 0.5, 0.0])
    # Of what was there before a quarter is left when it is used, so more of the first boost remains.
    first, _ = spared_by(
        replace(half, stored_kwh=0.2), replace(run, relief_kwh=relief), [(0, 1), (3, 4)], 0.25
    )
    assert first == pytest.approx([0.0, 0.2, 0.125, 0.0, 0.00625, 0.0])
