"""What cannot be in a home is added up."""

import numpy as np
import pytest
from numpy.typing import NDArray

from darkstar.domain.channels import BALANCE_SIGN, Channel
from darkstar.domain.slots import HOUR_SECONDS, SLOTS_PER_HOUR, slot_range
from darkstar.ledger.contradictions import Surroundings, contradictions, surroundings

Series = NDArray[np.float64]
HOURS = 12
ROWS = np.arange(HOURS)
JUNE = 1_750_464_000
"""2025-06-21, at midnight."""


def of(**kwh: float) -> dict[Channel, Series]:
    """A home that uses 1 kWh an hour, with these flows beside it."""
    return {
        c: np.full(HOURS, kwh.get(c.value.replace("import", "imported"), float(c is Channel.LOAD)))
        for c in BALANCE_SIGN
    }


@pytest.mark.parametrize(
    ("kwh", "cannot_be"),
    [
        ({"imported": 1.0}, 0.0),
        ({"imported": 1.0, "export": 0.25, "pv": 0.25}, 0.25),
        ({"batt_charge": 0.5, "batt_discharge": 0.2}, 0.2),
        ({"export": 0.5, "pv": 0.25}, 0.5 - 1.1 * 0.25 - 0.05),
        ({"export": 0.5, "pv": 0.25, "batt_discharge": 0.2}, 0.0),
        ({"load": 0.0, "imported": 2.0}, 1.0),
        ({"imported": -0.5}, 0.5),
        ({"imported": 7.0}, 1.0),
    ],
)
def test_each_kind_by_the_hour(kwh: dict[str, float], cannot_be: float) -> None:
    around = Surroundings(most_kwh=dict.fromkeys(Channel, 6.0))
    assert contradictions(of(**kwh), ROWS, around) == pytest.approx(HOURS * cannot_be)


def test_no_sun_shines_at_night() -> None:
    sun = np.where(ROWS < 3, -0.2, 0.1)
    assert contradictions(of(pv=0.5), ROWS, Surroundings(sun=sun)) == pytest.approx(1.5)
    assert contradictions(of(pv=0.5), ROWS[2:], Surroundings(sun=sun)) == pytest.approx(0.5)


@pytest.mark.parametrize(("rise", "cannot_be"), [(0.95, 0.0), (0.0, 0.95), (-1.0, 1.95)])
def test_a_store_rises_by_what_it_is_charged_with(rise: float, cannot_be: float) -> None:
    """Six hours together may be off by 0.3 kWh and a tenth of what went in."""
    flows = of(batt_charge=1.0, imported=2.0)
    around = Surroundings(stored_kwh=np.full(HOURS, rise))
    expected = max(0.0, 6 * cannot_be - 0.3 - 0.6) * 2
    assert contradictions(flows, ROWS, around) == pytest.approx(expected)


def test_what_surrounds_a_home_is_by_the_hour() -> None:
    slots = slot_range(JUNE, JUNE + 24 * HOUR_SECONDS)
    start = np.linspace(20.0, 68.0, len(slots), endpoint=False)
    around = surroundings(slots, 52.0, 0.0, start, start + 0.5, 10.0)
    assert around.sun is not None
    assert around.stored_kwh is not None
    assert around.stored_kwh == pytest.approx(np.full(24, SLOTS_PER_HOUR * 0.05))
    assert np.flatnonzero(around.sun > 0).tolist() == list(range(4, 20))
    assert surroundings(slots, 52.0, 0.0, start, start, None).stored_kwh is None
