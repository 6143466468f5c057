"""The published cases: their figures are reproduced, and what is ours is reckoned as they reckon."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from benchmarks.published import emhass
from benchmarks.published.control import Controller, controlled
from benchmarks.published.doubt import counted, fading
from benchmarks.published.foresight import foresight
from benchmarks.published.keeping import LEVELS, LOST, SPARE, SPENT, STATES, best_move, values
from benchmarks.published.limit import highest_limit, open_tiers
from benchmarks.published.outlook import HORIZON, LoadOutlook, PriceOutlook
from benchmarks.published.trondheim import Hours, bill_of, power_fee, read_hours

from darkstar.planner.fast.engine import FastEngine


@pytest.fixture(scope="module")
def fortnight(real_data: Path) -> emhass.Fortnight:
    return emhass.fortnight(real_data)


def test_the_french_home_without_a_battery_costs_what_was_published(fortnight: emhass.Fortnight) -> None:
    test = slice(fortnight.first, fortnight.end)
    assert fortnight.end - fortnight.first == 14 * 48
    assert fortnight.load_kwh[test] @ fortnight.price[test] == pytest.approx(81.8763, abs=5e-5)


def test_the_french_oracle_costs_what_was_published(fortnight: emhass.Fortnight) -> None:
    assert emhass.oracle(fortnight, FastEngine()) == pytest.approx(79.7017, abs=5e-5)


@pytest.mark.slow
def test_rolling_beats_every_published_bound(fortnight: emhass.Fortnight) -> None:
    assert emhass.rolling(fortnight, FastEngine(), following=True) <= 79.7018
    assert emhass.rolling(fortnight, FastEngine(), following=False) <= 79.7122


def test_the_forecast_is_the_usual_day_moved_by_the_last_error() -> None:
    past = np.tile(np.arange(48) / 48, emhass.DAYS + 1)
    past[-1] += 1.0
    found = emhass.forecast(past, 2)
    expected = np.array([0.0, 1 / 48]) + np.exp(-np.array([1.0, 2.0]) / emhass.FADES_SLOTS)
    assert found == pytest.approx(expected)


def test_the_tilt_prefers_the_earlier_slot_of_a_window_and_never_another_window() -> None:
    price = np.array([emhass.OFF_PEAK, emhass.OFF_PEAK, emhass.PEAK, emhass.PEAK])
    tilted = emhass.tilted(price)
    assert tilted[0] < tilted[1] < tilted[3] < tilted[2]


@pytest.fixture(scope="module")
def hours(real_data: Path) -> Hours:
    return read_hours(real_data)


def test_a_month_pays_the_tier_of_its_three_highest_days() -> None:
    month = np.ones((30, 24))
    month[3, 17], month[4, 8], month[4, 9], month[20, 0] = 7.0, 6.0, 9.0, 2.0
    # 9, 7 and 2 on three days; the 6 is on the 9's day.
    assert power_fee(month.ravel()) == 252
    month[3, 17] = 4.0
    assert power_fee(month.ravel()) == 147


def test_the_norwegian_home_without_a_battery_costs_what_was_published(hours: Hours) -> None:
    year = hours.of_year(2022)
    assert bill_of(hours, year.start, hours.load_kwh[year]).total == pytest.approx(25051.6731, abs=5e-5)


def test_the_limit_keeps_the_three_highest_days_within_the_tier() -> None:
    assert highest_limit([], 30, 5.0) == pytest.approx(5.0)
    assert highest_limit([6.0], 30, 5.0) == pytest.approx(4.5)
    assert highest_limit([6.0, 5.0, 4.0], 30, 5.0) == pytest.approx(4.0)
    assert highest_limit([6.0, 6.0], 1, 5.0) == pytest.approx(3.0)
    assert highest_limit([8.0, 8.0], 30, 5.0) is None


def test_a_margin_is_kept_where_the_days_past_and_the_need_allow_it() -> None:
    def limit(past: list[float], needed_kw: float) -> float:
        return open_tiers(past, 0.0, 29, needed_kw, 0.2)[0].limit_kw

    assert limit([], 3.0) == pytest.approx(4.8, abs=1e-3)
    # 5.3 is past: 15 - 5.3 is left for two days with no margin, 14.4 - 5.3 with all of it.
    assert limit([5.3], 3.0) == pytest.approx(4.55, abs=1e-3)
    # With all of the margin the limit would be under what is needed.
    assert limit([5.3], 4.6) == pytest.approx(4.7, abs=1e-3)
    assert limit([5.3], 4.8) == pytest.approx(4.85, abs=1e-3)


def test_one_day_may_use_the_margin_of_all_three() -> None:
    first = open_tiers([], 0.0, 29, 3.0, 0.2)[0]
    assert first.spare_kw == pytest.approx(5.4, abs=1e-3)
    # Used today, it is there until midnight; tomorrow what is left of the margin is for two.
    used = open_tiers([], 5.4, 28, 3.0, 0.0)[0]
    assert (used.limit_kw, used.spare_kw) == pytest.approx((4.8, 5.4), abs=1e-3)
    later = open_tiers([5.4], 0.0, 28, 3.0, 0.1)[0]
    assert (later.limit_kw, later.spare_kw) == pytest.approx((4.65, 4.95), abs=1e-3)


def test_a_tier_that_cannot_be_kept_or_cannot_carry_the_load_is_not_open() -> None:
    assert [tier.fee for tier in open_tiers([], 0.0, 29, 1.9, 0.15)] == [83, 147, 252, 371, 490]
    assert [tier.fee for tier in open_tiers([6.0, 6.0, 6.0], 0.0, 20, 1.0, 0.15)] == [252, 371, 490]
    assert [tier.fee for tier in open_tiers([6.0, 6.0], 6.0, 20, 1.0, 0.15)] == [252, 371, 490]
    assert [tier.fee for tier in open_tiers([], 0.0, 29, 5.5, 0.15)] == [252, 371, 490]
    assert open_tiers([25.0] * 3, 0.0, 20, 1.0, 0.15)[0].fee == 490


def _before_an_hour(load_kwh: float, sudden: tuple[float, ...] = (0.0,)) -> np.ndarray:
    """Expected values before an hour at 1 a kWh, shape (STATES, LEVELS); limit 5, spare 6, next tier 10 for 105."""
    count = len(sudden)
    end = np.zeros((STATES, 1, count, LEVELS))
    end[LOST] = 105.0
    two = np.array([0.0, load_kwh])
    after = values(
        two,
        np.ones(2),
        np.ones(2),
        np.full(2, 5.0),
        6.0,
        10.0,
        (np.zeros(1), np.ones((1, 1))),
        (np.array(sudden), np.full((count, count), 1.0 / count)),
        end,
        1,
    )
    return np.asarray(after[0, :, 0, 0])


def test_a_tier_is_lost_where_what_is_stored_does_not_reach() -> None:
    before = _before_an_hour(8.0)
    # Three stored deliver 2.85: over the limit, but not over what one day may draw.
    assert before[SPARE, 3] == pytest.approx(5.15)
    assert before[SPENT, 3] == pytest.approx(5.15 + 105)
    assert before[SPENT, 4] == pytest.approx(8 - 3.8)
    assert before[SPARE, 2] == pytest.approx(8 - 1.9 + 105)
    assert before[LOST, 4] == pytest.approx(8 - 3.8 + 105)


def test_in_doubt_a_tier_costs_by_its_chance() -> None:
    before = _before_an_hour(8.0, sudden=(-4.0, 1.0))
    # A load of 4 or 9: two stored save 1.9 of each and keep the tier in the first.
    assert before[SPARE, 2] == pytest.approx(0.5 * 2.1 + 0.5 * (7.1 + 105))


def test_a_move_keeps_energy_unless_the_tier_is_worth_more() -> None:
    def move(one_day: float, lost: float) -> float:
        mean = np.tile(-2.0 * np.arange(LEVELS), (STATES, 1))
        mean[SPENT] += one_day
        mean[LOST] += lost
        return float(best_move(mean, 7.0, 1.0, 20.0, 5.0, 6.0, 10.0))

    # A kWh delivered costs 2 / 0.95 - 1 = 1.105.
    assert move(10.0, 105.0) == pytest.approx(-2.0)
    assert move(1.0, 105.0) == pytest.approx(-1.0)
    assert move(1.0, 1.0) > 0.0


def test_errors_of_days_fade_and_keep_their_spread() -> None:
    chain = fading(5, 0.4, 50.0)
    assert chain.chances @ chain.levels == pytest.approx(chain.levels * np.exp(-1 / 50))
    usual = np.array([1, 4, 6, 4, 1]) / 16
    assert usual @ chain.chances == pytest.approx(usual)
    assert usual @ chain.levels**2 == pytest.approx(0.16)
    assert chain.weights(0.1) @ chain.levels == pytest.approx(0.1)
    assert chain.weights(9.0).tolist() == [0, 0, 0, 0, 1]


def test_errors_of_hours_follow_each_other_as_counted() -> None:
    chain = counted(np.arange(1000.0)[None] / 1000)
    assert chain.levels == pytest.approx([0.15, 0.475, 0.765, 0.925, 0.9825, 0.9975], abs=0.001)
    assert chain.chances[0] == pytest.approx([299 / 300, 1 / 300, 0, 0, 0, 0])
    assert chain.chances.sum(axis=1) == pytest.approx(np.ones(6))


@pytest.mark.slow
def test_what_is_planned_with_does_not_look_ahead(hours: Hours) -> None:
    """Everything that is not known at an hour is scrambled: outlook and decision are the same to the last bit."""
    fitted, day = 60 * 24, 62
    true, other = (Controller(one, fitted, 365 * 24) for one in (hours, _scrambled(hours, fitted, fitted)))
    for clock in (12, 13):
        hour, published = day * 24 + clock, (day + 1 + (clock >= 13)) * 24
        other._hours = _scrambled(hours, hour + 1, published)
        seen = [one.outlook(hour) for one in (true, other)]
        for field in ("load_kwh", "price"):
            assert np.array_equal(getattr(seen[0], field), getattr(seen[1], field))
        assert true.decide(hour, 17.0) == other.decide(hour, 17.0)
        # What is known does matter: the hour's load, the last price that is out.
        other._hours = _scrambled(hours, hour, published - 1)
        less = other.outlook(hour)
        assert less.load_kwh[0] == other._hours.load_kwh[hour] != hours.load_kwh[hour]
        changed = np.flatnonzero(less.price[: published - hour] != seen[0].price[: published - hour])
        assert changed.tolist() == [published - hour - 1]


def _scrambled(hours: Hours, load_from: int, spot_from: int) -> Hours:
    rng = np.random.default_rng(4)
    load, spot = hours.load_kwh.copy(), hours.spot.copy()
    load[load_from:] = rng.uniform(0.5, 15.0, len(load) - load_from)
    spot[spot_from:] = rng.uniform(-1.0, 9.0, len(spot) - spot_from)
    return dataclasses.replace(hours, load_kwh=load, spot=spot)


@pytest.mark.slow
def test_forecasts_are_finite_and_better_than_the_day_s_mean(hours: Hours) -> None:
    fitted = 200 * 24
    load = LoadOutlook(hours.load_kwh[:fitted], hours.weekday).forecast(hours.load_kwh[:fitted].copy())
    spot = PriceOutlook(hours.spot[:fitted], hours.weekday).forecast(hours.spot[:fitted].copy())
    assert len(load) == HORIZON
    assert np.isfinite(load).all()
    assert np.isfinite(spot).all()
    truth = hours.load_kwh[fitted : fitted + HORIZON]
    assert np.abs(load[:24] - truth[:24]).mean() < np.abs(truth[:24] - truth[:24].mean()).mean()


@pytest.mark.slow
def test_ten_days_with_forecasts_cost_no_less_than_with_all_known(hours: Hours) -> None:
    begin = hours.begins[2021]
    end = begin + 10 * 24
    known = foresight(hours, begin, end)
    imports, left_kwh = controlled(hours, begin, begin, end)
    assert left_kwh == pytest.approx(20.0, abs=0.5)
    assert imports.min() >= -1e-9
    assert bill_of(hours, begin, known).total <= bill_of(hours, begin, imports).total
    assert bill_of(hours, begin, imports).total < bill_of(hours, begin, hours.load_kwh[begin:end]).total
