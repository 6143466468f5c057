"""The plans of a home in its ledger: the last one, which the next may follow, and those of some weeks before it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, fields

from sqlalchemy import Text, delete, func, insert, or_, select, type_coerce

from darkstar.domain.errors import DataError
from darkstar.domain.slots import DAY_SECONDS, slot_floor
from darkstar.planner.standing.plan import StandingPlan
from darkstar.planner.standing.verdict import Outcome
from darkstar.store.database import DamagedError, Database
from darkstar.store.plan_content import content_of, plan_of
from darkstar.store.schema import plans

SECOND_US = 1_000_000
DAY_US = DAY_SECONDS * SECOND_US
FAR_UTC = 2**32
"""Instants of plans lie between 1970 and this, a year 2106 [UTC s]."""


@dataclass(frozen=True)
class PlanRow:
    """What is told of a plan.

    Attributes:
        made_us: when it was made [UTC us].
        start_utc: its first slot [UTC s]; slots: how many it has, of which `held_slots` may be held to.
        prices_until_utc: end of the published prices that it knew.
        version, engine: Darkstar's, and what planned.
        settings_digest, input_digest: of the home's settings, and of all that the plan was made of.
        cost: what it comes to if its modes meet what is expected, what is left credited.
        outcome: what became of the plan before it, and why, in words.
        gain: what a new plan would have gained over the one before; None where they were not compared, or that one
            may not be kept.
        threshold: what it had to gain.
        flips: slots of the next day in which it does something else than the plan before; `new_flips`: the same of
            the new one, whether it was taken or not.
    """

    made_us: int
    start_utc: int
    slots: int
    held_slots: int
    prices_until_utc: int
    version: str
    engine: str
    settings_digest: str
    input_digest: str
    cost: float
    outcome: Outcome
    why: str
    gain: float | None = None
    threshold: float | None = None
    flips: int | None = None
    new_flips: int | None = None


@dataclass(frozen=True)
class LastPlan:
    """The newest plan; `row` and `plan` are None where they cannot be read, and `damage` says why."""

    plan_id: int
    row: PlanRow | None
    plan: StandingPlan | None
    damage: str = ""


_COLUMNS = tuple(field.name for field in fields(PlanRow))
# Without SQLAlchemy's conversions, which fail on values of another type than the column's.
_READ = tuple(type_coerce(plans.c[name], Text()) for name in ("plan_id", *_COLUMNS))
_CONTENT = tuple(type_coerce(plans.c[name], Text()) for name in ("parts", "content"))


class Plans:
    """The plans of one ledger."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def last(self) -> LastPlan | None:
        """The newest plan; None where none was ever kept."""
        with self._db.snapshot():
            ((newest,),) = self._db.read(select(func.max(plans.c.plan_id)))
            if newest is None:
                return None
            try:
                return self._read(newest)
            except DataError as error:
                return LastPlan(newest, None, None, error.problem)
            except DamagedError:
                return LastPlan(newest, None, None, "its row is damaged")

    def _read(self, plan_id: int) -> LastPlan:
        """One plan, which is there."""
        found = self._db.read(select(*_READ, *_CONTENT).where(plans.c.plan_id == plan_id))
        _, *values, parts, content = found[0]
        row = _row_of(values)
        plan = plan_of(row.start_utc, row.prices_until_utc, row.held_slots, parts, content)
        return LastPlan(plan_id, row, plan)

    def history(self) -> tuple[list[PlanRow], int]:
        """All plans in the order of their making, and how many rows cannot be read."""
        rows, damaged = [], 0
        for _, *values in self._db.read(select(*_READ).order_by(plans.c.plan_id)):
            try:
                rows.append(_row_of(values))
            except DataError:
                damaged += 1
        return rows, damaged

    def add(self, row: PlanRow, plan: StandingPlan, *, after: int | None, keep_days: int) -> bool:
        """Keep a plan, and let go of those made so many days before it.

        Args:
            after: the id of the plan that it was held against; None where there was none.

        Returns:
            False where another plan came in between: nothing is written then.
        """
        parts, content = content_of(plan)
        oldest_us = row.made_us - keep_days * DAY_US
        with self._db.transaction():
            ((newest,),) = self._db.read(select(func.max(plans.c.plan_id)))
            if newest != after:
                return False
            values = dict(zip(_COLUMNS, astuple(row), strict=True))
            self._db.write(insert(plans).values(**values, parts=parts, content=content))
            # What a clock that ran ahead has left behind goes as well.
            self._db.write(
                delete(plans).where(
                    or_(plans.c.made_us < oldest_us, plans.c.made_us > row.made_us + keep_days * DAY_US)
                )
            )
        return True


def _row_of(values: Sequence[object]) -> PlanRow:
    """The row of these values.

    Raises:
        DataError: one is missing or of another kind.
    """
    at = dict(zip(_COLUMNS, values, strict=True))
    outcome = _text(at, "outcome")
    if outcome not in tuple(Outcome):
        raise _unreadable("outcome", outcome)
    start_utc = _instant(at, "start_utc")
    if start_utc != slot_floor(start_utc):
        raise _unreadable("start_utc", start_utc)
    return PlanRow(
        made_us=_instant(at, "made_us", SECOND_US),
        start_utc=start_utc,
        slots=_whole(at, "slots"),
        held_slots=_whole(at, "held_slots"),
        prices_until_utc=_instant(at, "prices_until_utc"),
        version=_text(at, "version"),
        engine=_text(at, "engine"),
        settings_digest=_text(at, "settings_digest"),
        input_digest=_text(at, "input_digest"),
        cost=_number(at, "cost"),
        outcome=Outcome(outcome),
        why=_text(at, "why"),
        gain=None if at["gain"] is None else _number(at, "gain"),
        threshold=None if at["threshold"] is None else _number(at, "threshold"),
        flips=None if at["flips"] is None else _whole(at, "flips"),
        new_flips=None if at["new_flips"] is None else _whole(at, "new_flips"),
    )


def _unreadable(name: str, value: object) -> DataError:
    return DataError(f"its {name} is {value!r}")


def _whole(at: Mapping[str, object], name: str) -> int:
    value = at[name]
    if not isinstance(value, int):
        raise _unreadable(name, value)
    return value


def _number(at: Mapping[str, object], name: str) -> float:
    value = at[name]
    if not isinstance(value, int | float) or not math.isfinite(value):
        raise _unreadable(name, value)
    return float(value)


def _instant(at: Mapping[str, object], name: str, per_second: int = 1) -> int:
    """An instant that calendars know."""
    value = _whole(at, name)
    if not 0 <= value // per_second < FAR_UTC:
        raise _unreadable(name, value)
    return value


def _text(at: Mapping[str, object], name: str) -> str:
    value = at[name]
    if not isinstance(value, str):
        raise _unreadable(name, value)
    return value
