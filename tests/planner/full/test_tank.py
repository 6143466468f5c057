"""What a disinfection binds after its slot takes no plan away."""

import numpy as np
import pytest

from darkstar.domain.slots import SLOT_SECONDS
from darkstar.planner.full import tank as room
from darkstar.planner.full.engine import FullEngine
from darkstar.planner.full.site import Connection, Legionella, Site, Switching, Tank
from darkstar.planner.problem import Series
from tests.planner.full.sites import START, UTC

pytestmark = pytest.mark.slow
N = 24


def random_site(seed: int) -> Site:
    """A small tank that is due for disinfection, drawn from at random, at random prices."""
    rng = np.random.default_rng(seed)
    tank = Tank(
        "tank",
        litres=60,
        heater_kw=3.0,
        temperature_c=float(rng.uniform(40, 68)),
        draw_kwh=rng.choice([0, 0, 0.3], N),
        loss_kw_per_k=0.004,
        legionella=Legionella(
            65.0, 96, int(rng.integers(74, 96)), shortfall_cost=float(rng.choice([1.5, 50]))
        ),
        cold_cost=float(rng.choice([0.05, 1])),
        value_per_kwh=float(rng.choice([0, 0.8])),
        whole_slots=seed % 4 == 0,
        switching=Switching(min_on_slots=int(rng.integers(1, 3)), start_cost=0.1),
    )
    return Site(
        slots=START + SLOT_SECONDS * np.arange(N),
        tz=UTC,
        load_kwh=np.zeros(N),
        import_price=rng.uniform(-0.2, 3, N),
        export_price=np.full(N, -0.2),
        connection=Connection(np.full(N, 40.0), np.full(N, 40.0)),
        tanks=(tank,),
    )


@pytest.mark.parametrize("block", range(4))
def test_lasting_heat_changes_no_optimum(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = FullEngine(seconds=20, gap=0.0)
    sites = [random_site(seed) for seed in range(10 * block, 10 * block + 10)]
    found = [engine.solve(problem).cost for problem in sites]
    lasting = room._lasting

    def momentary(floor: Series, goal: float, keep: float, *, once: bool) -> Series:
        return lasting(floor, goal, keep, once=False)

    monkeypatch.setattr(room, "_lasting", momentary)
    expected = [engine.solve(problem).cost for problem in sites]
    assert found == pytest.approx(expected, rel=1e-6, abs=2e-6)
