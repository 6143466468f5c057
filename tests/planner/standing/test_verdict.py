"""Two plans of one home side by side: gains, breaches and flips that are reckoned by hand."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from darkstar.planner.devices.engines import plan_household
from darkstar.planner.devices.household import Household, HouseholdPlan
from darkstar.planner.standing.follow import energies, follow, held_to
from darkstar.planner.standing.plan import StandingPlan
from darkstar.planner.standing.verdict import (
    Compared,
    Outcome,
    compare,
    judge,
    may_be_held,
    shared_slots,
    usual_threshold,
)
from darkstar.planner.why.texts import Text
from tests.planner.devices.cases import START
from tests.planner.standing.cases import N, by_modes, heater, household, standing

BEST = (1, 1, -1, -1)
"""Charges at 1 and 2, covers at 3 and 4: 2 + 4 + 0 + 0 = 6."""
SECOND = (1, 0, 0, -1)
"""Charges at 1, covers at 4: 2 + 2 + 3 + 0 = 7."""


def kept_and_new(
    home: Household, before: StandingPlan, old_moves: Sequence[float], new_moves: Sequence[float]
) -> tuple[HouseholdPlan, HouseholdPlan]:
    new = plan_household(home)
    held = plan_household(held_to(home, before.devices, N)) if home.devices else new
    if not home.batteries:
        return held, new
    return follow(held, [by_modes(*old_moves)]), follow(new, [by_modes(*new_moves)])


def compared(
    home: Household, before: StandingPlan, old_moves: Sequence[float] = (), new_moves: Sequence[float] = ()
) -> Compared:
    return compare(before, *kept_and_new(home, before, old_moves, new_moves), N)


def test_a_plan_comes_to_what_its_modes_do() -> None:
    new = plan_household(household())
    assert new.cost == pytest.approx(6.0)
    assert follow(new, [by_modes(*SECOND)]).cost == pytest.approx(7.0)
    # After two slots by these modes 1 kWh is stored, and the best is to use it at 4.
    assert follow(new, [by_modes(1, 0)]).cost == pytest.approx(2 + 2 + 3)
    assert follow(new, [by_modes(0, 0)]).batteries[0].plan.soc_kwh.tolist() == [0, 0, 0, 1, 0]


def test_a_course_of_energy_is_carried_on_as_far_as_the_battery_allows() -> None:
    new = plan_household(household(soc_kwh=1.5))
    kept = follow(new, [energies(np.array([0.0, 1, 2, 2, 2]), np.array([1.5, 2, 2, 1, 0]), 3)])
    assert kept.batteries[0].plan.soc_kwh.tolist() == [1.5, 2, 2, 2, 1]
    assert kept.cost == pytest.approx(1.5 + 2 + 3 + 0)


def test_the_gain_is_between_both_plans_carried_out() -> None:
    found = compared(household(), standing(*SECOND), SECOND, BEST)
    assert found.gain == pytest.approx(1.0)
    assert found.breach is None
    assert (found.kept_flips, found.new_flips) == (0, 2)


def test_energy_that_is_not_there_is_not_used() -> None:
    home, uses = household(soc_kwh=0.5), (0, 0, -1, -1)
    kept, new = kept_and_new(home, standing(*uses, soc_kwh=2.0), uses, (0, 0, 0, -1))
    # Half a kilowatt-hour is used at 3, and none is left at 4.
    assert kept.cost == pytest.approx(1 + 2 + 1.5 + 4)
    found = compared(home, standing(*uses, soc_kwh=2.0), uses, (0, 0, 0, -1))
    assert found.gain == pytest.approx(8.5 - (1 + 2 + 3 + 2))
    assert found.kept_flips == 1
    assert new.cost == pytest.approx(8.0)


@pytest.mark.parametrize(("threshold", "outcome"), [(0.9, Outcome.CHANGED), (1.1, Outcome.KEPT)])
def test_only_a_gain_above_the_threshold_changes_it(threshold: float, outcome: Outcome) -> None:
    before, home = standing(*SECOND), household()
    found = compared(home, before, SECOND, BEST)
    assert judge(found, before, plan_household(home), threshold, START)[0] is outcome


def test_a_share_of_what_the_load_would_cost_is_the_usual_threshold() -> None:
    new = plan_household(household(price=(1, -2, 3, 4)))
    assert usual_threshold(new, 3) == pytest.approx(0.0005 * (1 + 0 + 3))


def test_a_device_stays_in_its_slots() -> None:
    on = np.array([0, 0, 1.0, 0])
    home = household(devices=[heater()], battery=False)
    before = replace(standing(0, 0, 0, 0, devices={"heater": on}), batteries={})
    kept, new = kept_and_new(home, before, (), ())
    assert kept.devices[0].energy_kwh.tolist() == on.tolist()
    found = compare(before, kept, new, N)
    # At 3 rather than at 1.
    assert found.gain == pytest.approx(2.0)
    assert (found.kept_flips, found.new_flips) == (0, 2)
    # Beyond the slots that are held it is free, and not before.
    free = plan_household(held_to(home, {"heater": np.zeros(N)}, 2))
    assert free.devices[0].energy_kwh.tolist() == [0, 0, 1, 0]


def test_what_a_device_needs_goes_before_any_threshold() -> None:
    home = household(devices=[heater(last=2)], battery=False)
    before = replace(standing(0, 0, 0, 0, devices={"heater": np.array([0, 0, 1.0, 0])}), batteries={})
    found = compared(home, before)
    assert found.breach is not None
    assert found.breach.text is Text.BREACH_NEED
    assert judge(found, before, plan_household(home), 1e9, START)[0] is Outcome.CHANGED


def test_the_main_fuse_goes_before_any_threshold() -> None:
    # 6 kW are 1.5 kWh a slot: charging a whole one beside the load is too much.
    home = household(fuse_kw=6.0)
    found = compared(home, standing(*SECOND), SECOND, (0.5, 0, 0, -0.5))
    assert found.breach is not None
    assert found.breach.text is Text.BREACH_FUSE


@pytest.mark.parametrize(
    ("passed", "slots", "shared"), [(0, 9, 4), (0, 3, 3), (1, 9, 3), (4, 9, 0), (-1, 9, 0)]
)
def test_slots_that_both_plan(passed: int, slots: int, shared: int) -> None:
    assert shared_slots(standing(0, 0, 0, 0), START + passed * 900, slots) == shared


def test_what_is_left_of_a_plan() -> None:
    rest = standing(*BEST, devices={"heater": np.array([0, 1.0, 0, 0])}).after(1)
    assert (rest.start_utc, rest.held_slots, len(rest)) == (START + 900, 3, 3)
    assert rest.batteries["cellar"].soc_kwh.tolist() == [1, 2, 1, 0]
    assert rest.batteries["cellar"].modes.charge_kw.tolist() == [4, 0, 0]
    assert rest.devices["heater"].tolist() == [1, 0, 0]
    assert rest.expected.import_price.tolist() == [2, 3, 4]


def test_other_batteries_or_devices_are_another_plan() -> None:
    def new(home: Household) -> HouseholdPlan:
        return plan_household(home)

    assert may_be_held(standing(*BEST), new(household()))
    assert not may_be_held(standing(*BEST), new(household(battery=False)))
    assert not may_be_held(standing(*BEST), new(household(devices=[heater()])))
