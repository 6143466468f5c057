"""What is wrong with a problem is said, never repaired (fault 20)."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from darkstar.domain.errors import UsageError
from darkstar.planner.checks import check
from darkstar.planner.highs import HighsEngine
from darkstar.planner.problem import Problem, TerminalValue
from tests.planner.cases import GRID, STORAGE, problem

SOUND = problem(load=[1, 1], buy=[1, 2], sell=[0, 0])


def _storage(**changes: float) -> Problem:
    return replace(SOUND, storage=replace(STORAGE, **changes))


def _terminal(value: list[float], energy: list[float]) -> Problem:
    return replace(SOUND, terminal=TerminalValue(np.array(value), np.array(energy)))


WRONG: dict[str, tuple[Callable[[], Problem], str]] = {
    "empty": (lambda: problem(load=[], buy=[], sell=[]), "no slots"),
    "lengths differ": (lambda: replace(SOUND, pv_kwh=np.zeros(3)), "pv_kwh has shape"),
    "two-dimensional": (lambda: replace(SOUND, import_price=np.zeros((2, 1))), "import_price has shape"),
    "NaN forecast": (lambda: replace(SOUND, load_kwh=np.array([1, np.nan])), "load_kwh is nan in slot 1"),
    "infinite price": (lambda: replace(SOUND, export_price=np.array([np.inf, 1])), "export_price is inf"),
    "negative load": (
        lambda: replace(SOUND, load_kwh=np.array([1, -1e-9])),
        "load_kwh is negative in slot 1",
    ),
    "negative sun": (lambda: replace(SOUND, pv_kwh=np.array([-0.1, 0])), "pv_kwh is negative in slot 0"),
    "no time": (lambda: replace(SOUND, slot_hours=0.0), "slot_hours"),
    "SoC above": (lambda: replace(SOUND, soc_start_kwh=4.01), "outside the battery"),
    "SoC below": (lambda: replace(_storage(soc_min_kwh=1.0), soc_start_kwh=0.5), "outside the battery"),
    "SoC unknown": (lambda: replace(SOUND, soc_start_kwh=float("nan")), "soc_start_kwh is nan"),
    "limits crossed": (lambda: _storage(soc_min_kwh=5.0), "lies above"),
    "negative power": (lambda: _storage(charge_max_kw=-1.0), "charge_max_kw is -1"),
    "efficiency above one": (lambda: _storage(charge_efficiency=1.01), "charge_efficiency"),
    "efficiency zero": (lambda: _storage(discharge_efficiency=0.0), "discharge_efficiency"),
    "fuse unknown": (
        lambda: replace(SOUND, grid=replace(GRID, import_max_kw=float("nan"))),
        "import_max_kw is nan",
    ),
    "worth rises": (lambda: _terminal([1.0, 2.0], [1.0, 1.0]), "must fall"),
    "worth without energy": (lambda: _terminal([1.0], []), "worths for"),
    "worth unknown": (lambda: _terminal([float("nan")], [1.0]), "NaN"),
    "negative worth that ends early": (
        lambda: _terminal([1.0, -1.0], [1.0, 1.0]),
        "negative worth at 2 of 4",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_said(name: str) -> None:
    make, words = WRONG[name]
    with pytest.raises(UsageError, match=words):
        check(make())
    with pytest.raises(UsageError, match=words):
        HighsEngine().solve(make())


def test_sound_problems_pass() -> None:
    check(SOUND)
    check(problem(load=[0], pv=[0], buy=[-1], sell=[-2], soc=4.0, worth=[1, -1], worth_kwh=[1, 3]))
