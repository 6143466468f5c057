"""The full engine on small sites worked out by hand, and against the battery engine."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest

from darkstar.domain.power_tariff import MonthSoFar, Peak, PowerTariff, Tier
from darkstar.domain.slots import SLOT_HOURS
from darkstar.planner.full.accounting import cost
from darkstar.planner.full.engine import FullEngine
from darkstar.planner.full.site import (
    Boost,
    Car,
    CarTarget,
    Connection,
    Legionella,
    MeteredTariff,
    PvString,
    SiteBattery,
    SiteLoad,
    Switching,
    Tank,
)
from darkstar.planner.highs import HighsEngine
from darkstar.planner.loads.model import Level, Need, OnOffLoad
from darkstar.planner.problem import GridModel, Problem, StorageModel, TerminalValue
from tests.planner.full.sites import LOSSLESS, site, site_of

ENGINE = FullEngine(seconds=10.0, gap=0.0)


def pump(**more: object) -> OnOffLoad:
    return OnOffLoad("pump", (Level(4.0),), **more)  # type: ignore[arg-type]


def near(value: object) -> object:
    """Equal but for a solver's rounding."""
    return pytest.approx(value, rel=1e-6, abs=1e-6)


def random_problem(rng: np.random.Generator, n: int = 24) -> Problem:
    """A battery problem; some hours so cheap that burning energy pays."""
    price = rng.normal(0.3, 0.7, n)
    return Problem(
        slot_hours=SLOT_HOURS,
        load_kwh=rng.uniform(0, 1, n),
        pv_kwh=rng.uniform(0, 1.5, n),
        import_price=price + 0.2,
        export_price=price,
        soc_start_kwh=3.0,
        storage=StorageModel(1.0, 8.0, 5.0, 4.0, 0.9, 0.92, 0.02, 0.01),
        grid=GridModel(3.0, 3.0, curtailment_cost=0.01),
        terminal=TerminalValue(np.array([0.6, 0.2]), np.array([3.0, 3.0])),
    )


def test_the_battery_problem_has_the_same_optimum() -> None:
    rng = np.random.default_rng(3)
    for _ in range(6):
        problem = random_problem(rng)
        expected = HighsEngine().solve(problem)
        plan = ENGINE.solve(site_of(problem))
        assert plan.cost == near(expected.cost)
        assert plan.gap == 0
        both = np.minimum(plan.batteries[0].charge_kwh, plan.batteries[0].discharge_kwh)
        assert both.max(initial=0) < 1e-6


def test_a_battery_buys_cheap() -> None:
    plan = ENGINE.solve(site([0, 0, 1, 1], [1, 1, 3, 3], batteries=(SiteBattery("b", LOSSLESS, 0.0),)))
    assert plan.cost == near(2.0)
    assert plan.batteries[0].soc_kwh[2] == near(2.0)


def test_a_tie_goes_to_the_lower_peak_at_the_same_money() -> None:
    strong = replace(LOSSLESS, charge_max_kw=8.0)
    problem = site([0, 0, 1, 1], [1, 1, 3, 3], batteries=(SiteBattery("b", strong, 0.0),))
    plan = ENGINE.solve(problem)
    assert plan.import_kwh[:2] == near([1.0, 1.0])
    without = FullEngine(seconds=10, gap=0.0, tie_breaks=False).solve(problem)
    assert plan.cost == pytest.approx(without.cost, abs=2e-9)


