"""Sites that the tests share."""

import datetime as dt
from dataclasses import replace
from zoneinfo import ZoneInfo

import numpy as np

from darkstar.domain.slots import SLOT_SECONDS
from darkstar.planner.full.site import Connection, PvString, Site, SiteBattery, SiteLoad
from darkstar.planner.problem import Problem, StorageModel

UTC = ZoneInfo("UTC")
START = int(dt.datetime(2025, 2, 3, tzinfo=dt.UTC).timestamp())
LOSSLESS = StorageModel(0.0, 4.0, 4.0, 4.0, 1.0, 1.0)


def site(load: list[float], price: list[float] | float = 1.0, **more: object) -> Site:
    """Slots from a Monday midnight on; nothing but a load and a wide connection unless told otherwise."""
    n = len(load)
    plain = Site(
        slots=START + SLOT_SECONDS * np.arange(n),
        tz=UTC,
        load_kwh=np.array(load, dtype=float),
        import_price=np.broadcast_to(np.asarray(price, dtype=float), (n,)).copy(),
        export_price=np.zeros(n),
        connection=Connection(np.full(n, 40.0), np.full(n, 40.0)),
    )
    return replace(plain, **more)  # type: ignore[arg-type]


def site_of(problem: Problem, loads: tuple[SiteLoad, ...] = ()) -> Site:
    """A battery problem as a site, with loads."""
    n, grid = len(problem), problem.grid
    return Site(
        slots=START + SLOT_SECONDS * np.arange(n),
        tz=UTC,
        load_kwh=problem.load_kwh,
        import_price=problem.import_price,
        export_price=problem.export_price,
        connection=Connection(
            np.full(n, grid.import_max_kw),
            np.full(n, grid.export_max_kw),
            breach_cost=grid.import_breach_cost,
        ),
        strings=(PvString("roof", problem.pv_kwh, curtailment_cost=grid.curtailment_cost),),
        batteries=(SiteBattery("battery", problem.storage, problem.soc_start_kwh, problem.terminal),),
        loads=loads,
        slot_hours=problem.slot_hours,
    )
