"""The state of charge at the edges of slots."""

import numpy as np
import pytest

from darkstar.ledger.charge import state_of_charge
from darkstar.ledger.evidence import MeterEvidence
from tests.ledger.cases import MIDNIGHT, on_change, periodic

EDGES = MIDNIGHT + 900 * np.arange(5)
NAN = float("nan")


def edges(*meters: MeterEvidence) -> list[float]:
    return state_of_charge(meters, EDGES).tolist()


@pytest.mark.parametrize(
    ("meter", "expected"),
    [
        (on_change([(-10, 50), (20, 60)], watched=[(-10, 90)]), [50, 50, 60, 60, 60]),
        (on_change([(0, 50), (15, 55)], watched=[(0, 30)]), [50, 55, 55, NAN, NAN]),
        (on_change([(1, 50)], watched=[(1, 90)]), [NAN, 50, 50, 50, 50]),
        (on_change([(0, 50), (20, "unavailable"), (40, 70)], watched=[(0, 90)]), [50, 50, NAN, 70, 70]),
        (on_change([(0, 50), (20, 104), (40, -1)], watched=[(0, 90)]), [50, 50, NAN, NAN, NAN]),
        (on_change([(0, 0), (20, 100)], watched=[(0, 90)]), [0, 0, 100, 100, 100]),
        (on_change([], watched=[(0, 90)]), [NAN] * 5),
        (periodic([(0, 50), (30, 60), (60, 40)]), [50, 55, 60, 50, 40]),
        (periodic([(0, 50), (90, 60)]), [50, NAN, NAN, NAN, NAN]),
    ],
    ids=[
        "holds",
        "unwatched",
        "before the first",
        "away",
        "no percentage",
        "empty and full",
        "nothing",
        "file",
        "hole",
    ],
)
def test_a_state_of_charge_is_known_while_its_sensor_is_watched(
    meter: MeterEvidence, expected: list[float]
) -> None:
    assert edges(meter) == pytest.approx(expected, nan_ok=True)


def test_the_next_sensor_answers_where_the_first_does_not_know() -> None:
    first = on_change([(0, 50)], watched=[(0, 20)])
    second = on_change([(0, 90)], watched=[(0, 90)])

    assert edges(first, second) == [50, 50, 90, 90, 90]
    assert np.isnan(edges()).all()
