"""The days of a report: calendar, best and worst, left out."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest

from darkstar.time_machine.calendar import DayCosts
from darkstar.time_machine.outcome import MPC, NONE, ORACLE, RULE
from darkstar.time_machine.regret import Part, Regret
from darkstar.time_machine.report.charts_days import MOST_BARS, regret_by_day
from darkstar.time_machine.report.days import Judged, best_and_worst, judged, left_out, months_of
from darkstar.time_machine.side_by_side import compare
from tests.time_machine.cases import TZ, scenario

DAYS = tuple(dt.date(2021, 3, 29) + dt.timedelta(days=i) for i in range(4))


def found(*worth: float) -> Judged:
    rule = DayCosts(DAYS[: len(worth)], np.full(len(worth), 10.0), 0.0)
    mpc = DayCosts(rule.days, 10.0 - np.array(worth), 0.0)
    return Judged(MPC, RULE, rule.days, {RULE: rule, MPC: mpc}, np.array(worth))


def test_kepler_is_judged_by_what_it_saves() -> None:
    compared = compare(scenario(days=2), (NONE, RULE, MPC, ORACLE), (0, 1))
    by_day = judged(compared, TZ)
    assert (by_day.policy, by_day.baseline) == (MPC, RULE)
    saved = compared.outcomes[RULE].cost - compared.outcomes[MPC].cost
    assert by_day.worth.sum() == pytest.approx(saved)
    alone = judged(replace(compared, outcomes={NONE: compared.outcomes[NONE]}), TZ)
    assert (alone.policy, alone.baseline) == (NONE, None)
    assert alone.worth.sum() == pytest.approx(-compared.outcomes[NONE].cost)


def test_the_calendar_begins_on_the_weekday_and_names_what_is_left_out() -> None:
    omitted = [(dt.date(2021, 4, 2), "load unknown in 3 of 96 slots")]
    march, april = months_of(found(2.0, -1.0, 4.0, 0.0), omitted, "SEK")
    assert (march.name, march.before, len(march.cells)) == ("March 2021", 0, 31)
    assert (april.name, april.before, len(april.cells)) == ("April 2021", 3, 30)
    assert [cell.kind for cell in march.cells[27:]] == ["none", "up", "down", "up"]
    assert march.cells[28].told == "2021-03-29: Kepler 8.00 SEK, Self-consumption 10.00, saved 2.00"
    assert march.cells[30].share == 1.0
    assert march.cells[28].share == pytest.approx(2.0 / np.percentile([2, 1, 4, 0], 95), abs=0.01)
    assert [cell.kind for cell in april.cells[:3]] == ["up", "out", "none"]
    assert april.cells[1].told == "2021-04-02: left out, load unknown in 3 of 96 slots"


def test_best_and_worst_share_no_day() -> None:
    best, worst = best_and_worst(found(2.0, -1.0, 4.0), None)
    assert [row.day for row in best] == ["2021-03-31 Wed", "2021-03-29 Mon"]
    assert [row.day for row in worst] == ["2021-03-30 Tue"]
    assert (worst[0].costs, worst[0].saved, worst[0].lost) == (("10.00", "11.00"), "\u22121.00", "")


def test_neighbours_left_out_for_one_reason_stand_together() -> None:
    days = [dt.date(2021, 3, day) for day in (1, 2, 4, 5)]
    rows = left_out(list(zip(days, ("a", "a", "a", "b"), strict=True)))
    assert rows == [("2021-03-01 to 2021-03-02", "a"), ("2021-03-04", "a"), ("2021-03-05", "b")]


@pytest.mark.parametrize(("count", "bars"), [(MOST_BARS, MOST_BARS), (MOST_BARS + 10, 31)])
def test_long_ranges_are_told_by_the_week_and_add_up(count: int, bars: int) -> None:
    days = tuple(dt.date(2021, 3, 1) + dt.timedelta(days=i) for i in range(count))
    regret = Regret(days, {part: np.full(count, 1.5) for part in Part}, dict.fromkeys(Part, 0.0))
    figure = regret_by_day(regret, "SEK")
    assert len(figure.data[0].x) == bars - (count > MOST_BARS)
    assert sum(trace.y.sum() for trace in figure.data) == pytest.approx(regret.total)
