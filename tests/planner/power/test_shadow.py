"""Prices of hours that stand for a power tariff: lines under a fee, weights that are some, and an optimum by hand."""

import datetime as dt
from dataclasses import replace
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from darkstar.domain.power_tariff import (
    NOTHING_YET,
    MonthSoFar,
    Peak,
    PowerTariff,
    PowerWindow,
    Tier,
    power_cost,
)
from darkstar.domain.slots import SLOT_HOURS, day_bounds, slot_range
from darkstar.planner.full.site import MeteredTariff
from darkstar.planner.power.shadow import lines_under, rows_by_month, shadow_of
from darkstar.planner.problem import GridModel, Problem, StorageModel, TerminalValue

TZ = ZoneInfo("Europe/Stockholm")
SLOTS = slot_range(*(day_bounds(dt.date(2025, month, day), TZ)[0] for month, day in ((2, 27), (3, 2))))
STORAGE = StorageModel(0.0, 4.0, 2.0, 2.0, 1.0, 1.0)
NOTHING = TerminalValue(np.zeros(0), np.zeros(0))
TIERS = PowerTariff(tiers=(Tier(1, 10), Tier(2, 12), Tier(4, 40), Tier(9, 50)))
NIGHT = PowerWindow(hours=frozenset(range(6)), share=0.5)
PAST = MonthSoFar((Peak(dt.date(2025, 2, 3), 2.5), Peak(dt.date(2025, 1, 3), 9.0)), 0.3)


def test_lines_under_a_fee() -> None:
    february = 55 * 12 + 1
    assert lines_under(PowerTariff(per_kw=5, least_kw=2), february, 9.0) == [(5, 0), (0, 10)]
    january = PowerTariff(per_kw=5, windows=(PowerWindow(frozenset({1})),))
    assert lines_under(january, february, 9.0) == [(0, 0)]
    # By (0, 10), (1, 10), (2, 12) and (8, 50): the corner at 4 kW lies above.
    found = lines_under(TIERS, february, 8.0)
    assert found == [pytest.approx(one, abs=1e-4) for one in [(0, 10), (2, 8), (38 / 6, 12 - 38 / 3)]]
    for kw in np.linspace(0, 8, 81).tolist():
        assert max(slope * kw + constant for slope, constant in found) <= TIERS.fee(kw) + 1e-6


def problem(seed: int) -> Problem:
    rng = np.random.default_rng(seed)
    n = len(SLOTS)
    price = rng.uniform(0.2, 2.0, n)
    load, sun = rng.uniform(0, 0.8, n), np.maximum(rng.uniform(-0.5, 0.5, n), 0)
    terminal = TerminalValue(np.array([0.8]), np.array([4.0]))
    return Problem(SLOT_HOURS, load, sun, price, price - 0.1, 2.0, STORAGE, GridModel(11.0, 11.0), terminal)


@pytest.mark.parametrize(
    "tariff",
    [
        PowerTariff(peaks=2, per_kw=12, windows=(NIGHT, PowerWindow())),
        PowerTariff(peaks=3, different_days=False, per_kw=12, least_kw=1.5),
        PowerTariff(hourly=False, per_kw=8),
        TIERS,
    ],
)
@pytest.mark.parametrize("past", [NOTHING_YET, PAST])
def test_no_draws_pay_more_by_the_hour_than_by_the_tariff(tariff: PowerTariff, past: MonthSoFar) -> None:
    asked, rng = problem(1), np.random.default_rng(2)
    shadow = shadow_of(asked, SLOTS, TZ, [MeteredTariff(tariff, past)])
    assert shadow.rise.min() >= 0
    assert shadow.rise.max() > 0
    for most in (0.2, 0.6, 1.5):
        # Nothing draws more than load and battery together, which is where tiers end.
        drawn = np.minimum(rng.uniform(0, most, len(SLOTS)), asked.load_kwh + 0.5)
        paid = power_cost([tariff], SLOTS, drawn, TZ, [past])
        assert shadow.rise @ drawn + shadow.constant <= paid + 1e-5


def test_one_hour_by_hand() -> None:
    """Of three dear hours the battery takes 2 kWh: 3 kW for the two highest, which share the fee's price."""
    day = SLOTS[:96]
    load = np.zeros(96)
    load[40:44], load[60:64], load[80:84] = 1.0, 1.0, 0.5
    asked = Problem(
        SLOT_HOURS,
        load,
        np.zeros(96),
        np.ones(96),
        np.zeros(96),
        2.0,
        STORAGE,
        GridModel(11.0, 11.0),
        NOTHING,
    )
    asked.import_price[load == 0] = 9.0
    shadow = shadow_of(asked, day, TZ, [MeteredTariff(PowerTariff(per_kw=10))])
    by_hour = shadow.rise.reshape(24, 4).mean(axis=1)
    assert by_hour[10] + by_hour[15] == pytest.approx(10)
    assert by_hour[20] == pytest.approx(0)
    assert shadow.limit_kw[40:44] @ np.full(4, 0.25) == pytest.approx(3.0)
    assert rows_by_month(SLOTS, TZ) == [slice(0, 192), slice(192, 288)]


@pytest.mark.parametrize("tariff", [PowerTariff(peaks=2, per_kw=12), PowerTariff(per_kw=8, least_kw=1)])
def test_with_nothing_drawn_the_constant_is_what_is_owed_already(tariff: PowerTariff) -> None:
    nothing = np.zeros(len(SLOTS))
    idle = replace(
        problem(1), load_kwh=nothing, pv_kwh=nothing, import_price=nothing + 1, export_price=nothing
    )
    empty = replace(idle, soc_start_kwh=0.0, terminal=NOTHING)
    for past in (PAST, MonthSoFar((), 1.4)):
        owed = power_cost([tariff], SLOTS, nothing, TZ, [past])
        shadow = shadow_of(empty, SLOTS, TZ, [MeteredTariff(tariff, past)])
        assert shadow.constant == pytest.approx(owed)


def test_a_night_counts_half_and_one_tariff_is_held_beside_another() -> None:
    load = np.zeros(96)
    load[12:16] = 1.0
    storage = replace(STORAGE, discharge_max_kw=1.0)
    asked = Problem(
        SLOT_HOURS,
        load,
        np.zeros(96),
        np.ones(96),
        np.zeros(96),
        2.0,
        storage,
        GridModel(11.0, 11.0),
        NOTHING,
    )
    nights = MeteredTariff(PowerTariff(per_kw=10, windows=(NIGHT, PowerWindow())))
    summer = MeteredTariff(PowerTariff(per_kw=10, windows=(PowerWindow(frozenset({7})),)))
    shadow = shadow_of(asked, SLOTS[:96], TZ, [nights, summer])
    assert shadow.rise[12:16] == pytest.approx(np.full(4, 5.0))
    assert shadow.limit_kw[12:16] @ np.full(4, 0.25) == pytest.approx(3.0)


def test_what_is_left_at_the_end_is_kept() -> None:
    asked = problem(3)
    shadows = [shadow_of(asked, SLOTS, TZ, [MeteredTariff(PowerTariff(per_kw=5))], kwh) for kwh in (0.0, 4.0)]
    assert shadows[1].limit_kw.sum() != shadows[0].limit_kw.sum()
