"""Whatever is missing or wrong: there is an answer, and it says what it lacks."""

from dataclasses import replace

import numpy as np
import pytest

from darkstar.planner.caution import Known, SafeMode, prepare
from darkstar.planner.fast.engine import FastEngine
from darkstar.planner.modes import Kind
from darkstar.planner.problem import GridModel, StorageModel, TerminalValue
from darkstar.planner.why.english import ENGLISH
from darkstar.planner.why.sentences import say

SLOTS = 8
KNOWN = Known(
    slots=SLOTS,
    slot_hours=0.25,
    load_kwh=np.full(SLOTS, 0.3),
    pv_kwh=np.full(SLOTS, 0.1),
    import_price=np.linspace(1, 2, SLOTS),
    export_price=np.full(SLOTS, 0.4),
    soc_kwh=5.0,
    capacity_kwh=10.0,
    storage=StorageModel(1.0, 9.0, 5.0, 5.0, 0.95, 0.95, 0.05, 0.05),
    grid=GridModel(import_max_kw=11.0, export_max_kw=11.0),
    terminal=TerminalValue(np.array([0.4]), np.array([8.0])),
)
NAN = float("nan")


def _with(series: np.ndarray | None, slot: int, value: float) -> np.ndarray:
    assert series is not None
    changed = series.copy()
    changed[slot] = value
    return changed


def _told(known: Known) -> str:
    return " ".join(say(ENGLISH, notice) for notice in prepare(known).notices)


def test_sound_input_passes_unchanged() -> None:
    prepared = prepare(KNOWN)
    assert prepared.problem is not None
    assert prepared.safe_mode is None
    assert prepared.notices == ()
    assert prepared.problem.load_kwh.tolist() == [0.3] * SLOTS
    assert prepared.problem.terminal is KNOWN.terminal


@pytest.mark.parametrize("name", ["load_kwh", "pv_kwh", "import_price", "export_price"])
@pytest.mark.parametrize("hole", [NAN, float("inf")])
def test_a_hole_ends_the_plan_there_and_says_so(name: str, hole: float) -> None:
    known = replace(KNOWN, **{name: _with(getattr(KNOWN, name), 6, hole)})
    problem = prepare(known).problem
    assert problem is not None
    assert len(problem) == 6
    assert "known for the next 1.50 h only: planned for as long, instead of 2 h." in _told(known)


def test_the_series_that_ends_first_is_named() -> None:
    known = replace(
        KNOWN, load_kwh=_with(KNOWN.load_kwh, 6, NAN), import_price=_with(KNOWN.import_price, 4, NAN)
    )
    assert _told(known) == (
        "The import price is known for the next 1 h only: planned for as long, instead of 2 h."
    )


def test_a_short_series_shortens_the_plan() -> None:
    assert KNOWN.import_price is not None
    known = replace(KNOWN, import_price=KNOWN.import_price[:4])
    problem = prepare(known).problem
    assert problem is not None
    assert len(problem) == 4
    assert "The import price is known for the next 1 h only" in _told(known)


@pytest.mark.parametrize("series", [None, np.zeros(0), np.full(SLOTS, NAN)])
def test_without_prices_self_consumption_is_safe(series: np.ndarray | None) -> None:
    known = replace(KNOWN, import_price=series)
    prepared = prepare(known)
    assert prepared.problem is None
    assert prepared.safe_mode is SafeMode.SELF_CONSUMPTION
    assert _told(known) == "The import price is not known for the next slot."


def test_negative_energies_are_taken_as_none() -> None:
    known = replace(KNOWN, pv_kwh=_with(KNOWN.pv_kwh, 2, -0.2), load_kwh=_with(KNOWN.load_kwh, 3, -1.0))
    problem = prepare(known).problem
    assert problem is not None
    assert problem.pv_kwh[2] == 0.0
    assert problem.load_kwh[3] == 0.0
    assert KNOWN.load_kwh is not None
    assert KNOWN.load_kwh[3] == 0.3
    assert "The load is below zero in 1 of 8 slots" in _told(known)
    assert "The sun is below zero in 1 of 8 slots" in _told(known)


