"""The problem as one would write it down for a solver: columns with costs and bounds, rows of terms.

Written afresh for each plan, as most home-energy scripts do. Charging and discharging at once is forbidden by switches
only once a solution does it, in that slot and where the price is so low that it could pay, which is kind to the solver:
as a rule the problem without loads is a linear programme.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf

BOTH_KWH = 1e-6
"""Charging and discharging at once beyond rounding."""
LEAST_SECONDS = 1.0
"""What a solver gets at least."""


@dataclass
class Programme:
    """A mixed-integer programme that grows; a row is (low, high, [(column, coefficient)])."""

    cost: list[float] = field(default_factory=list)
    low: list[float] = field(default_factory=list)
    high: list[float] = field(default_factory=list)
    whole: list[bool] = field(default_factory=list)
    rows: list[tuple[float, float, list[tuple[int, float]]]] = field(default_factory=list)

    def column(self, cost: float = 0.0, low: float = 0.0, high: float = inf, *, whole: bool = False) -> int:
        """A new decision."""
        self.cost.append(cost)
        self.low.append(low)
        self.high.append(high)
        self.whole.append(whole)
        return len(self.cost) - 1

    def row(self, low: float, high: float, *terms: tuple[int, float]) -> None:
        """A new constraint."""
        self.rows.append((low, high, list(terms)))


@dataclass(frozen=True)
class Written:
    """A case's programme, and where its decisions are: a list of columns each battery, each load."""

    programme: Programme
    charge: list[list[int]]
    discharge: list[list[int]]
    on: list[list[int]]

    def both_at_once(self, values: list[float]) -> set[tuple[int, int]]:
        """Where a battery charges and discharges: (battery, slot)."""
        return {
            (k, slot)
            for k, (charges, discharges) in enumerate(zip(self.charge, self.discharge, strict=True))
            for slot, (charge, discharge) in enumerate(zip(charges, discharges, strict=True))
            if min(values[charge], values[discharge]) > BOTH_KWH
        }

    def answer(self, case: dict, solution: "Solution") -> dict:
        """What the batteries and loads do by a solution's values."""
        values = solution.values
        kwh = [load["power_kw"] * case["slot_hours"] for load in case["loads"]]
        return {
            "charge_kwh": [[values[column] for column in one] for one in self.charge],
            "discharge_kwh": [[values[column] for column in one] for one in self.discharge],
            "loads_kwh": [
                [one * round(values[column]) for column in on] for one, on in zip(kwh, self.on, strict=True)
            ],
            "bound": solution.bound,
            "note": solution.note,
        }


@dataclass(frozen=True)
class Solution:
    """A programme's values, what was proven of its cost if anything, and what the solver said if it did not finish."""

    values: list[float]
    bound: float | None
    note: str


def solved(
    case: dict, solve: Callable[[Programme, float], Solution], seconds: float
) -> tuple[Written, Solution]:
    """The case by a solver that takes a programme and its time limit, with switches once it takes them."""
    switched: set[tuple[int, int]] = set()
    end = time.perf_counter() + seconds
    while True:
        problem = written(case, switched)
        solution = solve(problem.programme, max(LEAST_SECONDS, end - time.perf_counter()))
        burning = problem.both_at_once(solution.values)
        if burning <= switched or time.perf_counter() >= end:
            return problem, solution
        switched |= burning | tempting(case)


def tempting(case: dict) -> set[tuple[int, int]]:
    """Where the price is so low that burning energy in a battery could pay its wear: (battery, slot)."""
    found = set()
    for k, battery in enumerate(case["batteries"]):
        round_trip = battery["charge_efficiency"] * battery["discharge_efficiency"]
        wear = battery["wear_charge"] + battery["wear_discharge"] * round_trip
        for slot, prices in enumerate(zip(case["import_price"], case["export_price"], strict=True)):
            if -min(*prices, -case["curtailment_cost"]) * (1 - round_trip) > wear:
                found.add((k, slot))
    return found