def test_a_car_in_whole_slots_charges_at_its_least_power_or_not_at_all() -> None:
    """2.5 kWh by slot 4 at 4 to 8 kW: 1 kWh at least a slot, so the two cheapest slots and never half of one."""
    car = Car("car", 4.0, 8.0, np.ones(6, dtype=np.bool_), 0.0, 50.0, (CarTarget(4, 2.5),), efficiency=1.0)
    prices = [3, 1, 2, 3, 0.5, 0.5]
    plan = ENGINE.solve(site([0] * 6, prices, cars=(replace(car, whole_slots=True),)))
    charged = plan.cars[0].charge_kwh
    assert plan.cost == near(1.5 + 2.0)
    assert charged[1] == near(1.5)
    assert charged[2] == near(1.0)
    assert plan.breaches == ()
    in_part = ENGINE.solve(site([0] * 6, prices, cars=(car,)))
    assert in_part.cars[0].charge_kwh == near([0, 2.0, 0.5, 0, 0, 0])


def test_a_car_starts_as_seldom_as_it_pays() -> None:
    """Away in slot 2: two runs at least, and a third would save 1 and cost 1.5."""
    car = Car(
        "car",
        4.0,
        4.0,
        np.array([True, True, False, True, True, True]),
        0.0,
        50.0,
        (CarTarget(2, 1.0), CarTarget(6, 3.0)),
        efficiency=1.0,
        switching=Switching(start_cost=1.5, min_on_slots=2),
    )
    plan = ENGINE.solve(site([0] * 6, [2, 1, 0, 1, 2, 1], cars=(car,)))
    assert plan.cost == near(1 + 1 + 1 + 2 * 1.5)
    assert plan.gap == 0


def test_a_car_that_cannot_be_full_says_what_is_missing() -> None:
    there = np.array([False, False, True, True])
    car = Car("car", 1.0, 4.0, there, 5.0, 50.0, (CarTarget(4, 10.0, 20.0),), efficiency=1.0)
    plan = ENGINE.solve(site([0] * 4, cars=(car,)))
    (breach,) = plan.breaches
    assert (breach.what, breach.unit) == ("departure of car", "kWh")
    assert breach.amount == near(3.0)
    assert plan.cost == near(2.0 + 60.0)
    assert plan.cars[0].charge_kwh[:2].max() == 0


def test_driving_takes_energy_and_charges_elsewhere_what_is_missing() -> None:
    car = Car(
        "car",
        1.0,
        4.0,
        np.array([True, False, True]),
        1.0,
        50.0,
        efficiency=1.0,
        driven_kwh=np.array([0.0, 5.0, 0.0]),
    )
    plan = ENGINE.solve(site([0] * 3, cars=(car,)))
    assert plan.cars[0].stored_kwh.tolist() == near([1, 2, 0, 0])
    assert plan.cars[0].elsewhere_kwh.tolist() == near([0, 3, 0])


def test_a_run_lasts_and_a_start_costs() -> None:
    """Two slots are wanted, the two cheapest lie apart: with starts at 2 a run of two neighbours is cheaper."""
    prices = [1, 2.9, 2, 2.5, 3, 1]
    free = pump(needs=(Need("day", 0, 6, 2),))
    assert ENGINE.solve(site([0] * 6, prices, loads=(SiteLoad(free),))).cost == near(2.0)
    costly = replace(free, start_cost=2.0)
    plan = ENGINE.solve(site([0] * 6, prices, loads=(SiteLoad(costly),)))
    assert plan.cost == near(1 + 2.9 + 2)
    assert plan.loads[0].on.tolist() == [True, True, False, False, False, False]
    lasting = replace(free, min_on_slots=3, needs=(Need("day", 0, 5, 2, most_units=3),))
    plan = ENGINE.solve(site([0] * 6, prices, loads=(SiteLoad(lasting),)))
    assert plan.cost == near(1 + 2.9 + 2)
    assert plan.loads[0].on.tolist() == [True, True, True, False, False, False]


def test_a_profile_runs_through() -> None:
    washer = OnOffLoad("washer", profile_kw=(4.0, 0.4, 2.0), needs=(Need("once", 0, 6, 3, most_units=3),))
    plan = ENGINE.solve(site([0] * 6, [3, 1, 9, 1, 2, 1], loads=(SiteLoad(washer),)))
    assert plan.import_kwh == near([0, 0, 0, 1.0, 0.1, 0.5])
    assert plan.cost == near(1.0 + 0.2 + 0.5)


