"""What the water asks for, by hand: periods, what is planned of them, what is expected and what missing heat costs."""

from dataclasses import replace

import numpy as np
import pytest

from darkstar.domain.errors import UsageError
from darkstar.domain.power_tariff import PowerTariff
from darkstar.domain.slots import QUARTERS_OF_DAY, quarters_of_day
from darkstar.planner.full.site import MeteredTariff
from darkstar.time_machine.devices.heater import (
    DAYS_LEARNT,
    asked_of,
    check_heater,
    unserved_cost,
    without_heater,
)
from darkstar.time_machine.scenario import Scenario
from tests.time_machine.cases import TZ
from tests.time_machine.devices.cases import HEATER, heated

SIX = 24
"""Quarters from midnight to six."""


def heater_of(given: Scenario) -> np.ndarray:
    assert given.heater is not None
    return given.heater.drawn_kwh


def with_draw(given: Scenario, drawn: np.ndarray) -> Scenario:
    assert given.heater is not None
    return replace(given, heater=replace(given.heater, drawn_kwh=drawn))


def test_periods_that_are_replayed_whole_are_planned() -> None:
    given = heated(days=3)
    assert given.heater is not None
    asked = asked_of(given, given.heater)
    # From six of the first day to six of the last; each period is due at its last quarter.
    assert np.flatnonzero(asked.planned)[[0, -1]].tolist() == [SIX, 2 * QUARTERS_OF_DAY + SIX - 1]
    assert asked.planned.sum() == 2 * QUARTERS_OF_DAY
    assert np.flatnonzero(asked.due).tolist() == [QUARTERS_OF_DAY + SIX - 1, 2 * QUARTERS_OF_DAY + SIX - 1]
    assert np.flatnonzero(asked.left_alone)[:2].tolist() == [SIX - 2, SIX - 1]
    np.testing.assert_array_equal(asked.kwh, heater_of(given)[given.replayed])


def test_the_most_of_the_week_before_is_expected() -> None:
    given = heated(days=12, warm_up=10)
    drawn = heater_of(given).copy()
    start = int(np.flatnonzero(given.replayed)[0]) + SIX
    drawn[start : start + QUARTERS_OF_DAY] *= 0.5
    drawn[start + QUARTERS_OF_DAY + 32] += 5.0
    given = with_draw(given, drawn)
    known = replace(given.known, load_kwh=given.known.load_kwh + 6.0)
    given = replace(given, known=known)
    assert given.heater is not None
    asked = asked_of(given, given.heater)
    totals = [
        float(drawn[at : at + QUARTERS_OF_DAY].sum())
        for at in range(SIX, len(drawn) - QUARTERS_OF_DAY, QUARTERS_OF_DAY)
    ]
    first = 10
    for day in range(10):
        rows = slice(SIX + day * QUARTERS_OF_DAY, SIX + (day + 1) * QUARTERS_OF_DAY)
        before = totals[: first + day]
        assert asked.expected_kwh[rows] == pytest.approx(max(before[-DAYS_LEARNT:]))
    # The day of much heat is expected again for a week, and not before it was over.
    assert (
        asked.expected_kwh[SIX + 2 * QUARTERS_OF_DAY - 1]
        < 5.0
        < asked.expected_kwh[SIX + 2 * QUARTERS_OF_DAY]
    )
    assert asked.expected_kwh[SIX + 9 * QUARTERS_OF_DAY] < 5.0


def test_without_a_past_the_file_says_what_is_expected() -> None:
    given = heated(days=3, warm_up=0)
    assert given.heater is not None
    assert asked_of(given, given.heater).expected_kwh[0] == HEATER.daily_kwh


def test_a_period_of_which_a_draw_is_not_known_stays_as_it_was_and_teaches_nothing() -> None:
    given = heated(days=3)
    drawn = heater_of(given).copy()
    first = int(np.flatnonzero(given.replayed)[0])
    drawn[first + SIX + 40] = np.nan
    given = with_draw(given, drawn)
    assert given.heater is not None
    asked = asked_of(given, given.heater)
    assert np.flatnonzero(asked.planned)[0] == QUARTERS_OF_DAY + SIX
    assert asked.kwh[SIX + 40] == 0.0
    assert asked.expected_kwh[SIX] == asked.expected_kwh[QUARTERS_OF_DAY + SIX]


def test_a_period_across_a_day_that_is_left_out_stays_as_it_was() -> None:
    given = heated(days=4)
    replayed = given.replayed.copy()
    rows = np.flatnonzero(replayed)
    replayed[rows[2 * QUARTERS_OF_DAY : 3 * QUARTERS_OF_DAY]] = False
    given = replace(given, replayed=replayed)
    assert given.heater is not None
    asked = asked_of(given, given.heater)
    assert np.flatnonzero(asked.planned).tolist() == list(range(SIX, QUARTERS_OF_DAY + SIX))


def test_missing_heat_costs_the_dearest_price_of_its_period() -> None:
    given = heated(days=3)
    assert given.heater is not None
    prices = given.history.import_price[SIX : SIX + QUARTERS_OF_DAY]
    missing = np.zeros(len(given.history))
    missing[SIX + QUARTERS_OF_DAY - 1] = 2.0
    cost = unserved_cost(given, given.heater, missing)
    assert cost.sum() == cost[SIX + QUARTERS_OF_DAY - 1] == pytest.approx(2.0 * prices.max())
    paid = replace(
        given.known,
        import_price=given.known.import_price - 100.0,
        export_price=given.known.export_price - 100,
    )
    assert unserved_cost(replace(given, known=paid), given.heater, missing).sum() == 0.0


def test_the_rest_is_the_load_without_the_heater() -> None:
    given = heated(days=3)
    assert given.heater is not None
    asked = asked_of(given, given.heater)
    rest = without_heater(given, asked)
    np.testing.assert_array_equal(rest.known.load_kwh, given.known.load_kwh - heater_of(given))
    quarters = quarters_of_day(rest.known.slots, TZ)
    assert rest.known.load_kwh[quarters == 28].max() < 0.5


def test_why_a_heater_cannot_be_planned_is_told() -> None:
    given = heated(days=3)
    check_heater(given)
    for cannot, reason in (
        (replace(given, heater=None), "nothing is known"),
        (replace(given, power_tariffs=(MeteredTariff(PowerTariff(per_kw=30.0)),)), "power tariff"),
        (heated(days=1), "no day from 06:00 to 06:00"),
    ):
        with pytest.raises(UsageError, match=reason):
            check_heater(cannot)
