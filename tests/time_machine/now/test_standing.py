"""Which of two plans is handed on, and with which modes."""

from dataclasses import replace

import pytest

from darkstar.planner.caution import Notice
from darkstar.planner.devices.engines import plan_household
from darkstar.planner.modes import Curtail
from darkstar.planner.standing.verdict import Outcome
from darkstar.planner.why.texts import Text
from darkstar.time_machine.now.standing import Before, settle, standing_plan
from tests.planner.devices.cases import START
from tests.planner.standing.cases import N, household, standing

SECOND = (1, 0, 0, -1)
MADE = START - 900


def before(held_slots: int = N) -> Before:
    return Before(MADE, replace(standing(*SECOND), held_slots=held_slots))


def test_the_modes_of_the_plan_before_are_handed_on() -> None:
    got = settle(plan_household(household()), before(), prices_until_utc=START, threshold=100.0)
    assert got.verdict.outcome is Outcome.KEPT
    assert [(mode.charge_kw, mode.discharge_kw) for mode in got.modes[0]] == [(4, 0), (0, 0), (0, 0), (0, 4)]
    assert got.whole.batteries[0].plan.soc_kwh.tolist() == [0, 1, 1, 1, 0]
    assert got.whole.cost == pytest.approx(7.0)
    # The next plan is held against what was handed on.
    kept = standing_plan(got, START)
    assert kept.batteries["cellar"].soc_kwh.tolist() == [0, 1, 1, 1, 0]
    assert kept.held_slots == N


def test_behind_its_last_mode_the_modes_are_new() -> None:
    new = plan_household(household())
    got = settle(new, before(held_slots=2), prices_until_utc=START, threshold=100.0)
    anew = settle(new, None, prices_until_utc=START)
    assert [mode.charge_kw for mode in got.modes[0][:2]] == [4, 0]
    assert [mode.sell_to_kwh for mode in got.modes[0][2:]] == [mode.sell_to_kwh for mode in anew.modes[0][2:]]


def test_what_becomes_of_the_sun_follows_the_present_prices() -> None:
    new = plan_household(household(price=(1, 2, -3, 4)))
    got = settle(new, before(), prices_until_utc=START, threshold=100.0)
    assert got.verdict.outcome is Outcome.KEPT
    assert [mode.curtail for mode in got.modes[0]] == [
        Curtail.NOTHING,
        Curtail.NOTHING,
        Curtail.ALL,
        Curtail.NOTHING,
    ]


def test_what_gains_enough_is_handed_on_instead() -> None:
    new = plan_household(household())
    idle = Before(MADE, standing(0, 0, 0, 0))
    got = settle(new, idle, prices_until_utc=START, threshold=1.0)
    assert got.verdict.outcome is Outcome.CHANGED
    assert got.verdict.gain is not None
    assert got.verdict.gain > 1
    assert got.whole is new
    assert settle(new, idle, prices_until_utc=START, threshold=100.0).whole.cost == pytest.approx(10.0)


def test_a_plan_that_was_refused_is_not_followed() -> None:
    new, why = plan_household(household()), Notice(Text.BREACH_SETTINGS)
    got = settle(new, replace(before(), refused=why), prices_until_utc=START, threshold=100.0)
    assert (got.verdict.outcome, got.verdict.breach, got.verdict.gain) == (Outcome.CHANGED, why, None)
    assert got.whole is new
    fresh = settle(new, before(), prices_until_utc=START, threshold=100.0, fresh=True)
    assert fresh.verdict.outcome is Outcome.FRESH
