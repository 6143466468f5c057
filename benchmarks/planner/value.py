"""What a worker's answer costs by our own model of money, and whether it is a plan at all."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from benchmarks.planner.cases import Battery, Case
from darkstar.planner.accounting import terminal_value
from darkstar.planner.fast.engine import plan_of
from darkstar.planner.problem import Series, StorageModel, TerminalValue

NEAR_KWH = 1e-3
"""How far a solver's tolerances may let a plan stray from what batteries and loads allow."""
NO_BATTERY = StorageModel(0.0, 0.0, 0.0, 0.0, 1.0, 1.0)
NOTHING_LEFT = TerminalValue(np.zeros(0), np.zeros(0))


@dataclass(frozen=True)
class Valued:
    """The objective of a plan, what it leaves in each battery, and what is wrong with it ("" if nothing is)."""

    cost: float
    soc_end_kwh: tuple[float, ...]
    wrong: str


def valued(
    case: Case,
    charge_kwh: Sequence[Sequence[float]],
    discharge_kwh: Sequence[Sequence[float]],
    loads_kwh: Sequence[Sequence[float]],
) -> Valued:
    """Import, export, curtailment and breach are the cheapest that what batteries and loads do leaves room for."""
    problem = case.problem
    net = problem.load_kwh + np.sum([np.zeros(len(problem)), *(np.array(one) for one in loads_kwh)], axis=0)
    worth, ends, wrong = 0.0, [], [_wrong_loads(case, loads_kwh)]
    for battery, into, out_of in zip(case.batteries, charge_kwh, discharge_kwh, strict=True):
        charge, discharge = np.array(into), np.array(out_of)
        net = net + charge - discharge
        storage = battery.storage
        change = storage.charge_efficiency * charge - discharge / storage.discharge_efficiency
        stored = battery.soc_start_kwh + np.cumsum(change)
        wrong.append(_wrong_battery(battery, charge, discharge, stored, problem.slot_hours))
        end = float(np.clip(stored[-1], storage.soc_min_kwh, storage.soc_max_kwh))
        ends.append(end)
        worth += terminal_value(replace(problem, storage=storage, terminal=battery.terminal), end)
        worth -= storage.wear_charge * float(charge.sum()) + storage.wear_discharge * float(discharge.sum())
    site = replace(problem, load_kwh=net, storage=NO_BATTERY, terminal=NOTHING_LEFT)
    plan = plan_of(site, np.zeros(len(problem)), began=0.0)
    surplus = problem.pv_kwh - net - problem.grid.export_max_kw * problem.slot_hours - problem.pv_kwh
    if surplus.max() > NEAR_KWH:
        wrong.append(f"{surplus.max():.3g} kWh too much exported")
    peak = case.peak_price_per_kw * float(plan.import_kwh.max()) / problem.slot_hours
    return Valued(plan.cost + peak - worth, tuple(ends), "; ".join(text for text in wrong if text))


def _wrong_battery(
    battery: Battery, charge: Series, discharge: Series, stored: Series, slot_hours: float
) -> str:
    storage = battery.storage
    excess = {
        "below empty": storage.soc_min_kwh - stored,
        "above full": stored - storage.soc_max_kwh,
        "charged too fast": charge - storage.charge_max_kw * slot_hours,
        "discharged too fast": discharge - storage.discharge_max_kw * slot_hours,
        "both at once": np.minimum(charge, discharge),
    }
    return "; ".join(f"{what} by {kwh.max():.3g} kWh" for what, kwh in excess.items() if kwh.max() > NEAR_KWH)


def _wrong_loads(case: Case, loads_kwh: Sequence[Sequence[float]]) -> str:
    wrong = []
    for load, kwh in zip(case.loads, loads_kwh, strict=True):
        slot_kwh = load.power_kw * case.problem.slot_hours
        drawn = np.array(kwh)
        on = drawn > slot_kwh / 2
        if np.abs(drawn - on * slot_kwh).max() > NEAR_KWH:
            wrong.append(f"{load.name} neither on nor off")
        for first, last, units in load.windows:
            if on[first:last].sum() != units:
                wrong.append(f"{load.name} on for {on[first:last].sum()} slots, not {units}")
        edges = np.flatnonzero(np.diff(np.concatenate([[False], on, [False]])))
        lasts, reaches_end = edges[1::2] - edges[::2], bool(on[-1])
        if any(lasts[: len(lasts) - reaches_end] < load.min_on_slots):
            wrong.append(f"{load.name} on too briefly")
    return "; ".join(wrong)
