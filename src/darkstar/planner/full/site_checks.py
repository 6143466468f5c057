"""What a site problem must be before the engine sees it: the planner never guesses and never repairs.

Wishes that cannot be met are no error (they cost); numbers that make no sense are.
"""

from collections.abc import Iterator

import numpy as np

from darkstar.domain.errors import UsageError
from darkstar.planner.full.site import NO_TERMINAL, Boost, Car, Site, SiteBattery, Switching, Tank
from darkstar.planner.loads import checks as loads_checks
from darkstar.planner.loads.model import LoadedProblem, Mask
from darkstar.planner.problem import GridModel, Problem, Series, StorageModel

ANY, AT_LEAST_ZERO = -np.inf, 0.0


def check(site: Site) -> None:
    """Pass a sound problem.

    Raises:
        UsageError: it is empty, its series differ in length or hold NaN or negative energies, two devices share a
            name, a device's limits contradict each other, or a device hangs on a phase that is not there.
    """
    n = len(site)
    if not n:
        raise UsageError("The planning problem has no slots.", remedy="Give it at least one.")
    if not 0 < site.slot_hours < np.inf or (n > 1 and (np.diff(site.slots) <= 0).any()):
        raise UsageError("The slots of the planning problem do not rise, or have no length.")
    for name, series, least in _series(site):
        _check_series(name, series, n, least)
    for name, mask in _masks(site):
        if mask is not None and (mask.shape != (n,) or mask.dtype != np.bool_):
            raise UsageError(f"{name} must be {n} times true or false.")
    _check_names(site)
    _check_connection(site)
    for battery in site.batteries:
        _check_battery(battery)
    for car in site.cars:
        _check_car(car, n)
    for tank in site.tanks:
        _check_tank(tank, site.slot_hours)
    for boost in site.boosts:
        _check_boost(boost)
    _check_loads(site)


def _check_loads(site: Site) -> None:
    """By the loads' own checks, beside a battery that holds nothing."""
    rest = Problem(
        slot_hours=site.slot_hours,
        load_kwh=site.load_kwh,
        pv_kwh=site.pv_kwh,
        import_price=site.import_price,
        export_price=site.export_price,
        soc_start_kwh=0.0,
        storage=StorageModel(0.0, 0.0, 0.0, 0.0, 1.0, 1.0),
        grid=GridModel(0.0, 0.0),
        terminal=NO_TERMINAL,
    )
    loads_checks.check(LoadedProblem(rest, tuple(load.load for load in site.loads)))


def _series(site: Site) -> Iterator[tuple[str, Series | None, float]]:
    grid = site.connection
    yield "load_kwh", site.load_kwh, AT_LEAST_ZERO
    yield "import_price", site.import_price, ANY
    yield "export_price", site.export_price, ANY
    yield "import_max_kw", grid.import_max_kw, AT_LEAST_ZERO
    yield "export_max_kw", grid.export_max_kw, AT_LEAST_ZERO
    for string in site.strings:
        yield f"pv_kwh of {string.name}", string.pv_kwh, AT_LEAST_ZERO
    for car in site.cars:
        yield f"driven_kwh of {car.name}", car.driven_kwh, AT_LEAST_ZERO
    for tank in site.tanks:
        yield f"draw_kwh of {tank.name}", tank.draw_kwh, AT_LEAST_ZERO
        yield f"heat_per_kwh of {tank.name}", tank.heat_per_kwh, AT_LEAST_ZERO
    for boost in site.boosts:
        yield f"base_kwh of {boost.name}", boost.base_kwh, AT_LEAST_ZERO


def _check_series(name: str, series: Series | None, n: int, least: float) -> None:
    if series is None:
        return
    if series.shape != (n,):
        raise UsageError(f"{name} has shape {series.shape}, the planning problem has {n} slots.")
    wrong = np.flatnonzero(~np.isfinite(series))
    if len(wrong):
        raise UsageError(
            f"{name} is {series[wrong[0]]} in slot {wrong[0]} of the planning problem.",
            remedy="Every slot needs a known number; what is not known has to be forecast.",
        )
    wrong = np.flatnonzero(series < least)
    if len(wrong):
        raise UsageError(f"{name} is negative in slot {wrong[0]} of the planning problem.")


