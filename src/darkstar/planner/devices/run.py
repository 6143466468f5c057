"""What a device does in a plan, and what it lacks."""

from collections.abc import Sequence
from dataclasses import dataclass

from darkstar.domain.slots import SLOT_HOURS
from darkstar.planner.devices.wish import Due, Wish
from darkstar.planner.full.plan import CarRun, SitePlan
from darkstar.planner.full.site import Car
from darkstar.planner.loads import LoadRun
from darkstar.planner.problem import Series

LEAST_KWH = 1e-6
COMFORT = "comfort"
"""How the loads' account calls pauses that are too long (`loads_accounting`)."""


@dataclass(frozen=True)
class Missing:
    """What a device lacks at a deadline: energy (AC), or hours with cold water where there is no deadline."""

    due: Due | None
    amount: float


@dataclass(frozen=True)
class DeviceRun:
    """What a device does.

    Attributes:
        energy_kwh: what it draws, shape (n,).
        cost: what it is charged for missing energy and starts; no money on any bill.
        stored_kwh: of a car whose power can be chosen, shape (n + 1,).
    """

    wish: Wish
    energy_kwh: Series
    missing: tuple[Missing, ...] = ()
    cost: float = 0.0
    stored_kwh: Series | None = None


def runs_of(devices: Sequence[Wish], found: SitePlan) -> tuple[DeviceRun, ...]:
    """What a site's plan does with the devices."""
    loads = {run.name: run for run in found.loads}
    cars = {run.name: run for run in found.cars}
    return tuple(
        car_run(wish, wish.plan, cars[wish.name])
        if isinstance(wish.plan, Car)
        else load_run(wish, loads[wish.name])
        for wish in devices
    )


def load_run(wish: Wish, run: LoadRun) -> DeviceRun:
    """What an on/off load does."""
    missing = tuple(
        Missing(None, short.missing * SLOT_HOURS)
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
