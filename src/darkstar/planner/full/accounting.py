"""What a site's plan costs, by the bill's own functions, and what had to give in it."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from darkstar.domain.bill import energy_cost, export_revenue
from darkstar.domain.power_tariff import power_cost
from darkstar.planner.full.plan import BatteryRun, Breach, CarRun, SitePlan, TankRun
from darkstar.planner.full.site import Car, Site, SiteBattery, Tank
from darkstar.planner.full.tank import windows
from darkstar.planner.loads.model import Mask
from darkstar.planner.problem import Series

TOLERANCE = 1e-6
"""kWh or K below which nothing has given."""


def cost(site: Site, plan: SitePlan) -> float:
    """The objective of a plan, breaches and the worth of what is left included."""
    return (
        energy_cost(plan.import_kwh, site.import_price)
        - export_revenue(plan.export_kwh - plan.spill_kwh, site.export_price)
        + added_power_cost(site, plan.import_kwh)
        + sum(
            string.curtailment_cost * float(curtail.sum())
            for string, curtail in zip(site.strings, plan.curtail_kwh, strict=True)
        )
        + sum(_wear(battery, run) for battery, run in zip(site.batteries, plan.batteries, strict=True))
        + _starts_cost(site, plan)
        + sum(run.cost - sum(short.cost for short in run.shortfalls) for run in plan.loads)
        + sum(breach.cost for breach in breaches(site, plan))
        - worth_left(site, plan)
    )


def added_power_cost(site: Site, import_kwh: Series) -> float:
    """What the power tariffs' fees rise by over the fee that the past alone comes to."""
    tariffs = [metered.tariff for metered in site.power_tariffs]
    past = [metered.so_far for metered in site.power_tariffs]
    return power_cost(tariffs, site.slots, import_kwh, site.tz, past) - power_cost(
        tariffs, site.slots, np.zeros(len(site)), site.tz, past
    )


def worth_left(site: Site, plan: SitePlan) -> float:
    """What the problem takes the stored energy left at the end to be worth."""
    worth = sum(
        _terminal(battery, float(run.soc_kwh[-1]))
        for battery, run in zip(site.batteries, plan.batteries, strict=True)
    )
    worth += sum(
        car.value_per_kwh * float(run.stored_kwh[-1]) for car, run in zip(site.cars, plan.cars, strict=True)
    )
    return worth + sum(
        tank.value_per_kwh * tank.heat_kwh_per_k * (float(run.temperature_c[-1]) - tank.comfort_c)
        for tank, run in zip(site.tanks, plan.tanks, strict=True)
    )


def starts(on: Mask, on_before: bool) -> int:
    """How often it is switched on; `on` of shape (n,)."""
    return int(np.sum(on & ~np.concatenate([[on_before], on[:-1]])))


def breaches(site: Site, plan: SitePlan) -> tuple[Breach, ...]:
    """What had to give, in order of its cost."""
    found = [*_connection(site, plan)]
    for battery, run in zip(site.batteries, plan.batteries, strict=True):
        found += _reserve(battery, run)
    for car, car_run in zip(site.cars, plan.cars, strict=True):
        found += _car(car, car_run)
    for tank, tank_run in zip(site.tanks, plan.tanks, strict=True):
        found += tank_breaches(tank, tank_run)
    for load in plan.loads:
        found += [
            Breach(f"{short.need} of {short.load}", 0, len(site), short.missing, "units", short.cost)
            for short in load.shortfalls
        ]
    return tuple(sorted(found, key=lambda breach: (-breach.cost, breach.first, breach.what)))


def settled(site: Site, plan: SitePlan) -> SitePlan:
    """The plan with its breaches named and its cost worked out."""
    return replace(plan, breaches=breaches(site, plan), cost=cost(site, plan))


def _wear(battery: SiteBattery, run: BatteryRun) -> float:
    storage = battery.storage
    return storage.wear_charge * float(run.charge_kwh.sum()) + storage.wear_discharge * float(
        run.discharge_kwh.sum()
    )


def _starts_cost(site: Site, plan: SitePlan) -> float:
    rules = [car.switching for car in site.cars]
    rules += [tank.switching for tank in site.tanks]
    rules += [boost.switching for boost in site.boosts]
    states = [run.on for run in plan.cars] + [run.on for run in plan.tanks] + [run.on for run in plan.boosts]
    return sum(
        rule.start_cost * starts(on, rule.on_for_slots > 0) for rule, on in zip(rules, states, strict=True)
    )


def _terminal(battery: SiteBattery, soc_kwh: float) -> float:
    left = max(0.0, soc_kwh - battery.storage.soc_min_kwh)
    value, energy = battery.terminal.value, battery.terminal.energy_kwh
    held = np.clip(left - (np.cumsum(energy) - energy), 0.0, energy)
    return float(np.dot(value, held))


def _given(what: str, amounts: Series, unit: str, cost_each: float) -> Iterator[Breach]:
    slots = np.flatnonzero(amounts > TOLERANCE)
    if len(slots):
        total = float(amounts[slots].sum())
        yield Breach(what, int(slots[0]), int(slots[-1]) + 1, total, unit, total * cost_each)


def _connection(site: Site, plan: SitePlan) -> Iterator[Breach]:
    each = site.connection.breach_cost
    yield from _given("import limit", plan.breach_kwh, "kWh", each)
    yield from _given("export limit", plan.spill_kwh, "kWh", each)
    for number, series in enumerate(plan.phase_breach_kwh, start=1):
        yield from _given(f"fuse of phase {number}", series, "kWh", each)


def _reserve(battery: SiteBattery, run: BatteryRun) -> Iterator[Breach]:
    low, high = battery.storage.soc_min_kwh, battery.storage.soc_max_kwh
    each = battery.reserve_cost
    yield from _given(f"reserve of {battery.name}", low - run.soc_kwh[1:], "kWh", each)
    yield from _given(f"greatest charge of {battery.name}", run.soc_kwh[1:] - high, "kWh", each)


def _car(car: Car, run: CarRun) -> Iterator[Breach]:
    yield from _given(f"energy to drive {car.name}", run.elsewhere_kwh, "kWh", car.elsewhere_cost)
    for target in car.targets:
        missing = target.stored_kwh - float(run.stored_kwh[target.slot])
        if missing > TOLERANCE:
            yield Breach(
                f"departure of {car.name}",
                target.slot - 1,
                target.slot,
                missing,
                "kWh",
                missing * target.shortfall_cost,
            )


def tank_breaches(tank: Tank, run: TankRun) -> Iterator[Breach]:
    """What had to give of a tank's wishes."""
    after = run.temperature_c[1:]
    yield from _given(f"warm water of {tank.name}", tank.comfort_c - after, "K", tank.cold_cost)
    yield from _given(f"greatest temperature of {tank.name}", after - tank.max_c, "K", tank.hot_cost)
    if tank.legionella is not None:
        reached = after >= tank.legionella.temperature_c - TOLERANCE
        for first, last in windows(tank.legionella, len(after)):
            if not reached[first:last].any():
                each = tank.legionella.shortfall_cost
                yield Breach(f"disinfection of {tank.name}", first, last, 1.0, "times", each)