def _masks(site: Site) -> Iterator[tuple[str, Mask | None]]:
    for car in site.cars:
        yield f"connected of {car.name}", car.connected
    for tank in site.tanks:
        yield f"available of {tank.name}", tank.available
    for boost in site.boosts:
        yield f"available of {boost.name}", boost.available


def _check_names(site: Site) -> None:
    names = [battery.name for battery in site.batteries] + [string.name for string in site.strings]
    names += [car.name for car in site.cars] + [tank.name for tank in site.tanks]
    names += [boost.name for boost in site.boosts] + [load.load.name for load in site.loads]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UsageError(f"Several devices are called {', '.join(twice)}.", remedy="Name each device once.")


def _check_connection(site: Site) -> None:
    grid = site.connection
    _numbers("the connection", {"breach_cost": grid.breach_cost}, AT_LEAST_ZERO)
    if grid.phase_max_kw is None:
        return
    _numbers("the connection", {"phase_max_kw": grid.phase_max_kw}, AT_LEAST_ZERO)
    if min(grid.load_shares, default=-1.0) < 0 or abs(sum(grid.load_shares) - 1) > 1e-6:
        raise UsageError(f"The load's shares of the phases, {grid.load_shares}, do not add up to 1.")
    there = set(range(1, len(grid.load_shares) + 1))
    hung = [(battery.name, battery.phases) for battery in site.batteries]
    hung += [(string.name, string.phases) for string in site.strings]
    hung += [(car.name, car.phases) for car in site.cars]
    hung += [(tank.name, tank.phases) for tank in site.tanks]
    hung += [(boost.name, boost.phases) for boost in site.boosts]
    hung += [(load.load.name, load.phases) for load in site.loads]
    for name, phases in hung:
        if not phases or not set(phases) <= there or len(set(phases)) < len(phases):
            raise UsageError(f"{name} hangs on the phases {phases}; the connection has {sorted(there)}.")


def _check_battery(battery: SiteBattery) -> None:
    storage = battery.storage
    numbers = {
        "soc_min_kwh": storage.soc_min_kwh,
        "soc_max_kwh": storage.soc_max_kwh,
        "charge_max_kw": storage.charge_max_kw,
        "discharge_max_kw": storage.discharge_max_kw,
        "wear_charge": storage.wear_charge,
        "wear_discharge": storage.wear_discharge,
        "soc_start_kwh": battery.soc_start_kwh,
        "reserve_cost": battery.reserve_cost,
    }
    _numbers(battery.name, numbers, AT_LEAST_ZERO)
    _efficiency(battery.name, "charge_efficiency", storage.charge_efficiency)
    _efficiency(battery.name, "discharge_efficiency", storage.discharge_efficiency)
    _order(battery.name, "soc_min_kwh", storage.soc_min_kwh, "soc_max_kwh", storage.soc_max_kwh)
    _check_terminal(battery, battery.terminal.value, battery.terminal.energy_kwh)


def _check_terminal(battery: SiteBattery, value: Series, energy: Series) -> None:
    sound = value.ndim == 1 and value.shape == energy.shape
    sound = sound and bool(np.isfinite(value).all() and np.isfinite(energy).all() and (energy >= 0).all())
    if not sound or (np.diff(value) > 0).any():
        raise UsageError(
            f"The terminal value of {battery.name} must have one worth an energy, falling from piece to piece."
        )
    room = battery.storage.soc_max_kwh - battery.storage.soc_min_kwh
    if len(value) and value[-1] < 0 and float(energy.sum()) < room - 1e-6:
        raise UsageError(f"The terminal value of {battery.name} ends with a negative worth below the top.")


