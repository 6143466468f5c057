"""The plan in which nothing planned moves: what is handed on when there was no time for any other."""

import numpy as np

from darkstar.planner.full.accounting import settled
from darkstar.planner.full.plan import BatteryRun, BoostRun, CarRun, SitePlan, TankRun
from darkstar.planner.full.site import Boost, Car, Site, SiteLoad
from darkstar.planner.full.tank import unheated
from darkstar.planner.loads.accounting import owed_slots, run_of
from darkstar.planner.loads.model import LoadRun
from darkstar.planner.problem import Series


def idle_plan(site: Site) -> SitePlan:
    """Batteries and switches rest, loads finish what they owe, the grid takes the rest; its bound is minus infinity."""
    n, grid, h = len(site), site.connection, site.slot_hours
    loads = tuple(_finish(load, n, h) for load in site.loads)
    net = site.load_kwh - site.pv_kwh + np.sum([run.energy_kwh for run in loads] + [np.zeros(n)], axis=0)
    curtail = []
    for string in site.strings:
        over = np.clip(-net - grid.export_max_kw * h, 0.0, string.pv_kwh if string.can_curtail else 0.0)
        curtail.append(over)
        net = net + over
    drawn, fed = np.maximum(net, 0.0), np.maximum(-net, 0.0)
    off, nothing = np.zeros(n, dtype=np.bool_), np.zeros(n)
    plan = SitePlan(
        slots=site.slots,
        import_kwh=drawn,
        export_kwh=fed,
        breach_kwh=np.maximum(drawn - grid.import_max_kw * h, 0.0),
        spill_kwh=np.maximum(fed - grid.export_max_kw * h, 0.0),
        phase_breach_kwh=_phases(site, loads, curtail),
        curtail_kwh=tuple(curtail),
        batteries=tuple(
            BatteryRun(battery.name, nothing, nothing, np.full(n + 1, battery.soc_start_kwh))
            for battery in site.batteries
        ),
        cars=tuple(_parked(car, n) for car in site.cars),
        tanks=tuple(
            TankRun(tank.name, nothing, np.concatenate([[tank.temperature_c], unheated(tank, h)]), off)
            for tank in site.tanks
        ),
        boosts=tuple(_unboosted(boost, n, h) for boost in site.boosts),
        loads=loads,
        breaches=(),
        cost=0.0,
        bound=-np.inf,
        ms=0.0,
        finished=False,
        engine="idle",
    )
    return settled(site, plan)


def _finish(site_load: SiteLoad, n: int, slot_hours: float) -> LoadRun:
    load = site_load.load
    levels = np.zeros(n, dtype=np.int64)
    levels[: owed_slots(load, n)] = 1
    return run_of(load, levels, slot_hours)


def _parked(car: Car, n: int) -> CarRun:
    driven = np.zeros(n) if car.driven_kwh is None else car.driven_kwh
    stored, elsewhere = np.empty(n + 1), np.zeros(n)
    stored[0] = car.stored_kwh
    for slot in range(n):
        elsewhere[slot] = max(0.0, driven[slot] - stored[slot])
        stored[slot + 1] = stored[slot] - driven[slot] + elsewhere[slot]
    return CarRun(car.name, np.zeros(n), elsewhere, stored, np.zeros(n, dtype=np.bool_))


def _unboosted(boost: Boost, n: int, slot_hours: float) -> BoostRun:
    saved = np.multiply(boost.stored_kwh, np.power(boost.keep_per_hour, slot_hours * np.arange(n + 1)))
    return BoostRun(boost.name, np.zeros(n), np.zeros(n), saved, np.zeros(n, dtype=np.bool_))


def _phases(site: Site, loads: tuple[LoadRun, ...], curtail: list[Series]) -> Series:
    grid = site.connection
    if grid.phase_max_kw is None:
        return np.zeros((0, len(site)))
    rows = []
    for number, share in enumerate(grid.load_shares, start=1):
        net = site.load_kwh * share
        for string, down in zip(site.strings, curtail, strict=True):
            net = net - (string.pv_kwh - down) * (number in string.phases) / len(string.phases)
        for load, run in zip(site.loads, loads, strict=True):
            net = net + run.energy_kwh * (number in load.phases) / len(load.phases)
        rows.append(np.maximum(np.abs(net) - grid.phase_max_kw * site.slot_hours, 0.0))
    return np.stack(rows)
