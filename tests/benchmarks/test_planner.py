"""The planner's benchmark judges fairly: the same problem for all, our money for all, nobody left out in silence."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from benchmarks.planner.cases import (
    BATTERY,
    BOTH,
    KINDS,
    TARIFF,
    THREE,
    Battery,
    Case,
    Load,
    cases_of,
    heard,
    made_problem,
)
from benchmarks.planner.measure import EMHASS, ENTRANTS, GLANCE, JUDGE, Asked, Run, taking_part
from benchmarks.planner.peers import environment
from benchmarks.planner.peers.plain import solved
from benchmarks.planner.peers.with_scipy import solve
from benchmarks.planner.table import optimum_of, summary
from benchmarks.planner.value import Valued, valued
from benchmarks.planner.worker import Worker

from darkstar.planner.highs import HighsEngine
from darkstar.planner.loads.milp import LoadsMilp
from darkstar.planner.loads.model import Level, LoadedProblem, Need, OnOffLoad
from darkstar.planner.problem import StorageModel, TerminalValue

SHORT = 24


def _plain(case: Case) -> tuple[Valued, float]:
    """The plain programme's plan by our money, and its proven bound."""
    spoken = case.spoken()
    answer = (lambda found: found[0].answer(spoken, found[1]))(solved(spoken, solve, 10.0))
    return valued(case, answer["charge_kwh"], answer["discharge_kwh"], answer["loads_kwh"]), answer["bound"]


@pytest.mark.parametrize("lowest_price", [0.1, -1.0, -3.0])
def test_the_plain_programme_and_ours_agree_on_battery_and_money(lowest_price: float) -> None:
    problem = made_problem(3, SHORT, lowest_price)
    case = Case(BATTERY, "short", problem)
    ours = HighsEngine().solve(problem)

    theirs, bound = _plain(case)

    assert (theirs.wrong, bound) == ("", pytest.approx(ours.cost, rel=1e-7))
    assert theirs.cost == pytest.approx(ours.cost, rel=1e-7)
    again = valued(case, [ours.charge_kwh.tolist()], [ours.discharge_kwh.tolist()], [])
    assert again.cost == pytest.approx(ours.cost, rel=1e-9)
    assert again.soc_end_kwh == pytest.approx((ours.soc_kwh[-1],))


def test_the_plain_programme_and_ours_agree_on_loads() -> None:
    problem = made_problem(1, SHORT)
    load = Load("heater", 3.0, ((0, 10, 4), (12, 22, 3)), min_on_slots=2)
    free = np.isin(np.arange(SHORT), [10, 11, 22, 23], invert=True)
    needs = (Need("a", 0, 10, 4, most_units=4), Need("b", 12, 22, 3, most_units=3))
    same = OnOffLoad("heater", (Level(3.0),), needs=needs, min_on_slots=2, available=free)

    theirs, bound = _plain(Case(BOTH, "short", problem, loads=(load,)))

    ours = LoadsMilp().solve(LoadedProblem(problem, (same,))).plan.cost
    assert (theirs.wrong, theirs.cost, bound) == ("", pytest.approx(ours), pytest.approx(ours))


def test_a_peak_and_a_second_battery_are_in_the_money() -> None:
    problem = replace(made_problem(2, SHORT), soc_start_kwh=1.0)
    second = Battery(StorageModel(0, 4, 4, 4, 1, 1), 4.0, TerminalValue(np.array([0.1]), np.array([4.0])))
    alone = _plain(Case(BATTERY, "short", problem))[0].cost
    for case in (
        Case(TARIFF, "short", problem, peak_price_per_kw=5.0),
        Case(THREE, "short", problem, (second,)),
    ):
        found, bound = _plain(case)
        assert (found.wrong, found.cost) == ("", pytest.approx(bound))
        assert (found.cost > alone) == (case.kind == TARIFF)


