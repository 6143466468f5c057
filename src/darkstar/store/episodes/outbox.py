"""The home's own row of every episode, and what of them still has to be carried to the lake.

A row that comes again with the same content changes nothing, delivered or not; with another content it takes the
place of the one before and is carried once more.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Select, delete, func, null, select, text
from sqlalchemy.dialects.sqlite import insert as upsert

from darkstar.store.database import Database, positional
from darkstar.store.episodes.columns import KEY, PACKED
from darkstar.store.episodes.episode import Episode, Run
from darkstar.store.episodes.rows import COLUMNS, Value, digest_of, row_of
from darkstar.store.schema import episode_delivery, episode_payloads, training_episodes

Counts = dict[tuple[str, str], int]
"""Episodes by system and local day."""


@dataclass(frozen=True)
class Waiting:
    """One row that the lake has not confirmed.

    Attributes:
        values: those of COLUMNS, then `created_us`.
    """

    episode_id: int
    digest: bytes
    values: tuple[Value, ...]


@dataclass(frozen=True)
class DeliveryState:
    """How it stands between the home and the lake.

    Attributes:
        kept: rows in the ledger.
        waiting: those that the lake has not confirmed.
        waiting_bytes: what they weigh, forecasts and plans.
        oldest_us: when the first of them was recorded [UTC us]; None where none waits.
        delivered_us: when the lake last confirmed any; None where it never did.
        failed_us, failure: the last failure since then, in words without secrets; None where there was none.
    """

    kept: int
    waiting: int
    waiting_bytes: int
    oldest_us: int | None
    delivered_us: int | None
    failed_us: int | None
    failure: str | None


_ROW = (*(name for name in COLUMNS if name not in PACKED), "created_us", "digest")


def _put_statement() -> str:
    new = upsert(training_episodes).values(dict.fromkeys(_ROW))
    changed = {name: new.excluded[name] for name in _ROW if name not in KEY}
    # A clock that was set back must not make the newer row look like the older one.
    later = func.max(new.excluded.created_us, training_episodes.c.created_us + text("1"))
    return positional(
        new.on_conflict_do_update(
            index_elements=[training_episodes.c[name] for name in KEY],
            set_={**changed, "created_us": later, "delivered_us": null()},
            where=training_episodes.c.digest != new.excluded.digest,
        )
    )


_PUT = _put_statement()
_PUT_PAYLOAD = """
    INSERT INTO episode_payloads (inputs, schedule, episode_id)
    SELECT ?, ?, episode_id FROM training_episodes
    WHERE system_id = ? AND run_id = ? AND episode_start_utc = ? AND delivered_us IS NULL
    ON CONFLICT (episode_id) DO UPDATE SET inputs = excluded.inputs, schedule = excluded.schedule
"""
_CONFIRM = "UPDATE training_episodes SET delivered_us = ? WHERE episode_id = ? AND digest = ?"
_LET_GO = """
    DELETE FROM episode_payloads WHERE episode_id = ? AND episode_id IN
        (SELECT episode_id FROM training_episodes WHERE episode_id = ? AND delivered_us IS NOT NULL)
