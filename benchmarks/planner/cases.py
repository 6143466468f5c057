"""The benchmark's cases: the reference's instances where they are at hand, made-up homes else, with more on top."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from darkstar.domain.slots import QUARTERS_OF_DAY, SLOT_HOURS
from darkstar.planner.instances import read_instances
from darkstar.planner.problem import GridModel, Problem, Series, StorageModel, TerminalValue

BATTERY, NEGATIVE, HEATER, CAR = "battery", "deep negative prices", "heater", "car"
BOTH, TARIFF, THREE = "heater and car", "power tariff", "3 batteries"
DAY, WEEK = "battery, 24 h", "battery, 168 h"
KINDS = (BATTERY, NEGATIVE, HEATER, CAR, BOTH, TARIFF, THREE, DAY, WEEK)

HORIZON = 2 * QUARTERS_OF_DAY
ROOMY_KW = 10.9
"""Fuse that carries a heater and a car: a peer's import limit may be hard."""
PEAK_PRICE_PER_KW = 20.0
MADE = 24


@dataclass(frozen=True)
class Battery:
    """A battery as its case begins."""

    storage: StorageModel
    soc_start_kwh: float
    terminal: TerminalValue


@dataclass(frozen=True)
class Load:
    """A load that is on or off, for so many slots in each window (first, last, slots), windows apart."""

    name: str
    power_kw: float
    windows: tuple[tuple[int, int, int], ...]
    min_on_slots: int = 1


@dataclass(frozen=True)
class Case:
    """A problem with its first battery, further batteries, loads, and a price on the highest slot's import."""

    kind: str
    name: str
    problem: Problem
    further: tuple[Battery, ...] = ()
    loads: tuple[Load, ...] = ()
    peak_price_per_kw: float = 0.0

    @property
    def batteries(self) -> tuple[Battery, ...]:
        """All batteries, the problem's first."""
        own = self.problem
        return (Battery(own.storage, own.soc_start_kwh, own.terminal), *self.further)

    def spoken(self, soc_end_kwh: Sequence[float] | None = None) -> dict[str, object]:
        """The case as workers read it; `soc_end_kwh` is what an optimal plan leaves in each battery, if known."""
        problem, grid = self.problem, self.problem.grid
        ends = soc_end_kwh or [battery.soc_start_kwh for battery in self.batteries]
        return {
            "kind": self.kind,
            "name": self.name,
            "slot_hours": problem.slot_hours,
            "load_kwh": problem.load_kwh.tolist(),
            "pv_kwh": problem.pv_kwh.tolist(),
            "import_price": problem.import_price.tolist(),
            "export_price": problem.export_price.tolist(),
            "import_max_kw": grid.import_max_kw,
            "export_max_kw": grid.export_max_kw,
            "import_breach_cost": grid.import_breach_cost,
            "curtailment_cost": grid.curtailment_cost,
            "peak_price_per_kw": self.peak_price_per_kw,
            "batteries": [
                {
                    **vars(battery.storage),
                    "soc_start_kwh": battery.soc_start_kwh,
                    "soc_end_kwh": end,
                    "terminal_value": battery.terminal.value.tolist(),
                    "terminal_kwh": battery.terminal.energy_kwh.tolist(),
                }
                for battery, end in zip(self.batteries, ends, strict=True)
            ],
            "loads": [vars(load) for load in self.loads],
        }


def heard(case: dict) -> Case:
    """What `Case.spoken` said."""
    first, *further = [
        Battery(
            StorageModel(**{name: one[name] for name in StorageModel.__dataclass_fields__}),
            one["soc_start_kwh"],
            TerminalValue(np.array(one["terminal_value"]), np.array(one["terminal_kwh"])),
        )
        for one in case["batteries"]
    ]
    series = (np.array(case[name]) for name in ("load_kwh", "pv_kwh", "import_price", "export_price"))
    problem = Problem(
        case["slot_hours"],
        *series,
        soc_start_kwh=first.soc_start_kwh,
        storage=first.storage,
        grid=GridModel(**{name: case[name] for name in GridModel.__dataclass_fields__}),
        terminal=first.terminal,
    )
    loads = tuple(
        Load(one["name"], one["power_kw"], tuple(tuple(w) for w in one["windows"]), one["min_on_slots"])
        for one in case["loads"]
    )
    return Case(case["kind"], case["name"], problem, tuple(further), loads, case["peak_price_per_kw"])