def written(case: dict, switched: set[tuple[int, int]]) -> Written:
    """A case as a programme, with switches in these slots (battery, slot)."""
    programme = Programme()
    n, hours = len(case["load_kwh"]), case["slot_hours"]
    balance: list[list[tuple[int, float]]] = [[] for _ in range(n)]
    peak = programme.column(case["peak_price_per_kw"]) if case["peak_price_per_kw"] else None
    for slot in range(n):
        bought = programme.column(case["import_price"][slot], high=case["import_max_kw"] * hours)
        sold = programme.column(-case["export_price"][slot], high=case["export_max_kw"] * hours)
        curtailed = programme.column(case["curtailment_cost"], high=case["pv_kwh"][slot])
        breach = programme.column(case["import_price"][slot] + case["import_breach_cost"])
        balance[slot] += [(bought, 1.0), (breach, 1.0), (sold, -1.0), (curtailed, -1.0)]
        if peak is not None:
            programme.row(0.0, inf, (peak, hours), (bought, -1.0))
    found = [
        _battery(programme, case, battery, balance, {slot for one, slot in switched if one == k})
        for k, battery in enumerate(case["batteries"])
    ]
    on = [_load(programme, case, load, balance) for load in case["loads"]]
    for slot in range(n):
        wanted = case["load_kwh"][slot] - case["pv_kwh"][slot]
        programme.row(wanted, wanted, *balance[slot])
    return Written(programme, [one for one, _ in found], [one for _, one in found], on)


def _battery(
    programme: Programme,
    case: dict,
    battery: dict,
    balance: list[list[tuple[int, float]]],
    switched: set[int],
) -> tuple[list[int], list[int]]:
    hours = case["slot_hours"]
    most_in, most_out = battery["charge_max_kw"] * hours, battery["discharge_max_kw"] * hours
    into, out_of = battery["charge_efficiency"], 1 / battery["discharge_efficiency"]
    charges, discharges, stored = [], [], -1
    for slot in range(len(balance)):
        charge = programme.column(battery["wear_charge"], high=most_in)
        discharge = programme.column(battery["wear_discharge"], high=most_out)
        before = stored
        stored = programme.column(low=battery["soc_min_kwh"], high=battery["soc_max_kwh"])
        known = battery["soc_start_kwh"] if slot == 0 else 0.0
        terms = [(stored, 1.0), (charge, -into), (discharge, out_of)]
        programme.row(known, known, *terms, *([(before, -1.0)] if slot else []))
        balance[slot] += [(discharge, 1.0), (charge, -1.0)]
        charges.append(charge)
        discharges.append(discharge)
        if slot in switched:
            charging = programme.column(high=1.0, whole=True)
            programme.row(-inf, 0.0, (charge, 1.0), (charging, -most_in))
            programme.row(-inf, most_out, (discharge, 1.0), (charging, most_out))
    left = []
    for value, kwh in zip(battery["terminal_value"], battery["terminal_kwh"], strict=True):
        # A last piece that costs money reaches to the top.
        costs = value < 0 and len(left) + 1 == len(battery["terminal_value"])
        left.append((programme.column(-value, high=inf if costs else kwh), 1.0))
    if left:
        must = battery["terminal_value"][-1] < 0
        least = -battery["soc_min_kwh"]
        programme.row(least if must else -inf, least, *left, (stored, -1.0))
    return charges, discharges


def _load(programme: Programme, case: dict, load: dict, balance: list[list[tuple[int, float]]]) -> list[int]:
    kwh = load["power_kw"] * case["slot_hours"]
    allowed = {slot for first, last, _ in load["windows"] for slot in range(first, last)}
    on = []
    for slot in range(len(balance)):
        on.append(programme.column(high=float(slot in allowed), whole=True))
        balance[slot].append((on[slot], -kwh))
    for first, last, units in load["windows"]:
        programme.row(units, units, *((on[slot], 1.0) for slot in range(first, last)))
    if load["min_on_slots"] > 1:
        _least_runs(programme, on, load["min_on_slots"])
    return on


def _least_runs(programme: Programme, on: list[int], least: int) -> None:
    begins = [programme.column(high=1.0) for _ in on]
    for slot, begin in enumerate(begins):
        before = [(on[slot - 1], 1.0)] if slot else []
        programme.row(0.0, inf, (begin, 1.0), (on[slot], -1.0), *before)
        recent = begins[max(0, slot - least + 1) : slot + 1]
        programme.row(0.0, inf, (on[slot], 1.0), *((one, -1.0) for one in recent))
