"""The closed loop keeps what its benchmark shows, on a part of it."""

from pathlib import Path

import pytest
from benchmarks._homes import cases, nl_p1mon_by_the_minute, nl_toon, se4_magma, us_fontana
from benchmarks.closed_loop import replayed

from darkstar.domain.slots import QUARTERS_OF_DAY

pytestmark = pytest.mark.slow


def test_following_the_value_under_doubt_closes_most_of_the_gap(real_data: Path) -> None:
    comparison = replayed(nl_toon(real_data, "2021-09-01", "2021-12-01"))
    closed, cost = comparison.gap_closed, {name: one.cost for name, one in comparison.outcomes.items()}
    assert closed["mpc"] is not None
    assert closed["mpc"] >= 0.8
    assert cost["oracle"] < cost["mpc"] < min(cost["rule"], cost["timer"], cost["cheapest"], cost["setpoint"])


def test_a_home_known_by_its_grid_meter_can_be_read(real_data: Path) -> None:
    history = se4_magma(real_data).history
    assert len(history) == 170 * QUARTERS_OF_DAY
    assert history.load_kwh.sum() > history.pv_kwh.sum() > 3000


def test_every_home_of_the_table_can_be_read(real_data: Path) -> None:
    found = {case.name: case.scenario.history for case in cases(real_data)}
    assert len(found) == 23
    for name, history in found.items():
        assert len(history) > 20 * QUARTERS_OF_DAY, name
        assert history.load_kwh.sum() > 0, name
    # Net draw and net feed-in, never both.
    net = [history for history in found.values() if history.net_only]
    assert len(net) == 7
    assert all((history.load_kwh * history.pv_kwh).max() == 0 for history in net)


def test_the_minutes_of_a_home_add_up_to_its_slots(real_data: Path) -> None:
    history = nl_p1mon_by_the_minute(real_data).history
    minutes = history.minutes
    assert minutes is not None
    assert minutes.known > 0.9 * len(history)
    known = minutes.rows >= 0
    sums = (minutes.load_kwh - minutes.pv_kwh)[minutes.rows[known]].sum(axis=1)
    assert sums == pytest.approx((history.load_kwh - history.pv_kwh)[known], abs=1e-5)


def test_dear_hours_of_fontana_come_in_the_evening(real_data: Path) -> None:
    scenario = us_fontana(real_data, 4)
    history = scenario.history
    hours = (history.slots // 3600 - 8) % 24
    assert set(hours[history.import_price > 0.4]) == {16, 17, 18, 19, 20}
