"""The split of hours keeps what its benchmark shows."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from benchmarks.hour_split import Case, Row, demo_home, real_homes, rows

from darkstar.domain.channels import Channel
from darkstar.domain.slots import HOUR_SECONDS, slot_range

DEMO_DAYS = 60


@pytest.fixture(scope="module")
def demo() -> Mapping[str, Row]:
    return {row.what: row for row in rows(demo_home(DEMO_DAYS))}


@pytest.fixture(scope="module")
def homes(real_data: Path) -> Mapping[str, Mapping[str, Row]]:
    return {case.name: {row.what: row for row in rows(case)} for case in real_homes(real_data)}


def test_the_sun_of_clear_days_is_split_twice_as_well_as_evenly(demo: Mapping[str, Row]) -> None:
    assert demo["pv, clear days"].less_mae >= 0.5


def test_every_channel_of_the_demo_home_is_split_better_than_evenly(demo: Mapping[str, Row]) -> None:
    assert set(demo) == {"pv, clear days", "net import", *(channel.value for channel in Channel)}
    for what, row in demo.items():
        assert row.less_mae > 0.02, what
        assert row.less_rmse > 0.02, what


def test_a_real_home_with_a_car_is_split_a_fifth_better(homes: Mapping[str, Mapping[str, Row]]) -> None:
    for what in ("import", "net import"):
        assert homes["nl_p1mon"][what].less_mae >= 0.2
        assert homes["nl_p1mon"][what].less_rmse >= 0.35


@pytest.mark.parametrize(
    ("home", "least"), [("se4_magma", 0.07), ("be_fluvius", 0.02), ("uk_givenergy", 0.12)]
)
def test_other_real_homes_are_split_better(
    homes: Mapping[str, Mapping[str, Row]], home: str, least: float
) -> None:
    assert homes[home]["net import"].less_mae >= least


def test_quarters_drawn_at_random_are_not_made_much_worse(homes: Mapping[str, Mapping[str, Row]]) -> None:
    for row in homes["nl_homewizard"].values():
        assert -0.01 < row.less_mae < 0.01


def test_errors_are_those_of_the_quarters() -> None:
    # Two hours that are alike: laid evenly by the ledger too.
    slots = slot_range(0, 2 * HOUR_SECONDS)
    bought = np.array([0.1, 0.1, 0.1, 0.5, 0.2, 0.2, 0.2, 0.2])
    case = Case("made up", slots, {Channel.IMPORT: bought, Channel.EXPORT: np.zeros(8)}, 59.3, 18.1)

    imported = next(row for row in rows(case) if row.what == "import")

    assert imported.hours == 2
    assert imported.ours.mae == imported.even.mae == pytest.approx((3 * 0.1 + 0.3) / 8)
    assert imported.ours.rmse == pytest.approx(((3 * 0.01 + 0.09) / 8) ** 0.5)
    assert imported.less_mae == imported.less_rmse == 0
