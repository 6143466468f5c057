"""The closed loop keeps what its benchmark shows, on a part of it."""

from pathlib import Path

import pytest
from benchmarks.closed_loop import nl_toon, replayed, se4_magma

from darkstar.domain.slots import QUARTERS_OF_DAY

pytestmark = pytest.mark.slow


def test_following_the_value_under_doubt_closes_most_of_the_gap(real_data: Path) -> None:
    comparison = replayed(nl_toon(real_data, "2021-09-01", "2021-12-01"), workers=1)
    closed, cost = comparison.gap_closed, {name: one.cost for name, one in comparison.outcomes.items()}
    assert closed["mpc"] is not None
    assert closed["mpc"] >= 0.8
    assert cost["oracle"] < cost["mpc"] < min(cost["rule"], cost["timer"], cost["cheapest"], cost["setpoint"])


def test_a_home_known_by_its_grid_meter_can_be_read(real_data: Path) -> None:
    history = se4_magma(real_data).history
    assert len(history) == 170 * QUARTERS_OF_DAY
    assert history.load_kwh.sum() > history.pv_kwh.sum() > 3000
