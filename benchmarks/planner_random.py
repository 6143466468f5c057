"""Random problems with loads: the fast engine against the mixed-integer programme at gap 0.

python -m benchmarks.planner_random [problems] [first]
"""

import sys

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks._result import Result
from darkstar.domain.slots import SLOT_HOURS
from darkstar.planner.fast.loads import LoadsRecursion
from darkstar.planner.loads.milp import LoadsMilp
from darkstar.planner.loads.model import Comfort, Level, LoadedProblem, Need, OnOffLoad
from darkstar.planner.problem import GridModel, Problem, StorageModel, TerminalValue

KINDS = ("heater", "car", "appliance", "heater and car", "car in steps", "heater and appliance")
PROBLEMS = 500
SAME = 1e-6
"""Relative difference of costs that counts as none."""


def random_problem(seed: int) -> LoadedProblem:
    """A made-up home with one or two loads; every third has deeply negative prices, many have impossible needs."""
    rng = np.random.default_rng(seed)
    kind = KINDS[seed % len(KINDS)]
    n = int(rng.integers(12, 33)) if " and " in kind else int(rng.integers(16, 65))
    problem = _battery_problem(rng, n, deep=bool(rng.random() < 1 / 3))
    makers = {"heater": _heater, "car": _car, "appliance": _appliance, "car in steps": _stepped_car}
    loads = [makers[name](rng, n) for name in (kind.split(" and ") if " and " in kind else [kind])]
    return LoadedProblem(problem, tuple(loads))


