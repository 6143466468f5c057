"""What a problem with loads must be before an engine sees it. Impossible needs are no error: they cost."""

import numpy as np

from darkstar.domain.errors import UsageError
from darkstar.planner import checks
from darkstar.planner.loads.model import LoadedProblem, Need, OnOffLoad


def check(loaded: LoadedProblem) -> None:
    """Pass a sound problem.

    Raises:
        UsageError: the battery problem is unsound (`checks.check`), two loads share a name, or a load's powers,
            windows, counts or costs make no sense.
    """
    checks.check(loaded.problem)
    names = [load.name for load in loaded.loads]
    if len(set(names)) < len(names):
        raise UsageError(
            f"The loads {', '.join(names)} do not all differ in name.", remedy="Name each load once."
        )
    for load in loaded.loads:
        _check_load(load, len(loaded))


def _check_load(load: OnOffLoad, n: int) -> None:
    if bool(load.levels) == bool(load.profile_kw):
        raise UsageError(f"The load {load.name} needs either levels or a profile, and not both.")
    powers = [level.power_kw for level in load.levels] + list(load.profile_kw)
    if not all(0 <= power < float("inf") for power in powers):
        raise UsageError(f"The load {load.name} has a power that is not a number of at least 0 kW: {powers}.")
    if any(level.units < 1 for level in load.levels):
        raise UsageError(f"The load {load.name} has a level that counts less than one unit.")
    least = {
        "min_on_slots": (load.min_on_slots, 1),
        "min_off_slots": (load.min_off_slots, 0),
        "on_for_slots": (load.on_for_slots, 0),
        "off_for_slots": (load.off_for_slots, 1),
    }
    for name, (value, low) in least.items():
        if value < low:
            raise UsageError(f"{name} of the load {load.name} is {value}; it must be at least {low}.")
    _check_cost(load.start_cost, f"start_cost of the load {load.name}")
    if load.profile_kw and load.on_for_slots > len(load.profile_kw):
        raise UsageError(
            f"The load {load.name} has run for {load.on_for_slots} slots, its profile has {len(load.profile_kw)}."
        )
    if load.available is not None and (load.available.shape != (n,) or load.available.dtype != np.bool_):
        raise UsageError(f"available of the load {load.name} must be {n} times true or false.")
    if load.comfort is not None:
        _check_cost(load.comfort.late_cost, f"late_cost of the load {load.name}")
        if load.comfort.most_off_slots < 1:
            raise UsageError(f"most_off_slots of the load {load.name} must be at least 1.")
    for need in load.needs:
        _check_need(load.name, need, n)


def _check_need(load: str, need: Need, n: int) -> None:
    where = f"The need {need.name} of the load {load}"
    if not 0 <= need.first < need.last <= n:
        raise UsageError(
            f"{where} has the window [{need.first}, {need.last}), the problem has {n} slots.",
            remedy="Cut windows that reach beyond the horizon.",
        )
    if need.units < 0 or need.done_units < 0:
        raise UsageError(f"{where} counts less than no units.")
    if need.done_units and need.first:
        raise UsageError(f"{where} has units done although its window has not begun.")
    if need.most_units is not None and need.most_units < need.units:
        raise UsageError(f"{where} wants at least {need.units} and at most {need.most_units} units.")
    _check_cost(need.shortfall_cost, f"shortfall_cost of the need {need.name} of the load {load}")


def _check_cost(value: float, name: str) -> None:
    if not 0 <= value < float("inf"):
        raise UsageError(f"{name} is {value}; it must be a number of at least 0.")
