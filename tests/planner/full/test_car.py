"""The rows that make a car's relaxation pay for whole starts take no plan away."""

import numpy as np
import pytest

from darkstar.domain.slots import SLOT_SECONDS
from darkstar.planner.full import car as room
from darkstar.planner.full.engine import FullEngine
from darkstar.planner.full.site import Car, CarTarget, Connection, Site, Switching
from tests.planner.full.sites import START, UTC

pytestmark = pytest.mark.slow
N = 16


def random_site(seed: int) -> Site:
    """A car that comes and goes, with targets anywhere, that may drive while connected."""
    rng = np.random.default_rng(seed)
    connected = np.repeat(rng.random(N // 2) < 0.7, 2)
    driven = (
        rng.choice([0, 0, 0, 0.7], N) if seed % 3 == 0 else np.where(~connected, rng.choice([0, 1.0], N), 0)
    )
    slots = sorted(rng.choice(np.arange(1, N + 1), rng.integers(0, 4), replace=False).tolist())
    car = Car(
        "car",
        min_kw=float(rng.choice([0, 4.0])),
        max_kw=8.0,
        connected=connected,
        stored_kwh=float(rng.uniform(0, 4)),
        stored_max_kwh=8.0,
        targets=tuple(CarTarget(slot, rng.uniform(0, 8), rng.choice([0.5, 2, 20])) for slot in slots),
        driven_kwh=driven,
        value_per_kwh=float(rng.choice([0, 1.5])),
        whole_slots=seed % 5 == 0,
        switching=Switching(
            int(rng.integers(1, 3)),
            int(rng.integers(0, 3)),
            float(rng.uniform(0, 2)),
            int(rng.integers(0, 3)) if connected[0] else 0,
        ),
    )
    return Site(
        slots=START + SLOT_SECONDS * np.arange(N),
        tz=UTC,
        load_kwh=np.zeros(N),
        import_price=rng.uniform(0.2, 3, N),
        export_price=np.zeros(N),
        connection=Connection(np.full(N, 40.0), np.full(N, 40.0)),
        cars=(car,),
    )


@pytest.mark.parametrize("block", range(5))
def test_needed_starts_change_no_optimum(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = FullEngine(seconds=20, gap=0.0)
    sites = [random_site(seed) for seed in range(12 * block, 12 * block + 12)]
    found = [engine.solve(problem).cost for problem in sites]
    monkeypatch.setattr(room, "_add_needed_starts", lambda *_: None)
    expected = [engine.solve(problem).cost for problem in sites]
    assert found == pytest.approx(expected, rel=1e-6, abs=1e-6)