def _battery_problem(rng: np.random.Generator, n: int, *, deep: bool) -> Problem:
    hour = (np.arange(n) + rng.integers(96)) * SLOT_HOURS % 24
    spot = 0.6 + 0.5 * np.sin((hour - 9) / 24 * 4 * np.pi) + np.repeat(rng.normal(0, 0.3, n // 4 + 1), 4)[:n]
    if deep:
        spot = spot - 3 * np.exp(-(((hour - rng.uniform(0, 24)) / 2) ** 2))
    pv = np.maximum(0, np.sin((hour - 6) / 12 * np.pi)) * rng.uniform(0, 2) * rng.uniform(0.3, 1, n)
    room = rng.uniform(4, 20)
    least = room * rng.choice([0.0, 0.1])
    wear = float(rng.choice([0.0, 0.05]))
    return Problem(
        slot_hours=SLOT_HOURS,
        load_kwh=rng.uniform(0.05, 0.5, n),
        pv_kwh=pv,
        import_price=spot * 1.25 + rng.choice([0.0, 0.5]),
        export_price=spot - rng.choice([0.0, 0.1]),
        soc_start_kwh=float(rng.uniform(least, room)),
        storage=StorageModel(
            least,
            room,
            float(rng.uniform(1, 8)),
            float(rng.uniform(1, 8)),
            float(rng.uniform(0.85, 1)),
            float(rng.uniform(0.85, 1)),
            wear,
            wear,
        ),
        grid=GridModel(
            float(rng.choice([6.0, 11.0, 17.0])),
            float(rng.choice([0.0, 5.0, 11.0])),
            import_breach_cost=float(rng.choice([1.0, 100.0])),
            curtailment_cost=float(rng.choice([0.0, 0.1])),
        ),
        terminal=TerminalValue(np.sort(rng.uniform(0, 1.2, 2))[::-1].copy(), np.array([room / 2, room / 2])),
    )


def _before(rng: np.random.Generator, least: int) -> tuple[int, int]:
    """For how long a load has been on, and off, when the problem begins."""
    return (int(rng.integers(1, least + 1)), 1) if rng.random() < 0.3 else (0, int(rng.integers(1, 30)))


def _heater(rng: np.random.Generator, n: int) -> OnOffLoad:
    least = int(rng.integers(1, 5))
    on_for, off_for = _before(rng, least)
    half = n // 2
    wanted = rng.integers(0, max(2, half // 2), 2)
    cost = float(rng.choice([0.3, 100.0]))
    needs = [
        Need(
            "first day",
            0,
            half,
            int(wanted[0]),
            cost,
            int(wanted[0]) + int(rng.integers(0, 4)),
            int(rng.integers(0, 2)),
        ),
        Need("second day", half, n, int(wanted[1]), cost, int(wanted[1]) + 2 if rng.random() < 0.5 else None),
    ]
    if rng.random() < 0.5:
        begin = int(rng.integers(0, half))
        needs.append(Need("evening", begin, int(rng.integers(begin + 1, n + 1)), 2, cost))
    return OnOffLoad(
        name="heater",
        levels=(Level(3.0),),
        needs=tuple(needs),
        comfort=Comfort(int(rng.integers(3, 16)), float(rng.choice([0.2, 10.0])))
        if rng.random() < 0.5
        else None,
        min_on_slots=least,
        min_off_slots=int(rng.integers(0, 5)),
        start_cost=float(rng.choice([0.0, 0.05])),
        on_for_slots=on_for,
        off_for_slots=off_for,
    )


def _car(rng: np.random.Generator, n: int) -> OnOffLoad:
    leaves = int(rng.integers(n // 2, n + 1))
    available = np.arange(n) < leaves
    available &= np.arange(n) >= int(rng.integers(0, n // 4))
    wanted = int(rng.integers(1, leaves))
    return OnOffLoad(
        name="car",
        levels=(Level(float(rng.choice([3.7, 7.4, 11.0]))),),
        needs=(Need("departure", 0, leaves, wanted, float(rng.choice([1.0, 100.0])), wanted),),
        start_cost=float(rng.choice([0.0, 0.1])),
        available=available,
        on_for_slots=int(rng.random() < 0.3),
    )


def _stepped_car(rng: np.random.Generator, n: int) -> OnOffLoad:
    wanted = int(rng.integers(1, n))
    return OnOffLoad(
        name="car",
        levels=(Level(1.4, 1), Level(2.8, 2), Level(4.2, 3)),
        needs=(Need("departure", 0, int(rng.integers(n // 2, n + 1)), wanted, 100.0, wanted + 2),),
        min_on_slots=int(rng.integers(1, 3)),
        start_cost=float(rng.choice([0.0, 0.1])),
    )


def _appliance(rng: np.random.Generator, n: int) -> OnOffLoad:
    profile = tuple(float(power) for power in rng.uniform(0.1, 2.5, int(rng.integers(2, 8))))
    last = int(rng.integers(len(profile), n + 1))
    on_for, off_for = _before(rng, len(profile))
    return OnOffLoad(
        name="appliance",
        profile_kw=profile,
        needs=(Need("done", 0, last, len(profile), 5.0, len(profile), min(on_for, len(profile))),),
        min_off_slots=int(rng.integers(0, 3)),
        available=rng.random(n) < rng.choice([0.97, 1.0]),
        on_for_slots=on_for,
        off_for_slots=off_for,
    )


def compare(problems: int, first: int) -> Result:
    """Solve each problem with both engines; what differs is printed."""
    fast, judge = LoadsRecursion(), LoadsMilp()
    worst, missed, gaps = 0.0, 0, 0
    times: dict[str, list[float]] = {"fast": [], "milp": []}
    for seed in range(first, first + problems):
        loaded = random_problem(seed)
        ours, theirs = fast.solve(loaded).plan, judge.solve(loaded).plan
        off = abs(ours.cost - theirs.cost) / max(1.0, abs(theirs.cost))
        worst = max(worst, off)
        times["fast"].append(ours.ms)
        times["milp"].append(theirs.ms)
        gaps += ours.gap > 0
        if off > SAME:
            missed += 1
            print(f"{seed} {KINDS[seed % len(KINDS)]}: {ours.cost:.9f} against {theirs.cost:.9f}")
    figures: dict[str, float] = {
        "problems": problems,
        "differ": missed,
        "not proven": gaps,
        "worst relative": worst,
    }
    figures |= {f"{name} median ms": float(np.median(ms)) for name, ms in times.items()}
    table = Table("", "", title="Random problems with loads, beside HiGHS at gap 0")
    for name, figure in figures.items():
        table.add_row(name, f"{figure:.3g}")
    return Result(table, figures)


def run() -> Result:
    """Five hundred problems."""
    return compare(PROBLEMS, 0)


if __name__ == "__main__":
    numbers = [int(argument) for argument in sys.argv[1:]]
    Console().print(compare(numbers[0] if numbers else PROBLEMS, numbers[1] if len(numbers) > 1 else 0).table)
