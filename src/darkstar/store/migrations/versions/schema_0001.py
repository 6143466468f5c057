"""Schema 0001, the spine: evidence, slots with their provenance, days, runs and local times."""

from alembic import op

revision = "0001"
down_revision = None

_CHANNELS = ("load", "pv", "import", "export", "batt_charge", "batt_discharge", "water")

_EVIDENCE = (
    """
    CREATE TABLE meters (
        meter_id INTEGER PRIMARY KEY NOT NULL,
        origin TEXT NOT NULL,
        name TEXT NOT NULL,
        reporting TEXT NOT NULL,
        channel TEXT NOT NULL,
        UNIQUE (origin, name)
    )
    """,
    """
    CREATE TABLE meter_readings (
        meter_id INTEGER NOT NULL REFERENCES meters (meter_id),
        time_us INTEGER NOT NULL,
        state TEXT NOT NULL,
        unit TEXT NOT NULL,
        source INTEGER NOT NULL,
        held INTEGER NOT NULL,
        received_us INTEGER NOT NULL,
        PRIMARY KEY (meter_id, time_us, state)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE watched (
        meter_id INTEGER NOT NULL REFERENCES meters (meter_id),
        source INTEGER NOT NULL,
        from_us INTEGER NOT NULL,
        to_us INTEGER NOT NULL,
        PRIMARY KEY (meter_id, source, from_us)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE meter_statistics (
        meter_id INTEGER NOT NULL REFERENCES meters (meter_id),
        period_s INTEGER NOT NULL,
        start_utc INTEGER NOT NULL,
        state_kwh FLOAT,
        sum_kwh FLOAT,
        received_us INTEGER NOT NULL
    )
    """,
    """
    CREATE UNIQUE INDEX meter_statistics_key ON meter_statistics
        (meter_id, period_s, start_utc, ifnull(state_kwh, ''), ifnull(sum_kwh, ''))
    """,
    """
    CREATE TABLE interval_energies (
        meter_id INTEGER NOT NULL REFERENCES meters (meter_id),
        start_utc INTEGER NOT NULL,
        end_utc INTEGER NOT NULL,
        energy_kwh FLOAT NOT NULL,
        source INTEGER NOT NULL,
        received_us INTEGER NOT NULL,
        PRIMARY KEY (meter_id, start_utc, end_utc, energy_kwh)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE price_feeds (
        feed_id INTEGER PRIMARY KEY NOT NULL,
        source TEXT NOT NULL,
        area TEXT NOT NULL,
        currency TEXT NOT NULL,
        kind TEXT NOT NULL,
        UNIQUE (source, area, currency, kind)
    )
    """,
    """
    CREATE TABLE price_quotes (
        feed_id INTEGER NOT NULL REFERENCES price_feeds (feed_id),
        start_utc INTEGER NOT NULL,
        end_utc INTEGER NOT NULL,
        price_per_kwh FLOAT NOT NULL,
        received_us INTEGER NOT NULL,
        PRIMARY KEY (feed_id, start_utc, end_utc, price_per_kwh)
    ) WITHOUT ROWID
    """,
)

_SLOTS = (
    f"""
    CREATE TABLE slot_observations (
        slot_start INTEGER PRIMARY KEY NOT NULL,
        {" ".join(f"{channel}_kwh FLOAT," for channel in _CHANNELS)}
        soc_start_percent FLOAT,
        soc_end_percent FLOAT,
        import_price_kwh FLOAT,
        export_price_kwh FLOAT,
        executed_action TEXT,
        quality_flags INTEGER DEFAULT 0 NOT NULL
    )
    """,
    f"""
    CREATE TABLE slot_provenance (
        slot_start INTEGER PRIMARY KEY NOT NULL,
        {
        ", ".join(
            f"{channel}_{what} INTEGER NOT NULL"
            for channel in _CHANNELS
            for what in ("source", "method", "flags")
        )
    }
    )
    """,
    """
    CREATE TABLE slot_prices (
        slot_start INTEGER PRIMARY KEY NOT NULL,
        spot_price_kwh FLOAT,
        source TEXT NOT NULL
    )
    """,
    """
    CREATE TABLE data_quality_daily (
        day TEXT PRIMARY KEY NOT NULL,
        status TEXT NOT NULL,
        reasons TEXT NOT NULL
    ) WITHOUT ROWID
    """,
)

_FILE = (
    """
    CREATE TABLE runs (
        run_id INTEGER PRIMARY KEY NOT NULL,
        command TEXT NOT NULL,
        detail TEXT NOT NULL,
        version TEXT NOT NULL,
        process_id INTEGER NOT NULL,
        started_us INTEGER NOT NULL,
        finished_us INTEGER,
        outcome TEXT
    )
    """,
    """
    CREATE TABLE local_offsets (
        from_utc INTEGER PRIMARY KEY NOT NULL,
        offset_s INTEGER NOT NULL
    )
    """,
)

_LOCAL_TIME = """
    CREATE VIEW slots_local AS
    SELECT
        strftime('%Y-%m-%dT%H:%M:%S', slot_start + offset_s, 'unixepoch')
            || CASE WHEN offset_s < 0 THEN '-' ELSE '+' END
            || strftime('%H:%M', abs(offset_s), 'unixepoch') AS local_time,
        located.*
    FROM (
        SELECT
            coalesce(
                (SELECT offset_s FROM local_offsets
                 WHERE from_utc <= slot_start ORDER BY from_utc DESC LIMIT 1), 0) AS offset_s,
            *
        FROM slot_observations
    ) AS located
"""


def upgrade() -> None:
    """Build the tables."""
    for statement in (*_EVIDENCE, *_SLOTS, *_FILE, _LOCAL_TIME):
        op.execute(statement)
