"""What a device does in a plan, and what it lacks."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from darkstar.domain.slots import SLOT_HOURS
from darkstar.planner.devices.tank import LEAST_KELVIN, left_worth
from darkstar.planner.devices.wish import Due, Wish
from darkstar.planner.full.accounting import tank_breaches
from darkstar.planner.full.plan import BoostRun, CarRun, SitePlan, TankRun
from darkstar.planner.full.site import Boost, Car, Tank
from darkstar.planner.loads.model import LoadRun
from darkstar.planner.problem import Series

LEAST_KWH = 1e-6
COMFORT = "comfort"
"""How the loads' account calls pauses that are too long (`loads_accounting`)."""


class Lack(StrEnum):
    """What a device may lack."""

    ENERGY = "energy"
    PAUSE = "pause"
    WARMTH = "warmth"
    DISINFECTION = "disinfection"


@dataclass(frozen=True)
class Missing:
    """What a device lacks.

    Attributes:
        due: the deadline, of energy and of a disinfection.
        amount: energy (AC) [kWh], or hours of a pause that is too long or with cold water.
    """

    due: Due | None
    amount: float
    lack: Lack = Lack.ENERGY


@dataclass(frozen=True)
class DeviceRun:
    """What a device does.

    Attributes:
        energy_kwh: what it draws, shape (n,).
        cost: what it is charged for missing energy and starts; no money on any bill.
        stored_kwh: of a car whose power can be chosen, shape (n + 1,).
        temperature_c: of a tank, shape (n + 1,).
        left_worth: what heat left in a tank at the end is worth.
        boost: of a heat pump; `energy_kwh` is what it draws more than it would have, below zero where less.
    """

    wish: Wish
    energy_kwh: Series
    missing: tuple[Missing, ...] = ()
    cost: float = 0.0
    stored_kwh: Series | None = None
    temperature_c: Series | None = None
    left_worth: float = 0.0
    boost: BoostRun | None = None


def runs_of(devices: Sequence[Wish], found: SitePlan) -> tuple[DeviceRun, ...]:
    """What a site's plan does with the devices."""
    loads = {run.name: run for run in found.loads}
    cars = {run.name: run for run in found.cars}
    tanks = {run.name: run for run in found.tanks}
    boosts = {run.name: run for run in found.boosts}

    def run(wish: Wish) -> DeviceRun:
        if isinstance(wish.plan, Car):
            return car_run(wish, wish.plan, cars[wish.name])
        if isinstance(wish.plan, Tank):
            return tank_run(wish, wish.plan, tanks[wish.name])
        if isinstance(wish.plan, Boost):
            return boost_run(wish, boosts[wish.name])
        return load_run(wish, loads[wish.name])

    return tuple(run(wish) for wish in devices)


def load_run(wish: Wish, run: LoadRun) -> DeviceRun:
    """What an on/off load does."""
    missing = tuple(
        Missing(None, short.missing * SLOT_HOURS, Lack.PAUSE)
        if short.need == COMFORT
        else Missing(wish.dues[int(short.need)], short.missing * wish.unit_kwh)
        for short in run.shortfalls
    )
    return DeviceRun(wish, run.energy_kwh, missing, run.cost)


def car_run(wish: Wish, car: Car, run: CarRun) -> DeviceRun:
    """What a car whose power can be chosen does."""
    missing: list[Missing] = []
    charged = 0.0
    for target in car.targets:
        short = target.stored_kwh - float(run.stored_kwh[target.slot])
        if short > LEAST_KWH:
            due = next(due for due in wish.dues if due.last == target.slot)
            missing.append(Missing(due, short / car.efficiency))
            charged += short * target.shortfall_cost
    charged += car.elsewhere_cost * float(run.elsewhere_kwh.sum())
    return DeviceRun(wish, run.charge_kwh, tuple(missing), charged, run.stored_kwh)


def boost_run(wish: Wish, run: BoostRun) -> DeviceRun:
    """What a boosted heat pump does."""
    return DeviceRun(wish, run.boost_kwh - run.relief_kwh, boost=run)


def tank_run(wish: Wish, tank: Tank, run: TankRun) -> DeviceRun:
    """What a tank does."""
    after = run.temperature_c[1:]
    missing = []
    cold = int((after < tank.comfort_c - LEAST_KELVIN).sum())
    if cold:
        missing.append(Missing(None, cold * SLOT_HOURS, Lack.WARMTH))
    if tank.legionella is not None:
        enough = tank.legionella.temperature_c - LEAST_KELVIN
        undone = [due for due in wish.dues if after[due.first : due.last].max() < enough]
        missing += [Missing(due, 1.0, Lack.DISINFECTION) for due in undone]
    worth = left_worth(tank, run.heater_kwh, SLOT_HOURS)
    charged = sum(breach.cost for breach in tank_breaches(tank, run))
    return DeviceRun(
        wish, run.heater_kwh, tuple(missing), charged, temperature_c=run.temperature_c, left_worth=worth
    )
