"""A hot-water tank: its temperature after each slot, what is too cold or too hot, and when it is disinfected.

    T[t] = T[t-1] + (heat_per_kwh*heater[t] - draw[t] - loss*h*(T[t-1] - ambient)) / heat_per_k
    T + cold >= comfort          T - hot <= greatest
    T[t] >= unheated[t] + sum over s of (after[t,s] - unheated[t]) * reached[s]      reached at least once a window

`unheated` is the course without any heating, `after[t,s]` the course without heating from the disinfection in slot s
on: no plan can fall below them. (Of several disinfections, only those of slot t itself may be added up.)
"""

from dataclasses import dataclass, replace

import numpy as np

from darkstar.planner.full.connection import Bus
from darkstar.planner.full.draw import Draw, add_draw
from darkstar.planner.full.programme import Indices, Programme
from darkstar.planner.full.site import Legionella, Site, Tank
from darkstar.planner.full.switch import bounds
from darkstar.planner.problem import Series


@dataclass(frozen=True)
class TankColumns:
    """Columns of a tank: heater [kWh] and temperature of shape (n,); reached one a slot of the windows, undone
    one a window."""

    draw: Draw
    temperature: Indices
    reached: Indices
    undone: Indices

    @property
    def exclusive(self) -> tuple[Indices, ...]:
        """Columns of which one at most is 1: of a tank that is to be disinfected once, when."""
        return (self.reached,) if len(self.undone) == 1 else ()


def unheated(tank: Tank, slot_hours: float) -> Series:
    """Temperature after each slot if nothing heats, shape (n,) [C]."""
    keep = keep_share(tank, slot_hours)
    now, course = tank.temperature_c, np.empty(len(tank.draw_kwh))
    for t, fall in enumerate((tank.draw_kwh / tank.heat_kwh_per_k).tolist()):
        now = now * keep + (1 - keep) * tank.ambient_c - fall
        course[t] = now
    return course


def hottest(tank: Tank, slot_hours: float) -> Series:
    """Temperature after each slot that heating in every available slot comes to, shape (n,) [C]."""
    n = len(tank.draw_kwh)
    heat = np.ones(n) if tank.heat_per_kwh is None else tank.heat_per_kwh
    available = np.ones(n) if tank.available is None else tank.available
    heated = heat * available * tank.heater_kw * slot_hours
    return unheated(replace(tank, draw_kwh=tank.draw_kwh - heated), slot_hours)


def keep_share(tank: Tank, slot_hours: float) -> float:
    """Share of the temperature above the surroundings that a slot leaves."""
    return 1 - tank.loss_kw_per_k * slot_hours / tank.heat_kwh_per_k


def windows(rule: Legionella, n: int) -> list[tuple[int, int]]:
    """The stretches [first, last) of slots in each of which the tank has to be disinfected once."""
    left = rule.every_slots - rule.since_slots
    if left <= 0:
        left = min(rule.every_slots, n)
    first = [(0, left)] if left <= n else []
    return first + [(start, start + rule.every_slots) for start in range(1, n - rule.every_slots + 1)]


def add_tank(programme: Programme, site: Site, bus: Bus, tank: Tank) -> TankColumns:
    """A tank."""
    n, h = len(site), site.slot_hours
    available = np.ones(n, dtype=np.bool_) if tank.available is None else tank.available
    most, rules = tank.heater_kw * h, tank.switching
    draw = add_draw(programme, rules, bounds(rules, available), most, most if tank.whole_slots else None)
    bus.draw(programme, draw.drawn, tank.phases)
    heat = np.ones(n) if tank.heat_per_kwh is None else tank.heat_per_kwh
    keep, store = keep_share(tank, h), tank.heat_kwh_per_k
    worth = np.zeros(n)
    worth[-1] = -tank.value_per_kwh * store
    programme.constant += tank.value_per_kwh * store * tank.comfort_c
    floor = unheated(tank, h)
    warmest = np.inf if _may_overheat(tank) else tank.max_c
    temperature = programme.columns(n, low=floor - FLOOR_MARGIN_K, high=warmest, cost=worth)
    change = (1 - keep) * tank.ambient_c - tank.draw_kwh / store
    change[0] += keep * tank.temperature_c
    course = programme.rows(n, low=change, high=change)
    programme.put(course, temperature, 1.0)
    programme.put(course[1:], temperature[:-1], -keep)
    programme.put(course, draw.drawn, -heat / store)
    # Only where it is cold without heating can it be too cold.
    chilly = np.flatnonzero(floor < tank.comfort_c)
    cold = programme.columns(len(chilly), cost=tank.cold_cost)
    warm = programme.rows(len(chilly), low=tank.comfort_c)
    programme.put(warm, temperature[chilly], 1.0)
    programme.put(warm, cold, 1.0)
    if _may_overheat(tank):
        hot = programme.columns(n, cost=tank.hot_cost)
        safe = programme.rows(n, high=tank.max_c)
        programme.put(safe, temperature, 1.0)
        programme.put(safe, hot, -1.0)
    goals = _Goals(floor, hottest(tank, h), keep, dict(zip(chilly.tolist(), warm, strict=True)))
    reached, undone = _add_legionella(programme, tank, temperature, goals)
    return TankColumns(draw, temperature, reached, undone)


