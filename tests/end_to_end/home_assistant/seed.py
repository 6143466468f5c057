"""Writes the past of meters into the recorder's database while Home Assistant is down: a year takes a second."""

import datetime as dt
import json
import secrets
import sqlite3
import time
from collections.abc import Mapping, Sequence
from contextlib import closing

from tests.end_to_end.home_assistant.configuration import Meter
from tests.end_to_end.home_assistant.peer import Peer, PeerError

StatisticRow = tuple[int, float, float]
"""Start of the hour [UTC s], the meter's state at its end and the running sum, both in the meter's unit."""
StateRow = tuple[float, str]
"""Instant [UTC s] and state."""
NOT_A_NUMBER = ("unavailable", "unknown")


def make_database(peer: Peer) -> None:
    """Have Home Assistant make its own database, by one start and stop."""
    if not peer.database.exists():
        peer.start()
        peer.wait_recorded()
        peer.stop()


def seed_statistics(peer: Peer, rows: Mapping[Meter, Sequence[StatisticRow]]) -> None:
    """Replace the hourly statistics of meters."""
    make_database(peer)
    peer.must_be_down()
    with closing(sqlite3.connect(peer.database)) as connection, connection:
        for meter, hours in rows.items():
            connection.executemany(
                "INSERT OR REPLACE INTO statistics(created_ts, metadata_id, start_ts, state, sum) VALUES(?,?,?,?,?)",
                [(time.time(), _statistic(connection, meter), *row) for row in hours],
            )


def seed_states(peer: Peer, rows: Mapping[Meter, Sequence[StateRow]]) -> None:
    """Write states, have Home Assistant compile its statistics from them at the next start by its own rules.

    Sums go on from the last hourly statistic before the first state. States equal to the one before are dropped,
    as its recorder does. Meters come up with their last number.
    """
    make_database(peer)
    peer.must_be_down()
    first = min(states[0][0] for states in rows.values())
    last = max(states[-1][0] for states in rows.values())
    with closing(sqlite3.connect(peer.database)) as connection, connection:
        for meter, states in rows.items():
            _write_states(connection, meter, states)
        # Older versions answer a question about history only where a run of the recorder is known.
        connection.execute(
            'INSERT INTO recorder_runs(start, "end", closed_incorrect, created) VALUES(?,?,0,?)',
            (_stamp(first - 1), _stamp(last), _stamp(first - 1)),
        )
        _compile_again(connection, [meter for meter in rows if meter.counts], first)
    numbers = {
        meter: float(next(state for _, state in reversed(states) if state not in NOT_A_NUMBER))
        for meter, states in rows.items()
    }
    peer.come_up_with(numbers)


def wait_compiled(peer: Peer, timeout_s: float = 300.0) -> None:
    """Wait until Home Assistant has compiled its statistics up to now."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        newest = peer.query("SELECT MAX(start) FROM statistics_runs")[0][0]
        if newest and dt.datetime.fromisoformat(newest + "+00:00").timestamp() >= time.time() - 620:
            return
        time.sleep(0.2)
    raise PeerError("Home Assistant has not compiled its statistics in time")


def _statistic(connection: sqlite3.Connection, meter: Meter) -> int:
    """The id of a meter's statistic, made where it does not exist; columns differ between versions."""
    found = connection.execute(
        "SELECT id FROM statistics_meta WHERE statistic_id=?", (meter.entity_id,)
    ).fetchone()
    if found:
        return int(found[0])
    columns = {row[1] for row in connection.execute("PRAGMA table_info(statistics_meta)")}
    values = {
        "statistic_id": meter.entity_id,
        "unit_of_measurement": meter.unit,
        "source": "recorder",
        "has_mean": None if "unit_class" in columns else 0,
        "has_sum": 1,
        "mean_type": 0,
        "unit_class": meter.device_class,
    }
    known = {name: value for name, value in values.items() if name in columns}
    made = connection.execute(
        f"INSERT INTO statistics_meta({','.join(known)}) VALUES({','.join('?' * len(known))})",
        [*known.values()],
    )
    return int(made.lastrowid or 0)


def _write_states(connection: sqlite3.Connection, meter: Meter, states: Sequence[StateRow]) -> None:
    shared = json.dumps(meter.attributes, separators=(",", ":"))
    attributes = connection.execute(
        "INSERT INTO state_attributes(hash, shared_attrs) VALUES(?,?)", (_fnv1a(shared.encode()), shared)
    ).lastrowid
    which = "SELECT metadata_id FROM states_meta WHERE entity_id=?"
    found = connection.execute(which, (meter.entity_id,)).fetchone()
    entity = (
        found[0]
        if found
        else connection.execute("INSERT INTO states_meta(entity_id) VALUES(?)", (meter.entity_id,)).lastrowid
    )
    # What the start that made the database recorded would look like a reset.
    connection.execute(
        "DELETE FROM states WHERE metadata_id=? AND last_updated_ts>=?", (entity, states[0][0])
    )
    (newest,) = connection.execute("SELECT COALESCE(MAX(state_id), 0) FROM states").fetchone()
    changed = [row for index, row in enumerate(states) if not index or row[1] != states[index - 1][1]]
    connection.executemany(
        "INSERT INTO states(state_id, state, last_updated_ts, old_state_id, attributes_id, origin_idx,"
        " context_id_bin, metadata_id) VALUES(?,?,?,?,?,0,?,?)",
        [
            (newest + n, text, when, newest + n - 1 if n > 1 else None, attributes, _context(when), entity)
            for n, (when, text) in enumerate(changed, start=1)
        ],
    )


def _compile_again(connection: sqlite3.Connection, meters: Sequence[Meter], first: float) -> None:
    """Forget what was compiled since `first`, and leave the sums to go on from."""
    start = first - first % 300
    connection.execute("DELETE FROM statistics_runs WHERE start>=?", (_stamp(start - 300),))
    connection.execute("INSERT INTO statistics_runs(start) VALUES(?)", (_stamp(start - 300),))
    for meter in meters:
        statistic = _statistic(connection, meter)
        for table, since in (("statistics", first - first % 3600), ("statistics_short_term", start)):
            connection.execute(f"DELETE FROM {table} WHERE metadata_id=? AND start_ts>=?", (statistic, since))
        anchor = connection.execute(
            "SELECT state, sum FROM statistics WHERE metadata_id=? AND start_ts<? ORDER BY start_ts DESC LIMIT 1",
            (statistic, start),
        ).fetchone()
        if anchor:
            # Home Assistant goes on from its newest 5-minute sum, not from the hourly one.
            connection.execute(
                "INSERT OR REPLACE INTO statistics_short_term(created_ts, metadata_id, start_ts, state, sum)"
                " VALUES(?,?,?,?,?)",
                (time.time(), statistic, start - 300, *anchor),
            )


def _stamp(seconds: float) -> str:
    return dt.datetime.fromtimestamp(seconds, dt.UTC).strftime("%Y-%m-%d %H:%M:%S.%f")


def _context(seconds: float) -> bytes:
    """An id as Home Assistant makes them: 48 bits of milliseconds, 80 random ones."""
    return int(seconds * 1000).to_bytes(6, "big") + secrets.token_bytes(10)


def _fnv1a(data: bytes) -> int:
    """The hash by which the recorder finds equal attributes."""
    value = 0x811C9DC5
    for byte in data:
        value = ((value ^ byte) * 0x01000193) & 0xFFFFFFFF
    return value
