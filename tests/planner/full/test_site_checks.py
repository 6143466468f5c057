"""Sites that make no sense are refused before a solver sees them."""

from dataclasses import replace

import numpy as np
import pytest

from darkstar.domain.errors import UsageError
from darkstar.planner.full.engine import FullEngine
from darkstar.planner.full.site import (
    Boost,
    Car,
    CarTarget,
    Connection,
    PvString,
    SiteBattery,
    SiteLoad,
    Tank,
)
from darkstar.planner.loads.model import OnOffLoad
from tests.planner.full.sites import LOSSLESS, site

ENGINE = FullEngine(seconds=10.0, gap=0.0)


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        ({"load_kwh": np.array([1.0, np.nan])}, "load_kwh is nan in slot 1"),
        ({"load_kwh": np.array([1.0, -1.0])}, "load_kwh is negative"),
        ({"import_price": np.array([1.0])}, "import_price has shape"),
        ({"strings": (PvString("roof", np.array([-1.0, 0.0])),)}, "pv_kwh of roof is negative"),
        ({"batteries": (SiteBattery("b", LOSSLESS, float("nan")),)}, "soc_start_kwh of b"),
        ({"batteries": (SiteBattery("b", replace(LOSSLESS, soc_min_kwh=9.0), 1.0),)}, "soc_min_kwh 9 of b"),
        ({"batteries": (SiteBattery("b", LOSSLESS, 0.0),) * 2}, "Several devices are called b"),
        ({"cars": (Car("c", 9.0, 8.0, np.ones(2, dtype=np.bool_), 0.0, 5.0),)}, "min_kw 9 of c"),
        ({"cars": (Car("c", 1.0, 8.0, np.ones(3, dtype=np.bool_), 0.0, 5.0),)}, "connected of c"),
        (
            {"cars": (Car("c", 1.0, 8.0, np.ones(2, dtype=np.bool_), 0.0, 5.0, (CarTarget(7, 1.0),)),)},
            "slot 7",
        ),
        ({"tanks": (Tank("t", 0.0, 1.0, 50.0, np.zeros(2)),)}, "litres"),
        ({"boosts": (Boost("h", 1.0, np.zeros(2), 1.0, keep_per_hour=0.0),)}, "keep_per_hour of h"),
        (
            {
                "connection": Connection(np.ones(2), np.ones(2), phase_max_kw=1.0),
                "batteries": (SiteBattery("b", LOSSLESS, 0.0, phases=(4,)),),
            },
            "phases",
        ),
        (
            {"connection": Connection(np.ones(2), np.ones(2), phase_max_kw=1.0, load_shares=(1.0, 1.0, 0.0))},
            "add up",
        ),
        ({"loads": (SiteLoad(OnOffLoad("x")),)}, "levels or a profile"),
    ],
)
def test_fault_20_nonsense_is_refused(wrong: dict[str, object], word: str) -> None:
    with pytest.raises(UsageError, match=word):
        ENGINE.solve(site([1.0, 1.0], **wrong))