def test_negative_prices_are_prices() -> None:
    prepared = prepare(replace(KNOWN, import_price=_with(KNOWN.import_price, 2, -3.0)))
    assert prepared.problem is not None
    assert prepared.problem.import_price[2] == -3.0
    assert prepared.notices == ()


@pytest.mark.parametrize("soc", [None, NAN])
def test_without_a_state_of_charge_there_is_no_plan(soc: float | None) -> None:
    known = replace(KNOWN, soc_kwh=soc)
    assert prepare(known).problem is None
    assert prepare(known).safe_mode is SafeMode.SELF_CONSUMPTION
    assert _told(known) == "The battery's state of charge is not known."


@pytest.mark.parametrize(
    ("soc", "taken", "told"), [(0.4, 1.0, "less than the least"), (9.8, 9.0, "more than the most")]
)
def test_a_charge_outside_its_limits_is_moved_to_them(soc: float, taken: float, told: str) -> None:
    known = replace(KNOWN, soc_kwh=soc)
    problem = prepare(known).problem
    assert problem is not None
    assert problem.soc_start_kwh == taken
    assert told in _told(known)


@pytest.mark.parametrize("soc", [-0.5, 10.5])
def test_a_charge_that_cannot_be_is_not_believed(soc: float) -> None:
    known = replace(KNOWN, soc_kwh=soc)
    assert prepare(known).safe_mode is SafeMode.SELF_CONSUMPTION
    assert "cannot be" in _told(known)


@pytest.mark.parametrize(
    ("known", "why"),
    [
        (replace(KNOWN, storage=replace(KNOWN.storage, soc_min_kwh=9.5)), "lies above"),
        (replace(KNOWN, storage=replace(KNOWN.storage, charge_max_kw=-1.0)), "charge_max_kw"),
        (replace(KNOWN, storage=replace(KNOWN.storage, charge_efficiency=1.2)), "charge_efficiency"),
        (replace(KNOWN, storage=replace(KNOWN.storage, discharge_efficiency=NAN)), "discharge_efficiency"),
        (replace(KNOWN, grid=replace(KNOWN.grid, export_max_kw=NAN)), "export_max_kw"),
    ],
)
def test_limits_in_doubt_leave_the_battery_alone(known: Known, why: str) -> None:
    prepared = prepare(known)
    assert prepared.problem is None
    assert prepared.safe_mode is SafeMode.HOLD
    assert _told(known).startswith("The limits cannot hold together: ")
    assert why in _told(known)


def test_an_unsound_worth_at_the_end_is_left_out() -> None:
    known = replace(KNOWN, terminal=TerminalValue(np.array([0.1, 0.9]), np.array([4.0, 4.0])))
    problem = prepare(known).problem
    assert problem is not None
    assert len(problem.terminal.value) == 0
    assert "left out" in _told(known)


def test_a_load_beyond_the_fuse_has_a_plan() -> None:
    prepared = prepare(replace(KNOWN, load_kwh=_with(KNOWN.load_kwh, 1, 9.0)))
    assert prepared.problem is not None
    assert FastEngine().solve(prepared.problem).breach_kwh[1] > 0


def test_the_safe_modes_as_an_inverter_knows_them() -> None:
    usual = SafeMode.SELF_CONSUMPTION.mode(KNOWN.storage)
    assert usual.kind(5.0) is Kind.SELF_CONSUMPTION
    # Never from the grid: without surplus it does not charge, however empty it is.
    assert usual.move(KNOWN.storage, 1.0, -0.5, 0.25) == 0.0
    idle = SafeMode.HOLD.mode(KNOWN.storage)
    assert [idle.move(KNOWN.storage, 5.0, surplus, 0.25) for surplus in (-1.0, 0.0, 1.0)] == [0.0, 0.0, 0.0]
