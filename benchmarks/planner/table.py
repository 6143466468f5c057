"""The run as a table for people and as figures for machines."""

from collections.abc import Iterable, Mapping

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Column, Table

from benchmarks._result import Result
from benchmarks.planner.cases import BATTERY, KINDS
from benchmarks.planner.many import YEAR, many_plans
from benchmarks.planner.measure import EMHASS, ENTRANTS, GLANCE, JUDGE, Asked, Run, measured

SAME_COST = 1e-6
"""Relative difference of costs that counts as none."""
SECONDS_PER_MS = 1e-3


def result(*, quick: bool) -> Result:
    """Run everything."""
    run = measured(quick=quick)
    figures = {**summary(run), **many_plans(quick=quick)}
    return Result(table_of(run, figures), figures)


def optimum_of(asked: Iterable[Asked]) -> float | None:
    """The proven optimum of a case: the judge's where it finished, else the best bound that any entrant proved."""
    proven = [one for one in asked if one.bound is not None]
    judged = [one.bound for one in proven if one.entrant == JUDGE.name and not one.note + one.trouble]
    bounds = judged or [one.bound for one in proven]
    return max(bounds, default=None)


def summary(run: Run) -> dict[str, float]:
    """All figures by name: "kind: engine: figure"."""
    figures: dict[str, float] = {}
    for kind in KINDS:
        of_kind = [one for one in run.asked if one.kind == kind]
        optima = {
            case: optimum_of(one for one in of_kind if one.case == case)
            for case in {one.case for one in of_kind}
        }
        for entrant in ENTRANTS:
            mine = [one for one in of_kind if one.entrant == entrant.name]
            figures |= {
                f"{kind}: {entrant.name}: {name}": value for name, value in _of_one(mine, optima).items()
            }
    return figures | _against_emhass(run) | {f"absent: {name}": 1.0 for name in run.absent}


def _of_one(asked: list[Asked], optima: Mapping[str, float | None]) -> dict[str, float]:
    """An engine's figures in a kind; a case's time is the median of its repeats, the worst is of all repeats."""
    if not asked:
        return {}
    sound = [one for one in asked if one.ms and not one.trouble]
    figures = {"cases": float(len(asked)), "without a sound plan": float(len(asked) - len(sound))}
    if not sound:
        return figures
    figures |= {
        "ms p50": float(np.median([np.median(one.ms) for one in sound])),
        "ms max": float(max(max(one.ms) for one in sound)),
        "cpu ms p50": float(np.median([np.median(one.cpu_ms) for one in sound])),
        "peak MB": max(one.peak_mb for one in sound),
    }
    above = [excess for one in sound if (excess := _above(one.cost, optima[one.case])) is not None]
    if above:
        figures |= {
            "above optimum p50": float(np.median(above)),
            "above optimum max": max(above),
            "relative max": max(
                excess / max(1.0, abs(optima[one.case] or 0.0))
                for one in sound
                if (excess := _above(one.cost, optima[one.case])) is not None
            ),
        }
    cold = [one.cold_ms for one in sound if one.cold_ms is not None]
    return figures | ({"first plan ms p50": float(np.median(cold))} if cold else {})


def _above(cost: float | None, optimum: float | None) -> float | None:
    return None if cost is None or optimum is None else cost - optimum


def _against_emhass(run: Run) -> dict[str, float]:
    """How many times faster the fast engine is than EMHASS on the battery case, and in how many cases dearer."""
    times = {
        name: {one.case: one for one in run.asked if one.kind == BATTERY and one.entrant == name and one.ms}
        for name in (EMHASS.name, GLANCE.name)
    }
    theirs, ours = times[EMHASS.name], times[GLANCE.name]
    both = sorted(theirs.keys() & ours.keys())
    if not both:
        return {}
    medians, cpu_medians = (
        [float(np.median([np.median(times_of(group[case])) for case in both])) for group in (theirs, ours)]
        for times_of in (lambda one: one.ms, lambda one: one.cpu_ms)
    )
    dearer = sum(_dearer(ours[case].cost, theirs[case].cost) for case in both if not theirs[case].trouble)
    return {
        "battery: times faster than EMHASS": medians[0] / medians[1],
        "battery: times less processor time than EMHASS": cpu_medians[0] / cpu_medians[1],
        "battery: cases dearer than EMHASS": float(dearer),
        "a year's re-plans by EMHASS, from its median [s]": YEAR * medians[0] * SECONDS_PER_MS,
    }


def _dearer(ours: float | None, theirs: float | None) -> bool:
    return ours is None or (theirs is not None and ours - theirs > SAME_COST * max(1.0, abs(theirs)))


def table_of(run: Run, figures: Mapping[str, float]) -> Table:
    """A row each engine and kind, then what is one figure; below it who is absent and what went wrong."""
    table = Table(Column("engine", no_wrap=True), *HEADS, title="Planner", box=SIMPLE_HEAD)
    for kind in KINDS:
        rows = []
        for entrant in ENTRANTS:
            own = {name: figures.get(f"{kind}: {entrant.name}: {name}") for name in SHOWN}
            if own["cases"] is None:
                continue
            none, share = own["without a sound plan"], own["relative max"]
            rows.append(
                (
                    entrant.name,
                    *(_text(own[name]) for name in ("ms p50", "ms max", "cpu ms p50")),
                    "" if share is None else f"{100 * share:.3f} %" if share > SAME_COST else "0",
                    f"{none:.0f} of {own['cases']:.0f}" if none else "",
                    _text(own["peak MB"]),
                )
            )
        table.add_row(f"[bold]{kind}[/bold]", *[""] * 6)
        for row in rows:
            table.add_row(*row)
        table.add_section()
    single = [
        f"{name}: {_text(value)}"
        for name, value in figures.items()
        if name.count(": ") < 2 and not name.startswith("absent")
    ]
    table.caption, table.caption_justify = escape("\n".join(single + _below(run))), "left"
    return table


HEADS = ("median ms", "worst ms", "CPU ms", "dearer", "no plan", "peak MB")
SHOWN = (
    "cases",
    "ms p50",
    "ms max",
    "cpu ms p50",
    "relative max",
    "without a sound plan",
    "peak MB",
)


def _below(run: Run) -> list[str]:
    """Who could not take part, who has no plan or a wrong one, who ran out of time."""
    absent = [f"absent: {name}: {reason}" for name, reason in run.absent.items()]
    wrong = {(one.kind, one.case, one.entrant, one.trouble or one.note) for one in run.asked}
    return absent + [
        f"{kind} {case}, {entrant}: {said}" for kind, case, entrant, said in sorted(wrong) if said
    ]


def _text(value: float | None) -> str:
    return "" if value is None else f"{value:.3g}" if abs(value) < 1000 else f"{value:,.0f}"
