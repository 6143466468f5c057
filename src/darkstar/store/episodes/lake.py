"""The lake: every episode of every system, in MariaDB or in a SQLite file, by the same tables and queries."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import ColumnElement, Connection, Select, Table, and_, delete, func, select
from sqlalchemy.dialects.mysql import insert as mysql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.sql.dml import Insert

from darkstar.store.episodes.address import LakeAddress, LakeError, lake_failures, make_engine
from darkstar.store.episodes.columns import KEY, antares_learning, antares_plan_history, lake, lake_schema
from darkstar.store.episodes.episode import Episode
from darkstar.store.episodes.outbox import Counts
from darkstar.store.episodes.rows import COLUMNS, Value, episode_of

SCHEMA = 1
PAGE = 1000
"""Episodes that are read at a time, and the most that one statement forgets."""
_ROW = (*COLUMNS, "created_us")


class Lake:
    """One database; every use opens a connection of its own and lets it go."""

    def __init__(self, address: LakeAddress) -> None:
        self.address = address
        self._engine = make_engine(address)
        self._ready = False

    def take(self, rows: Sequence[Sequence[Value]]) -> None:
        """Keep rows with the values of COLUMNS and `created_us`, all or none, each in place of one of its name.

        Raises:
            LakeError: the lake did not confirm them; it may hold them all the same, and taking them again is harmless.
        """
        named = [dict(zip(_ROW, row, strict=True)) for row in rows]
        planned = [row for row in named if row["schedule"] is not None]
        with self._transaction() as connection:
            for table, kept in ((antares_learning, named), (antares_plan_history, planned)):
                names = [column.name for column in table.columns]
                if kept:
                    connection.execute(
                        self._put(table), [{name: row[name] for name in names} for row in kept]
                    )

    def counts(self) -> Counts:
        """Episodes by system and local day."""
        group = antares_learning.c.system_id, antares_learning.c.episode_date
        with self._transaction() as connection:
            found = connection.execute(select(*group, func.count()).group_by(*group)).all()
        return {(system, day): n for system, day, n in found}

    def count(self, system_id: str | None, before_utc: int | None) -> int:
        """What `prune` would forget."""
        chosen = _chosen(antares_learning, system_id, None, before_utc)
        with self._transaction() as connection:
            return connection.execute(
                select(func.count()).select_from(antares_learning).where(*chosen)
            ).scalar_one()

    def plans(self) -> int:
        """Rows of `antares_plan_history`."""
        with self._transaction() as connection:
            return connection.execute(select(func.count()).select_from(antares_plan_history)).scalar_one()

    def episodes(
        self, *, system_id: str | None = None, start_utc: int | None = None, end_utc: int | None = None
    ) -> Iterator[Episode]:
        """Episodes of slots that begin in [start_utc, end_utc), by system, run and slot."""
        chosen = _chosen(antares_learning, system_id, start_utc, end_utc)
        last: tuple[Value, ...] | None = None
        while True:
            with self._transaction() as connection:
                page = connection.execute(_page(chosen, last)).all()
            yield from (episode_of(tuple(row)) for row in page)
            if len(page) < PAGE:
                return
            last = tuple(page[-1][: len(KEY)])

    def prune(self, system_id: str | None, before_utc: int | None) -> int:
        """Forget episodes of a system (of all) whose slots begin before an instant (at any time); returns how many."""
        gone = 0
        while True:
            with self._transaction() as connection:
                keys = [antares_learning.c[name] for name in KEY]
                chosen = _chosen(antares_learning, system_id, None, before_utc)
                page = connection.execute(select(*keys).where(*chosen).order_by(*keys).limit(PAGE)).all()
                if not page:
                    return gone
                for table in (antares_plan_history, antares_learning):
                    within = _up_to(table, tuple(page[-1]))
                    connection.execute(
                        delete(table).where(*_chosen(table, system_id, None, before_utc), within)
                    )
            gone += len(page)

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        with lake_failures(self.address), self._engine.connect() as connection, connection.begin():
            if not self._ready:
                self._prepare(connection)
                self._ready = True
            yield connection

    def _prepare(self, connection: Connection) -> None:
        lake.create_all(connection)
        found = connection.execute(select(func.max(lake_schema.c.version))).scalar()
        if found is None:
            connection.execute(self._insert(lake_schema).prefix_with(self._ignore()), {"version": SCHEMA})
        elif found > SCHEMA:
            raise LakeError(
                f"The episode lake ({self.address.place}) was written by a newer Darkstar.",
                remedy="Update Darkstar.",
            )

    def _put(self, table: Table) -> Insert:
        """An insert that takes the place of a row of the same name, unless that is the later one.

        A server that was given up on may finish an older statement after a newer one.
        """
        names = [c.name for c in table.columns if c.name not in (*KEY, "created_us")]
        names.append("created_us")
        if self.address.url.get_backend_name() == "sqlite":
            new = sqlite_insert(table)
            return new.on_conflict_do_update(
                index_elements=list(KEY),
                set_={name: new.excluded[name] for name in names},
                where=new.excluded.created_us >= table.c.created_us,
            )
        put = mysql_insert(table)
        later = put.inserted.created_us >= table.c.created_us
        # MariaDB sets the columns in this order, so what is compared changes last.
        return put.on_duplicate_key_update(
            [(name, func.if_(later, put.inserted[name], table.c[name])) for name in names]
        )

    def _insert(self, table: Table) -> Insert:
        return (
            sqlite_insert(table) if self.address.url.get_backend_name() == "sqlite" else mysql_insert(table)
        )

    def _ignore(self) -> str:
        return "OR IGNORE" if self.address.url.get_backend_name() == "sqlite" else "IGNORE"


def _page(chosen: list[ColumnElement[bool]], last: tuple[Value, ...] | None) -> Select[*tuple[Value, ...]]:
    """The next episodes in the order of their keys."""
    plan, keys = antares_plan_history, [antares_learning.c[name] for name in KEY]
    columns = [
        (plan if name in ("planned_cost", "schedule") else antares_learning).c[name] for name in COLUMNS
    ]
    same = and_(*(plan.c[name] == antares_learning.c[name] for name in KEY))
    wanted = select(*columns).outerjoin_from(antares_learning, plan, same).where(*chosen)
    if last is not None:
        wanted = wanted.where(_after(antares_learning, last))
    return wanted.order_by(*keys).limit(PAGE)


def _chosen(
    table: Table, system_id: str | None, start_utc: int | None, end_utc: int | None
) -> list[ColumnElement[bool]]:
    chosen = []
    if system_id is not None:
        chosen.append(table.c.system_id == system_id)
    if start_utc is not None:
        chosen.append(table.c.episode_start_utc >= start_utc)
    if end_utc is not None:
        chosen.append(table.c.episode_start_utc < end_utc)
    return chosen


def _up_to(table: Table, key: tuple[Value, ...]) -> ColumnElement[bool]:
    """Rows whose key does not come after this one."""
    system, run, start = (table.c[name] for name in KEY)
    return (system < key[0]) | ((system == key[0]) & ((run < key[1]) | ((run == key[1]) & (start <= key[2]))))


def _after(table: Table, key: tuple[Value, ...]) -> ColumnElement[bool]:
    """Rows whose key comes after this one; in a form for which a database uses the key's index."""
    system, run, start = (table.c[name] for name in KEY)
    return (system > key[0]) | ((system == key[0]) & ((run > key[1]) | ((run == key[1]) & (start > key[2]))))