def test_what_the_past_still_asks_for() -> None:
    going_on = pump(min_on_slots=3, on_for_slots=1)
    plan = ENGINE.solve(site([0] * 4, loads=(SiteLoad(going_on),)))
    assert plan.loads[0].on.tolist() == [True, True, False, False]
    resting = pump(min_off_slots=3, off_for_slots=1, needs=(Need("now", 0, 3, 2),))
    plan = ENGINE.solve(site([0] * 4, loads=(SiteLoad(resting),)))
    assert plan.loads[0].on.tolist()[:3] == [False, False, True]


def test_a_tank_is_warm_when_water_is_drawn_and_heats_before_when_that_is_cheaper() -> None:
    tank = Tank("tank", 100, 4.0, 50.0, np.array([0, 0, 0, 1.0]), comfort_c=45, loss_kw_per_k=0.0)
    plan = ENGINE.solve(site([0] * 4, [2, 1, 3, 3], tanks=(tank,)))
    needed = 1.0 - 5 * tank.heat_kwh_per_k
    assert plan.cost == near(needed)
    assert plan.tanks[0].heater_kwh == near([0, needed, 0, 0])
    assert plan.tanks[0].temperature_c[-1] == near(45.0)
    whole = ENGINE.solve(site([0] * 4, [2, 1, 3, 3], tanks=(replace(tank, whole_slots=True),)))
    assert whole.tanks[0].heater_kwh == near([0, 1, 0, 0])


def test_a_tank_loses_heat() -> None:
    tank = Tank("tank", 100, 4.0, 60.0, np.zeros(2), comfort_c=10, loss_kw_per_k=0.01)
    after = ENGINE.solve(site([0] * 2, tanks=(tank,))).tanks[0].temperature_c
    assert after[1] == near(60 - 0.01 * 0.25 * 40 / tank.heat_kwh_per_k)
    assert after[2] == near(after[1] - 0.01 * 0.25 * (after[1] - 20) / tank.heat_kwh_per_k)


def test_a_tank_is_disinfected_in_time() -> None:
    rule = Legionella(60.0, every_slots=96, since_slots=93, shortfall_cost=50)
    tank = Tank("tank", 10, 4.0, 50.0, np.zeros(5), legionella=rule, loss_kw_per_k=0.0)
    plan = ENGINE.solve(site([0] * 5, [5, 4, 3, 1, 1], tanks=(tank,)))
    assert plan.tanks[0].temperature_c.max() == near(60.0)
    assert plan.tanks[0].heater_kwh == near([0, 0, 10 * tank.heat_kwh_per_k, 0, 0])
    later = replace(tank, legionella=replace(rule, since_slots=10))
    assert ENGINE.solve(site([0] * 5, tanks=(later,))).cost == 0
    weak = replace(tank, heater_kw=0.01)
    (breach,) = ENGINE.solve(site([0] * 5, tanks=(weak,))).breaches
    assert breach.what == "disinfection of tank"


def test_a_cold_tank_still_has_a_plan() -> None:
    tank = Tank("tank", 100, 1.0, 40.0, np.zeros(2), loss_kw_per_k=0.0)
    plan = ENGINE.solve(site([0] * 2, tanks=(tank,)))
    (breach,) = plan.breaches
    assert breach.what == "warm water of tank"
    rise = 0.25 / tank.heat_kwh_per_k
    assert breach.amount == near((5 - rise) + (5 - 2 * rise))


