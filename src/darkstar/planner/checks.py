"""What a problem must be before an engine sees it: the planner never guesses and never repairs."""

import numpy as np

from darkstar.domain.errors import UsageError
from darkstar.planner.problem import Problem, Series

COVER_TOLERANCE_KWH = 1e-6


def check(problem: Problem) -> None:
    """Pass a sound problem.

    Raises:
        UsageError: it is empty, its series differ in length, it holds NaN, infinite or negative energies, its
            limits contradict each other, or its state of charge lies outside the battery.
    """
    _check_series(problem)
    _check_numbers(problem)
    _check_storage(problem)
    _check_terminal(problem)


def _check_series(problem: Problem) -> None:
    n = len(problem)
    if not n:
        raise UsageError("The planning problem has no slots.", remedy="Give it at least one.")
    for name, series in _series(problem):
        if series.shape != (n,):
            raise UsageError(f"{name} has shape {series.shape}, the planning problem has {n} slots.")
        wrong = np.flatnonzero(~np.isfinite(series))
        if len(wrong):
            raise UsageError(
                f"{name} is {series[wrong[0]]} in slot {wrong[0]} of the planning problem.",
                remedy="Every slot needs a known energy and price; what is not known has to be forecast.",
            )
    for name, series in _series(problem)[:2]:
        wrong = np.flatnonzero(series < 0)
        if len(wrong):
            raise UsageError(f"{name} is negative in slot {wrong[0]} of the planning problem.")


def _series(problem: Problem) -> list[tuple[str, Series]]:
    return [
        ("load_kwh", problem.load_kwh),
        ("pv_kwh", problem.pv_kwh),
        ("import_price", problem.import_price),
        ("export_price", problem.export_price),
    ]


def _check_numbers(problem: Problem) -> None:
    storage, grid = problem.storage, problem.grid
    at_least_zero = {
        "soc_min_kwh": storage.soc_min_kwh,
        "soc_max_kwh": storage.soc_max_kwh,
        "charge_max_kw": storage.charge_max_kw,
        "discharge_max_kw": storage.discharge_max_kw,
        "wear_charge": storage.wear_charge,
        "wear_discharge": storage.wear_discharge,
        "import_max_kw": grid.import_max_kw,
        "export_max_kw": grid.export_max_kw,
        "import_breach_cost": grid.import_breach_cost,
        "curtailment_cost": grid.curtailment_cost,
        "soc_start_kwh": problem.soc_start_kwh,
    }
    for name, value in at_least_zero.items():
        if not 0 <= value < float("inf"):
            raise UsageError(f"{name} is {value}; it must be a number of at least 0.")
    for name, value in (
        ("charge_efficiency", storage.charge_efficiency),
        ("discharge_efficiency", storage.discharge_efficiency),
    ):
        if not 0 < value <= 1:
            raise UsageError(f"{name} is {value}; it must lie above 0 and be at most 1.")
    if not 0 < problem.slot_hours < float("inf"):
        raise UsageError(f"slot_hours is {problem.slot_hours}; it must be above 0.")


def _check_storage(problem: Problem) -> None:
    storage = problem.storage
    if storage.soc_min_kwh > storage.soc_max_kwh:
        raise UsageError(
            f"soc_min_kwh {storage.soc_min_kwh:g} lies above soc_max_kwh {storage.soc_max_kwh:g}.",
            remedy="Give the battery's least and greatest stored energy in this order.",
        )
    if not storage.soc_min_kwh <= problem.soc_start_kwh <= storage.soc_max_kwh:
        raise UsageError(
            f"The state of charge at the start, {problem.soc_start_kwh:g} kWh, lies outside the battery's "
            f"{storage.soc_min_kwh:g} to {storage.soc_max_kwh:g} kWh."
        )


def _check_terminal(problem: Problem) -> None:
    value, energy = problem.terminal.value, problem.terminal.energy_kwh
    if value.ndim != 1 or value.shape != energy.shape:
        raise UsageError(f"The terminal value has {value.shape} worths for {energy.shape} energies.")
    if not (np.isfinite(value).all() and np.isfinite(energy).all()):
        raise UsageError("The terminal value holds NaN or infinite numbers.")
    if (energy < 0).any() or (np.diff(value) > 0).any():
        raise UsageError(
            "The terminal value must fall from piece to piece, and no piece may have a negative energy.",
            remedy="Order the pieces by their worth, the most valuable first.",
        )
    room = problem.storage.soc_max_kwh - problem.storage.soc_min_kwh
    if len(value) and value[-1] < 0 and float(energy.sum()) < room - COVER_TOLERANCE_KWH:
        raise UsageError(
            f"The terminal value ends with a negative worth at {energy.sum():g} of {room:g} kWh.",
            remedy="What lies beyond the last piece is worth nothing, so a negative piece must reach to the top.",
        )
