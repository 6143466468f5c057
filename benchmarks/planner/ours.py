"""Our engines as a worker: python -m benchmarks.planner.ours ENGINE"""

import sys
from collections.abc import Callable
from dataclasses import replace
from zoneinfo import ZoneInfo

import numpy as np

from benchmarks.planner.cases import Case, heard
from benchmarks.planner.lines import answer_all
from darkstar.domain.power_tariff import PowerTariff
from darkstar.domain.slots import SLOT_SECONDS
from darkstar.planner.fast.capacity import CapacityEngine
from darkstar.planner.fast.engine import FastEngine
from darkstar.planner.fast.loads import LoadsRecursion
from darkstar.planner.full.engine import FullEngine
from darkstar.planner.full.plan import SitePlan
from darkstar.planner.full.site import (
    Connection,
    MeteredTariff,
    PvString,
    Site,
    SiteBattery,
    SiteLoad,
)
from darkstar.planner.highs import HighsEngine
from darkstar.planner.loads.model import Level, LoadedPlan, LoadedProblem, Need, OnOffLoad
from darkstar.planner.problem import Engine, Plan

Answer = dict[str, object]
Prepared = tuple[Callable[[], object], Callable[[object], Answer]]
Prepare = Callable[[Case], Prepared]
MIDMONTH_UTC = 1_768_176_000
"""2026-01-12: a week from here stays within the month, as the power tariff's fee is a month's."""
FULL_SECONDS = 1.0


def main(name: str) -> None:
    """Answer cases by this engine."""
    engines: dict[str, Callable[[], Prepare]] = {
        "glance": _glances,
        "plan": lambda: _plans(FastEngine()),
        "highs": lambda: _plans(HighsEngine()),
        "hot": _hot_plans,
        "loads": _loads,
        "capacity": _capacity,
        "full": _full,
    }
    prepare = engines[name]()
    answer_all(lambda case: prepare(heard(case)))


def _glances() -> Prepare:
    engine = FastEngine()
    return lambda case: (lambda: engine.first_move(case.problem), lambda found: {"cost": found.cost})


def _plans(engine: Engine) -> Prepare:
    return lambda case: (lambda: engine.solve(case.problem), _answer)


def _hot_plans() -> Prepare:
    """Timed is the plan after that of a quarter of an hour before."""
    engine = HighsEngine(hot=True)

    def prepare(case: Case) -> Prepared:
        problem = case.problem
        engine.solve(
            replace(
                problem,
                load_kwh=np.roll(problem.load_kwh, 1),
                pv_kwh=np.roll(problem.pv_kwh, 1),
                import_price=np.roll(problem.import_price, 1),
                export_price=np.roll(problem.export_price, 1),
            )
        )
        return lambda: engine.solve(problem), _answer

    return prepare


def _loads() -> Prepare:
    engine = LoadsRecursion()

    def prepare(case: Case) -> Prepared:
        loaded = LoadedProblem(case.problem, _on_off(case))
        return lambda: engine.solve(loaded), _loaded_answer

    return prepare


def _capacity() -> Prepare:
    engine = CapacityEngine()

    def prepare(case: Case) -> Prepared:
        return (
            lambda: engine.solve(case.problem, case.peak_price_per_kw),
            lambda found: _answer(found.plan) | {"bound": found.cost if found.exact else None},
        )

    return prepare


def _full() -> Prepare:
    engine = FullEngine(seconds=FULL_SECONDS)

    def prepare(case: Case) -> Prepared:
        site = _site(case)
        return lambda: engine.solve(site), _site_answer

    return prepare


def _site_answer(plan: SitePlan) -> Answer:
    return {
        "charge_kwh": [run.charge_kwh.tolist() for run in plan.batteries],
        "discharge_kwh": [run.discharge_kwh.tolist() for run in plan.batteries],
        "loads_kwh": [run.energy_kwh.tolist() for run in plan.loads],
        "note": "" if plan.finished else f"gap {plan.gap:.2%}",
    }


def _loaded_answer(found: LoadedPlan) -> Answer:
    return _answer(found.plan) | {"loads_kwh": [run.energy_kwh.tolist() for run in found.runs]}


def _answer(plan: Plan) -> Answer:
    return {
        "charge_kwh": [plan.charge_kwh.tolist()],
        "discharge_kwh": [plan.discharge_kwh.tolist()],
        "loads_kwh": [],
        "bound": plan.cost if plan.gap == 0 else None,
        "note": "" if plan.gap == 0 else f"gap {plan.gap:.2%}",
    }


def _on_off(case: Case) -> tuple[OnOffLoad, ...]:
    found = []
    for load in case.loads:
        available = np.zeros(len(case.problem), dtype=np.bool_)
        for first, last, _ in load.windows:
            available[first:last] = True
        needs = tuple(
            Need(f"window {number}", first, last, units, most_units=units)
            for number, (first, last, units) in enumerate(load.windows)
        )
        found.append(
            OnOffLoad(
                load.name,
                (Level(load.power_kw),),
                needs=needs,
                min_on_slots=load.min_on_slots,
                available=available,
            )
        )
    return tuple(found)


def _site(case: Case) -> Site:
    problem, n = case.problem, len(case.problem)
    grid = problem.grid
    tariff = PowerTariff(peaks=1, hourly=False, per_kw=case.peak_price_per_kw)
    return Site(
        slots=MIDMONTH_UTC + SLOT_SECONDS * np.arange(n),
        tz=ZoneInfo("UTC"),
        load_kwh=problem.load_kwh,
        import_price=problem.import_price,
        export_price=problem.export_price,
        connection=Connection(
            np.full(n, grid.import_max_kw),
            np.full(n, grid.export_max_kw),
            breach_cost=grid.import_breach_cost,
        ),
        batteries=tuple(
            SiteBattery(f"battery {number}", one.storage, one.soc_start_kwh, one.terminal)
            for number, one in enumerate(case.batteries)
        ),
        strings=(PvString("sun", problem.pv_kwh, curtailment_cost=grid.curtailment_cost),),
        loads=tuple(SiteLoad(load) for load in _on_off(case)),
        power_tariffs=(MeteredTariff(tariff),) if case.peak_price_per_kw else (),
        slot_hours=problem.slot_hours,
    )


if __name__ == "__main__":
    main(sys.argv[1])