"""
_WAITS = training_episodes.c.delivered_us.is_(None)
_SAME = training_episodes.c.episode_id == episode_payloads.c.episode_id


class Outbox:
    """The episodes of one ledger."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def put(self, episodes: Iterable[Episode]) -> None:
        """Record episodes, in the transaction that is open where one is: all of them or none."""
        now_us = self._db.now_us()
        rows = [row_of(episode) for episode in episodes]
        light, packed = [], []
        for row in rows:
            values = dict(zip(COLUMNS, row, strict=True))
            kept = [value for name, value in values.items() if name not in PACKED]
            light.append((*kept, now_us, digest_of(row)))
            packed.append((*(values[name] for name in PACKED), *(values[name] for name in KEY)))
        with self._db.transaction():
            self._db.write_many(_PUT, light)
            self._db.write_many(_PUT_PAYLOAD, packed)

    def starts(self, run: Run, first_utc: int, last_utc: int) -> frozenset[int]:
        """Starts of the slots [UTC s] from one to another, both included, of which the run has an episode."""
        row = training_episodes.c
        wanted = select(row.episode_start_utc).where(
            row.system_id == run.system_id,
            row.run_id == run.run_id,
            row.episode_start_utc.between(first_utc, last_utc),
        )
        return frozenset(int(start) for (start,) in self._db.read(wanted))

    def waiting(self, limit: int) -> list[Waiting]:
        """The rows that have waited longest, at most `limit`."""
        columns = [
            (episode_payloads if name in PACKED else training_episodes).c[name]
            for name in (*COLUMNS, "created_us")
        ]
        wanted: Select[*tuple[object, ...]] = (
            select(training_episodes.c.episode_id, training_episodes.c.digest, *columns)
            .join_from(training_episodes, episode_payloads, _SAME)
            .where(_WAITS)
            .order_by(training_episodes.c.episode_id)
            .limit(limit)
        )
        return [Waiting(row[0], row[1], tuple(row[2:])) for row in self._db.read(wanted)]  # type: ignore[arg-type]  # typed by COLUMNS

    def confirm(self, carried: Sequence[Waiting]) -> None:
        """The lake has them: let go of forecasts and plans. One that was recorded anew meanwhile waits on."""
        now_us = self._db.now_us()
        with self._db.transaction():
            self._db.write_many(_CONFIRM, [(now_us, row.episode_id, row.digest) for row in carried])
            self._db.write_many(_LET_GO, [(row.episode_id, row.episode_id) for row in carried])
            self._state(delivered_us=now_us, failed_us=None, failure=None)

    def failed(self, failure: str) -> None:
        """Note why the lake did not take them."""
        with self._db.transaction():
            self._state(failed_us=self._db.now_us(), failure=failure)

    def state(self) -> DeliveryState:
        """How it stands."""
        weight = func.length(func.ifnull(episode_payloads.c.inputs, "")) + func.length(
            func.ifnull(episode_payloads.c.schedule, "")
        )
        with self._db.snapshot():
            ((kept,),) = self._db.read(select(func.count()).select_from(training_episodes))
            ((waiting, oldest_us),) = self._db.read(
                select(func.count(), func.min(training_episodes.c.created_us)).where(_WAITS)
            )
            ((weighed,),) = self._db.read(select(func.sum(weight)))
            noted = self._db.read(
                select(
                    episode_delivery.c.delivered_us, episode_delivery.c.failed_us, episode_delivery.c.failure
                )
            )
        return DeliveryState(
            kept, waiting, int(weighed or 0), oldest_us, *(noted[0] if noted else (None, None, None))
        )

    def waiting_by_day(self) -> Counts:
        """What waits, by system and local day."""
        group = training_episodes.c.system_id, training_episodes.c.episode_date
        rows = self._db.read(select(*group, func.count()).where(_WAITS).group_by(*group))
        return {(system, day): n for system, day, n in rows}

    def prune(self, system_id: str | None, before_utc: int | None, *, dry: bool = False) -> int:
        """Forget episodes of a system (of all) whose slots begin before an instant (at any time); returns how many."""
        chosen = [
            condition
            for condition in (
                training_episodes.c.system_id == system_id if system_id is not None else None,
                training_episodes.c.episode_start_utc < before_utc if before_utc is not None else None,
            )
            if condition is not None
        ]
        with self._db.snapshot() if dry else self._db.transaction():
            ((n,),) = self._db.read(select(func.count()).select_from(training_episodes).where(*chosen))
            if not dry:
                gone = select(training_episodes.c.episode_id).where(*chosen)
                self._db.write(delete(episode_payloads).where(episode_payloads.c.episode_id.in_(gone)))
                self._db.write(delete(training_episodes).where(*chosen))
        return n

    def _state(self, **values: int | str | None) -> None:
        row = upsert(episode_delivery).values(only=0, **values)
        self._db.write(row.on_conflict_do_update(index_elements=[episode_delivery.c.only], set_=values))