def _may_overheat(tank: Tank) -> bool:
    """Whether it is too hot already, or heating in whole slots may have to make it so."""
    return tank.whole_slots or tank.temperature_c > tank.max_c


FLOOR_MARGIN_K = 1e-7
"""Room for rounding below the course without heating, well within what counts as reached."""


@dataclass(frozen=True)
class _Goals:
    """Courses without heating and with all of it, shape (n,) [C]; share kept a slot; by slot the row of its comfort."""

    floor: Series
    hottest: Series
    keep: float
    warm: dict[int, int]


def _add_legionella(
    programme: Programme, tank: Tank, temperature: Indices, goals: _Goals
) -> tuple[Indices, Indices]:
    floor, keep, warm = goals.floor, goals.keep, goals.warm
    spans = windows(tank.legionella, len(floor)) if tank.legionella else []
    if tank.legionella is None or not spans:
        nothing = np.zeros(0, dtype=np.int64)
        return nothing, nothing
    n = max(last for _, last in spans)
    goal = tank.legionella.temperature_c
    # Nor is it worth a look where no heating is enough: a relaxation would be a little there.
    reached = programme.columns(n, high=goals.hottest[:n] >= goal - FLOOR_MARGIN_K, integer=True)
    lasting = _lasting(floor[:n], goal, keep, once=len(spans) == 1)
    row = programme.rows(n, low=floor[:n] - FLOOR_MARGIN_K)
    programme.put(row, temperature[:n], 1.0)
    # Where it is cold without heating, the comfort temperature up is tighter: T + cold >= comfort + rise * reached.
    slots = [slot for slot in warm if slot < n]
    rise = np.maximum(lasting - floor[:n, None], 0.0)
    rise[slots] *= np.eye(n)[slots]
    _put_matrix(programme, row, reached, -rise)
    above = np.maximum(lasting[slots] - tank.comfort_c, 0.0)
    _put_matrix(programme, np.array([warm[slot] for slot in slots], dtype=np.int64), reached, -above)
    if len(spans) == 1:
        programme.put(np.broadcast_to(programme.rows(1, high=1.0), n), reached, 1.0)
    undone = programme.columns(len(spans), cost=tank.legionella.shortfall_cost, high=1.0)
    once = programme.rows(len(spans), low=1.0)
    programme.put(once, undone, 1.0)
    for number, (first, last) in enumerate(spans):
        programme.put(once[number], reached[first:last], 1.0)
    return reached, undone


def _lasting(floor: Series, goal: float, keep: float, *, once: bool) -> Series:
    """Least temperature after slot t where disinfected in slot s, shape (t, s); with `once` the slots after s too.

    What is above the course without heating decays like any heat; draws are in that course already.
    """
    n = len(floor)
    later = np.subtract.outer(np.arange(n), np.arange(n))
    held = (later >= 0) if once else (later == 0)
    rise = np.maximum(goal - floor, 0.0)
    return np.where(held, floor[:, None] + keep ** np.maximum(later, 0) * rise, -np.inf)


def _put_matrix(programme: Programme, rows: Indices, columns: Indices, values: Series) -> None:
    """The coefficients that are not 0; `values` of shape (rows, columns)."""
    row, column = np.nonzero(values)
    programme.put(rows[row], columns[column], values[row, column])
