"""What energy costs, and that it costs the same wherever it is added up."""

import subprocess
import sys

import numpy as np
import pytest

from darkstar.domain.bill import energy_cost, export_revenue

YEAR = """
import numpy as np
from darkstar.domain.bill import energy_cost, export_revenue
for seed in range(20):
    kwh, price = np.random.default_rng(seed).normal(1.0, 1.0, (2, 35_040))
    print(repr(energy_cost(kwh, price)), repr(export_revenue(kwh, price)))
"""


def test_energy_times_its_price() -> None:
    kwh, price = np.array([2.0, 0.0, 1.0]), np.array([0.5, 9.0, -0.25])
    assert energy_cost(kwh, price) == 0.75
    assert export_revenue(kwh, price) == 0.75


@pytest.mark.slow
def test_a_year_costs_the_same_on_any_number_of_cores() -> None:
    told = {
        subprocess.run(
            [sys.executable, "-c", YEAR],
            env={"OPENBLAS_NUM_THREADS": cores},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for cores in ("1", "2")
    }
    assert len(told) == 1
