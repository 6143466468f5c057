"""From the battery's moves to a whole plan: no charging and discharging at once, energy followed through, the cost.

An optimiser's answer may charge and discharge in one slot where that costs nothing, and is true to its tolerance
only. Here the two are replaced by the one move that stores as much; the energy that the detour would have burnt is
put to the best use that the slot has for it. Where that cannot be done at the same cost, burning energy paid: the
caller compares the plan's cost with the optimiser's and decides.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from darkstar.domain.bill import energy_cost, export_revenue
from darkstar.planner.problem import Problem, Series

ENERGY_TOLERANCE_KWH = 1e-9


@dataclass(frozen=True)
class Moves:
    """The optimiser's decisions, each shape (n,) in kWh a slot."""

    charge_kwh: Series
    discharge_kwh: Series
    import_kwh: Series
    export_kwh: Series
    curtail_kwh: Series
    breach_kwh: Series


def both_at_once(moves: Moves) -> NDArray[np.int64]:
    """Slots in which the battery charges and discharges, beyond rounding."""
    return np.flatnonzero(np.minimum(moves.charge_kwh, moves.discharge_kwh) > ENERGY_TOLERANCE_KWH)


def one_way(problem: Problem, moves: Moves) -> tuple[Moves, float]:
    """The same stored energy by one move a slot, and the energy that then has no place (0 as a rule) [kWh]."""
    storage = problem.storage
    round_trip = storage.charge_efficiency * storage.discharge_efficiency
    both = (moves.charge_kwh > 0) & (moves.discharge_kwh > 0)
    net = moves.charge_kwh - moves.discharge_kwh / round_trip
    charge = np.where(both, np.maximum(net, 0.0), moves.charge_kwh)
    discharge = np.where(both, np.maximum(-net * round_trip, 0.0), moves.discharge_kwh)
    freed = (moves.charge_kwh - moves.discharge_kwh) - (charge - discharge)
    settled = Moves(
        charge,
        discharge,
        moves.import_kwh.copy(),
        moves.export_kwh.copy(),
        moves.curtail_kwh.copy(),
        moves.breach_kwh.copy(),
    )
    homeless = sum(
        _place(problem, settled, slot, float(freed[slot])) for slot in np.flatnonzero(both).tolist()
    )
    return settled, float(homeless)


def _place(problem: Problem, moves: Moves, slot: int, freed_kwh: float) -> float:
    """Put freed energy to its best use in a slot, in place; answers what found none."""
    grid = problem.grid
    price = float(problem.import_price[slot])
    uses = [
        (price + grid.import_breach_cost, moves.breach_kwh, 0.0),
        (price, moves.import_kwh, 0.0),
        (float(problem.export_price[slot]), moves.export_kwh, grid.export_max_kw * problem.slot_hours),
        (-grid.curtailment_cost, moves.curtail_kwh, float(problem.pv_kwh[slot])),
    ]
    for _, series, bound in sorted(uses, key=lambda use: -use[0]):
        step = max(0.0, min(abs(bound - float(series[slot])), freed_kwh))
        series[slot] += step if bound else -step
        freed_kwh -= step
    return freed_kwh


def stored_energy(problem: Problem, charge_kwh: Series, discharge_kwh: Series) -> Series:
    """Energy stored before the first slot and after each, shape (n + 1,) [kWh]."""
    storage = problem.storage
    moved = storage.charge_efficiency * charge_kwh - discharge_kwh / storage.discharge_efficiency
    stored = problem.soc_start_kwh + np.concatenate([[0.0], np.cumsum(moved)])
    return np.clip(stored, storage.soc_min_kwh, storage.soc_max_kwh)


def terminal_value(problem: Problem, soc_kwh: float) -> float:
    """Worth of the energy left at the end."""
    left = soc_kwh - problem.storage.soc_min_kwh
    before = np.cumsum(problem.terminal.energy_kwh) - problem.terminal.energy_kwh
    held = np.clip(left - before, 0.0, problem.terminal.energy_kwh)
    return float((problem.terminal.value * held).sum())


def cost(problem: Problem, moves: Moves, soc_end_kwh: float) -> float:
    """The objective, terminal value included."""
    storage, grid = problem.storage, problem.grid
    return (
        energy_cost(moves.import_kwh + moves.breach_kwh, problem.import_price)
        - export_revenue(moves.export_kwh, problem.export_price)
        + storage.wear_charge * float(moves.charge_kwh.sum())
        + storage.wear_discharge * float(moves.discharge_kwh.sum())
        + grid.curtailment_cost * float(moves.curtail_kwh.sum())
        + grid.import_breach_cost * float(moves.breach_kwh.sum())
        - terminal_value(problem, soc_end_kwh)
    )
