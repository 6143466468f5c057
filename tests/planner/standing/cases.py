"""A home of four slots, a battery without losses, and plans for it that are reckoned by hand."""

from collections.abc import Sequence

import numpy as np

from darkstar.planner.devices.household import NO_STORAGE, Household
from darkstar.planner.devices.wish import DeviceKind, Due, Wish
from darkstar.planner.full.site import SiteBattery
from darkstar.planner.loads.model import Level, Need, OnOffLoad
from darkstar.planner.mode_table import ModeTable
from darkstar.planner.modes import setpoint
from darkstar.planner.problem import GridModel, Problem, Series, StorageModel, TerminalValue
from darkstar.planner.standing.follow import Mover
from darkstar.planner.standing.plan import Expected, StandingBattery, StandingPlan
from tests.planner.devices.cases import START, TZ, ahead

N = 4
CELLAR = StorageModel(0.0, 2.0, 4.0, 4.0, 1.0, 1.0)
"""A kilowatt-hour a slot, two in all."""


def household(
    *,
    load: Sequence[float] = (1, 1, 1, 1),
    price: Sequence[float] = (1, 2, 3, 4),
    soc_kwh: float = 0.0,
    fuse_kw: float = 100.0,
    devices: Sequence[Wish] = (),
    battery: bool = True,
) -> Household:
    rest = Problem(
        0.25,
        np.array(load, dtype=np.float64),
        np.zeros(N),
        np.array(price, dtype=np.float64),
        np.zeros(N),
        0.0,
        NO_STORAGE,
        GridModel(fuse_kw, fuse_kw),
        TerminalValue(np.zeros(0), np.zeros(0)),
    )
    batteries = (SiteBattery("cellar", CELLAR, soc_kwh),) if battery else ()
    return Household(ahead(1), TZ, rest, batteries, tuple(devices))


def modes(*moves_kwh: float) -> ModeTable:
    """So much is charged in each slot, whatever comes."""
    return ModeTable.of([setpoint(CELLAR, 4 * moved) for moved in moves_kwh])


def standing(
    *moves_kwh: float, devices: dict[str, Series] | None = None, soc_kwh: float = 0.0
) -> StandingPlan:
    """A plan of these moves, which had expected what the home's problem says."""
    rest, n = household().rest, len(moves_kwh)
    stored = soc_kwh + np.concatenate([[0.0], np.cumsum(moves_kwh)])
    return StandingPlan(
        START,
        START + 3600,
        n,
        Expected(rest.load_kwh[:n], rest.pv_kwh[:n], rest.import_price[:n], rest.export_price[:n]),
        {"cellar": StandingBattery(stored, modes(*moves_kwh), np.full(n, np.nan))},
        devices or {},
    )


def by_modes(*moves_kwh: float) -> Mover:
    """Modes as `Mode.move` says, for a battery without losses."""
    table = modes(*moves_kwh)

    def carried(problem: Problem) -> Series:
        stored, moves = problem.soc_start_kwh, np.zeros(len(table))
        for slot in range(len(table)):
            surplus = float(problem.pv_kwh[slot] - problem.load_kwh[slot])
            moved = table.mode(slot).move(problem.storage, stored, surplus, problem.slot_hours)
            moves[slot] = min(max(moved, -stored), problem.storage.soc_max_kwh - stored)
            stored += moves[slot]
        return moves

    return carried


def heater(last: int = N) -> Wish:
    """A kilowatt-hour in one slot before `last`."""
    load = OnOffLoad("heater", (Level(4.0),), needs=(Need("0", 0, last, 1),))
    return Wish(
        "heater",
        DeviceKind.WATER_HEATER,
        load,
        (Due(0, last, START + last * 900),),
        1.0,
        np.ones(N, np.bool_),
    )