def _check_car(car: Car, n: int) -> None:
    numbers = {
        "min_kw": car.min_kw,
        "max_kw": car.max_kw,
        "stored_kwh": car.stored_kwh,
        "stored_max_kwh": car.stored_max_kwh,
        "elsewhere_cost": car.elsewhere_cost,
        "value_per_kwh": car.value_per_kwh,
    }
    _numbers(car.name, numbers, AT_LEAST_ZERO)
    _efficiency(car.name, "efficiency", car.efficiency)
    _order(car.name, "min_kw", car.min_kw, "max_kw", car.max_kw)
    _check_switching(car.name, car.switching)
    for target in car.targets:
        if not 1 <= target.slot <= n:
            raise UsageError(
                f"A target of {car.name} is set for slot {target.slot}, the planning problem has {n}.",
                remedy="Leave out departures beyond the horizon.",
            )
        _numbers(f"a target of {car.name}", {"stored_kwh": target.stored_kwh}, AT_LEAST_ZERO)
        _numbers(f"a target of {car.name}", {"shortfall_cost": target.shortfall_cost}, AT_LEAST_ZERO)


def _check_tank(tank: Tank, slot_hours: float) -> None:
    numbers = {
        "heater_kw": tank.heater_kw,
        "loss_kw_per_k": tank.loss_kw_per_k,
        "cold_cost": tank.cold_cost,
        "hot_cost": tank.hot_cost,
        "value_per_kwh": tank.value_per_kwh,
    }
    _numbers(tank.name, numbers, AT_LEAST_ZERO)
    _numbers(tank.name, {"temperature_c": tank.temperature_c, "ambient_c": tank.ambient_c}, ANY)
    _order(tank.name, "comfort_c", tank.comfort_c, "max_c", tank.max_c)
    if not 0 < tank.litres < np.inf or tank.loss_kw_per_k * slot_hours >= tank.heat_kwh_per_k:
        raise UsageError(f"{tank.name} holds {tank.litres:g} litres, which cannot keep any heat.")
    _check_switching(tank.name, tank.switching)
    rule = tank.legionella
    if rule is not None:
        if rule.every_slots < 1 or rule.since_slots < 0:
            raise UsageError(f"{tank.name} is to be disinfected every {rule.every_slots} slots.")
        _order(tank.name, "legionella temperature_c", rule.temperature_c, "max_c", tank.max_c)
        _numbers(f"legionella of {tank.name}", {"shortfall_cost": rule.shortfall_cost}, AT_LEAST_ZERO)


def _check_boost(boost: Boost) -> None:
    numbers = {
        "boost_kw": boost.boost_kw,
        "store_kwh": boost.store_kwh,
        "stored_kwh": boost.stored_kwh,
        "yield_share": boost.yield_share,
    }
    _numbers(boost.name, numbers, AT_LEAST_ZERO)
    _efficiency(boost.name, "keep_per_hour", boost.keep_per_hour)
    _check_switching(boost.name, boost.switching)


def _check_switching(name: str, rules: Switching) -> None:
    _numbers(name, {"start_cost": rules.start_cost}, AT_LEAST_ZERO)
    slots = (rules.min_on_slots - 1, rules.min_off_slots, rules.on_for_slots, rules.off_for_slots)
    if min(slots) < 0:
        raise UsageError(f"The runs and pauses of {name} must last at least 1 and 0 slots.")


def _numbers(owner: str, numbers: dict[str, float], least: float) -> None:
    for name, value in numbers.items():
        if not (least <= value < np.inf and np.isfinite(value)):
            raise UsageError(
                f"{name} of {owner} is {value}; it must be a number"
                + (" of at least 0." if least == AT_LEAST_ZERO else ".")
            )


def _efficiency(owner: str, name: str, value: float) -> None:
    if not 0 < value <= 1:
        raise UsageError(f"{name} of {owner} is {value}; it must lie above 0 and be at most 1.")


def _order(owner: str, low: str, least: float, high: str, most: float) -> None:
    if not (np.isfinite(least) and np.isfinite(most) and least <= most):
        raise UsageError(f"{low} {least:g} of {owner} lies above its {high} {most:g}.")
