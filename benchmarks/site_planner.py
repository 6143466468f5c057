"""How fast the full engine is with everything switched on: made-up sites, 192 slots, one thread."""

import datetime as dt
import time
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray
from rich.table import Table

from benchmarks._result import Result
from darkstar.domain.power_tariff import MonthSoFar, Peak, PowerTariff, PowerWindow, Tier
from darkstar.domain.slots import SLOT_HOURS, SLOT_SECONDS
from darkstar.planner.full.accounting import added_power_cost
from darkstar.planner.full.engine import FullEngine
from darkstar.planner.full.plan import SitePlan
from darkstar.planner.full.site import (
    Boost,
    Car,
    CarTarget,
    Connection,
    Legionella,
    MeteredTariff,
    PvString,
    Site,
    SiteBattery,
    SiteLoad,
    Switching,
    Tank,
)
from darkstar.planner.loads.model import Level, Need, OnOffLoad
from darkstar.planner.problem import StorageModel, TerminalValue

Figures = NDArray[np.float64]

HORIZON = 192
SITES = 20
CASES = (("in part, 1 s", False, 1.0), ("in part, 4 s", False, 4.0), ("whole, 4 s", True, 4.0))
"""Name, whether slots are whole, time limit: the longer one, for a busy machine gives a second of it in four."""
A_SECOND_MS = 1000.0
STOCKHOLM = ZoneInfo("Europe/Stockholm")
PER_KW = PowerTariff(
    peaks=3,
    per_kw=81.25,
    windows=(PowerWindow(hours=frozenset({22, 23, *range(6)}), share=0.5), PowerWindow()),
)
TIERS = PowerTariff(peaks=3, tiers=(Tier(2, 83), Tier(5, 147), Tier(10, 252), Tier(15, 371), Tier(20, 490)))


@dataclass(frozen=True)
class _Solved:
    """Plans of all sites and the processor's time for each."""

    sites: tuple[Site, ...]
    plans: tuple[SitePlan, ...]
    processor_ms: Figures
    seconds: float

    def measured(self) -> dict[str, Figures]:
        """By name, one figure a site.

        The gap is the engine's: of the cost, or of 1 where that is less. Where the worth of what is left outweighs
        what is paid the cost is near zero, so the distance stands beside what is paid and earned at the meter too.
        """
        above = np.array([plan.cost - plan.bound for plan in self.plans])
        return {
            "ms": np.array([plan.ms for plan in self.plans]),
            "processor ms": self.processor_ms,
            "gap %": 100 * np.array([plan.gap for plan in self.plans]),
            "above the bound": above,
            "of the turnover %": 100
            * above
            / [_turnover(*both) for both in zip(self.sites, self.plans, strict=True)],
        }

    def figures(self) -> dict[str, float]:
        """How many reached the gap, how many with a second of the processor, and how many were late."""
        finished = np.array([plan.finished for plan in self.plans])
        return {
            "gap reached": float(np.mean(finished)),
            "in a second of processor": float(np.mean(finished & (self.processor_ms <= A_SECOND_MS))),
            "late": float(np.mean([plan.ms > 1000 * self.seconds for plan in self.plans])),
        }


def run() -> Result:
    """Times on the clock and of the processor (on a busy machine far less), gaps, and how many reached theirs."""
    table = Table(
        "slots",
        "figure",
        "median",
        "95 %",
        "worst",
        title=f"Full engine, {SITES} whole sites",
    )
    figures: dict[str, float] = {}
    for name, whole_slots, seconds in CASES:
        solved = _solve(whole_slots, seconds)
        for what, values in solved.measured().items():
            found = np.percentile(values, [50, 95, 100], method="nearest").tolist()
            table.add_row(name, what, *(f"{value:.3g}" for value in found))
            figures |= {
                f"{name}: {what} {key}": value
                for key, value in zip(("p50", "p95", "max"), found, strict=True)
            }
        for what, share in solved.figures().items():
            table.add_row(name, what, f"{share:.0%}", "", "")
            figures[f"{name}: {what}"] = share
    return Result(table, figures)