def test_what_is_no_plan_is_named() -> None:
    problem = made_problem(0, SHORT)
    load = Load("car", 4.0, ((0, SHORT, 2),), min_on_slots=2)
    case, none = Case(BOTH, "short", problem, loads=(load,)), np.zeros(SHORT)
    slot = np.eye(SHORT)

    def wrong(charge: np.ndarray, discharge: np.ndarray, drawn: np.ndarray) -> str:
        return valued(case, [charge.tolist()], [discharge.tolist()], [drawn.tolist()]).wrong

    served = slot[4] + slot[5]
    assert wrong(none, none, served) == ""
    assert "below empty" in wrong(none, none + 1.0, served)
    assert "above full" in wrong(none + 1.0, none, served)
    assert "charged too fast" in wrong(2 * slot[0], none, served)
    assert "both at once" in wrong(slot[0] / 10, slot[0] / 10, served)
    assert wrong(none, none, slot[4]) == "car on for 1 slots, not 2; car on too briefly"
    assert wrong(none, none, slot[4] + slot[6]) == "car on too briefly"
    assert "neither on nor off" in wrong(none, none, served / 2)


@pytest.mark.parametrize("kind", KINDS)
def test_a_case_is_heard_as_it_was_spoken(kind: str) -> None:
    case = cases_of(kind, 2)[-1]
    assert heard(case.spoken()).spoken() == case.spoken()
    assert len(case.batteries) == (3 if kind == THREE else 1)


@pytest.mark.slow
def test_a_worker_answers_and_its_end_is_told() -> None:
    case = Case(BATTERY, "short", made_problem(0, SHORT))
    with Worker([sys.executable, "-m", "benchmarks.planner.peers.with_scipy"], 60) as worker:
        answer = worker.ask(case, 2)
        assert len(answer["ms"]) == len(answer["cpu_ms"]) == 2
        assert answer["peak_mb"] > 10
        impossible = replace(case, loads=(Load("car", 4.0, ((0, 2, 3),)),))
        assert "error" in (refused := worker.ask(impossible, 1))
        assert "lost" not in refused
        assert "error" not in worker.ask(case, 1)
    with Worker([sys.executable, "-c", "raise SystemExit('no such thing')"], 60) as worker:
        assert worker.ask(case, 1) == {"error": "no such thing", "lost": True}
    with Worker([sys.executable, "-c", "import time; time.sleep(60)"], 0.3) as worker:
        assert worker.ask(case, 1) == {"error": "no answer within 0.3 s", "lost": True}


def test_peers_that_cannot_be_installed_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment.sys, "executable", str(tmp_path / "no-python"))
    missing = environment.peers_environment(tmp_path)
    assert missing.python is None
    taking, absent = taking_part(missing, quick=False)
    assert absent == {one.name: missing.absent for one in ENTRANTS if one.peer}
    assert "no-python" in absent[EMHASS.name]
    assert {one.name for one in taking} | set(absent) == {one.name for one in ENTRANTS}


def test_figures_are_medians_of_cases_and_the_worst_of_all() -> None:
    def asked(name: str, case: str, ms: tuple[float, ...], cost: float, bound: float | None = None) -> Asked:
        return Asked(name, BATTERY, case, ms, ms, 50.0, cost, bound)

    run = Run(
        (
            asked(JUDGE.name, "a", (10.0,), 5.0, 5.0),
            asked(GLANCE.name, "a", (0.1, 0.2, 0.9), 5.0, 5.1),
            asked(EMHASS.name, "a", (600.0,), 5.5),
            asked(GLANCE.name, "b", (0.4,), 7.0, 7.0),
            asked(EMHASS.name, "b", (300.0,), 6.9),
        ),
        {"CBC by PuLP": "no network"},
    )
    figures = summary(run)
    assert optimum_of(run.asked[:3]) == 5.0
    assert figures[f"battery: {GLANCE.name}: ms p50"] == pytest.approx(0.3)
    assert figures[f"battery: {GLANCE.name}: ms max"] == pytest.approx(0.9)
    assert figures[f"battery: {EMHASS.name}: above optimum max"] == pytest.approx(0.5)
    assert figures["battery: times faster than EMHASS"] == pytest.approx(450 / 0.3)
    assert figures["battery: cases dearer than EMHASS"] == 1
    assert figures["absent: CBC by PuLP"] == 1