def test_a_boost_saves_later_consumption() -> None:
    boost = Boost(
        "pump",
        4.0,
        np.array([0, 0, 0.5, 0.5]),
        5.0,
        yield_share=0.8,
        keep_per_hour=1.0,
        whole_slots=True,
    )
    problem = site([0, 0, 0.5, 0.5], [1, 1, 4, 2], boosts=(boost,))
    plan = ENGINE.solve(problem)
    assert plan.boosts[0].on.sum() == 1
    assert plan.boosts[0].relief_kwh == near([0, 0, 0.5, 0.3])
    assert plan.cost == near(1.0 + 0.2 * 2)
    small = replace(boost, base_kwh=np.array([0, 0, 0.4, 0]), whole_slots=False)
    in_part = ENGINE.solve(replace(problem, boosts=(small,)))
    assert in_part.boosts[0].boost_kwh.sum() == near(0.5)
    assert in_part.cost == near(0.5 + 0.1 * 4 + 0.5 * 2)


def test_the_fuse_of_a_phase_holds_although_the_sum_would_allow_more() -> None:
    grid = Connection(np.full(2, 40.0), np.full(2, 40.0), phase_max_kw=5.0)
    car = Car("car", 0.0, 8.0, np.ones(2, dtype=np.bool_), 0.0, 50.0, (CarTarget(2, 2.0),), 1.0, phases=(2,))
    plan = ENGINE.solve(site([1.5, 1.5], [1, 3], connection=grid, cars=(car,)))
    # A third of 6 kW is on the phase already: 3 kW are left in each slot.
    assert plan.cars[0].charge_kwh == near([0.75, 0.75])
    (breach,) = plan.breaches
    assert breach.what == "departure of car"


def test_a_load_beyond_the_fuse_is_named_and_still_planned() -> None:
    grid = Connection(np.full(2, 4.0), np.full(2, 40.0), breach_cost=100.0)
    plan = ENGINE.solve(site([1.0, 3.0], connection=grid))
    (breach,) = plan.breaches
    assert (breach.what, breach.first, breach.last) == ("import limit", 1, 2)
    assert breach.amount == near(2.0)
    assert plan.cost == near(1 + 3 + 200)


def test_an_export_ban_curtails_what_can_be_and_names_what_cannot() -> None:
    grid = Connection(np.full(2, 40.0), np.zeros(2))
    roofs = (
        PvString("south", np.array([3.0, 0.0]), can_curtail=False),
        PvString("west", np.array([1.0, 0.0])),
    )
    plan = ENGINE.solve(site([1.0, 0.0], connection=grid, strings=roofs, export_price=np.ones(2)))
    assert plan.curtail_kwh[1] == near([1.0, 0.0])
    assert [breach.what for breach in plan.breaches] == ["export limit"]
    assert plan.breaches[0].amount == near(2.0)
    assert plan.cost == near(200.0)


def test_where_a_kwh_earns_more_than_it_costs_the_meter_turns_one_way() -> None:
    plan = ENGINE.solve(site([1.0], [1.0], export_price=np.array([2.0])))
    assert (plan.import_kwh[0], plan.export_kwh[0]) == near((1.0, 0.0))


def test_a_power_tariff_spreads_what_it_can() -> None:
    """9 kWh in three hours, 4 kW are paid already: 4 kW in the cheapest hour and no more in any."""
    tariff = MeteredTariff(PowerTariff(per_kw=10), MonthSoFar((Peak(dt.date(2025, 2, 1), 4.0),)))
    car = Car("car", 0.0, 40.0, np.ones(12, dtype=np.bool_), 0.0, 50.0, (CarTarget(12, 9.0),), efficiency=1.0)
    plan = ENGINE.solve(site([0.0] * 12, [1] * 4 + [2] * 8, cars=(car,), power_tariffs=(tariff,)))
    hours = plan.import_kwh.reshape(3, 4).sum(axis=1)
    assert hours[0] == near(4)
    assert hours.max() == near(4)
    assert plan.cost == near(4 + 10)


