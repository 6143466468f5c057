"""From a programme's columns to a plan."""

import numpy as np
from numpy.typing import NDArray

from darkstar.planner.full.accounting import settled
from darkstar.planner.full.build import Built
from darkstar.planner.full.loads import LoadColumns
from darkstar.planner.full.plan import BatteryRun, BoostRun, CarRun, SitePlan, TankRun
from darkstar.planner.full.site import Site, SiteLoad
from darkstar.planner.loads.accounting import run_of
from darkstar.planner.loads.model import LoadRun
from darkstar.planner.problem import Series


def read_plan(site: Site, built: Built, columns: Series, *, bound: float) -> SitePlan:
    """The plan of a solution, with its cost worked out anew."""
    bus, n = built.bus, len(site)
    values = np.maximum(columns, 0.0)
    drawn, breach = values[bus.imports], values[bus.breach]
    fed, spill = values[bus.exports], values[bus.spill]
    # The meter turns one way: what passes both ways in a slot cancels.
    both = np.minimum(drawn, fed)
    phase = values[bus.phase_breach] + values[bus.phase_spill]
    plan = SitePlan(
        slots=site.slots,
        import_kwh=drawn - both + breach,
        export_kwh=fed - both + spill,
        breach_kwh=breach,
        spill_kwh=spill,
        phase_breach_kwh=phase.reshape(-1, n),
        curtail_kwh=tuple(values[curtail] for curtail in built.curtail),
        batteries=tuple(
            BatteryRun(
                battery.name,
                values[at.charge],
                values[at.discharge],
                _with_start(battery.soc_start_kwh, values[at.stored]),
            )
            for battery, at in zip(site.batteries, built.batteries, strict=True)
        ),
        cars=tuple(
            CarRun(
                car.name,
                values[at.draw.drawn],
                _at_slots(values[at.elsewhere], at.away, n),
                _with_start(car.stored_kwh, values[at.stored]),
                at.draw.on(values),
            )
            for car, at in zip(site.cars, built.cars, strict=True)
        ),
        tanks=tuple(
            TankRun(
                tank.name,
                values[at.draw.drawn],
                _with_start(tank.temperature_c, columns[at.temperature]),
                at.draw.on(values),
            )
            for tank, at in zip(site.tanks, built.tanks, strict=True)
        ),
        boosts=tuple(
            BoostRun(
                boost.name,
                values[at.draw.drawn],
                values[at.relief],
                _with_start(boost.stored_kwh, values[at.saved]),
                at.draw.on(values),
            )
            for boost, at in zip(site.boosts, built.boosts, strict=True)
        ),
        loads=tuple(
            _load_run(load, at, values, site) for load, at in zip(site.loads, built.loads, strict=True)
        ),
        breaches=(),
        cost=0.0,
        bound=bound,
        ms=0.0,
    )
    return settled(site, plan)


def _with_start(start: float, after: Series) -> Series:
    return np.concatenate([[start], after])


def _load_run(site_load: SiteLoad, at: LoadColumns, values: Series, site: Site) -> LoadRun:
    load, states = site_load.load, values[at.states] > 0.5
    n = len(site)
    levels = np.zeros(n, dtype=np.int64)
    if load.profile_kw:
        levels[: at.owed] = 1
        for start in np.flatnonzero(states[0]).tolist():
            levels[start : start + len(load.profile_kw)] = 1
    else:
        for number, state in enumerate(states, start=1):
            levels[state] = number
    return run_of(load, levels, site.slot_hours)


def _at_slots(some: Series, slots: NDArray[np.int64], n: int) -> Series:
    series = np.zeros(n)
    series[slots] = some
    return series