def cases_of(kind: str, count: int) -> list[Case]:
    """So many cases of a kind."""
    found = reference()
    named = list(found.items()) if found else list(_made().items())
    plain = [(name, problem) for name, problem in named if not name.startswith("neg")]
    if kind == BATTERY:
        return [Case(kind, name, problem) for name, problem in plain][:count]
    if kind == NEGATIVE:
        return [Case(kind, name, problem) for name, problem in named if name.startswith("neg")][:count]
    if kind == DAY:
        return [Case(kind, name, _first_slots(problem, QUARTERS_OF_DAY)) for name, problem in plain[:count]]
    roomy = [(name, problem) for name, problem in plain if problem.grid.import_max_kw > ROOMY_KW]
    if kind == WEEK:
        return [Case(kind, name, _week(roomy, number)) for number, (name, _) in enumerate(roomy[:count])]
    if kind == TARIFF:
        dear = [(name, problem) for name, problem in roomy if problem.import_price.min() > 0]
        return [
            Case(kind, name, problem, peak_price_per_kw=PEAK_PRICE_PER_KW) for name, problem in dear[:count]
        ]
    if kind == THREE:
        return [
            Case(kind, name, problem, _others(roomy, number))
            for number, (name, problem) in enumerate(roomy[:count])
        ]
    return [
        Case(kind, name, problem, loads=_loads(kind, number)) for number, (name, problem) in enumerate(roomy)
    ][:count]


def reference() -> dict[str, Problem]:
    """The reference's instances by name; none where they are not at hand."""
    data = os.environ.get("DARKSTAR_DATA")
    beside = Path(data).parent if data else Path(__file__).parents[3] / "shared"
    path = beside / "planner_reference" / "instances.json"
    if not path.is_file():
        return {}
    return {one.id: one.problem for one in read_instances(path.read_bytes(), path)}


def year_problem() -> Problem:
    """A year of quarters of a made-up home, and a horizon more."""
    return made_problem(0, 365 * QUARTERS_OF_DAY + HORIZON)


def made_problem(seed: int, n: int = HORIZON, lowest_price: float = 0.1) -> Problem:
    """A made-up home: evening load, noon sun, prices that swing twice a day above a lowest one."""
    rng = np.random.default_rng(seed)
    hour = np.arange(n) % QUARTERS_OF_DAY * SLOT_HOURS
    load = 0.1 + 0.3 * np.exp(-(((hour - 18) / 2) ** 2)) + rng.uniform(0, 0.2, n)
    days, hours = n // QUARTERS_OF_DAY + 1, n // 4 + 1
    clouds = np.repeat(rng.uniform(0, 1, days), QUARTERS_OF_DAY)[:n]
    swing = 0.5 + 0.4 * np.sin(hour / 24 * 4 * np.pi) + np.repeat(rng.uniform(0, 0.4, hours), 4)[:n]
    spot = lowest_price + swing
    return Problem(
        slot_hours=SLOT_HOURS,
        load_kwh=load,
        pv_kwh=np.maximum(0.0, np.sin((hour - 6) / 12 * np.pi)) * clouds,
        import_price=spot * 1.25 + 0.1,
        export_price=spot,
        soc_start_kwh=float(rng.uniform(1, 10)),
        storage=StorageModel(1.0, 10.0, 5.0, 5.0, 0.95, 0.95, 0.01, 0.01),
        grid=GridModel(11.0, 11.0),
        terminal=TerminalValue(np.array([0.5]), np.array([9.0])),
    )


def _made() -> dict[str, Problem]:
    plain = {f"made-{seed}": made_problem(seed) for seed in range(MADE)}
    return plain | {f"neg-{seed}": made_problem(seed, lowest_price=-3.0) for seed in range(MADE)}


def _first_slots(problem: Problem, n: int) -> Problem:
    return _with_series(problem, [problem], n)


def _week(named: list[tuple[str, Problem]], number: int) -> Problem:
    """A home whose week is made of several homes' days."""
    turned = [problem for _, problem in named[number:] + named[:number]]
    return _with_series(turned[0], turned, 7 * QUARTERS_OF_DAY)


def _with_series(home: Problem, sources: Sequence[Problem], n: int) -> Problem:
    def joined(name: str) -> Series:
        series: Series = np.resize(np.concatenate([getattr(one, name) for one in sources]), n)
        return series

    return replace(
        home,
        load_kwh=joined("load_kwh"),
        pv_kwh=joined("pv_kwh"),
        import_price=joined("import_price"),
        export_price=joined("export_price"),
    )


def _others(named: list[tuple[str, Problem]], number: int) -> tuple[Battery, ...]:
    """The batteries of the next two homes."""
    pair = [named[(number + step) % len(named)][1] for step in (1, 2)]
    return tuple(Battery(one.storage, one.soc_start_kwh, one.terminal) for one in pair)


def _loads(kind: str, number: int) -> tuple[Load, ...]:
    """A heater for 2.5 to 4 h each day in runs of half an hour or more, a car for 2 to 4 h before it leaves."""
    rng = np.random.default_rng(number)
    hot = tuple((first, first + 88, int(rng.integers(10, 17))) for first in (0, QUARTERS_OF_DAY))
    comes = int(rng.integers(30, 60))
    heater = Load("heater", 3.0, hot, min_on_slots=2)
    car = Load("car", 7.4, ((comes, comes + 56, int(rng.integers(8, 17))),))
    return {HEATER: (heater,), CAR: (car,), BOTH: (heater, car)}[kind]