def test_tiers_are_taken_whole() -> None:
    """5 kWh are wanted in two hours; the cheap one alone would pass 2 kW (fee 50 more), and 2 + 3 passes it too."""
    tariff = MeteredTariff(PowerTariff(tiers=(Tier(2, 80), Tier(5, 130), Tier(9, 300))))
    car = Car(
        "car", 0.0, 40.0, np.ones(8, dtype=np.bool_), 0.0, 50.0, (CarTarget(8, 5.0, 500.0),), efficiency=1.0
    )
    plan = ENGINE.solve(site([0.0] * 8, [1] * 4 + [2] * 4, cars=(car,), power_tariffs=(tariff,)))
    assert plan.import_kwh.reshape(2, 4).sum(axis=1) == near([5, 0])
    assert plan.cost == near(5 + 50)
    small = replace(car, targets=(CarTarget(8, 3.0, 500.0),))
    plan = ENGINE.solve(site([0.0] * 8, [1] * 4 + [2] * 4, cars=(small,), power_tariffs=(tariff,)))
    assert plan.import_kwh.reshape(2, 4).sum(axis=1) == near([2, 1])
    assert plan.gap == 0


def test_a_battery_found_below_its_reserve_is_brought_back() -> None:
    storage = StorageModel(1.0, 4.0, 4.0, 4.0, 1.0, 1.0)
    plan = ENGINE.solve(site([0.0] * 2, batteries=(SiteBattery("b", storage, 0.5),)))
    assert plan.batteries[0].soc_kwh.tolist() == near([0.5, 1.0, 1.0])
    assert plan.breaches == ()


def test_no_time_at_all_still_gives_a_plan() -> None:
    load = pump(min_on_slots=3, on_for_slots=1)
    problem = site([1.0] * 4, loads=(SiteLoad(load),), batteries=(SiteBattery("b", LOSSLESS, 2.0),))
    plan = FullEngine(seconds=0.0).solve(problem)
    assert plan.engine == "idle"
    assert plan.import_kwh == near([2, 2, 1, 1])
    assert plan.cost == near(cost(problem, plan)) == near(6.0)
    assert not plan.finished


def test_the_same_problem_has_the_same_plan() -> None:
    load = pump(needs=(Need("day", 0, 8, 3),), min_on_slots=2)
    problem = site([1.0] * 8, 1.0, loads=(SiteLoad(load),), batteries=(SiteBattery("b", LOSSLESS, 2.0),))
    first = FullEngine(seconds=10, gap=0.0).solve(problem)
    engine = FullEngine(seconds=10, gap=0.0)
    for _ in range(3):
        again = engine.solve(problem)
        assert again.import_kwh.tolist() == first.import_kwh.tolist()
        assert again.loads[0].on.tolist() == first.loads[0].on.tolist()


def test_a_plan_changes_only_for_a_gain_above_the_threshold() -> None:
    load = pump(needs=(Need("day", 0, 4, 1),))
    before = ENGINE.solve(site([0] * 4, [2, 1, 2, 2], loads=(SiteLoad(load),)))
    changed = site([0] * 4, [2, 1.0, 0.9, 2], loads=(SiteLoad(load),))
    kept = ENGINE.solve(changed, before, threshold=0.15)
    assert kept.kept
    assert kept.loads[0].on.tolist() == [False, True, False, False]
    assert kept.cost == near(1.0)
    new = ENGINE.solve(changed, before, threshold=0.05)
    assert not new.kept
    assert new.loads[0].on.tolist() == [False, False, True, False]


def test_a_battery_keeps_its_direction_for_no_real_gain() -> None:
    battery = SiteBattery("b", LOSSLESS, 0.0)
    before = ENGINE.solve(site([0, 0, 0, 1], [1, 1.1, 1.2, 3], batteries=(battery,)))
    changed = site([0, 0, 0, 1.2], [1.1, 1.0, 1.2, 3], batteries=(battery,))
    kept = ENGINE.solve(changed, before, threshold=0.2, hold_slots=2)
    assert kept.kept
    assert kept.batteries[0].charge_kwh[1] == 0
    assert ENGINE.solve(changed, before, threshold=0.01).kept is False