def _solve(whole_slots: bool, seconds: float) -> _Solved:
    engine = FullEngine(seconds=seconds)
    sites, plans, processor_ms = [], [], []
    for seed in range(SITES):
        site = random_site(seed, whole_slots=whole_slots)
        began = time.process_time()
        plans.append(engine.solve(site))
        processor_ms.append((time.process_time() - began) * 1000)
        sites.append(site)
    return _Solved(tuple(sites), tuple(plans), np.array(processor_ms), seconds)


def _turnover(site: Site, plan: SitePlan) -> float:
    """Money that passes in the horizon, either way, by meter and by power tariff."""
    energy = plan.import_kwh * np.abs(site.import_price) + plan.export_kwh * np.abs(site.export_price)
    return float(energy.sum()) + added_power_cost(site, plan.import_kwh)


def random_site(seed: int, n: int = HORIZON, *, whole_slots: bool = False) -> Site:
    """A Swedish home with everything: 1-2 batteries, two roofs, car, tank, boost, dishwasher, power tariff, fuses.

    With `whole_slots`, car, tank and boost run slots through or not at all.
    """
    rng = np.random.default_rng(seed)
    day = dt.date(2025, int(rng.integers(1, 13)), int(rng.integers(3, 26)))
    start = (
        int(dt.datetime.combine(day, dt.time(), STOCKHOLM).timestamp())
        + int(rng.integers(0, 96)) * SLOT_SECONDS
    )
    slots = start + SLOT_SECONDS * np.arange(n)
    hour = (slots / 3600 + 1) % 24
    summer = 0.5 - 0.5 * np.cos(2 * np.pi * day.month / 12)
    evening = np.exp(-(((hour - 18) / 2.5) ** 2)) + 0.6 * np.exp(-(((hour - 7) / 1.5) ** 2))
    load = 0.08 + 0.35 * evening * rng.uniform(0.6, 1.4) + rng.gamma(1.5, 0.03, n)
    spot = _spot(rng, n, hour)
    heat = np.full(n, (1 - summer) * 0.35) * rng.uniform(0.7, 1.3, n)
    sun = np.maximum(0.0, np.sin((hour - 6 + 1.5 * summer) / (12 + 3 * summer) * np.pi)) * (
        0.2 + 0.8 * summer
    )
    clouds = np.repeat(rng.uniform(0.2, 1, n // 4 + 1), 4)[:n]
    site = Site(
        slots=slots,
        tz=STOCKHOLM,
        load_kwh=load + heat,
        import_price=(spot + 0.69) * 1.25,
        export_price=spot + 0.05,
        connection=Connection(
            np.full(n, 13.8), np.where(rng.random() < 0.2, 0.0, 11.0) * np.ones(n), phase_max_kw=4.6
        ),
        batteries=_batteries(rng),
        strings=(
            PvString("south", 6 * SLOT_HOURS * sun * clouds),
            PvString("west", 3 * SLOT_HOURS * np.roll(sun, 8) * clouds, phases=(1,)),
        ),
        cars=(_car(rng, n, hour),),
        tanks=(_tank(rng, n, hour),),
        boosts=(
            Boost(
                "heat pump",
                1.5,
                heat,
                6.0,
                switching=Switching(min_on_slots=4, min_off_slots=4, start_cost=0.05),
            ),
        ),
        loads=(_dishwasher(rng, n),),
        power_tariffs=(_tariff(rng, day),),
    )
    if not whole_slots:
        return site
    return replace(
        site,
        cars=tuple(replace(car, whole_slots=True) for car in site.cars),
        tanks=tuple(replace(tank, whole_slots=True) for tank in site.tanks),
        boosts=tuple(replace(boost, whole_slots=True) for boost in site.boosts),
    )


def _spot(rng: np.random.Generator, n: int, hour: np.ndarray) -> np.ndarray:
    quarters = rng.normal(0, 0.06, n) + np.repeat(rng.normal(0, 0.12, n // 4 + 1), 4)[:n]
    shape = 0.35 * np.exp(-(((hour - 8) / 2) ** 2)) + 0.5 * np.exp(-(((hour - 18.5) / 2.5) ** 2))
    return rng.uniform(0.1, 0.9) + shape * rng.uniform(0.3, 2.0) + quarters - 0.3 * (np.abs(hour - 13) < 2)


def _batteries(rng: np.random.Generator) -> tuple[SiteBattery, ...]:
    found = []
    for number in range(int(rng.integers(1, 3))):
        capacity = float(rng.choice([5.0, 10.0, 15.0]))
        storage = StorageModel(0.1 * capacity, capacity, capacity / 2, capacity / 2, 0.95, 0.95, 0.03, 0.03)
        terminal = TerminalValue(np.array([1.2, 0.8]), np.array([0.5, 0.4]) * capacity)
        found.append(
            SiteBattery(f"battery {number}", storage, float(rng.uniform(0.1, 1.0)) * capacity, terminal)
        )
    return tuple(found)


def _car(rng: np.random.Generator, n: int, hour: np.ndarray) -> Car:
    connected = (hour < 7.5) | (hour > 17) if rng.random() < 0.7 else np.ones(n, dtype=np.bool_)
    leaves = np.flatnonzero(connected[:-1] & ~connected[1:]) + 1
    stored = float(rng.uniform(10, 40))
    driven = np.zeros(n)
    driven[leaves] = 8.0
    targets = tuple(
        CarTarget(int(slot), min(55.0, stored + 15.0 * (k + 1)))
        for k, slot in enumerate(leaves.tolist())
        if slot > 8
    )
    single = rng.random() < 0.5
    return Car(
        "car",
        min_kw=1.4 if single else 4.1,
        max_kw=3.7 if single else 11.0,
        connected=connected,
        stored_kwh=stored,
        stored_max_kwh=60.0,
        targets=targets,
        driven_kwh=driven,
        value_per_kwh=0.6,
        switching=Switching(min_on_slots=2, min_off_slots=2, start_cost=0.1),
        phases=(2,) if single else (1, 2, 3),
    )


def _tank(rng: np.random.Generator, n: int, hour: np.ndarray) -> Tank:
    draw = np.where(np.abs(hour - 7) < 1, 0.35, 0.0) + np.where(np.abs(hour - 20) < 1, 0.3, 0.0)
    return Tank(
        "tank",
        litres=200,
        heater_kw=3.0,
        temperature_c=float(rng.uniform(50, 65)),
        draw_kwh=draw * rng.uniform(0.5, 1.5, n) + 0.02,
        comfort_c=45,
        max_c=75,
        legionella=Legionella(65.0, 7 * 96, int(rng.integers(0, 7 * 96))),
        value_per_kwh=0.8,
        switching=Switching(min_on_slots=2, min_off_slots=1, start_cost=0.02),
        phases=(3,),
    )


def _dishwasher(rng: np.random.Generator, n: int) -> SiteLoad:
    needs = tuple(
        Need(f"day {k}", first, min(first + 96, n), 6, shortfall_cost=10, most_units=6)
        for k, first in enumerate(range(int(rng.integers(0, 40)), n - 20, 96))
    )
    profile = (1.8, 0.3, 0.1, 2.0, 0.2, 0.1)
    if rng.random() < 0.5:
        return SiteLoad(OnOffLoad("dishwasher", profile_kw=profile, needs=needs), phases=(1,))
    return SiteLoad(
        OnOffLoad("pool pump", (Level(1.1),), needs=needs, min_on_slots=2, start_cost=0.05), phases=(1,)
    )


def _tariff(rng: np.random.Generator, day: dt.date) -> MeteredTariff:
    past = tuple(Peak(day - dt.timedelta(days=k + 1), float(rng.uniform(2.5, 7))) for k in range(2))
    return MeteredTariff(PER_KW if rng.random() < 0.5 else TIERS, MonthSoFar(past))
