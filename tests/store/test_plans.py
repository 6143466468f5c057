"""Plans in the ledger: read back as they were, let go of in time, damaged ones told, one at a time."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from darkstar.planner.mode_table import ModeTable
from darkstar.planner.modes import Curtail, Mode
from darkstar.planner.standing.plan import Expected, StandingBattery, StandingPlan
from darkstar.planner.standing.verdict import Outcome
from darkstar.store.database import DamagedError
from darkstar.store.ledger_file import LedgerFile
from darkstar.store.plans import DAY_US, PlanRow
from tests.store.examples import START

MADE_US = START * 1_000_000
ROW = PlanRow(
    made_us=MADE_US,
    start_utc=START,
    slots=3,
    held_slots=2,
    prices_until_utc=START + 3600,
    version="0.1.0",
    engine="recursion",
    settings_digest="s",
    input_digest="i",
    cost=12.345678,
    outcome=Outcome.CHANGED,
    why="gains 0.41",
    gain=0.41,
    threshold=0.1,
    flips=3,
    new_flips=3,
)
MODES = [
    Mode(1.5, 10.0, 2.0, 10.0, 5.0, 4.0, Curtail.SURPLUS, worth=0.8, import_kw=3.2),
    Mode(0.5, 9.9999, 0.5, 10.0, 0.0, 4.0),
]


def plan() -> StandingPlan:
    return StandingPlan(
        START,
        START + 3600,
        2,
        Expected(
            np.array([0.1, 0.2, 0.3]), np.zeros(3), np.array([1.0, -0.123, 2.0]), np.array([0.5, -0.2, 1.0])
        ),
        {
            "cellar": StandingBattery(
                np.array([1.0, 2.0, 2.5, 2.5]), ModeTable.of(MODES), np.array([0.8, np.nan])
            )
        },
        {"car": np.array([0.0, 2.75, 0.0])},
    )


def add(ledger: LedgerFile, row: PlanRow = ROW, keep_days: int = 30) -> bool:
    last = ledger.plans.last()
    return ledger.plans.add(row, plan(), after=None if last is None else last.plan_id, keep_days=keep_days)


def damage(path: Path, assignment: str) -> None:
    with closing(sqlite3.connect(path)) as file:
        file.execute(f"UPDATE plans SET {assignment}")
        file.commit()


def test_a_plan_is_read_as_it_was_kept(ledger: LedgerFile) -> None:
    assert ledger.plans.last() is None
    assert add(ledger)
    last = ledger.plans.last()
    assert last is not None
    assert last.plan is not None
    assert last.row == ROW
    read, given = last.plan, plan()
    assert (read.start_utc, read.prices_until_utc, read.held_slots) == (START, START + 3600, 2)
    for name in ("load_kwh", "pv_kwh", "import_price", "export_price"):
        np.testing.assert_allclose(getattr(read.expected, name), getattr(given.expected, name), atol=1e-6)
    battery = read.batteries["cellar"]
    np.testing.assert_allclose(battery.soc_kwh, [1.0, 2.0, 2.5, 2.5])
    np.testing.assert_allclose(battery.worth, [0.8, np.nan])
    assert [battery.modes.mode(0, 0.8), battery.modes.mode(1)] == MODES
    np.testing.assert_allclose(read.devices["car"], [0.0, 2.75, 0.0])


def test_old_plans_are_let_go(ledger: LedgerFile) -> None:
    for day in range(40):
        assert add(ledger, replace(ROW, made_us=MADE_US + day * DAY_US), keep_days=10)
    rows, damaged = ledger.plans.history()
    assert [(row.made_us - MADE_US) // DAY_US for row in rows] == list(range(29, 40))
    assert damaged == 0


def test_what_a_clock_that_ran_ahead_left_is_let_go(ledger: LedgerFile) -> None:
    assert add(ledger, replace(ROW, made_us=MADE_US + 4000 * DAY_US))
    assert add(ledger)
    assert ledger.plans.history() == ([ROW], 0)


def test_of_two_at_once_one_is_told_to_look_again(ledger: LedgerFile, path: Path) -> None:
    assert add(ledger)
    first = ledger.plans.last()
    assert first is not None
    with LedgerFile(path) as other:
        assert other.plans.add(ROW, plan(), after=first.plan_id, keep_days=30)
    assert not ledger.plans.add(ROW, plan(), after=first.plan_id, keep_days=30)
    assert len(ledger.plans.history()[0]) == 2


def test_a_plan_that_is_cut_off_leaves_nothing(ledger: LedgerFile) -> None:
    def cut_off() -> None:
        with ledger.transaction():
            assert add(ledger)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cut_off()
    assert ledger.plans.last() is None


@pytest.mark.parametrize(
    ("assignment", "told"),
    [
        ("content = x'0102'", "its content is damaged, or of a newer Darkstar"),
        ("content = x''", "its content is damaged, or of a newer Darkstar"),
        ("content = 'text'", "its content is missing"),
        ("content = substr(content, 1, 60)", "its content is damaged, or of a newer Darkstar"),
        ("parts = '{}'", "the names of its parts are damaged"),
        ("parts = '[1'", "the names of its parts are damaged"),
        ("""parts = '{"batteries": ["a", "b"], "devices": []}'""", "its content is incomplete"),
        ("held_slots = 3", "its content is incomplete"),
        ("held_slots = -1", "its content is incomplete"),
        ("outcome = 'maybe'", "its outcome is 'maybe'"),
        ("start_utc = 'now'", "its start_utc is 'now'"),
        ("cost = 'free'", "its cost is 'free'"),
        ("why = x'00'", r"its why is b'\x00'"),
        ("made_us = 9000000000000000000", "its made_us is 9000000000000000000"),
        ("made_us = -1", "its made_us is -1"),
        ("start_utc = start_utc + 7", f"its start_utc is {START + 7}"),
        ("prices_until_utc = 9000000000000000", "its prices_until_utc is 9000000000000000"),
        ("cost = 9e999", "its cost is inf"),
        ("gain = -9e999", "its gain is -inf"),
    ],
)
def test_a_damaged_plan_is_told(ledger: LedgerFile, path: Path, assignment: str, told: str) -> None:
    add(ledger)
    damage(path, assignment)
    last = ledger.plans.last()
    assert last is not None
    assert last.plan is None
    assert last.damage == told
    rows, damaged = ledger.plans.history()
    assert len(rows) + damaged == 1
    assert damaged == int(assignment.split(" ")[0] not in ("content", "parts", "held_slots"))
    assert add(ledger)
    newest = ledger.plans.last()
    assert newest is not None
    assert newest.plan is not None


def test_a_plan_whose_text_is_damaged_is_told_and_the_next_one_is_kept(
    ledger: LedgerFile, path: Path
) -> None:
    add(ledger)
    damage(path, "why = CAST(x'ff00fe' AS TEXT)")
    last = ledger.plans.last()
    assert last is not None
    assert last.plan is None
    assert last.damage == "its row is damaged"
    assert add(ledger)
    with pytest.raises(DamagedError):
        ledger.plans.history()


def test_a_ledger_that_has_lost_its_plans_is_called_damaged(ledger: LedgerFile, path: Path) -> None:
    with closing(sqlite3.connect(path)) as file:
        file.execute("DROP TABLE plans")
        file.commit()
    with pytest.raises(DamagedError, match="is damaged"):
        ledger.plans.last()
