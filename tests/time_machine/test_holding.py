"""Replays that hold their months' peaks: cheaper than those that do not look, honest, and the same every time."""

from dataclasses import replace

import numpy as np
import pytest

from darkstar.domain.power_tariff import PowerTariff, PowerWindow, Tier
from darkstar.planner.full.site import MeteredTariff
from darkstar.time_machine.holding import Holding
from darkstar.time_machine.information import Honesty
from darkstar.time_machine.outcome import MPC, ORACLE, SETPOINT
from darkstar.time_machine.replay import outcome_of, replay
from darkstar.time_machine.scenario import Scenario
from darkstar.time_machine.witness import Moment
from tests.time_machine.cases import changed_after, scenario

NIGHT = PowerWindow(hours=frozenset({22, 23, *range(6)}), share=0.5)
PER_KW = PowerTariff(peaks=3, per_kw=60, windows=(NIGHT, PowerWindow()))
TIERS = PowerTariff(tiers=(Tier(1, 10), Tier(1.6, 40), Tier(3, 90), Tier(8, 150)))


def under(tariff: PowerTariff, days: int = 6) -> Scenario:
    return replace(scenario(days), power_tariffs=(MeteredTariff(tariff),))


@pytest.mark.slow
@pytest.mark.parametrize("tariff", [PER_KW, TIERS, replace(PER_KW, hourly=False)])
@pytest.mark.parametrize("name", [MPC, SETPOINT, ORACLE])
def test_who_looks_pays_less(name: str, tariff: PowerTariff) -> None:
    given = under(tariff)
    blind = outcome_of(given, name, replay(replace(given, power_tariffs=()), name).flows, np.zeros(0))
    seeing = replay(given, name)
    assert seeing.bill.power_fee < blind.bill.power_fee
    assert seeing.cost < blind.cost
    assert replay(given, ORACLE).cost <= seeing.cost + 1e-9


@pytest.mark.slow
@pytest.mark.parametrize("name", [MPC, SETPOINT])
@pytest.mark.parametrize("day", [1, 3])
def test_another_future_changes_nothing_before_it(name: str, day: int) -> None:
    given = under(PER_KW, 4)
    at = int(given.history.slots[96 * day + 40])
    changed = changed_after(given, at, at + 2 * 86400)
    same = slice(0, 96 * day + 40)
    once, twice = replay(given, name).flows, replay(changed, name).flows
    assert (once.import_kwh[same] == twice.import_kwh[same]).all()
    assert (once.import_kwh != twice.import_kwh).any()


def test_the_same_every_time_and_whoever_looks_on() -> None:
    given = replace(under(PER_KW, 2), replan_slots=2)
    seen: list[Moment] = []
    once = replay(given, MPC, Honesty.HONEST, seen.append)
    assert once.flows.import_kwh.tolist() == replay(given, MPC).flows.import_kwh.tolist()
    assert once.plans == 96
    assert [moment.step.import_kwh for moment in seen] == once.flows.import_kwh.tolist()
    assert all(np.isfinite(moment.mode.import_kw) for moment in seen)
    assert all((moment.mode.worth is None) == (moment.outlook is None) for moment in seen)


@pytest.mark.slow
def test_all_known_is_no_worse_than_forecasts() -> None:
    given = under(PER_KW)
    assert replay(given, MPC, Honesty.PERFECT).cost < replay(given, MPC).cost


def test_what_an_hour_has_drawn_is_taken_off_the_rest_of_it() -> None:
    given = under(replace(PER_KW, windows=(PowerWindow(),)))
    holding = Holding(given)
    level = holding.limit(0, 8)
    assert level.kw.tolist() == [level.kw[0]] * 8
    holding.drawn(0, [level.kw[0] / 2, 0.0])
    rest = holding.limit(2, 8)
    assert rest.kw[:2] == pytest.approx(level.kw[0])
    holding.drawn(2, [level.kw[0]])
    over = holding.limit(3, 8).kw
    assert over[0] == 0.0
    # What the hour has come to is free for the rest of the day.
    assert over[1:] == pytest.approx([1.5 * level.kw[0]] * 7)


@pytest.mark.parametrize("tariff", [PER_KW, TIERS])
def test_the_oracle_says_how_near_the_least_it_is(tariff: PowerTariff) -> None:
    given = under(tariff, 2)
    oracle = replay(given, ORACLE)
    assert oracle.over_least is not None
    assert 0 <= oracle.over_least <= oracle.bill.power_fee
    assert replay(given, MPC).over_least is None
    assert replay(given, MPC).cost >= oracle.cost - oracle.over_least
    assert replay(replace(given, power_tariffs=()), ORACLE).over_least == 0.0


def test_nothing_is_held_before_a_week_is_known() -> None:
    given = replace(scenario(2, warm_up=5), power_tariffs=(MeteredTariff(PER_KW),))
    assert np.isinf(Holding(given).limit(0, 96).kw).all()
    replay(given, MPC)


@pytest.mark.slow
def test_days_left_out_leave_the_books_right() -> None:
    given = under(PER_KW, 4)
    replayed = given.replayed.copy()
    replayed[-192:-96] = False
    gap = replace(given, replayed=replayed)
    for name in (MPC, SETPOINT, ORACLE):
        assert len(replay(gap, name).flows.import_kwh) == 288
