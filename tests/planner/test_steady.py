"""Plans made again: flips counted by hand, and a plan kept while another gains too little."""

from dataclasses import replace

import numpy as np
import pytest

from darkstar.planner.fast.engine import FastEngine
from darkstar.planner.steady import flips, steady
from tests.planner.cases import problem

ENGINE = FastEngine()
ASKED = problem(load=[0, 0, 1, 0], buy=[1.0, 1.1, 9, 9], sell=[0, 0, 0, 0], soc=0.0)


def test_flips_of_the_slots_that_both_plan() -> None:
    before = ENGINE.solve(ASKED)
    # 1 kWh for the third slot takes 2 kWh stored: 2 from the first slot (1.6) and half a kWh from the second.
    assert np.sign(before.charge_kwh - before.discharge_kwh).tolist() == [1, 1, -1, 0]
    now = replace(before, charge_kwh=np.array([0, 0, 1, 0.0]), discharge_kwh=np.array([0, 1, 0, 0.0]))
    assert flips(before, now, 9) == 2
    assert flips(before, now, 1) == 1
    assert (
        flips(
            before,
            replace(before, charge_kwh=before.charge_kwh[1:], discharge_kwh=before.discharge_kwh[1:]),
            9,
        )
        == 0
    )


@pytest.mark.parametrize("near", [1, 2, 9])
def test_plan_is_kept_while_another_gains_too_little(near: int) -> None:
    before = ENGINE.solve(ASKED)
    # The second slot has become a little dearer than the fourth, which now needs nothing else.
    again = replace(ASKED.after(1), soc_start_kwh=1.6, import_price=np.array([6.0, 9.0, 9.0]))
    new = ENGINE.solve(again)
    assert new.charge_kwh[0] == 0.0
    # Carried on: half a kWh for 6 saves 0.2 kWh at 9.
    gain = 0.5 * 6 - 0.2 * 9
    assert steady(again, before, new, near=near, threshold=gain - 0.01, engine=ENGINE) is new
    kept = steady(again, before, new, near=near, threshold=gain + 0.01, engine=ENGINE)
    assert kept.charge_kwh[0] == pytest.approx(0.5)
    assert kept.cost - new.cost == pytest.approx(gain)
    assert kept.soc_kwh == pytest.approx([1.6, 2.0, 0.0, 0.0])


def test_kept_plan_obeys_the_energy_there_is() -> None:
    before = ENGINE.solve(ASKED)
    again = replace(ASKED.after(1), soc_start_kwh=0.2)
    kept = steady(again, before, ENGINE.solve(again), near=9, threshold=1e9, engine=ENGINE)
    assert kept.soc_kwh.min() >= 0.0
    assert kept.discharge_kwh[1] == pytest.approx(0.3)
    assert kept.import_kwh[1] == pytest.approx(0.7)
